"""Who is shown real text: handlers that hand a call's output to the application, told from those that record it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any
from weakref import WeakSet

from langchain_core.callbacks import BaseCallbackHandler

from lc_guard._forks import ForkLock
from lc_guard._vendors.seals import Seal

APPLICATION_HANDLERS: WeakSet[Any] = WeakSet()
"""Those of `for_application` that somebody holds: one in a model's own constructor is known to that model only."""

_LOCK = ForkLock()


def note_application_handler(handler: BaseCallbackHandler) -> None:
    """Remember a handler that shows restored text, for as long as somebody holds it."""
    with _LOCK:
        APPLICATION_HANDLERS.add(handler)


def application_handlers() -> list[Any]:
    """Return the handlers that `for_application` made and somebody holds."""
    if not APPLICATION_HANDLERS:
        return []
    with _LOCK:
        return list(APPLICATION_HANDLERS)


def is_application_handler(handler: Any) -> bool:
    """Return whether `for_application` made a handler."""
    return bool(APPLICATION_HANDLERS) and handler in APPLICATION_HANDLERS


def is_streamed_to_application(handler: Any) -> bool:
    """Return whether a handler is one of LangChain's or LangGraph's that hand a stream to the application.

    Their class says so by what it inherits: to have the methods of such a handler is not enough, some tracers do.
    """
    return any(kind in type(handler).__mro__ for kind in _stream_types())


@lru_cache(maxsize=1)
def _stream_types() -> tuple[type[Any], ...]:
    """Return what LangChain's handlers of streams inherit; it is private, and LangGraph imports it as well."""
    from langchain_core.tracers import _streaming  # noqa: PLC0415 - only where somebody watches

    seal = Seal("protect(model)", "langchain-core")
    names = ("_StreamingCallbackHandler", "_V2StreamingCallbackHandler")
    return tuple(seal.private(_streaming, name) for name in names)


def is_for_application(handler: Any) -> bool:
    """Return whether a handler hands the call's output to the application rather than recording it.

    Those behind ``astream_events``, ``astream_log``, LangGraph's ``stream_mode="messages"`` and ``with_listeners``
    (history), and those of `for_application`. Any other is an observer: it sees placeholders, never values.
    """
    if is_streamed_to_application(handler) or is_application_handler(handler):
        return True
    from langchain_core.tracers import root_listeners  # noqa: PLC0415 - only where somebody watches

    return isinstance(handler, root_listeners.RootListenersTracer | root_listeners.AsyncRootListenersTracer)
