"""MaskedTracer: any callback handler, told of every run with placeholders in the place of values."""

from __future__ import annotations

import asyncio
import inspect
import logging
import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from copy import copy
from typing import Any
from uuid import UUID

from langchain_core.agents import AgentAction, AgentFinish
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.documents import Document
from langchain_core.messages import BaseMessage, HumanMessage
from langchain_core.outputs import Generation, LLMResult

from lc_guard._forks import ForkLock
from lc_guard._text.json_tree import Finder, Leaf, hide
from lc_guard.errors import UnsupportedInput, kind_given
from lc_guard.guard import Guard, require_guard
from lc_guard.langchain.content_blocks import MAX_DEPTH
from lc_guard.langchain.messages import TextWalk, texts_of
from lc_guard.observability.session_finders import SessionFinders
from lc_guard.observability.span_texts import FRAMEWORK_METADATA, is_free_text
from lc_guard.records import DECISION_EVENT, RESTORED_EVENT, SESSION_METADATA

logger = logging.getLogger("lc_guard")

WITHHELD = "withheld by lc-guard"
"""What is told in the place of a text that can't be masked."""

# Events of pieces of a stream are not told, but for tokens, which tell when the first one came.
_UNTOLD = frozenset({"on_stream_event"})
_EVENTS = tuple(name for name in dir(BaseCallbackHandler) if name.startswith("on_") and name not in _UNTOLD)
_IGNORES = tuple(name for name in dir(BaseCallbackHandler) if name.startswith("ignore_"))
_WORDS = frozenset({"name", "serialized", "tags"})
_SPOKEN = re.compile(r"[\s@]")
_SESSION_KEYS = ("session_id", "thread_id")
_VALUE_FREE = (DECISION_EVENT, RESTORED_EVENT)
_AS_THEY_ARE = frozenset({"run_id", "parent_run_id", "run_type", "batch_size"})
_MAX_RUNS = 100_000
_MAX_SESSIONS = 16  # of one trace: each is asked for its values at every event


class TracedError(Exception):
    """What a masked tracer is told of an error: its type, and its text without values."""


class MaskedTracer(BaseCallbackHandler):
    """Tells a callback handler of every run without values: for tracers that know no mask of their own.

    Inputs, outputs, errors, names, tags, metadata and what LangChain writes about a component are masked before the
    handler is told: values of the sessions in the trace become their placeholders, and what only the guard's detectors
    find ``[REDACTED_PERSON]``, for good; at the beginning of a run nobody has hidden its input yet. In a trace that
    names no session, unmistakable values of the sessions that were used last are hidden for good as well. What can't
    be masked is withheld. Pieces of a stream are told without their text, since a value may stand in two of them: the
    whole comes at the end. Session and thread ids are told as the guard's digests.

    Langfuse and LangSmith have handlers and clients of their own, in `lc_guard.langfuse` and `lc_guard.langsmith`, with
    scores and without a wait. This one masks in the way of the call: in a thread where the handler is async.

    Args:
        handler: The handler, sync or async. It stays as it is.
        guard: Knows the values, and finds others.

    Attributes:
        handler: The handler.

    Raises:
        TypeError: If one of them is none.

    Example:
        ```python
        from langchain_core.language_models import FakeListChatModel
        from langchain_core.tracers import ConsoleCallbackHandler

        from lc_guard import Guard, MaskedTracer, protect
        from lc_guard.testing import ExactDetector

        guard = Guard(detectors=[ExactDetector({"PERSON": ["Ada"]})])
        model = protect(FakeListChatModel(responses=["Hello [REDACTED_PERSON_1]"]), guard)
        tracer = MaskedTracer(ConsoleCallbackHandler(), guard)
        print(model.invoke("Say hello to Ada", {"callbacks": [tracer]}).content)  # → Hello Ada
        ```
    """

    ignore_agent = ignore_chain = ignore_chat_model = ignore_custom_event = ignore_llm = False
    ignore_retriever = ignore_retry = False

    def __init__(self, handler: BaseCallbackHandler, guard: Guard) -> None:
        if not isinstance(handler, BaseCallbackHandler):
            raise TypeError(f"MaskedTracer needs a callback handler, got {kind_given(handler)}")
        require_guard(guard, "MaskedTracer")
        self.handler = handler
        self.raise_error = handler.raise_error
        self.run_inline = handler.run_inline
        self._mask = _EventMask(guard)
        self._ignored = {name: bool(getattr(handler, name)) for name in _IGNORES}
        for event in _EVENTS:
            setattr(self, event, self._telling(event, getattr(handler, event)))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({type(self.handler).__name__})"

    def _telling(self, event: str, tell: Callable[..., Any]) -> Callable[..., Any]:
        """Return what stands for a callback: sync or async as that one is, since LangChain calls it so."""
        mask, ignored = self._mask, self._ignored.get(_ignored_by(event), False)

        def told(*args: Any, **kwargs: Any) -> Any:
            mask.note(event, kwargs)
            if ignored:
                return None
            masked, named = mask.arguments(event, args, kwargs)
            return tell(*masked, **named)

        async def atold(*args: Any, **kwargs: Any) -> Any:
            mask.note(event, kwargs)
            if ignored:
                return None
            masked, named = await asyncio.to_thread(mask.arguments, event, args, kwargs)
            return await tell(*masked, **named)

        return atold if inspect.iscoroutinefunction(tell) else told


class _EventMask:
    """Masks the arguments of events, and knows which sessions a trace is of."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._known = SessionFinders(guard)
        self._roots: OrderedDict[UUID, UUID] = OrderedDict()
        self._digests: OrderedDict[UUID, dict[str, None]] = OrderedDict()
        self._lock = ForkLock()

    def note(self, event: str, kwargs: Mapping[str, Any]) -> None:
        """Note whose run it is."""
        run, parent = kwargs.get("run_id"), kwargs.get("parent_run_id")
        if run is None or not event.endswith("_start"):
            return
        metadata = kwargs.get("metadata") or {}
        named = [self._guard.digest(str(metadata[key])) for key in _SESSION_KEYS if metadata.get(key)]
        own = metadata.get(SESSION_METADATA)
        with self._lock:
            root = self._roots[run] = run if parent is None else self._roots.get(parent, parent)
            digests = self._digests.setdefault(root, {})
            for digest in (*named, *([own] if isinstance(own, str) else [])):
                digests.pop(digest, None)
                digests[digest] = None
            while len(digests) > _MAX_SESSIONS:
                del digests[next(iter(digests))]
            for known in (self._roots, self._digests):
                while len(known) > _MAX_RUNS:
                    known.popitem(last=False)

    def arguments(
        self, event: str, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return the arguments of an event without values."""
        kept = {name: item for name, item in kwargs.items() if name in _AS_THEY_ARE}
        if event == "on_llm_new_token":
            return ("",), kept
        if event == "on_custom_event" and args and args[0] in _VALUE_FREE:
            kept |= {"data": kwargs["data"]} if "data" in kwargs else {}
            args, free = args[:1], args[1:]
        else:
            free = ()
        try:
            *masked, named = self._masked(event, args, kwargs, kept)
        except Exception as error:  # noqa: BLE001 - what can't be masked is not told
            logger.warning("an event was told without its texts, which could not be masked: %s", type(error).__name__)
            masked, named = [_withheld(event, number) for number in range(len(args))], {}
        return (*masked, *free), {**named, **kept}

    def _masked(
        self, event: str, args: tuple[Any, ...], kwargs: Mapping[str, Any], kept: Mapping[str, Any]
    ) -> list[Any]:
        named = {name: item for name, item in kwargs.items() if name not in kept}
        words: dict[str, Any] = {name: _shown(named.pop(name), 0) for name in _WORDS & named.keys()}
        metadata = named.pop("metadata", None)
        if metadata:
            named["metadata"], words["metadata"] = self._parted(metadata)
        first = 1 if event.endswith("_start") and args else 0  # what LangChain writes about a component
        read = [_shown(args[:first], 0), words]
        given = [_failure(item) if event == "on_retry" else item for item in args[first:]]
        told = [*(_shown(item, 0) for item in given), _shown(named, 0)]
        table = self._table(_texts(told), _texts(read), kwargs.get("run_id"))
        walk = _ShownWalk(table, strict=False, beside=table)
        begun, of_words = walk.data(read, 0)
        *others, rest = walk.data(told, 0)
        if others and event.endswith("_error"):
            others[0] = TracedError(others[0])
        elif others and event == "on_retry":
            others[0] = _retry(args[0], others[0])
        if metadata:
            of_words["metadata"] = {**rest["metadata"], **of_words["metadata"]}
        return [*begun, *others, {**rest, **of_words}]

    def _parted(self, metadata: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the application's own metadata, and what LangChain and this package write about their parts."""
        ids = {key: self._guard.digest(str(metadata[key])) for key in _SESSION_KEYS if metadata.get(key)}
        every = {**metadata, **ids}
        words = {key for key in every if FRAMEWORK_METADATA.match(key) or key in (*_SESSION_KEYS, SESSION_METADATA)}
        own = {key: item for key, item in every.items() if key not in words}
        return own, {key: _shown(every[key], 0) for key in words}

    def _table(self, texts: Iterable[str], words: Iterable[str], run: UUID | None) -> Callable[[str], str]:
        """Return what gives the masked text for texts, and for words that detectors see only with a blank in them."""
        every = dict.fromkeys((*texts, *(text for text in words if _SPOKEN.search(text))))
        known: dict[Leaf, str] = hide(dict.fromkeys((*every, *words)), self._finders(run))
        left = {text: str(known.get(text, text)) for text in every if is_free_text(text)}
        asked = [text for text in dict.fromkeys(left.values()) if text.strip()]
        found = dict(zip(asked, self._guard.redact(asked) if asked else (), strict=True))
        table = {text: found.get(new, new) for text, new in left.items()}
        return lambda text: table.get(text) or str(known.get(text, text))

    def _finders(self, run: UUID | None) -> Iterable[Finder]:
        with self._lock:
            root = run if run is None else self._roots.get(run, run)
            digests = [] if root is None else [*self._digests.get(root, ())]
        others = [] if digests and len(digests) < _MAX_SESSIONS else [self._known.recent.find]
        return [*others, *self._known.of(digests)[0]]


def _ignored_by(event: str) -> str:
    """Return the name of the switch by which a handler ignores an event, as LangChain asks for it."""
    kind = event.removeprefix("on_").partition("_")[0]
    special = {"on_chat_model_start": "ignore_chat_model", "on_custom_event": "ignore_custom_event"}
    names = {"tool": "ignore_agent", "agent": "ignore_agent", "stream": "ignore_llm"}
    return special.get(event, names.get(kind, f"ignore_{kind}"))


def _shown(value: Any, depth: int) -> Any:
    """Return a value of which every text can be seen; what nobody can look into is what it tells of itself."""
    if depth > MAX_DEPTH:
        raise UnsupportedInput(f"nested deeper than {MAX_DEPTH} levels")
    if isinstance(value, BaseException):
        return f"{type(value).__name__}: {value}"
    if isinstance(value, Mapping):
        return {_shown(key, depth + 1): _shown(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_shown(item, depth + 1) for item in value]
    if isinstance(value, BaseMessage) and getattr(value, "artifact", None) is not None:
        value = value.model_copy(update={"artifact": _shown(value.artifact, depth + 1)})  # type: ignore[attr-defined]
    try:
        texts_of([value])
    except UnsupportedInput:
        return value.decode("utf-8", "replace") if isinstance(value, bytes | bytearray) else repr(value)
    return value


class _ShownWalk(TextWalk):
    """The walk over texts, and over what no provider is sent, or can't be changed on the way to one."""

    def message(self, message: Any, depth: int) -> Any:
        """Walk a message with what its provider said of it."""
        walked = super().message(message, depth)
        said = self.data(message.response_metadata, depth + 1)
        return walked if said is message.response_metadata else walked.model_copy(update={"response_metadata": said})

    def address(self, address: str, *, fetched: bool) -> str:  # noqa: ARG002 - whoever is told fetches nothing
        """Walk an address."""
        return super().address(address, fetched=False)


def _texts(value: Any) -> list[str]:
    """Return every text of a value, with names, ids, keys and numbers."""
    texts: dict[str, None] = {}

    def note(text: str) -> str:
        texts[text] = None
        return text

    _ShownWalk(note, strict=False, beside=note).data(value, 0)
    return [text for text in texts if text]


def _failure(state: Any) -> Any:
    """Return what a call came to that is tried again."""
    return state.outcome.exception() if state.outcome is not None and state.outcome.failed else ""


def _retry(state: Any, error: str) -> Any:
    """Return the state of a retry without what was called, and with what it came to."""
    told = copy(state)
    told.fn, told.args, told.kwargs = None, (), {}
    if state.outcome is not None:
        told.outcome = type(state.outcome)(state.attempt_number)
        if state.outcome.failed:
            told.outcome.set_exception(TracedError(error))
        else:
            told.outcome.set_result(None)
    return told


def _withheld(event: str, number: int) -> Any:
    """Return what is told in the place of an argument that can't be masked."""
    if event.endswith("_error"):
        return TracedError(WITHHELD)
    if number == 0 and event.endswith("_start"):
        return {}
    shapes: dict[str, Any] = {
        "on_chat_model_start": [[HumanMessage(WITHHELD)]],
        "on_llm_start": [WITHHELD],
        "on_llm_end": LLMResult(generations=[[Generation(text=WITHHELD)]]),
        "on_retriever_end": [Document(WITHHELD)],
        "on_agent_action": AgentAction(WITHHELD, WITHHELD, WITHHELD),
        "on_agent_finish": AgentFinish({}, WITHHELD),
        "on_chain_start": {"lc_guard": WITHHELD},
        "on_chain_end": {"lc_guard": WITHHELD},
    }
    return shapes.get(event, WITHHELD)
