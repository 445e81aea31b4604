"""LangSmith: a client that sends placeholders instead of values, and an anonymizer for a client of your own.

It imports `observability`, `Guard` and what lies below.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lc_guard._lazy import attach

if TYPE_CHECKING:
    from lc_guard.langsmith.client import langsmith_anonymizer as langsmith_anonymizer
    from lc_guard.langsmith.client import langsmith_client as langsmith_client
    from lc_guard.langsmith.client import langsmith_unmasked as langsmith_unmasked

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "client": ("langsmith_anonymizer", "langsmith_client", "langsmith_unmasked"),
    },
)
