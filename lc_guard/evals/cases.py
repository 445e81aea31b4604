"""Labelled cases: texts in which a person has marked what must not leak, one JSON object a line.

```
{"id": "note-7", "text": "Call Jane Doe.", "ents": [{"start": 5, "end": 13, "label": "PERSON"}]}
```

Offsets count Unicode characters, as Python does, the end excluded. An entity may have an ``identifier_type``, in the
sense of the Text Anonymization Benchmark (Pilán et al. 2022, https://doi.org/10.1162/coli_a_00458): ``DIRECT`` (names a
person by itself), ``QUASI`` (does so together with others), ``NO_MASK`` (an entity that need not be hidden). Further
keys are ignored.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

logger = logging.getLogger("lc_guard")

IdentifierType = Literal["DIRECT", "QUASI", "NO_MASK"]
"""How a mention identifies a person, the most telling first."""

IDENTIFIER_TYPES: tuple[IdentifierType, ...] = get_args(IdentifierType)

_LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class Mention:
    """A stretch of a text that a person has marked, without the text.

    Attributes:
        start: Offset of the first character, 0 or more.
        end: Offset after the last character, above `start`.
        label: The label it was given, such as ``"PER"``; `evaluate` maps it to a kind.
        identifier_type: How it identifies a person, or None where that was not marked.
    """

    start: int
    end: int
    label: str
    identifier_type: IdentifierType | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """A labelled text.

    Attributes:
        id: Names the case in a report; should hold nothing personal.
        text: The text; left out of the repr.
        mentions: What is marked in it.
    """

    id: str
    text: str = field(repr=False)
    mentions: tuple[Mention, ...] = ()


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that holds no case.

    Attributes:
        number: Of the line, from 1.
        reason: What is wrong with it; holds nothing of the line.
    """

    number: int
    reason: str

    def __str__(self) -> str:
        return f"line {self.number}: {self.reason}"


def read_cases(
    source: str | Path | Iterable[str | bytes], *, on_bad: Callable[[BadLine], object] | None = None
) -> Iterator[Case]:
    """Read labelled cases one by one; a bad line is told and passed over.

    Args:
        source: Path of a JSONL file in UTF-8, or its lines. Blank lines are passed over.
        on_bad: Called with each bad line; None logs a warning.

    Yields:
        The cases in the file's order; a case without an id is named after its line, as in ``"line 7"``.

    Raises:
        OSError: The file can't be read.
    """
    told = _log if on_bad is None else on_bad
    opened = Path(source).open("rb") if isinstance(source, str | Path) else nullcontext(source)  # noqa: SIM115 - closed by the with
    with opened as lines:
        for number, line in enumerate(lines, 1):
            try:
                case = _case(line, number)
            except _Unusable as unusable:
                told(BadLine(number, str(unusable)))
            else:
                if case is not None:
                    yield case


class _Unusable(Exception):
    """A line holds no case; the message is value-free."""


def _log(bad: BadLine) -> None:
    logger.warning("labelled cases: %s", bad)


def _case(line: str | bytes, number: int) -> Case | None:
    if isinstance(line, bytes):
        try:
            line = line.decode()
        except UnicodeDecodeError:
            raise _Unusable("not UTF-8") from None
    line = line.removeprefix("\ufeff")
    if not line.strip():
        return None
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        # the parser's own message quotes nothing, but its exception holds the whole line
        raise _Unusable("not JSON") from None
    if not isinstance(value, dict):
        raise _Unusable("not a JSON object")
    text, ents, name = value.get("text"), value.get("ents", []), value.get("id")
    if not isinstance(text, str):
        raise _Unusable("'text' is missing or no string")
    if not isinstance(ents, list):
        raise _Unusable("'ents' is no list")
    if name is not None and (isinstance(name, bool) or not isinstance(name, str | int)):
        raise _Unusable("'id' is no string")
    mentions = tuple(_mention(ent, place, len(text)) for place, ent in enumerate(ents, 1))
    return Case(_shown(str(name)) if name not in (None, "") else f"line {number}", text, mentions)


def _mention(ent: Any, place: int, length: int) -> Mention:
    if not isinstance(ent, dict):
        raise _Unusable(f"entity {place} is no object")
    start, end, label = ent.get("start"), ent.get("end"), ent.get("label")
    if type(start) is not int or type(end) is not int:
        raise _Unusable(f"entity {place}: 'start' and 'end' must be whole numbers")
    if not 0 <= start < end <= length:
        raise _Unusable(f"entity {place}: its offsets are empty or outside the text of {length} characters")
    if not isinstance(label, str) or not label.strip():
        raise _Unusable(f"entity {place}: 'label' is missing or no string")
    identifier_type = ent.get("identifier_type")
    if identifier_type is not None and identifier_type not in IDENTIFIER_TYPES:
        raise _Unusable(f"entity {place}: 'identifier_type' must be one of {', '.join(IDENTIFIER_TYPES)}")
    return Mention(start, end, _shown(label.strip()), identifier_type)


def _shown(name: str) -> str:
    """Make a name from a file safe to show: no control characters on a terminal, no lone surrogates in a page."""
    return "".join(char if char.isprintable() else "\ufffd" for char in name[:_LONGEST_NAME])
