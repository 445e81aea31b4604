"""PartitionTask: what a worker does with one partition of a corpus in each of the two passes."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lc_guard._engine.failures import describe_error
from lc_guard.distributed.column_hider import GROUP, ColumnHider
from lc_guard.distributed.corpus_plan import FORMATS
from lc_guard.distributed.corpus_rows import BadRow, Partition, Row, disk_error, whole_file
from lc_guard.distributed.corpus_state import CorpusState, Phase
from lc_guard.distributed.guard_spec import GuardSpec
from lc_guard.distributed.line_formats import json_line
from lc_guard.errors import CorpusError, GuardError, VaultError

BATCH = 256
"""Rows looked at together, at most: a batch asks the vault two or three times, however many values it brings."""


@dataclass(frozen=True)
class PartitionTask:
    """A pass over partitions; it can be pickled, and repeated: what it writes is there as a whole or not at all.

    Args:
        spec: What the worker's guard is built from.
        session: Session id of the corpus.
        columns: Names of the text columns.
        root: The folder that the partitions' files are relative to.
        output: The folder that is written to.
        phase: ``"collect"`` hides the rows so that the vault learns their values, and keeps the hidden texts;
            ``"write"`` hides those once more that hold what became known later, and writes all.
    """

    spec: GuardSpec
    session: str
    columns: tuple[str, ...]
    root: Path
    output: Path
    phase: Phase

    def __call__(self, partition: Partition) -> None:
        """Do the pass over one partition, unless it was done before.

        Raises:
            GuardError: If it can't be done; nothing of it is told that is in a row.
        """
        state = CorpusState(self.output)
        if state.is_marked(self.phase, partition.number):
            return
        try:
            hider = ColumnHider(self.spec.guard(), self.session, self.columns)
            (self._collect if self.phase == "collect" else self._write)(state, partition, hider)
        except VaultError as error:
            raise VaultError(f"{error}; run it again afterwards: what is done stays done") from None
        except GuardError:
            raise
        except OSError as error:
            raise disk_error(error, f"partition {partition.number}") from None
        except Exception as error:  # noqa: BLE001 - a file or a library may raise anything
            raise CorpusError(f"partition {partition.number} failed: {describe_error(error)}") from None

    def _collect(self, state: CorpusState, partition: Partition, hider: ColumnHider) -> None:
        bad: list[BadRow] = []
        rows = 0
        with whole_file(state.staged(partition.number)) as file:
            for batch in batches(self._rows(partition, bad)):
                for row, hidden in zip(batch, hider.hide([row.cells for row in batch]), strict=True):
                    rows += 1
                    if hidden.cells is None:
                        bad.append(BadRow(row.number, hidden.reason or ""))
                        continue
                    changed = [new if new != old else None for new, old in zip(hidden.cells, row.cells, strict=True)]
                    file.write(json_line([row.number, changed]))
        state.mark("collect", partition.number, self._facts(partition, rows, bad, hider.found))

    def _write(self, state: CorpusState, partition: Partition, hider: ColumnHider) -> None:
        bad: list[BadRow] = []
        rows = 0
        staged = state.staged(partition.number)
        with (
            staged.open("rb") as file,
            FORMATS[partition.format].writing(self.root, partition, self.columns, self.output) as put,
        ):
            for batch in batches(self._staged(partition, map(json.loads, file))):
                done = hider.finish([row.cells for row in batch], [row.rest[1] for row in batch])
                for row, hidden in zip(batch, done, strict=True):
                    if hidden.cells is None:  # a check that passed before and fails now
                        bad.append(BadRow(row.number, hidden.reason or ""))
                    else:
                        rows += 1
                        put(row._replace(rest=row.rest[0]), hidden.cells)
        state.mark("write", partition.number, {**self._facts(partition, rows, bad, {}), "again": hider.again})
        staged.unlink(missing_ok=True)

    def _staged(self, partition: Partition, staged: Iterator[Any]) -> Iterator[Row]:
        """Yield the rows that were staged, each with its hidden cells beside what the format needs."""
        rows = self._rows(partition, [])
        for number, changed in staged:
            row = next((row for row in rows if row.number == number), None)
            if row is None:
                raise CorpusError(f"{partition.files[0]!r} has changed since the run began: begin in an empty folder")
            hidden = [old if new is None else new for new, old in zip(changed, row.cells, strict=True)]
            yield row._replace(rest=(row.rest, hidden))

    def _rows(self, partition: Partition, bad: list[BadRow]) -> Iterator[Row]:
        for row in FORMATS[partition.format].rows(self.root, partition, self.columns):
            if isinstance(row, BadRow):
                bad.append(row)
            else:
                yield row

    @staticmethod
    def _facts(partition: Partition, rows: int, bad: Sequence[BadRow], found: Counter[str] | dict[str, int]) -> Any:
        of_texts = partition.format == "text"  # each row is a file of its own
        files = {row.number: partition.files[row.number - partition.first_row if of_texts else 0] for row in bad}
        told = sorted([files[row.number], 1 if of_texts else row.number, row.reason] for row in bad)
        return {"planned": partition.rows, "rows": rows, "bad": told, "found": dict(found)}


def batches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    """Yield rows in batches of at most `BATCH` rows and, but for a single row, `GROUP` characters."""
    batch: list[Row] = []
    size = 0
    for row in rows:
        length = sum(len(cell) for cell in row.cells if isinstance(cell, str))
        if batch and (len(batch) == BATCH or size + length > GROUP):
            yield batch
            batch, size = [], 0
        batch.append(row)
        size += length
    if batch:
        yield batch
