"""What a corpus is made of: partitions, which are work for one worker, and rows in them."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NamedTuple, Protocol

from lc_guard.errors import CorpusError

MOST_OF_A_ROW = 256 * 1024 * 1024
"""Bytes of the longest row that is read; a longer one is a bad one."""

UNFINISHED = ".unfinished"
"""Ends the names of files that are being written."""


@dataclass(frozen=True, slots=True)
class Partition:
    """Rows that one worker hides in one go; written as one file, or not at all.

    Attributes:
        number: From 0, over the whole corpus.
        format: Name of the format, such as ``"jsonl"``.
        files: Where the rows are, relative to the input; several only where a file is one row.
        start: First byte or row in the file; what it counts is the format's business.
        stop: Where the rows end.
        first_row: Number of the first row in its file, from 1.
        rows: Number of rows.
    """

    number: int
    format: str
    files: tuple[str, ...]
    start: int
    stop: int
    first_row: int
    rows: int


class Span(NamedTuple):
    """Rows of one file that belong together: where they start and stop, and how many they are."""

    start: int
    stop: int
    first_row: int
    rows: int


class Row(NamedTuple):
    """A row as it was read.

    Attributes:
        number: Its number in the file, from 1; in a folder of texts, the file's in the partition.
        cells: The values of the text columns.
        rest: What the format needs to write the row again.
    """

    number: int
    cells: Sequence[Any]
    rest: Any


class BadRow(NamedTuple):
    """A row that can't be read, and why, without anything of its text."""

    number: int
    reason: str


Put = Callable[[Row, Sequence[Any]], None]
"""Writes a row with other values in its text columns."""


class CorpusFormat(Protocol):
    """Reads and writes one kind of file."""

    def spans(self, path: Path, columns: Sequence[str], size: int) -> Iterator[Span]:
        """Yield the spans of a file, of about `size` bytes each.

        Raises:
            CorpusError: If a column is missing, or the file is not as its name says.
        """
        ...

    def rows(self, root: Path, partition: Partition, columns: Sequence[str]) -> Iterator[Row | BadRow]:
        """Yield the rows of a partition, one after another."""
        ...

    def writing(
        self, root: Path, partition: Partition, columns: Sequence[str], output: Path
    ) -> AbstractContextManager[Put]:
        """Open what a partition is written to; it is there as a whole at the end of the ``with``, or not at all."""
        ...


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """Write a file that appears under its name when it is complete and on the disk, else not at all.

    Two that write it at once, such as a task and its repetition, each write their own; the last one stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    own = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}{UNFINISHED}")
    try:
        with own.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(own, path)
    except BaseException:
        with contextlib.suppress(OSError):
            own.unlink()
        raise


def disk_error(error: OSError, doing: str) -> CorpusError:
    """Return what is told of an error of the file system; names of files are left to the caller."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    remedy = "; make room and run it again: what is done stays done" if full else ""
    return CorpusError(f"{doing} failed ({error.strerror or type(error).__name__}){remedy}")
