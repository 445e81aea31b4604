"""Langfuse: a callback handler that scores every check, and a mask for what leaves the process.

Works with the Langfuse SDK lines 4 (4.18 and later) and 5. Both are seen through the same few names of the SDK's own
LangChain handler; `docs/design/langfuse.md` lists them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any, get_args
from uuid import UUID

from langchain_core.messages import ToolMessage
from langfuse.langchain import CallbackHandler as _LangfuseHandler
from langfuse.types import TraceContext

from lc_guard._vendors.quiet_logs import quiet
from lc_guard.errors import Blocked, kind_given
from lc_guard.langfuse.check_observations import CheckObservations
from lc_guard.langfuse.config_ids import config_ids_of
from lc_guard.langfuse.decision_scores import DecisionScores
from lc_guard.langfuse.decision_traces import DecisionTraces
from lc_guard.langfuse.flush import BoundedFlush, flush_of
from lc_guard.langfuse.masks import SEAL, Unmasked, make_client, mask_of, prove_mask, require_masked, without_keys
from lc_guard.langfuse.root_runs import RootRuns, propagate
from lc_guard.langfuse.run_names import RunNames, SessionIds, observation_type, own_kind
from lc_guard.langfuse.run_results import GIVEN_UP, record_result
from lc_guard.langfuse.stage_sampling import SampleClean, StageSampling
from lc_guard.observability.events import read_decision
from lc_guard.observability.otel import load_ahead
from lc_guard.records import (
    BOUNDARY_RUN_ID,
    CHECK_RUN_ID,
    DECISION_EVENT,
    RESTORED_EVENT,
    SESSION_METADATA,
    Decision,
    strongest,
)

if TYPE_CHECKING:
    from lc_guard.guard import Guard

__all__ = ["CallbackHandler"]

logger = logging.getLogger("lc_guard.langfuse")

_CONFIGS_PATIENCE = 0.5  # seconds that a client's first handler waits for the ids of score configs
_TYPE = "lc_guard_type"


def _starting(callback: str) -> Callable[..., None]:
    """Make the callback `callback` for the start of a run."""

    def on_start(self: CallbackHandler, *args: Any, run_id: UUID, parent_run_id: UUID | None = None, **kw: Any) -> None:
        kw["metadata"] = self._named.metadata(kw.get("metadata"), root=self._is_root(parent_run_id))
        self._safely(self._enter, run_id, parent_run_id, callback, kw)
        shown = None if parent_run_id is None else self._roots.shown(parent_run_id)
        self._upstream(callback, *args, run_id=run_id, parent_run_id=shown, **kw)
        self._safely(self._entered, run_id)

    return on_start


def _ending(callback: str) -> Callable[..., None]:
    """Make the callback `callback` for the end of a run."""

    def on_end(self: CallbackHandler, result: Any, *args: Any, run_id: UUID, **kw: Any) -> None:
        self._safely(self._checks.close, run_id)
        if self._roots.is_passed(run_id):
            return
        self._safely(self._record_result, run_id, result, kw)
        if isinstance(result, ToolMessage) and result.status == "error":
            result = None  # recorded already; the SDK would copy its text into the span's status
        self._upstream(callback, result, *args, run_id=run_id, **kw)
        self._safely(self._leave, run_id)

    return on_end


def _passing(callback: str) -> Callable[..., None]:
    """Make the callback `callback` that only the SDK looks at."""

    def on_event(self: CallbackHandler, *args: Any, **kw: Any) -> None:
        self._upstream(callback, *args, **kw)

    return on_event


class CallbackHandler(_LangfuseHandler):
    """A drop-in for ``langfuse.langchain.CallbackHandler`` that knows lc-guard's checks.

    Each check is an observation of type ``guardrail`` with its scores ``<stage>.<check>`` (the risk, 0…1) and
    ``<stage>.<check>.valid``; the trace gets ``guard.action``, the strongest action of the root run. Every root run is
    a trace of its own, in ``batch`` too, unless it runs inside a span or a run of yours. It never raises in a call, and
    sends nothing when no Langfuse keys are set.

    ``CallbackHandler(guard)`` is the safe way: the Langfuse client that it uses hides the guard's values in all that
    it sends. Without a guard the handler takes any client, as Langfuse's does.

    Args:
        guard: The guard of the chains that are traced. The client of the environment's keys is made with its mask if
            there is none yet; one that was made before must have that mask (`mask_otel_spans`, or a
            `lc_guard.observability.MaskingSpanExporter`).
        public_key: Which Langfuse client to use where there are several.
        trace_context: A trace id, and if wanted a span id, to put the root runs under.
        user_id_key: Secret of at least 16 bytes; with it the user ids in a call's metadata (``langfuse_user_id`` and
            ``user_id``) leave as keyed hashes, the same in every process that has the key. None sends them as they are.
        exit_timeout: Seconds, above 0, that the end of the process waits for scores which Langfuse does not take; None
            waits as long as the SDK does, hours where Langfuse hangs. A client's first handler with a time sets it.
        unmasked: What to do with a client that lacks the guard's mask: ``"refuse"`` raises, ``"warn"`` logs a line and
            sends raw values. Without a guard it has no meaning.
        session_ids: How Langfuse is told of the session that a call names (``session_id``, ``thread_id``), so that its
            traces stand together: by the guard's ``"digest"``, which is the same in every process that has the guard's
            ``digest_key``, or as the ``"original"`` id. The metadata ``langfuse_session_id`` comes before either.
        score_entities: Whether findings are counted as scores as well, NUMERIC ``guard.entities.<kind>``: Langfuse
            draws them by kind then. Each is one more score to pay for.
        sample_clean: Share of the stages in which nothing happened that is sent, 0…1, or shares by stage. A stage in
            which something was blocked, redacted, replaced, warned of or failed is always sent, and so is the rest of
            each trace. See `lc_guard.langfuse.stage_sampling`.

    Raises:
        UnmaskedClient: The client lacks the guard's mask.
        SeamBroken: The SDK does not ask the client's mask, or can't be asked for it.
        TypeError, ValueError: If the key is none or too short, or the time is not positive.
    """

    # Inline: under asyncio the callbacks of a run then share its context, and the trace's attributes reach all spans.
    run_inline = True

    def __init__(
        self,
        guard: Guard | None = None,
        *,
        public_key: str | None = None,
        trace_context: TraceContext | None = None,
        user_id_key: bytes | str | None = None,
        exit_timeout: float | None = 15.0,
        unmasked: Unmasked = "refuse",
        session_ids: SessionIds = "digest",
        score_entities: bool = False,
        sample_clean: SampleClean = 1.0,
    ) -> None:
        if guard is not None and (isinstance(guard, type) or not callable(getattr(guard, "redact", None))):
            raise TypeError(f"guard must be a Guard, got {kind_given(guard)}; a public key goes in as public_key=...")
        if unmasked not in get_args(Unmasked):
            raise ValueError(f"unmasked must be one of {', '.join(map(repr, get_args(Unmasked)))}")
        if exit_timeout is not None and not exit_timeout > 0:
            raise ValueError("exit_timeout must be a positive number of seconds, or None")
        self._named = RunNames(guard, user_id_key, session_ids)
        if guard is not None:
            make_client(guard, public_key)
        with quiet("langfuse", below=logging.ERROR) if without_keys(public_key) else nullcontext():
            super().__init__(public_key=public_key, trace_context=trace_context)
        self._decision_traces = DecisionTraces()
        self._roots = RootRuns()
        self._scores = DecisionScores(entities=score_entities)
        self._checks = CheckObservations(self._scores, StageSampling(sample_clean))
        self._outer = trace_context
        client = self._langfuse_client
        resources = SEAL.private(client, "_resources")
        # Without keys the SDK has no resources.
        self._sends = resources is not None and bool(SEAL.private(client, "_tracing_enabled"))
        self._delivery: BoundedFlush | None = None
        if self._sends:
            self._require_mask(guard, unmasked)
        if self._sends:
            self._delivery = flush_of(resources)
            self._scores.configs = config_ids_of(resources, client)
            self._scores.configs.refresh(wait=_CONFIGS_PATIENCE)
            if exit_timeout is not None:
                self._delivery.bound_exit(exit_timeout)

    def _require_mask(self, guard: Guard | None, unmasked: Unmasked) -> None:
        client = self._langfuse_client
        if guard is not None:
            require_masked(client, guard, unmasked)
        mask = mask_of(client)
        if mask is None:
            return
        self._named.guard, self._checks.mask = mask.guard, mask
        if not prove_mask(client, mask):
            self._sends = False
            logger.error("this handler sends nothing: Langfuse keeps its client busy, so that its mask can't be tried")

    _chain_start = _starting("on_chain_start")
    _chain_end = _ending("on_chain_end")
    _chain_error = _ending("on_chain_error")
    on_chat_model_start = _starting("on_chat_model_start")
    on_llm_start = _starting("on_llm_start")
    on_tool_start = _starting("on_tool_start")
    on_retriever_start = _starting("on_retriever_start")
    on_llm_end = _ending("on_llm_end")
    on_llm_error = _ending("on_llm_error")
    on_tool_end = _ending("on_tool_end")
    on_tool_error = _ending("on_tool_error")
    on_retriever_end = _ending("on_retriever_end")
    on_retriever_error = _ending("on_retriever_error")
    on_llm_new_token = _passing("on_llm_new_token")
    on_agent_action = _passing("on_agent_action")
    on_agent_finish = _passing("on_agent_finish")

    def on_chain_start(
        self, serialized: Any, inputs: Any, *, run_id: UUID, parent_run_id: UUID | None = None, **kwargs: Any
    ) -> None:
        """Open the observation of a chain or of a check; a protected model below a run of its own needs none."""
        kind = own_kind(serialized)
        if kind == CHECK_RUN_ID:
            self._safely(self._begin_check, serialized, inputs, run_id, parent_run_id, kwargs)
            return
        if parent_run_id is not None:
            self._safely(self._checks.close, parent_run_id)
        if kind == BOUNDARY_RUN_ID and parent_run_id is not None and self._roots.of(parent_run_id) is not None:
            self._safely(self._roots.pass_by, run_id, parent_run_id)
            return
        if (type_ := observation_type(kind, kwargs)) is not None:
            kwargs[_TYPE] = type_
        self._chain_start(serialized, inputs, run_id=run_id, parent_run_id=parent_run_id, **kwargs)

    def on_chain_end(self, outputs: Any, *, run_id: UUID, **kwargs: Any) -> None:
        """Close the observation of a chain or of a check."""
        if not self._end_check(run_id, outputs):
            self._chain_end(outputs, run_id=run_id, **kwargs)

    def on_chain_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        """Close the observation of a chain or of a check that failed."""
        if not self._end_check(run_id, error):
            self._chain_error(error, run_id=run_id, **kwargs)

    def on_custom_event(self, name: str, data: Any, *, run_id: UUID, **kwargs: Any) -> None:  # noqa: ARG002
        """Score a check's decision, or note what a `Deanonymize` step restored.

        Args:
            name: Name of the event; all but lc-guard's are ignored.
            data: Its payload.
            run_id: The run that dispatched it: the check's own, or the step's.
            **kwargs: LangChain's tags and metadata, not used.
        """
        if name == DECISION_EVENT:
            self._safely(self._decided, data, run_id)
        elif name == RESTORED_EVENT:
            self._safely(self._restored, data, run_id)

    def trace_url(self, of: Decision | Blocked | None = None) -> str | None:
        """Return the address of a trace in Langfuse.

        The first call asks Langfuse for the project's id, and waits for it: in async code call it in a thread.

        Args:
            of: A decision, or the error that it led to, of a call with this handler; None for the latest call.

        Returns:
            The address; None if there is no such trace, it is none of the latest 10,000 decisions, nothing is sent,
            or Langfuse does not answer.

        Raises:
            TypeError: If it is neither a decision nor a `Blocked`.
        """
        if isinstance(of, Blocked):
            of = of.decision
        if of is not None and not isinstance(of, Decision):
            raise TypeError(f"trace_url takes a Decision or a Blocked, got {type(of).__name__}")
        trace_id = self.last_trace_id if of is None else self._decision_traces.get(of)
        found: list[str | None] = [None]
        if trace_id:
            self._safely(lambda: found.append(self._langfuse_client.get_trace_url(trace_id=trace_id)))
        return found[-1]

    def user_pseudonym(self, user_id: str) -> str:
        """Return what stands for a user id in Langfuse, to find the user's traces there.

        Returns:
            The keyed hash, 32 hexadecimal digits; the id itself without a `user_id_key`.
        """
        return self._named.user(user_id)

    def flush(self, *, timeout: float = 10.0) -> bool:
        """Deliver the client's scores and spans now: to be called where the process may be frozen after the answer.

        Args:
            timeout: Seconds to wait, above 0.

        Returns:
            Whether all is out; False if Langfuse needs longer. It never raises for what Langfuse does.

        Raises:
            ValueError: If the time is not positive.
        """
        if not timeout > 0:
            raise ValueError("timeout must be a positive number of seconds")
        return self._delivery is None or self._delivery.flush(timeout)

    def _safely(self, step: Callable[..., object], *args: Any, **kwargs: Any) -> None:
        """Run a step of the handler: the one place where observability is kept from breaking the call."""
        if not self._sends:
            return
        try:
            step(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - whatever it is
            # Message and traceback may quote what the chain works on: the type must do.
            told = type(error).__name__
            logger.error("tracing failed in %s: %s", getattr(step, "__name__", "a callback"), told)  # noqa: TRY400

    def _upstream(self, callback: str, *args: Any, **kwargs: Any) -> None:
        self._safely(getattr(super(), callback), *args, **kwargs)

    def _get_observation_type_from_serialized(
        self, serialized: dict[str, Any] | None, callback_type: str, **kwargs: Any
    ) -> Any:
        # At the start, because a type that is set later is overwritten by the SDK's own update at the run's end.
        return kwargs.get(_TYPE) or super()._get_observation_type_from_serialized(serialized, callback_type, **kwargs)

    def _get_error_level_and_status_message(self, error: BaseException) -> Any:
        # The SDK would also write the message into the span's status, which no mask can reach: `_record_result` has
        # put it into the attribute that Langfuse shows, and that one is masked.
        level, _ = super()._get_error_level_and_status_message(error)
        return "WARNING" if type(error) in GIVEN_UP else level, None

    def _is_root(self, parent_run_id: UUID | None) -> bool:
        return parent_run_id is None or self._roots.of(parent_run_id) is None

    def _enter(self, run_id: UUID, parent_run_id: UUID | None, callback: str, told: Mapping[str, Any]) -> None:
        if parent_run_id is not None:
            self._checks.close(parent_run_id)
        if self._is_root(parent_run_id):
            self._prepare_for_the_end()
        root = self._roots.enter(run_id, parent_run_id)
        if root.run_id == run_id and callback != "on_chain_start":
            propagate(told["metadata"] or {}, told.get("tags"))

    def _prepare_for_the_end(self) -> None:
        # At the first root run of a process, not where the handler is made: servers make it before they fork.
        if self._delivery is not None:
            guard = self._named.guard  # its models are needed where spans are exported
            self._delivery.prepare(None if guard is None else partial(load_ahead, guard))
        if self._scores.configs is not None:
            self._scores.configs.refresh()

    def _entered(self, run_id: UUID) -> None:
        self._roots.entered(run_id, self._runs.get(run_id))

    def _leave(self, run_id: UUID) -> None:
        """Give the trace its score and forget the root run, when it is the root that ended."""
        root = self._roots.leave(run_id)
        if root is None:
            return
        for each in root.parents:
            self._checks.forget(each)
        if root.actions and root.observation is not None and root.sampled:
            self._scores.write_action(root.observation, strongest(root.actions))

    def _begin_check(
        self, serialized: Any, inputs: Any, run_id: UUID, parent_run_id: UUID | None, told: Mapping[str, Any]
    ) -> None:
        around = self._runs.get(self._roots.shown(parent_run_id)) if parent_run_id is not None else None
        start = (
            partial(self._langfuse_client.start_observation, trace_context=self._outer)
            if around is None
            else around.start_observation
        )
        root, metadata = self._roots.enter(run_id, parent_run_id), told.get("metadata") or {}
        if (session := self._named.session(metadata.get(SESSION_METADATA))) is not None:
            self._roots.join(root, session)
        name = str(told.get("name") or serialized["id"][-1])
        observation = self._checks.begin(
            run_id, parent_run_id or run_id, start, name=name, inputs=inputs, metadata=metadata
        )
        if root.run_id == run_id:  # nobody watches the run around it
            root.observation, root.inside = observation, None

    def _end_check(self, run_id: UUID, result: Any) -> bool:
        """Close a check's observation; return whether the run is a check's."""
        if not self._checks.has(run_id):
            return False
        self._safely(self._checks.end, run_id, result)
        if (root := self._roots.of(run_id)) is not None and root.run_id == run_id:
            self._safely(self._checks.close, root.parents[run_id] or run_id)
        self._safely(self._leave, run_id)
        return True

    def _record_result(self, run_id: UUID, result: Any, told: Mapping[str, Any]) -> None:
        observation, root = self._runs.get(run_id), self._roots.of(run_id)
        if observation is not None:
            record_result(observation, result, told, blocked=None if root is None else root.blocked.get(run_id))

    def _decided(self, data: Mapping[str, Any], run_id: UUID) -> None:
        decision, observation = read_decision(data), self._checks.observation(run_id)
        root = self._roots.of(run_id)
        if root is not None:
            root.note(run_id, decision)
        # The SDK leaves scores of a trace out only where it knows the sampler; others would belong to no trace.
        if observation is None or (root is not None and not root.sampled):
            return
        self._decision_traces.add(decision, observation.trace_id)
        self._checks.decide(run_id, decision)

    def _restored(self, data: Mapping[str, Any], run_id: UUID) -> None:
        observation = self._runs.get(self._roots.shown(run_id))
        if observation is not None:
            observation.update(metadata={key: int(data[key]) for key in ("restored", "unknown")})
