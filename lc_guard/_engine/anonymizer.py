"""From what was found to a text with placeholders in it, and what the vault already knows of a text."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate

from lc_guard._engine.flow import Flow, Gather
from lc_guard._engine.text_state import ResolvedSpan, TextState, resolve_overlaps
from lc_guard.errors import GuardError
from lc_guard.fakes import FakeMint
from lc_guard.known import Known
from lc_guard.linking import PERSON, People, Person, alias_kind, base_kind
from lc_guard.ordinary import is_ordinary
from lc_guard.placeholders import LITERAL, TokenGrammar
from lc_guard.policy import Policy
from lc_guard.records import Entity
from lc_guard.restoring import FakeRestoring
from lc_guard.vaults.base import LookingVault, Mint, Vault
from lc_guard.words import cuts_run

Wanted = tuple[str, str]
"""A kind and a value that is to have a placeholder."""

_MAX_REPAIRS = 8
_MAX_LINKED = 5_000  # placeholders of a session beyond which new names are no longer compared with all others


@dataclass(frozen=True, slots=True)
class SessionSnapshot:
    """What the vault knows of some texts, read in one go; `found` is in the order of the texts."""

    kinds: frozenset[str]
    found: list[list[Known]] = field(repr=False)
    fakes: FakeRestoring | None = field(repr=False)


class Anonymizer:
    """Hides values behind placeholders of one style, remembered in one vault; without a grammar it makes fakes."""

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

    def resolve(self, session: str, texts: Sequence[TextState]) -> Flow[SessionSnapshot | Exception]:
        """Join what was found in texts with what the session knows of them: to spans that don't overlap."""
        (snapshot,) = yield Gather([partial(self.load_known, session, texts)], waits=self.waits)
        if isinstance(snapshot, Exception):
            return snapshot
        counted = [
            [entity for entity in (*text.detected, *text.marked) if self._policy.counts(entity.kind, entity.score)]
            for text in texts
        ]
        kinds = snapshot.kinds | {LITERAL} | {entity.kind for found in counted for entity in found}
        marked = _marked(texts)
        for text, found, known in zip(texts, counted, snapshot.found, strict=True):
            text.known = known
            entities = self._joined(text, found, snapshot, kinds)
            text.spans = resolve_overlaps(text.current, entities, self._policy, anonymized=marked)
        return snapshot  # type: ignore[no-any-return]

    def load_known(self, session: str, texts: Sequence[TextState]) -> SessionSnapshot:
        """Read what the vault knows of some texts."""
        read = [(number, *form) for number, text in enumerate(texts) for form in text.unescaped]
        every = [*(text.current for text in texts), *(form for _, form, _ in read)]
        if isinstance(self._vault, LookingVault):
            kinds, found = self._vault.look(session, every)
        else:
            kinds = self._vault.kinds(session)
            found = self._vault.find(session, every) if kinds else [[] for _ in every]
        own = found[: len(texts)]
        for (number, _, offsets), hits in zip(read, found[len(texts) :], strict=True):
            own[number] += [hit._replace(start=offsets[hit.start], end=offsets[hit.end]) for hit in hits]
        return SessionSnapshot(kinds, own, FakeRestoring(self._vault.items(session)) if self._grammar is None else None)

    def hide(self, session: str, texts: Sequence[TextState], snapshot: SessionSnapshot) -> Flow[Exception | None]:
        """Put placeholders where the spans of texts say; returns what the vault raised, or None."""
        todo = [[span for span in text.spans if span.action in ("anonymize", "redact")] for text in texts]
        for _ in range(_MAX_REPAIRS):
            wanted = _wanted(texts, todo)
            placeholders = yield from self._allocate(session, wanted, texts, snapshot)
            if isinstance(placeholders, Exception):
                return placeholders
            made = [_Hidden.of(text.current, spans, placeholders) for text, spans in zip(texts, todo, strict=True)]
            clashes = (yield from self._clashes(session, made)) if self._grammar is None and wanted else []
            if isinstance(clashes, Exception):
                return clashes
            if not any(clashes):
                for text, spans, done in zip(texts, todo, made, strict=True):
                    text.hidden = done.text if spans else None
                return None
            marked = _marked(texts)
            todo = [self._repaired(*each, marked=marked) for each in zip(texts, todo, clashes, strict=True)]
        return GuardError("no fakes were found that stay apart from the text; use a numbered placeholder_style")

    def _joined(self, text: TextState, found: list[Entity], snapshot: SessionSnapshot, kinds: Set[str]) -> list[Entity]:
        seen = _Overlaps(found)
        for hit in text.known:
            # a value of the session that stands here again is certain; where a detector saw it too, its score counts
            detected = seen.any(hit.start, hit.end)
            if not detected and is_ordinary(text.current, hit.start, hit.end):
                continue
            certain = hit.kind != LITERAL and not detected
            found.append(Entity(base_kind(hit.kind), hit.start, hit.end, 1.0 if certain else 0.0))
        lookalikes: Iterable[tuple[int, int]] = ()
        if self._grammar is not None:
            lookalikes = self._grammar.find(text.current, kinds)
        elif snapshot.fakes is not None:
            lookalikes = snapshot.fakes.find(text.current)
        return found + [Entity(LITERAL, start, end, 0.0) for start, end in lookalikes]

    def _clashes(self, session: str, made: Sequence[_Hidden]) -> Flow[list[list[Entity]] | Exception]:
        """Return by text what reads as a fake by accident: a fake may run into the words around it."""
        fakes = yield from self._items(session)
        if isinstance(fakes, Exception):
            return fakes
        restoring = FakeRestoring(fakes)
        return [done.clashes(restoring) for done in made]

    def _repaired(
        self, text: TextState, spans: Sequence[ResolvedSpan], clashes: Sequence[Entity], *, marked: Set[str]
    ) -> list[ResolvedSpan]:
        entities = [*(Entity(span.kind, span.start, span.end, span.score) for span in spans), *clashes]
        return resolve_overlaps(text.current, entities, self._policy, anonymized=marked)

    def _items(self, session: str) -> Flow[Mapping[str, str] | Exception]:
        (items,) = yield Gather([partial(self._vault.items, session)], waits=self.waits)
        return items  # type: ignore[no-any-return]

    def _allocate(
        self, session: str, wanted: Sequence[Wanted], texts: Sequence[TextState], snapshot: SessionSnapshot
    ) -> Flow[dict[Wanted, str] | Exception]:
        if not wanted:
            return {}
        names = self._new_names(wanted, texts)
        if self._grammar is not None and len(names) <= (0 if snapshot.kinds else 1):
            # nobody is there whose other name it could be
            return (yield from self._ask_vault(session, wanted, wanted, _TokenMint(self._grammar)))
        items = yield from self._items(session)
        if isinstance(items, Exception):
            return items
        if self._grammar is None:
            fakes = FakeMint({text.current for text in texts}, items)
            return (yield from self._ask_vault(session, wanted, wanted, fakes))
        few = items if len(items) <= _MAX_LINKED else {}
        read = self._grammar.read
        people = People((*place, value) for placeholder, value in few.items() if (place := read(placeholder)))
        aliases = people.aliases(names, known=set(items.values())) if few or not items else {}
        return (yield from self._allocate_linked(session, wanted, aliases, _TokenMint(self._grammar)))

    def _new_names(self, wanted: Sequence[Wanted], texts: Sequence[TextState]) -> list[str]:
        """Return the names that may be other names of somebody."""
        if not self._link_persons:
            return []
        known = {text.current[hit.start : hit.end] for text in texts for hit in text.known}
        return [value for kind, value in wanted if kind == PERSON and value not in known]

    def _allocate_linked(
        self, session: str, wanted: Sequence[Wanted], aliases: Mapping[str, Person], mint: _TokenMint
    ) -> Flow[dict[Wanted, str] | Exception]:
        first = [pair for pair in wanted if pair[1] not in aliases]
        placeholders = yield from self._ask_vault(session, first, first, mint)
        others = [pair for pair in wanted if pair[1] in aliases]
        if isinstance(placeholders, Exception) or not others:
            return placeholders
        # an alias is named after its person's number, which a new person has only now
        named: list[Wanted] = []
        for kind, name in others:
            person = aliases[name]
            number = mint.number(placeholders[PERSON, person]) if isinstance(person, str) else person
            named.append((kind if number is None else alias_kind(PERSON, number), name))
        more = yield from self._ask_vault(session, others, named, mint)
        return more if isinstance(more, Exception) else placeholders | more

    def _ask_vault(
        self, session: str, pairs: Sequence[Wanted], named: Sequence[Wanted], mint: Mint
    ) -> Flow[dict[Wanted, str] | Exception]:
        (answer,) = yield Gather([partial(self._vault.allocate, session, named, mint)], waits=self.waits)
        return answer if isinstance(answer, Exception) else dict(zip(pairs, answer, strict=True))


def _wanted(texts: Iterable[TextState], spans: Iterable[Sequence[ResolvedSpan]]) -> list[Wanted]:
    pairs = ((text.current, span) for text, own in zip(texts, spans, strict=True) for span in own)
    values = ((span.kind, text[span.start : span.end]) for text, span in pairs if span.action == "anonymize")
    return list(dict.fromkeys(values))


def _marked(texts: Iterable[TextState]) -> set[str]:
    """Return the kinds that scanners want hidden, whatever the policy says of them."""
    return {entity.kind for text in texts for entity in text.marked}


class _Overlaps:
    """Knows whether a stretch overlaps one of many."""

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
        """Return the index of a placeholder of this style; one of another style has none."""
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
    def of(cls, text: str, spans: Sequence[ResolvedSpan], placeholders: Mapping[tuple[str, str], str]) -> _Hidden:
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

    def clashes(self, fakes: FakeRestoring) -> list[Entity]:
        """Return the stretches of the original text that keep the fakes put into it from being read back.

        Text and fakes may together read as part of a fake that was not put there, and a fake that touches a letter or
        digit is no whole word.
        """
        if not self.places:
            return []
        meant = {(start, end) for start, end, _, _ in self.places}
        read = set(fakes.find(self.text))
        stretches = [*(read - meant)]
        for start, end in meant - read:
            left, right = cuts_run(self.text, start), cuts_run(self.text, end)
            if left or right:
                stretches.append((start - left, end + right))
        return [Entity(LITERAL, self._before(start), self._before(end - 1) + 1, 0.0) for start, end in stretches]

    def _before(self, offset: int) -> int:
        """Return the offset in the original text of an offset in this one."""
        shift = 0
        for start, end, start_before, end_before in self.places:
            if offset < start:
                break
            if offset < end:
                return min(start_before + offset - start, end_before - 1)
            shift = end_before - end
        return offset + shift


def redact_text(text: str, entities: Sequence[Entity]) -> str:
    """Return a text in which every finding is ``[REDACTED_<KIND>]``, for good."""
    spans = resolve_overlaps(text, entities, Policy(default="redact"))
    return _Hidden.of(text, spans, {}).text
