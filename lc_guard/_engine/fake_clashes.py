"""Where a text and the fakes that were put into it read as other fakes by accident."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from lc_guard._placeholders.grammar import LITERAL
from lc_guard._placeholders.restorer import FakeRestoring
from lc_guard._text.words import cuts_run
from lc_guard.records import Entity

Place = tuple[int, int, int, int]
"""Where something was put: start, end, start before, end before."""


def clashes(
    text: str, places: Sequence[Place], fakes: FakeRestoring, live: Collection[tuple[int, int]]
) -> list[Entity]:
    """Return the stretches of the original text that keep the fakes put into it, at places, from being read back.

    Text and fakes may together read as part of a fake that was not put there, and a fake that touches a letter or
    digit is no whole word. Where fakes stood in the text before, in `live`, they are to be read back as well.
    """
    if not places:
        return []
    meant = {(start, end) for start, end, _, _ in places}
    read = set(fakes.find(text))
    stretches = [*(read - meant)]
    for start, end in meant - read:
        left, right = cuts_run(text, start), cuts_run(text, end)
        if left or right:
            stretches.append((start - left, end + right))
    before = [(_before(places, start), _before(places, end - 1) + 1) for start, end in stretches]
    return [Entity(LITERAL, start, end, 0.0) for start, end in before if (start, end) not in live]


def _before(places: Sequence[Place], offset: int) -> int:
    """Return the offset in the original text of an offset in this one."""
    shift = 0
    for start, end, start_before, end_before in places:
        if offset < start:
            break
        if offset < end:
            return min(start_before + offset - start, end_before - 1)
        shift = end_before - end
    return offset + shift
