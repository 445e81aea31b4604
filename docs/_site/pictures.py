"""Draws the pictures of README and site: ``python -m docs._site.pictures``.

`before-after.svg` is a real run of ``lc-guard demo``; `data-flow.svg` shows what leaves the process. Letters are as
wide as each other, so that lines can be broken without measuring a font; both follow the reader's light or dark scheme.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache, partial
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

from lc_guard import Guard
from lc_guard._display.colours import COLOURS, colour_of
from lc_guard.demo.run import Performance

FOLDER = Path(__file__).parents[1] / "pictures"
_LETTER, _LINE, _PAD, _GAP, _WIDTH = 7.23, 19, 16, 12, 880  # pixels, at 12 pixels a letter
_SAID = "Yes. Somebody opened a store account"  # where the shown passage of the transcript begins
_STYLE = """<style>
text{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#24292f;white-space:pre}
.title{font:600 13px system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}.quiet{fill:#57606a}
.card{fill:#fff;stroke:#d0d7de}.inside{fill:#f2fbf9;stroke:#009485}.line{stroke:#57606a;fill:none}.head{fill:#57606a}
.value{fill:#953800;font-weight:700}.placeholder{fill:#006f66;font-weight:700}
KINDS_LIGHT
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.quiet{fill:#9aa4af}.card{fill:#161b22;stroke:#3d444d}
.inside{fill:#0f2a27;stroke:#2fb3a3}.line{stroke:#9aa4af}.head{fill:#9aa4af}.value{fill:#ffb86b}.placeholder{fill:#5fd7c7}
KINDS_DARK}
</style>"""


Styled = list[tuple[str, str]]


class Word(NamedTuple):
    """A word, what it is, and whether a blank stands before it."""

    text: str
    style: str = ""
    apart: bool = True


def words(parts: Iterable[tuple[str, str]]) -> list[Word]:
    """Split styled stretches of a text into words."""
    found, apart = [], False
    for text, style in parts:
        for piece in re.findall(r"\s+|\S+", text):
            if piece.isspace():
                apart = True
            else:
                found.append(Word(piece, style, apart))
                apart = False
    return found


def lines(text: Sequence[Word], columns: float) -> list[list[Word]]:
    """Break words into lines of so many letters at most."""
    rows: list[list[Word]] = [[]]
    for word in text:
        length = sum(len(each.text) + each.apart for each in rows[-1])
        if rows[-1] and word.apart and length + 1 + len(word.text) > columns:
            rows.append([])
        rows[-1].append(word if rows[-1] else word._replace(apart=False))
    return rows


def card(
    title: str, rows: Sequence[Sequence[Word]], *, x: int, y: int, width: int, kind: str = "card"
) -> tuple[str, int]:
    """Draw a titled box of lines; return it and its height."""
    height = _PAD * 2 + 14 + _LINE * len(rows)
    drawn = [
        f'<rect class="{kind}" x="{x + 0.5}" y="{y + 0.5}" width="{width - 1}" height="{height}" rx="8"/>',
        f'<text class="title" x="{x + _PAD}" y="{y + 25}">{escape(title)}</text>',
    ]
    for number, row in enumerate(rows):
        spans = "".join(
            f'<tspan class="{word.style}">{" " * word.apart}{escape(word.text)}</tspan>' if word.style
            else " " * word.apart + escape(word.text)
            for word in row
        )  # fmt: skip
        drawn.append(f'<text x="{x + _PAD}" y="{y + 48 + number * _LINE}">{spans}</text>')
    return "".join(drawn), height


def svg(body: str, height: int, about: str, *, width: int = _WIDTH) -> str:
    """Return a whole picture."""
    size = f'viewBox="0 0 {width} {height}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{escape(about)}">'
    light = "".join(f".{each.name}{{fill:{each.on_light};font-weight:700}}" for each in COLOURS)
    dark = "".join(f".{each.name}{{fill:{each.on_dark}}}" for each in COLOURS)
    style = _STYLE.replace("KINDS_LIGHT", light).replace("KINDS_DARK", dark)
    return f"{head}\n{style}\n{body.replace('</text>', '</text>' + chr(10))}</svg>\n"


def before_after(*, narrow: bool = False) -> str:
    """Draw a passage of the demo's transcript as it was said and as the model saw it, and what came back of it."""
    said, saw, came, note = passage()
    width = 420 if narrow else _WIDTH
    half = width if narrow else (_WIDTH - _GAP) // 2
    whole, columns = ((each - 2 * _PAD) // _LETTER for each in (width, half))
    before, after = lines(words(said), columns), lines(words(saw), columns)
    if not narrow:
        before += [[]] * (len(after) - len(before))  # placeholders are the longer ones
    back = [*lines(words(came), whole), *lines([*words([(note, "quiet")])], whole)]
    first, tall = card("What was said", before, x=0, y=0, width=half)
    at = (0, tall + _GAP) if narrow else (half + _GAP, 0)
    second, also = card("What the model saw", after, x=at[0], y=at[1], width=half, kind="inside")
    below = at[1] + also + _GAP
    third, low = card("What came back, streamed", back, x=0, y=below, width=width)
    about = "A court transcript as it was said, as the model saw it, and what came back"
    return svg(first + second + third, below + low + 1, about, width=width)


@cache
def passage() -> tuple[Styled, Styled, Styled, str]:
    """Run the demo; return a passage as it was said, as the model saw it, what came back, and a line about it all."""
    run = Performance(Guard(), text=None, session_id="case-17", model=None, offline=True, pause=0.0)
    run.begin()
    report = run.finish()
    start = run.text.index(_SAID)
    end = run.text.index("\n\n", start)
    said, saw = [], []
    for piece in run.pieces:
        text = run.text[max(piece.start, start) : min(piece.end, end)]
        if text:
            style = colour_of(run.kinds[text]).name if piece.placeholder else ""
            said.append((text, style))
            saw.append((piece.placeholder or text, style))
    answer = [line for line in run.call.restored.split("\n") if "delivery address" in line or "emergency order" in line]
    kinds = {" ".join(value.split()): kind for value, kind in run.kinds.items()}
    values = "|".join(map(re.escape, sorted(kinds, key=len, reverse=True)))
    split = re.split(f"({values})", " ".join(answer))
    some, every = report.hidden.total if report.hidden else (0, 0)
    note = f"lc-guard demo: {some} of {every} names and numbers hidden; {report.leaks} of them in what Langfuse gets"
    came = [(part, colour_of(kinds[part]).name if number % 2 else "") for number, part in enumerate(split)]
    return said, saw, came, note


def data_flow() -> str:
    """Draw what leaves the process, and in which form."""

    def box(title: str, *text: str, x: int, y: int, width: int) -> str:
        style = "placeholder" if "placeholder" in text[0] else "value" if "value" in text[0] else "quiet"
        return card(title, [[Word(line, style, apart=False)] for line in text], x=x, y=y, width=width)[0]

    parts = [
        '<defs><marker id="to" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" '
        'orient="auto-start-reverse">'
        '<path class="head" d="M0 0 8 4 0 8z"/></marker></defs>',
        '<rect class="inside" x="0.5" y="0.5" width="560" height="379" rx="10"/>',
        '<text class="title" x="16" y="25">Your process</text>',
        box("Your users", "real values", x=16, y=40, width=190),
        box("Your tools", "real values", x=16, y=135, width=190),
        box("Your documents", "real values", x=16, y=230, width=190),
        box("lc-guard", "detects, hides, judges,", "restores, remembers", x=330, y=125, width=215),
        box("Model provider", "placeholders", x=650, y=0, width=229),
        box("Hosted scanners", "placeholders", x=650, y=95, width=229),
        box("Langfuse, LangSmith", "placeholders, scores", x=650, y=190, width=229),
        box("Embeddings, vector store", "placeholders", x=650, y=285, width=229),
        box("Vault: yours", "values, encrypted", x=16, y=400, width=256),
        box("Checkpoints: yours", "placeholders, if anonymized", x=304, y=400, width=256),
    ]
    both = 'class="line" marker-start="url(#to)" marker-end="url(#to)"'
    parts += [f'<path {both} d="M208 {y} 328 167"/>' for y in (72, 167, 262)]
    parts += [f'<path class="line" marker-end="url(#to)" d="M546 167 648 {y}"/>' for y in (32, 127, 222, 317)]
    parts += [f'<path {both} d="M{end} 214 {x} 398"/>' for x, end in ((144, 400), (432, 420))]
    return svg(
        "".join(parts), 466, "What leaves the process: placeholders; real values stay with users, tools and the vault"
    )


PICTURES = {
    "before-after.svg": before_after,
    "before-after-narrow.svg": partial(before_after, narrow=True),
    "data-flow.svg": data_flow,
}

if __name__ == "__main__":
    for name, draw in PICTURES.items():
        (FOLDER / name).write_text(draw(), encoding="utf-8")
