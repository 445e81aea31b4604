"""All that a piece of code tells the world while it runs: log lines and what it prints."""

from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Iterator


class _Kept(logging.Handler):
    def __init__(self, lines: io.StringIO) -> None:
        super().__init__(level=logging.NOTSET)
        self._lines = lines
        self.setFormatter(logging.Formatter())

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.write(f"{self.format(record)}\n")


@contextlib.contextmanager
def overheard() -> Iterator[io.StringIO]:
    """Collect what is logged at any level, with the tracebacks, and what is printed."""
    told = io.StringIO()
    root, handler = logging.getLogger(), _Kept(told)
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        with contextlib.redirect_stdout(told), contextlib.redirect_stderr(told):
            yield told
    finally:
        root.setLevel(level)
        root.removeHandler(handler)


def shown(error: BaseException | None) -> str:
    """Give the messages of an error and of all that a traceback shows with it."""
    texts = []
    while error is not None:
        texts += [str(error), repr(error), *getattr(error, "__notes__", ())]
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n".join(texts)
