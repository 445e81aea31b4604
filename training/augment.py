"""More of what there is: our sentences filled with names, names changed in real texts, other cases and line breaks."""

from __future__ import annotations

import random
import re
from functools import cache
from pathlib import Path

from training.corpora import Labelled, Span, contracted, replaced
from training.names import LOCALES, Chooser
from training.ordinary import ordinary

SENTENCES = Path(__file__).parent / "sentences"
_SLOT = re.compile(r"\{(?P<kind>[PGSLOAC])(?P<gender>[mf]?)(?:\.(?P<case>\w+))?\}")
_CHOICE = re.compile(r"<([^<>]*\|[^<>]*)>")
_LABEL = {
    "P": "PERSON",
    "G": "PERSON",
    "S": "PERSON",
    "L": "LOCATION",
    "C": "LOCATION",
    "A": "LOCATION",
    "O": "ORGANIZATION",
}
_GENDER = {"m": "male", "f": "female"}


@cache
def sentences(lang: str) -> tuple[list[str], list[str]]:
    """Return the sentences of a language: with slots for names, and without any name."""
    text = (SENTENCES / f"{lang}.txt").read_text(encoding="utf-8")
    named, _, plain = text.partition("# without a name\n")
    lines = [[line.replace("\\n", "\n") for line in block.splitlines() if line.strip()] for block in (named, plain)]
    return lines[0], lines[1]


def filled(lang: str, sentence: str, chance: random.Random) -> Labelled:
    """Put names into the slots of a sentence.

    Args:
        lang: Its language.
        sentence: With slots such as ``{P}`` (person), ``{Sf.gen}`` (a woman's surname in the genitive), and choices
            such as ``<yesterday|today>``.
        chance: Source of chance.
    """
    choose = Chooser(lang, chance)
    sentence = _CHOICE.sub(lambda choice: chance.choice(choice[1].split("|")), sentence)
    out: list[str] = []
    spans: list[Span] = []
    at = length = 0
    for slot in _SLOT.finditer(sentence):
        before = sentence[at : slot.start()]
        words = _words(slot, choose)
        if words[0].islower() and before[-1:] in ("", "\n"):
            words = words[0].upper() + words[1:]
        start = length + len(before)
        out += [before, words]
        length = start + len(words)
        spans.append(Span(start, length, _LABEL[slot["kind"]]))
        at = slot.end()
    return Labelled(lang, "sentences", "".join([*out, sentence[at:]]), tuple(spans))


def _words(slot: re.Match[str], choose: Chooser) -> str:
    gender = _GENDER.get(slot["gender"]) or choose.chance.choice(("male", "female"))
    case = slot["case"] or "nom"
    kind = slot["kind"]
    if kind in "PGS":
        return {"P": choose.person, "G": choose.given, "S": choose.surname}[kind](gender, case)
    if kind in "LC":
        return {"L": choose.place, "C": choose.country}[kind](case)
    return choose.chance.choice({"O": choose.own.firms, "A": choose.own.addresses}[kind])


def made_up(lang: str, number: int, chance: random.Random) -> list[Labelled]:
    """Make texts of our sentences: one to four of them, in a line or under each other.

    Args:
        lang: Their language.
        number: How many.
        chance: Source of chance.
    """
    named, plain = sentences(lang)
    others = ordinary(lang) or plain
    made = []
    for _ in range(number):
        chosen = [
            chance.choice(chance.choices((named, plain, others), (0.66, 0.2, 0.14))[0])
            for _ in range(chance.choice((1, 1, 2, 3, 4)))
        ]
        parts = [filled(lang, sentence, chance) for sentence in chosen]
        made.append(joined(parts, chance.choice((" ", " ", "\n"))))
    return made


def joined(parts: list[Labelled], gap: str) -> Labelled:
    """Join texts of one language."""
    text, spans = "", []
    for part in parts:
        by = len(text) + (len(gap) if text else 0)
        text += (gap if text else "") + part.text
        spans += [Span(s.start + by, s.end + by, s.label) for s in part.spans]
    return Labelled(parts[0].lang, parts[0].source, text, tuple(spans))


def augmented(row: Labelled, chance: random.Random) -> Labelled:
    """Return a text as it could stand elsewhere: other names, other case, other line breaks.

    Args:
        row: A text of a corpus, or made up.
        chance: Source of chance.
    """
    if row.lang == "pt" and chance.random() < 0.6:
        row = contracted(row)
    if row.source != "sentences" and chance.random() < 0.55:
        row = renamed(row, chance)
    if row.source.endswith("europeana") and chance.random() < 0.3:
        row = _same_length(row, row.text.replace("ſ", "s").replace("- ", "  "))
    drawn = chance.random()
    if drawn < (0.08 if row.source == "sentences" else 0.05):
        row = _same_length(row, row.text.lower())
    elif drawn < 0.07:
        row = _same_length(row, row.text.upper())
    if chance.random() < 0.5:
        # The detector shows a model most line breaks as blanks.
        row = _same_length(row, row.text.replace("\n", " "))
    elif chance.random() < 0.1:
        row = _same_length(row, re.sub(" ", lambda _: "\n" if chance.random() < 0.08 else " ", row.text))
    return row


def _same_length(row: Labelled, text: str) -> Labelled:
    if len(text) != len(row.text):
        return row
    return Labelled(row.lang, row.source, text, row.spans, row.others)


def renamed(row: Labelled, chance: random.Random) -> Labelled:
    """Change part of the persons and towns of a text for others of the same language and length in words."""
    if row.lang not in LOCALES:
        return row
    choose = Chooser(row.lang, chance)
    changes = []
    for span in row.spans:
        words = row.text[span.start : span.end].split()
        if span.label == "PERSON" and chance.random() < 0.7:
            gender = chance.choice(("male", "female"))
            if len(words) > 1:
                new = choose.person(gender)
            else:
                new = choose.surname(gender) if chance.random() < 0.7 else choose.given(gender)
        elif span.label == "LOCATION" and len(words) == 1 and words[0][0].isupper() and chance.random() < 0.25:
            new = choose.place()
        else:
            continue
        changes.append((span.start, span.end, new))
    return replaced(row, changes)
