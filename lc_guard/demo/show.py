"""How the demo looks: what was said beside what the model saw, what came back, the checks, what Langfuse received.

A picture of the demo: the same output, drawn as SVG by rich, without its web fonts.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from rich import box
from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.terminal_theme import MONOKAI
from rich.text import Text

from lc_guard._display.colours import colour_of

if TYPE_CHECKING:
    from lc_guard.demo.chain import Call
    from lc_guard.demo.hidden import Hidden, Piece
    from lc_guard.demo.report import Report
    from lc_guard.demo.run import Performance


_GOOD, _BAD, _QUIET = "bold green", "bold red", "dim"
# A line at least this long that goes on in the next one was wrapped, and may be wrapped anew.
_WRAPPED = re.compile(r"(?<=[^\n]{60})\n(?=\S)")


def show_beginning(console: Console, performance: Performance, *, rows: int) -> None:
    """Say what runs, and show what was said beside what the model saw."""
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style=_QUIET)
    facts.add_column()
    model = Text(performance.model)
    if performance.stand_in:
        model.append(", a stand-in and no language model: it repeats the sentences whose words recur", style=_QUIET)
    tracing = performance.tracing
    facts.add_row("chain", "Anonymize(guard) | prompt | model | StrOutputParser() | Deanonymize(guard)")
    facts.add_row("model", model)
    facts.add_row(
        "Langfuse", "in memory: no keys are used, nothing is sent" if tracing.in_memory else Text(tracing.host)
    )
    facts.add_row("session", Text(performance.session_id))
    console.print(facts)
    _show_sides(
        console, performance.text, performance.call.witness.seen, performance.pieces, performance.kinds, rows=rows
    )


def _show_sides(
    console: Console, original: str, seen: str, pieces: Sequence[Piece], kinds: Mapping[str, str], *, rows: int
) -> None:
    left, right = _marked(original, pieces, kinds) if pieces else (Text(original), Text(seen))
    pairs = _paragraphs(left, right)
    table = Table(box=box.ROUNDED, expand=True, leading=1, border_style=_QUIET)
    table.add_column("What was said", ratio=1, overflow="fold")
    table.add_column("What the model saw", ratio=1, overflow="fold")
    for pair in pairs[: rows or None]:
        table.add_row(*pair)
    console.print(table)
    if rows and len(pairs) > rows:
        console.print(f"… and {len(pairs) - rows} more paragraphs (--rows 0 shows all)", style=_QUIET)


def show_stream(console: Console, performance: Performance) -> None:
    """Show what comes back while it comes; all at once where no terminal is watching."""
    call, kinds = performance.call, performance.kinds
    if not console.is_terminal:
        show_answer(console, performance)
        return
    with Live(console=console, refresh_per_second=20, vertical_overflow="visible") as live:
        for _ in call.follow():
            live.update(_answer(call, kinds))


def show_answer(console: Console, performance: Performance) -> None:
    """Show what came back, when all of it is there."""
    for _ in performance.call.follow():
        pass
    console.print(_answer(performance.call, performance.kinds))


def show_end(console: Console, report: Report) -> None:
    """Show the checks, what Langfuse received, and how much was hidden."""
    console.print(_checks(report))
    console.print(_langfuse(report))
    if report.hidden is not None:
        console.print(_hidden_line(report.hidden))


def _marked(original: str, pieces: Sequence[Piece], kinds: Mapping[str, str]) -> tuple[Text, Text]:
    flowing = _WRAPPED.sub(" ", original)  # as long as before: the offsets hold
    left, right = Text(), Text()
    for piece in pieces:
        said = flowing[piece.start : piece.end]
        style = "" if piece.placeholder is None else _style(kinds.get(original[piece.start : piece.end]))
        left.append(said, style=style)
        right.append(piece.placeholder or said, style=style)
    return left, right


def _paragraphs(left: Text, right: Text) -> list[tuple[Text, Text]]:
    sides = [[part for part in side.split("\n\n") if part.plain.strip()] for side in (left, right)]
    if len(sides[0]) != len(sides[1]):  # a value reached over a blank line
        return [(left, right)]
    for part in (*sides[0], *sides[1]):
        part.rstrip()
    return list(zip(*sides, strict=True))


def _style(kind: str | None) -> str:
    return "bold" if kind is None else f"bold {colour_of(kind).mid}"


def _answer(call: Call, kinds: Mapping[str, str]) -> Panel:
    text = Text(call.restored)
    for value in sorted(kinds, key=len):  # the longest last: its colour counts where one stands in another
        flowing = r"\s+".join(map(re.escape, value.split()))
        text.highlight_regex(rf"(?<!\w){flowing}(?!\w)", style=_style(kinds[value]))
    restored, unknown = call.witness.restored
    told = f"{len(call.pieces)} pieces, the first after {call.first_ms:.0f} ms; {restored} placeholders restored"
    return Panel(
        text,
        title="What came back, streamed",
        subtitle=f"{told}, {unknown} unknown",
        title_align="left",
        subtitle_align="right",
        border_style=_GOOD,
        box=box.ROUNDED,
        padding=(0, 1),
    )


def _checks(report: Report) -> Table:
    table = Table(
        title="The checks", title_justify="left", title_style="bold", box=box.ROUNDED, border_style=_QUIET, expand=True
    )
    for name in ("stage", "check"):
        table.add_column(name, no_wrap=True)
    table.add_column("entities", ratio=1, min_width=18, overflow="fold")
    for name in ("risk", "ms"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("action", no_wrap=True)
    table.add_column("detectors, ms", no_wrap=True)
    for check in report.call.witness.checks:
        decision = check.decision
        table.add_row(
            decision.stage,
            decision.check,
            _counts(decision.entities) or "none",
            f"{decision.risk_score:.2f}",
            f"{decision.latency_ms:.0f}",
            Text(decision.action, style=_GOOD if decision.valid else _BAD),
            "\n".join(f"{name.rpartition('.')[2]} {ms:.0f}" for name, ms in check.detectors_ms.items()),
        )
    return table


def _langfuse(report: Report) -> Panel:
    tracing, found = report.tracing, report.found
    rows = Table.grid(padding=(0, 2))
    rows.add_column(style=_QUIET, no_wrap=True)
    rows.add_column(ratio=1)
    rows.add_row("spans", f"{len(tracing.spans)}: " + ", ".join(span.name for span in tracing.spans))
    rows.add_row("scores", f"{len(tracing.scores)}: " + ", ".join(map(_score, tracing.scores)))
    looked = (
        f"{found.values} original values looked for in {found.strings:,} strings of {found.characters:,} characters"
    )
    rows.add_row("search", looked)
    rows.add_row("result", _result(report))
    if tracing.undelivered:
        rows.add_row(
            "delivery", Text(f"{tracing.undelivered} spans and scores were not taken by {tracing.host}", style=_BAD)
        )
    title = "What Langfuse would receive" if tracing.in_memory else f"What Langfuse received, at {tracing.host}"
    style = _BAD if report.status else _GOOD
    return Panel(Group(rows), title=title, title_align="left", border_style=style, box=box.ROUNDED, padding=(0, 1))


def _result(report: Report) -> Text:
    if not report.tracing.spans:
        return Text("no span was exported: is LANGFUSE_TRACING_ENABLED or the sample rate off?", style=_BAD)
    if report.leaks:
        return Text(f"{report.leaks} found: {_counts(report.found.hits)}", style=_BAD)
    return Text("0 found", style=_GOOD)


def _score(score: Mapping[str, object]) -> str:
    value = score["value"]
    return f"{score['name']} = {value:.2f}" if isinstance(value, float) else f"{score['name']} = {value}"


def _hidden_line(hidden: Hidden) -> Text:
    some, every = hidden.total
    line = Text.assemble(
        (f"hidden {some} of {every}", _GOOD if some == every else _BAD),
        " names, addresses and numbers of the transcript's own list ",
        f"({hidden.mentions[0]} of {hidden.mentions[1]} mentions)",
    )
    missed = {kind: all_ - found for kind, (found, all_) in hidden.values.items() if found < all_}
    if missed:
        line.append(f"; missed: {_counts(missed)}", style=_BAD)
    return line


def _counts(counts: Mapping[str, int]) -> str:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{count} {kind}" for kind, count in ordered)


_WEB_FONTS = re.compile(r"@font-face \{\{.*?\n    \}\}\n", re.DOTALL)
_FONTS = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"


def draw(show: Callable[[Console], None], *, title: str, width: int) -> str:
    """Draw what a function prints."""
    console = Console(
        record=True,
        width=width,
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
        highlight=False,
        markup=False,
    )
    show(console)
    form = _WEB_FONTS.sub("", CONSOLE_SVG_FORMAT).replace("Fira Code, monospace", _FONTS)
    return console.export_svg(title=title, theme=MONOKAI, code_format=form, unique_id="lc-guard")
