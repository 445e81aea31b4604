"""What leaves for a tracing backend: span attributes in which values are replaced by their placeholders."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, MutableMapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, get_args

from lc_guard._engine.leaks import Leak
from lc_guard._placeholders.aliases import base_kind
from lc_guard._placeholders.grammar import LITERAL
from lc_guard._placeholders.restorer import FakeRestoring
from lc_guard._text.common_words import is_ordinary
from lc_guard._text.json_tree import Finder, JsonText, Leaf, hide, occurrences, parse, rebuild, scalar_text
from lc_guard._text.known_values import Match
from lc_guard.errors import GuardError
from lc_guard.observability.cut_values import LongestTexts, without_beginning
from lc_guard.observability.dropped_values import DroppedValues
from lc_guard.observability.known_traces import KnownTraces
from lc_guard.observability.model_inputs import LANGFUSE_TYPE, is_model_call, model_input
from lc_guard.observability.recent_values import RecentValues
from lc_guard.observability.session_finders import SessionFinders
from lc_guard.observability.span_attributes import (
    LANGFUSES,
    METADATA,
    all_leaves,
    is_kept,
    metadata_key,
    scalar,
    sendable,
    settles,
    spoken_key,
    unguarded_warning,
    was_sent,
)
from lc_guard.observability.span_texts import is_check, is_identifier, is_machine_id, looked_at, placeholder_spans
from lc_guard.records import SESSION_METADATA, STAGE_METADATA

if TYPE_CHECKING:
    from lc_guard.guard import Guard

Detect = Literal["when_needed", "always"]
"""When the mask runs the guard's detectors itself."""

_SESSION, _STAGE = METADATA[0] + SESSION_METADATA, METADATA[0] + STAGE_METADATA
_SESSION_KEYS = ("session_id", "thread_id")

# New text comes into a trace through these, after the last decision as well.
_SOURCES = ("tool", "retriever")

_MAX_TRACES = 10_000
_MAX_SESSIONS = 256


class UnmaskableName(GuardError):
    """A span's name holds a value; nothing can change a name any more."""

    def __init__(self) -> None:
        super().__init__("the name of a span holds a value of the session: take it out of run_name or the tool's name")


class SpanMask:
    """Masks the attributes of spans with what a guard knows.

    It learns which sessions a trace belongs to from the checks' spans, which end before those around them. What a
    vault drops is kept for a while, for spans that are still to be exported. All it holds is bounded.

    Where it does not know whose a trace is, or not of all, it looks for the unmistakable values of all sessions that
    were used of late, and hides them for good: see `lc_guard.observability.recent_values.RecentValues` for the bounds.

    Args:
        guard: The guard; it is asked for digests, its vault for values, its detectors where neither knows enough.
        detect: When the detectors are run.
        dropped: What keeps dropped values; None makes one.
        max_traces: Number of traces remembered; the detectors are run on the spans of a trace that was left out.
        max_sessions: Number of sessions remembered of a trace; the detectors are run where there are more.
        everyones: Whether any trace may hold values of any session.
        recent: What knows the values of all sessions; None makes one.

    Raises:
        ValueError: If `detect` is unknown.
    """

    def __init__(
        self,
        guard: Guard,
        *,
        detect: Detect = "when_needed",
        dropped: DroppedValues | None = None,
        max_traces: int = _MAX_TRACES,
        max_sessions: int = _MAX_SESSIONS,
        everyones: bool = False,
        recent: RecentValues | None = None,
    ) -> None:
        if detect not in get_args(Detect):
            raise ValueError(f"detect must be one of {', '.join(map(repr, get_args(Detect)))}")
        self._guard = guard
        self._detect = detect
        self._finders = SessionFinders(guard, dropped=dropped, recent=recent)
        self._traces = KnownTraces(max_traces, max_sessions, everyones=everyones)
        self._longest = LongestTexts()
        # what scanners will take out of an answer stands in the model's own span, which may leave before they have
        self._sources = (*_SOURCES, "generation") if guard.scanners.take_from_answers else _SOURCES

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self._traces)} traces)"

    def learn(self, trace_id: str, attributes: Mapping[str, Any], *, ended: bool = True) -> None:
        """Learn from a span what masking its trace needs; to be called for a whole batch before any is masked."""
        digest = scalar(attributes.get(_SESSION))
        named = [scalar(attributes.get(prefix + key)) for prefix in METADATA for key in _SESSION_KEYS]
        digests = {self._guard.digest(session) for session in named if session} | ({digest} if digest else set())
        if digests:
            settled = settles(attributes.get("langfuse.observation.output")) if digest and ended else None
            self._traces.note(trace_id, digests, settled=settled)

    def learn_check(self, trace_id: str, session: object, output: Mapping[str, Any]) -> None:
        """Learn from a check whose span will not come: its session's digest, and what it ended with."""
        self.learn(trace_id, {_SESSION: session, "langfuse.observation.output": json.dumps(output)})

    def mask(
        self,
        trace_id: str,
        name: str,
        attributes: Mapping[str, Any],
        redacted: MutableMapping[str, str] | None = None,
        *,
        limited: str = "",
    ) -> tuple[dict[str, Any], list[str]]:
        """Return which attributes of a span to set, and which keys to remove before.

        `redacted` is what the detectors made of texts of the same batch already, and is added to. `limited` names the
        part of a span whose texts are cut at one length. A span for which this raises must not leave: UnmaskableName if
        its name, which can't be changed, holds a value of the session.
        """
        digests, decided, strange = self._traces.of(trace_id)
        ends = self._cut_ends(digests, attributes, limited) if limited else {}
        attributes = {**attributes, **ends}
        finders, complete = self._finders.of(digests, strange=strange)
        trees = {key: parse(value) for key, value in attributes.items() if not is_kept(key)}
        self._require_clean(name, digests, strange=strange)
        table = self._table(trace_id, trees, finders)
        source = attributes.get(LANGFUSE_TYPE) in self._sources
        needed = self._detect == "always" or not (decided and complete) or source
        unguarded = False
        if needed:
            # A check's own span is free of values, and is to arrive also when the detectors are down.
            check = is_check(attributes.get(LANGFUSE_TYPE), scalar(attributes.get(_STAGE)))
            new = self._redact(trees, table, {} if redacted is None else redacted, check=check)
            if new and source:
                self._traces.reopen(trace_id)
            unguarded = decided is None and was_sent(new, attributes)
        changed, removed = self._changes(trees, table)
        changed = {key: value for key, value in ends.items() if key not in removed} | changed
        return changed | unguarded_warning(attributes, unguarded=unguarded), removed

    def _cut_ends(self, digests: Sequence[str], attributes: Mapping[str, Any], part: str) -> dict[str, str]:
        """Return the attributes that end in the beginning of a value, without it."""
        cut = {
            key: value
            for key, value in attributes.items()
            if isinstance(value, str) and not is_kept(key) and self._longest.may_be_cut(value, part)
        }
        if not cut:
            return cut
        values = [pair for digest in digests for pair in self._finders.values(digest)]
        shown = {key: without_beginning(text, values) for key, text in cut.items()}
        return {key: text for key, text in shown.items() if text != cut[key]}

    def _table(self, trace_id: str, trees: Mapping[str, Any], finders: Sequence[Finder]) -> dict[Leaf, str]:
        """Return of leaves and keys those that hold a value, with what stands for them."""
        found = {leaf: None for key, tree in trees.items() for leaf in all_leaves(key, tree)}
        own = [key for key in trees if not (key in found or key.startswith(LANGFUSES))]
        return {**self.names(trace_id, own), **hide(found, finders, whole=is_machine_id)}

    def names(self, trace_id: str, names: Collection[str]) -> dict[Leaf, str]:
        """Return of names that a program gave to its parts those that hold a value, with what stands for them.

        A value counts as a whole word alone, and no detector is asked.
        """
        digests, _, strange = self._traces.of(trace_id)
        finders, _ = self._finders.of(digests, strange=strange, inside_words=False) if names else ([], True)
        return hide(names, finders, whole=is_machine_id)

    def _require_clean(self, name: str, digests: Sequence[str], *, strange: bool) -> None:
        # a program may call a part of it as somebody is called
        finders, _ = self._finders.of(digests, strange=None if is_identifier(name) else strange, inside_words=False)
        if any(finder([name])[0] for finder in finders):
            raise UnmaskableName

    def leak(self, trace_id: str, observation_id: str, attributes: Mapping[str, Any]) -> Leak | None:
        """Return the leak if a model was sent values that a session of the trace hides; None for other spans.

        What counts is what the guard itself would have hidden there: whole words, no names that are ordinary words, no
        kinds that the policy lets pass, no look-alikes, nothing inside a placeholder. A span for which this raises must
        not leave.
        """
        if not is_model_call(attributes):
            return None
        digests, *_ = self._traces.of(trace_id)
        texts = model_input(attributes)
        finders, _ = self._finders.of(digests, inside_words=False)
        found: set[tuple[str, str]] = set()
        for leaf, hits in occurrences(texts, finders).items():
            text = str(leaf)
            whole = (0, len(text))
            shown = [
                hit
                for hit in hits
                if (isinstance(leaf, str) or (hit.start, hit.end) == whole) and self._is_hidden(text, hit)
            ]
            if not shown:
                continue
            spans = [*placeholder_spans(text), *self._fakes(digests, text)]
            found |= {
                (base_kind(hit.kind), text[hit.start : hit.end])
                for hit in shown
                if not any(start < hit.end and hit.start < end for start, end in spans)
            }
        if not found:
            return None
        kinds = [kind for kind, _ in found]
        return Leak(trace_id, observation_id, {kind: kinds.count(kind) for kind in kinds})

    def _is_hidden(self, text: str, hit: Match) -> bool:
        kind = base_kind(hit.kind)
        passes = kind == LITERAL or self._guard.policy.action(kind) in ("allow", "warn")
        return not passes and not is_ordinary(text, hit.start, hit.end)

    def _fakes(self, digests: Sequence[str], text: str) -> Iterator[tuple[int, int]]:
        """Yield where fakes of the sessions stand in a text: they look like values, and may hold one."""
        for session in filter(None, map(self._guard.session_of, digests)):
            restoring = self._guard.session_values.restoring(session)
            if not isinstance(restoring, FakeRestoring):
                return  # one style for all sessions of a guard
            yield from restoring.find(text)

    def _redact(
        self, trees: Mapping[str, Any], table: dict[Leaf, str], redacted: MutableMapping[str, str], *, check: bool
    ) -> set[Leaf]:
        """Put what the detectors find into the table; give the leaves in which it was."""
        wanted = {
            leaf: table.get(leaf, leaf)
            for key, tree in trees.items()
            for leaf in looked_at(tree, metadata_key(key), check=check)
        }
        free = [] if check else [name for name in map(spoken_key, trees) if name]
        wanted |= {name: table.get(name, name) for name in free}
        new = [text for text in dict.fromkeys(wanted.values()) if text not in redacted and not text.isspace() and text]
        redacted.update(zip(new, self._guard.redact(new) if new else (), strict=True))
        found = {leaf: redacted[text] for leaf, text in wanted.items() if redacted.get(text, text) != text}
        table.update(found)
        return set(found)

    def _changes(self, trees: Mapping[str, Any], table: Mapping[Leaf, str]) -> tuple[dict[str, Any], list[str]]:
        changed: dict[str, Any] = {}
        removed: list[str] = []
        for key, tree in trees.items():
            name = metadata_key(key)
            word = name or key
            ids = dict.fromkeys(_SESSION_KEYS, self._guard.digest) if name else None
            value, different = rebuild(tree, table, named=ids)
            if name in _SESSION_KEYS and (session := scalar_text(tree)):
                digest = self._guard.digest(session)
                # SDK 5 writes metadata as JSON, SDK 4 as it is
                value, different = json.dumps(digest) if isinstance(tree, JsonText) else digest, True
            sent, unsendable = sendable(value)
            new_key = key.removesuffix(word) + table[word] if word in table else key
            if new_key != key:
                removed.append(key)
            if different or unsendable or new_key != key:
                changed[new_key] = sent
        return changed, removed
