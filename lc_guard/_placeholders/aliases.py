"""One person is one person: which names of a session mean somebody who has a placeholder already.

``Jane Doe`` is ``[REDACTED_PERSON_1]``; ``JANE DOE``, ``Ms. Doe``, ``Doe`` and ``Jane`` are then
``[REDACTED_PERSON_1_ALIAS_1]`` and so on: the model can see who is meant; each mention comes back as it was written.
A name that could mean two people is nobody's alias.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING

from lc_guard._text.words import name_words

if TYPE_CHECKING:
    from lc_guard._placeholders.grammar import TokenGrammar

PERSON = "PERSON"
_ALIAS = re.compile(r"(?P<base>.+)_(?P<of>[0-9]{1,9})_ALIAS")

# People who agree with a name at both its ends; where there are more, a name is nobody's alias: comparing it with
# thousands, for each of thousands, would take minutes.
_MOST_NAMESAKES = 64
_MAX_LINKED = 5_000  # placeholders of a session beyond which new names are no longer compared with all others

Words = tuple[str, ...]
Person = int | str


def alias_kind(kind: str, number: int) -> str:
    """Return the kind of the other names of the `number`-th entity of a kind: ``PERSON_1_ALIAS``."""
    return f"{kind}_{number}_ALIAS"


def base_kind(kind: str) -> str:
    """Return the kind that an alias is of: ``PERSON`` for ``PERSON_1_ALIAS``; other kinds are their own."""
    match = _ALIAS.fullmatch(kind) if kind.endswith("_ALIAS") else None
    return match["base"] if match else kind


def person_of(kind: str, index: int) -> int | None:
    """Return the number of the person that a placeholder stands for, or None if it stands for no person."""
    if kind == PERSON:
        return index
    match = _ALIAS.fullmatch(kind)
    return int(match["of"]) if match and match["base"] == PERSON else None


class People:
    """The people of a session, by the fullest name that is known of each.

    A person is known by number; one who is new, by name.

    Args:
        placeholders: Kind, index and value of the session's placeholders; those of no person are left out.
    """

    def __init__(self, placeholders: Iterable[tuple[str, int, str]]) -> None:
        self._fullest: dict[Person, Words] = {}
        self._words: dict[Person, set[str]] = {}
        self._by_key: dict[tuple[str, ...], list[Person]] = {}
        for kind, index, value in placeholders:
            number = person_of(kind, index)
            if number is not None:
                self._add(number, value)

    def aliases(self, names: Iterable[str], *, known: Collection[str]) -> dict[str, Person]:
        """Return which new names are other names of somebody, and of whom.

        Args:
            names: Names in a text.
            known: Names that have a placeholder already: they keep it.

        Returns:
            Name → person. Names that are not in it are of new people.
        """
        aliases: dict[str, Person] = {}
        new = dict.fromkeys(name for name in names if name not in known)
        # the fullest first, so that "Doe" comes after every Doe with a given name
        for name in sorted(new, key=lambda name: -len(name_words(name))):
            person = self._find(name)
            if person is not None:
                aliases[name] = person
            self._add(name if person is None else person, name)
        return aliases

    def _add(self, person: Person, name: str) -> None:
        words = name_words(name)
        self._words.setdefault(person, set()).update(words)
        if len(words) > len(self._fullest.get(person, ())):
            self._fullest[person] = words
            for key in _filed_under(words):
                self._by_key.setdefault(key, []).append(person)

    def _find(self, name: str) -> Person | None:
        words = name_words(name)
        told = {word for word in words if len(word) > 1}
        match: Person | None = None
        seen: set[Person] = set()
        for key in _looked_up(words):
            for person in self._by_key.get(key, ()):
                if person in seen:
                    continue
                seen.add(person)
                if len(seen) > _MOST_NAMESAKES:
                    return None
                if told.isdisjoint(self._words[person]) or not _same(words, self._fullest[person]):
                    continue
                if match is not None:
                    return None
                match = person
        return match


def _filed_under(words: Words) -> Iterator[tuple[str, ...]]:
    """Yield what a full name is filed under, so that every name that can mean the same person finds it."""
    if len(words) == 1:
        yield "alone", words[0]
        return
    yield "sorted", *sorted(words)
    for end in {words[0], words[-1]}:
        yield "end", end
    for first, last in product(*({("whole", word), ("initial", word[0])} for word in (words[0], words[-1]))):
        yield *first, *last


def _looked_up(words: Words) -> Iterator[tuple[str, ...]]:
    """Yield where the people are filed whom a name can mean: at its ends both agree, or one has the other's initial."""
    if not words:
        return
    for end in {words[0], words[-1]}:
        yield "alone", end
    if len(words) == 1:
        yield "end", words[0]
        yield "alone", words[0][0]
        return
    yield "sorted", *sorted(words)
    for first, last in product(*({("whole", word), _abbreviated(word)} for word in (words[0], words[-1]))):
        yield *first, *last


def _abbreviated(word: str) -> tuple[str, str]:
    """Return how the other names are filed that agree with a word by an initial: of theirs, or of its."""
    return ("initial", word) if len(word) == 1 else ("whole", word[0])


def _same(one: Words, other: Words) -> bool:
    """Return whether two names can mean one person: equal words in any order, or one short for the other."""
    short, long = sorted((one, other), key=len)
    if not short:
        return False
    if len(short) == len(long):
        return sorted(short) == sorted(long) or all(_stands_for(a, b) for a, b in zip(short, long, strict=True))
    if len(short) == 1:
        return short[0] in (long[0], long[-1])
    return short[-1] == long[-1] and _in_order(short[:-1], long[:-1])


def _stands_for(one: str, other: str) -> bool:
    """Return whether two words are equal, or one is the initial of the other."""
    return one == other or (min(len(one), len(other)) == 1 and one[0] == other[0])


def _in_order(short: Words, long: Words) -> bool:
    rest = iter(long)
    return all(any(_stands_for(word, candidate) for candidate in rest) for word in short) and _stands_for(
        short[0], long[0]
    )


def aliases_of(grammar: TokenGrammar, names: Sequence[str], items: Mapping[str, str]) -> dict[str, Person]:
    """Return of names those that are other names of somebody, with whom; `items` are a session's placeholders."""
    if len(items) > _MAX_LINKED:
        return {}
    read = ((grammar.read(placeholder), value) for placeholder, value in items.items())
    people = People((*kind_and_index, value) for kind_and_index, value in read if kind_and_index)
    return people.aliases(names, known=set(items.values()))
