"""The plots of a monitoring report, one by one: what a notebook shows, and what a file can hold."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from lc_guard.evals.render import charts

if TYPE_CHECKING:
    from lc_guard.evals.agreement import Curve
    from lc_guard.evals.monitoring_report import Agreement, CheckHistory, MonitoringReport
    from lc_guard.evals.render.drawing import Drawing

_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Curves = Callable[["CheckHistory", "Agreement", "Curve"], "Drawing"]


class Figure:
    """A plot as SVG, without a script and with nothing loaded from elsewhere; notebooks show it by themselves.

    Args:
        drawing: What it shows.
    """

    def __init__(self, drawing: Drawing) -> None:
        self._drawing = drawing

    def __repr__(self) -> str:
        return f"Figure({self.title!r})"

    @property
    def title(self) -> str:
        """What stands above it."""
        return self._drawing.heading

    def to_svg(self, *, width: int = 640) -> str:
        """Return it as a picture on white.

        Args:
            width: In pixels, 200 or more.

        Raises:
            ValueError: It would be too narrow.
        """
        if width < 200:
            raise ValueError("width must be 200 or more")
        return _NOT_IN_XML.sub("\ufffd", self._drawing.as_svg(width=width))

    def save(self, path: str | Path, *, width: int = 640) -> None:
        """Write it into a file.

        Args:
            path: Of the file, such as ``"risk.svg"``.
            width: In pixels, 200 or more.

        Raises:
            ValueError: It would be too narrow.
        """
        Path(path).write_text(self.to_svg(width=width), encoding="utf-8")

    def _repr_svg_(self) -> str:
        return self.to_svg()


def figure(report: MonitoringReport, name: str, check: str | None) -> Figure:
    """Return one plot of a report; takes and raises what `MonitoringReport.figure` does."""
    if name in _OF_ALL:
        return Figure(_OF_ALL[name](report))
    if name not in (*_OF_ONE, *_CURVES, "calibration"):
        known = ", ".join(map(repr, (*_OF_ALL, *_OF_ONE, *_CURVES, "calibration")))
        raise ValueError(f"no figure {name!r}; there are {known}")
    if check is None and len(report.checks) != 1:
        names = ", ".join(repr(each.name) for each in report.checks) or "no checks"
        raise ValueError(f"figure {name!r} is of one check: say check=..., one of {names}")
    history = report.checks[0] if check is None else report.check(check)
    if name in _OF_ONE:
        return Figure(_OF_ONE[name](report, history))
    found = history.agreement
    if found is None or found.roc is None or found.precision_recall is None:
        raise ValueError(f"figure {name!r} of {history.name!r} needs annotations that say yes and such that say no")
    if name == "calibration":
        return Figure(charts.calibration(history, found))
    return Figure(_CURVES[name](history, found, found.roc if name == "roc" else found.precision_recall))


_OF_ALL: dict[str, Callable[[MonitoringReport], Drawing]] = {
    "latency": lambda report: charts.latencies(report.checks),
    "share": lambda report: charts.shares(report.checks),
    "actions": charts.actions,
}
_OF_ONE: dict[str, Callable[[MonitoringReport, CheckHistory], Drawing]] = {
    "risk": charts.risk,
    "block_rate": charts.block_rate,
    "findings": lambda _, check: charts.findings(check),
}
_CURVES: dict[str, Curves] = {
    "roc": charts.roc,
    "precision_recall": charts.precision_recall,
    "threshold": charts.threshold,
}
