"""Langfuse: a callback handler that scores every check, and a mask for what leaves the process.

Works with the Langfuse SDK lines 4 (4.18 and later) and 5. Both are seen through the same few names of the SDK's own
LangChain handler; `docs/design/langfuse.md` lists them.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, get_args
from uuid import UUID

from langchain_core.messages import ToolMessage
from langchain_core.runnables.config import var_child_runnable_config
from langfuse import LangfuseGuardrail
from langfuse.langchain import CallbackHandler as _LangfuseHandler
from langfuse.types import TraceContext
from opentelemetry import context as otel_context
from opentelemetry import trace as otel_trace

from lc_guard._vendors.quiet_logs import quiet
from lc_guard.errors import Blocked, kind_given
from lc_guard.langfuse.check_details import check_metadata
from lc_guard.langfuse.config_ids import ConfigIds, config_ids_of
from lc_guard.langfuse.decision_traces import DecisionTraces
from lc_guard.langfuse.flush import BoundedFlush, flush_of
from lc_guard.langfuse.masks import (
    SEAL,
    OtelSpansMask,
    Unmasked,
    make_client,
    mask_of,
    prove_mask,
    require_masked,
    without_keys,
)
from lc_guard.langfuse.user_ids import UserIdHasher
from lc_guard.observability.events import read_decision
from lc_guard.observability.otel import load_ahead
from lc_guard.observability.span_mask import Detect
from lc_guard.records import CHECK_RUN_ID, DECISION_EVENT, ENTITY_SCORES, RESTORED_EVENT, Action, Decision, strongest

if TYPE_CHECKING:
    from langfuse.types import MaskOtelSpansFunction

    from lc_guard.guard import Guard

__all__ = ["CallbackHandler", "mask_otel_spans"]

logger = logging.getLogger("lc_guard.langfuse")

_ROOT_KEY = otel_context.create_key("lc_guard_root_run")
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_.-]")
_LONGEST_NAME = 200
_CONFIGS_PATIENCE = 0.5  # seconds that a client's first handler waits for the ids of score configs

# What was done to a text that the policy let through; an anonymized one is the normal case.
_FIRED = ("redact", "replace", "warn")


@dataclass(eq=False)
class _Root:
    """A root run: where its trace begins, and what its checks decided.

    Attributes:
        run_id: The root run.
        before: The OpenTelemetry context in which it started.
        inside: The context that its children belong in: the root's span and its trace attributes.
        observation: Langfuse's observation of the root run.
        run_ids: All runs under it that were seen.
        span_ids: Their spans.
        actions: What was decided so far.
        sampled: Whether its trace is sent at all.
    """

    run_id: UUID
    before: otel_context.Context
    inside: otel_context.Context | None = None
    observation: Any = None
    run_ids: list[UUID] = field(default_factory=list)
    span_ids: set[int] = field(default_factory=set)
    actions: list[Action] = field(default_factory=list)
    sampled: bool = True


def _starting(callback: str) -> Callable[..., None]:
    """Make the callback `callback` for the start of a run."""

    def on_start(self: CallbackHandler, *args: Any, run_id: UUID, parent_run_id: UUID | None = None, **kw: Any) -> None:
        self._safely(self._enter, run_id, parent_run_id)
        if self._pseudonyms is not None and kw.get("metadata"):
            kw["metadata"] = self._pseudonyms.replace(kw["metadata"])
        self._upstream(callback, *args, run_id=run_id, parent_run_id=parent_run_id, **kw)
        self._safely(self._entered, run_id)

    return on_start


def _ending(callback: str) -> Callable[..., None]:
    """Make the callback `callback` for the end of a run."""

    def on_end(self: CallbackHandler, result: Any, *args: Any, run_id: UUID, **kw: Any) -> None:
        self._safely(self._record_result, run_id, result)
        if isinstance(result, ToolMessage) and result.status == "error":
            result = None  # recorded already; the SDK would copy its text into the span's status
        self._upstream(callback, result, *args, run_id=run_id, **kw)
        self._safely(self._leave, run_id)

    return on_end


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
        score_entities: Whether findings are counted as scores as well, NUMERIC ``guard.entities.<kind>``: Langfuse
            draws them by kind then. Each is one more score to pay for.

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
        score_entities: bool = False,
    ) -> None:
        if guard is not None and (isinstance(guard, type) or not callable(getattr(guard, "redact", None))):
            raise TypeError(f"guard must be a Guard, got {kind_given(guard)}; a public key goes in as public_key=...")
        if unmasked not in get_args(Unmasked):
            raise ValueError(f"unmasked must be one of {', '.join(map(repr, get_args(Unmasked)))}")
        if exit_timeout is not None and not exit_timeout > 0:
            raise ValueError("exit_timeout must be a positive number of seconds, or None")
        self._pseudonyms = None if user_id_key is None else UserIdHasher(user_id_key)
        if guard is not None:
            make_client(guard, public_key)
        with quiet("langfuse", below=logging.ERROR) if without_keys(public_key) else nullcontext():
            super().__init__(public_key=public_key, trace_context=trace_context)
        self._decision_traces = DecisionTraces()
        self._roots: dict[UUID, _Root] = {}
        client = self._langfuse_client
        resources = SEAL.private(client, "_resources")
        # Without keys the SDK has no resources.
        self._sends = resources is not None and bool(SEAL.private(client, "_tracing_enabled"))
        self._delivery: BoundedFlush | None = None
        self._masking: Guard | None = None  # whose models are needed where spans are exported
        self._configs: ConfigIds | None = None
        self._score_entities = score_entities
        if self._sends:
            self._require_mask(guard, unmasked)
        if self._sends:
            self._delivery = flush_of(resources)
            self._configs = config_ids_of(resources, client)
            self._configs.refresh(wait=_CONFIGS_PATIENCE)
            if exit_timeout is not None:
                self._delivery.bound_exit(exit_timeout)

    def _require_mask(self, guard: Guard | None, unmasked: Unmasked) -> None:
        client = self._langfuse_client
        if guard is not None:
            require_masked(client, guard, unmasked)
        mask = mask_of(client)
        if mask is None:
            return
        self._masking = mask.guard
        if not prove_mask(client, mask):
            self._sends = False
            logger.error("this handler sends nothing: Langfuse keeps its client busy, so that its mask can't be tried")

    on_chain_start = _starting("on_chain_start")
    on_chat_model_start = _starting("on_chat_model_start")
    on_llm_start = _starting("on_llm_start")
    on_tool_start = _starting("on_tool_start")
    on_retriever_start = _starting("on_retriever_start")
    on_chain_end = _ending("on_chain_end")
    on_chain_error = _ending("on_chain_error")
    on_llm_end = _ending("on_llm_end")
    on_llm_error = _ending("on_llm_error")
    on_tool_end = _ending("on_tool_end")
    on_tool_error = _ending("on_tool_error")
    on_retriever_end = _ending("on_retriever_end")
    on_retriever_error = _ending("on_retriever_error")

    def on_llm_new_token(self, *args: Any, **kwargs: Any) -> None:
        """Note when the first token of a streamed answer came."""
        self._upstream("on_llm_new_token", *args, **kwargs)

    def on_agent_action(self, *args: Any, **kwargs: Any) -> None:
        """Record an agent's action."""
        self._upstream("on_agent_action", *args, **kwargs)

    def on_agent_finish(self, *args: Any, **kwargs: Any) -> None:
        """Record an agent's result."""
        self._upstream("on_agent_finish", *args, **kwargs)

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
        return user_id if self._pseudonyms is None else self._pseudonyms.of(user_id)

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
        if serialized and tuple(serialized.get("id") or ())[: len(CHECK_RUN_ID)] == CHECK_RUN_ID:
            return "guardrail"
        return super()._get_observation_type_from_serialized(serialized, callback_type, **kwargs)

    def _get_error_level_and_status_message(self, error: BaseException) -> Any:
        # The SDK would also write the message into the span's status, which no mask can reach: `_record_result` has
        # put it into the attribute that Langfuse shows, and that one is masked.
        level, _ = super()._get_error_level_and_status_message(error)
        return level, None

    def _enter(self, run_id: UUID, parent_run_id: UUID | None) -> None:
        """Bring the OpenTelemetry context to where a run belongs, before the SDK opens its span."""
        root = self._roots.get(parent_run_id) if parent_run_id else None
        if root is None:
            self._prepare_for_the_end()
            _step_back()
            root = _Root(run_id, before=otel_context.get_current())
            otel_context.attach(otel_context.set_value(_ROOT_KEY, root))
        elif otel_context.get_value(_ROOT_KEY) is not root and root.inside is not None:
            # Another thread or task, or another root run was started here meanwhile.
            otel_context.attach(root.inside)
        self._roots[run_id] = root
        root.run_ids.append(run_id)

    def _prepare_for_the_end(self) -> None:
        # At the first root run of a process, not where the handler is made: servers make it before they fork.
        if self._delivery is not None:
            guard = self._masking
            self._delivery.prepare(None if guard is None else partial(load_ahead, guard))
        if self._configs is not None:
            self._configs.refresh()

    def _entered(self, run_id: UUID) -> None:
        root, observation = self._roots[run_id], self._runs.get(run_id)
        if observation is not None:
            root.span_ids.add(int(observation.id, 16))
        if root.run_id == run_id:
            root.observation, root.inside = observation, otel_context.get_current()
            root.sampled = otel_trace.get_current_span().get_span_context().trace_flags.sampled

    def _leave(self, run_id: UUID) -> None:
        """Give the trace its score and forget the root run, when it is the root that ended."""
        root = self._roots.get(run_id)
        if root is None or root.run_id != run_id:
            return
        for each in root.run_ids:
            self._roots.pop(each, None)
        if otel_context.get_value(_ROOT_KEY) is root:
            otel_context.attach(root.before)
        if root.actions and root.observation is not None and root.sampled:
            root.observation.score_trace(
                name="guard.action",
                value=strongest(root.actions),
                score_id=f"{root.observation.trace_id}-{root.observation.id}-guard.action",
                data_type="CATEGORICAL",
                config_id=self._config_id("guard.action", "CATEGORICAL"),
            )

    def _record_result(self, run_id: UUID, result: Any) -> None:
        """Write what the SDK would leave out, or put where no mask reaches it."""
        observation = self._runs.get(run_id)
        if observation is None:
            return
        if isinstance(result, BaseException):
            observation.update(status_message=str(result) or type(result).__name__)
        elif isinstance(result, ToolMessage) and result.status == "error":
            observation.update(output=result, level="ERROR")
            observation.update(status_message=str(result.content))
        elif isinstance(observation, LangfuseGuardrail) and isinstance(result, Mapping):
            observation.update(metadata=check_metadata(result))

    def _decided(self, data: Mapping[str, Any], run_id: UUID) -> None:
        decision, observation = read_decision(data), self._runs.get(run_id)
        root = self._roots.get(run_id)
        if root is not None:
            root.actions.append(decision.action)
        # The SDK leaves scores of a trace out only where it knows the sampler; others would belong to no trace.
        if observation is None or (root is not None and not root.sampled):
            return
        self._decision_traces.add(decision, observation.trace_id)
        failed = decision.action == "block" or decision.error is not None
        if failed or decision.action in _FIRED:
            cause = f" after {decision.error}" if decision.error else ""
            observation.update(
                level="ERROR" if failed else "WARNING",
                status_message=f"{decision.check}: {decision.action}{cause} (risk {decision.risk_score:.2f})",
            )
        name = _NOT_IN_NAMES.sub("_", f"{decision.stage}.{decision.check}")[:_LONGEST_NAME]
        # Score ids are unique in a project, not in a trace: they must hold the trace's id.
        score_id = f"{observation.trace_id}-{observation.id}-{name}"
        observation.score(
            name=name,
            value=decision.risk_score,
            score_id=score_id,
            data_type="NUMERIC",
            config_id=self._config_id(name, "NUMERIC"),
        )
        observation.score(
            name=f"{name}.valid",
            value=int(decision.valid),
            score_id=f"{score_id}.valid",
            data_type="BOOLEAN",
            config_id=self._config_id(f"{name}.valid", "BOOLEAN"),
        )
        for kind, count in decision.entities.items() if self._score_entities else ():
            entity_id = f"{observation.trace_id}-{observation.id}-{ENTITY_SCORES}{kind}"
            observation.score(name=f"{ENTITY_SCORES}{kind}", value=count, score_id=entity_id, data_type="NUMERIC")

    def _config_id(self, name: str, data_type: str) -> str | None:
        return None if self._configs is None else self._configs.of(name, data_type)

    def _restored(self, data: Mapping[str, Any], run_id: UUID) -> None:
        observation = self._runs.get(run_id)
        if observation is not None:
            observation.update(metadata={key: int(data[key]) for key in ("restored", "unknown")})


def _step_back() -> None:
    """Leave the context of another root run that is still open here, or was never closed.

    That is so for the items of a ``batch``, for a call while a stream is open, and after a stream that was given up.
    A call inside a step of that run, or inside a span of the user's own, stays where it is.
    """
    if var_child_runnable_config.get() is not None:
        return
    while isinstance(root := otel_context.get_value(_ROOT_KEY), _Root):
        if otel_trace.get_current_span().get_span_context().span_id not in root.span_ids:
            return
        otel_context.attach(root.before)


def mask_otel_spans(guard: Guard, *, detect: Detect = "when_needed") -> MaskOtelSpansFunction:
    """Make the function for ``Langfuse(mask_otel_spans=...)``: exported spans carry placeholders instead of values.

    It runs when spans are exported, not in the chain's way. It covers every attribute, JSON-escaped or not, also
    those of sessions that were forgotten meanwhile. Where the guard has decided nothing yet it runs the guard's
    detectors itself. A span that can't be masked is not exported.

    What the mask hides in the input of a model's observation (type ``generation``) the model was sent: a value of the
    session there is a leak. The observation gets the level ERROR and the BOOLEAN score ``guard.leak``, and
    `Guard.leaks` tells of it. A model in a trace without a decision, whose input holds what the detectors find, gets
    the level WARNING.

    The ids that you set on a trace yourself (metadata ``langfuse_session_id`` and ``langfuse_user_id``) are sent as
    they are. LangChain's ``session_id`` and ``thread_id`` become the session's digest.

    Args:
        guard: The guard of the chains that are traced.
        detect: ``"when_needed"`` runs the detectors on spans of a trace without a decision, or with one that left
            no placeholder (redacted, blocked, failed), and on the spans of tools and retrievers; ``"always"`` on all.

    Returns:
        The mask. Make one for a client: it listens to the guard's vault from then on.
    """
    return OtelSpansMask(guard, detect=detect)
