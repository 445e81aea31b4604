"""Guard: the one place that decides what of a text is hidden, and by what."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar, cast, get_args

from lc_guard.detection import Detected, Detection
from lc_guard.detectors.base import DetectorLike
from lc_guard.drivers import Driver, Plan, Together, ask_vault, milliseconds_since, where
from lc_guard.errors import GuardError, UnsupportedInput
from lc_guard.escapes import all_readings
from lc_guard.hiding import Hiding, cut_out
from lc_guard.jobs import Job, Outcome
from lc_guard.placeholders import LITERAL, STYLES, PlaceholderStyle, TokenGrammar
from lc_guard.policy import Policy
from lc_guard.records import PII_CHECK, Action, Decision, strongest
from lc_guard.restoring import FakeRestoring, NumberedRestoring
from lc_guard.sessions import GuardSession, session_key
from lc_guard.spans import Span, merge
from lc_guard.vaults.base import Vault
from lc_guard.vaults.memory import MemoryVault

T = TypeVar("T")

_MAX_DIGESTS = 100_000


class Guard:
    """Hides what its detectors find and puts it back; shared by all threads and tasks.

    Args:
        detectors: What finds entities: one detector or several; Presidio recognizers and callables that give the
            entities of a text will do. None takes `lc_guard.detectors.default_detector`. An
            empty sequence finds nothing by itself.
        vault: What remembers values; None takes a `MemoryVault`.
        policy: What findings and errors lead to; None takes `Policy()`.
        placeholder_style: How placeholders look: ``"llm_guard"`` (``[REDACTED_PERSON_1]``), ``"angle"``
            (``<PERSON_1>``), ``"square"`` (``[PERSON_1]``) or ``"fake"`` (a realistic value of the same kind). None
            takes ``"fake"`` if a detector was made with ``use_faker=True``, else ``"llm_guard"``.
        link_persons: Whether other names of a known person are written as aliases, ``[REDACTED_PERSON_1_ALIAS_1]``, so
            that the model sees who is meant; numbered styles only.
        cache_size: Number of texts plus entities in the detection cache; 0 switches it off.
        digest_key: Key of the digests that stand for session ids in decisions and traces; None makes a new one.

    Raises:
        TypeError: If something is not a detector.
        ValueError: If the style is none of those.
        MissingExtra, ModelUnavailable: If the default detector can't be had.
    """

    def __init__(
        self,
        detectors: DetectorLike | Iterable[DetectorLike] | None = None,
        *,
        vault: Vault | None = None,
        policy: Policy | None = None,
        placeholder_style: PlaceholderStyle | None = None,
        link_persons: bool = True,
        cache_size: int = 200_000,
        digest_key: bytes | None = None,
    ) -> None:
        if detectors is None:
            from lc_guard.detectors import default_detector  # noqa: PLC0415 - a family member, loaded when asked for

            detectors = default_detector()
        chosen: list[DetectorLike] = list(detectors) if isinstance(detectors, Iterable) else [detectors]
        self._detection = Detection(chosen, cache_size=cache_size)
        self.vault: Vault = MemoryVault() if vault is None else vault
        self.policy = Policy() if policy is None else policy
        if placeholder_style is None:
            placeholder_style = "fake" if any(getattr(d, "use_faker", False) for d in chosen) else "llm_guard"
        if placeholder_style not in get_args(PlaceholderStyle):
            raise ValueError(f"placeholder_style must be one of {', '.join(map(repr, get_args(PlaceholderStyle)))}")
        self._grammar: TokenGrammar | None = STYLES.get(placeholder_style)
        self._preamble = "".join(str(getattr(d, "preamble", "") or "") for d in chosen)
        self._hiding = Hiding(self.vault, self.policy, self._grammar, link_persons=link_persons)
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
            fakes = ask_vault(partial(self.vault.items, session))
            return FakeRestoring(_escaped(fakes) if json_strings else fakes)

        def lookup(placeholders: Sequence[str]) -> Mapping[str, str]:
            values = ask_vault(partial(self.vault.values, session, placeholders))
            return _escaped(values) if json_strings else values

        return NumberedRestoring(self._grammar, lookup, ask_vault(partial(self.vault.kinds, session)))

    async def unblocked(self, call: Callable[[], T]) -> T:
        """Call something that reads the vault: in a thread if the vault may block, else here.

        Raises:
            Exception: What the call raises.
        """
        return cast("T", await self._driver.arun(_only(Together([call], waits=self._hiding.waits))))

    def redact(self, texts: Sequence[str]) -> list[str]:
        """Hide what the detectors find for good, as ``[REDACTED_PERSON]``; no session, no vault.

        Raises:
            Exception: What a detector raised.
        """
        detected = self._driver.run(self._detection.plan([texts], self.policy.timeout))
        for failure in detected.failures.values():
            raise failure
        return [cut_out(text, detected.entities.get(text, ())) for text in texts]

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

    def _plan(self, jobs: Sequence[Job]) -> Plan[list[Outcome]]:
        started = time.perf_counter()
        for text in (text for job in jobs for text in job.texts):
            if not isinstance(text, str):
                raise UnsupportedInput(f"a text of type {type(text).__name__} was given; only str is looked at")
        batches = [[*job.texts, *all_readings(job.texts)] for job in jobs]
        detected = yield from self._detection.plan(batches, self.policy.timeout)
        outcomes: list[Outcome] = []
        for job in jobs:
            outcome = yield from self._decide(job, detected, started)
            outcomes.append(outcome)
        return outcomes

    def _decide(self, job: Job, detected: Detected, started: float) -> Plan[Outcome]:
        texts = list(dict.fromkeys(job.texts))
        looked_at = [*texts, *all_readings(texts)]
        failure = next((detected.failures[text] for text in looked_at if text in detected.failures), None)
        if failure is not None and self.policy.on_error == "block":
            return self._blocked(job, started, detected, failure)
        (memory,) = yield Together([partial(self._hiding.recall, job.session, texts)], waits=self._hiding.waits)
        if isinstance(memory, Exception):
            return self._blocked(job, started, detected, memory)
        findings = self._hiding.findings(texts, detected.entities, memory)
        spans = {text: merge(text, found, self.policy) for text, found in findings.items()}
        if any(span.action == "block" for found in spans.values() for span in found):
            return Outcome(self._decision(job, started, spans, action="block"), {}, dict(detected.latency_ms))
        hidden = yield from self._hiding.hide(job.session, spans, memory)
        if isinstance(hidden, Exception):
            return self._blocked(job, started, detected, hidden)
        decision = self._decision(job, started, spans, failure=failure)
        if job.preamble:
            hidden = self._with_preamble(texts, hidden)
        return Outcome(decision, hidden, dict(detected.latency_ms))

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
            actions: list[Action] = [span.action for span in found if span.kind != LITERAL]
            if monitored or failure is not None:
                actions.append("warn")
            action = strongest(actions)
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


def _escaped(values: Mapping[str, str]) -> dict[str, str]:
    return {placeholder: json.dumps(value, ensure_ascii=False)[1:-1] for placeholder, value in values.items()}


def _only(step: Together) -> Plan[Any]:
    (result,) = yield step
    if isinstance(result, Exception):
        raise result
    return result
