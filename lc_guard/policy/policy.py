"""Policy: what a finding leads to, how long a check may take, and what an error means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from os import PathLike
from types import MappingProxyType
from typing import Any, Literal, get_args

from lc_guard.errors import PolicyError
from lc_guard.policy.checks import (
    STAGES,
    CheckAction,
    CheckPolicy,
    EffectivePolicy,
    OnError,
    StagePolicy,
    by_name,
    did_you_mean,
    effective_policy,
    plain,
    rebuilt,
    require,
    require_count,
    require_names,
    require_seconds,
)
from lc_guard.policy.restoring import (
    EffectiveRestore,
    Encode,
    Origin,
    Put,
    Restore,
    by_destination,
    destinations_of,
    effective_restore,
)
from lc_guard.records import PII_CHECK, Action, Stage, normalize_kind

OnInvalid = Literal["block", "warn"]
KindAction = Literal["anonymize", "redact", "allow", "warn", "block"]
Streaming = Literal["buffer", "window", "audit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the findings of the checks lead to.

    Attributes:
        default: What happens to an entity whose kind is not in `kinds`: ``"anonymize"`` (a placeholder, restored
            later), ``"redact"`` (``[REDACTED_PERSON]``, for good), ``"warn"`` and ``"allow"`` (left as it is, with or
            without a word about it), ``"block"`` (the text is not valid).
        kinds: What happens to entities of certain kinds, such as ``{"CREDIT_CARD": "redact", "US_SSN": "block"}``.
        thresholds: Lowest score, 0…1, at which an entity of a kind counts; other kinds count at any score.
        on_invalid: What a text that is not valid leads to: ``"block"`` raises `Blocked`; ``"warn"`` anonymizes the
            entities that would have blocked, only scores with the scanners, and goes on: a way to roll a policy out.
        on_error: What a failed or late check leads to: ``"block"`` raises `Blocked`; ``"allow"`` goes on without what
            that check would have found, and says so in the decision, the score and the log.
        timeout: Seconds that all checks of one call have together; None waits for ever. Detectors look at long texts,
            and at many, in parts: each part has these seconds, and so has what follows the last one.
        max_characters: Characters that detectors are asked about for one request at most, a text with escapes counted
            once more as it reads, and what they know not at all; more are an error of theirs, told at once. Without a
            timeout there is no such bound.
        checks: Settings of single checks, by the name of the scanner. The check ``"pii"``, which all detectors are,
            takes ``on_error`` and ``timeout`` only: `kinds` says the rest.
        stages: Settings for all checks of a stage, and for single checks there. A check takes each setting from the
            first of these that has it: its own at the stage, its own anywhere, the stage's, this policy's.
        fail_fast: Whether the checks that are not done are given up when one of them blocks.
        streaming: When a streamed answer is shown that scanners of outputs judge: ``"buffer"`` shows nothing before all
            of it was judged; ``"window"`` shows each sentence once it was judged, together with those before it;
            ``"audit"`` shows all at once and judges at the end, so that it can block nothing.
        restore: What is put back where, by destination: ``"answer"``, ``"tools"``, single tools and arguments of theirs
            (``"tool:send_mail"``, ``"tool:send_mail.to"``), ``"documents"``, ``"state"``. Each takes a `Restore`, or a
            word for it: ``"value"``, ``"placeholder"``, ``"block"``.
        version: Name of this policy, shown beside its decisions in the trace.

    Raises:
        PolicyError: If a value is not one of those named here, or a number is out of range.

    Example:
        ```python
        from lc_guard import Guard, Policy
        from lc_guard.testing import ExactDetector

        policy = Policy(kinds={"CARD": "redact", "CITY": "allow"}, on_invalid="block")
        detector = ExactDetector({"PERSON": ["Ada"], "CARD": ["4111"], "CITY": ["Ulm"]})
        session = Guard(detectors=[detector], policy=policy).session("s")
        print(session.anonymize("Ada paid with 4111 in Ulm"))
        # → [REDACTED_PERSON_1] paid with [REDACTED_CARD] in Ulm
        ```
    """

    default: KindAction = "anonymize"
    kinds: Mapping[str, KindAction] = field(default_factory=dict)
    thresholds: Mapping[str, float] = field(default_factory=dict)
    on_invalid: OnInvalid = "block"
    on_error: OnError = "block"
    timeout: float | None = 10.0
    max_characters: int = 5_000_000
    checks: Mapping[str, CheckPolicy] = field(default_factory=dict)
    stages: Mapping[Stage, StagePolicy] = field(default_factory=dict)
    fail_fast: bool = False
    streaming: Streaming = "buffer"
    restore: Mapping[str, Restore | Put] = field(default_factory=dict)
    version: str | None = None
    _rules: dict[tuple[str, str], EffectivePolicy] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        require("default", self.default, get_args(KindAction))
        require("on_invalid", self.on_invalid, get_args(OnInvalid))
        require("on_error", self.on_error, get_args(OnError))
        require("streaming", self.streaming, get_args(Streaming))
        if isinstance(self.kinds, str):  # meant for all of them
            told = did_you_mean(self.kinds, get_args(KindAction))
            raise PolicyError(f'kinds must be a mapping, such as {{"CARD": "redact"}}; default is for all kinds{told}')
        require_names("kinds", self.kinds, "actions")
        require_names("thresholds", self.thresholds, "numbers")
        for kind, action in self.kinds.items():
            require(f"kinds[{kind!r}]", action, get_args(KindAction))
        for kind, threshold in self.thresholds.items():
            _require_threshold(kind, threshold)
        if self.timeout is not None:
            require_seconds("timeout", self.timeout)
        require_count("max_characters", self.max_characters)
        if not isinstance(self.fail_fast, bool):
            raise PolicyError("fail_fast must be true or false")
        if not isinstance(self.version, str | None):
            raise PolicyError("version must be a text")
        # normalized once, and out of reach of whoever passed the mapping
        for name, given in (("kinds", self.kinds), ("thresholds", self.thresholds)):
            own = {normalize_kind(kind): value for kind, value in given.items()}
            if len(own) < len(given):
                raise PolicyError(f"{name} names a kind twice, in two spellings: keep one of them")
            object.__setattr__(self, name, MappingProxyType(own))
        object.__setattr__(self, "checks", by_name("checks", self.checks, CheckPolicy))
        object.__setattr__(self, "stages", by_name("stages", self.stages, StagePolicy, STAGES))
        object.__setattr__(self, "restore", by_destination(self.restore))
        for checks in (self.checks, *(stage.checks for stage in self.stages.values())):
            if PII_CHECK in checks:
                _require_pii(checks[PII_CHECK])

    def __reduce__(self) -> tuple[Any, ...]:
        return rebuilt(self)

    def _repr_html_(self) -> str:
        from lc_guard._display.cards import policy  # noqa: PLC0415 - only where it is shown

        return policy(self)

    @classmethod
    def from_file(cls, path: str | PathLike[str]) -> Policy:
        """Read a policy from a TOML or YAML file.

        Args:
            path: A file ending in ``.toml``, ``.yaml`` or ``.yml``, in UTF-8, of at most 1 MB.

        Raises:
            PolicyError: The file can't be read, or something in it is wrong: the message names every such place by
                line.
        """
        from lc_guard.policy.files import load_policy  # noqa: PLC0415 - a policy of code needs no parsers

        return load_policy(cls, path)

    def as_dict(self) -> dict[str, Any]:
        """Return the policy as plain JSON values, in the form that a file of it has; of the checks only what is set."""
        values = {item.name: plain(getattr(self, item.name)) for item in fields(self) if item.init}
        return {**values, "timeout": "none" if self.timeout is None else self.timeout}

    def rule(self, stage: Stage, check: str) -> EffectivePolicy:
        """Return what holds for a check at a stage, all settings taken together."""
        known = self._rules.get((stage, check))
        if known is None:
            at_stage = self.stages.get(stage, StagePolicy())
            own = [checks[check] for checks in (at_stage.checks, self.checks) if check in checks]
            monitor = self.on_invalid == "warn"
            known = effective_policy(
                [*own, at_stage], on_error=self.on_error, monitor=monitor, watches=check != PII_CHECK
            )
            self._rules[stage, check] = known
        return known

    def restore_rule(
        self, tool: str | None = None, argument: str | None = None, *, at: str = "answer"
    ) -> EffectiveRestore:
        """Return what holds for values that are put back at a destination, all settings taken together.

        Args:
            tool: Name of the tool that is called; None for another destination.
            argument: Name of its argument, or None.
            at: The destination where no tool is called.
        """
        restore = self.restored()
        names = destinations_of(tool, argument, at=at) if restore else ()
        return effective_restore(
            [restore[name] for name in names if name in restore], shown=tool is not None or at == "answer"
        )

    def restored(self) -> Mapping[str, Restore]:
        """Return what is said of restoring by destination."""
        restore: Any = self.restore  # words have become records
        return restore  # type: ignore[no-any-return]

    def counts(self, kind: str, score: float) -> bool:
        """Return whether an entity of this kind and score counts."""
        return score >= self.thresholds.get(kind, 0.0)

    def action(self, kind: str) -> KindAction:
        """Return what happens to an entity of this kind."""
        action = self.kinds.get(kind, self.default)
        return "anonymize" if action == "block" and self.on_invalid == "warn" else action

    def would_block(self, kind: str) -> bool:
        """Return whether an entity of this kind makes a text invalid."""
        return self.kinds.get(kind, self.default) == "block"


def _require_threshold(kind: str, threshold: object) -> None:
    if isinstance(threshold, bool) or not isinstance(threshold, int | float) or not 0 <= threshold <= 1:
        raise PolicyError(f"thresholds[{kind!r}] must be a number from 0 to 1")


def _require_pii(settings: CheckPolicy) -> None:
    set_here = [item.name for item in fields(settings) if getattr(settings, item.name) is not None]
    wrong_names = [name for name in set_here if name not in ("on_error", "timeout")]
    if wrong_names:
        raise PolicyError(
            f"the check {PII_CHECK!r} takes on_error and timeout only, not {', '.join(wrong_names)}: "
            "what entities lead to is said by default, kinds and thresholds"
        )


__all__ = [
    "Action",
    "CheckAction",
    "CheckPolicy",
    "EffectivePolicy",
    "EffectiveRestore",
    "Encode",
    "KindAction",
    "OnError",
    "OnInvalid",
    "Origin",
    "Policy",
    "Put",
    "Restore",
    "StagePolicy",
    "Streaming",
]
