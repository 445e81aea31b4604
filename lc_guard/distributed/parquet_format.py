"""Corpora in Parquet: rows by their groups, a few in memory at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lc_guard.distributed.corpus_rows import BadRow, Partition, Put, Row, Span, whole_file
from lc_guard.distributed.line_formats import require_columns
from lc_guard.errors import CorpusError, MissingExtra

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

_BATCH = 256
_KEEP = 2_000
"""Rows that are held before they are written: the row groups of the output are that small at least."""


class Parquet:
    """Columns of texts, and of numbers, which become texts; all others go on as they are."""

    def spans(self, path: Path, columns: Sequence[str], size: int) -> Iterator[Span]:
        """Yield the spans of a file, counted in rows (see `CorpusFormat.spans`)."""
        with _opened(path) as file:
            require_columns(columns, file.schema_arrow.names)
            for name in columns:
                if file.schema_arrow.names.count(name) > 1:
                    raise CorpusError(f"two columns are named {name!r}", usage=True)
                _require_text(name, file.schema_arrow.field(name).type)
            groups = [file.metadata.row_group(number) for number in range(file.metadata.num_row_groups)]
            total = file.metadata.num_rows
            each = max(1, total * size // max(1, sum(group.total_byte_size for group in groups)))
        for start in range(0, total, each):
            stop = min(total, start + each)
            yield Span(start, stop, start + 1, stop - start)

    def rows(self, root: Path, partition: Partition, columns: Sequence[str]) -> Iterator[Row | BadRow]:
        """Yield the rows of a partition (see `CorpusFormat.rows`); `Row.rest` is a batch and the row's place in it."""
        with _opened(root / partition.files[0]) as file:
            for first, batch in _batches(file, partition):
                texts = [batch.column(name).to_pylist() for name in columns]
                for place in range(batch.num_rows):
                    yield Row(first + place + 1, [column[place] for column in texts], (batch, place))

    @contextmanager
    def writing(self, root: Path, partition: Partition, columns: Sequence[str], output: Path) -> Iterator[Put]:
        """Open a Parquet file with the columns of the input (see `CorpusFormat.writing`)."""
        import pyarrow.parquet as pq

        with _opened(root / partition.files[0]) as file:
            schema = _hidden_schema(file.schema_arrow, columns)
        with whole_file(output / f"part-{partition.number:05}.parquet") as target:
            writer = pq.ParquetWriter(target, schema, compression="zstd")
            kept: list[tuple[Row, Sequence[Any]]] = []

            def put(row: Row, cells: Sequence[Any]) -> None:
                kept.append((row, cells))
                if len(kept) >= _KEEP:
                    _write(writer, schema, columns, kept)

            yield put
            _write(writer, schema, columns, kept)
            writer.close()


def _opened(path: Path) -> pq.ParquetFile:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise MissingExtra("a corpus in Parquet", "corpus") from None
    try:
        return pq.ParquetFile(path)
    except pa.ArrowException:
        raise CorpusError("it is no Parquet file, or one that is not complete", usage=True) from None


def _batches(file: pq.ParquetFile, partition: Partition) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Yield the rows of a partition in batches, each with the number of rows before it."""
    groups: list[int] = []
    begin = before = 0
    for number in range(file.metadata.num_row_groups):
        after = before + file.metadata.row_group(number).num_rows
        if before < partition.stop and after > partition.start:
            begin = begin if groups else before
            groups.append(number)
        before = after
    for batch in file.iter_batches(_BATCH, row_groups=groups):
        least, most = max(partition.start, begin), min(partition.stop, begin + batch.num_rows)
        if most > least:
            yield least, batch.slice(least - begin, most - least)
        begin += batch.num_rows
        if begin >= partition.stop:
            return


def _write(
    writer: pq.ParquetWriter,
    schema: pa.Schema,
    columns: Sequence[str],
    kept: list[tuple[Row, Sequence[Any]]],
) -> None:
    """Write rows that were kept, those of one batch together, and drop them."""
    import pyarrow as pa

    if not kept:
        return
    by_batch: dict[int, list[tuple[Row, Sequence[Any]]]] = {}
    for row, cells in kept:
        by_batch.setdefault(id(row.rest[0]), []).append((row, cells))
    for rows in by_batch.values():
        taken = rows[0][0].rest[0].take(pa.array([row.rest[1] for row, _ in rows]))
        hidden = dict(zip(columns, zip(*(cells for _, cells in rows), strict=True), strict=True))
        arrays = [
            pa.array([None if cell is None else str(cell) for cell in hidden[field.name]], field.type)
            if field.name in hidden
            else taken.column(field.name)
            for field in schema
        ]
        writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=schema))
    kept.clear()


def _hidden_schema(schema: pa.Schema, columns: Sequence[str]) -> pa.Schema:
    """Return the schema of the output: its text columns are plain texts, whatever they were."""
    import pyarrow as pa

    for name in columns:
        place = schema.get_field_index(name)
        field = schema.field(place)
        kind = field.type if pa.types.is_large_string(field.type) else pa.string()
        schema = schema.set(place, pa.field(name, kind))
    return schema.remove_metadata()  # what other libraries noted about columns that are now of another type


def _require_text(name: str, kind: pa.DataType) -> None:
    import pyarrow as pa

    types = pa.types
    inner = kind.value_type if types.is_dictionary(kind) else kind
    texts = (types.is_string, types.is_large_string, types.is_string_view, types.is_integer, types.is_floating)
    if not any(test(inner) for test in (*texts, types.is_decimal, types.is_null)):
        raise CorpusError(f"column {name!r} is of type {kind}: only texts and numbers can be hidden", usage=True)
