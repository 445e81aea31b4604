"""ColumnHider: the text columns of rows, hidden in two passes, with bad rows set aside.

Pass 1 hides rows as they come, so that the vault learns all values of the corpus. Pass 2 looks into the hidden rows for
what became known later, and hides those rows once more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, time
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from lc_guard._engine.requests import GuardRequest, GuardResult, ScanTarget
from lc_guard.errors import Blocked, DetectorTimeout, GuardError, ModelUnavailable, VaultError, VaultFull
from lc_guard.guard import Guard
from lc_guard.sessions import session_key

CHUNK = 100_000
"""Characters of a text that are looked at together; a longer text is cut where a blank stands."""

GROUP = 400_000
"""Characters of several texts that are looked at together."""

_READ_AS_TEXT = (int, float, Decimal, date, time, UUID)
_LEFT = (bool, type(None))
# Not the row's fault: the next row would fail as this one did.
_EVERYWHERE = {kind.__name__ for kind in (VaultError, VaultFull, ModelUnavailable)} | {"Unreachable"}
_BREAKS = ("\n\n", "\n", ". ", " ")

Cells = Sequence[Any]
"""The values of a row's text columns, in the order of the columns."""


class HiddenRow(NamedTuple):
    """What became of a row.

    Attributes:
        cells: What stands in the text columns now; None of a bad row.
        reason: Why the row is bad, in words without anything of its text, or None.
    """

    cells: Cells | None
    reason: str | None = None


class ColumnHider:
    """Hides text columns of rows in one session; made once in each worker.

    Texts are hidden. Numbers and dates are looked at as texts, and stay what they are if nothing is found in them. Null
    and booleans stay. Anything else (a list, bytes) makes the row a bad one.

    Args:
        guard: Hides and remembers.
        session: Session id of the corpus.
        columns: Names of the columns, for reasons.

    Attributes:
        found: What was found, by kind; equal texts of rows that are hidden together count once.
        again: Number of rows that were hidden once more in the second pass.
    """

    def __init__(self, guard: Guard, session: str, columns: Sequence[str]) -> None:
        self.found: Counter[str] = Counter()
        self.again = 0
        self._guard = guard
        self._session = session_key(session)
        self._columns = tuple(columns)
        self._scanned = bool(guard.scanners.prompt)

    def hide(self, rows: Sequence[Cells]) -> list[HiddenRow]:
        """Hide rows together; where one of them can't be hidden, each alone.

        Raises:
            VaultError: If the vault fails.
            GuardError: If a check fails on every row.
        """
        reasons = [self._unusable(cells) for cells in rows]
        good = [cells for cells, reason in zip(rows, reasons, strict=True) if reason is None]
        try:
            hidden = iter(self._together(good))
        except Blocked:
            hidden = iter(self._each_alone(good))
        return [next(hidden) if reason is None else HiddenRow(None, reason) for reason in reasons]

    def finish(self, rows: Sequence[Cells], hidden: Sequence[Cells]) -> list[HiddenRow]:
        """Hide those rows once more that hold what became known after they were hidden.

        Args:
            rows: Rows as they were read.
            hidden: The same rows as `hide` gave them.

        Raises:
            VaultError: If the vault fails.
        """
        texts = [[cell for cell in cells if isinstance(cell, str)] for cells in hidden]
        if not self._late([text for own in texts for text in own]):
            return [HiddenRow(cells) for cells in hidden]
        done = []
        for cells, before, own in zip(rows, hidden, texts, strict=True):
            late = len(rows) == 1 or self._late(own)
            self.again += late
            done += self.hide([cells]) if late else [HiddenRow(before)]
        return done

    def _unusable(self, cells: Cells) -> str | None:
        for name, cell in zip(self._columns, cells, strict=True):
            if not isinstance(cell, (str, *_READ_AS_TEXT, *_LEFT)):
                return f"column {name!r} holds a {type(cell).__name__}, which is no text"
        return None

    def _together(self, rows: Sequence[Cells]) -> list[HiddenRow]:
        texts = list(dict.fromkeys(text for cells in rows for cell in cells if (text := _text_of(cell))))
        changed, counts = self._checked(texts)
        self.found.update(counts)
        return [HiddenRow([_put(cell, changed) for cell in cells]) for cells in rows]

    def _each_alone(self, rows: Sequence[Cells]) -> list[HiddenRow]:
        done: list[HiddenRow] = []
        failures = 0
        for cells in rows:
            try:
                done += self._together([cells])
            except Blocked as blocked:
                failures += blocked.decision.error is not None
                done.append(HiddenRow(None, _reason(blocked)))
        if failures == len(rows) > 1:
            raise GuardError(f"no row of a batch could be checked: {done[-1].reason}")
        return done

    def _checked(self, texts: Sequence[str]) -> tuple[dict[str, str], Counter[str]]:
        """Return what goes on instead of the texts that changed, and what was found in them."""
        hidden: dict[str, str] = {}
        counts: Counter[str] = Counter()
        cut = {text: list(pieces_of(text)) for text in texts if len(text) > CHUNK}
        short = [text for text in texts if text not in cut]
        for group in (*_groups(short), *([piece] for pieces in cut.values() for piece in pieces)):
            result = self._check(group)
            hidden.update(result.texts)
            for decision in result.decisions:
                counts.update(decision.entities)
        changed = {text: hidden[text] for text in short if text in hidden}
        whole = {text: "".join(hidden.get(piece, piece) for piece in pieces) for text, pieces in cut.items()}
        return changed | whole, counts

    def _check(self, texts: list[str]) -> GuardResult:
        asks = [ScanTarget(text, "document") for text in texts] if self._scanned else []
        request = GuardRequest(texts, self._session, "document", preamble=False, asks=asks)
        (result,) = self._guard.check([request])
        blocking = result.blocking
        if blocking is not None and blocking.error in _EVERYWHERE:
            raise VaultError(result.reason or f"the check failed with {blocking.error}")
        result.raise_if_blocked()
        return result

    def _late(self, hidden: Sequence[str]) -> bool:
        pieces = [piece for text in hidden for piece in pieces_of(text)]
        return any(self._guard.session_values.shows_more(self._session, group) for group in _groups(pieces))


def pieces_of(text: str) -> Iterator[str]:
    """Yield a text in pieces of at most `CHUNK` characters: cut after a paragraph, a line, a sentence or a word."""
    start = 0
    while len(text) - start > CHUNK:
        least, most = start + CHUNK // 2, start + CHUNK
        ends = (text.rfind(mark, least, most) + len(mark) for mark in _BREAKS)
        end = next((end for end in ends if end > least), most)
        yield text[start:end]
        start = end
    yield text[start:]


def _groups(texts: Sequence[str]) -> Iterator[list[str]]:
    """Yield texts in groups of at most `GROUP` characters together."""
    group: list[str] = []
    size = 0
    for text in texts:
        if group and size + len(text) > GROUP:
            yield group
            group, size = [], 0
        group.append(text)
        size += len(text)
    if group:
        yield group


def _text_of(cell: Any) -> str:
    return "" if isinstance(cell, _LEFT) else str(cell)


def _put(cell: Any, changed: Mapping[str, str]) -> Any:
    return cell if isinstance(cell, _LEFT) else changed.get(str(cell), cell)


def _reason(blocked: Blocked) -> str:
    decision = blocked.decision
    if decision.error == DetectorTimeout.__name__:
        return f"the check {decision.check!r} took too long"
    if decision.error is not None:
        return f"the check {decision.check!r} failed with {decision.error}"
    kinds = ", ".join(sorted(decision.entities))
    return f"blocked by the check {decision.check!r}{f' ({kinds})' if kinds else ''}"
