"""Span arithmetic: where an entity begins and ends, and which of several overlapping ones stands.

Offsets are always those of the original text. All functions are pure.

Which of several overlapping entities stands: the one decision between sources that contradict each other.

Offsets are always those of the original text. All functions are pure.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import pairwise

from lc_guard._progress import in_parts
from lc_guard._text.credential_formats import CREDENTIAL_KINDS
from lc_guard.detectors.characters import UNCASED, without_colours
from lc_guard.detectors.chat_words import is_spelled_as_in_chats
from lc_guard.detectors.identifiers import identifiers
from lc_guard.detectors.plausible import plausible
from lc_guard.detectors.value_ends import NER_KINDS, ValueEnds, overlap
from lc_guard.detectors.vocabulary import vocabulary
from lc_guard.records import Entity

_RANKING = (
    *("CUSTOM", "CREDIT_CARD", "IBAN_CODE", "CRYPTO", "EMAIL_ADDRESS", "URL", "UUID", "IP_ADDRESS", "MAC_ADDRESS"),
    *("US_SSN", "US_ITIN", "MEDICAL_RECORD_NUMBER", "PHONE_NUMBER", "DATE_OF_BIRTH", "CASE_NUMBER"),
)
_RANK = {kind: rank for rank, kind in enumerate(_RANKING)}
_NER_RANK = {"PERSON": 100, "LOCATION": 101, "ORGANIZATION": 102, "NRP": 103, "DATE_TIME": 104}
_PATTERN_RANK = 50

_DIGITS = frozenset(
    [
        *("CREDIT_CARD", "US_SSN", "US_ITIN", "PHONE_NUMBER", "IP_ADDRESS", "MAC_ADDRESS", "IBAN_CODE", "UUID"),
        *("DATE_TIME", "DATE_OF_BIRTH"),
    ]
)
_NUMBERED = frozenset({"ID_NUMBER", "MEDICAL_RECORD_NUMBER"})
_TIMES = frozenset({"DATE_TIME", "DATE_OF_BIRTH"})
_DIGIT_GLUE = frozenset("-./:")
_WORD_GLUE = frozenset("'’ʼ-‐‑")
# No value is longer; without a bound, each hit inside an endless run would walk all of it.
_LONGEST_RUN = 512
_MANY = 64
_UNCASED = re.compile(UNCASED)
# Thai to Burmese, Khmer, Kana, Han, Hangul: words are not parted by blanks, so a run of letters is no word.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3\U00020000-\U0003ffff]"
)


def rank(kind: str) -> int:
    """Return the place of a kind in the one ranking that decides between two kinds for the same characters.

    A value the user named himself comes first, then kinds whose checksum or shape was validated (most specific first),
    then other patterns, then what statistical models guess. A lower number wins.
    """
    return _RANK.get(kind, _NER_RANK.get(kind, _PATTERN_RANK))


def is_structured(kind: str) -> bool:
    """Whether a kind is recognized by its shape and not by a model's guess."""
    return kind not in NER_KINDS


def extend(text: str, start: int, end: int) -> tuple[int, int]:
    """Widen a span that begins or ends inside a run of letters or digits to the whole run.

    A model may tag ``415`` of ``415-555-0100`` or ``Taylor`` of ``Taylor-Sabori``: half a value masked is half leaked.
    A hyphen or apostrophe belongs to the run between digits, or before a capital letter; so ``London-based`` does not
    belong to ``London``, nor ``'s`` to a name.

    Args:
        text: The whole text.
        start: Offset of the first character.
        end: Offset after the last character.

    Returns:
        The widened offsets, at most 512 characters further out on either side.
    """
    first, last = start - _LONGEST_RUN, end + _LONGEST_RUN
    while max(first, 0) < start < len(text) and _joined(text, start):
        start -= 1
    while 0 < end < min(last, len(text)) and _joined(text, end):
        end += 1
    return start, end


class _Breaks:
    """Where the runs of a text end, found in one pass: for many spans in one text, where walking from each is slow."""

    def __init__(self, text: str) -> None:
        self._at = [0, *(at for at in range(1, len(text)) if not _joined(text, at)), len(text)]

    def extend(self, start: int, end: int) -> tuple[int, int]:
        """Do what `extend` does."""
        first = self._at[bisect_right(self._at, start) - 1]
        last = self._at[bisect_left(self._at, end)]
        return max(first, start - _LONGEST_RUN), min(last, end + _LONGEST_RUN)


def _joined(text: str, at: int) -> bool:
    """Whether the characters before and after the offset `at` belong to one run."""
    left, right = text[at - 1], text[at]
    if (before := _run_of(left)) and (after := _run_of(right)) and (before == after or "mark" in (before, after)):
        return True
    before = text[at - 2] if at > 1 else " "
    after = text[at + 1] if at + 1 < len(text) else " "
    return _glued(before, left, right) or _glued(left, right, after)


def _glued(before: str, glue: str, after: str) -> bool:
    """Whether a sign belongs to the run around it."""
    digits = glue in _DIGIT_GLUE and before.isdigit() and after.isdigit()
    return digits or (glue in _WORD_GLUE and before.isalpha() and after.isupper())


def _run_of(char: str) -> str:
    """Return in which runs a character stands, empty for none: a number or a Latin name ends at an Arabic letter."""
    if char.isascii():
        return "word" if char.isalnum() or char == "_" else ""
    # Combining marks and joiners are no \w, but a cut before one would tear a letter apart.
    if "\u0300" <= char <= "\u036f" or char in "\u200c\u200d\ufe0f":
        return "mark"
    if not char.isalnum() or _UNSPACED.match(char):
        return ""
    return "uncased" if _UNCASED.match(char) else "word"


def clean(text: str, entities: Iterable[Entity]) -> list[Entity]:
    """Bring a source's raw entities to the values that they hold, on whole words, inside the text, without doubles.

    Args:
        text: The text they were found in.
        entities: Raw findings, in any order.

    Returns:
        Entities ordered by offset.
    """
    found: dict[tuple[str, int, int], float] = {}
    entities = list(entities)
    if not entities:
        return []
    ends = ValueEnds(text)
    widening = _Widening(text, len(entities))
    for entity in in_parts(entities):
        widen = widening.of(entity)
        start, end = max(0, entity.start), min(len(text), entity.end)
        for value in ends.values(start, end, entity.kind) if start < end else ():
            wider = ends.values(*widen(*value), entity.kind, near=value)
            for last in [last for last in wider if overlap(last, value)] or [value]:
                key = (entity.kind, *last)
                found[key] = max(found.get(key, 0.0), entity.score)
    return sorted((Entity(k, s, e, score) for (k, s, e), score in found.items()), key=lambda e: (e.start, -e.end))


class _Widening:
    """How findings in one text are widened to whole words: what is inside one kind's values parts another's."""

    def __init__(self, text: str, entities: int) -> None:
        self._text = text
        self._entities = entities
        self._known: dict[str, Callable[[int, int], tuple[int, int]]] = {}

    def of(self, entity: Entity) -> Callable[[int, int], tuple[int, int]]:
        """Return what widens a finding."""
        signs = ""
        # An underscore is in the middle of a user name, and parts numbers: scan_219-09-9999_b.
        if "_" in self._text and (entity.kind in _DIGITS or self._is_number(entity)):
            signs += "_"
        # A colon is in a time and an address of hardware, and parts fields: ana:4111111111111111:203.0.113.77.
        if entity.kind not in _TIMES and ":" not in self._text[entity.start : entity.end]:
            signs += ":"
        if signs not in self._known:
            seen = without_colours(self._text)
            for sign in signs:
                seen = seen.replace(sign, " ")
            self._known[signs] = _extending(seen, self._entities)
        return self._known[signs]

    def _is_number(self, entity: Entity) -> bool:
        return entity.kind in _NUMBERED and self._text[entity.start : entity.end].isdigit()


def _extending(text: str, entities: int) -> Callable[[int, int], tuple[int, int]]:
    """Return `extend` for one text."""
    return _Breaks(text).extend if entities > _MANY else partial(extend, text)


def resolve(text: str, sources: Sequence[Sequence[Entity]]) -> list[Entity]:
    """Return each character at most one entity: the one decision between sources that overlap or contradict.

    1. Structured kinds that overlap become one stretch, so that no half of a value is left over; its kind is that of
       a credential in it, else of the longest, of equally long ones that of the more trusted source, then the better
       ranked.
    2. A structured kind stands against a model's guess; what remains of the guess on either side stays an entity.
    3. Guesses that overlap become one stretch (every source is believed about what to hide), under the kind that the
       longest of them has. A person that one source sees where another sees two full names stays two.

    Args:
        text: The text they were found in.
        sources: Entities of each source, the most trusted source first.

    Returns:
        Entities ordered by offset, none overlapping.
    """
    trust = {id(entity): place for place, entities in enumerate(sources) for entity in entities}
    shaped = _shaped(text, [entity for entities in sources for entity in entities])
    taken = _Taken([_one_stretch(cluster, trust) for cluster in clusters(shaped)])
    guesses = [entity for entities in sources for entity in entities if not is_structured(entity.kind)]
    rest = [
        Entity(kind, *part, score)
        for kind, start, end, score in in_parts(_joined_guesses(text, guesses))
        for part in taken.free_parts(start, end)
        # What is left of a guess must stand by itself: of "card 4111…", taken for a date, no date is left.
        if part == (start, end) or plausible(text, [Entity(kind, *part, score)])
    ]
    found = sorted([*taken.entities, *clean_guesses(text, rest)], key=lambda e: e.start)
    return identifiers(text, found)


def _shaped(text: str, entities: Sequence[Entity]) -> list[Entity]:
    """Return the structured ones, but no account that a full name begins with: ``@Maria Lopez`` is a person."""
    full = {e.start for e in entities if e.kind == "PERSON" and _begins_full_name(text[e.start : e.end])}
    return [e for e in entities if is_structured(e.kind) and not (e.kind == "USERNAME" and e.start in full)]


def _begins_full_name(value: str) -> bool:
    """Whether two words may be a full name: not ``@Kalyro Thanks``, where an account is greeted."""
    first, _, rest = value.partition(" ")
    word = rest.partition(" ")[0].rstrip(".,!?:;")
    if not first.isalpha() or not first.istitle() or not rest[:1].isupper() or rest.isupper():
        return False
    return not (vocabulary().is_ordinary(word) or is_spelled_as_in_chats(word.lower()))


def _one_stretch(cluster: Sequence[Entity], trust: Mapping[int, int]) -> Entity:
    # A URL with a password in it is a password: what a policy says of passwords holds.
    best = min(
        cluster, key=lambda e: (e.kind not in CREDENTIAL_KINDS, e.start - e.end, trust[id(e)], rank(e.kind), -e.score)
    )
    return Entity(best.kind, cluster[0].start, max(e.end for e in cluster), max(e.score for e in cluster))


class _Taken:
    """Entities that do not overlap, ordered by offset."""

    def __init__(self, entities: list[Entity]) -> None:
        self.entities = entities

    def overlapping(self, start: int, end: int) -> list[Entity]:
        first = bisect_right(self.entities, start, key=lambda e: e.end)
        last = bisect_left(self.entities, end, key=lambda e: e.start)
        return self.entities[first:last]

    def free_parts(self, start: int, end: int) -> list[tuple[int, int]]:
        parts = []
        for hole in self.overlapping(start, end):
            if start < hole.start:
                parts.append((start, hole.start))
            start = max(start, hole.end)
        if start < end:
            parts.append((start, end))
        return parts


def clean_guesses(text: str, guesses: Iterable[Entity]) -> list[Entity]:
    """Trim what remained of guesses after structured entities were cut out of them; drop mere crumbs."""
    kept = []
    ends = ValueEnds(text)
    for guess in in_parts(guesses):
        for value in ends.values(guess.start, guess.end, guess.kind):
            # A Chinese or Korean surname is one letter.
            crumb = sum(char.isalnum() for char in text[slice(*value)]) < 2
            if not crumb or _UNCASED.fullmatch(text, *value):
                kept.append(Entity(guess.kind, *value, guess.score))
    return kept


_OF = re.compile(r"[ \u00a0](?:of|of the|for|for the)[ \u00a0]")
# Countries and the like whose name has an "and": of ISO 3166-1, of the United Kingdom, Canada, India.
_TWO_IN_ONE = re.compile(
    "|".join(
        f"{one}[ \u00a0](?:and|&)[ \u00a0](?:the[ \u00a0])?{other}\\b"
        for one, other in (
            ("Antigua", "Barbuda"),
            ("Bosnia", "Herzegovina"),
            ("Great Britain", "Northern Ireland"),
            ("Jammu", "Kashmir"),
            ("Kitts", "Nevis"),
            ("Newfoundland", "Labrador"),
            ("Tom[eé]", "Pr[ií]ncipe"),
            ("Trinidad", "Tobago"),
            ("Turks", "Caicos"),
            ("Tyne", "Wear"),
            ("Vincent", "Grenadines"),
            ("Wallis", "Futuna"),
        )
    )
)
_LONGEST_HALF = 24
_PLACE_OR_BODY = frozenset({"LOCATION", "ORGANIZATION"})


def _one_name(text: str, guesses: Sequence[Entity]) -> Iterable[Entity]:
    """Join what an "of" connects: ``Chamber`` of the ``Ankara Court``, ``Borough`` of ``Southwark``."""
    pending: Entity | None = None
    for guess in sorted(guesses, key=lambda e: (e.start, -e.end)):
        if pending is None or guess.kind not in _PLACE_OR_BODY:
            if pending is not None and guess.kind in _PLACE_OR_BODY:
                yield pending
            if guess.kind in _PLACE_OR_BODY:
                pending = guess
            else:
                yield guess
        elif guess.start < pending.end or _is_one_place(text, pending, guess):
            longer = max((pending, guess), key=lambda e: e.end - e.start)
            pending = Entity(longer.kind, pending.start, max(pending.end, guess.end), max(pending.score, guess.score))
        else:
            yield pending
            pending = guess
    if pending is not None:
        yield pending


def _is_one_place(text: str, left: Entity, right: Entity) -> bool:
    """Whether what stands between two guesses joins them."""
    if _OF.fullmatch(text, left.end, right.start):
        return True
    name = _TWO_IN_ONE.search(text, max(left.start, left.end - _LONGEST_HALF), right.start + _LONGEST_HALF)
    return name is not None and name.start() < left.end and right.start < name.end()


def _joined_guesses(text: str, guesses: Sequence[Entity]) -> Iterable[tuple[str, int, int, float]]:
    for cluster in clusters(list(_one_name(text, guesses))):
        start, end = min(e.start for e in cluster), max(e.end for e in cluster)
        best = min(cluster, key=lambda e: (e.start - e.end, rank(e.kind)))
        score = max(e.score for e in cluster)
        persons = [e for e in cluster if e.kind == "PERSON"]
        if best.kind == "PERSON":
            for cut_start, cut_end in _between_names(text, persons):
                yield best.kind, start, cut_start, score
                start = cut_end
        elif apart := _nothing_but(text, start, end, persons):
            yield from (("PERSON", *span, score) for span in apart)
            continue
        yield best.kind, start, end, score


def _between_names(text: str, persons: Sequence[Entity]) -> list[tuple[int, int]]:
    """Return what stands between full names of persons side by side."""
    names = [e for e in persons if len(text[e.start : e.end].split()) > 1]
    return [
        (left.end, right.start)
        for left, right in pairwise(names)
        if left.end <= right.start and not any(c.isalnum() for c in text[left.end : right.start])
    ]


_BETWEEN = " ,.\u00a0"


def _nothing_but(text: str, start: int, end: int, persons: Sequence[Entity]) -> list[tuple[int, int]]:
    """Return the persons of a stretch if it holds nothing else: ``Patient: Osei, Kwabena`` is no company."""
    found: list[tuple[int, int]] = []
    for person in persons:
        between = text[start : person.start]
        if between.strip(_BETWEEN) and not (between.rstrip().endswith(":") and not found):
            return []
        joined = bool(found) and not between.strip(" \u00a0")
        first = found.pop()[0] if joined else person.start
        start = max(start, person.end)
        found.append((first, start))
    return [] if text[start:end].strip(_BETWEEN) else found


def clusters(entities: Sequence[Entity]) -> Iterable[list[Entity]]:
    """Group entities that overlap, directly or through others, in order of offset."""
    group: list[Entity] = []
    reach = -1
    for entity in sorted(entities, key=lambda e: (e.start, -e.end)):
        if group and entity.start >= reach:
            yield group
            group = []
        group.append(entity)
        reach = max(reach, entity.end) if len(group) > 1 else entity.end
    if group:
        yield group


def one_kind_per_value(text: str, entities: Sequence[Entity]) -> list[Entity]:
    """Return equal values in one text one kind, the best ranked one: one value must not get two placeholders."""
    best: dict[str, str] = {}
    for entity in entities:
        value = " ".join(text[entity.start : entity.end].split())
        kind = best.setdefault(value, entity.kind)
        if rank(entity.kind) < rank(kind):
            best[value] = entity.kind
    return [Entity(best[" ".join(text[e.start : e.end].split())], e.start, e.end, e.score) for e in entities]
