"""Names that their place tells: who signs a letter, and who does something where a sentence begins with a name.

A model has nothing to go by where a nickname stands alone below a closing, and takes "Will" for a verb.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lc_guard.detectors.chat_words import is_spelled_as_in_chats
from lc_guard.detectors.surroundings import is_post
from lc_guard.detectors.times import OF_CALENDAR
from lc_guard.detectors.vocabulary import vocabulary
from lc_guard.records import Entity

LONGEST_NICKNAME = 6
"""Of words that are names as well: Bubba, Sully."""

_SCORE = 0.6
_REGARDS = r"(?:love|thanks|thx|tx|ta|cheers|regards|rgds|best|hugs|kisses|wishes)"
_CLOSING = (
    rf"(?:(?:with|many|much|all|kind|best|warm|lots)(?: [a-z]+){{0,2}} {_REGARDS}|{_REGARDS}(?: [a-z]+){{0,2}}"
    r"|yo?u?rs?(?: [a-z]+){1,3}|yours|ever(?: yours)?|x{1,4}o?x?|bye(?: for now)?|ta-ra(?: for now)?|take care"
    r"|see (?:you|u)(?: [a-z]+)?|(?:sincerely|respectfully|faithfully|cordially|fondly|warmly|truly|affectionately"
    r"|gratefully)(?: yours)?)"
)
_WORD = r"[^\W\d_][\w’'.-]{1,20}"
_SIGNED = re.compile(
    rf"^[ \t>]{{0,6}}(?i:{_CLOSING})[ \t]?[,.!]{{0,3}}[ \t]*\n(?:[ \t>]*\n)?[ \t>]{{0,6}}[-–—~]{{0,2}}[ \t]?"
    rf"(?P<name>{_WORD}(?: {_WORD}){{0,2}})[ \t]*$",
    re.MULTILINE,
)
KIN = frozenset("dad daddy gran grandma grandpa granny mam mama mom mum mummy nan papa".split())  # noqa: SIM905
"""What people call their own kin."""

# Who signs for many, or says what they do.
_NOBODY = KIN | frozenset(
    """
    accounts administration admissions billing board customer department desk family finance group hr legal management
    office reception sales sent service services staff support team
    monday tuesday wednesday thursday friday saturday sunday
    """.split()  # noqa: SIM905 - a list of words reads as one
)
_DOES = (
    r"(?:ca|wo|could|would|did|does|is|was|has|had)n['’]t|cannot|says?|said|thinks|thought|told|asked|asks|wants"
    r"|wanted|knows|knew|loves|loved|hates|hated|called|drove|wrote|writes|texted|emailed|mailed|phoned|rang|promised"
    r"|laughed|smiled|brought"
)
_DOING = re.compile(rf"(?<![\w'’.@/-])(?P<name>[A-Z][a-z]{{2,9}})(?= (?:just )?(?:{_DOES})\b)")
# Whoever a post is about: "Okafor divided the fans", where no dictionary has the word.
_POSTED = re.compile(
    r"(?:\A|[.!?\n\"“”][ \t]*|\bRT @\w{1,20}:? )(?P<name>[A-Z][a-z]{2,14})"
    r"(?= (?P<verb>is|was|has|had|[a-z]{2,}(?:ed|s))\b)"
)
_BEGINS = re.compile(r"(?:\A|[.!?:;\n\"“”)>*•-][ \t]*)\Z")
# Uve, dont
_CONTRACTED = re.compile(r"(?:nt|ve)\Z")
_BEING = frozenset({"is", "was", "has", "had"})
_SEASONS = frozenset({"april", "autumn", "august", "dawn", "june", "may", "summer"})


def signatures(text: str) -> Iterator[Entity]:
    """Yield who signs: one to three words that fill the line below a closing.

    Args:
        text: The text as it is, with its line breaks.
    """
    for match in _SIGNED.finditer(text):
        if _may_sign(match["name"].split()):
            yield Entity("PERSON", *match.span("name"), _SCORE)


def _may_sign(words: list[str]) -> bool:
    known, small = vocabulary(), [word.lower().rstrip(".") for word in words]
    if not _NOBODY.isdisjoint(small) or not known.roles.isdisjoint(small):
        return False
    if len(words) > 1:
        return all(word[0].isupper() for word in words) and not all(map(known.is_ordinary, words))
    # what is a word as well is a nickname if it is short; two small letters are too little to be looked for elsewhere
    if known.is_ordinary(words[0]):
        return words[0][0].isupper() and len(words[0]) <= LONGEST_NICKNAME
    return words[0][0].isupper() or len(words[0]) > 2


def doers(text: str) -> Iterator[Entity]:
    """Yield given names that are words, where a sentence begins with one and says what they did: ``Will can't come``.

    Args:
        text: The text.
    """
    given = vocabulary().given_names
    if "@" in text or "#" in text:
        yield from _posted(text)
    for match in _DOING.finditer(text):
        word = match["name"].lower()
        begins = _BEGINS.search(text, max(0, match.start() - 4), match.start())
        if word in given and word not in _SEASONS and begins:
            yield Entity("PERSON", *match.span("name"), _SCORE)


def _posted(text: str) -> Iterator[Entity]:
    """Yield words that no list knows where a sentence of a post begins, and says what somebody did."""
    known = vocabulary()
    for match in _POSTED.finditer(text):
        word, verb = match["name"].lower(), match["verb"]
        if known.knows(word) or is_spelled_as_in_chats(word) or word in _NOBODY | OF_CALENDAR:
            continue
        does = verb in _BEING or known.is_ordinary(verb)
        if does and not _CONTRACTED.search(word) and is_post(text, *match.span("name")):
            yield Entity("PERSON", *match.span("name"), _SCORE)
