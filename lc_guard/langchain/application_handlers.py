"""Callback handlers that show an answer to a reader: they are told of real text where tracers see placeholders.

LangChain tells each of its handlers the same. Those behind ``astream_events``, ``astream_log`` and LangGraph's
``stream_mode="messages"`` are known; any other one is a tracer unless `for_application` says that it is not.
"""

from __future__ import annotations

import inspect
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from typing import Any
from uuid import UUID

from langchain_core.callbacks import BaseCallbackHandler

from lc_guard.errors import UnsupportedInput, kind_given
from lc_guard.langchain.audience import note_application_handler
from lc_guard.langchain.chunk_restorer import ChunkRestorer
from lc_guard.langchain.restore import SessionRestorers, ValueRestorer
from lc_guard.langchain.shown_events import ShownAnswer, Told
from lc_guard.langchain.shown_runs import HiddenSpan, ShownRuns
from lc_guard.records import DECISION_EVENT, RESTORED_EVENT

_MAX_ANSWERS = 10_000
_IGNORED_BY = {
    "on_llm_start": "ignore_llm",
    "on_chat_model_start": "ignore_chat_model",
    "on_llm_new_token": "ignore_llm",
    "on_stream_event": "ignore_llm",
    "on_llm_end": "ignore_llm",
    "on_llm_error": "ignore_llm",
    "on_chain_start": "ignore_chain",
    "on_chain_end": "ignore_chain",
    "on_chain_error": "ignore_chain",
    "on_tool_start": "ignore_agent",
    "on_tool_end": "ignore_agent",
    "on_tool_error": "ignore_agent",
    "on_agent_action": "ignore_agent",
    "on_agent_finish": "ignore_agent",
    "on_retriever_start": "ignore_retriever",
    "on_retriever_end": "ignore_retriever",
    "on_retriever_error": "ignore_retriever",
    "on_text": None,
    "on_retry": "ignore_retry",
    "on_custom_event": "ignore_custom_event",
}
_ENDS = {
    "on_llm_end": "on_llm_error",
    "on_chain_end": "on_chain_error",
    "on_tool_end": "on_tool_error",
    "on_retriever_end": "on_retriever_error",
}
_TEXTS = ("inputs", "outputs", "response", "data")
_RESTORING = "lc_guard_restoring"  # where a handler of a stream keeps it
_VALUE_FREE = (DECISION_EVENT, RESTORED_EVENT)


def for_application(handler: BaseCallbackHandler) -> BaseCallbackHandler:
    """Return a handler that is told real text, as whoever asks the model sees it, instead of placeholders.

    For handlers that hand an answer to its reader: a user interface's ``on_llm_new_token``, LangChain's
    ``AsyncIteratorCallbackHandler`` or ``StreamingStdOutCallbackHandler``. **Never for one that records**: what a
    tracer is told leaves the application.

    Give the result to a call (``config["callbacks"]``), to a protected model or to the model itself
    (``callbacks=[...]``). It is told what a stream shows: values are put back, those of the session of its run, and
    what may be the beginning of a placeholder waits for its end; what a guard's scanners have yet to judge waits for
    them. What no guard has hidden is told as it is.

    Args:
        handler: The handler, sync or async. It stays as it is; go on to read it.

    Raises:
        TypeError: If it is no callback handler.

    Example:
        ```python
        from langchain_core.callbacks import StreamingStdOutCallbackHandler
        from langchain_core.language_models import FakeListChatModel

        from lc_guard import Guard, for_application, protect
        from lc_guard.testing import ExactDetector

        guard = Guard(detectors=[ExactDetector({"PERSON": ["Ada"]})])
        model = protect(FakeListChatModel(responses=["Hello [REDACTED_PERSON_1]"]), guard)
        shown = for_application(StreamingStdOutCallbackHandler())
        answer = model.invoke("Say hello to Ada", {"callbacks": [shown]})
        print(answer.content)  # → Hello Ada
        ```
    """
    if isinstance(handler, ApplicationHandler):
        return handler
    if not isinstance(handler, BaseCallbackHandler):
        raise TypeError(f"for_application needs a callback handler, got {kind_given(handler)}")
    made = ApplicationHandler(handler)
    note_application_handler(made)
    return made


class Restoring:
    """What a handler that is told restored text knows of the runs that it is told of.

    Attributes:
        runs: Which of them hold placeholders.
    """

    def __init__(self) -> None:
        self.runs = ShownRuns()
        self._answers: OrderedDict[UUID, ShownAnswer] = OrderedDict()

    def span(self, event: str, kwargs: dict[str, Any]) -> HiddenSpan | None:
        """Return the span that a run belongs to, or None if it is told as it is."""
        run_id, parent = kwargs.get("run_id"), kwargs.get("parent_run_id")
        if run_id is None:
            return None
        if event.endswith("_start"):
            self.runs.started(run_id, parent, kwargs.get("tags"))
        return self.runs.span_of(run_id, parent or self.runs.parent_of(run_id))

    def told(self, event: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Told]:
        """Return what the handler is told instead: restored, and before an end what a stream held back."""
        span = self.span(event, kwargs)
        told = [(event, args, kwargs)] if span is None else self._shown(span, event, args, kwargs)
        if event.endswith(("_end", "_error")) and (run_id := kwargs.get("run_id")) is not None:
            error = args[0] if event.endswith("_error") else None
            unjudged = [each for left in self.runs.ended(run_id) for each in released(left, error)]
            told = [*(more for each in unjudged for more in self.told(*each)), *told]
        return told

    def _shown(self, span: HiddenSpan, event: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Told]:
        run_id = kwargs["run_id"]
        if span.held is not None and not event.endswith("_start"):
            span.held.append((event, args, kwargs))
            return []
        if event in ("on_llm_new_token", "on_stream_event"):
            answer = self._answers.get(run_id)
            if answer is None:
                answer = self._answers[run_id] = ShownAnswer(SessionRestorers(*span.of))
                if len(self._answers) > _MAX_ANSWERS:
                    self._answers.popitem(last=False)
            return answer.told(event, args, kwargs)
        begun: list[Told] = []
        if event in ("on_llm_end", "on_llm_error") and (answer := self._answers.pop(run_id, None)) is not None:
            begun = answer.rest(kwargs)
        return [*begun, (event, *_restored(span, event, args, kwargs))]


def released(span: HiddenSpan, error: BaseException | None) -> list[Told]:
    """Return what was held of a span: all of it, or only that it ended in an error."""
    held, span.held = span.held or [], None
    if error is None:
        return held
    ends = ((_ENDS.get(event, event), args, kwargs) for event, args, kwargs in held)
    named = ("run_id", "parent_run_id", "tags")
    return [
        (event, (error,), {name: kwargs[name] for name in named if name in kwargs})
        for event, _, kwargs in ends
        if event.endswith("_error")
    ]


def _restored(
    span: HiddenSpan, event: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the arguments of a callback with values put back; what says how a run is called is left alone."""
    if event == "on_custom_event" and args and args[0] in _VALUE_FREE:
        return args, kwargs
    value = ValueRestorer(SessionRestorers(*span.of)).value
    kept = 1 if event.endswith("_start") or event == "on_custom_event" else 0
    named = {name: _told(value, kwargs[name]) for name in _TEXTS if name in kwargs}
    return (*args[:kept], *(_told(value, arg) for arg in args[kept:])), {**kwargs, **named}


def _told(value: Callable[[Any], Any], arg: Any) -> Any:
    try:
        return value(arg)
    except UnsupportedInput:  # nested too deep to be walked: it is told as it is
        return arg


class ApplicationHandler(BaseCallbackHandler):
    """A handler that tells another one restored text; made by `for_application`.

    Args:
        handler: The other one.

    Attributes:
        restoring: What is known of the runs that it is told of.
    """

    ignore_chain = ignore_agent = ignore_retriever = ignore_llm = ignore_chat_model = False

    def __init__(self, handler: BaseCallbackHandler) -> None:
        self.handler = handler
        self.raise_error = handler.raise_error
        self.run_inline = handler.run_inline
        self.restoring = Restoring()
        for event in _IGNORED_BY:
            setattr(self, event, _telling(event, self.restoring, self._own, awaits=_is_async(getattr(handler, event))))

    def __repr__(self) -> str:
        return f"for_application({type(self.handler).__name__})"

    def _own(self, event: str) -> Callable[..., Any]:
        """Return the handler's own method; it is told nothing of what it ignores."""
        ignored = _IGNORED_BY[event]
        ignores = ignored is not None and getattr(self.handler, ignored)
        return _nothing if ignores else getattr(self.handler, event)


def restore_stream(handler: Any, *, awaits: bool) -> Restoring:
    """Have a handler of LangChain's that serves one stream show restored text, and return what it knows of its runs.

    LangChain gives the very same handler to all runs of a stream, so that a step of a chain can't give its neighbours
    another one. So this one object gets callbacks of its own, and stays what it is to all who look.

    Args:
        handler: The handler; one that does so already stays as it is.
        awaits: Whether its sync callbacks become async ones, since a vault is read that may block the event loop.
    """
    known: Restoring | None = vars(handler).get(_RESTORING)
    if known is not None:
        return known
    restoring = Restoring()
    own = {event: getattr(handler, event) for event in _IGNORED_BY}
    for event, method in own.items():
        setattr(handler, event, _telling(event, restoring, own.__getitem__, awaits=awaits or _is_async(method)))
    handler.tap_output_iter = partial(_tapped, restoring, handler.tap_output_iter)
    handler.tap_output_aiter = partial(_atapped, restoring, handler.tap_output_aiter)
    setattr(handler, _RESTORING, restoring)
    return restoring


def _telling(
    event: str, restoring: Restoring, own: Callable[[str], Callable[..., Any]], *, awaits: bool
) -> Callable[..., Any]:
    """Return what stands for a callback.

    Args:
        event: Its name.
        restoring: What is known of the runs.
        own: Gives a callback of the handler by its name.
        awaits: Whether it is async.
    """

    def tell(*args: Any, **kwargs: Any) -> Any:
        result = None
        for name, shown, named in restoring.told(event, args, kwargs):
            result = own(name)(*shown, **named)
        return result

    async def atell(*args: Any, **kwargs: Any) -> Any:
        span = restoring.span(event, kwargs)
        call = partial(restoring.told, event, args, kwargs)
        result = None
        for name, shown, named in call() if span is None else await span.of.guard.run_blocking(call):
            told = own(name)(*shown, **named)
            result = await told if inspect.isawaitable(told) else told
        return result

    return atell if awaits else tell


def _is_async(callback: Any) -> bool:
    return inspect.iscoroutinefunction(callback)


def _nothing(*args: Any, **kwargs: Any) -> None:
    """Take what a handler ignores."""


def _tapped(restoring: Restoring, tap: Callable[..., Any], run_id: UUID, output: Iterator[Any]) -> Iterator[Any]:
    """Show the chunks of a run restored, and give them on as they are."""
    shown = _Tap(restoring, run_id)
    told = tap(run_id, shown.each())
    for chunk in output:
        shown.feed(chunk)
        while shown.chunks:
            next(told, None)
        yield chunk
    shown.end()
    while shown.chunks:
        next(told, None)
    next(told, None)  # it ends with what it was given


async def _atapped(
    restoring: Restoring, tap: Callable[..., Any], run_id: UUID, output: AsyncIterator[Any]
) -> AsyncIterator[Any]:
    """Async version of `_tapped`."""
    shown = _Tap(restoring, run_id)
    told = tap(run_id, shown.aeach())
    async for chunk in output:
        await shown.ablock(partial(shown.feed, chunk))
        while shown.chunks:
            await anext(told, None)
        yield chunk
    await shown.ablock(shown.end)
    while shown.chunks:
        await anext(told, None)
    await anext(told, None)


class _Tap:
    """The chunks of one run on their way to a reader.

    Args:
        restoring: What is known of the runs.
        run_id: The run.
    """

    def __init__(self, restoring: Restoring, run_id: UUID) -> None:
        self.chunks: deque[Any] = deque()
        self._runs = restoring.runs
        self._run_id = run_id
        self._restorer: ChunkRestorer | None = None

    def feed(self, chunk: Any) -> None:
        """Take a chunk; what may be shown of it is in `chunks`."""
        span = self._span()
        if span is None:
            self.chunks.append(chunk)
        elif span.held is None:  # else scanners have yet to judge it: its whole is told then
            self._restorer = self._restorer or ChunkRestorer(SessionRestorers(*span.of))
            self.chunks.extend(self._restorer.feed(chunk))

    def end(self) -> None:
        """Show what was held back."""
        if self._restorer is not None:
            self.chunks.extend(self._restorer.flush())

    async def ablock(self, call: Callable[[], None]) -> None:
        """Do something that may read the vault."""
        span = self._span()
        if span is None:
            call()
        else:
            await span.of.guard.run_blocking(call)

    def each(self) -> Iterator[Any]:
        """Yield the chunks that are there."""
        while self.chunks:
            yield self.chunks.popleft()

    async def aeach(self) -> AsyncIterator[Any]:
        """Async version of `each`."""
        while self.chunks:
            yield self.chunks.popleft()

    def _span(self) -> HiddenSpan | None:
        return self._runs.span_of(self._run_id, self._runs.parent_of(self._run_id))
