"""Names of which a model is in doubt: believed where people write of each other, and where it is hardly anything else.

Such is a word with a capital inside a sentence that no dictionary has: of 44 on unseen texts 18 are of people, 14 of
bodies and places.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from lc_guard.detectors.guess import Guess
from lc_guard.detectors.name_lists import load_names, small_names
from lc_guard.detectors.surroundings import is_chat, is_code, is_introduced, is_log
from lc_guard.detectors.vocabulary import vocabulary
from lc_guard.records import Entity

_NEAR, _MOST_WORDS = 200, 3
_LEAST = 0.1
"""Least score of what begins a sentence, or is known in part."""

# Between two words of a sentence, behind a possessive, in a list.
_INSIDE = re.compile(r"(?:[a-z,;&)]|['’]s) [\"“‘(\[]?\Z")
_NEXT_WORD = re.compile(r" ([a-z]{3,})\b")
_NUMERAL = re.compile("[IVX]{1,5}")
_STORM = re.compile(r"\b(?:Hurricane|Typhoon|Cyclone|Storm) \Z")
# Who writes and who is written to; a greeting, a line of a mail's header, whose turn it is to speak.
_BETWEEN_PEOPLE = re.compile(
    r"(?<![\w.])(?:I(?!\.)|[Mm]y|[Mm]e|[Ww]e|us|[Yy]ou|[Yy]our)(?![\w.])"
    r"|^(?:Dear|Hi|Hey|Hello|To|From|[Cc]c|Subject|Sent|Attendees)\b"
    r"|^[^\W\d_][\w.' ]{0,24}:[ \t]",
    re.MULTILINE,
)


def is_believed(text: str, entity: Entity) -> bool:
    """Return whether a person whom a model hardly sees stands where people write of each other.

    In small letters it must be a chat, and a given name.

    Args:
        text: The text.
        entity: The person.
    """
    guess = Guess.of(text, entity)
    if not 0 < len(guess.words) <= _MOST_WORDS or any(map(str.isdigit, guess.value)):
        return False
    if guess.value.islower():
        beside = is_chat(*guess.place) and all(
            word in small_names() or word in guess.known.given_names for word in guess.words
        )
    else:
        near = max(0, entity.start - _NEAR), entity.end + _NEAR
        beside = (
            _reads_as_name(guess)
            or _BETWEEN_PEOPLE.search(text, *near) is not None
            or (guess.words[0].istitle() and is_introduced(*guess.place))
        )
    return beside and not is_code(*guess.place) and not is_log(*guess.place)


def _reads_as_name(guess: Guess) -> bool:
    """Whether words with capitals are hardly anything but a name: no dictionary has one, and a sentence holds them."""
    words = [word for word in guess.words if not _NUMERAL.fullmatch(word)]
    if not _are_unknown(words):
        return False
    if len(words) > 1:
        return guess.entity.score >= _LEAST
    if _is_said_of_a_thing(guess) or _STORM.search(guess.before(12)) or guess.before(1) in ("#", "("):
        return False
    sure = guess.entity.score >= _LEAST and not is_chat(*guess.place)
    return sure or _INSIDE.search(guess.before(5)) is not None


def _are_unknown(words: Sequence[str]) -> bool:
    """Whether words are written as names, and a list of names has one of them, or no dictionary."""
    known = vocabulary()
    if not words or not all(word[0].isupper() and not word.isupper() for word in words):
        return False
    return not any(map(known.is_identifier, words)) and any(
        word in load_names() or not known.knows(word) for word in words
    )


def _is_said_of_a_thing(guess: Guess) -> bool:
    """Whether an article stands before it, or a noun follows: the Olmec civilization, a Hohokam village."""
    if guess.before(4).lower() == "the ":
        return True
    following = _NEXT_WORD.match(guess.text, guess.entity.end, guess.entity.end + 30)
    known = guess.known
    return following is not None and any(following[1] in each for each in (known.things, known.affairs, known.roles))
