"""Moved to `lc_guard._engine.failures`; here until all imports are."""

from lc_guard._engine.failures import (
    call_vault as ask_vault,
)
from lc_guard._engine.failures import (
    describe_error as where,
)
from lc_guard._engine.failures import (
    has_safe_message as holds_no_text,
)
from lc_guard._engine.failures import (
    is_control_flow,
)

__all__ = ["ask_vault", "holds_no_text", "is_control_flow", "where"]
