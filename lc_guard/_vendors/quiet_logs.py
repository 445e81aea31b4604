"""Keeps the loggers of libraries silent while they handle user text."""

from __future__ import annotations

import contextlib
import logging
import sys
from collections.abc import Iterator
from contextvars import ContextVar

# Top-level logger → the least level of it that comes through, for this task or thread.
_SILENT: ContextVar[tuple[tuple[str, int], ...]] = ContextVar("lc_guard_silent", default=())
# How many loggers there were when all of some libraries had their filter: to look through them takes its time.
_FILTERED: dict[tuple[str, ...], int] = {}


class _Silence(logging.Filter):
    """Drops the records of a logger that `quiet` names in this context; others' stay as they are."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a record may be logged."""
        return not silent(record.name, record.levelno)


def silent(logger: str, level: int) -> bool:
    """Return whether `quiet` keeps back what a logger says at a level, here and now."""
    return any(level < least and logger.startswith(library) for library, least in _SILENT.get())


@contextlib.contextmanager
def quiet(*libraries: str, below: int = sys.maxsize) -> Iterator[None]:
    """Log nothing of some libraries, for this task or thread and call alone.

    HTTP clients log what a service answers (its headers at DEBUG, its reason phrase at INFO), and others whole texts.

    Args:
        libraries: Names of top-level loggers, such as ``"httpx"``; those below them are meant too.
        below: Least level of `logging` that still comes through.
    """
    loggers = logging.root.manager.loggerDict
    if _FILTERED.get(libraries) != len(loggers):
        for name in (*libraries, *loggers):
            if name.startswith(libraries):
                logger = logging.getLogger(name)
                if not any(isinstance(item, _Silence) for item in logger.filters):
                    logger.addFilter(_Silence())
        _FILTERED[libraries] = len(loggers)
    token = _SILENT.set((*_SILENT.get(), *((library, below) for library in libraries)))
    try:
        yield
    finally:
        _SILENT.reset(token)
