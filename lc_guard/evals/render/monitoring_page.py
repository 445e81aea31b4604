"""A monitoring report as one HTML page: plots and styles inside, no script, nothing loaded from elsewhere.

Names and ids come from an API and are escaped wherever they stand; a link leads to http and https only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from typing import TYPE_CHECKING

from lc_guard.evals.advice import Urgency, advice, attention
from lc_guard.evals.render import charts
from lc_guard.evals.render.drawing import STYLE, Drawing
from lc_guard.evals.render.monitoring_text import (
    ALL_IS_WELL,
    best,
    ends,
    evaluated,
    failures,
    leaks,
    moment,
    nothing,
    passed_over,
    reading,
    summary,
)
from lc_guard.evals.render.style import counted, decimal, encodable, milliseconds, percent, sheet

if TYPE_CHECKING:
    from lc_guard.evals.agreement import Confusion
    from lc_guard.evals.monitoring_report import Agreement, CheckHistory, Disagreement, LeakedCall, MonitoringReport

_STYLE = (
    STYLE
    + """
.cards .card strong{font-size:1.7rem}.cards{grid-template-columns:repeat(auto-fit,minmax(min(100%,150px),1fr))}
.card small{color:var(--soft);display:block}
.grid{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,290px),1fr));gap:22px 32px;margin:14px 0}
.grid.wide{grid-template-columns:repeat(auto-fit,minmax(min(100%,400px),1fr))}
figure{margin:0;min-width:0}figcaption{font-weight:600;font-size:14px;margin-bottom:6px}
section{border-top:1px solid var(--line);margin-top:36px}section h2{margin-top:22px}
.say{border-left:3px solid var(--one);padding:2px 0 2px 12px;margin:12px 0}
.say.warn{border-color:var(--two)}.say.leak{border:2px solid #c62828;padding:10px 12px;font-weight:600}
a{color:var(--one)}
.matrix td{text-align:left;width:50%;white-space:normal;position:static;max-width:none}
.matrix th{white-space:normal;text-align:left}.matrix b{display:block;font-size:1.25rem}
.do{padding:0;margin:12px 0;list-style:none}
.do li{border-left:3px solid var(--line);padding:2px 0 2px 12px;margin:8px 0;overflow-wrap:anywhere}
.do li.now{border-color:#c62828;font-weight:600}.do li.soon{border-color:var(--two)}
figure summary{font-size:13px;color:var(--soft);margin:6px 0}
td.id{font-family:ui-monospace,Menlo,Consolas,monospace;font-size:13px}
@media (max-width:520px){h1{font-size:1.35rem}.cards .card strong{font-size:1.4rem}.cards{grid-template-columns:1fr 1fr}
th,td{padding:5px 8px}}
"""
)


def page(report: MonitoringReport, *, title: str) -> str:
    """Return the page."""
    return encodable(sheet(title, "\n".join(_body(report, title)), style=_STYLE))


def _body(report: MonitoringReport, title: str) -> Iterator[str]:
    yield f"<header><h1>{escape(title)}</h1>"
    yield f'<p class="soft">{escape(summary(report))}<br>{escape(report.source)}</p></header><main>'
    if told := leaks(report):
        yield f'<p class="say leak" role="alert">{escape(told)}</p>{_leaked(report)}'
    for note in report.notes:
        yield _say(note, warn=True)
    if not report.checks:
        yield _say(nothing(report), warn=True)
    else:
        yield from _attention(report)
        yield _cards(report)
        yield from _overview(report)
        for check in report.checks:
            yield from _check(report, check)
    yield "<section><h2>How to read this</h2>"
    yield f'<p class="soft">{escape(reading())}</p>'
    if afterwards := evaluated(report):
        yield f'<p class="soft">{escape(afterwards)}.</p>'
    if report.passed_over:
        items = "".join(f"<li>{escape(told)}</li>" for told in passed_over(report.passed_over))
        yield f"<details><summary>Rows that were not taken</summary><ul>{items}</ul></details>"
    yield "</section></main>"


def _leaked(report: MonitoringReport) -> str:
    rows = "".join(f'<tr><td class="id">{_trace(call)}</td></tr>' for call in report.leaked)
    more = f", the first {len(report.leaked)}" if report.leaks > len(report.leaked) else ""
    return (
        f'<details open><summary>Where{more}</summary><div class="scroll"><table><thead><tr><th>trace</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div></details>"
    )


def _cards(report: MonitoringReport) -> str:
    stopped, judged = (sum(getattr(check, name) for check in report.checks) for name in ("invalid", "judged"))
    errors = sum(sum(check.errors.values()) for check in report.checks)
    opens = sum(check.fail_opens for check in report.checks)
    annotated = sum(check.agreement.annotations for check in report.checks if check.agreement)
    slowest = max(report.checks, key=lambda check: check.waiting.p95 or 0)
    facts = (
        ("traces checked", f"{report.traces:,}", f"by {counted(len(report.checks), 'check')}"),
        ("texts stopped", percent(stopped / judged if judged else None), f"{stopped:,} of {judged:,}"),
        ("slowest check, p95", f"{milliseconds(slowest.waiting.p95)} ms", slowest.name),
        ("checks failed", f"{errors:,}", f"{counted(opens, 'text')} went on unchecked"),
        ("annotations", f"{annotated:,}", "that speak of a check"),
    )
    cards = (
        f'<div class="card"><small>{escape(name)}</small><strong>{escape(value)}</strong><small>{escape(more)}</small>'
        "</div>"
        for name, value, more in facts
    )
    return f'<div class="cards">{"".join(cards)}</div>'


def _attention(report: MonitoringReport) -> Iterator[str]:
    yield "<h2>What needs attention first</h2>"
    urgent = attention(report)
    if not urgent:
        yield _say(f"{ALL_IS_WELL}.".capitalize())
        return
    items = (f'<li class="{each.urgency.name.lower()}">{escape(str(each))}</li>' for each in urgent)
    yield f'<ul class="do">{"".join(items)}</ul>'


def _overview(report: MonitoringReport) -> Iterator[str]:
    yield "<h2>Is each check worth the wait?</h2>"
    yield '<div class="grid">'
    yield _figure(charts.latencies(report.checks))
    yield _figure(charts.shares(report.checks))
    if report.actions:
        yield _figure(charts.actions(report))
    yield "</div>"
    head = ("check", "decisions", "stopped", "p50 ms", "p95 ms", "p99 ms", "of trace", "findings", "errors", "timeouts",
            "went on")  # fmt: skip
    rows = [
        (
            check.name,
            f"{check.decisions:,}",
            percent(check.block_rate),
            *(milliseconds(value) for value in (check.waiting.p50, check.waiting.p95, check.waiting.p99)),
            percent(check.waiting.share),
            f"{sum(check.entities.values()):,}",
            f"{sum(check.errors.values()):,}",
            f"{check.timeouts:,}",
            f"{check.fail_opens:,}",
        )
        for check in report.checks
    ]
    yield _table(head, rows, caption="All checks")


def _check(report: MonitoringReport, check: CheckHistory) -> Iterator[str]:
    yield f"<section><h2>{escape(check.name)}</h2>"
    each = advice(check)
    yield _say(each.says[:1].upper() + each.says[1:], warn=each.urgency <= Urgency.SOON)
    if failed := failures(check):
        yield _say(f"Failed checks: {failed}.", warn=True)
    yield '<div class="grid wide">'
    yield _figure(charts.risk(report, check), _buckets(check))
    yield _figure(charts.block_rate(report, check))
    if check.entities:
        yield _figure(charts.findings(check))
    yield "</div>"
    if check.agreement is None:
        yield '<p class="soft">No annotation speaks of this check.</p>'
    else:
        yield from _agreement(check, check.agreement)
    yield "</section>"


def _agreement(check: CheckHistory, found: Agreement) -> Iterator[str]:
    told = counted(found.annotations, "annotation")
    yield f"<h3>Against {told}, {found.yes:,} of which say yes</h3>"
    yield _say(best(found), warn=found.best is None)
    yield '<div class="grid">'
    yield _captioned(f"Flagged from a risk of {found.confusion.threshold:.2f}", _matrix(found.confusion))
    yield _captioned("How well it tells them apart", _quality(found))
    yield "</div>"
    if found.roc is None or found.precision_recall is None:
        yield '<p class="soft">All annotations say the same, so there is no curve to draw.</p>'
    else:
        yield '<div class="grid wide">'
        yield _figure(charts.roc(check, found, found.roc))
        yield _figure(charts.precision_recall(check, found, found.precision_recall))
        yield _figure(charts.calibration(check, found))
        yield _figure(charts.threshold(check, found, found.precision_recall))
        yield "</div>"
    if found.disagreements:
        yield _disagreements(found)


def _matrix(seen: Confusion) -> str:
    cells = (
        ("good", seen.hits, "hits"),
        ("bad", seen.false_alarms, "false alarms"),
        ("bad", seen.misses, "misses"),
        ("good", seen.passes, "passes"),
    )
    shown = [
        f'<td class="{level if count else ""}"><b>{count:,}</b>{escape(name)}</td>' for level, count, name in cells
    ]
    return (
        '<div class="scroll"><table class="matrix"><thead><tr><th></th><th>a person says yes</th><th>a person says no'
        f"</th></tr></thead><tbody><tr><th>flagged</th>{shown[0]}{shown[1]}</tr><tr><th>not flagged</th>{shown[2]}"
        f"{shown[3]}</tr></tbody></table></div>"
    )


def _quality(found: Agreement) -> str:
    seen, chosen = found.confusion, found.best
    head = ("", f"at {seen.threshold:.2f}", *((f"at {min(1.0, chosen.threshold):.2f} (best)",) if chosen else ()))
    columns = [seen, *((chosen.confusion,) if chosen else ())]
    rows = [
        ("precision", *(f"{decimal(each.precision)} ({ends(each.precision_interval)})" for each in columns)),
        ("recall", *(f"{decimal(each.recall)} ({ends(each.recall_interval)})" for each in columns)),
        ("F1", *(decimal(each.f1) for each in columns)),
    ]
    fit = found.calibration
    more = "" if fit is None else f'<p class="soft">Brier score {decimal(fit.brier)}.</p>'
    return _table(head, rows) + more


def _disagreements(found: Agreement) -> str:
    rows = []
    for item in found.disagreements:
        said = "yes" if item.label else "no"
        kind = "missed" if item.label else "false alarm"
        rows.append(
            f'<tr><td class="id">{_trace(item)}</td><td>{item.risk:.2f}</td><td class="words">{said}</td>'
            f'<td class="words">{kind}</td></tr>'
        )
    told = f"{counted(found.disagreed, 'text')} on which check and person disagree"
    more = f", the first {len(found.disagreements)}" if found.disagreed > len(found.disagreements) else ""
    head = '<th>trace</th><th>risk</th><th class="words">a person says</th><th class="words">so it is</th>'
    return (
        f'<details><summary>{told}{more}</summary><div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>'
        f"{''.join(rows)}</tbody></table></div></details>"
    )


def _trace(item: Disagreement | LeakedCall) -> str:
    shown = item.trace_id if len(item.trace_id) <= 40 else f"{item.trace_id[:39]}…"
    if item.url is None or not item.url.lower().startswith(("https://", "http://")):
        return escape(shown)
    return f'<a href="{escape(item.url)}" rel="noopener noreferrer" target="_blank">{escape(shown)}</a>'


def _buckets(check: CheckHistory) -> str:
    rows = [
        (moment(bucket.start), f"{bucket.count:,}", f"{bucket.mean:.3f}", f"{bucket.p95:.3f}", f"{bucket.invalid:,}")
        for bucket in check.risk
    ]
    head = ("from (UTC)", "decisions", "mean risk", "p95", "stopped")
    return f"<details><summary>As a table</summary>{_table(head, rows)}</details>"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]], *, caption: str = "") -> str:
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    label = f' aria-label="{escape(caption)}"' if caption else ""
    return f'<div class="scroll"><table{label}><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'


def _figure(drawing: Drawing, more: str = "") -> str:
    return _captioned(drawing.title, drawing.as_html() + more)


def _captioned(caption: str, content: str) -> str:
    return f"<figure><figcaption>{escape(caption)}</figcaption>{content}</figure>"


def _say(words: str, *, warn: bool = False) -> str:
    return f'<p class="say{" warn" if warn else ""}">{escape(words)}</p>'
