"""What the property tests are made of: hostile texts, spans in them, placeholders in every state of decay."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from lc_guard._placeholders.grammar import STYLES
from lc_guard.records import Entity

STYLE_NAMES = (*STYLES, "fake")
KINDS = ("PERSON", "US_SSN", "US_SSN_RE", "K2", "EMAIL_ADDRESS", "PERSON_NAME")

NAMES = ("Jane", "Jane Doe", "JANE DOE", "Doe", "O'Brien", "Zoë", "王小明", "محمد", "שרה", "1", "12", "e\u0301")
ODD = (
    "\ud800",
    "\udfff",
    "\x00",
    "\u202e",
    "\u0301",
    "\u200d",
    "\u00a0",
    "🦓",
    "ﬁ",
    "ß",
    "İ",
    "ı",
    "١",
    "\\",
    "\\\\",
    "\\[",
    "\\]",
    "\\_",
    "[",
    "]",
    "<",
    ">",
    "_",
    "'s",
    "’s",
    "-",
    " ",
    "  ",
    "\n",
    "\r\n",
    ".",
    ",",
    r"\1",
    r"\g<0>",
    "$&",
    "%s",
    "{0}",
)
_SEPARATORS = ("_", "_", "_", " ", "-", r"\_", r"\\_", " _", "_ ", "\u00a0", r" \_ ", "__")


@st.composite
def mangled(draw: st.DrawFn) -> str:
    """A placeholder of any style as a careless model or a hostile user writes it; not always readable."""
    kind = draw(st.sampled_from((*KINDS, "LITERAL", "XYZ")))
    index = draw(st.sampled_from(("1", "2", "3", "10", "01", "99", "1", "2", "1234567890")))
    opening, closing, word = draw(
        st.sampled_from((("[", "]", "REDACTED"), ("[", "]", "REDACTED"), ("<", ">", ""), ("[", "]", "")))
    )
    parts = [*([word] if word else []), *kind.split("_"), index]
    if draw(st.booleans()):
        separators = ["_"] * (len(parts) - 1)
    else:
        separators = draw(st.lists(st.sampled_from(_SEPARATORS), min_size=len(parts) - 1, max_size=len(parts) - 1))
    body = parts[0] + "".join(separator + part for separator, part in zip(separators, parts[1:], strict=True))
    body = draw(st.sampled_from((str, str, str.lower, str.title)))(body)
    left = draw(st.sampled_from((opening, opening, opening, "", "\\" + opening, "\\\\" + opening, opening + " ")))
    right = draw(st.sampled_from((closing, closing, closing, "", "\\" + closing, "\\\\" + closing, " " + closing)))
    possessive = draw(st.sampled_from(("", "", "", "'s", "’s")))
    token = left + body + possessive + right
    return token[: draw(st.integers(1, len(token)))] if draw(st.integers(0, 4)) == 0 else token


fragments = st.one_of(
    st.sampled_from(NAMES),
    st.sampled_from(ODD),
    mangled(),
    mangled(),
    st.sampled_from(("REDACTED", "redacted", "PERSON", "person", "_1", "1", "0", "A", "x", "Literal", "the", "Maria")),
    st.text(st.characters(codec=None), max_size=4),
)


def texts(max_size: int = 8) -> st.SearchStrategy[str]:
    """Any text, rich in what breaks the token grammar."""
    return st.one_of(st.lists(fragments, max_size=max_size).map("".join), st.text(st.characters(codec=None)))


@st.composite
def spans_in(draw: st.DrawFn, text: str) -> list[Entity]:
    """Spans anywhere in a text: overlapping, adjacent, inside words, over blanks."""
    if not text:
        return []
    offsets = st.integers(0, len(text))
    spans = draw(st.lists(st.tuples(st.sampled_from(KINDS), offsets, offsets, st.floats(0, 1)), max_size=5))
    return [Entity(kind, min(a, b), max(a, b), score) for kind, a, b, score in spans]


@st.composite
def scanned_texts(draw: st.DrawFn, max_size: int = 8) -> tuple[str, list[Entity]]:
    """A text with spans in it."""
    text = draw(texts(max_size))
    return text, draw(spans_in(text))


class Scripted:
    """A detector that says of each text what it was told to."""

    name = "scripted"

    def __init__(self, script: Sequence[tuple[str, Sequence[Entity]]]) -> None:
        self.script = dict(script)

    def detect(self, text: str) -> Sequence[Entity]:
        return self.script.get(text, ())


sizes = st.lists(st.integers(0, 9), max_size=8)
"""How to cut a text: the lengths of the first pieces; the last length goes on, 0 for the rest in one piece."""


def pieces(text: str, lengths: Sequence[int]) -> list[str]:
    """Cut a text; the text itself may differ from run to run."""
    cut: list[str] = []
    for length in lengths:
        cut.append(text[:length])
        text = text[length:]
    step = (lengths[-1] if lengths else 0) or max(1, len(text))
    return cut + [text[at : at + step] for at in range(0, len(text), step)]
