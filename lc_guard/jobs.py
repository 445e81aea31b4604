"""Moved to `lc_guard._engine.requests`; here until all imports are."""

from lc_guard._engine.requests import (
    CheckEnded,
    CheckStarted,
)
from lc_guard._engine.requests import (
    GuardRequest as Job,
)
from lc_guard._engine.requests import (
    GuardResult as Outcome,
)
from lc_guard._engine.requests import (
    ScanTarget as Ask,
)
from lc_guard._engine.requests import (
    StreamPart as Part,
)

__all__ = ["Ask", "CheckEnded", "CheckStarted", "Job", "Outcome", "Part"]
