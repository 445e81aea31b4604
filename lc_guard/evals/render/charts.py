"""The plots of a monitoring report, as SVG in the page: as wide as there is room, in the page's colours.

Lines are drawn in a box of 100 by 100 that is stretched to the plot; texts and dots stand outside it at per cent of the
width, so that they keep their size and shape when the page gets narrow. Colours are classes of the page's style.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from itertools import pairwise
from math import ceil, floor, log10
from typing import TYPE_CHECKING

from lc_guard.evals.render.monitoring_text import moment, percent
from lc_guard.evals.render.style import counted, milliseconds

if TYPE_CHECKING:
    from lc_guard.evals.agreement import Curve
    from lc_guard.evals.monitoring_report import Bucket, CheckHistory
    from lc_guard.evals.reliability import Calibration

STYLE = """
:root{--one:#0072b2;--two:#d55e00;--three:#009e73;--four:#cc79a7;--pale:#8fb8d6}
@media (prefers-color-scheme:dark){:root{--one:#56b4e9;--two:#f0883e;--three:#3fbf93;--four:#d99abf;--pale:#3d6a8a}}
.plot{padding:10px 8px 24px 36px}.plot svg,.rows svg{display:block;overflow:visible;width:100%}
.plot text,.rows text{font-size:12px;fill:var(--soft)}.rows text.name{fill:var(--ink)}
.axis{stroke:var(--line);stroke-width:1}.mean{fill:none;stroke:var(--one);stroke-width:2}
.p95{fill:var(--one);opacity:.16}.dot{fill:var(--one)}.mark{fill:var(--two);stroke:var(--paper);stroke-width:2}
.guide{stroke:var(--soft);stroke-width:1;stroke-dasharray:4 4}.bar{fill:var(--one)}.stop{fill:var(--two)}
.track{fill:var(--line);opacity:.55}.band{fill:var(--two);opacity:.13}.hit{fill:transparent}
.hit:hover{fill:var(--ink);opacity:.08}.whisker{stroke:var(--soft);stroke-width:1.5}
.mean,.axis,.guide,.whisker{vector-effect:non-scaling-stroke}
.key{display:flex;flex-wrap:wrap;gap:2px 14px;font-size:12px;color:var(--soft);margin:2px 0}
.key span::before{content:"";display:inline-block;width:11px;height:11px;border-radius:2px;margin-right:5px;
vertical-align:-1px;background:var(--tint)}
.key span.plain::before{display:none}
"""

_HEIGHT = 150
_TICKS = 4


def timeline(check: CheckHistory, since: float, until: float, width: int) -> str:
    """Draw a check's risk over time and where it stopped texts; times are Unix seconds, `width` is a bucket's."""
    span = max(until - since, 1.0)

    def at(seconds: float) -> float:
        return min(100.0, max(0.0, (seconds - since) / span * 100))

    middles = [at(bucket.start + width / 2) for bucket in check.risk]
    shapes = []
    for run in _runs(check.risk, width):
        points = [(middles[place], check.risk[place]) for place in run]
        if len(points) == 1:
            # one bucket alone has no line: it is drawn as wide as it is
            x, bucket = points[0]
            half = width / span * 50
            points = [(max(0.0, x - half), bucket), (min(100.0, x + half), bucket)]
        top = " ".join(f"{x:.2f},{_up(bucket.p95)}" for x, bucket in points)
        shapes.append(f'<polygon class="p95" points="{points[0][0]:.2f},100 {top} {points[-1][0]:.2f},100"/>')
        line = " ".join(f"{x:.2f},{_up(bucket.mean)}" for x, bucket in points)
        shapes.append(f'<polyline class="mean" points="{line}"/>')
    most = max((bucket.invalid for bucket in check.risk), default=0)
    hits = []
    for x, bucket in zip(middles, check.risk, strict=True):
        low, high = at(bucket.start), at(bucket.start + width)
        if bucket.invalid:
            tall = 4 + 18 * bucket.invalid / most
            thin = (high - low) * 0.5
            shapes.append(
                f'<rect class="stop" x="{x - thin / 2:.2f}" y="{100 - tall:.1f}" width="{thin:.2f}" '
                f'height="{tall:.1f}"/>'
            )
        told = (
            f"{moment(bucket.start)}: {counted(bucket.count, 'decision')}, mean risk {bucket.mean:.2f}, "
            f"p95 {bucket.p95:.2f}, {bucket.invalid:,} stopped"
        )
        hits.append(
            f'<rect class="hit" x="{low:.2f}%" y="0" width="{max(0.1, high - low):.2f}%" height="{_HEIGHT}">'
            f"<title>{escape(told)}</title></rect>"
        )
    ticks = [(at(seconds), words) for seconds, words in _times(since, until)]
    label = f"Risk of {check.name} over time: mean and 95th percentile, and decisions that stopped a text"
    return _plot("".join(shapes), label=label, x_ticks=ticks, y_ticks=_SHARES, over="".join(hits))


def curve(curve_: Curve, *, label: str, diagonal: bool, mark: tuple[float, float] | None) -> str:
    """Draw a ROC or precision-recall curve."""
    points = list(zip(curve_.x, curve_.y, strict=True))
    if not diagonal:
        # precision holds until the next recall is reached: steps, as the average precision adds them up
        points = [(0.0, points[0][1]), *points]
        points = [step for (x, _), (to, y) in pairwise(points) for step in ((x, y), (to, y))]
    line = " ".join(f"{x * 100:.2f},{_up(y)}" for x, y in points)
    guide = '<line class="guide" x1="0" y1="100" x2="100" y2="0"/>' if diagonal else ""
    dot = _dot(*mark, "mark") if mark else ""
    return _plot(f'{guide}<polyline class="mean" points="{line}"/>', label=label, x_ticks=_PARTS, over=dot)


def reliability(found: Calibration, *, label: str) -> str:
    """Draw the share that people flagged against the risk, with the intervals of the shares."""
    shapes = ['<line class="guide" x1="0" y1="100" x2="100" y2="0"/>']
    dots = []
    for bin_ in found.bins:
        low, high = bin_.interval or (0.0, 1.0)
        x = bin_.mean_risk * 100
        shapes.append(f'<line class="whisker" x1="{x:.2f}" x2="{x:.2f}" y1="{_up(low)}" y2="{_up(high)}"/>')
        told = f"risk {bin_.mean_risk:.2f}: {bin_.harmful:,} of {bin_.count:,} ({percent(bin_.share)})"
        dots.append(_dot(bin_.mean_risk, bin_.share, "dot", told))
    return _plot("".join(shapes), label=label, x_ticks=_PARTS, over="".join(dots))


def thresholds(found: Curve, *, at: float, best: float | None, band: tuple[float, float] | None, label: str) -> str:
    """Draw precision and recall over the threshold, with the best one's interval."""
    rising = sorted(zip(found.thresholds, found.y, found.x, strict=True))
    shapes = []
    if band is not None:
        low, high = (min(100.0, end * 100) for end in band)
        shapes.append(f'<rect class="band" x="{low:.2f}" y="0" width="{max(0.6, high - low):.2f}" height="100"/>')
    shapes.append(_vertical(at, "guide"))
    for place, tint in ((1, "var(--one)"), (2, "var(--three)")):
        line = " ".join(f"{item[0] * 100:.2f},{_up(item[place])}" for item in rising)
        shapes.append(f'<polyline class="mean" style="stroke:{tint}" points="{line}"/>')
    if best is not None and best <= 1:
        shapes.append(_vertical(best, "mean", "stroke:var(--two)"))
    return _plot("".join(shapes), label=label, x_ticks=_PARTS)


def bars(counts: Mapping[str, int], *, label: str, most: int = 12) -> str:
    """Draw counts as bars below one another."""
    shown = dict(list(counts.items())[:most])
    rest = sum(counts.values()) - sum(shown.values())
    if rest:
        shown["others"] = rest
    top = max(shown.values(), default=1)
    rows = [(name, count / top, f"{count:,}") for name, count in shown.items()]
    return _rows(rows, label=label)


def shares(checks: Sequence[CheckHistory]) -> str:
    """Draw what part of their traces' time the checks take."""
    timed = [(check.name, check.waiting.share) for check in checks if check.waiting.share is not None]
    top = max((share for _, share in timed), default=0.0)
    scale = 1.0 if top > 0.5 or not top else _nice(top)
    rows = [(name, min(1.0, share / scale), percent(share)) for name, share in timed]
    return _rows(rows, label="Part of their traces' time that the checks take")


def latencies(checks: Sequence[CheckHistory]) -> str:
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
        parts.append(_row_head(check.name, f"{told} ms", y, most=25))
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
    return _figure("".join(parts), bottom + 18, "Latency of the checks: p50, p95 and p99, logarithmic")


_SHARES = ((0.0, "0"), (0.5, "0.5"), (1.0, "1"))
_PARTS = ((0.0, "0"), (25.0, "0.25"), (50.0, "0.5"), (75.0, "0.75"), (100.0, "1"))


def _plot(
    shapes: str,
    *,
    label: str,
    x_ticks: Iterable[tuple[float, str]],
    y_ticks: Iterable[tuple[float, str]] = _SHARES,
    over: str = "",
) -> str:
    parts = []
    for share, words in y_ticks:
        y = _HEIGHT * (1 - share)
        parts.append(f'<line class="axis" x1="0" x2="100%" y1="{y:g}" y2="{y:g}"/>')
        parts.append(f'<text x="-7" y="{y + 4:g}" text-anchor="end">{words}</text>')
    for x, words in x_ticks:
        parts.append(f'<text x="{x:.2f}%" y="{_HEIGHT + 18}" text-anchor="middle">{escape(words)}</text>')
    box = f'<svg viewBox="0 0 100 100" preserveAspectRatio="none" width="100%" height="{_HEIGHT}">{shapes}</svg>'
    return (
        f'<div class="plot"><svg height="{_HEIGHT}" role="img" aria-label="{escape(label)}">'
        f"{''.join(parts)}{box}{over}</svg></div>"
    )


def _rows(rows: Sequence[tuple[str, float, str]], *, label: str) -> str:
    parts = []
    for place, (name, part, told) in enumerate(rows):
        y = place * 36
        parts.append(_row_head(name, told, y))
        parts.append(f'<rect class="track" x="0" y="{y + 20}" width="100%" height="8" rx="4"/>')
        parts.append(
            f'<rect class="bar" x="0" y="{y + 20}" width="{max(0.5, part * 100) if part else 0:.2f}%" height="8" '
            'rx="4"/>'
        )
    return _figure("".join(parts), len(rows) * 36, label)


def _row_head(name: str, told: str, y: int, *, most: int = 32) -> str:
    shown = name if len(name) <= most else f"{name[: most - 1]}…"
    return (
        f'<text class="name" x="0" y="{y + 13}">{escape(shown)}<title>{escape(name)}</title></text>'
        f'<text x="100%" y="{y + 13}" text-anchor="end">{escape(told)}</text>'
    )


def _figure(parts: str, height: int, label: str) -> str:
    return f'<div class="rows"><svg height="{height}" role="img" aria-label="{escape(label)}">{parts}</svg></div>'


def _dot(x: float, y: float, kind: str, told: str | None = None) -> str:
    title = f"<title>{escape(told)}</title>" if told else ""
    return f'<circle class="{kind}" cx="{x * 100:.2f}%" cy="{(1 - y) * _HEIGHT:.2f}" r="5">{title}</circle>'


def _vertical(x: float, kind: str, style: str = "") -> str:
    place = min(100.0, x * 100)
    return f'<line class="{kind}" style="{style}" x1="{place:.2f}" x2="{place:.2f}" y1="0" y2="100"/>'


def _up(share: float) -> str:
    return f"{(1 - share) * 100:.2f}"


def _runs(buckets: Sequence[Bucket], width: int) -> Iterator[range]:
    """Yield the stretches without a gap of more than one bucket: a line over a gap would tell what nobody measured."""
    begin = 0
    for place in range(1, len(buckets) + 1):
        if place == len(buckets) or buckets[place].start - buckets[place - 1].start > 2 * width:
            yield range(begin, place)
            begin = place


def _times(since: float, until: float) -> list[tuple[float, str]]:
    """Return a few times for the axis, on whole units."""
    steps = (900, 3600, 10_800, 21_600, 43_200, 86_400, 172_800, 345_600, 604_800, 1_209_600, 2_592_000, 7_776_000)
    step = next((step for step in steps if (until - since) / step <= _TICKS + 1), 31_536_000)
    form = "%H:%M" if step < 43_200 else "%b %d"
    first = ceil(since / step) * step
    found = [first + step * number for number in range(int((until - first) // step) + 1)]
    inner = [seconds for seconds in found if 0.03 < (seconds - since) / (until - since) < 0.97]
    return [(seconds, datetime.fromtimestamp(seconds, UTC).strftime(form)) for seconds in inner]


def _nice(value: float) -> float:
    """Return the next of 1, 2, 5, 10… above a value."""
    power = 10.0 ** floor(log10(value))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= value)


def _duration(ms: float) -> str:
    return f"{ms / 1000:g} s" if ms >= 1000 else f"{ms:g} ms"
