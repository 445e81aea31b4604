"""Hiding: from findings to a text with placeholders in it, and what the vault already knows of a text."""

from __future__ import annotations

import string
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate

from lc_guard.errors import GuardError
from lc_guard.escapes import readings
from lc_guard.fakes import FakeMint
from lc_guard.known import Known
from lc_guard.linking import PERSON, People, Person, alias_kind, base_kind
from lc_guard.ordinary import is_ordinary
from lc_guard.placeholders import LITERAL, TokenGrammar
from lc_guard.plans import Plan, Together
from lc_guard.policy import Policy
from lc_guard.records import Entity
from lc_guard.restoring import FakeRestoring
from lc_guard.spans import Span, merge
from lc_guard.vaults.base import LookingVault, Mint, Vault
from lc_guard.words import cuts_run

Wanted = tuple[str, str]
"""A kind and a value that is to have a placeholder."""

_Allocate = Callable[[str, Sequence[Wanted], Mint], list[str]]

_MAX_REPAIRS = 8
_NOBODY = 999_999_999  # the highest number that a placeholder can have: no session gets there
_FEW_LINKED = 200  # names whose comparison takes a few milliseconds
_NO_VALUE = string.punctuation + string.whitespace
_MAX_LINKED = 5_000  # placeholders of a session beyond which new names are no longer compared with all others


@dataclass(frozen=True, slots=True)
class Memory:
    """What the vault knows of some texts, read in one go.

    Attributes:
        kinds: Kinds with a live placeholder.
        found: Values of the session in each text.
        fakes: The session's fakes; None in a numbered style.
        live: Text → where placeholders of the session stand in it that mean what they stand for.
    """

    kinds: frozenset[str]
    found: list[list[Known]] = field(repr=False)
    fakes: FakeRestoring | None = field(repr=False)
    live: Mapping[str, list[tuple[int, int]]] = field(default_factory=dict, repr=False)


class Hiding:
    """Hides values behind placeholders of one style, remembered in one vault.

    Args:
        vault: Remembers.
        policy: What happens to each kind.
        grammar: The numbered style; None makes fakes.
        link_persons: Whether other names of a known person become aliases (numbered styles only).
    """

    def __init__(
        self, vault: Vault, policy: Policy, grammar: TokenGrammar | None, *, link_persons: bool = True
    ) -> None:
        self._vault = vault
        self._policy = policy
        self._grammar = grammar
        self._link_persons = link_persons

    @property
    def waits(self) -> bool:
        """Whether the vault may block."""
        return bool(getattr(self._vault, "blocking", True))

    def recall(self, session: str, texts: Sequence[str], *, live: bool = False) -> Memory:
        """Read what the vault knows of some texts.

        Args:
            session: Session id.
            texts: The texts.
            live: Whether placeholders of the session stand in them for what they stand for; see `Job.live`.
        """
        kinds, found = self._look(session, texts)
        fakes = FakeRestoring(self._vault.items(session)) if self._grammar is None else None
        return Memory(kinds, found, fakes, self._live(session, texts, fakes) if live else {})

    def _live(
        self, session: str, texts: Sequence[str], fakes: FakeRestoring | None
    ) -> dict[str, list[tuple[int, int]]]:
        if self._grammar is None:
            return {text: fakes.find(text) for text in texts} if fakes is not None else {}
        written = {text: self._grammar.exact(text) for text in texts}
        tokens = {text[start:end] for text, spans in written.items() for start, end in spans}
        minted = self._vault.values(session, sorted(tokens)) if tokens else {}
        return {text: [span for span in spans if text[slice(*span)] in minted] for text, spans in written.items()}

    def _look(self, session: str, texts: Sequence[str]) -> tuple[frozenset[str], list[list[Known]]]:
        read = [(number, *reading) for number, text in enumerate(texts) for reading in readings(text)]
        every = [*texts, *(reading for _, reading, _ in read)]
        if isinstance(self._vault, LookingVault):
            kinds, found = self._vault.look(session, every)
        else:
            kinds = self._vault.kinds(session)
            found = self._vault.find(session, every) if kinds else [[] for _ in every]
        own = found[: len(texts)]
        for (number, _, offsets), hits in zip(read, found[len(texts) :], strict=True):
            own[number] += [hit._replace(start=offsets[hit.start], end=offsets[hit.end]) for hit in hits]
        return kinds, own

    def findings(
        self, texts: Sequence[str], entities: Mapping[str, Sequence[Entity]], memory: Memory
    ) -> dict[str, list[Entity]]:
        """Join what was detected in texts with what is known of them and what only looks like a placeholder."""
        counted = {
            text: [entity for entity in _read_by_all(text, entities) if self._policy.counts(entity.kind, entity.score)]
            for text in texts
        }
        kinds = memory.kinds | {LITERAL} | {entity.kind for found in counted.values() for entity in found}
        return {
            text: self._joined(text, counted[text], hits, memory, kinds)
            for text, hits in zip(texts, memory.found, strict=True)
        }

    def _joined(
        self, text: str, findings: list[Entity], hits: Sequence[Known], memory: Memory, kinds: Set[str]
    ) -> list[Entity]:
        seen = _Overlaps(findings)
        for hit in hits:
            # a value of the session that stands here again is certain; where a detector saw it too, its score counts
            detected = seen.any(hit.start, hit.end)
            if not detected and is_ordinary(text, hit.start, hit.end):
                continue
            certain = hit.kind != LITERAL and not detected
            findings.append(Entity(base_kind(hit.kind), hit.start, hit.end, 1.0 if certain else 0.0))
        live = memory.live.get(text, [])
        lookalikes = self._lookalikes(text, memory, kinds, live)
        return _beside(text, findings, live) + [Entity(LITERAL, start, end, 0.0) for start, end in lookalikes]

    def _lookalikes(
        self, text: str, memory: Memory, kinds: Set[str], live: Sequence[tuple[int, int]]
    ) -> list[tuple[int, int]]:
        if self._grammar is None:
            return memory.fakes.find(text) if memory.fakes is not None and not live else []
        found: list[tuple[int, int]] = []
        last = 0
        for start, end in (*live, (len(text), len(text))):
            found += [(last + a, last + b) for a, b in self._grammar.find(text[last:start], kinds)]
            last = end
        return found

    def hide(
        self, session: str, spans: Mapping[str, Sequence[Span]], memory: Memory, *, remember: bool = True
    ) -> Plan[dict[str, str] | Exception]:
        """Put placeholders where the spans say; gives text → hidden text, or what the vault raised.

        Args:
            session: Session id.
            spans: What is hidden in each text.
            memory: What the vault knows of the texts.
            remember: Whether the vault remembers values that are new to it; otherwise they get placeholders that stand
                for nothing.
        """
        allocate = self._vault.allocate if remember else partial(_placeholders_of, self._vault)
        todo = {
            text: [span for span in found if span.action in ("anonymize", "redact")] for text, found in spans.items()
        }
        known = {text[hit.start : hit.end] for text, hits in zip(spans, memory.found, strict=True) for hit in hits}
        for _ in range(_MAX_REPAIRS):
            wanted = list(
                dict.fromkeys(
                    (span.kind, text[span.start : span.end])
                    for text, found in todo.items()
                    for span in found
                    if span.action == "anonymize"
                )
            )
            placeholders: dict[Wanted, str] = {}
            if wanted:
                answer = yield from self._allocate(session, wanted, todo.keys(), known, allocate)
                if isinstance(answer, Exception):
                    return answer
                placeholders = answer
            hidden = {text: _Hidden.of(text, found, placeholders) for text, found in todo.items() if found}
            if self._grammar is not None or not wanted or not remember:  # what can't be restored can't be misread
                return {text: done.text for text, done in hidden.items()}
            # a fake may run into the words around it: whatever reads as one by accident is hidden as well
            (fakes,) = yield Together([partial(self._vault.items, session)], waits=self.waits)
            if isinstance(fakes, Exception):
                return fakes
            restoring = FakeRestoring(fakes)
            clashes = {text: done.clashes(restoring, memory.live.get(text, ())) for text, done in hidden.items()}
            if not any(clashes.values()):
                return {text: done.text for text, done in hidden.items()}
            for text, found in clashes.items():
                todo[text] = merge(
                    text, [*(Entity(s.kind, s.start, s.end, s.score) for s in todo[text]), *found], self._policy
                )
        return GuardError("no fakes were found that stay apart from the text; use a numbered placeholder_style")

    def _allocate(
        self, session: str, wanted: Sequence[Wanted], texts: Set[str], known: Set[str], allocate: _Allocate
    ) -> Plan[dict[Wanted, str] | Exception]:
        if self._grammar is None:
            (items,) = yield Together([partial(self._vault.items, session)], waits=self.waits)
            if isinstance(items, Exception):
                return items
            return (yield from self._ask_vault(allocate, session, wanted, wanted, FakeMint(texts, items)))
        mint = _TokenMint(self._grammar)
        names = [value for kind, value in wanted if kind == PERSON and value not in known] if self._link_persons else []
        if not names:
            return (yield from self._ask_vault(allocate, session, wanted, wanted, mint))
        (items,) = yield Together([partial(self._vault.items, session)], waits=self.waits)
        if isinstance(items, Exception):
            return items
        # many are compared in a thread: it takes a while
        linking = Together([partial(self._aliases, names, items)], waits=len(items) + len(names) > _FEW_LINKED)
        (aliases,) = yield linking
        if isinstance(aliases, Exception):
            return aliases
        return (yield from self._allocate_linked(session, wanted, aliases, mint, allocate))

    def _aliases(self, names: Sequence[str], items: Mapping[str, str]) -> dict[str, Person]:
        if len(items) > _MAX_LINKED or self._grammar is None:
            return {}
        read = ((self._grammar.read(placeholder), value) for placeholder, value in items.items())
        people = People((*kind_and_index, value) for kind_and_index, value in read if kind_and_index)
        return people.aliases(names, known=set(items.values()))

    def _allocate_linked(
        self,
        session: str,
        wanted: Sequence[Wanted],
        aliases: Mapping[str, Person],
        mint: _TokenMint,
        allocate: _Allocate,
    ) -> Plan[dict[Wanted, str] | Exception]:
        first = [pair for pair in wanted if pair[1] not in aliases]
        placeholders = yield from self._ask_vault(allocate, session, first, first, mint)
        others = [pair for pair in wanted if pair[1] in aliases]
        if isinstance(placeholders, Exception) or not others:
            return placeholders
        # an alias is named after its person's number, which a new person has only now
        named: list[Wanted] = []
        for kind, name in others:
            person = aliases[name]
            number = mint.number(placeholders[PERSON, person]) if isinstance(person, str) else person
            named.append((kind if number is None else alias_kind(PERSON, number), name))
        more = yield from self._ask_vault(allocate, session, others, named, mint)
        return more if isinstance(more, Exception) else placeholders | more

    def _ask_vault(
        self, allocate: _Allocate, session: str, pairs: Sequence[Wanted], named: Sequence[Wanted], mint: Mint
    ) -> Plan[dict[Wanted, str] | Exception]:
        (answer,) = yield Together([partial(allocate, session, named, mint)], waits=self.waits)
        return answer if isinstance(answer, Exception) else dict(zip(pairs, answer, strict=True))


def _placeholders_of(vault: Vault, session: str, wanted: Sequence[Wanted], mint: Mint) -> list[str]:
    """Give the placeholders of values as `Vault.allocate` does, but make none: new values get some of nobody."""
    values = list(dict.fromkeys(value for _, value in wanted))
    placeholders: dict[str, str] = {}
    for value, hits in zip(values, vault.find(session, values), strict=True):
        if hits and (hits[0].start, hits[0].end) == (0, len(value)):
            placeholders[value] = hits[0].placeholder
    number = _NOBODY
    for kind, value in wanted:
        if value not in placeholders:
            placeholders[value] = mint(kind, number)
            number -= 1
    return [placeholders[value] for _, value in wanted]


def _read_by_all(text: str, entities: Mapping[str, Sequence[Entity]]) -> Iterator[Entity]:
    """Give what was detected in a text and in its readings, all with offsets in the text."""
    yield from entities[text]
    for reading, offsets in readings(text):
        for entity in entities.get(reading, ()):
            yield Entity(entity.kind, offsets[entity.start], offsets[entity.end], entity.score)


def _beside(text: str, entities: list[Entity], live: Sequence[tuple[int, int]]) -> list[Entity]:
    """Give what of some findings stands beside placeholders that stay; a detector may take those for anything."""
    if not live:
        return entities
    ends = [end for _, end in live]
    beside: list[Entity] = []
    for entity in entities:
        start = entity.start
        pieces: list[tuple[int, int]] = []
        for number in range(bisect_right(ends, start), len(live)):
            if live[number][0] >= entity.end:
                break
            pieces.append((start, live[number][0]))
            start = live[number][1]
        if not pieces:
            beside.append(entity)
            continue
        for first, last in (*pieces, (start, entity.end)):
            # a colon that was left over is no value, and a fake in its place would run into the one beside it
            piece = text[first:last].rstrip(_NO_VALUE)
            if kept := piece.lstrip(_NO_VALUE):
                end = first + len(piece)
                beside.append(Entity(entity.kind, end - len(kept), end, entity.score))
    return beside


class _Overlaps:
    """Tells whether a stretch overlaps one of many."""

    def __init__(self, entities: Sequence[Entity]) -> None:
        ordered = sorted((entity.start, entity.end) for entity in entities)
        self._starts = [start for start, _ in ordered]
        self._reach = list(accumulate((end for _, end in ordered), max))

    def any(self, start: int, end: int) -> bool:
        before = bisect_left(self._starts, end)
        return before > 0 and self._reach[before - 1] > start


class _TokenMint:
    """Writes numbered placeholders."""

    def __init__(self, grammar: TokenGrammar) -> None:
        self._grammar = grammar

    def __call__(self, kind: str, index: int) -> str:
        return self._grammar.token(kind, index)

    def number(self, placeholder: str) -> int | None:
        """Give the index of a placeholder of this style; one of another style has none."""
        read = self._grammar.read(placeholder)
        return read[1] if read else None

    def claims(self, placeholder: str) -> Set[str]:  # noqa: ARG002 - numbers keep placeholders apart
        return frozenset()


@dataclass(frozen=True, slots=True)
class _Hidden:
    """A text with placeholders in it, and where they stand: (start, end, start before, end before)."""

    text: str = field(repr=False)
    places: list[tuple[int, int, int, int]]

    @classmethod
    def of(cls, text: str, spans: Sequence[Span], placeholders: Mapping[tuple[str, str], str]) -> _Hidden:
        pieces: list[str] = []
        places: list[tuple[int, int, int, int]] = []
        last = length = 0
        for span in spans:
            value = text[span.start : span.end]
            put = f"[REDACTED_{span.kind}]" if span.action == "redact" else placeholders[span.kind, value]
            length += span.start - last
            places.append((length, length + len(put), span.start, span.end))
            pieces += (text[last : span.start], put)
            length += len(put)
            last = span.end
        pieces.append(text[last:])
        return cls("".join(pieces), places)

    def clashes(self, fakes: FakeRestoring, live: Collection[tuple[int, int]] = ()) -> list[Entity]:
        """Give the stretches of the original text that keep the fakes put into it from being read back.

        Args:
            fakes: The session's fakes.
            live: Where fakes stood in the text before that are to be read back as well.

        Text and fakes may together read as part of a fake that was not put there, and a fake that touches a letter or
        digit is no whole word.
        """
        meant = {(start, end) for start, end, _, _ in self.places}
        read = set(fakes.find(self.text))
        stretches = [*(read - meant)]
        for start, end in meant - read:
            left, right = cuts_run(self.text, start), cuts_run(self.text, end)
            if left or right:
                stretches.append((start - left, end + right))
        before = [(self._before(start), self._before(end - 1) + 1) for start, end in stretches]
        return [Entity(LITERAL, start, end, 0.0) for start, end in before if (start, end) not in live]

    def _before(self, offset: int) -> int:
        """Give the offset in the original text of an offset in this one."""
        shift = 0
        for start, end, start_before, end_before in self.places:
            if offset < start:
                break
            if offset < end:
                return min(start_before + offset - start, end_before - 1)
            shift = end_before - end
        return offset + shift


def cut_out(text: str, entities: Sequence[Entity]) -> str:
    """Give a text in which every finding is ``[REDACTED_<KIND>]``, for good."""
    spans = merge(text, entities, Policy(default="redact"))
    return _Hidden.of(text, spans, {}).text
