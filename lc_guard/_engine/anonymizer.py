"""From what was found to a text with placeholders in it, and what the vault already knows of a text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import partial

from lc_guard._engine.fake_clashes import Place, clashes
from lc_guard._engine.flow import Flow, Gather
from lc_guard._engine.span_sets import Overlaps, beside_live
from lc_guard._engine.text_state import (
    FoundValues,
    ResolvedSpan,
    TextState,
    ValuesToFind,
    hidden_values,
    is_meant,
    resolve_overlaps,
    small_parts,
)
from lc_guard._placeholders.aliases import PERSON, Person, alias_kind, aliases_of, base_kind
from lc_guard._placeholders.fakes import FakeMint
from lc_guard._placeholders.grammar import LITERAL, TokenGrammar
from lc_guard._placeholders.restorer import FakeRestoring
from lc_guard._text.known_values import Match
from lc_guard.errors import GuardError
from lc_guard.policy.policy import Policy
from lc_guard.records import Entity
from lc_guard.vaults.base import BatchLookupVault, Mint, Vault

Wanted = tuple[str, str]
"""A kind and a value that is to have a placeholder."""

_Allocate = Callable[[str, Sequence[Wanted], Mint], list[str]]

_MAX_REPAIRS = 8
_LONG = 20_000  # characters from which looking for values is kept off an event loop: it takes many milliseconds
_MAX_ROUNDS = 8  # a hit that joins with what stands beside it is a new value; more than two rounds are seldom
_NOBODY = 999_999_999  # the highest number that a placeholder can have: no session gets there
_FEW_LINKED = 200  # names whose comparison takes a few milliseconds


@dataclass(frozen=True, slots=True)
class SessionSnapshot:
    """What the vault knows of some texts, read in one go; `found` and `live` are in the order of the texts."""

    kinds: frozenset[str]
    found: list[list[Match]] = field(repr=False)
    fakes: FakeRestoring | None = field(repr=False)
    live: Sequence[Sequence[tuple[int, int]]] = field(default=(), repr=False)


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

    def resolve(
        self, session: str, texts: Sequence[TextState], *, live: bool = False, beside: ValuesToFind | None = None
    ) -> Flow[SessionSnapshot | Exception]:
        """Join what was found in texts with what the session knows of them: to spans that don't overlap.

        What is found in one of them, or is given as found `beside` them, is looked for in all.
        """
        (snapshot,) = yield Gather([partial(self.load_known, session, texts, live=live)], waits=self.waits)
        if isinstance(snapshot, Exception):
            return snapshot
        counted = list(map(self._counted, texts))
        kinds = snapshot.kinds | {LITERAL} | {entity.kind for found in counted for entity in found}
        marked = _marked(texts)
        for text, known, here in zip(texts, snapshot.found, snapshot.live, strict=True):
            text.known, text.live = known, here
        small = small_parts(texts, snapshot.found)
        every = [self._joined(text, found, snapshot, kinds, small) for text, found in zip(texts, counted, strict=True)]
        for text, entities in zip(texts, every, strict=True):
            text.spans = resolve_overlaps(text.current, entities, self._policy, anonymized=marked)
        spreading = partial(self._spread, FoundValues(texts, beside), texts, every, marked)
        (failure,) = yield Gather([spreading], waits=sum(len(text.current) for text in texts) > _LONG)
        return failure if isinstance(failure, Exception) else snapshot

    def found(self, texts: Iterable[TextState]) -> ValuesToFind:
        """Return what the detectors and scanners found in texts that is to be hidden."""
        values = ValuesToFind()
        for text in texts:
            text.spans = resolve_overlaps(text.current, self._counted(text), self._policy, anonymized=_marked([text]))
            for span, value in hidden_values(text):
                values.add(value, span.kind, span.score)
        return values

    def _counted(self, text: TextState) -> list[Entity]:
        return [entity for entity in (*text.detected, *text.marked) if self._policy.counts(entity.kind, entity.score)]

    def _spread(
        self, values: FoundValues, texts: Sequence[TextState], every: Sequence[list[Entity]], marked: Set[str]
    ) -> None:
        """Hide in all texts what is hidden in one of them; `every` are the findings by text."""
        for _ in range(_MAX_ROUNDS):
            more = list(values.spread())
            for number, entities in more:
                text = texts[number]
                every[number] += beside_live(text.current, entities, text.live) if text.live else entities
                text.spans = resolve_overlaps(text.current, every[number], self._policy, anonymized=marked)
            if not more:
                return

    def load_known(self, session: str, texts: Sequence[TextState], *, live: bool = False) -> SessionSnapshot:
        """Read what the vault knows of some texts, and where its placeholders stand for what they stand for."""
        read = [(number, *form) for number, text in enumerate(texts) for form in text.unescaped]
        every = [*(text.current for text in texts), *(form for _, form, _ in read)]
        if isinstance(self._vault, BatchLookupVault):
            kinds, found = self._vault.look(session, every)
        else:
            kinds = self._vault.kinds(session)
            found = self._vault.find(session, every) if kinds else [[] for _ in every]
        own = found[: len(texts)]
        for (number, _, offsets), hits in zip(read, found[len(texts) :], strict=True):
            own[number] += [hit._replace(start=offsets[hit.start], end=offsets[hit.end]) for hit in hits]
        fakes = FakeRestoring(self._vault.items(session)) if self._grammar is None else None
        return SessionSnapshot(kinds, own, fakes, self._live(session, texts, fakes) if live else [()] * len(texts))

    def _live(
        self, session: str, texts: Sequence[TextState], fakes: FakeRestoring | None
    ) -> list[list[tuple[int, int]]]:
        if self._grammar is None:
            return [fakes.find(text.current) if fakes is not None else [] for text in texts]
        written = [(text.current, self._grammar.exact(text.current)) for text in texts]
        tokens = {text[start:end] for text, spans in written for start, end in spans}
        minted = self._vault.values(session, sorted(tokens)) if tokens else {}
        return [[span for span in spans if text[slice(*span)] in minted] for text, spans in written]

    def hide(
        self,
        session: str,
        texts: Sequence[TextState],
        snapshot: SessionSnapshot,
        *,
        remember: bool = True,
        write: Callable[[str, str], str] | None = None,
    ) -> Flow[Exception | None]:
        """Put placeholders where the spans of texts say; returns what the vault raised, or None.

        What is not to be remembered gets placeholders that stand for nothing, where the vault does not know it yet.
        What is written in their place, if anything, can't be restored: look-alikes then stay as they were typed.
        """
        allocate = self._vault.allocate if remember else partial(_placeholders_of, self._vault)
        todo = [[span for span in text.spans if span.action in ("anonymize", "redact")] for text in texts]
        for _ in range(_MAX_REPAIRS):
            wanted = _wanted(texts, todo)
            placeholders = yield from self._allocate(allocate, session, wanted, texts, snapshot)
            if isinstance(placeholders, Exception):
                return placeholders
            if write is not None:
                placeholders = {pair: write(*pair) for pair in wanted}
            made = list(map(partial(_hidden, placeholders), texts, todo))
            # what can't be restored can't be misread
            misread = yield from self._clashes(session, made if wanted and remember and write is None else (), texts)
            if isinstance(misread, Exception):
                return misread
            if not any(misread):
                _put(texts, todo, made)
                return None
            marked = _marked(texts)
            todo = [self._repaired(*each, marked=marked) for each in zip(texts, todo, misread, strict=True)]
        return GuardError("no fakes were found that stay apart from the text; use a numbered placeholder_style")

    def _joined(
        self,
        text: TextState,
        found: list[Entity],
        snapshot: SessionSnapshot,
        kinds: Set[str],
        small: frozenset[str],
    ) -> list[Entity]:
        seen = Overlaps(found) if text.known else None
        for hit in text.known:
            # a value of the session that stands here again is certain; where a detector saw it too, its score counts
            detected = seen is not None and seen.any(hit.start, hit.end)
            if (hit.how == "part" and detected) or not (detected or is_meant(text.current, hit, small)):
                continue
            certain = hit.kind != LITERAL and not detected
            found.append(Entity(base_kind(hit.kind), hit.start, hit.end, 1.0 if certain else 0.0))
        lookalikes = self._lookalikes(text, snapshot, kinds)
        found = beside_live(text.current, found, text.live) if text.live else found
        return found + [Entity(LITERAL, start, end, 0.0) for start, end in lookalikes]

    def _lookalikes(self, text: TextState, snapshot: SessionSnapshot, kinds: Set[str]) -> list[tuple[int, int]]:
        if self._grammar is None:
            return snapshot.fakes.find(text.current) if snapshot.fakes is not None and not text.live else []
        found: list[tuple[int, int]] = []
        last = 0
        for start, end in (*text.live, (len(text.current), len(text.current))):
            found += [(last + a, last + b) for a, b in self._grammar.find(text.current[last:start], kinds)]
            last = end
        return found

    def _clashes(
        self, session: str, made: Sequence[tuple[str, list[Place]]], texts: Sequence[TextState]
    ) -> Flow[list[list[Entity]] | Exception]:
        """Return by text what reads as a fake by accident: a fake may run into the words around it."""
        if self._grammar is not None or not made:
            return []
        fakes = yield from self._items(session)
        if isinstance(fakes, Exception):
            return fakes
        restoring = FakeRestoring(fakes)
        return [clashes(*done, restoring, text.live) for done, text in zip(made, texts, strict=True)]

    def _repaired(
        self, text: TextState, spans: Sequence[ResolvedSpan], misread: Sequence[Entity], *, marked: Set[str]
    ) -> list[ResolvedSpan]:
        entities = [*(Entity(span.kind, span.start, span.end, span.score) for span in spans), *misread]
        return resolve_overlaps(text.current, entities, self._policy, anonymized=marked)

    def _items(self, session: str) -> Flow[Mapping[str, str] | Exception]:
        (items,) = yield Gather([partial(self._vault.items, session)], waits=self.waits)
        return items  # type: ignore[no-any-return]

    def _allocate(
        self,
        allocate: _Allocate,
        session: str,
        wanted: Sequence[Wanted],
        texts: Sequence[TextState],
        snapshot: SessionSnapshot,
    ) -> Flow[dict[Wanted, str] | Exception]:
        if not wanted:
            return {}
        names = self._new_names(wanted, texts)
        if self._grammar is not None and len(names) <= (0 if snapshot.kinds else 1):
            # nobody is there whose other name it could be
            return (yield from self._ask_vault(allocate, session, wanted, wanted, _TokenMint(self._grammar)))
        items = yield from self._items(session)
        if isinstance(items, Exception):
            return items
        if self._grammar is None:
            fakes = FakeMint({text.current for text in texts}, items)
            return (yield from self._ask_vault(allocate, session, wanted, wanted, fakes))
        # many are compared in a thread: it takes a while
        linking = partial(aliases_of, self._grammar, names, items)
        (aliases,) = yield Gather([linking], waits=len(items) + len(names) > _FEW_LINKED)
        if isinstance(aliases, Exception):
            return aliases
        return (yield from self._allocate_linked(allocate, session, wanted, aliases, _TokenMint(self._grammar)))

    def _new_names(self, wanted: Sequence[Wanted], texts: Sequence[TextState]) -> list[str]:
        """Return the names that may be other names of somebody."""
        if not self._link_persons:
            return []
        known = {text.current[hit.start : hit.end] for text in texts for hit in text.known if hit.how == "exact"}
        return [value for kind, value in wanted if kind == PERSON and value not in known]

    def _allocate_linked(
        self,
        allocate: _Allocate,
        session: str,
        wanted: Sequence[Wanted],
        aliases: Mapping[str, Person],
        mint: _TokenMint,
    ) -> Flow[dict[Wanted, str] | Exception]:
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
    ) -> Flow[dict[Wanted, str] | Exception]:
        (answer,) = yield Gather([partial(allocate, session, named, mint)], waits=self.waits)
        return answer if isinstance(answer, Exception) else dict(zip(pairs, answer, strict=True))


def _placeholders_of(vault: Vault, session: str, wanted: Sequence[Wanted], mint: Mint) -> list[str]:
    """Return the placeholders of values as `Vault.allocate` does, but make none: new values get some of nobody."""
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


def _wanted(texts: Iterable[TextState], spans: Iterable[Sequence[ResolvedSpan]]) -> list[Wanted]:
    pairs = ((text.current, span) for text, own in zip(texts, spans, strict=True) for span in own)
    values = ((span.kind, text[span.start : span.end]) for text, span in pairs if span.action == "anonymize")
    return list(dict.fromkeys(values))


def _put(
    texts: Sequence[TextState], spans: Sequence[Sequence[ResolvedSpan]], made: Sequence[tuple[str, list[Place]]]
) -> None:
    for text, own, (hidden, places) in zip(texts, spans, made, strict=True):
        text.hidden, text.places = hidden if own else None, places


def _marked(texts: Iterable[TextState]) -> set[str]:
    """Return the kinds that scanners want hidden, whatever the policy says of them."""
    return {entity.kind for text in texts for entity in text.marked}


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


def redact_text(text: str, entities: Sequence[Entity]) -> str:
    """Return a text in which every finding is ``[REDACTED_<KIND>]``, for good."""
    spans = resolve_overlaps(text, entities, Policy(default="redact"))
    return _hidden({}, TextState(text), spans)[0]


def _hidden(
    placeholders: Mapping[Wanted, str], state: TextState, spans: Sequence[ResolvedSpan]
) -> tuple[str, list[Place]]:
    """Return a text with placeholders in it, and where they stand."""
    text, pieces = state.current, list[str]()
    places: list[Place] = []
    last = length = 0
    for span in spans:
        value = text[span.start : span.end]
        put = f"[REDACTED_{span.kind}]" if span.action == "redact" else placeholders[span.kind, value]
        length += span.start - last
        places.append((length, length + len(put), span.start, span.end))
        pieces += (text[last : span.start], put)
        length += len(put)
        last = span.end
    return "".join([*pieces, text[last:]]), places
