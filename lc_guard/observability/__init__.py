"""What leaves the process beside the answer, for any backend: masked spans, metrics, logs.

It imports `Guard` and what lies below it, OpenTelemetry, and LangChain's callbacks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lc_guard._lazy import attach

if TYPE_CHECKING:
    from lc_guard.observability.json_logs import JsonFormatter as JsonFormatter
    from lc_guard.observability.metrics import GuardMetrics as GuardMetrics
    from lc_guard.observability.otel import MaskingSpanExporter as MaskingSpanExporter

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "json_logs": ("JsonFormatter",),
        "metrics": ("GuardMetrics",),
        "otel": ("MaskingSpanExporter",),
    },
)
