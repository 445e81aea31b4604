"""A text beside what a model is given instead of it, for people to look at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lc_guard._display.colours import colour_of
from lc_guard._engine.requests import GuardRequest, GuardResult, ScanTarget
from lc_guard.records import Decision, Decisions, Mark, Stage

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

_HEADS = ("What was said", "What the model sees")
_BLOCKED = "Blocked: nothing goes on"


@dataclass(frozen=True, slots=True, repr=False)
class Comparison:
    """A text and what became of it: **shown in a notebook or a terminal, both can be read**. Its ``repr`` tells counts.

    Attributes:
        original: The text.
        hidden: What the model is given; None if the policy does not let it go on.
        marks: What was found, and where it stands in both.
        decisions: The decisions of the checks.
    """

    original: str
    hidden: str | None
    marks: Sequence[Mark] = field(default_factory=tuple)
    decisions: Sequence[Decision] = field(default_factory=tuple)

    def __repr__(self) -> str:
        counts = ", ".join(f"{count} {kind}" for kind, count in sorted(self.counts.items()))
        return f"{type(self).__name__}({'blocked' if self.hidden is None else counts or 'nothing hidden'})"

    @property
    def counts(self) -> Counter[str]:
        """Number of findings by kind."""
        return Counter(mark.kind for mark in self.marks)

    def _repr_html_(self) -> str:
        from lc_guard._display.cards import decisions  # noqa: PLC0415 - here and below: only where it is shown
        from lc_guard._display.html import card, columns, marked, text  # noqa: PLC0415

        said = marked(self.original, ((m.start, m.end, m.kind, _told(m)) for m in self.marks))
        seen = text(_BLOCKED)
        if self.hidden is not None:
            put = ((*m.put, m.kind, _told(m)) for m in self.marks if m.put is not None)
            seen = marked(self.hidden, put)
        return card("", columns(said, seen, _HEADS), decisions(self.decisions))

    def __rich__(self) -> Table:
        from rich import box  # noqa: PLC0415
        from rich.table import Table  # noqa: PLC0415
        from rich.text import Text  # noqa: PLC0415

        table = Table(box=box.ROUNDED, expand=True, border_style="dim")
        for head in _HEADS:
            table.add_column(head, ratio=1, overflow="fold")
        said = _styled(Text(self.original), ((m.start, m.end, m.kind) for m in self.marks))
        seen = Text(_BLOCKED, style="bold red")
        if self.hidden is not None:
            put = ((*m.put, m.kind) for m in self.marks if m.put is not None)
            seen = _styled(Text(self.hidden), put)
        table.add_row(said, seen)
        return table


def comparing(text: str, session: str, stage: Stage) -> GuardRequest:
    """Return the request to hide a text, to judge it, and to say what was found where; without a preamble."""
    return GuardRequest((text,), session, stage, preamble=False, asks=[ScanTarget(text, stage)], explain=True)


def compared(text: str, outcome: GuardResult) -> Comparison:
    """Return a text beside what became of it."""
    hidden = None if outcome.blocking is not None else outcome.hide(text)
    return Comparison(text, hidden, outcome.marks.get(text, ()), Decisions(outcome.decisions))


def _told(mark: Mark) -> str:
    return f"{mark.kind}, score {mark.score:.2f}: {mark.action}"


def _styled(text: Text, stretches: object) -> Text:
    for start, end, kind in stretches:  # type: ignore[attr-defined]
        text.stylize(f"bold {colour_of(kind).mid}", start, end)
    return text
