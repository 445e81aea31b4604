"""Guard: the one place that decides what of a text is hidden, and by what."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import partial
from typing import Any, get_args

from lc_guard.detection import Detected, Detection
from lc_guard.detectors.base import Detector
from lc_guard.drivers import Driver, Plan, Together, milliseconds_since, where
from lc_guard.errors import Blocked, GuardError, SessionMissing
from lc_guard.fakes import FakeMint
from lc_guard.known import Known
from lc_guard.placeholders import LITERAL, STYLES, PlaceholderStyle, TokenGrammar
from lc_guard.policy import Policy
from lc_guard.records import Action, Decision, Entity, Stage, strongest
from lc_guard.restoring import FakeRestoring, NumberedRestoring, StreamRestorer
from lc_guard.spans import Span, merge
from lc_guard.vaults.base import Mint, Vault
from lc_guard.vaults.memory import MemoryVault

logger = logging.getLogger("lc_guard")

PII_CHECK = "pii"
"""Name of the check that all detectors together are."""

_MAX_DIGESTS = 100_000
_MAX_REPAIRS = 8


@dataclass(frozen=True, slots=True)
class Job:
    """Texts of one step in one session that are to be hidden together.

    Attributes:
        texts: The texts.
        session: Session id.
        stage: Where the texts come from.
    """

    texts: Sequence[str] = field(repr=False)
    session: str = field(repr=False)
    stage: Stage = "prompt"


@dataclass(slots=True)
class Outcome:
    """What became of a job.

    Attributes:
        decision: The value-free decision.
        texts: Text → hidden text, for those that changed. Empty when blocked.
        latency_ms: By detector, its wall time in milliseconds; empty when the cache knew all.
        reason: Value-free words about what went wrong, or None.
    """

    decision: Decision
    texts: dict[str, str] = field(default_factory=dict, repr=False)
    latency_ms: dict[str, float] = field(default_factory=dict)
    reason: str | None = None

    def hide(self, text: str) -> str:
        """Give the hidden form of one of the job's texts.

        Raises:
            Blocked: If the policy does not let the texts go on.
        """
        self.raise_if_blocked()
        return self.texts.get(text, text)

    def raise_if_blocked(self) -> None:
        """Raise `Blocked` if the policy does not let the texts go on."""
        if not self.decision.valid:
            raise Blocked(self.decision, self.reason)


class Guard:
    """Hides what its detectors find and puts it back; shared by all threads and tasks.

    Args:
        detectors: What finds entities: one detector or several. None takes `lc_guard.detectors.default_detector`. An
            empty sequence finds nothing by itself.
        vault: What remembers values; None takes a `MemoryVault`.
        policy: What findings and errors lead to; None takes `Policy()`.
        placeholder_style: How placeholders look: ``"llm_guard"`` (``[REDACTED_PERSON_1]``), ``"angle"``
            (``<PERSON_1>``), ``"square"`` (``[PERSON_1]``) or ``"fake"`` (a realistic value of the same kind). None
            takes ``"fake"`` if a detector was made with ``use_faker=True``, else ``"llm_guard"``.
        cache_size: Number of texts plus entities in the detection cache; 0 switches it off.
        digest_key: Key of the digests that stand for session ids in decisions and traces; None makes a new one.

    Raises:
        TypeError: If something is not a detector.
        ValueError: If the style is none of those.
        MissingExtra, ModelUnavailable: If the default detector can't be had.
    """

    def __init__(
        self,
        detectors: Detector | Iterable[Detector] | None = None,
        *,
        vault: Vault | None = None,
        policy: Policy | None = None,
        placeholder_style: PlaceholderStyle | None = None,
        cache_size: int = 200_000,
        digest_key: bytes | None = None,
    ) -> None:
        if detectors is None:
            from lc_guard.detectors import default_detector  # noqa: PLC0415 - a family member, loaded when asked for

            detectors = default_detector()
        chosen: list[Detector] = list(detectors) if isinstance(detectors, Iterable) else [detectors]
        self._detection = Detection(chosen, cache_size=cache_size)
        self.vault: Vault = MemoryVault() if vault is None else vault
        self.policy = Policy() if policy is None else policy
        if placeholder_style is None:
            placeholder_style = "fake" if any(getattr(d, "use_faker", False) for d in chosen) else "llm_guard"
        if placeholder_style not in get_args(PlaceholderStyle):
            raise ValueError(f"placeholder_style must be one of {', '.join(map(repr, get_args(PlaceholderStyle)))}")
        self._grammar: TokenGrammar | None = STYLES.get(placeholder_style)
        self._preamble = "".join(str(getattr(d, "preamble", "") or "") for d in chosen)
        self._driver = Driver()
        self._digest_key = digest_key or secrets.token_bytes(32)
        self._digests: OrderedDict[str, str] = OrderedDict()
        self._digests_lock = threading.Lock()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._detection!r}, vault={self.vault!r}, policy={self.policy!r})"

    def session(self, session_id: str) -> GuardSession:
        """Give the session of an id: the pair of hiding and restoring for one conversation.

        Args:
            session_id: A text that is not blank; numbers and UUIDs are taken as text.

        Raises:
            SessionMissing: If it is no usable id.
        """
        return GuardSession(self, session_key(session_id))

    def warm_up(self) -> None:
        """Load all models now instead of at the first text.

        Raises:
            DetectorError: If a model can't be loaded.
        """
        self._detection.warm_up()

    async def awarm_up(self) -> None:
        """Do what `warm_up` does without blocking the event loop."""
        await self._driver.arun(_only(Together([self._detection.warm_up])))

    def check(self, jobs: Sequence[Job]) -> list[Outcome]:
        """Decide on jobs and hide what is to be hidden; all texts go to the detectors together.

        Args:
            jobs: Any number of jobs, also of different sessions.

        Returns:
            One outcome for each job, in order; a blocked one says so and raises nothing.
        """
        return self._driver.run(self._plan(jobs))

    async def acheck(self, jobs: Sequence[Job]) -> list[Outcome]:
        """Do what `check` does without blocking the event loop."""
        return await self._driver.arun(self._plan(jobs))

    def restoring(self, session: str, *, json_strings: bool = False) -> NumberedRestoring | FakeRestoring:
        """Give what puts the values of a session back.

        Args:
            session: Session id.
            json_strings: Whether the texts are inside JSON: values are then escaped.
        """
        if self._grammar is None:
            fakes = self.vault.items(session)
            return FakeRestoring(_escaped(fakes) if json_strings else fakes)

        def lookup(placeholders: Sequence[str]) -> Mapping[str, str]:
            values = self.vault.values(session, placeholders)
            return _escaped(values) if json_strings else values

        return NumberedRestoring(self._grammar, lookup, self.vault.kinds(session))

    async def arestoring(self, session: str, *, json_strings: bool = False) -> NumberedRestoring | FakeRestoring:
        """Do what `restoring` does without blocking the event loop."""
        make = partial(self.restoring, session, json_strings=json_strings)
        return await self._driver.arun(_only(Together([make], waits=self._vault_waits)))

    def redact(self, texts: Sequence[str]) -> list[str]:
        """Hide what the detectors find for good, as ``[REDACTED_PERSON]``; no session, no vault.

        Raises:
            Exception: What a detector raised.
        """
        detected = self._driver.run(self._detection.plan([texts], self.policy.timeout))
        for failure in detected.failures.values():
            raise failure
        return [_cut_out(text, detected.entities.get(text, ())) for text in texts]

    def digest(self, session: str) -> str:
        """Give the keyed digest that stands for a session id outside the process: 32 hexadecimal digits."""
        digest = hmac.new(self._digest_key, session.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:32]
        with self._digests_lock:
            self._digests[digest] = session
            self._digests.move_to_end(digest)
            if len(self._digests) > _MAX_DIGESTS:
                self._digests.popitem(last=False)
        return digest

    def session_of(self, digest: str) -> str | None:
        """Give the session id that a digest stands for, or None if it was not used of late."""
        with self._digests_lock:
            return self._digests.get(digest)

    @property
    def _vault_waits(self) -> bool:
        return bool(getattr(self.vault, "blocking", True))

    def _plan(self, jobs: Sequence[Job]) -> Plan[list[Outcome]]:
        started = time.perf_counter()
        detected = yield from self._detection.plan([job.texts for job in jobs], self.policy.timeout)
        outcomes: list[Outcome] = []
        for job in jobs:
            outcome = yield from self._decide(job, detected, started)
            outcomes.append(outcome)
        return outcomes

    def _decide(self, job: Job, detected: Detected, started: float) -> Plan[Outcome]:
        texts = list(dict.fromkeys(job.texts))
        failure = next((detected.failures[text] for text in texts if text in detected.failures), None)
        if failure is not None and self.policy.on_error == "block":
            return self._blocked(job, started, detected, failure)
        (memory,) = yield Together([partial(self._recall, job.session, texts)], waits=self._vault_waits)
        if isinstance(memory, Exception):
            return self._blocked(job, started, detected, memory)
        entities = {text: self._findings(text, detected.entities[text], memory, i) for i, text in enumerate(texts)}
        spans = {text: merge(text, found, self.policy) for text, found in entities.items()}
        if any(span.action == "block" for found in spans.values() for span in found):
            return Outcome(self._decision(job, started, spans, action="block"), {}, dict(detected.latency_ms))
        hidden = yield from self._hide(job.session, spans, memory)
        if isinstance(hidden, Exception):
            return self._blocked(job, started, detected, hidden)
        decision = self._decision(job, started, spans, failure=failure)
        return Outcome(decision, self._with_preamble(texts, hidden), dict(detected.latency_ms))

    def _recall(self, session: str, texts: Sequence[str]) -> _Memory:
        kinds = self.vault.kinds(session)
        return _Memory(
            kinds=kinds,
            found=self.vault.find(session, texts) if kinds else [[] for _ in texts],
            fakes=FakeRestoring(self.vault.items(session)) if self._grammar is None else None,
        )

    def _findings(self, text: str, entities: Sequence[Entity], memory: _Memory, number: int) -> list[Entity]:
        findings = list(entities)
        for hit in memory.found[number]:
            seen = any(entity.start < hit.end and hit.start < entity.end for entity in entities)
            # a value of the session that stands here again is certain; where a detector saw it too, its score counts
            findings.append(Entity(hit.kind, hit.start, hit.end, 0.0 if seen or hit.kind == LITERAL else 1.0))
        findings += [Entity(LITERAL, start, end, 0.0) for start, end in self._lookalikes(text, findings, memory)]
        return findings

    def _lookalikes(self, text: str, findings: Sequence[Entity], memory: _Memory) -> list[tuple[int, int]]:
        if self._grammar is not None:
            return self._grammar.find(text, memory.kinds | {entity.kind for entity in findings} | {LITERAL})
        return memory.fakes.find(text) if memory.fakes is not None else []

    def _hide(
        self, session: str, spans: Mapping[str, Sequence[Span]], memory: _Memory
    ) -> Plan[dict[str, str] | Exception]:
        todo = {text: [span for span in found if span.action in ("anonymize", "redact")] for text, found in spans.items()}
        for _ in range(_MAX_REPAIRS):
            wanted = list(
                dict.fromkeys(
                    (span.kind, text[span.start : span.end])
                    for text, found in todo.items()
                    for span in found
                    if span.action == "anonymize"
                )
            )
            placeholders: dict[tuple[str, str], str] = {}
            if wanted:
                mint: Mint = FakeMint(todo.keys()) if self._grammar is None else _TokenMint(self._grammar)
                allocate = partial(self.vault.allocate, session, wanted, mint)
                (answer,) = yield Together([allocate], waits=self._vault_waits)
                if isinstance(answer, Exception):
                    return answer
                placeholders = dict(zip(wanted, answer, strict=True))
            hidden = {text: _Hidden.of(text, found, placeholders) for text, found in todo.items() if found}
            if self._grammar is not None or not wanted:
                return {text: done.text for text, done in hidden.items()}
            # a fake may run into the words around it: whatever reads as one by accident is hidden as well
            (fakes,) = yield Together([partial(self.vault.items, session)], waits=self._vault_waits)
            if isinstance(fakes, Exception):
                return fakes
            restoring = FakeRestoring(fakes)
            clashes = {text: done.clashes(restoring) for text, done in hidden.items()}
            if not any(clashes.values()):
                return {text: done.text for text, done in hidden.items()}
            for text, found in clashes.items():
                todo[text] = merge(text, [*(Entity(s.kind, s.start, s.end, s.score) for s in todo[text]), *found], self.policy)
        return GuardError("no fakes were found that stay apart from the text; use a numbered placeholder_style")

    def _with_preamble(self, texts: Sequence[str], hidden: dict[str, str]) -> dict[str, str]:
        first = next((text for text in texts if hidden.get(text, text) != text), None)
        if self._preamble and first is not None:
            hidden[first] = self._preamble + hidden[first]
        return hidden

    def _decision(
        self,
        job: Job,
        started: float,
        spans: Mapping[str, Sequence[Span]],
        *,
        action: Action | None = None,
        failure: Exception | None = None,
    ) -> Decision:
        found = [span for text_spans in spans.values() for span in text_spans]
        counts: dict[str, int] = {}
        for span in found:
            counts[span.kind] = counts.get(span.kind, 0) + 1
        if action is None:
            monitored = any(self.policy.would_block(span.kind) for span in found)
            actions = [span.action for span in found if span.kind != LITERAL]
            action = strongest([*actions, *(["warn"] if monitored or failure is not None else [])])
        return Decision(
            stage=job.stage,
            check=PII_CHECK,
            action=action,
            valid=action != "block",
            risk_score=max((span.score for span in found), default=0.0),
            latency_ms=milliseconds_since(started),
            entities=counts,
            error=None if failure is None else type(failure).__name__,
            session=self.digest(job.session),
        )

    def _blocked(self, job: Job, started: float, detected: Detected, failure: Exception) -> Outcome:
        decision = Decision(
            stage=job.stage,
            check=PII_CHECK,
            action="block",
            valid=False,
            risk_score=1.0,
            latency_ms=milliseconds_since(started),
            error=type(failure).__name__,
            session=self.digest(job.session),
        )
        reason = str(failure) if isinstance(failure, GuardError) else where(failure)
        return Outcome(decision, {}, dict(detected.latency_ms), reason)


class GuardSession:
    """One conversation: hides its values and puts them back.

    Get it from `Guard.session`; it holds no state of its own and may be made anew for each call.
    """

    def __init__(self, guard: Guard, session_id: str) -> None:
        self._guard = guard
        self._id = session_id

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._guard.digest(self._id)})"

    def anonymize(self, text: str, *, stage: Stage = "prompt") -> str:
        """Hide what the guard finds in a text.

        Raises:
            Blocked: If the policy does not let the text go on.
        """
        (outcome,) = self._guard.check([Job((text,), self._id, stage)])
        return outcome.hide(text)

    async def aanonymize(self, text: str, *, stage: Stage = "prompt") -> str:
        """Do what `anonymize` does without blocking the event loop."""
        (outcome,) = await self._guard.acheck([Job((text,), self._id, stage)])
        return outcome.hide(text)

    def deanonymize(self, text: str) -> str:
        """Put the values back into a text of the model; unknown placeholders stay."""
        restorer = self.restorer()
        return restorer.feed(text) + restorer.flush()

    async def adeanonymize(self, text: str) -> str:
        """Do what `deanonymize` does without blocking the event loop."""
        if not self._guard._vault_waits:  # noqa: SLF001 - the session is the guard's own other half
            return self.deanonymize(text)
        (answer,) = await self._guard._driver.arun(_each(Together([partial(self.deanonymize, text)])))  # noqa: SLF001
        if isinstance(answer, Exception):
            raise answer
        return str(answer)

    def restorer(self, *, json_strings: bool = False) -> StreamRestorer:
        """Give a restorer for one text that arrives in pieces.

        Args:
            json_strings: Whether the text is JSON: values are then escaped.
        """
        return StreamRestorer(self._guard.restoring(self._id, json_strings=json_strings))

    async def arestorer(self, *, json_strings: bool = False) -> StreamRestorer:
        """Do what `restorer` does without blocking the event loop."""
        return StreamRestorer(await self._guard.arestoring(self._id, json_strings=json_strings))

    def placeholders(self) -> Mapping[str, str]:
        """Give all placeholders with their **raw values**: handle it like the values themselves."""
        return self._guard.vault.items(self._id)

    async def aplaceholders(self) -> Mapping[str, str]:
        """Do what `placeholders` does without blocking the event loop."""
        return await self._guard._driver.arun(_only(Together([self.placeholders])))  # noqa: SLF001

    def forget(self) -> bool:
        """Drop the session's values for good. Tells whether there were any."""
        return self._guard.vault.forget(self._id)

    async def aforget(self) -> bool:
        """Do what `forget` does without blocking the event loop."""
        return await self._guard._driver.arun(_only(Together([self.forget])))  # noqa: SLF001


def session_key(session_id: Any) -> str:
    """Bring a session id into its one form.

    Args:
        session_id: A text that is not blank, or a number or UUID.

    Raises:
        SessionMissing: If it is nothing of that.
    """
    if isinstance(session_id, str):
        if session_id.strip():
            return session_id
        raise SessionMissing("an empty one was given")
    if session_id is None:
        raise SessionMissing
    if isinstance(session_id, bool) or type(session_id).__name__ not in ("int", "UUID"):
        raise SessionMissing(f"one of type {type(session_id).__name__} was given")
    return str(session_id)


@dataclass(frozen=True, slots=True)
class _Memory:
    """What the vault knows of some texts, read in one go."""

    kinds: frozenset[str]
    found: list[list[Known]] = field(repr=False)
    fakes: FakeRestoring | None = field(repr=False)


class _TokenMint:
    """Writes numbered placeholders."""

    def __init__(self, grammar: TokenGrammar) -> None:
        self._grammar = grammar

    def __call__(self, kind: str, index: int) -> str:
        return self._grammar.token(kind, index)

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

    def clashes(self, fakes: FakeRestoring) -> list[Entity]:
        """Give the stretches of the original text that came to read as part of a fake that was not put there."""
        meant = {(start, end) for start, end, _, _ in self.places}
        found: list[Entity] = []
        for start, end in fakes.find(self.text):
            if (start, end) not in meant:
                found.append(Entity(LITERAL, self._before(start), self._before(end - 1) + 1, 0.0))
        return found

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


def _cut_out(text: str, entities: Sequence[Entity]) -> str:
    spans = merge(text, entities, Policy(default="redact"))
    return _Hidden.of(text, spans, {}).text


def _escaped(values: Mapping[str, str]) -> dict[str, str]:
    return {placeholder: json.dumps(value, ensure_ascii=False)[1:-1] for placeholder, value in values.items()}


def _each(step: Together) -> Plan[list[Any]]:
    results = yield step
    return results


def _only(step: Together) -> Plan[Any]:
    (result,) = yield step
    if isinstance(result, Exception):
        raise result
    return result
