"""The plots of a monitoring report."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from html import escape
from itertools import pairwise
from math import ceil, floor, log10
from typing import TYPE_CHECKING

from lc_guard.evals.render.drawing import HEIGHT, PARTS, SHARES, Drawing, dot, plot, row_head, rows, up, vertical
from lc_guard.evals.render.monitoring_text import ends, moment, width
from lc_guard.evals.render.style import counted, decimal, milliseconds, percent

if TYPE_CHECKING:
    from lc_guard.evals.agreement import Curve
    from lc_guard.evals.monitoring_report import Agreement, Bucket, CheckHistory, MonitoringReport

_TICKS = 4


def risk(report: MonitoringReport, check: CheckHistory) -> Drawing:
    """Draw a check's risk over time, and where it stopped texts."""
    span = _Span(report)
    shapes = []
    for points in span.runs(check.risk):
        top = " ".join(f"{x:.2f},{up(bucket.p95)}" for x, bucket in points)
        shapes.append(f'<polygon class="p95" points="{points[0][0]:.2f},100 {top} {points[-1][0]:.2f},100"/>')
        line = " ".join(f"{x:.2f},{up(bucket.mean)}" for x, bucket in points)
        shapes.append(f'<polyline class="mean" points="{line}"/>')
    most = max((bucket.invalid for bucket in check.risk), default=0)
    for bucket in check.risk:
        if bucket.invalid:
            tall = 4 + 18 * bucket.invalid / most
            left, right = span.at(bucket.start), span.at(bucket.start + span.step)
            thin = (right - left) * 0.5
            shapes.append(
                f'<rect class="stop" x="{(left + right - thin) / 2:.2f}" y="{100 - tall:.1f}" width="{thin:.2f}" '
                f'height="{tall:.1f}"/>'
            )

    def told(bucket: Bucket) -> str:
        return (
            f"{counted(bucket.count, 'decision')}, mean risk {bucket.mean:.2f}, p95 {bucket.p95:.2f}, "
            f"{bucket.invalid:,} stopped"
        )

    return plot(
        "".join(shapes),
        of=check.name,
        title=f"Risk over time, {width(report.bucket_seconds)} a step",
        label=f"Risk of {check.name} over time: mean and 95th percentile, and decisions that stopped a text",
        x_ticks=span.ticks(),
        over=span.hits(check.risk, told),
        key=(("one", "mean risk"), ("pale", "95th percentile"), ("two", "stopped")),
    )


def block_rate(report: MonitoringReport, check: CheckHistory) -> Drawing:
    """Draw the share of a check's decisions that stopped a text, over time."""
    span = _Span(report)
    top = max((bucket.invalid / bucket.count for bucket in check.risk), default=0.0)
    scale = _nice(top) if 0 < top <= 0.5 else 1.0
    shapes = []
    for points in span.runs(check.risk):
        line = " ".join(f"{x:.2f},{up(bucket.invalid / bucket.count / scale)}" for x, bucket in points)
        shapes.append(f'<polyline class="mean" style="stroke:var(--two)" points="{line}"/>')

    def told(bucket: Bucket) -> str:
        return f"{bucket.invalid:,} of {counted(bucket.count, 'decision')} stopped a text"

    return plot(
        "".join(shapes),
        of=check.name,
        title=f"Block rate over time, {percent(check.block_rate)} in all",
        label=f"Share of the decisions of {check.name} that stopped a text, over time",
        x_ticks=span.ticks(),
        y_ticks=tuple((share, f"{share * scale * 100:g} %") for share, _ in SHARES),
        over=span.hits(check.risk, told),
    )


def findings(check: CheckHistory, *, most: int = 12) -> Drawing:
    """Draw what a check found, by kind."""
    shown = dict(list(check.entities.items())[:most])
    rest = sum(check.entities.values()) - sum(shown.values())
    if rest:
        shown["others"] = rest
    top = max(shown.values(), default=1)
    items = [(name, count / top, f"{count:,}") for name, count in shown.items()]
    return rows(items, of=check.name, title="Findings by kind", label=f"Findings of {check.name} by kind")


def actions(report: MonitoringReport) -> Drawing:
    """Draw the traces by their strongest action."""
    total = sum(report.actions.values())
    items = [
        (action, count / total, f"{count:,} ({percent(count / total)})") for action, count in report.actions.items()
    ]
    return rows(items, title="Strongest action of a trace", label="Traces by their strongest action")


def roc(check: CheckHistory, found: Agreement, curve: Curve) -> Drawing:
    """Draw the ROC curve."""
    seen = found.confusion
    alarms = seen.false_alarms + seen.passes
    return _curve(
        curve,
        of=check.name,
        title=f"ROC curve, area {decimal(curve.area)}",
        label=f"ROC curve of {check.name}: true over false positive rate",
        diagonal=True,
        mark=(seen.false_alarms / alarms if alarms else 0.0, seen.recall or 0.0),
        axes=("false positive rate", "true positive rate"),
        threshold=seen.threshold,
    )


def precision_recall(check: CheckHistory, found: Agreement, curve: Curve) -> Drawing:
    """Draw precision over recall."""
    seen = found.confusion
    return _curve(
        curve,
        of=check.name,
        title=f"Precision over recall, average {decimal(curve.area)}",
        label=f"Precision of {check.name} over its recall",
        diagonal=False,
        mark=None if seen.precision is None else (seen.recall or 0.0, seen.precision),
        axes=("recall", "precision"),
        threshold=seen.threshold,
    )


def calibration(check: CheckHistory, found: Agreement) -> Drawing:
    """Draw the share that people flagged against the risk, with the intervals of the shares."""
    fit = found.calibration
    shapes = ['<line class="guide" x1="0" y1="100" x2="100" y2="0"/>']
    dots = []
    for bin_ in fit.bins if fit else ():
        low, high = bin_.interval or (0.0, 1.0)
        x = bin_.mean_risk * 100
        shapes.append(f'<line class="whisker" x1="{x:.2f}" x2="{x:.2f}" y1="{up(low)}" y2="{up(high)}"/>')
        told = f"risk {bin_.mean_risk:.2f}: {bin_.harmful:,} of {bin_.count:,} ({percent(bin_.share)})"
        dots.append(dot(bin_.mean_risk, bin_.share, "dot", told))
    return plot(
        "".join(shapes),
        of=check.name,
        title=f"Calibration, error {decimal(fit.ece if fit else None)}",
        label=f"Share that people flagged over the risk of {check.name}, by tenths",
        x_ticks=PARTS,
        over="".join(dots),
        key=((None, "→ risk"), (None, "↑ share a person flagged, 95 %")),
    )


def threshold(check: CheckHistory, found: Agreement, curve: Curve) -> Drawing:
    """Draw precision and recall over the threshold, with the best one and its interval."""
    curve = curve.thinned()
    rising = sorted(zip(curve.thresholds, curve.y, curve.x, strict=True))
    best, shapes = found.best, []
    key = [("one", "precision"), ("three", "recall"), (None, f"dashed: in use, {found.confusion.threshold:.2f}")]
    if best is not None:
        low, high = (min(100.0, end * 100) for end in best.interval)
        shapes.append(f'<rect class="band" x="{low:.2f}" y="0" width="{max(0.6, high - low):.2f}" height="100"/>')
        key.append(("two", f"best, {min(1.0, best.threshold):.2f} (95 %: {ends(best.interval)})"))
    shapes.append(vertical(found.confusion.threshold, "guide"))
    for place, tint in ((1, "var(--one)"), (2, "var(--three)")):
        line = " ".join(f"{item[0] * 100:.2f},{up(item[place])}" for item in rising)
        shapes.append(f'<polyline class="mean" style="stroke:{tint}" points="{line}"/>')
    if best is not None and best.threshold <= 1:
        shapes.append(vertical(best.threshold, "mean", "stroke:var(--two)"))
    label = f"Precision and recall of {check.name} over the threshold"
    title = "Choosing a threshold"
    return plot("".join(shapes), of=check.name, title=title, label=label, x_ticks=PARTS, key=key)


def shares(checks: Sequence[CheckHistory]) -> Drawing:
    """Draw what part of their traces' time the checks take."""
    timed = [(check.name, check.waiting.share) for check in checks if check.waiting.share is not None]
    top = max((share for _, share in timed), default=0.0)
    scale = 1.0 if top > 0.5 or not top else _nice(top)
    items = [(name, min(1.0, share / scale), percent(share)) for name, share in timed]
    return rows(items, title="Part of the traces' time", label="Part of their traces' time that the checks take")


def latencies(checks: Sequence[CheckHistory]) -> Drawing:
    """Draw p50, p95 and p99 of the checks on one logarithmic axis."""
    timed = [check for check in checks if check.waiting.count]
    values = [max(value, 0.01) for check in timed for value in (check.waiting.p50, check.waiting.p99) if value]
    low, high = floor(log10(min(values, default=1))), ceil(log10(max(values, default=10)))
    high = max(high, low + 1)

    def at(value: float | None) -> float:
        return min(100.0, max(0.0, (log10(max(value or 0.01, 0.01)) - low) / (high - low) * 100))

    parts = []
    for place, check in enumerate(timed):
        waiting, y = check.waiting, place * 44
        told = " / ".join(milliseconds(value) for value in (waiting.p50, waiting.p95, waiting.p99))
        parts.append(row_head(check.name, f"{told} ms", y, most=25))
        start, end = at(waiting.p50), at(waiting.p99)
        parts.append(f'<rect class="track" x="0" y="{y + 24}" width="100%" height="6" rx="3"/>')
        wide = max(0.4, end - start)
        parts.append(
            f'<rect class="bar" x="{start:.2f}%" y="{y + 24}" width="{wide:.2f}%" height="6" rx="3" opacity=".45"/>'
        )
        for value, radius, name in ((waiting.p50, 5, "p50"), (waiting.p95, 5, "p95"), (waiting.p99, 5, "p99")):
            kind = "mark" if name == "p99" else "dot"
            parts.append(
                f'<circle class="{kind}" cx="{at(value):.2f}%" cy="{y + 27}" r="{radius}">'
                f"<title>{escape(check.name)} {name}: {milliseconds(value)} ms</title></circle>"
            )
    bottom = len(timed) * 44
    for power in range(low, high + 1):
        x = (power - low) / (high - low) * 100
        anchor = "start" if power == low else "end" if power == high else "middle"
        parts.append(f'<line class="axis" x1="{x:.2f}%" x2="{x:.2f}%" y1="0" y2="{bottom}" opacity=".6"/>')
        parts.append(f'<text x="{x:.2f}%" y="{bottom + 14}" text-anchor="{anchor}">{_duration(10.0**power)}</text>')
    label = "Latency of the checks: p50, p95 and p99, logarithmic"
    return Drawing("Latency: p50 / p95 / p99", label, bottom + 18, "".join(parts), "rows")


class _Span:
    """The time of a report, from left to right."""

    def __init__(self, report: MonitoringReport) -> None:
        self.step = report.bucket_seconds
        self._since, self._until = report.since, report.until
        self._seconds = max(report.until - report.since, 1.0)

    def at(self, seconds: float) -> float:
        """Return where a time lies, in per cent."""
        return min(100.0, max(0.0, (seconds - self._since) / self._seconds * 100))

    def runs(self, buckets: Sequence[Bucket]) -> Iterator[list[tuple[float, Bucket]]]:
        """Yield stretches without a gap of more than one bucket: a line over it would tell what nobody measured."""
        begin = 0
        for place in range(1, len(buckets) + 1):
            if place == len(buckets) or buckets[place].start - buckets[place - 1].start > 2 * self.step:
                points = [(self.at(bucket.start + self.step / 2), bucket) for bucket in buckets[begin:place]]
                if len(points) == 1:
                    # one bucket alone has no line: it is drawn as wide as it is
                    x, bucket = points[0]
                    half = self.step / self._seconds * 50
                    points = [(max(0.0, x - half), bucket), (min(100.0, x + half), bucket)]
                yield points
                begin = place

    def hits(self, buckets: Sequence[Bucket], told: Callable[[Bucket], str]) -> str:
        """Return what tells a bucket's numbers where the pointer is over it."""
        found = []
        for bucket in buckets:
            low, high = self.at(bucket.start), self.at(bucket.start + self.step)
            found.append(
                f'<rect class="hit" x="{low:.2f}%" y="0" width="{max(0.1, high - low):.2f}%" height="{HEIGHT}">'
                f"<title>{escape(f'{moment(bucket.start)}: {told(bucket)}')}</title></rect>"
            )
        return "".join(found)

    def ticks(self) -> list[tuple[float, str]]:
        """Return a few times for the axis, on whole units."""
        steps = (900, 3600, 10_800, 21_600, 43_200, 86_400, 172_800, 345_600, 604_800, 1_209_600, 2_592_000, 7_776_000)
        step = next((step for step in steps if self._seconds / step <= _TICKS + 1), 31_536_000)
        form = "%H:%M" if step < 43_200 else "%b %d"
        first = ceil(self._since / step) * step
        found = [first + step * number for number in range(int((self._until - first) // step) + 1)]
        places = [(self.at(seconds), datetime.fromtimestamp(seconds, UTC).strftime(form)) for seconds in found]
        return [(place, words) for place, words in places if 3 < place < 97]


def _curve(
    curve: Curve,
    *,
    of: str,
    title: str,
    label: str,
    diagonal: bool,
    mark: tuple[float, float] | None,
    axes: tuple[str, str],
    threshold: float,
) -> Drawing:
    curve = curve.thinned()
    points = list(zip(curve.x, curve.y, strict=True))
    if not diagonal:
        # precision holds until the next recall is reached: steps, as the average precision adds them up
        points = [(0.0, points[0][1]), *points]
        points = [step for (x, _), (to, y) in pairwise(points) for step in ((x, y), (to, y))]
    line = " ".join(f"{x * 100:.2f},{up(y)}" for x, y in points)
    guide = '<line class="guide" x1="0" y1="100" x2="100" y2="0"/>' if diagonal else ""
    return plot(
        f'{guide}<polyline class="mean" points="{line}"/>',
        of=of,
        title=title,
        label=label,
        x_ticks=PARTS,
        over=dot(*mark, "mark") if mark else "",
        key=((None, f"→ {axes[0]}"), (None, f"↑ {axes[1]}"), ("two", f"at {threshold:.2f}")),
    )


def _nice(value: float) -> float:
    """Return the next of 1, 2, 5, 10… above a value."""
    power = 10.0 ** floor(log10(value))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= value)


def _duration(ms: float) -> str:
    return f"{ms / 1000:g} s" if ms >= 1000 else f"{ms:g} ms"
