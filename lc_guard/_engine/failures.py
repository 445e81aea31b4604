"""Errors that others raise: which are none of ours to catch, and what may be told of the rest.

Their messages may quote user text.
"""

from __future__ import annotations

from types import TracebackType

from lc_guard.errors import GuardError, MissingExtra, ModelUnavailable


def is_control_flow(error: BaseException) -> bool:
    """Return whether an exception is LangGraph's way to leave a node (interrupts, commands): never to be swallowed."""
    return any(base.__name__ == "GraphBubbleUp" for base in type(error).__mro__)


def describe_error(error: BaseException) -> str:
    """Name an error by its type and the place it came from: the only things of it that hold no user text."""
    place = _origin(error)
    if place is None:
        return type(error).__name__
    file = place.tb_frame.f_code.co_filename.replace("\\", "/").rsplit("/", 1)[-1]
    return f"{type(error).__name__} at {file}:{place.tb_lineno}"


def has_safe_message(error: BaseException) -> bool:
    """Return whether the message of an error is known to hold no user text.

    So it is where it is an error of this package and was raised by its own code, or tells of what can't be loaded: what
    somebody else's detector or scanner writes into a `GuardError` may quote what it looked at.
    """
    if not isinstance(error, GuardError):
        return False
    place = _origin(error)
    ours = (
        place is None
        or str(place.tb_frame.f_globals.get("__name__", "")).partition(".")[0] == __name__.partition(".")[0]
    )
    return ours or isinstance(error, MissingExtra | ModelUnavailable)


def safe_message(error: BaseException) -> str:
    """Return an error's message if it is known to hold no user text, else its type and place."""
    return str(error) if has_safe_message(error) else describe_error(error)


def _origin(error: BaseException) -> TracebackType | None:
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    return place
