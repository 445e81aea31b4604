"""Who watches a call: the application, which is shown restored text, and observers, which see what the model saw."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from functools import lru_cache
from typing import Any, TypeVar

from lc_guard._vendors.seals import Seal

Manager = TypeVar("Manager")


def is_stream_handler(handler: Any) -> bool:
    """Return whether a handler hands the call's output to the application rather than recording it.

    Those are the handlers behind ``astream_events``, ``astream_log``, LangGraph's ``stream_mode="messages"`` and
    ``with_listeners`` (which keeps the history of `RunnableWithMessageHistory`). Any other handler is an observer:
    one that is not known sees placeholders, never values.
    """
    return isinstance(handler, _application_types())


def with_handlers(manager: Manager, member: Callable[[Any], bool]) -> Manager:
    """Return a callback manager with some of the handlers of another one.

    Args:
        manager: LangChain's manager, sync or async.
        member: Tells which handlers are kept.
    """
    kept: Any = copy(manager)  # made without its constructor: instrumentations patch that to put their handler in
    kept.handlers = [handler for handler in kept.handlers if member(handler)]
    kept.inheritable_handlers = [handler for handler in kept.inheritable_handlers if member(handler)]
    for name in ("tags", "inheritable_tags", "metadata", "inheritable_metadata"):
        setattr(kept, name, copy(getattr(kept, name)))  # a manager adds to its own
    found: Manager = kept
    return found


@lru_cache(maxsize=1)
def _application_types() -> tuple[type[Any], ...]:
    """Return LangChain's types of such handlers; those for streams are private, and LangGraph imports them as well."""
    from langchain_core.tracers import _streaming, root_listeners  # noqa: PLC0415 - only where somebody watches

    seal = Seal("protect(model)", "langchain-core")
    streams = [seal.private(_streaming, name) for name in ("_StreamingCallbackHandler", "_V2StreamingCallbackHandler")]
    return (*streams, root_listeners.RootListenersTracer, root_listeners.AsyncRootListenersTracer)
