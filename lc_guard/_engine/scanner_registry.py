"""The scanners of a guard by stage, each with what the policy says of it there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, get_args

from lc_guard._engine.caches import ScanCache
from lc_guard._engine.requests import StreamPart
from lc_guard._forks import ForkLock
from lc_guard.errors import PolicyError
from lc_guard.policy.checks import EffectivePolicy, StagePolicy
from lc_guard.policy.policy import Policy, Streaming
from lc_guard.records import PII_CHECK, Stage
from lc_guard.scanners.adapters import as_scanner, by_unique_name
from lc_guard.scanners.base import CONTEXT_STAGES, Scanner

ANSWER_STAGES: tuple[Stage, ...] = ("output", "tool_call")
"""Where scanners of outputs may judge."""

_MAX_KEPT = 50_000


class ScannerRegistry:
    """The scanners of a guard.

    Attributes:
        prompt: Scanners of what the model is given to read, by name.
        output: Scanners of what the model says, by name.
        by_stage: Those that are asked at a stage, with what holds for them there.
        judge_answers: Whether one judges what the model says, a text or the arguments of a tool.
        take_from_answers: Whether by policy one of this machine takes something out of what the model says.
        put_placeholders: Whether by policy one puts placeholders, so that scanning needs a session.
        cache: What they said of late.
        cold: Identities (`id`) of those that have yet to load something.

    Raises:
        TypeError: If something is no scanner.
        ValueError: If two checks have one name, or the policy can't be kept.
    """

    def __init__(self, prompt: Iterable[Any], output: Iterable[Any], policy: Policy, *, cache_size: int) -> None:
        for side, scanners in (("prompt", prompt), ("output", output)):
            if not isinstance(scanners, Iterable):
                raise TypeError(f"{side}_scanners must be a list of scanners, got {type(scanners).__name__}")
        prompts = [as_scanner(thing, side="prompt") for thing in prompt]
        outputs = [as_scanner(thing, side="output") for thing in output]
        self.prompt: Mapping[str, Scanner] = by_unique_name(prompts, reserved=[PII_CHECK])
        self.output: Mapping[str, Scanner] = by_unique_name(outputs, reserved=[PII_CHECK])
        self.policy = policy
        self.cache = ScanCache(min(cache_size, _MAX_KEPT))
        self.cold = {id(scanner) for scanner in (*prompts, *outputs) if hasattr(scanner, "warm_up")}
        self._warm_lock = ForkLock()
        self._require_known_checks()
        _require_places("prompt", self.prompt, CONTEXT_STAGES)
        _require_places("output", self.output, ANSWER_STAGES)
        self.by_stage: Mapping[Stage, list[BoundScanner]] = {stage: self._bound(stage) for stage in get_args(Stage)}
        self.judge_answers = any(self.by_stage[stage] for stage in ANSWER_STAGES)
        self.take_from_answers = any(each.hides for stage in ANSWER_STAGES for each in self.by_stage[stage])
        self.put_placeholders = any(each.rule.action == "anonymize" for own in self.by_stage.values() for each in own)
        self.require_possible(policy.streaming)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(prompt={list(self.prompt)}, output={list(self.output)})"

    def require_possible(self, streaming: Streaming) -> None:
        """Raise `PolicyError` if the policy can't be kept with a way to stream."""
        for stage, scanners in self.by_stage.items():
            for scanner in scanners:
                scanner.require_possible(stage, streaming)

    @property
    def hiding(self) -> Mapping[str, tuple[Stage, BoundScanner]]:
        """What is on this machine, and by policy takes out or hides what it finds; by name, with a stage of it."""
        return {each.name: (stage, each) for stage, bound in self.by_stage.items() for each in bound if each.hides}

    def warm_up(self) -> None:
        """Load the models of all scanners now; does nothing the second time."""
        for scanner in (*self.prompt.values(), *self.output.values()):
            self.warm(scanner)

    def warm(self, scanner: Any) -> None:
        """Have a scanner load what it needs, if it has not."""
        if id(scanner) not in self.cold:
            return
        with self._warm_lock:
            if id(scanner) in self.cold:
                scanner.warm_up()
                self.cold.discard(id(scanner))

    def _bound(self, stage: Stage) -> list[BoundScanner]:
        side, usual = (self.prompt, CONTEXT_STAGES) if stage in CONTEXT_STAGES else (self.output, ("output",))
        bound = (BoundScanner(name, scanner, self.policy.rule(stage, name)) for name, scanner in side.items())
        checks = self.policy.stages.get(stage, StagePolicy()).checks
        asked = {name for name, settings in checks.items() if settings.enabled}
        return [each for each in bound if each.scans_at(stage, usual, asked=each.name in asked)]

    def _require_known_checks(self) -> None:
        settings = {"checks": self.policy.checks}
        settings.update({f"stages[{name!r}].checks": stage.checks for name, stage in self.policy.stages.items()})
        known = {PII_CHECK, *self.prompt, *self.output}
        for place, checks in settings.items():
            unknown = sorted(set(checks) - known)
            if unknown:
                raise PolicyError(
                    f"the policy's {place} names {', '.join(map(repr, unknown))}, which is no check of this guard; "
                    f"its checks are {', '.join(map(repr, sorted(known)))}"
                )


def _require_places(side: str, scanners: Mapping[str, Scanner], places: Sequence[Stage]) -> None:
    for name, scanner in scanners.items():
        stages: Sequence[Stage] = getattr(scanner, "stages", None) or places
        if not set(stages) & set(places):
            raise PolicyError(
                f"the check {name!r} judges at {', '.join(map(repr, stages))} only, where {side}_scanners are never "
                f"asked; put it into {'output' if side == 'prompt' else 'prompt'}_scanners, or give it other stages"
            )


@dataclass(frozen=True, slots=True)
class BoundScanner:
    """A scanner at a stage, with what holds for it there: read once, so that what was checked is what is done.

    Attributes:
        name: The check's name.
        scanner: The scanner.
        rule: What the policy says of it at the stage.
        sees_hidden: Whether it may see a text only after values were hidden in it, where any are.
        hides: Whether it is on this machine, and what it finds is to be out of a text, for good or for the model only.
        rewrites: Whether others are to be given what it leaves of a text; who says where to hide looks at it last.
        instant: Whether it takes microseconds.
        uses_turns: Whether it is told what was said before.
        parts: The parts of an answer that it is asked about; some can judge only the whole.
    """

    name: str
    scanner: Any = field(repr=False)
    rule: EffectivePolicy
    sees_hidden: bool = field(init=False, repr=False)
    hides: bool = field(init=False, repr=False)
    rewrites: bool = field(init=False, repr=False)
    instant: bool = field(init=False, repr=False)
    uses_turns: bool = field(init=False, repr=False)
    parts: frozenset[StreamPart] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        action, cost = self.rule.action, getattr(self.scanner, "cost", "model")
        sees_hidden = getattr(self.scanner, "sees", "original") == "hidden"
        outside = sees_hidden or cost == "remote"
        rewrites = action == "redact" or bool(getattr(self.scanner, "rewrites", False))
        needs_whole = bool(getattr(self.scanner, "needs_whole", False))
        for name, value in (
            ("sees_hidden", sees_hidden),
            ("hides", action in ("redact", "anonymize") and not self.rule.monitor and not outside),
            ("rewrites", rewrites and action != "anonymize"),
            ("instant", cost == "instant"),
            ("uses_turns", bool(getattr(self.scanner, "uses_turns", False))),
            ("parts", frozenset(("all", "rest" if needs_whole else "window"))),
        ):
            object.__setattr__(self, name, value)

    def scans_at(self, stage: Stage, usual: Sequence[Stage], *, asked: bool) -> bool:
        """Return whether it is asked at a stage: the policy says so, or itself, or `usual`."""
        return bool(self.rule.enabled) and (asked or stage in (getattr(self.scanner, "stages", None) or usual))

    def require_possible(self, stage: Stage, streaming: Streaming) -> None:
        """Raise `PolicyError` if what the policy says of it can't be done at a stage."""
        watches = self.rule.monitor or self.rule.action in ("allow", "warn")
        if streaming == "window" and stage == "output" and "window" not in self.parts and not watches:
            raise PolicyError(
                f"the check {self.name!r} judges whole answers, and streaming='window' shows them before: take "
                "streaming='buffer', or let it only watch with action='warn'"
            )
        if self.rule.action != "anonymize":
            return
        if stage not in CONTEXT_STAGES:
            raise PolicyError(
                f"the check {self.name!r} can't anonymize at the stage {stage!r}: what a model says is restored for "
                f"its reader. Take action='redact' there, in stages[{stage!r}].checks"
            )
        if self.sees_hidden:
            raise PolicyError(
                f"the check {self.name!r} can't anonymize: it sees only what is hidden already. Take action='redact', "
                "or let it see the original"
            )
