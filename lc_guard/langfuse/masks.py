"""The mask of a Langfuse client: made for a guard, found on a client, and seen to be asked by the SDK."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

from langfuse import Langfuse
from langfuse.types import MaskOtelSpansParams, MaskOtelSpansResult, OtelSpanPatch
from opentelemetry import trace as otel_trace

from lc_guard._vendors.seals import Seal
from lc_guard.errors import GuardError, UnmaskedClient
from lc_guard.observability.canary_spans import CANARY_NAME, CanarySpans
from lc_guard.observability.leak_scores import score_leak
from lc_guard.observability.otel import MaskingSpanExporter, load_ahead, require_time
from lc_guard.observability.process_end import END
from lc_guard.observability.span_attributes import leak_attributes
from lc_guard.observability.span_mask import Detect, SpanMask

if TYPE_CHECKING:
    from langfuse.types import MaskOtelSpansFunction

    from lc_guard.guard import Guard

Unmasked = Literal["refuse", "warn"]
"""What a handler does that is to use a client which the guard's mask is not on."""

logger = logging.getLogger("lc_guard.langfuse")

SEAL = Seal("mask_otel_spans", "langfuse")
_KEYS = ("LANGFUSE_PUBLIC_KEY", "LANGFUSE_SECRET_KEY")
_MADE = "_lc_guard_langfuse_mask"
_PROVED = "_lc_guard_mask_proved"
_UNSEEN = "_lc_guard_mask_unseen"
_PATIENCE = 2.0  # seconds for what a client has queued before
_AGAIN = 30.0  # seconds after which it is tried again


class OtelSpansMask:
    """The function for ``Langfuse(mask_otel_spans=...)``; `lc_guard.langfuse.mask_otel_spans` makes it."""

    def __init__(self, guard: Guard, *, detect: Detect = "when_needed") -> None:
        self.guard = guard
        self.canaries = CanarySpans()
        self._mask = SpanMask(guard, detect=detect)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._mask!r})"

    def learn(self, trace_id: str, session: object, output: Mapping[str, Any]) -> None:
        """Learn from a check whose span is not sent."""
        self._mask.learn_check(trace_id, session, output)

    def __call__(self, *, params: MaskOtelSpansParams) -> MaskOtelSpansResult:
        """Return what has to change in a batch of spans; who can't be masked gets what is no patch, and is left out."""
        with END.held():
            return MaskOtelSpansResult(span_patches=self._patches(params))

    def _patches(self, params: MaskOtelSpansParams) -> dict[Any, Any]:
        patches: dict[Any, Any] = {}
        spans = {}
        for span_id, span in params.spans.items():
            if self.canaries.take(span.trace_id, span.name):
                patches[span_id] = "not exported"
            else:
                spans[span_id] = span
        if spans:
            load_ahead(self.guard)
        for span in spans.values():
            self._mask.learn(span.trace_id, span.attributes)
        texts: dict[str, str] = {}
        for span_id, span in spans.items():
            require_time()
            try:
                leak = self._mask.leak(span.trace_id, span.span_id, span.attributes)
                changed, removed = self._mask.mask(span.trace_id, span.name, span.attributes, texts, limited="span")
                if leak is not None:
                    changed |= leak_attributes(leak, {**span.attributes, **changed})
                    self.guard.leaks.tell(leak)
                    score_leak(leak, lambda resources: resources.mask_otel_spans is self)
                patches[span_id] = OtelSpanPatch(set_attributes=changed, delete_attributes=removed)
            except Exception as error:  # noqa: BLE001 - whatever it is, the others go on
                # Our own messages are value-free; a foreign one, and its traceback, may quote the text.
                told = str(error) if isinstance(error, GuardError) else type(error).__name__
                logger.error("a span can't be masked and is not exported: %s", told)  # noqa: TRY400
                # Both SDK lines leave out a span whose patch is no `OtelSpanPatch`, and send the others.
                patches[span_id] = "not exported"
        return patches


Mask = OtelSpansMask | MaskingSpanExporter


def mask_of(client: Langfuse) -> Mask | None:
    """Find the mask of lc-guard that a client was made with, or raise SeamBroken if the SDK does not tell."""
    resources = SEAL.private(client, "_resources")
    if resources is None:
        return None
    held = [getattr(resources, name, _MADE) for name in ("mask_otel_spans", "span_exporter")]
    if _MADE in held:
        raise SEAL.broken("its client does not tell which mask it has")
    return next((mask for mask in held if isinstance(mask, OtelSpansMask | MaskingSpanExporter)), None)


def without_keys(public_key: str | None) -> bool:
    """Say in one line, instead of the SDK's own words of an error, that nothing is traced; return whether it is so."""
    missing = [name for name in _KEYS if not os.environ.get(name)]
    if public_key or not missing or _clients():
        return False
    logger.warning("Langfuse traces nothing: %s not set (project settings, API keys)", _are(missing))
    return True


def _are(missing: list[str]) -> str:
    return f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'}"


def _clients() -> dict[str, Any]:
    from langfuse._client.resource_manager import LangfuseResourceManager  # noqa: PLC0415 - not public

    clients: dict[str, Any] = SEAL.private(LangfuseResourceManager, "_instances")
    SEAL.require(isinstance(clients, dict), "it does not tell which clients there are")
    return clients


def make_client(guard: Guard, public_key: str | None) -> None:
    """Make the masked client of the environment's keys, if there is none yet."""
    clients = _clients()
    key = os.environ.get("LANGFUSE_PUBLIC_KEY")
    exists = public_key in clients if public_key else bool(clients)
    if exists or not key or public_key not in (None, key) or not os.environ.get("LANGFUSE_SECRET_KEY"):
        return  # the SDK's handler takes the one that exists
    # One for a guard: each listens to the guard's vault for good, and handlers may be made by request.
    mask = vars(guard).get(_MADE) or vars(guard).setdefault(_MADE, OtelSpansMask(guard))
    try:
        Langfuse(public_key=key, mask_otel_spans=mask)
    except TypeError:
        raise SEAL.broken("its client takes no argument mask_otel_spans any more") from None


def require_masked(client: Langfuse, guard: Guard, unmasked: Unmasked) -> None:
    """Make sure that a client has the mask of a guard."""
    mask = mask_of(client)
    if mask is not None and mask.guard is guard:
        return
    error = UnmaskedClient(other=mask is not None)
    if unmasked == "refuse":
        raise error
    logger.warning("%s", error)


def prove_mask(client: Langfuse, mask: Mask) -> bool:
    """Send a canary through a client, once, to see that the SDK asks the mask, which keeps it back; else SeamBroken.

    False if that can't be seen now, because the client still waits for Langfuse.
    """
    resources = SEAL.private(client, "_resources")
    if vars(resources).get(_PROVED) is mask:
        return True
    if time.monotonic() - vars(resources).get(_UNSEEN, -_AGAIN) < _AGAIN:
        return False
    with mask.canaries.awaited() as (trace_id, seen), _unsaid():
        with client.start_as_current_observation(name=CANARY_NAME, trace_context={"trace_id": trace_id}):
            sampled = otel_trace.get_current_span().get_span_context().trace_flags.sampled
        provider = resources.tracer_provider
        flushing = threading.Thread(target=provider.force_flush, name="lc-guard-canary", daemon=True)
        flushing.start()
        flushing.join(_PATIENCE)
    # A sampler or a filter of the user's may have kept it back: then there is nothing to see, today as tomorrow.
    if seen.is_set() or not sampled or resources.should_export_span is not None:
        vars(resources)[_PROVED] = mask
        return True
    if flushing.is_alive():
        vars(resources)[_UNSEEN] = time.monotonic()
        return False
    raise SEAL.broken("its client exported a span without asking the mask")


@contextmanager
def _unsaid() -> Iterator[None]:
    """Keep the SDK from telling as an error that the canary was left out."""
    sdk = logging.getLogger("langfuse")

    def other(record: logging.LogRecord) -> bool:
        return CANARY_NAME not in record.getMessage()

    sdk.addFilter(other)
    try:
        yield
    finally:
        sdk.removeFilter(other)


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
