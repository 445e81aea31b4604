"""Corpora of lines and of whole texts: JSON Lines, CSV, and folders of texts."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from lc_guard.distributed.corpus_rows import MOST_OF_A_ROW, BadRow, Partition, Put, Row, Span, whole_file
from lc_guard.errors import CorpusError

_BOM = b"\xef\xbb\xbf"
_LOOKED_AT = 100
NAME, TEXT = "name", "text"
"""The columns of a folder of texts: the file's name with its folders, and what is in it."""


class JsonLines:
    """A JSON object on each line; keys that are no text columns go on as they are."""

    def spans(self, path: Path, columns: Sequence[str], size: int) -> Iterator[Span]:
        """Yield the spans of a file; a column that none of its first rows has is missing (see `CorpusFormat.spans`)."""
        with path.open("rb") as file:
            self._require(_records(file, 0, quoted=False), columns)
            yield from _spans(_records(file, 0, quoted=False), size)

    def rows(self, root: Path, partition: Partition, columns: Sequence[str]) -> Iterator[Row | BadRow]:
        """Yield the rows of a partition (see `CorpusFormat.rows`)."""
        for number, line in _numbered(root, partition, quoted=False):
            if not line.strip():
                continue
            try:
                value = json.loads(_text(line))
            except (ValueError, RecursionError) as error:
                yield BadRow(number, _unreadable(error, "not JSON"))
                continue
            if not isinstance(value, dict):
                yield BadRow(number, "not a JSON object")
            elif missing := next((name for name in columns if name not in value), None):
                yield BadRow(number, f"column {missing!r} is missing")
            else:
                yield Row(number, [value[name] for name in columns], value)

    @contextmanager
    def writing(self, root: Path, partition: Partition, columns: Sequence[str], output: Path) -> Iterator[Put]:  # noqa: ARG002
        """Open a file of JSON Lines (see `CorpusFormat.writing`)."""
        with whole_file(output / f"part-{partition.number:05}.jsonl") as file:

            def put(row: Row, cells: Sequence[Any]) -> None:
                file.write(json_line({**row.rest, **dict(zip(columns, cells, strict=True))}))

            yield put

    @staticmethod
    def _require(lines: Iterator[tuple[int, bytes]], columns: Sequence[str]) -> None:
        seen: set[str] = set()
        objects = 0
        for (_, line), _ in zip(lines, range(_LOOKED_AT), strict=False):
            try:
                value = json.loads(_text(line))
            except (ValueError, RecursionError):
                continue
            if isinstance(value, dict):
                objects += 1
                seen.update(value)
        if objects:
            require_columns(columns, seen)


class Csv:
    """Comma-separated values as RFC 4180 has them, in UTF-8, with names of the columns in the first row."""

    def spans(self, path: Path, columns: Sequence[str], size: int) -> Iterator[Span]:
        """Yield the spans of a file (see `CorpusFormat.spans`)."""
        with path.open("rb") as file:
            names, begin = self._head(file)
            require_columns(columns, names)
            if len(set(names)) < len(names):
                raise CorpusError("two columns have one name", usage=True)
            yield from _spans(_records(file, begin, quoted=True), size)

    def rows(self, root: Path, partition: Partition, columns: Sequence[str]) -> Iterator[Row | BadRow]:
        """Yield the rows of a partition (see `CorpusFormat.rows`)."""
        names = self._names(root, partition)
        places = [names.index(name) for name in columns]
        for number, record in _numbered(root, partition, quoted=True):
            try:
                fields = _fields(record)
            except (ValueError, csv.Error) as error:
                yield BadRow(number, _unreadable(error, "not CSV: quotes are not as they should be"))
                continue
            if not fields:
                continue
            if len(fields) != len(names):
                yield BadRow(number, f"{_counted(fields, 'field')} for {_counted(names, 'column')}")
            else:
                yield Row(number, [fields[place] for place in places], fields)

    @contextmanager
    def writing(self, root: Path, partition: Partition, columns: Sequence[str], output: Path) -> Iterator[Put]:
        """Open a CSV file (see `CorpusFormat.writing`)."""
        names = self._names(root, partition)
        places = [names.index(name) for name in columns]
        with whole_file(output / f"part-{partition.number:05}.csv") as file:
            text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
            writer = csv.writer(text)
            writer.writerow(names)

            def put(row: Row, cells: Sequence[Any]) -> None:
                fields = list(row.rest)
                for place, cell in zip(places, cells, strict=True):
                    fields[place] = cell
                writer.writerow(fields)

            yield put
            text.detach()

    def _names(self, root: Path, partition: Partition) -> list[str]:
        with (root / partition.files[0]).open("rb") as file:
            return self._head(file)[0]

    @staticmethod
    def _head(file: IO[bytes]) -> tuple[list[str], int]:
        """Return the names of the columns, and where the rows begin."""
        _, record = next(_records(file, 0, quoted=True), (0, b""))
        try:
            return _fields(record.removeprefix(_BOM)), len(record)
        except (ValueError, csv.Error) as error:
            raise CorpusError(
                f"the names of the columns can't be read: {_unreadable(error, 'not CSV')}", usage=True
            ) from None


class Texts:
    """A folder of texts: each file is a row with the columns ``name`` and ``text``; folders are kept."""

    def rows(self, root: Path, partition: Partition, columns: Sequence[str]) -> Iterator[Row | BadRow]:
        """Yield the texts of a partition (see `CorpusFormat.rows`)."""
        for number, name in enumerate(partition.files, partition.first_row):
            try:
                if (root / name).stat().st_size > MOST_OF_A_ROW:
                    raise _too_long()
                text = (root / name).read_bytes().decode("utf-8")
            except ValueError as error:
                yield BadRow(number, _unreadable(error, ""))
            else:
                row = {NAME: name, TEXT: text}
                yield Row(number, [row[column] for column in columns], row)

    @contextmanager
    def writing(self, root: Path, partition: Partition, columns: Sequence[str], output: Path) -> Iterator[Put]:  # noqa: ARG002
        """Open a folder; each text is written as a whole (see `CorpusFormat.writing`).

        Two names may be hidden as one: one in which something was hidden gets the text's number.
        """

        def put(row: Row, cells: Sequence[Any]) -> None:
            hidden = {**row.rest, **dict(zip(columns, cells, strict=True))}
            name = Path(hidden[NAME])
            if hidden[NAME] != row.rest[NAME]:
                name = name.with_name(f"{name.stem}-{row.number}{name.suffix}")
            if name.is_absolute() or ".." in name.parts:
                raise CorpusError("a hidden name leads out of the output's folder")
            with whole_file(output / name) as file:
                file.write(hidden[TEXT].encode())

        yield put

    def spans(self, path: Path, columns: Sequence[str], size: int) -> Iterator[Span]:  # noqa: ARG002
        """Yield the one row that a file is (see `CorpusFormat.spans`)."""
        require_columns(columns, (NAME, TEXT))
        yield Span(0, path.stat().st_size, 1, 1)


def require_columns(columns: Sequence[str], known: Sequence[str] | set[str]) -> None:
    """Refuse text columns that are not there: what is in a column of another spelling would go on as it is.

    Raises:
        CorpusError: If one is missing.
    """
    for name in columns:
        if name not in known:
            shown = ", ".join(map(repr, sorted(known)[:20]))
            raise CorpusError(f"column {name!r} is missing; there are {shown or 'none'}", usage=True)


def json_line(value: Any) -> bytes:
    """Return a value as a line of JSON in UTF-8."""
    try:
        return (json.dumps(value, ensure_ascii=False) + "\n").encode()
    except UnicodeEncodeError:  # half of a surrogate pair, which stands in JSON as an escape only
        return (json.dumps(value) + "\n").encode()


def _spans(records: Iterator[tuple[int, bytes]], size: int) -> Iterator[Span]:
    start = stop = None
    first = rows = 0
    for number, (offset, record) in enumerate(records, 1):
        if start is None:
            start, first, rows = offset, number, 0
        stop, rows = offset + len(record), rows + 1
        if stop - start >= size:
            yield Span(start, stop, first, rows)
            start = None
    if start is not None and stop is not None:
        yield Span(start, stop, first, rows)


def _numbered(root: Path, partition: Partition, *, quoted: bool) -> Iterator[tuple[int, bytes]]:
    with (root / partition.files[0]).open("rb") as file:
        for number, (offset, record) in enumerate(_records(file, partition.start, quoted=quoted), partition.first_row):
            if offset >= partition.stop:
                return
            yield number, record


def _records(file: IO[bytes], start: int, *, quoted: bool) -> Iterator[tuple[int, bytes]]:
    """Yield where records begin, and their bytes: lines, or lines up to the one where no quote is open any more.

    Blank lines count, so that numbers are those of an editor; a record that is too long is cut off there.
    """
    file.seek(start)
    offset = start
    while record := file.readline(MOST_OF_A_ROW):
        quotes = record.count(b'"') if quoted else 0
        if quotes % 2:
            parts, length = [record], len(record)
            while quotes % 2 and length < MOST_OF_A_ROW and (line := file.readline(MOST_OF_A_ROW)):
                parts.append(line)
                length += len(line)
                quotes += line.count(b'"')
            record = b"".join(parts)
        yield offset, record
        offset += len(record)


def _text(record: bytes) -> str:
    if len(record) >= MOST_OF_A_ROW:
        raise _too_long()
    return record.removeprefix(_BOM).decode("utf-8")


def _fields(record: bytes) -> list[str]:
    if csv.field_size_limit() < MOST_OF_A_ROW:
        csv.field_size_limit(min(MOST_OF_A_ROW, sys.maxsize))
    return next(csv.reader([_text(record)], strict=True), [])


def _counted(things: Sequence[str], word: str) -> str:
    return f"{len(things)} {word}{'' if len(things) == 1 else 's'}"


def _too_long() -> ValueError:
    return ValueError(f"longer than {MOST_OF_A_ROW // 1024 // 1024} MB")


def _unreadable(error: Exception, otherwise: str) -> str:
    if isinstance(error, UnicodeDecodeError):
        return f"not UTF-8 (byte {error.start})"
    return str(error) if type(error) is ValueError else otherwise
