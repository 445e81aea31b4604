"""Policy: what a finding leads to, how long a check may take, and what an error means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import partial
from math import isfinite
from types import MappingProxyType
from typing import Any, Literal, get_args

from lc_guard.records import Action, normalize_kind

OnError = Literal["block", "allow"]
OnInvalid = Literal["block", "warn"]
KindAction = Literal["anonymize", "redact", "allow", "warn", "block"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the findings of the checks lead to.

    Attributes:
        default: What happens to an entity whose kind is not in `kinds`: ``"anonymize"`` (a placeholder, restored
            later), ``"redact"`` (``[REDACTED_PERSON]``, for good), ``"warn"`` and ``"allow"`` (left as it is, with or
            without a word about it), ``"block"`` (the text is not valid).
        kinds: What happens to entities of certain kinds, such as ``{"CREDIT_CARD": "redact", "US_SSN": "block"}``.
        thresholds: Lowest score, 0…1, at which an entity of a kind counts; other kinds count at any score.
        on_invalid: What a text that is not valid leads to: ``"block"`` raises `Blocked`; ``"warn"`` anonymizes what
            would have blocked and goes on: a way to roll a policy out.
        on_error: What a failed or late check leads to: ``"block"`` raises `Blocked`; ``"allow"`` goes on without what
            that check would have found, and says so in the decision, the score and the log.
        timeout: Seconds that all detectors together have for one call; None waits for ever.

    Raises:
        ValueError: If a value is not one of those named here, or a number is out of range.
    """

    default: KindAction = "anonymize"
    kinds: Mapping[str, KindAction] = field(default_factory=dict)
    thresholds: Mapping[str, float] = field(default_factory=dict)
    on_invalid: OnInvalid = "block"
    on_error: OnError = "block"
    timeout: float | None = 10.0

    def __post_init__(self) -> None:
        _require("default", self.default, get_args(KindAction))
        _require("on_invalid", self.on_invalid, get_args(OnInvalid))
        _require("on_error", self.on_error, get_args(OnError))
        for kind, action in self.kinds.items():
            _require(f"kinds[{kind!r}]", action, get_args(KindAction))
        for kind, threshold in self.thresholds.items():
            if not 0 <= threshold <= 1:
                raise ValueError(f"thresholds[{kind!r}] must be from 0 to 1")
        if self.timeout is not None and not (isfinite(self.timeout) and self.timeout > 0):
            raise ValueError("timeout must be a positive number of seconds, or None")
        # normalized once, and out of reach of whoever passed the mapping
        object.__setattr__(self, "kinds", MappingProxyType({normalize_kind(k): v for k, v in self.kinds.items()}))
        object.__setattr__(
            self, "thresholds", MappingProxyType({normalize_kind(k): v for k, v in self.thresholds.items()})
        )

    def __reduce__(self) -> tuple[Any, ...]:
        values = [getattr(self, item.name) for item in fields(self)]
        values = [dict(value) if isinstance(value, Mapping) else value for value in values]
        return partial(Policy, **{item.name: value for item, value in zip(fields(self), values, strict=True)}), ()

    def counts(self, kind: str, score: float) -> bool:
        """Tell whether an entity of this kind and score counts."""
        return score >= self.thresholds.get(kind, 0.0)

    def action(self, kind: str) -> KindAction:
        """Give what happens to an entity of this kind."""
        action = self.kinds.get(kind, self.default)
        return "anonymize" if action == "block" and self.on_invalid == "warn" else action

    def would_block(self, kind: str) -> bool:
        """Tell whether an entity of this kind makes a text invalid."""
        return self.kinds.get(kind, self.default) == "block"


def _require(name: str, value: object, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, allowed))}")


__all__ = ["Action", "KindAction", "OnError", "OnInvalid", "Policy"]
