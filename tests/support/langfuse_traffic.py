"""Traffic that could be in a Langfuse project: seeded, of any size, with people's annotations that are often right."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field

from .langfuse_reads import Row, observation_row, score_row

DAY = 86_400.0


@dataclass(frozen=True)
class Check:
    """How a check of the traffic behaves."""

    stage: str
    name: str
    seconds: float
    harmful: float
    blocks: bool
    sharp: float = 6.0
    failing: float = 0.0

    @property
    def score(self) -> str:
        return f"{self.stage}.{self.name}"


CHECKS = (
    Check("prompt", "pii", 0.018, 0.45, blocks=False, sharp=9.0, failing=0.002),
    Check("prompt", "injection", 0.120, 0.06, blocks=True, failing=0.006),
    Check("output", "toxicity", 0.045, 0.03, blocks=True, sharp=3.0),
)
_KINDS = ("PERSON", "EMAIL_ADDRESS", "PHONE_NUMBER", "CREDIT_CARD", "US_SSN", "LOCATION", "IP_ADDRESS")
_WEIGHTS = (50, 20, 14, 4, 2, 30, 3)


@dataclass
class Traffic:
    """Traces with their checks, scores and annotations.

    Args:
        traces: Number of traces.
        until: When the last one ends, Unix seconds.
        days: How long the traffic took.
        annotated: Share of the traces that a person looked at.
        seed: Of everything.
    """

    traces: int
    until: float
    days: float = 7.0
    annotated: float = 0.05
    seed: int = 1
    scores: list[Row] = field(default_factory=list, init=False)
    observations: list[Row] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        for number in range(self.traces):
            self._trace(number)

    def _trace(self, number: int) -> None:
        rng = self._random
        trace = f"{self.seed:016x}{number:016x}"
        begin = self.until - self.days * DAY * (1 - number / self.traces) - 30
        looked_at = rng.random() < self.annotated
        at, actions = begin + 0.01, ["allow"]
        for place, check in enumerate(CHECKS):
            identity = f"{number:012x}{place:04x}"
            at, action = self._check(check, identity, trace, at, looked_at=looked_at)
            actions.append(action)
            if check is CHECKS[1]:
                at += rng.lognormvariate(0.3, 0.5)  # the model
        order = ("allow", "anonymize", "block")
        worst = max(actions, key=order.index)
        self.scores.append(score_row(f"{trace}-a", "guard.action", worst, trace=trace, at=at))
        self.observations.append(
            observation_row(f"{number:012x}root", trace=trace, start=begin, seconds=at - begin + 0.02, type="CHAIN",
                            name="RunnableSequence")
        )  # fmt: skip

    def _check(self, check: Check, identity: str, trace: str, at: float, *, looked_at: bool) -> tuple[float, str]:
        rng = self._random
        harmful = rng.random() < check.harmful
        risk = rng.betavariate(check.sharp, 2) if harmful else rng.betavariate(1, check.sharp)
        error = rng.random() < check.failing
        late = error and rng.random() < 0.5
        blocked = check.blocks and risk >= 0.6
        seconds = 10.0 if late else rng.lognormvariate(0, 0.5) * check.seconds
        kinds = rng.choices(_KINDS, _WEIGHTS, k=rng.randint(1, 3)) if harmful and not check.blocks else []
        action = "block" if blocked else "anonymize" if kinds else "allow"
        name = ("ScannerTimeout" if late else "ServiceError") if error else None
        decision = {
            "stage": check.stage, "check": check.name, "action": action, "valid": not blocked, "risk_score": risk,
            "latency_ms": seconds * 1000, "entities": {kind: kinds.count(kind) for kind in dict.fromkeys(kinds)},
            "error": name, "session": "d" * 16,
        }  # fmt: skip
        output = json.dumps({"decision": decision, "detectors": {}})
        self.observations.append(
            observation_row(identity, trace=trace, start=at, seconds=seconds, type="GUARDRAIL", name=check.name,
                            parentObservationId="0" * 16, level="ERROR" if blocked or error else "DEFAULT",
                            output=output, metadata={"lc_guard_stage": check.stage})
        )  # fmt: skip
        common = {"trace": trace, "observation": identity, "at": at + seconds}
        self.scores.append(score_row(f"{trace}-{identity}", check.score, risk, **common))
        self.scores.append(score_row(f"{trace}-{identity}-v", f"{check.score}.valid", not blocked, **common))
        if looked_at:
            label = harmful if rng.random() < 0.96 else not harmful
            common["at"] = min(at + 3600, self.until - 1)
            row = score_row(f"{trace}-{identity}-h", check.score, label, source="ANNOTATION", **common)
            self.scores.append(row | {"authorUserId": "u-1", "configId": "c-1"})
        return at + seconds, action
