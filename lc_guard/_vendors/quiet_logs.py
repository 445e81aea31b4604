"""Keeps the loggers of libraries silent while they handle user text."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from contextvars import ContextVar

_SILENT: ContextVar[tuple[str, ...]] = ContextVar("lc_guard_silent", default=())


class _Silence(logging.Filter):
    """Drops the records of a logger that `quiet` names in this context; others' stay as they are."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a record may be logged."""
        return not record.name.startswith(_SILENT.get())


@contextlib.contextmanager
def quiet(*libraries: str) -> Iterator[None]:
    """Log nothing of some libraries, for this task or thread and call alone.

    HTTP clients log what a service answers (its headers at DEBUG, its reason phrase at INFO), and others whole texts.

    Args:
        libraries: Names of top-level loggers, such as ``"httpx"``; those below them are meant too.
    """
    for name in list(logging.root.manager.loggerDict):
        if name.startswith(libraries):
            logger = logging.getLogger(name)
            if not any(isinstance(item, _Silence) for item in logger.filters):
                logger.addFilter(_Silence())
    token = _SILENT.set((*_SILENT.get(), *libraries))
    try:
        yield
    finally:
        _SILENT.reset(token)
