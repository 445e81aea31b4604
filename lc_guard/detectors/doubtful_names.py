"""Names of which a model is in doubt: believed where people write to each other, and so of each other."""

from __future__ import annotations

import re

from lc_guard.detectors.guess import Guess
from lc_guard.detectors.name_lists import small_names
from lc_guard.detectors.surroundings import is_chat, is_code, is_log
from lc_guard.records import Entity

_NEAR, _MOST_WORDS = 200, 3
# Who writes and who is written to; a greeting, a line of a mail's header, whose turn it is to speak.
_BETWEEN_PEOPLE = re.compile(
    r"(?<![\w.])(?:I(?!\.)|[Mm]y|[Mm]e|[Ww]e|us|[Yy]ou|[Yy]our)(?![\w.])"
    r"|^(?:Dear|Hi|Hey|Hello|To|From|[Cc]c|Subject|Sent|Attendees)\b"
    r"|^[^\W\d_][\w.' ]{0,24}:[ \t]",
    re.MULTILINE,
)


def is_believed(text: str, entity: Entity) -> bool:
    """Return whether a person whom a model hardly sees stands where people write of each other.

    In small letters it must be a chat, and a given name or a word that no dictionary has.

    Args:
        text: The text.
        entity: The person.
    """
    guess = Guess.of(text, entity)
    if not 0 < len(guess.words) <= _MOST_WORDS or any(map(str.isdigit, guess.value)):
        return False
    if guess.value.islower():
        beside = is_chat(*guess.place) and all(_may_be_small(guess, word) for word in guess.words)
    else:
        near = max(0, entity.start - _NEAR), entity.end + _NEAR
        beside = _BETWEEN_PEOPLE.search(text, *near) is not None
    return beside and not is_code(*guess.place) and not is_log(*guess.place)


def _may_be_small(guess: Guess, word: str) -> bool:
    """Whether a small word is a given name, or in no dictionary."""
    known = guess.known
    if word in small_names() or word in known.given_names:
        return True
    lists = (known.ordinary, known.abbreviations, known.technology, known.medicines, known.languages)
    return len(word) > 2 and not any(word in each for each in lists)
