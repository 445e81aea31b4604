"""What leaves for a tracing backend: span attributes in which values are replaced by their placeholders.

Nothing here knows a tracing SDK: attributes come in and go out as plain mappings. The keys are those of Langfuse's
OpenTelemetry attributes (https://langfuse.com/integrations/native/opentelemetry#property-mapping); all others are
masked as well.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Collection, Iterator, Mapping, MutableMapping, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, get_args

from lc_guard._engine.leaks import Leak
from lc_guard._forks import ForkLock
from lc_guard._placeholders.aliases import base_kind
from lc_guard._placeholders.grammar import LITERAL
from lc_guard._placeholders.restorer import FakeRestoring
from lc_guard._text.common_words import is_ordinary
from lc_guard._text.json_tree import Finder, JsonText, Leaf, hide, leaves, occurrences, parse, rebuild, scalar_text
from lc_guard._text.known_values import Match
from lc_guard.errors import GuardError
from lc_guard.observability.cut_values import LongestTexts, without_beginning
from lc_guard.observability.dropped_values import DroppedValues
from lc_guard.observability.model_inputs import LANGFUSE_TYPE, is_model_call, model_input
from lc_guard.observability.recent_values import RecentValues
from lc_guard.observability.span_texts import (
    is_check,
    is_free_text,
    is_identifier,
    is_machine_id,
    looked_at,
    placeholder_spans,
)
from lc_guard.records import PII_CHECK, SESSION_METADATA, STAGE_METADATA
from lc_guard.sessions import call_vault

if TYPE_CHECKING:
    from lc_guard.guard import Guard

Detect = Literal["when_needed", "always"]
"""When the mask runs the guard's detectors itself."""

_METADATA = ("langfuse.observation.metadata.", "langfuse.trace.metadata.")
_SESSION, _STAGE = _METADATA[0] + SESSION_METADATA, _METADATA[0] + STAGE_METADATA
_SESSION_KEYS = ("session_id", "thread_id")

# Written by the SDK from enumerations, numbers and clocks, or set by the user as the trace's own ids.
_KEPT = frozenset(
    {
        "session.id",
        "user.id",
        "langfuse.environment",
        "langfuse.release",
        "langfuse.version",
        "langfuse.trace.public",
        *(
            f"langfuse.observation.{name}"
            for name in (
                "type level completion_start_time usage_details cost_details model.name prompt.name prompt.version "
                f"metadata.{SESSION_METADATA} metadata.langfuse_session_id metadata.langfuse_user_id"
            ).split()
        ),
    }
)
_KEPT_PREFIX = "langfuse.internal."
_LANGFUSES = "langfuse."
_LEVEL, _STATUS = "langfuse.observation.level", "langfuse.observation.status_message"
_UNGUARDED = "unguarded model: it was sent what the detectors find, and no check came before it in this trace"
# New text comes into a trace through these, after the last decision as well.
_SOURCES = ("tool", "retriever")

_MAX_TRACES = 10_000
_MAX_SESSIONS = 256


class UnmaskableName(GuardError):
    """A span's name holds a value; nothing can change a name any more."""

    def __init__(self) -> None:
        super().__init__("the name of a span holds a value of the session: take it out of run_name or the tool's name")


@dataclass(slots=True)
class _Trace:
    """What the mask learned of a trace.

    Attributes:
        digests: Digests of its sessions.
        decided: Whether a check has hidden the values of a text in it.
        open: Whether values may stand in it that no vault knows: redacted, blocked, failed, brought by a tool after the
            last check, or of too many sessions.
        crowded: Whether sessions of it were left out, because they are too many.
    """

    digests: set[str] = field(default_factory=set)
    decided: bool = False
    open: bool = False
    crowded: bool = False


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
        self._dropped = DroppedValues() if dropped is None else dropped
        self._max_traces = max_traces
        self._max_sessions = max_sessions
        self._everyones = everyones
        self._recent = RecentValues(guard) if recent is None else recent
        self._traces: OrderedDict[str, _Trace] = OrderedDict()
        self._longest = LongestTexts()
        self._lock = ForkLock()
        # what scanners will take out of an answer stands in the model's own span, which may leave before they have
        self._sources = (*_SOURCES, "generation") if guard.scanners.take_from_answers else _SOURCES
        guard.vault.subscribe(self._drop)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self._traces)} traces)"

    def _drop(self, session: str, entries: Mapping[str, tuple[str, str]]) -> None:
        self._dropped.add(self._guard.digest(session), entries)
        self._recent.add(entries)

    def learn(self, trace_id: str, attributes: Mapping[str, Any], *, ended: bool = True) -> None:
        """Learn from a span what masking its trace needs; to be called for a whole batch before any is masked."""
        digest = _scalar(attributes.get(_SESSION))
        named = [_scalar(attributes.get(prefix + key)) for prefix in _METADATA for key in _SESSION_KEYS]
        digests = {self._guard.digest(session) for session in named if session} | ({digest} if digest else set())
        if not digests:
            return
        settled = _settles(attributes.get("langfuse.observation.output")) if digest and ended else None
        with self._lock:
            trace = self._traces.setdefault(trace_id, _Trace())
            self._traces.move_to_end(trace_id)
            trace.digests |= digests
            if settled is not None:
                trace.decided = True
                trace.open |= not settled
            if len(trace.digests) > self._max_sessions:
                trace.open = trace.crowded = True
                trace.digests = digests
            while len(self._traces) > self._max_traces:
                self._traces.popitem(last=False)

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
        digests, decided, strange = self._known_of(trace_id)
        ends = self._cut_ends(digests, attributes, limited) if limited else {}
        attributes = {**attributes, **ends}
        finders, complete = self._finders(digests, strange=strange)
        trees = {key: parse(value) for key, value in attributes.items() if not _kept(key)}
        self._require_clean(name, digests, strange=strange)
        table = self._table(trace_id, trees, finders)
        source = attributes.get(LANGFUSE_TYPE) in self._sources
        needed = self._detect == "always" or not (decided and complete) or source
        unguarded = False
        if needed:
            # A check's own span is free of values, and is to arrive also when the detectors are down.
            check = is_check(attributes.get(LANGFUSE_TYPE), _scalar(attributes.get(_STAGE)))
            new = self._redact(trees, table, {} if redacted is None else redacted, check=check)
            if new and source:
                self._reopen(trace_id)
            unguarded = decided is None and _sent(new, attributes)
        changed, removed = self._changes(trees, table)
        changed = {key: value for key, value in ends.items() if key not in removed} | changed
        return changed | _warning(attributes, unguarded=unguarded), removed

    def _cut_ends(self, digests: Sequence[str], attributes: Mapping[str, Any], part: str) -> dict[str, str]:
        """Return the attributes that end in the beginning of a value, without it."""
        cut = {
            key: value
            for key, value in attributes.items()
            if isinstance(value, str) and not _kept(key) and self._longest.may_be_cut(value, part)
        }
        if not cut:
            return cut
        values = [pair for digest in digests for pair in self._values_of(digest)]
        shown = {key: without_beginning(text, values) for key, text in cut.items()}
        return {key: text for key, text in shown.items() if text != cut[key]}

    def _values_of(self, digest: str) -> list[tuple[str, str]]:
        session = self._guard.session_of(digest)
        # which is no use of the session, where the vault can tell it so
        told = getattr(self._guard.vault, "export", self._guard.vault.items)
        held = {} if session is None else call_vault(partial(told, session))
        pairs = [*((value, placeholder) for placeholder, value in held.items()), *self._dropped.values(digest)]
        quoted = [(json.dumps(value)[1:-1], placeholder) for value, placeholder in pairs]  # in JSON that was cut
        return list(dict.fromkeys([*pairs, *quoted]))

    def _table(self, trace_id: str, trees: Mapping[str, Any], finders: Sequence[Finder]) -> dict[Leaf, str]:
        """Return of leaves and keys those that hold a value, with what stands for them."""
        found = {leaf: None for key, tree in trees.items() for leaf in _all_leaves(key, tree)}
        own = [key for key in trees if not (key in found or key.startswith(_LANGFUSES))]
        return {**self.names(trace_id, own), **hide(found, finders, whole=is_machine_id)}

    def names(self, trace_id: str, names: Collection[str]) -> dict[Leaf, str]:
        """Return of names that a program gave to its parts those that hold a value, with what stands for them.

        A value counts as a whole word alone, and no detector is asked.
        """
        digests, _, strange = self._known_of(trace_id)
        finders, _ = self._finders(digests, strange=strange, inside_words=False) if names else ([], True)
        return hide(names, finders, whole=is_machine_id)

    def _known_of(self, trace_id: str) -> tuple[list[str], bool | None, bool]:
        """Return the sessions of a trace, whether all values of it have placeholders, and whether others may be in it.

        That all have is None if nothing was decided in the trace.
        """
        with self._lock:
            trace = self._traces.get(trace_id, _Trace())
            decided = not trace.open if trace.decided else None
            return sorted(trace.digests), decided, self._everyones or trace.crowded or not trace.digests

    def _require_clean(self, name: str, digests: Sequence[str], *, strange: bool) -> None:
        # a program may call a part of it as somebody is called
        finders, _ = self._finders(digests, strange=None if is_identifier(name) else strange, inside_words=False)
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
        digests, *_ = self._known_of(trace_id)
        texts = model_input(attributes)
        finders, _ = self._finders(digests, inside_words=False)
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

    def _reopen(self, trace_id: str) -> None:
        # What a tool brought stands in the spans around it too, and no check may come after it.
        with self._lock:
            self._traces.setdefault(trace_id, _Trace()).open = True

    def _finders(
        self, digests: Sequence[str], *, strange: bool | None = None, inside_words: bool = True
    ) -> tuple[list[Finder], bool]:
        """Return who knows the sessions' values, and whether they know all of them.

        Args:
            digests: The sessions.
            strange: Whether values of any session are looked for as well; None never.
            inside_words: Whether the sessions' values are looked for within words.
        """
        finders: list[Finder] = []
        complete = True
        for digest in digests:
            session = self._guard.session_of(digest)
            # The vault first: what it drops in between is kept here by then.
            if session is not None:
                finders.append(partial(self._guard.vault.find, session, inside_words=inside_words))
            finders.append(partial(self._dropped.find, digest, inside_words=inside_words))
            if self._dropped.lost(digest) or (session is None and digest not in self._dropped):
                complete = False
        if strange or (strange is not None and not complete):
            finders.append(self._recent.find)
        return finders, complete

    def _redact(
        self, trees: Mapping[str, Any], table: dict[Leaf, str], redacted: MutableMapping[str, str], *, check: bool
    ) -> set[Leaf]:
        """Put what the detectors find into the table; give the leaves in which it was."""
        wanted = {
            leaf: table.get(leaf, leaf)
            for key, tree in trees.items()
            for leaf in looked_at(tree, _metadata_key(key), check=check)
        }
        free = [] if check else [name for name in map(_spoken, trees) if name]
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
            name = _metadata_key(key)
            word = name or key
            ids = dict.fromkeys(_SESSION_KEYS, self._guard.digest) if name else None
            value, different = rebuild(tree, table, named=ids)
            if name in _SESSION_KEYS and (session := scalar_text(tree)):
                digest = self._guard.digest(session)
                # SDK 5 writes metadata as JSON, SDK 4 as it is
                value, different = json.dumps(digest) if isinstance(tree, JsonText) else digest, True
            sent, unsendable = _sendable(value)
            new_key = key.removesuffix(word) + table[word] if word in table else key
            if new_key != key:
                removed.append(key)
            if different or unsendable or new_key != key:
                changed[new_key] = sent
        return changed, removed


def leak_attributes(leak: Leak, masked: Mapping[str, Any]) -> dict[str, str]:
    """Return the attributes that show a leak on its observation in Langfuse."""
    said = masked.get(_STATUS)
    return {_LEVEL: "ERROR", _STATUS: f"{leak.message}; {said}" if said else leak.message}


def _sent(found: Set[Leaf], attributes: Mapping[str, Any]) -> bool:
    """Return whether a model of Langfuse's was sent some of what the detectors found."""
    return bool(found) and LANGFUSE_TYPE in attributes and not found.isdisjoint(model_input(attributes))


def _warning(attributes: Mapping[str, Any], *, unguarded: bool) -> dict[str, str]:
    """Return the attributes that show an unguarded model; an observation that says something already keeps it."""
    said = attributes.get(_LEVEL, "DEFAULT") != "DEFAULT" or attributes.get(_STATUS)
    return {} if said or not unguarded else {_LEVEL: "WARNING", _STATUS: _UNGUARDED}


def _kept(key: str) -> bool:
    return key in _KEPT or key.startswith(_KEPT_PREFIX)


def _metadata_key(key: str) -> str:
    return next((key.removeprefix(prefix) for prefix in _METADATA if key.startswith(prefix)), "")


def _spoken(key: str) -> str:
    """Return a key that is more than what a program calls an attribute, or nothing."""
    return key if is_free_text(key, is_key=True) and not is_identifier(key) else ""


def _all_leaves(key: str, tree: Any) -> Iterator[Leaf]:
    if name := _metadata_key(key) or _spoken(key):
        yield name
    for leaf, _ in leaves(tree):
        yield leaf


def _scalar(value: Any) -> str:
    """Return the text of a metadata attribute: SDK 5 writes it as JSON, SDK 4 as it is."""
    if isinstance(value, str) and value[:1] == '"':
        with suppress(ValueError):
            value = json.loads(value)
    return scalar_text(value)


def _settles(output: Any) -> bool | None:
    """Return whether a check says that every value of its texts has a placeholder now; None if it looks for none."""
    try:
        decision = json.loads(output)["decision"]
        if decision["check"] != PII_CHECK:
            # no vault knows a text that a scanner stopped, nor what it took out before the detectors looked
            return False if decision["action"] in ("block", "redact", "replace") else None
        return decision["action"] in ("allow", "anonymize") and decision["error"] is None
    except (TypeError, ValueError, KeyError):
        return False


def _sendable(value: Any) -> tuple[Any, bool]:
    """Replace lone surrogates: protobuf takes none, and one would lose the whole export."""
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            return value.encode("utf-8", "replace").decode(), True
    elif isinstance(value, list):
        items = [_sendable(item) for item in value]
        return [item for item, _ in items], any(flag for _, flag in items)
    return value, False
