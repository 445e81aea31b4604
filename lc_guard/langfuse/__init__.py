"""Langfuse: traces with scores of every check, masked spans, evaluators, and a project's data.

The only package that imports Langfuse's SDK. It imports `observability`, `Guard` and what lies below, never
`lc_guard.langchain`. A project is read and written with plain HTTP and not with the SDK's generated client: that one
refuses a whole page for one score of a type it does not know, and its methods differ between the SDK lines 4 and 5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lc_guard._lazy import attach

if TYPE_CHECKING:
    from lc_guard.langfuse.api import LangfuseApi as LangfuseApi
    from lc_guard.langfuse.evaluators import as_evaluator as as_evaluator
    from lc_guard.langfuse.evaluators import observation_texts as observation_texts
    from lc_guard.langfuse.handler import CallbackHandler as CallbackHandler
    from lc_guard.langfuse.in_memory import Tracing as Tracing
    from lc_guard.langfuse.masks import mask_otel_spans as mask_otel_spans
    from lc_guard.langfuse.rows import Window as Window

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "api": ("LangfuseApi",),
        "evaluators": ("as_evaluator", "observation_texts"),
        "handler": ("CallbackHandler",),
        "in_memory": ("Tracing",),
        "masks": ("mask_otel_spans",),
        "rows": ("Window",),
    },
)
