"""The rest of an identifier: what is left of it beside the placeholder of its other half says much of it.

``DE 136 695 976`` of which a model saw the last two groups is hidden whole.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence

from lc_guard.records import Entity

# Groups of digits with one sign between them, the inner ones of one length: DE 136 695 976, BE 0123.456.789,
# 65 929 970 489.
# Of the EU's VAT numbers (Directive 2006/112/EC, article 215), and of CH, GB, NO, XI.
_VAT = "AT|BE|BG|CY|CZ|DE|DK|EE|EL|ES|FI|FR|HR|HU|IE|IT|LT|LU|LV|MT|NL|PL|PT|RO|SE|SI|SK|CH|GB|NO|XI"
_GROUPED = re.compile(
    rf"(?<![\w.,/-])(?:(?:{_VAT})[ \u00a0-]?)?\d{{1,5}}(?P<sign>[ \u00a0.-])"
    r"(?:(?P<two>\d{2})|(?P<three>\d{3})|(?P<four>\d{4}))"
    r"(?:(?P=sign)(?:(?(two)\d{2})(?(three)\d{3})(?(four)\d{4}))){0,8}(?P=sign)\d{1,5}[A-Z]?(?![\w]|[.,/-]\d)"
)
_NO_NUMBERS = frozenset({"PERSON", "ORGANIZATION", "NRP", "URL", "EMAIL_ADDRESS", "LOCATION"})


def identifiers(text: str, entities: Sequence[Entity]) -> list[Entity]:
    """Let a part of a grouped number grow to all of its groups, as far as nothing else stands there.

    Args:
        text: The text.
        entities: What was found in it, ordered by offset, without overlaps.

    Returns:
        The same, in order, without overlaps.
    """
    grown = list(entities)
    starts = [entity.start for entity in grown]
    for match in _GROUPED.finditer(text):
        first = bisect_left(starts, match.end())
        inside = [at for at in range(max(0, first - 8), first) if grown[at].end > match.start()]
        # Without the sign of a country a number that a model takes for a date may be one of a row of numbers.
        others = _NO_NUMBERS if match[0][0].isalpha() else _NO_NUMBERS | {"DATE_TIME"}
        parts = [at for at in inside if grown[at].kind not in others and _has_digit(text, grown[at])]
        if not parts:
            continue
        for at in parts:
            before = grown[at - 1].end if at else 0
            after = grown[at + 1].start if at + 1 < len(grown) else len(text)
            entity = grown[at]
            start = max(before, min(entity.start, match.start()))
            end = min(after, max(entity.end, match.end()))
            grown[at] = Entity(entity.kind, *_without_blanks(text, start, end), entity.score)
            starts[at] = grown[at].start
    return grown


def _has_digit(text: str, entity: Entity) -> bool:
    return any(map(str.isdigit, text[entity.start : entity.end]))


def _without_blanks(text: str, start: int, end: int) -> tuple[int, int]:
    while text[start] in " \u00a0.-":
        start += 1
    while text[end - 1] in " \u00a0.-":
        end -= 1
    return start, end
