"""A red team's own list, class 2: texts of two parts, one of which sends a search on and the other one ends it."""

from __future__ import annotations

import random
from typing import Any

import pytest
from langchain_core.language_models import FakeListChatModel

from lc_guard import Guard, protect
from lc_guard.detectors import PatternDetector
from lc_guard.observability.span_mask import SpanMask
from lc_guard.scanners import builtin_scanners
from tests.properties.test_linear_time import QUADRATIC_AT, UNITS, Words, growth

SIZE = 4_000
FAMILIES = 8
ENDS = ["\x00", "]", "@example.org", "\n\n", '"}', "=", "é", "[REDACTED_PERSON_1]", "-----END", "/>"]


def restored(text: str) -> None:
    session = Guard(Words()).session("s")
    session.anonymize("Jane Pond")
    session.deanonymize(text)


def hidden(text: str) -> None:
    Guard(PatternDetector()).session("s").anonymize(text)


def protected(text: str) -> None:
    guard = Guard(Words(), prompt_scanners=builtin_scanners(), output_scanners=builtin_scanners())
    protect(FakeListChatModel(responses=[text]), guard, on_blocked="no").invoke(text)


def masked(text: str) -> None:
    guard = Guard(Words())
    guard.session("s").anonymize("Jane Pond")
    attributes = {"langfuse.trace.metadata.session_id": "s", "a": text, "b": f'{{"a": "{text}"}}', text[:200]: "x"}
    mask = SpanMask(guard)
    mask.learn("1", attributes)
    mask.mask("1", "work", attributes)


def family(draw: random.Random) -> Any:
    """Return a text of two units in turns, or one after the other, that ends in something else."""
    one, other, end = draw.choice(UNITS), draw.choice(UNITS), draw.choice(ENDS)
    if draw.random() < 0.5:
        return lambda size: (one + other) * (size // len(one + other)) + end
    return lambda size: one * (size // (2 * len(one))) + other * (size // (2 * len(other))) + end


@pytest.mark.parametrize("entry", [restored, hidden, protected, masked], ids=lambda entry: entry.__name__)
def test_families_of_two_parts_take_linear_time(entry: Any) -> None:
    draw = random.Random(f"{entry.__name__} 2026")
    entry("Jane Doe, up@example.org")  # what is loaded at the first text
    for number in range(FAMILIES):
        make = family(draw)
        # `growth` repeats a unit of one character: its length is the size of the text
        assert growth(lambda text, make=make: entry(make(len(text))), "x", SIZE) < QUADRATIC_AT, number
