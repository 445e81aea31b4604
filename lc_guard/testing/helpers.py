"""What holds for entities, whoever found them.

Texts that break careless code.

Work done by several threads at the same moment.

All that a piece of code tells the world while it runs: log lines and what it prints.
"""

from __future__ import annotations

import contextlib
import io
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from math import isfinite
from typing import TypeVar

from lc_guard.records import Entity

# ruff: noqa: S101 - asserts are what a test suite is made of


def check_entities(entities: Sequence[Entity], text: str) -> None:
    """Check that entities have a kind and a score of 0…1, and lie inside a text."""
    for entity in entities:
        assert isinstance(entity, Entity), f"{type(entity).__name__} where Entity is expected"
        assert entity.kind, "an entity without a kind"
        assert 0 <= entity.start < entity.end <= len(text), f"{entity} lies outside a text of {len(text)} characters"
        assert isfinite(entity.score), f"{entity} has no finite score"
        assert 0 <= entity.score <= 1, f"{entity} has a score outside 0…1"


HOSTILE_TEXTS: tuple[str, ...] = (
    "",
    " \t\n\u00a0",
    "\x00 NUL \x00",
    "lone \ud800 and \udfff surrogates",
    "\u202eright to left\u202c שלום مرحبا 123",
    "e\u0301 combining \u0301\u0323 marks",
    "👩\u200d👩\u200d👧 joined 🦓",
    "ｆｕｌｌ－ｗｉｄｔｈ １２３",
    "王小明住在北京市",
    "[REDACTED_PERSON_1] <PERSON_1> [PERSON_1] \\[REDACTED\\_PERSON\\_1\\]",
    r"\1 \g<0> .* [a-z]+ (?P<x>",
    "a" * 5_000,
    "line\r\nbreak\u2028and\u2029more",
)
"""Texts that break careless code; every vault, detector and scanner must bear them."""


T = TypeVar("T")

_THREADS = 8


def together(work: Callable[[int], T]) -> list[T]:
    """Run work in several threads that start at the same moment."""
    barrier = threading.Barrier(_THREADS)

    def start(number: int) -> T:
        barrier.wait()
        return work(number)

    with ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(start, range(_THREADS)))


class _Kept(logging.Handler):
    def __init__(self, lines: io.StringIO) -> None:
        super().__init__(level=logging.NOTSET)
        self._lines = lines
        self.setFormatter(logging.Formatter())

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.write(f"{self.format(record)}\n")


@contextlib.contextmanager
def capture_output() -> Iterator[io.StringIO]:
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
    """Return the messages of an error and of all that a traceback shows with it."""
    texts = []
    while error is not None:
        texts += [str(error), repr(error), *getattr(error, "__notes__", ())]
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n".join(texts)
