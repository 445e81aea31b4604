"""Words beside a name that are no part of it: titles, verbs of requests, labels, what a sentence says of somebody."""

from __future__ import annotations

import re

from lc_guard._text.common_words import may_be_ordinary
from lc_guard.detectors.chat_words import is_beside_name
from lc_guard.detectors.file_words import without_file_words
from lc_guard.detectors.request_verbs import GREETINGS, VERBS, begins_request, is_also_verb
from lc_guard.detectors.vocabulary import vocabulary

TITLES = frozenset(
    {
        *("mr", "mrs", "ms", "miss", "mx", "messrs", "dr", "prof", "professor", "judge", "justice", "hon", "honorable"),
        *("honourable", "magistrate", "sir", "dame", "lord", "lady", "rev", "reverend", "fr", "father", "sister"),
        *("capt", "captain", "lt", "lieutenant", "sgt", "sergeant", "col", "colonel", "gen", "general", "maj", "major"),
        *("cpl", "corporal", "pvt", "officer", "detective", "inspector", "constable", "deputy", "sheriff", "agent"),
        *("attorney", "counsel", "counselor", "solicitor", "senator", "sen", "rep", "governor", "gov", "president"),
        *(
            "aunt",
            "uncle",
            "auntie",
            "grandma",
            "grandpa",
            "granny",
            "cleric",
            "sheikh",
            "imam",
            "rabbi",
            "coach",
            "pm",
        ),
        *("minister", "secretary", "chancellor", "mayor", "ambassador", "nurse", "witness", "juror", "the"),
    }
)
"""Words before a name that are not part of it, lower case and without a full stop."""

# Titles of anybody, which are no part of a company's name either.
_PERSONAL = frozenset(
    """
    mr mrs ms miss mx messrs dr prof professor mme mlle monsieur madame frau herr sra srta señor señora senhor senhora
    signor signora mevrouw meneer
    """.split()  # noqa: SIM905 - a list of words reads as one
)
_SUFFIXES = frozenset("jr sr esq phd ph.d md m.d mba cpa 先生 女士 小姐 さん 様 氏 씨 님".split())  # noqa: SIM905
_FIRST_WORD = re.compile(r"([^\W\d_]+(?:-[^\W\d_]+)?)\.?[ \u00a0]+(?=\S)")
_LAST_WORD = re.compile(r"(?<=[^\s,]),?\s+([^\W\d_]+)\Z")
_LONGEST_LAST = 40
# "1. Refund Maria Lopez 2. Block Tom Varga"
_NUMBER_BEHIND = re.compile(r"(?<=[^\W\d_])\s+\d{1,4}\Z")
# Small words that models take along with a name.
_BESIDE_NAMES = frozenset(
    [
        *("and", "or", "versus", "vs", "with", "by", "from", "to", "for", "of", "that", "because", "is", "was", "are"),
        *("has", "had", "did", "does", "will", "would", "who", "says", "said", "v", "et", "al"),
    ]
)
_BEHIND_NAMES = _BESIDE_NAMES | frozenset(
    [
        *("now", "today", "tomorrow", "tonight", "about", "regarding", "re", "before", "after", "at", "on", "in"),
        *("please", "thx", "pls", "plz", "asap", "btw", "fyi"),
        # the label of the next field, where a form has no colons
        *("ID", "DOB", "SSN", "MRN", "Tel", "Phone", "Email", "Dept", "Ext"),
    ]
)

_BEHIND_OTHERS = frozenset(
    [
        *(
            "now",
            "today",
            "tomorrow",
            "tonight",
            "please",
            "to",
            "and",
            "or",
            "with",
            "from",
            "is",
            "was",
            "are",
            "were",
        ),
        *("for", "has", "had", "will", "would", "that", "because", "says", "said", "v", "vs"),
    ]
)


def name_alone(text: str, start: int, end: int, kind: str) -> tuple[int, int]:
    """Take the words off the ends of a name that are no part of it.

    Args:
        text: The text.
        start: Offset of the first character.
        end: Offset after the last one.
        kind: Its kind: of a person more is taken off than of a place.

    Returns:
        The offsets of what is left.
    """
    while match := _FIRST_WORD.match(text, start, end):
        if not _is_first_beside(text, match, end, kind):
            break
        start = match.end()
    if kind == "PERSON":
        start, end = without_file_words(text, start, end)
    if kind == "PERSON" and (number := _NUMBER_BEHIND.search(text, max(start, end - _LONGEST_LAST), end)):
        end = number.start()
    behind = _BEHIND_NAMES if kind == "PERSON" else _BEHIND_OTHERS
    while match := _LAST_WORD.search(text, max(start, end - _LONGEST_LAST), end):
        if not (match[1] in behind or _is_address(match) or (kind == "PERSON" and _is_said(match[1]))):
            break
        end = match.start()
    return start, end


def _is_first_beside(text: str, match: re.Match[str], end: int, kind: str) -> bool:
    """Whether the first word is no part of the name."""
    if _before_name(text, match.start(), match.end(), kind, match[1]) or _is_article(text, match, end):
        return True
    return kind == "PERSON" and (is_also_verb(text, match, end) or is_beside_name(match[1]))


def _is_address(match: re.Match[str]) -> bool:
    """Whether the last word is of what follows: ``Ana Reis, please``, ``Ana Reis, Prof. Zoe Bauer``."""
    return (match[1] == "Please" and match[0][0] == ",") or (match[1][0].isupper() and match[1].lower() in _PERSONAL)


def _is_said(word: str) -> bool:
    """Whether the last word of a person is what the sentence or the chat says of them: ``Akahoshi nodded``, ``lol``."""
    return (word.islower() and word in vocabulary().ordinary) or is_beside_name(word)


def _is_article(text: str, word: re.Match[str], end: int) -> bool:
    """Whether a name's first word is the article of a sentence: of ``The United States``, but not of ``The Hague``."""
    rest = text[word.end() : end]
    return word[1].lower() == "the" and not rest[:1].islower() and (word[1].islower() or " " in rest)


def _before_name(text: str, start: int, rest: int, kind: str, word: str) -> bool:
    """Whether the first word of a name is no part of it."""
    small = word.lower()
    if small in _PERSONAL or (kind == "PERSON" and (small in TITLES or word in _BESIDE_NAMES)):
        return True
    # "bill Maria Lopez", "json Maria Lopez": in small letters it is the verb, or a format, and no name
    no_name = word.islower() and (may_be_ordinary(word) or vocabulary().is_technology(word))
    if kind == "PERSON" and no_name and text[rest].isupper():
        return True
    if small not in VERBS and small not in GREETINGS:
        return False
    # The rest must be the name: of "Can Tho" and "Add-on pack" nothing is.
    return text[rest].isupper() and (word.islower() or begins_request(text, start))


def is_mark(text: str, start: int, end: int, kind: str) -> bool:
    """Return whether what was found is no name: a suffix (``Jr.``), the key of a field (``OU=``, ``"nick":``)."""
    value = text[start:end]
    is_key = (text[end : end + 1] == "=" and len(value) < 5 and value.isupper()) or (
        text[end : end + 2] == '":' and value.islower() and may_be_ordinary(value)
    )
    return is_key or (kind == "PERSON" and value.lower().rstrip(".") in _SUFFIXES)
