"""Terms that a contract defines: ``each Lien``, ``Lenders' Lien``, ``the Repayment Period``.

A contract writes what it has defined with a capital, whatever its words, and the definition is often not in the part of
it that is looked at. So a term is known by how it stands: behind what no name has before it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import chain

from lc_guard.detectors.beside_names import TITLES
from lc_guard.detectors.bodies import BODIES, PUBLIC_ROLES
from lc_guard.detectors.faker_names import frequent_surnames
from lc_guard.detectors.guess import STREET_WORD, Guess
from lc_guard.detectors.name_lists import GIVEN_WORDS
from lc_guard.detectors.surroundings import TextKind, is_legal, stands_alone
from lc_guard.detectors.vocabulary import vocabulary

_NEAR, _LEAST_SIGNS, _LEAST_TERMS = 480, 2, 4
# How a contract goes on where the surest of its words are far: clauses refer to others, and to terms.
_MANNER = re.compile(
    r"\b(?:[Ss]ection \d|(?:set forth|provided for|described|defined|specified) in|subject to"
    r"|in accordance with|(?:any|each|such|all|applicable) [A-Z][a-z]{2,}|accrued?|in full|without limitation"
    r"|provided,? (?:however|that)|[Oo]bligations?|written (?:notice|consent)|on behalf of|material adverse|thereunder"
    r"|aggregate)\b"
    r"|[\"”],? (?:means|shall mean|has the meaning|is defined)\b"
)
# "to Customer", "Provider's", "Publisher may": who does something and has no article is a party.
_ACTOR = r"([A-Z][a-z]{2,}(?:[eo]r|ee|ant|ient|ary))"
_PARTY = re.compile(
    rf"(?<=[a-z,;] )(?<!the )(?<!an )(?<!a ){_ACTOR}(?=['’]s? |[.,;)]| (?!of\b)[a-z])"
    rf"|(?:\A|[.;] ){_ACTOR}(?= (?:may|must|will|represents|grants|acknowledges|undertakes|instructs)\b)"
)
# the Management Fee, its Base Rate: what has an article and ordinary words with a capital, but is no public body
_ARTICLED = re.compile(r"\b(?:[Tt]he|[Ii]ts|[Ee]ach|[Aa]ny|[Aa]n?|[Ss]uch)(?P<words>(?: [A-Z][a-z]{2,}){1,4})\b")
_ONE_OF_MANY = r"(?:an?|any|each|every|such|no|said|another|(?:(?:the|any|each|every|such|no|all) )?other)"
_OF_MANY = re.compile(rf"(?<![\w'’])(?i:{_ONE_OF_MANY}) (?P<word>[A-Z][a-z]{{2,}})(?![\w-])")
_DEFINED = re.compile(
    r"(?<![^\W_])[\"“](?P<word>[A-Z][a-z]{2,})[\"”],? (?:means?|shall|has|is an?|is defined|includes)\b"
    r"|\b(?:the|an?|each|any|such) [\"“](?P<short>[A-Z][a-z]{2,})[\"”]"
)
_BEFORE = re.compile(rf"(?i)(?:^|[^\w'’])(?:{_ONE_OF_MANY}|the|this|applicable|respective|its|their) $")
# What countries and their parts are called (ISO 3166).
_REALMS = frozenset(
    [
        *("coast", "commonwealth", "emirates", "federation", "islands", "kingdom", "provinces", "republic", "states"),
        *("territories", "territory", "union"),
    ]
)
_WHERE = re.compile(r"(?i)\b(?:across|around|from|in|into|near|of|outside|throughout|to|within) the \Z")
_BEGINS = re.compile(rf"(?i)(?:{_ONE_OF_MANY}|the|this|its|their) (?=[A-Z])")
_DOES = re.compile(r"(?:er|or|ee|ant|(?<!m)ent)$")
# the Permitted Lien, the existing Lien
_ATTRIBUTE = re.compile(r"(?:[a-z,] (?P<large>[A-Z][a-z]{2,})|\b(?:the|an?|any|each|such) (?P<small>[a-z]{3,})) $")
# Lenders' Lien
_OWNER = re.compile(r"(?:[a-z,/] |^)(?P<owner>[A-Z][a-z]{2,}) ?['’] ?s? $")
_GOES_ON = re.compile(r"[ -][A-Z]")
# 2.2 Grant of the Loan
_CLAUSE = re.compile(r"(?:^|[\s(])\d{1,2}(?:\.\d{1,2})+\.? \Z")
_OF = re.compile(r" of (?:the |an? |any )?[A-Z]")
_SMALL = re.compile(r"(?<![\w'’-])[a-z]{3,}(?![\w-])")
_FURTHEST, _MOST_TRIES = 40, 8


class Terms:
    """The words that a text uses as terms, though they are names as well.

    Args:
        text: The text.
    """

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def _words(self) -> frozenset[str]:
        may_be = vocabulary().also_names - GIVEN_WORDS
        words, tries = set[str](), Counter[str]()
        for match in chain(_OF_MANY.finditer(self._text), _DEFINED.finditer(self._text)):
            start, end = match.span(match.lastgroup or 0)
            word = self._text[start:end].lower()
            if (
                word not in may_be
                or tries[word] == _MOST_TRIES
                or not (match.re is _DEFINED or stands_alone(self._text, end))
            ):
                continue
            tries[word] += 1
            if is_contract(self._text, start, end):
                words.add(word)
                tries[word] = _MOST_TRIES
        return frozenset(words)

    @cached_property
    def _small(self) -> frozenset[str]:
        known = vocabulary()
        words = known.also_names.intersection(_SMALL.findall(self._text))
        return words - known.given_names - GIVEN_WORDS - frequent_surnames()

    def has_small(self, word: str) -> bool:
        """Return whether a word that hardly anybody bears stands in the text in small letters as well."""
        return word.lower() in self._small

    def has(self, word: str) -> bool:
        """Return whether the text makes one of many of a word, or defines it."""
        return word.lower() in self._words


def is_contract(text: str, start: int, end: int) -> bool:
    """Return whether a stretch stands in a contract: beside a word of contracts, or two things that only they do."""
    if is_legal(text, start, end):
        return True
    around = max(0, start - _NEAR), min(len(text), end + _NEAR)
    manner = {match[0] for match in _MANNER.finditer(text, *around)}
    if not manner or len(manner) >= _LEAST_SIGNS or _has_party(text, *around):
        return bool(manner)
    return len(manner | set(_articled(text, *around))) >= _LEAST_TERMS


def _has_party(text: str, start: int, end: int) -> bool:
    """Whether somebody without a name or an article does something: ``to Customer``, ``Publisher may``."""
    known = vocabulary()
    parties = (match[match.lastindex or 0].lower() for match in _PARTY.finditer(text, start, end))
    return any(party in known.ordinary and party not in TITLES for party in parties)


def _articled(text: str, start: int, end: int) -> Iterator[str]:
    """Yield the last of the words behind an article that are ordinary ones, one at least nobody's name."""
    known = vocabulary()
    for match in _ARTICLED.finditer(text, start, end):
        words = match["words"].lower().split()
        head = words[-1]
        if (
            head not in BODIES
            and head not in PUBLIC_ROLES
            and not known.ordinary.isdisjoint(words)
            and all(word in known.ordinary or word in known.also_names for word in words)
        ):
            yield head


def is_defined_term(guess: Guess, terms: Terms, kind: TextKind = "any", *, named: bool = False) -> bool:
    """Return whether a guess is a term of a contract by what stands beside it, although people bear its words.

    Args:
        guess: The guess.
        terms: Those of its text.
        kind: What the text is.
        named: Whether somebody of the text bears the word: then only an article makes a term of it.
    """
    if not guess.words or not guess.value[-1].isalpha():
        return False
    stands = _stands_as_word(guess, terms, named=named) if guess.lone else _stands_as_phrase(guess, terms)
    return stands and (kind == "legal" or is_contract(*guess.place))


def _stands_as_word(guess: Guess, terms: Terms, *, named: bool) -> bool:
    word, text, end = guess.words[0], guess.text, guess.entity.end
    if not word[0].isupper() or word.lower() not in guess.known.also_names:
        return False
    before = guess.before(_FURTHEST)
    alone = stands_alone(text, end)
    if alone and _BEFORE.search(before):
        return True
    if named:
        return False
    if _heads_clause(guess) or (alone and terms.has(word) and _has_attribute(guess, before)):
        return True
    return word.lower() not in GIVEN_WORDS and (_is_defined(guess) or _is_owned(guess, before))


def _is_owned(guess: Guess, before: str) -> bool:
    """Whether a party has it: ``Lenders' Lien``; of ``Tenant's Lien Maes`` it is a part."""
    owner = _OWNER.search(before)
    goes_on = _GOES_ON.match(guess.text, guess.entity.end)
    return owner is not None and not goes_on and guess.known.is_ordinary(owner["owner"])


def _is_defined(guess: Guess) -> bool:
    """Whether it stands in quotation marks where a contract defines it: ``"Lien" means``, ``(the "Bonds")``."""
    start, end = guess.entity.start, guess.entity.end
    match = _DEFINED.search(guess.text, max(0, start - 6), end + 24)
    return match is not None and match.span(match.lastgroup or 0) == (start, end)


def _heads_clause(guess: Guess) -> bool:
    """Whether the heading of a clause begins with it: ``2.2 Grant of the Loan``."""
    start = guess.entity.end - len(guess.words[0])
    return (
        _CLAUSE.search(guess.text, max(0, start - 12), start) is not None
        and _OF.match(guess.text, guess.entity.end) is not None
    )


def _has_attribute(guess: Guess, before: str) -> bool:
    match = _ATTRIBUTE.search(before)
    if match is None:
        return False
    word = match["small"] or match["large"]
    # "Tenant Price" is somebody
    return guess.known.is_ordinary(word) and word.lower() not in TITLES and not _is_actor(word, guess)


def _is_actor(word: str, guess: Guess) -> bool:
    return word.lower() in guess.known.roles or _DOES.search(word) is not None


def _stands_as_phrase(guess: Guess, terms: Terms) -> bool:
    """Whether ordinary words stand behind an article, or are together what no place and no body is called."""
    begins = _BEGINS.match(guess.value)
    words = guess.words[1:] if begins else guess.words
    known = guess.known
    if STREET_WORD.search(guess.value) or not any(map(known.is_ordinary, words)):
        return False
    if guess.kind == "LOCATION" and _is_place(guess, begins[0] if begins else ""):
        return False
    if not BODIES.isdisjoint(word.lower() for word in words):
        return False
    *first, last = words
    if not all(_is_common(word, guess, terms) for word in first):
        return False
    if not known.is_ordinary(last) and not _may_end(guess, first[-1:], last, terms):
        return False
    return guess.kind == "ORGANIZATION" or begins is not None or _BEFORE.search(guess.before(_FURTHEST)) is not None


def _is_place(guess: Guess, article: str) -> bool:
    """Whether ordinary words are a country, or somewhere: ``to the Lower East Side``, no ``at the Default Rate``."""
    return guess.words[-1].lower() in _REALMS or _WHERE.search(f"{guess.before(14)}{article}") is not None


def _may_end(guess: Guess, first: Sequence[str], last: str, terms: Terms) -> bool:
    """Whether a term may end in a word that is a name: ``Strike Price``; but ``Tenant Price`` may be somebody."""
    if not stands_alone(guess.text, guess.entity.end):
        return False
    if guess.kind == "PERSON" or any(_is_actor(word, guess) for word in first):
        return terms.has(last)
    return last.lower() in guess.known.also_names and last.lower() not in GIVEN_WORDS


def _is_common(word: str, guess: Guess, terms: Terms) -> bool:
    """Whether a word of a phrase is nobody's name, by the lists or by what the text does with it."""
    return len(word) == 1 or guess.known.is_ordinary(word) or terms.has(word) or terms.has_small(word)
