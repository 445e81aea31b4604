"""What a model's input hides: which characters of the original stand behind placeholders in it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files

_TRANSCRIPT, _GOLD = "transcript.txt", "gold.json"


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the original and the placeholder that the model saw in its place; None if it was left as it is."""

    start: int
    end: int
    placeholder: str | None


@dataclass(frozen=True, slots=True)
class Hidden:
    """How much of the known data was hidden: (hidden, all) of different values by kind, and of their mentions."""

    values: Mapping[str, tuple[int, int]]
    mentions: tuple[int, int]

    @property
    def total(self) -> tuple[int, int]:
        """Number of different values: hidden in all places, all."""
        return sum(hidden for hidden, _ in self.values.values()), sum(every for _, every in self.values.values())


def transcript() -> str:
    """Return the demo's fictional court transcript."""
    return files(__package__).joinpath(_TRANSCRIPT).read_text(encoding="utf-8")


def gold() -> dict[str, list[str]]:
    """Return the personal data that really stands in the transcript, by kind, as written there."""
    values: dict[str, list[str]] = json.loads(files(__package__).joinpath(_GOLD).read_text(encoding="utf-8"))
    return values


def align(original: str, seen: str, placeholders: Mapping[str, str]) -> list[Piece]:
    """Return which part of the original each part of the model's input is; nothing if the two don't fit together."""
    pieces: list[Piece] = []
    at = 0
    for text in _split(seen, placeholders):
        value = placeholders.get(text)
        length = len(text if value is None else value)
        if original[at : at + length] != (text if value is None else value):
            return []
        if length:
            pieces.append(Piece(at, at + length, None if value is None else text))
        at += length
    return pieces if at == len(original) else []


def count_hidden(original: str, pieces: Sequence[Piece], known: Mapping[str, Sequence[str]]) -> Hidden:
    """Count how many known values are hidden; one counts only if no letter or digit of it is left in any place."""
    covered = bytearray(len(original))
    for piece in pieces:
        if piece.placeholder is not None:
            covered[piece.start : piece.end] = b"\1" * (piece.end - piece.start)
    kind_of = {value: kind for kind, values in known.items() for value in values}
    places = {value: [0, 0] for value in kind_of}
    for match in _whole_words(kind_of).finditer(original):
        hidden = all(covered[i] for i in range(*match.span()) if original[i].isalnum())
        places[match.group()][0] += hidden
        places[match.group()][1] += 1
    values: dict[str, tuple[int, int]] = {}
    for value, kind in kind_of.items():
        hidden_values, every = values.get(kind, (0, 0))
        whole = places[value][0] == places[value][1] > 0
        values[kind] = hidden_values + whole, every + 1
    found = places.values()
    return Hidden(values, (sum(hidden for hidden, _ in found), sum(every for _, every in found)))


def _split(seen: str, placeholders: Mapping[str, str]) -> list[str]:
    if not placeholders:
        return [seen]
    return re.split(f"({'|'.join(map(re.escape, sorted(placeholders, key=len, reverse=True)))})", seen)


def _whole_words(values: Mapping[str, str]) -> re.Pattern[str]:
    # The longest first: in "Patrick O'Brien" there is no further mention of O'Brien.
    longest_first = sorted(values, key=len, reverse=True)
    return re.compile("|".join(rf"(?<!\w){re.escape(value)}(?!\w)" for value in longest_first) or r"(?!)")
