"""LangSmith: a client that sends placeholders instead of values, and an anonymizer for a client of your own.

```python
import langsmith
from lc_guard.langsmith import langsmith_client

langsmith.configure(client=langsmith_client(guard))  # once, at start-up; LANGSMITH_TRACING=true as ever
```

`docs/design/langsmith.md` says what is masked by which of the two, and why.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from langsmith import Client

from lc_guard._vendors.langsmith_tracing import langsmith_unmasked
from lc_guard.errors import GuardError
from lc_guard.langsmith.outbox import Outbox
from lc_guard.langsmith.run_mask import SESSION_KEYS, WITHHELD, RunMask, plain, snapshot, withheld
from lc_guard.observability.otel import load_ahead, require_time
from lc_guard.observability.process_end import END
from lc_guard.observability.span_mask import Detect

if TYPE_CHECKING:
    from lc_guard.guard import Guard

__all__ = ["langsmith_anonymizer", "langsmith_client", "langsmith_unmasked"]

logger = logging.getLogger("lc_guard.langsmith")

_AUTH = ("api_key", "api_url", "service_key", "tenant_id", "authorization", "cookie", "_replica_auths")
_HOLD, _EXIT_TIMEOUT = 5.0, 15.0  # seconds
_RECENT_SESSIONS = 16  # each is asked for its values at every call of an anonymizer
_MOST_RUNS, _MOST_CHARACTERS = 100, 10_000_000  # of one request; LangSmith takes 20 MB


class _Operation(NamedTuple):
    """A run as it is now, and the client that sends it; the outbox lives longer than a client that nobody holds."""

    client: _MaskedClient
    kind: Literal["create", "update"]
    run: dict[str, Any]
    auth: dict[str, Any]


class _MaskedClient(Client):
    """LangSmith's client; runs wait in an outbox, are masked in its thread, and leave as whole traces."""

    masks_for_lc_guard = True
    default_of: Guard | None = None

    def __init__(self, guard: Guard, *, detect: Detect, hold: float, exit_timeout: float, **arguments: Any) -> None:
        self._guard = guard
        self._run_mask = RunMask(guard, detect=detect)
        # The SDK's own queue would be a second one, whose thread a LangSmith that hangs keeps from ending.
        super().__init__(**{"auto_batch_tracing": False, **arguments})
        self._outbox: Outbox[_Operation] = Outbox(_send, seconds=hold, exit_timeout=exit_timeout)
        if getattr(self, "tracing_mode", "langsmith") != "langsmith":
            raise ValueError(
                "runs that leave as OpenTelemetry spans are masked by lc_guard.observability.MaskingSpanExporter; "
                'take tracing_mode="langsmith" here'
            )

    def create_run(self, name: str, inputs: dict[str, Any], run_type: Any, **more: Any) -> None:
        """Take the beginning of a run, or a whole one; it is sent masked."""
        project, revision = more.pop("project_name", None), more.pop("revision_id", None)
        run = {"start_time": datetime.now(UTC), **more, "name": name, "inputs": inputs, "run_type": run_type}
        if project:
            run["session_name"] = project
        if revision is not None:
            extra = dict(run.get("extra") or {})
            run["extra"] = {**extra, "metadata": {**(extra.get("metadata") or {}), "revision_id": revision}}
        self._take("create", run)

    def update_run(self, run_id: Any, **more: Any) -> None:
        """Take the end of a run; it is sent masked."""
        run = {**more, "id": run_id}
        if run.get("end_time") is None:
            run["end_time"] = datetime.now(UTC)
        self._take("update", run)

    def multipart_ingest(
        self, create: Sequence[Any] | None = None, update: Sequence[Any] | None = None, **_: Any
    ) -> None:
        """Take many runs; they are sent masked."""
        for kind, runs in (("create", create), ("update", update)):
            for run in runs or ():
                fields = run if isinstance(run, Mapping) else run.model_dump()
                self._take("create" if kind == "create" else "update", dict(fields))

    def batch_ingest_runs(self, create: Sequence[Any] | None = None, update: Sequence[Any] | None = None) -> None:
        """Take many runs; they are sent masked."""
        self.multipart_ingest(create, update)

    def flush(self, timeout: float | None = None) -> None:
        """Send all that is held, also of traces that are not finished."""
        self._outbox.flush(timeout)
        super().flush(timeout)

    def _take(self, kind: Literal["create", "update"], run: dict[str, Any]) -> None:
        auth = {name: run.pop(name) for name in _AUTH if run.get(name) is not None}
        run = {key: value for key, value in run.items() if key not in _AUTH and key != "dangerously_allow_filesystem"}
        try:
            taken = snapshot(run)
        except Exception as error:  # noqa: BLE001 - whatever it is, the call goes on
            logger.error("a run can't be masked and is sent without its texts: %s", type(error).__name__)  # noqa: TRY400
            taken = withheld(run)
        ended = kind == "update" or run.get("end_time") is not None
        trace = str(run.get("trace_id") or run.get("id"))
        self._outbox.put(trace, _Operation(self, kind, taken, auth), last=ended and str(run.get("id")) == trace)

    def send_masked(self, operations: list[_Operation]) -> None:
        """Mask the runs of a trace and send them now: together, but for those with a destination of their own."""
        with END.held():  # models are used
            load_ahead(self._guard)
            for each in operations:
                self._run_mask.learn(each.run)
            texts: dict[str, str] = {}
            masked = [each._replace(run=self._masked(each.run, texts)) for each in operations]
        batch: list[_Operation] = []
        size = 0
        for _, kind, run, auth in masked:
            if auth or not all(run.get(key) for key in ("trace_id", "dotted_order", "session_name")):
                self._send_one(kind, run, auth)
                continue
            length = len(json.dumps(run, default=str))
            if batch and (len(batch) >= _MOST_RUNS or size + length > _MOST_CHARACTERS):
                self._send_batch(batch)
                batch, size = [], 0
            batch.append(_Operation(self, kind, run, auth))
            size += length
        if batch:
            self._send_batch(batch)

    def _masked(self, run: dict[str, Any], texts: dict[str, str]) -> dict[str, Any]:
        try:
            require_time()
            return self._run_mask.mask(run, texts)
        except Exception as error:  # noqa: BLE001 - whatever it is, the others go on
            # Our own messages are value-free; a foreign one, and its traceback, may quote the text.
            told = str(error) if isinstance(error, GuardError) else type(error).__name__
            logger.error("a run can't be masked and is sent without its texts: %s", told)  # noqa: TRY400
            return withheld(run)

    def _send_batch(self, operations: list[_Operation]) -> None:
        super().multipart_ingest(
            create=[each.run for each in operations if each.kind == "create"],
            update=[each.run for each in operations if each.kind == "update"],
        )

    def _send_one(self, kind: str, run: dict[str, Any], auth: dict[str, Any]) -> None:
        if kind == "create":
            super().create_run(**{"inputs": {}, **run}, **auth)
        else:
            run_id = run.pop("id")
            super().update_run(run_id, **run, **auth)


def _send(operations: list[_Operation]) -> None:
    operations[0].client.send_masked(operations)


def langsmith_client(
    guard: Guard,
    *,
    detect: Detect = "when_needed",
    hold: float = _HOLD,
    exit_timeout: float = _EXIT_TIMEOUT,
    **arguments: Any,
) -> Client:
    """Make LangSmith's client for chains and agents of a guard: runs carry placeholders instead of values.

    Everything of a run is masked but ids, times and its type: name, inputs, outputs, error, metadata, tags, events, the
    serialized prompt or model. Placeholders are those that the model saw. It works in a thread, not in the chain's
    way; a trace leaves when its root has ended. A run that can't be masked is sent without any text. Attachments are
    not sent: nothing can look into them. ``session_id`` and ``thread_id`` become the session's digest.

    A model that was sent a value of the session gets the tag ``guard.leak``, and `Guard.leaks` tells of it.

    Args:
        guard: The guard of the chains that are traced.
        detect: As for `lc_guard.langfuse.mask_otel_spans`.
        hold: Seconds, above 0, after which runs of an unfinished trace are sent; before a check has decided, what the
            detectors find in them is hidden for good (``[REDACTED_PERSON]``).
        exit_timeout: Seconds, above 0, that the end of the process waits for LangSmith.
        arguments: Arguments of ``langsmith.Client``, such as ``api_key``.

    Returns:
        The client, for ``langsmith.configure(client=...)``, ``tracing_context(client=...)`` and ``LangChainTracer``.
        Make one for a guard: it listens to the guard's vault from then on.

    Raises:
        ValueError: If `detect` is unknown, a time is not positive, or LangSmith is set to send OpenTelemetry spans.
    """
    for name, seconds in (("hold", hold), ("exit_timeout", exit_timeout)):
        if not seconds > 0:
            raise ValueError(f"{name} must be a positive number of seconds")
    return _MaskedClient(guard, detect=detect, hold=hold, exit_timeout=exit_timeout, **arguments)


def default_client(guard: Guard) -> Client:
    """Return a client for an application that names none: it says whose it is, so that another guard can tell."""
    client = _MaskedClient(guard, detect="when_needed", hold=_HOLD, exit_timeout=_EXIT_TIMEOUT)
    client.default_of = guard
    return client


class _Anonymizer:
    """The mask for one mapping at a time, without knowing whose run it is of."""

    masks_for_lc_guard = True

    def __init__(self, guard: Guard) -> None:
        self._digest = guard.digest
        self._mask = RunMask(guard, detect="always", max_sessions=_RECENT_SESSIONS, everyones=True)

    def __call__(self, data: dict[str, Any]) -> dict[str, Any]:
        try:
            ids = {key: self._digest(str(data[key])) for key in SESSION_KEYS if data.get(key)}
            run = {"id": "", "inputs": {**plain(data), **ids}}
            self._mask.learn({"id": "", "extra": {"metadata": data}})
            masked = self._mask.mask(run)["inputs"]
        except Exception as error:  # noqa: BLE001 - whatever it is, the call goes on
            told = str(error) if isinstance(error, GuardError) else type(error).__name__
            logger.error("a part of a run can't be masked and is withheld: %s", told)  # noqa: TRY400
            # LangSmith sends an error as it was unless the answer has this key.
            return dict.fromkeys(["error"] if set(data) == {"error"} else ["lc_guard"], WITHHELD)
        return masked if isinstance(masked, dict) else {"lc_guard": WITHHELD}


def langsmith_anonymizer(guard: Guard) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Make the function for ``langsmith.Client(anonymizer=...)``, for a client that has to be your own.

    LangSmith calls it with the inputs, outputs, metadata and error of a run, one at a time, and does not say of which
    run. So the detectors run on everything, in the way of the call; values of the sessions that were traced or used
    last are hidden as well. Names, tags and events are not shown to an anonymizer: `langsmith_client` masks all of a
    run, with its own session's placeholders, and is to be preferred.

    Args:
        guard: The guard of the chains that are traced.

    Returns:
        The function; it withholds what it can't mask, and never raises.
    """
    return _Anonymizer(guard)
