"""LLM Guard's scanner objects, and gorget's, as scanners: as they are, with what they give checked."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Mapping
from numbers import Real
from typing import Any, Literal

from lc_guard._forks import ForkLock
from lc_guard._vendors.llm_guard import ROOTS, is_engine, quiet_loggers
from lc_guard._vendors.quiet_logs import quiet
from lc_guard.errors import GuardError, ScannerError, ScannerTimeout
from lc_guard.records import Entity, ScanResult, Stage, normalize_kind
from lc_guard.scanners.base import CONTEXT_STAGES, Cost, ScanRequest, Sees
from lc_guard.scanners.differences import RecordingScanner, removed

Shape = Literal["ours", "prompt", "output"]

_INSTANT = frozenset(
    {"BanSubstrings", "InvisibleText", "NoRefusalLight", "ReadingTime", "Regex", "Sentiment", "TokenLimit"}
)
# These share nothing between calls: functions of the text alone, or a fresh request for each address. JSON is not
# instant: its pattern takes a second for 4,000 open braces.
_SHARED = _INSTANT | {"JSON", "URLReachability"}
# What they give differs from the text, but nothing in the text is at fault at that place.
_NO_SPANS = frozenset({"JSON", "ReadingTime", "TokenLimit"})
# They compare an answer as a whole with something; a sentence of it tells nothing.
_WHOLE = frozenset({"FactualConsistency", "JSON", "ReadingTime", "Relevance"})
# Its library keeps its settings in the process, not in the object.
_SECRETS = ForkLock()
# All of this match type use the tokenizer of the one made last: it hangs on the enum's member.
_HEAD_TAIL = ForkLock()
_LOCK = "_lc_guard_lock"


def scan_shape(scanner: Any) -> Shape | None:
    """Return how a scanner is asked: by a request, a prompt, or a prompt and an output; None for none of these."""
    refuse_vault(scanner)
    try:
        parameters = list(inspect.signature(scanner.scan).parameters.values())
    except (TypeError, ValueError):
        return None
    parameters = [item for item in parameters if item.kind in (item.POSITIONAL_ONLY, item.POSITIONAL_OR_KEYWORD)]
    required = [item for item in parameters if item.default is item.empty]
    if len(required) == 2:
        return "output"
    if len(required) > 2 or not parameters:
        return None
    first = parameters[0]
    texts = first.annotation in (str, "str") or first.name in ("prompt", "text")
    return "prompt" if texts or is_engine(type(scanner)) else "ours"


def refuse_vault(scanner: Any) -> None:
    """Refuse LLM Guard's ``Anonymize`` and ``Deanonymize``, and whatever else holds its vault, by a TypeError."""
    held = [type(item) for item in getattr(scanner, "__dict__", {}).values()]
    vault = any(kind.__name__ == "Vault" and kind.__module__.partition(".")[0] in ROOTS for kind in held)
    if vault or (type(scanner).__name__ in ("Anonymize", "Deanonymize") and is_engine(type(scanner))):
        raise TypeError(
            f"{type(scanner).__name__} keeps values in LLM Guard's Vault, which one user's answer can read another's "
            "from: give its keywords to a detector, Guard(detectors=[LLMGuardDetector(...)]), and put "
            "Anonymize(guard) and Deanonymize(guard) into the chain"
        )


def adapted(
    scanner: Any, *, side: Literal["prompt", "output"], name: str | None = None, stages: tuple[Stage, ...] | None = None
) -> AdaptedScanner:
    """Return a scanner of ours for an object of LLM Guard or gorget, or one that is asked like theirs for this side."""
    refuse_vault(scanner)
    return AdaptedScanner(scanner, side=side, name=name, stages=stages)


def cost_of(kind: str) -> Cost:
    """Return what a scanner of LLM Guard costs, by the name of its class."""
    return "instant" if kind in _INSTANT else "remote" if kind == "URLReachability" else "model"


def needs_whole(kind: str) -> bool:
    """Return whether a scanner of LLM Guard can judge only a whole answer, by the name of its class."""
    return kind in _WHOLE


def stages_of(side: Literal["prompt", "output"]) -> tuple[Stage, ...]:
    """Return where a scanner judges unless told otherwise."""
    return CONTEXT_STAGES if side == "prompt" else ("output",)


class AdaptedScanner:
    """A scanner object of LLM Guard or gorget as a scanner; made by `adapted`.

    Objects with a model, and those of other kinds, are asked by one thread at a time: the tokenizers of transformers
    fail when two use one at once. ``Secrets``, and ``PromptInjection`` with ``match_type="truncate_token_head_tail"``,
    are asked once at a time in the whole process: what they share lives there. ``Secrets`` also writes each text to a
    file in the system's temporary folder, and deletes it.
    """

    sees: Sees = "original"

    def __init__(
        self,
        scanner: Any,
        *,
        side: Literal["prompt", "output"],
        name: str | None = None,
        stages: tuple[Stage, ...] | None = None,
    ) -> None:
        kind = type(scanner).__name__
        self._scanner = scanner
        self._kind = kind
        self._entity_kind = normalize_kind(_spaced(kind))
        self.side = side
        self.name = name or kind
        self.name_given = name is not None
        self.cost: Cost = cost_of(kind) if is_engine(type(scanner)) else "model"
        self.needs_whole = needs_whole(kind) and is_engine(type(scanner))
        self.rewrites = kind == "JSON"  # it gives repaired JSON as valid
        self.stages = stages or stages_of(side)
        self.details: Mapping[str, str] = {"library": type(scanner).__module__.partition(".")[0], "scanner": kind}
        self._lock = _lock_of(scanner, kind)
        if is_engine(type(scanner)):
            quiet_loggers()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._kind}, side={self.side!r})"

    def for_side(self, side: Literal["prompt", "output"]) -> AdaptedScanner:
        """Return this scanner for one of a guard's lists, or raise TypeError if it belongs to the other."""
        if side != self.side:
            raise TypeError(f"{self._kind} is a scanner of {self.side}s: put it into {self.side}_scanners")
        return self

    def scan(self, request: ScanRequest) -> ScanResult:
        """Ask the object about one text; `entities` tell where it took something out of one that is not valid.

        Raises:
            ScannerError: It failed, or gave something that is no result.
            ScannerTimeout: Other calls kept it busy until the deadline.
        """
        left = request.seconds_left()
        if self._lock is not None and not self._lock.acquire(timeout=-1 if left is None else left):
            raise ScannerTimeout(f"{self._kind} was busy until the deadline: it is asked by one thread at a time")
        try:
            return self._asked(request)
        except GuardError:
            raise
        except Exception as error:
            if any(base.__name__ == "GraphBubbleUp" for base in type(error).__mro__):
                raise  # LangGraph's interrupts: control flow, not a failure
            # What it raises may quote the text.
            raise ScannerError(f"LLM Guard's scanner {self._kind} failed ({type(error).__name__})") from None
        finally:
            if self._lock is not None:
                self._lock.release()

    def _asked(self, request: ScanRequest) -> ScanResult:
        text = request.text
        watched = RecordingScanner(self._scanner)
        # At DEBUG Presidio tells words of the text.
        with quiet(*ROOTS), quiet("presidio-analyzer", below=logging.WARNING):
            scan = watched.scanner.scan
            answer = scan(text) if self.side == "prompt" else scan(request.prompt, text)
        sanitized, valid, risk = checked(answer, self._kind)
        if sanitized == text or not text.strip() or (valid and self.side == "output" and sanitized == request.prompt):
            # For an empty output, Sensitive and LanguageSame give the prompt where the output is expected.
            return ScanResult(valid=valid, risk_score=risk)
        if valid or self._kind in _NO_SPANS:
            return ScanResult(valid=valid, risk_score=risk, sanitized=sanitized)
        rewritten = watched.rewritten(text, sanitized)
        if rewritten is None:
            return ScanResult(valid=valid, risk_score=risk)
        sanitized, spans = rewritten
        entities = tuple(Entity(self._entity_kind, start, end) for start, end in spans or removed(text, sanitized))
        return ScanResult(valid=valid, risk_score=risk, sanitized=sanitized, entities=entities)


def checked(answer: Any, kind: str) -> tuple[str, bool, float]:
    """Return what a scanner of LLM Guard gave, or raise ScannerError: it is no text, verdict and risk of −1…1."""
    if not isinstance(answer, tuple) or len(answer) != 3:
        raise ScannerError(f"{kind}.scan gave {type(answer).__name__}, not (text, valid, risk score)")
    sanitized, valid, risk = answer
    if not isinstance(sanitized, str):
        raise ScannerError(f"{kind}.scan gave {type(sanitized).__name__} for the sanitized text: it must be a str")
    if type(valid).__name__ not in ("bool", "bool_"):
        raise ScannerError(f"{kind}.scan gave {type(valid).__name__} for valid: it must be True or False")
    if not isinstance(risk, Real) or isinstance(risk, bool):
        raise ScannerError(f"{kind}.scan gave {type(risk).__name__} for the risk score: it must be a number")
    if not -1 <= float(risk) <= 1:
        raise ScannerError(f"{kind}.scan gave a risk score outside -1…1")
    return str(sanitized), bool(valid), float(risk)


def _lock_of(scanner: Any, kind: str) -> ForkLock | None:
    """Return the lock of a scanner object, the same for all that ask it; None if it needs none."""
    ours = is_engine(type(scanner))
    if ours and kind in _SHARED:
        return None
    if ours and kind == "Secrets":
        return _SECRETS
    if ours and getattr(getattr(scanner, "_match_type", None), "value", "") == "truncate_token_head_tail":
        return _HEAD_TAIL
    lock = ForkLock()
    held = getattr(scanner, "__dict__", None)
    return lock if held is None else held.setdefault(_LOCK, lock)


def _spaced(name: str) -> str:
    """Return a class name in words: ``"BanSubstrings"`` → ``"Ban Substrings"``."""
    return "".join(
        f" {char}" if char.isupper() and n and not name[n - 1].isupper() else char for n, char in enumerate(name)
    )
