"""Guard: the one place that decides what of a text is hidden, and by what."""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
import warnings
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, cast, get_args

from lc_guard._engine.analyzer import Analyzer
from lc_guard._engine.anonymizer import Anonymizer, redact_text
from lc_guard._engine.caches import PromptStore
from lc_guard._engine.flow import Flow, Gather, is_long
from lc_guard._engine.leaks import Leaks
from lc_guard._engine.pipeline import CheckPipeline
from lc_guard._engine.requests import GuardRequest, GuardResult, ScanTarget, who_said
from lc_guard._engine.runner import FlowRunner
from lc_guard._engine.scanner_registry import ScannerRegistry
from lc_guard._engine.scanner_run import redact_faults
from lc_guard._forks import ForkLock
from lc_guard._placeholders.grammar import STYLES, PlaceholderStyle, TokenGrammar
from lc_guard._placeholders.restorer import StreamRestorer
from lc_guard._vendors.langsmith_tracing import langsmith_unmasked
from lc_guard.detectors.base import DetectorLike
from lc_guard.errors import GuardError, kind_given
from lc_guard.guard_session import GuardSession
from lc_guard.policy.policy import Policy
from lc_guard.records import Decision, Decisions, Stage, known_stage
from lc_guard.scanners.base import Turn
from lc_guard.sessions import SessionValues, session_key
from lc_guard.vaults.base import Vault
from lc_guard.vaults.memory import MemoryVault

if TYPE_CHECKING:
    from lc_guard.detectors.surroundings import TextKind

T = TypeVar("T")

logger = logging.getLogger("lc_guard")

_MAX_DIGESTS = 100_000
_MAX_USED = 10_000


class Guard:
    """Hides what its detectors find and puts it back; shared by all threads and tasks.

    Args:
        detectors: What finds entities: one detector or several; Presidio recognizers and callables that give the
            entities of a text will do. None takes `lc_guard.detectors.default_detector`. An
            empty sequence finds nothing by itself.
        prompt_scanners: What judges the texts that the model is given to read: prompts, tool results, documents.
            Scanners of `lc_guard.scanners`, LLM Guard's scanner objects as they are, pairs of a name and a scanner, and
            functions that give a bool or a risk will do.
        output_scanners: What judges the texts that the model says; LLM Guard's get the prompt as the model saw it.
        vault: What remembers values; None takes a `MemoryVault`.
        policy: What findings and errors lead to; None takes `Policy()`.
        placeholder_style: How placeholders look: ``"llm_guard"`` (``[REDACTED_PERSON_1]``), ``"angle"``
            (``<PERSON_1>``), ``"square"`` (``[PERSON_1]``) or ``"fake"`` (a realistic value of the same kind). None
            takes ``"fake"`` if a detector was made with ``use_faker=True``, else ``"llm_guard"``.
        link_persons: Whether other names of a known person are written as aliases, ``[REDACTED_PERSON_1_ALIAS_1]``, so
            that the model sees who is meant; numbered styles only.
        cache_size: Number of texts plus entities in the detection cache; 0 switches it off.
        digest_key: Key of the digests that stand for session ids in decisions and traces; None makes a new one.
        languages: Languages of the default detector, ISO 639-1 codes; None tells them by each text.
        countries: Countries whose identifiers and phone formats the default detector looks for, ISO 3166-1 codes.
        text: What the texts are, for the default detector: ``"chat"``, ``"code"``, ``"logs"``, ``"legal"``,
            ``"clinical"``; None tells it by what stands around a word. See `lc_guard.detectors.default_detector`.

    Raises:
        GuardError: If a language, a country or a kind of text is not known, or comes with detectors of your own.
        TypeError: If something is not a detector, not a scanner, no vault or no policy.
        ValueError: If the style is none of those, or two checks were given one name.
        PolicyError: If the policy names a check that is not there, or wants what a check can't do.
        MissingExtra, ModelUnavailable: If the default detector can't be had.

    Example:
        ```python
        from lc_guard import Guard

        guard = Guard()  # the default detector; make one for the whole application
        session = guard.session("case 17")
        hidden = session.anonymize("Please call Ms. Jane O'Hara.")
        print(hidden)  # → Please call Ms. [REDACTED_PERSON_1].
        print(session.deanonymize(hidden))  # → Please call Ms. Jane O'Hara.
        ```
    """

    def __init__(
        self,
        detectors: DetectorLike | Iterable[DetectorLike] | None = None,
        *,
        prompt_scanners: Iterable[Any] = (),
        output_scanners: Iterable[Any] = (),
        vault: Vault | None = None,
        policy: Policy | None = None,
        placeholder_style: PlaceholderStyle | None = None,
        link_persons: bool = True,
        cache_size: int = 200_000,
        digest_key: bytes | None = None,
        languages: Collection[str] | None = None,
        countries: Collection[str] | None = None,
        text: TextKind | None = None,
    ) -> None:
        _require_parts(vault, policy)
        chosen = _detectors(detectors, languages=languages, countries=countries, text=text)
        self._analyzer = Analyzer(chosen, cache_size=cache_size)
        self.vault: Vault = MemoryVault() if vault is None else vault
        self.policy = Policy() if policy is None else policy
        if placeholder_style is None:
            placeholder_style = "fake" if any(getattr(d, "use_faker", False) for d in chosen) else "llm_guard"
        if placeholder_style not in get_args(PlaceholderStyle):
            raise ValueError(f"placeholder_style must be one of {', '.join(map(repr, get_args(PlaceholderStyle)))}")
        self._grammar: TokenGrammar | None = STYLES.get(placeholder_style)
        preamble = "".join(str(getattr(d, "preamble", "") or "") for d in chosen)
        self._anonymizer = Anonymizer(self.vault, self.policy, self._grammar, link_persons=link_persons)
        self.session_values = SessionValues(
            self.vault, self.policy, self._grammar, digest=self._used_digest, preamble=preamble
        )
        self.scanners = ScannerRegistry(prompt_scanners, output_scanners, self.policy, cache_size=cache_size)
        self._pipeline = CheckPipeline(
            self._analyzer,
            self.scanners,
            self._anonymizer,
            self.policy,
            digest=self._used_digest,
            restore=self._restore,
            preamble=preamble,
        )
        self.prompts = PromptStore()
        self._uses: OrderedDict[str, int] = OrderedDict()
        self._use = 0
        self.leaks = Leaks()
        self._runner = FlowRunner()
        self._digest_key = digest_key or secrets.token_bytes(32)
        self._digests: OrderedDict[str, str] = OrderedDict()
        self._digests_lock = ForkLock()
        self._used = False
        self._asks_origins = any(setting.origins for setting in self.policy.restored().values())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._analyzer!r}, vault={self.vault!r}, policy={self.policy!r})"

    def _repr_html_(self) -> str:
        from lc_guard._display.cards import guard  # noqa: PLC0415 - only where it is shown

        style = "fake" if self._grammar is None else self._grammar.token("PERSON", 1)
        return guard(self, self._analyzer.sources(), style)

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError(
            f"a {type(self).__name__} holds models and connections and can't be pickled: send a "
            "lc_guard.distributed.GuardSpec(...) to the workers, and call its guard() there"
        )

    def session(self, session_id: str) -> GuardSession:
        """Return the session of an id: the pair of hiding and restoring for one conversation.

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
            ScannerError: If a scanner can't load what it needs.
        """
        self._analyzer.warm_up()
        self.scanners.warm_up()

    async def awarm_up(self) -> None:
        """Async version of `warm_up`."""
        await self._runner.arun(_only(Gather([self.warm_up])))

    def check(
        self, requests: Sequence[GuardRequest], tell: Callable[[Any], object] = lambda _: None
    ) -> list[GuardResult]:
        """Decide on requests and hide what is to be hidden; all texts go to the detectors together.

        Args:
            requests: Any number of requests, also of different sessions.
            tell: Is given a `CheckStarted` and a `CheckEnded` for each check, when it begins and when it has ended.

        Returns:
            One result for each request, in order; a blocked one says so and raises nothing.
        """
        self._first_use()
        results = self._runner.run(self._pipeline.flow(requests), tell)
        if said := who_said(requests, results, all_of_them=self._asks_origins):
            self.session_values.note(said)
        return results

    async def acheck(
        self, requests: Sequence[GuardRequest], tell: Callable[[Any], Awaitable[object]] | None = None
    ) -> list[GuardResult]:
        """Async version of `check`."""
        self._first_use()
        results = await self._runner.arun(self._pipeline.flow(requests), tell)
        if said := who_said(requests, results, all_of_them=self._asks_origins):
            await self.run_blocking(partial(self.session_values.note, said))
        return results

    def scan(
        self, text: str, *, stage: Stage = "prompt", prompt: str = "", turns: Sequence[Turn] = ()
    ) -> tuple[Decision, ...]:
        """Have the scanners of a stage judge a text, and do nothing about it.

        Nothing is hidden, so services outside are given the text as it is. The detectors are not asked.

        Args:
            text: The text.
            stage: Where it comes from.
            prompt: What the model was asked, for the stages ``"output"`` and ``"tool_call"``.
            turns: What was said right before, oldest first.

        Returns:
            One decision for each check, blocking ones as well.

        Raises:
            ValueError: If there is no such stage.
        """
        (outcome,) = self.check([_asking(text, stage, prompt, turns)])
        return Decisions(outcome.decisions)

    async def ascan(
        self, text: str, *, stage: Stage = "prompt", prompt: str = "", turns: Sequence[Turn] = ()
    ) -> tuple[Decision, ...]:
        """Async version of `scan`."""
        (outcome,) = await self.acheck([_asking(text, stage, prompt, turns)])
        return Decisions(outcome.decisions)

    async def run_blocking(self, call: Callable[[], T]) -> T:
        """Call something that reads the vault: in a thread if the vault may block or the texts are long, else here.

        Args:
            call: A function, or a `functools.partial`, whose arguments are then looked at.

        Raises:
            Exception: What the call raises.
        """
        waits = self._anonymizer.waits or is_long(getattr(call, "args", ()))
        return cast("T", await self._runner.arun(_only(Gather([call], waits=waits))))

    def redact(self, texts: Sequence[str]) -> list[str]:
        """Hide what the detectors find for good, as ``[REDACTED_PERSON]``; no session, no vault.

        What the policy has the scanners of this machine take out of texts is taken out as well.

        Raises:
            Exception: What a detector or such a scanner raised.
        """
        detected = self._runner.run(self._analyzer.analyze([texts], self.policy.timeout))
        for failure in detected.failures.values():
            raise failure
        left = [redact_text(text, detected.entities.get(text, ())) for text in texts]
        for stage, bound in self.scanners.hiding.values():  # services outside are not asked
            left = redact_faults(left, bound.scanner, stage, bound.rule)
        return left

    @property
    def redaction_is_cold(self) -> bool:
        """Whether `redact` has yet to load models."""
        hiding = self.scanners.hiding.values()
        return bool(self._analyzer.loads) or any(id(bound.scanner) in self.scanners.cold for _, bound in hiding)

    def warm_up_redaction(self) -> None:
        """Load the models that `redact` needs, and no others; does nothing the second time.

        Raises:
            Exception: If one can't be loaded.
        """
        self._analyzer.warm_up()
        for _, bound in self.scanners.hiding.values():
            self.scanners.warm(bound.scanner)

    def digest(self, session: str) -> str:
        """Return the keyed digest that stands for a session id outside the process: 32 hexadecimal digits."""
        digest = hmac.new(self._digest_key, session.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:32]
        with self._digests_lock:
            self._digests[digest] = session
            self._digests.move_to_end(digest)
            if len(self._digests) > _MAX_DIGESTS:
                self._digests.popitem(last=False)
        return digest

    def _used_digest(self, session: str) -> str:
        """Return the digest of a session that is used now."""
        with self._digests_lock:
            self._use += 1
            self._uses[session] = self._use
            self._uses.move_to_end(session)
            if len(self._uses) > _MAX_USED:
                self._uses.popitem(last=False)
        return self.digest(session)

    def used_since(self, use: int, most: int) -> tuple[list[str], int]:
        """Return the sessions that were used in this process after a use, the latest last, and the latest use.

        Args:
            use: What this gave before, or 0.
            most: Number of sessions that are given, those used last.
        """
        found: list[str] = []
        with self._digests_lock:
            for session in reversed(self._uses):
                if self._uses[session] <= use or len(found) == most:
                    break
                found.append(session)
            return found[::-1], self._use

    def session_of(self, digest: str) -> str | None:
        """Return the session id that a digest stands for, or None if it was not used of late."""
        with self._digests_lock:
            return self._digests.get(digest)

    def _first_use(self) -> None:
        """Say once what makes hiding worthless: tracing that sends the raw texts elsewhere."""
        if self._used:
            return
        self._used = True
        if told := langsmith_unmasked():
            logger.warning(told)
            warnings.warn(told, stacklevel=3)

    def _restore(self, session: str, text: str) -> str:
        restorer = StreamRestorer(self.session_values.restoring(session))
        return restorer.feed(text) + restorer.flush()


def require_guard(guard: object, who: str) -> None:
    """Raise TypeError, in the words of `who` needs one, if something is no guard."""
    if not isinstance(guard, Guard):
        told = f"{who} needs a Guard, got {kind_given(guard)}"
        raise TypeError(told if isinstance(guard, type) else f"{told}: make one for the whole application, Guard()")


def _asking(text: str, stage: Stage, prompt: str, turns: Sequence[Turn]) -> GuardRequest:
    known_stage(stage)
    return GuardRequest([text], None, stage, asks=[ScanTarget(text, stage, tuple(turns))], prompt=prompt, hide=False)


def _detectors(given: DetectorLike | Iterable[DetectorLike] | None, **options: Any) -> list[DetectorLike]:
    """Return a guard's detectors: those that were given, or the default one with its options."""
    options = {name: option for name, option in options.items() if option is not None}
    if given is None:
        from lc_guard.detectors import default_detector  # noqa: PLC0415 - a family member, loaded when asked for

        given = default_detector(**options)
    elif options:
        named = " and ".join(f"{name}=" for name in options)
        raise GuardError(f"{named} is for the default detector: with detectors of your own, give it to them")
    return list(given) if isinstance(given, Iterable) else [given]


def _require_parts(vault: object, policy: object) -> None:
    """Refuse what would fail at the first text only; a URL may hold a password, so nothing of it is told."""
    if isinstance(vault, type) or not (vault is None or callable(getattr(vault, "allocate", None))):
        raise TypeError(f"vault must be a vault, such as SQLVault(url) of lc_guard.vaults, got {kind_given(vault)}")
    if not (policy is None or isinstance(policy, Policy)):
        raise TypeError(f"policy must be a Policy, or Policy.from_file(...) of one, got {kind_given(policy)}")


def _only(step: Gather) -> Flow[Any]:
    (result,) = yield step
    if isinstance(result, Exception):
        raise result
    return result
