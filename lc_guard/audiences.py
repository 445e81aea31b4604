"""Who watches a call: the application, which is shown restored text, and observers, which see what the model saw."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar

Manager = TypeVar("Manager")


def is_application(handler: Any) -> bool:
    """Tell whether a handler hands the call's output to the application rather than recording it.

    Those are the handlers behind ``astream_events``, ``astream_log``, LangGraph's ``stream_mode="messages"`` and
    ``with_listeners`` (which keeps the history of `RunnableWithMessageHistory`). Any other handler is an observer:
    one that is not known sees placeholders, never values.
    """
    return isinstance(handler, _application_types())


def audience(manager: Manager, member: Callable[[Any], bool]) -> Manager:
    """Give a callback manager with some of the handlers of another one.

    Args:
        manager: LangChain's manager, sync or async.
        member: Tells which handlers are kept.
    """
    given: Any = manager
    kept: Manager = type(given)(
        handlers=[handler for handler in given.handlers if member(handler)],
        inheritable_handlers=[handler for handler in given.inheritable_handlers if member(handler)],
        parent_run_id=given.parent_run_id,
        tags=list(given.tags),
        inheritable_tags=list(given.inheritable_tags),
        metadata=dict(given.metadata),
        inheritable_metadata=dict(given.inheritable_metadata),
    )
    return kept


@lru_cache(maxsize=1)
def _application_types() -> tuple[type[Any], ...]:
    """Give LangChain's types of such handlers; those for streams are private, and LangGraph imports them as well."""
    from langchain_core.tracers import _streaming, root_listeners  # noqa: PLC0415 - only where somebody watches

    named = [getattr(_streaming, name, None) for name in ("_StreamingCallbackHandler", "_V2StreamingCallbackHandler")]
    listeners = (root_listeners.RootListenersTracer, root_listeners.AsyncRootListenersTracer)
    return (*(found for found in named if found is not None), *listeners)
