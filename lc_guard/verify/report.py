"""What a verification came to: as tables, and as plain JSON values. No value stands in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich import box
from rich.table import Table
from rich.text import Text

from lc_guard.verify.canaries import SURFACES, Surface
from lc_guard.verify.observers import PLACES, REAL, Place, Status, together
from lc_guard.verify.promises import Proved
from lc_guard.verify.run import Cell

if TYPE_CHECKING:
    from rich.console import Console

_STYLES: dict[Status, str] = {"clean": "green", "LEAK": "bold red", "not watched": "yellow", "none": "dim"}
_SHOWN: dict[Status, str] = {"none": "–"}
_NAME, _STATUS = 42, 11  # columns of the lines

_LEGEND = """\
clean: found nowhere in that place (model input, logs, exceptions, spans, tracers, checkpoints), or real as it must be
there (tool input, user's output). not watched: nothing of it arrived where the command can look. –: no such place."""
_UNMASKED = """\
A tracer that masks nothing is shown real values by {} of {} applications: give LangSmith langsmith_client(guard),
Langfuse mask_otel_spans(guard), and any other one MaskedTracer(tracer, guard)."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What came of one application."""

    name: str
    cells: Sequence[Cell]

    @property
    def watched(self) -> bool:
        """Whether a value was seen to be clean, or to leak, in any place that a text arrives at."""
        return all(
            any(status in ("clean", "LEAK") for (_, place), status in cell.found.items() if place != "logs")
            for cell in self.cells
        )

    @property
    def status(self) -> Status:
        """The one status of all that was watched; an application that could not be run was not watched."""
        status = together(status for cell in self.cells for status in cell.found.values())
        return status if status == "LEAK" or not any(cell.failed for cell in self.cells) else "not watched"


@dataclass(frozen=True, slots=True)
class Verification:
    """What came of all applications, and of what is proved beside them."""

    applications: Sequence[Verified]
    areas: Sequence[Proved] = ()

    @property
    def leaks(self) -> int:
        """In how many combinations of application, mode, surface and place there is a leak."""
        return sum(
            status == "LEAK" for one in self.applications for cell in one.cells for status in cell.found.values()
        )

    @property
    def status(self) -> int:
        """Exit status: 1 if anything leaks, could not be run or watched, or a promise is broken."""
        failed = any(cell.failed for one in self.applications for cell in one.cells)
        whole = all(one.watched for one in self.applications) and all(area.holds for area in self.areas)
        return int(bool(self.leaks or failed or not whole))

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain JSON values."""
        return {
            "status": self.status,
            "leaks": self.leaks,
            "applications": [
                {
                    "name": one.name,
                    "modes": {
                        cell.mode: {
                            "failed": cell.failed,
                            "unmasked_tracer": cell.unmasked,
                            "surfaces": {
                                surface: {place: cell.found[surface, place] for place in PLACES} for surface in SURFACES
                            },
                        }
                        for cell in one.cells
                    },
                }
                for one in self.applications
            ],
            "areas": [
                {"name": area.name, "promises": area.promises, "broken": list(area.broken)} for area in self.areas
            ],
        }


def show(console: Console, verified: Verified, *, details: bool) -> None:
    """Print one application, as a line or as a table, and its leaks one by one."""
    if details:
        _table(console, verified)
    else:
        watched = [
            place
            for place in PLACES
            if together(cell.found[surface, place] for cell in verified.cells for surface in SURFACES)
            in ("clean", "LEAK")
        ]
        modes = f"{len(verified.cells)} mode{'' if len(verified.cells) == 1 else 's'}"
        told = f"planted in {len(SURFACES)} places, looked for in {len(watched)}, {modes}"
        _line(console, verified.name, verified.status, verified.status, told)
    for line in _leaks(verified):
        console.print(line, style=_STYLES["LEAK"], soft_wrap=True)
    for cell in verified.cells:
        if cell.failed:
            console.print(f"not run: {cell.mode}, {cell.failed}", style=_STYLES["LEAK"], soft_wrap=True)
    if any(cell.failed for cell in verified.cells):
        console.print("Does it take another --input? The error's own words may hold a planted value: not shown.")
    if not verified.watched:
        console.print("nothing of it could be watched in a mode: see --help for what to name", style=_STYLES["LEAK"])


def show_area(console: Console, proved: Proved) -> None:
    """Print an area as a line, and what of it is broken."""
    promises = f"{proved.promises} promise{'' if proved.promises == 1 else 's'}"
    status: Status = "clean" if proved.holds else "LEAK"
    _line(console, proved.name, "kept" if proved.holds else "BROKEN", status, promises)
    for broken in proved.broken:
        console.print(f"BROKEN: {broken}", style=_STYLES["LEAK"], soft_wrap=True)


def show_areas_begin(console: Console) -> None:
    """Print what stands above the areas."""
    console.print("\npromises beside them, each with values of its own", style="dim")


def show_end(console: Console, verification: Verification) -> None:
    """Print what the words mean, and the sum."""
    console.print(f"\n{_LEGEND}", style="dim", soft_wrap=True)
    shown = sum(any(cell.unmasked for cell in one.cells) for one in verification.applications)
    if shown:
        console.print(_UNMASKED.format(shown, len(verification.applications)), style="dim", soft_wrap=True)
    style = _STYLES["LEAK" if verification.status else "clean"]
    modes = sum(len(one.cells) for one in verification.applications)
    broken = sum(len(area.broken) for area in verification.areas)
    promises = sum(area.promises for area in verification.areas)
    counts = (verification.leaks, "leak"), (modes, "run"), (len(verification.applications), "application")
    leaks, runs, applications = (f"{count} {word}{'' if count == 1 else 's'}" for count, word in counts)
    beside = f", {promises - broken} of {promises} promises kept" if verification.areas else ""
    console.print(f"{leaks} in {runs} of {applications}{beside}", style=style)


def _line(console: Console, name: str, word: str, status: Status, told: str) -> None:
    line = Text.assemble(f"{name:<{_NAME}}", (f"{word:<{_STATUS}}", _STYLES[status]), ("  " + told, "dim"))
    console.print(line, soft_wrap=True)


def _table(console: Console, verified: Verified) -> None:
    table = Table(title=verified.name, title_justify="left", box=box.SIMPLE_HEAD)
    table.add_column("")
    for cell in verified.cells:
        table.add_column(cell.mode)
    _rows(table, "planted in", SURFACES, verified, lambda key, surface: key[0] == surface)
    table.add_section()
    _rows(table, "seen in", PLACES, verified, lambda key, place: key[1] == place)
    console.print(table)


def _rows(
    table: Table,
    title: str,
    names: Sequence[str],
    verified: Verified,
    belongs: Callable[[tuple[Surface, Place], str], bool],
) -> None:
    for name in names:
        statuses = [
            together(status for key, status in cell.found.items() if belongs(key, name)) for cell in verified.cells
        ]
        cells = [Text(_SHOWN.get(status, status), style=_STYLES[status]) for status in statuses]
        table.add_row(f"{title} {name}", *cells)


def _leaks(verified: Verified) -> Iterator[str]:
    for surface in SURFACES:
        for place in PLACES:
            modes = [cell.mode for cell in verified.cells if cell.found[surface, place] == "LEAK"]
            if modes:
                told = "not real in the" if place in REAL else "readable in the"
                yield f"LEAK: the value planted in {surface} is {told} {place} ({', '.join(modes)})"
