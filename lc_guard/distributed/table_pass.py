"""TablePass: the two passes over tables that an engine hands to its workers in parts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lc_guard.distributed.column_hider import ColumnHider
from lc_guard.distributed.corpus_rows import Row
from lc_guard.distributed.corpus_state import Phase
from lc_guard.distributed.guard_spec import GuardSpec
from lc_guard.distributed.partition_task import batches

ERROR = "lc_guard_error"
"""The column that says why a row could not be hidden; its text columns are null then."""

_STAGED = "lc_guard_staged_"

Table = Mapping[str, Sequence[Any]]
"""Columns of equal length, by their names."""


@dataclass(frozen=True)
class TablePass:
    """A pass over parts of a table; it can be pickled.

    ``"collect"`` puts hidden columns beside those that were read, so that the vault learns all values of the table;
    ``"write"`` hides those rows once more that hold what became known later, and leaves the hidden columns only.

    Args:
        spec: What the worker's guard is built from.
        session: Session id of the table.
        columns: Names of the text columns.
        phase: Which pass it is.
    """

    spec: GuardSpec
    session: str
    columns: tuple[str, ...]
    phase: Phase

    @property
    def added(self) -> tuple[str, ...]:
        """The columns that the first pass adds."""
        return (*(f"{_STAGED}{name}" for name in self.columns), ERROR)

    def __call__(self, table: Table) -> dict[str, list[Any]]:
        """Return the columns that this pass writes, by their names: new ones, or others in the place of those there.

        Raises:
            GuardError: If no row can be checked, or the vault fails.
        """
        hider = ColumnHider(self.spec.guard(), self.session, self.columns)
        if self.phase == "collect":
            return self._collect(table, hider)
        return self._write(table, hider)

    def _collect(self, table: Table, hider: ColumnHider) -> dict[str, list[Any]]:
        rows = zip(*(table[name] for name in self.columns), strict=True)
        done = [
            (*(hidden.cells or [None] * len(self.columns)), hidden.reason)
            for batch in batches(Row(number, cells, None) for number, cells in enumerate(rows))
            for hidden in hider.hide([row.cells for row in batch])
        ]
        return _columns(self.added, done)

    def _write(self, table: Table, hider: ColumnHider) -> dict[str, list[Any]]:
        reasons = list(table[ERROR])
        rows = list(zip(*(table[name] for name in self.columns), strict=True))
        staged = list(zip(*(table[f"{_STAGED}{name}"] for name in self.columns), strict=True))
        done: list[Sequence[Any]] = [[None] * len(self.columns)] * len(rows)
        good = (Row(number, rows[number], None) for number, reason in enumerate(reasons) if reason is None)
        for batch in batches(good):
            finished = hider.finish([row.cells for row in batch], [staged[row.number] for row in batch])
            for row, hidden in zip(batch, finished, strict=True):
                done[row.number] = hidden.cells or done[row.number]
                reasons[row.number] = hidden.reason
        return {**_columns(self.columns, done), ERROR: reasons}


def both_passes(spec: GuardSpec, session: str, columns: Iterable[str]) -> tuple[TablePass, TablePass]:
    """Return the two passes over a table.

    Raises:
        ValueError: If no column is named.
    """
    names = (columns,) if isinstance(columns, str) else tuple(columns)
    if not names:
        raise ValueError("columns must name the text columns: what is in others goes on as it is")
    return TablePass(spec, session, names, "collect"), TablePass(spec, session, names, "write")


def text_or_null(cell: Any) -> str | None:
    """Return a cell as a column of texts holds it; pandas writes null as a number that is not equal to itself."""
    return None if cell is None or cell != cell else str(cell)  # noqa: PLR0124


def _columns(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> dict[str, list[Any]]:
    return {name: [row[place] for row in rows] for place, name in enumerate(names)}
