"""LangChain and LangGraph: every seam at which a guard sees a chain, a model, an agent or a document.

The only package of the library that imports LangChain. It imports `observability`, `Guard` and what lies below, never
`lc_guard.langfuse`. Users import its classes from `lc_guard`, and what few need from here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lc_guard._lazy import attach

if TYPE_CHECKING:
    from lc_guard.langchain.agents import guarded_middleware as guarded_middleware
    from lc_guard.langchain.agents import watched as watched
    from lc_guard.langchain.deepagents import guarded_subagents as guarded_subagents

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "agents": ("guarded_middleware", "watched"),
        "deepagents": ("guarded_subagents",),
    },
)
