"""GuardMetrics: the decisions of a guard as OpenTelemetry metrics, and through its exporters in Prometheus or OTLP.

Names and units follow OpenTelemetry's semantic conventions (https://opentelemetry.io/docs/specs/semconv/general/metrics/):

- ``lc_guard.decisions``: counter by ``stage``, ``check``, ``action`` and ``error.type``;
  ``lc_guard_decisions_total`` in Prometheus;
- ``lc_guard.check.duration``: histogram in seconds by ``stage`` and ``check``; ``lc_guard_check_duration_seconds``;
- ``lc_guard.entities``: counter by ``stage``, ``check`` and ``kind``; ``lc_guard_entities_total``;
- ``lc_guard.placeholders``: counter by ``outcome``, ``restored`` or ``unknown``; ``lc_guard_placeholders_total``;
- ``lc_guard.leaks``: counter of model calls that were sent a value of the session; ``lc_guard_leaks_total``.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from langchain_core.callbacks import BaseCallbackHandler
from opentelemetry import metrics
from opentelemetry.metrics import MeterProvider

from lc_guard._forks import ForkLock
from lc_guard.errors import installed_version
from lc_guard.observability.events import read_decision, read_restored
from lc_guard.records import DECISION_EVENT, RESTORED_EVENT, Decision, normalize_kind

if TYPE_CHECKING:
    from lc_guard._engine.leaks import Leak
    from lc_guard.guard import Guard

logger = logging.getLogger("lc_guard.metrics")

OTHER = "other"
"""Label of what came after the `_MOST_WORDS` first words of an attribute."""

_MOST_WORDS, _LONGEST_WORD = 100, 100

# Seconds: rules answer within a millisecond, models within a second, services and timeouts later.
_BOUNDARIES = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class GuardMetrics(BaseCallbackHandler):
    """Counts and times the decisions of the runs it watches, as OpenTelemetry metrics.

    ```python
    # pip install 'lc-guard[metrics]'
    from opentelemetry import metrics
    from opentelemetry.exporter.prometheus import PrometheusMetricReader
    from opentelemetry.sdk.metrics import MeterProvider
    from prometheus_client import start_http_server

    metrics.set_meter_provider(MeterProvider(metric_readers=[PrometheusMetricReader()]))
    start_http_server(9464)  # what Prometheus scrapes
    chain.invoke(question, {"callbacks": [GuardMetrics(guard)]})
    ```

    Pass it in ``config["callbacks"]``; one handler may serve all threads and calls. Attributes carry stages, names of
    checks, actions, kinds and type names of errors: no text, no session, and no more than 100 words each.

    Args:
        guard: The guard whose leaks are counted as well, those that the mask of a tracing backend finds in what models
            were sent; None counts none. Make one handler for a guard: each counts them.
        meter_provider: Where the metrics go; None takes the global one, which drops them until you set yours.
    """

    run_inline = True  # a count costs less than a thread

    def __init__(self, guard: Guard | None = None, *, meter_provider: MeterProvider | None = None) -> None:
        meter = metrics.get_meter("lc_guard", installed_version("lc-guard") or "", meter_provider=meter_provider)
        self._decisions = meter.create_counter(
            "lc_guard.decisions", unit="{decision}", description="Decisions of the checks"
        )
        self._duration = meter.create_histogram(
            "lc_guard.check.duration",
            unit="s",
            description="Wall time of a check",
            explicit_bucket_boundaries_advisory=_BOUNDARIES,
        )
        self._entities = meter.create_counter("lc_guard.entities", unit="{entity}", description="Findings by kind")
        self._placeholders = meter.create_counter(
            "lc_guard.placeholders", unit="{placeholder}", description="Placeholders in answers"
        )
        self._words: dict[str, set[str]] = {}
        self._lock = ForkLock()
        if guard is not None:
            self._leaks = meter.create_counter(
                "lc_guard.leaks", unit="{leak}", description="Model calls that were sent a value of the session"
            )
            self._leaks.add(0)  # so that an alarm on its rise sees the first one
            guard.leaks.subscribe(self._leaked)
            for name, told in (("evicted", "dropped to make room"), ("refused", "refused for lack of room")):
                meter.create_observable_counter(
                    f"lc_guard.vault.{name}",
                    [partial(_room, guard, name)],
                    unit="{session}",
                    description=f"Sessions that the vault {told}",
                )

    def on_custom_event(self, name: str, data: Any, *, run_id: UUID, **kwargs: Any) -> None:  # noqa: ARG002
        """Take a decision, or the counts of a restoring step; what is neither is passed over."""
        take: Callable[[Any], None] | None = {DECISION_EVENT: self._decided, RESTORED_EVENT: self._restored}.get(name)
        if take is None:
            return
        try:
            take(data)
        except Exception as error:  # noqa: BLE001 - whatever it is, the call goes on
            logger.error("a decision was not counted: %s", type(error).__name__)  # noqa: TRY400

    def _leaked(self, leak: Leak) -> None:  # noqa: ARG002 - kinds stay out: a leak is one, whatever it held
        self._leaks.add(1)

    def _decided(self, data: Any) -> None:
        decision: Decision = read_decision(data)
        where = {"stage": decision.stage, "check": self._bounded("check", decision.check)}
        failed = {"error.type": self._bounded("error", decision.error)} if decision.error else {}
        self._decisions.add(1, {**where, "action": decision.action, **failed})
        self._duration.record(max(0.0, decision.latency_ms) / 1000, where)
        for kind, count in decision.entities.items():
            self._entities.add(max(0, count), {**where, "kind": self._bounded("kind", normalize_kind(kind))})

    def _restored(self, data: Any) -> None:
        for outcome, count in zip(("restored", "unknown"), read_restored(data), strict=True):
            self._placeholders.add(count, {"outcome": outcome})

    def _bounded(self, attribute: str, word: str) -> str:
        word = word[:_LONGEST_WORD]
        with self._lock:
            known = self._words.setdefault(attribute, set())
            if word not in known:
                if len(known) >= _MOST_WORDS:
                    return OTHER
                known.add(word)
        return word


def _room(guard: Guard, name: str, _: object) -> list[metrics.Observation]:
    """Return how many sessions a vault in memory has dropped or refused; others have no such bound."""
    count = getattr(getattr(guard.vault, "store", guard.vault), name, None)
    return [] if count is None else [metrics.Observation(count)]
