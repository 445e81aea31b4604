"""Which partitions a corpus is handed out in, found once and kept, so that a later run goes on with the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from lc_guard.distributed.corpus_rows import CorpusFormat, Partition, disk_error
from lc_guard.distributed.line_formats import NAME, TEXT, Csv, JsonLines, Texts
from lc_guard.distributed.parquet_format import Parquet
from lc_guard.errors import CorpusError

FORMATS: dict[str, CorpusFormat] = {"jsonl": JsonLines(), "csv": Csv(), "parquet": Parquet(), "text": Texts()}
ENDINGS = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".parquet": "parquet",
    ".txt": "text",
    ".md": "text",
    ".log": "text",
}
_LEAST = 1024 * 1024
_PARTITIONS = 10_000
_FILES = 1_000


@dataclass(frozen=True, slots=True)
class CorpusPlan:
    """What a run does; another run on the same output goes on only if it would do the same.

    Attributes:
        root: The folder that the partitions' files are relative to.
        settings: What must be the same: files with their sizes and times, columns, session, vault, policy.
        columns: Names of the text columns.
        partitions: The work.
        left_out: Number of files whose ending is none of those that are read.
    """

    root: str
    settings: dict[str, Any]
    columns: tuple[str, ...]
    partitions: tuple[Partition, ...]
    left_out: int

    def as_dict(self) -> dict[str, Any]:
        """Return the plan as JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> CorpusPlan:
        """Return the plan of JSON values that `as_dict` gave."""
        partitions = (Partition(**{**each, "files": tuple(each["files"])}) for each in values["partitions"])
        return cls(values["root"], values["settings"], tuple(values["columns"]), tuple(partitions), values["left_out"])


@dataclass(frozen=True, slots=True)
class CorpusFiles:
    """The files of a corpus, in order.

    Attributes:
        root: The folder they are relative to.
        names: Their names, relative to it.
        left_out: Number of files whose ending is none of those that are read.
    """

    root: Path
    names: tuple[str, ...]
    left_out: int

    @classmethod
    def of(cls, source: Path) -> CorpusFiles:
        """Find the files of a folder, or the one file that it is.

        Raises:
            CorpusError: If there are none.
        """
        if source.is_file():
            root, found = source.parent, [source]
        elif source.is_dir():
            root, found = source, sorted(path for path in source.rglob("*") if path.is_file())
        else:
            raise CorpusError(f"there is no file or folder {str(source)!r}", usage=True)
        names = [path.relative_to(root) for path in found]
        names = [name for name in names if not any(part.startswith(".") for part in name.parts)]
        known = [name.as_posix() for name in names if name.suffix.lower() in ENDINGS]
        if not known:
            raise CorpusError(f"{str(source)!r} holds no file that ends in {', '.join(ENDINGS)}", usage=True)
        return cls(root.absolute(), tuple(known), len(names) - len(known))

    def state(self) -> list[list[Any]]:
        """Return name, size and time of each file: what changes when it is written again."""
        stats = [(name, (self.root / name).stat()) for name in self.names]
        return [[name, stat.st_size, stat.st_mtime_ns] for name, stat in stats]

    def formats(self) -> set[str]:
        """Return the names of the formats that occur."""
        return {ENDINGS[Path(name).suffix.lower()] for name in self.names}

    def partitions(self, columns: Sequence[str], size: int | None) -> tuple[Partition, ...]:
        """Cut the files into partitions.

        Args:
            columns: Names of the text columns.
            size: Bytes of a partition, about; None takes a megabyte, or more where that would be very many.

        Raises:
            CorpusError: If a file can't be read, or lacks a column; names the file.
        """
        total = sum(each[1] for each in self.state())
        size = size or max(_LEAST, total // _PARTITIONS)
        return tuple(replace(partition, number=number) for number, partition in enumerate(self._cut(columns, size)))

    def _cut(self, columns: Sequence[str], size: int) -> Iterator[Partition]:
        texts: list[str] = []
        held = before = 0
        for name in self.names:
            kind = ENDINGS[Path(name).suffix.lower()]
            try:
                for span in FORMATS[kind].spans(self.root / name, columns, size):
                    if kind != "text":
                        yield Partition(0, kind, (name,), *span)
                        continue
                    texts.append(name)
                    held += span.stop
                    if held >= size or len(texts) >= _FILES:
                        yield _of_texts(texts, before)
                        before, held, texts = before + len(texts), 0, []
            except CorpusError as error:
                raise CorpusError(f"{name!r}: {error}", usage=True) from None
            except OSError as error:
                raise disk_error(error, f"reading {name!r}") from None
        if texts:
            yield _of_texts(texts, before)


def columns_of(files: CorpusFiles, columns: Sequence[str]) -> tuple[str, ...]:
    """Return the text columns: those that are named, or of a folder of texts all.

    Raises:
        CorpusError: If none is named where there are others, or one twice.
    """
    if not columns and files.formats() == {"text"}:
        return (TEXT, NAME)
    if not columns:
        raise CorpusError(
            "no columns are named: give --columns (columns= in Python); a column that is not named goes on as it is",
            usage=True,
        )
    if len(set(columns)) < len(columns):
        raise CorpusError("a column is named twice", usage=True)
    return tuple(columns)


def _of_texts(names: Sequence[str], before: int) -> Partition:
    return Partition(0, "text", tuple(names), 0, 0, before + 1, len(names))
