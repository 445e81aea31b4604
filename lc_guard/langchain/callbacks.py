"""GuardCallbackHandler: watches the decisions of a guard, and may stop a model call that would leak. Never rewrites."""

from __future__ import annotations

import logging
from collections import Counter, OrderedDict
from typing import Any, Protocol
from uuid import UUID

from langchain_core.callbacks import BaseCallbackHandler

from lc_guard._forks import ForkLock
from lc_guard.errors import LeakPrevented
from lc_guard.guard import Guard
from lc_guard.langchain.beside_texts import texts_beside
from lc_guard.langchain.messages import texts_of
from lc_guard.observability.json_logs import DECISION_ATTRIBUTE
from lc_guard.records import DECISION_EVENT, RESTORED_EVENT

_MAX_RUNS = 100_000


class StructuredLogger(Protocol):
    """What is used of a structlog logger."""

    def log(self, level: int, event: str, **fields: Any) -> Any:
        """Log an event with its fields."""
        ...


class GuardCallbackHandler(BaseCallbackHandler):
    """Logs and counts the decisions of the runs it watches.

    Pass it in ``config["callbacks"]``; one handler may serve all threads and calls.

    Args:
        stop_leaks: A guard whose known values must not reach a model: a model call whose messages, names, addresses or
            options hold one of the values of its run's sessions, in any spelling, raises `LeakPrevented` before
            anything is sent. None watches only.
        level: Logging level of ordinary decisions; those that block, warn or failed are logged as warnings.
        logger: Where decisions are logged: a logger of the standard library, or one of structlog, which gets the event
            ``guard_decision`` with the decision's fields. None takes ``logging.getLogger("lc_guard.decisions")``; with
            `lc_guard.observability.JsonFormatter` its lines are JSON.

    Attributes:
        counts: Number of decisions by (stage, check, action).
        entities: Number of findings by kind.
        restored: Number of placeholders put back.
        unknown: Number of placeholders in answers that no value was known for.
    """

    run_inline = True  # before the model is called, in async chains too

    def __init__(
        self,
        *,
        stop_leaks: Guard | None = None,
        level: int = logging.INFO,
        logger: StructuredLogger | logging.Logger | None = None,
    ) -> None:
        self.raise_error = stop_leaks is not None
        self.counts: Counter[tuple[str, str, str]] = Counter()
        self.entities: Counter[str] = Counter()
        self.restored = 0
        self.unknown = 0
        self._guard = stop_leaks
        self._level = level
        self._logger = logging.getLogger("lc_guard.decisions") if logger is None else logger
        self._lock = ForkLock()
        self._root_of: OrderedDict[UUID, UUID] = OrderedDict()
        self._sessions_of: OrderedDict[UUID, set[str]] = OrderedDict()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({sum(self.counts.values())} decisions)"

    def on_custom_event(self, name: str, data: Any, *, run_id: UUID, **kwargs: Any) -> None:  # noqa: ARG002
        """Take a decision, or the counts of a restoring step."""
        if name == DECISION_EVENT:
            self._note_decision(data, run_id)
        elif name == RESTORED_EVENT:
            with self._lock:
                self.restored += data["restored"]
                self.unknown += data["unknown"]
            if data["unknown"]:
                self._log_unknown(data["unknown"])

    def on_chain_start(
        self,
        serialized: dict[str, Any] | None,  # noqa: ARG002
        inputs: Any,  # noqa: ARG002
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        **kwargs: Any,  # noqa: ARG002
    ) -> None:
        """Note which root run this run belongs to."""
        self._note_run(run_id, parent_run_id)

    def on_tool_start(
        self,
        serialized: dict[str, Any],  # noqa: ARG002
        input_str: str,  # noqa: ARG002
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        **kwargs: Any,  # noqa: ARG002
    ) -> None:
        """Note which root run this run belongs to: a tool may call a model."""
        self._note_run(run_id, parent_run_id)

    def on_retriever_start(
        self,
        serialized: dict[str, Any],  # noqa: ARG002
        query: str,  # noqa: ARG002
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        **kwargs: Any,  # noqa: ARG002
    ) -> None:
        """Note which root run this run belongs to: a retriever may call a model."""
        self._note_run(run_id, parent_run_id)

    def on_chat_model_start(
        self,
        serialized: dict[str, Any],  # noqa: ARG002
        messages: list[list[Any]],
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        **kwargs: Any,
    ) -> None:
        """Stop the call if a message, a name, an address or an option of the call holds a known value.

        Raises:
            LeakPrevented: If it does and `stop_leaks` was given.
        """
        self._stop_leak([message for each in messages for message in each], kwargs, run_id, parent_run_id)

    def on_llm_start(
        self,
        serialized: dict[str, Any],  # noqa: ARG002
        prompts: list[str],
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        **kwargs: Any,
    ) -> None:
        """Stop the call if a prompt or an option of the call holds a known value.

        Raises:
            LeakPrevented: If it does and `stop_leaks` was given.
        """
        self._stop_leak(prompts, kwargs, run_id, parent_run_id)

    def _note_decision(self, data: dict[str, Any], run_id: UUID) -> None:
        with self._lock:
            self.counts[data["stage"], data["check"], data["action"]] += 1
            self.entities.update(data["entities"])
            if data["session"]:
                root = self._root_of.get(run_id, run_id)
                self._sessions_of.setdefault(root, set()).add(data["session"])
                _bound(self._sessions_of)
        self._log_decision(data)

    def _log_decision(self, data: dict[str, Any]) -> None:
        unusual = data["error"] or not data["valid"] or data["action"] == "warn"
        level = logging.WARNING if unusual else self._level
        if not isinstance(self._logger, logging.Logger | logging.LoggerAdapter):
            self._logger.log(level, "guard_decision", **data)
            return
        self._logger.log(
            level,
            "%s.%s: %s, risk %.2f, %.1f ms, entities %s%s, session %s",
            data["stage"],
            data["check"],
            data["action"],
            data["risk_score"],
            data["latency_ms"],
            data["entities"],
            f", error {data['error']}" if data["error"] else "",
            data["session"],
            extra={DECISION_ATTRIBUTE: data},
        )

    def _log_unknown(self, count: int) -> None:
        if isinstance(self._logger, logging.Logger | logging.LoggerAdapter):
            self._logger.warning("%d unknown placeholders were left in an answer", count)
        else:
            self._logger.log(logging.WARNING, "unknown_placeholders", count=count)

    def _note_run(self, run_id: UUID, parent_run_id: UUID | None) -> UUID:
        with self._lock:
            root = run_id if parent_run_id is None else self._root_of.get(parent_run_id, parent_run_id)
            self._root_of[run_id] = root
            _bound(self._root_of)
            return root

    def _stop_leak(self, sent: list[Any], call: dict[str, Any], run_id: UUID, parent_run_id: UUID | None) -> None:
        root = self._note_run(run_id, parent_run_id)
        guard = self._guard
        if guard is None:
            return
        with self._lock:
            digests = list(self._sessions_of.get(root, ()))
        sessions = [session for digest in digests if (session := guard.session_of(digest)) is not None]
        options = {name: call[name] for name in ("invocation_params", "options") if call.get(name)}
        texts, beside = texts_of(sent, strict=False), texts_beside(sent, options)
        kinds: Counter[str] = Counter()
        for session in sessions:
            kinds.update(guard.session_values.exposed(session, texts, beside=beside))
        if kinds:
            raise LeakPrevented(dict(kinds))


def _bound(mapping: OrderedDict[UUID, Any]) -> None:
    while len(mapping) > _MAX_RUNS:
        mapping.popitem(last=False)
