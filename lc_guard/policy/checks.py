"""What the verdict of a check leads to: settings of one check, of one stage, and what they come to together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from functools import partial
from threading import TIMEOUT_MAX
from types import MappingProxyType
from typing import Any, Literal, get_args

from lc_guard.errors import PolicyError
from lc_guard.records import Stage

OnError = Literal["block", "allow"]
CheckAction = Literal["allow", "warn", "redact", "anonymize", "replace", "block"]

REPLACEMENT = "[removed by a security check]"
"""What stands for a text that a check replaced, unless the policy says otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckPolicy:
    """What one check may do; whatever is None is taken from the next wider setting.

    Attributes:
        enabled: Whether the check is made at all. True for a check at a stage has it made there though its scanner
            would not: such as `lc_guard.scanners.Secrets` on arguments of tool calls.
        action: What a text that the check finds fault with leads to: ``"block"`` stops it; ``"replace"`` puts
            `replacement` in its place; ``"redact"`` takes out what is at fault, for good; ``"anonymize"`` puts
            placeholders there, restored later; ``"warn"`` and ``"allow"`` leave it, with or without a word.
            Where a check can't tell what is at fault, ``"redact"`` and ``"anonymize"`` block.
        threshold: Lowest risk, 0…1, that counts as a fault; None takes the scanner's own verdict.
        on_error: What a failed or late check leads to: ``"block"``, or ``"allow"``, which says so in the decision.
            Where nothing says it for the check or its stage, one that only watches (``"warn"``, ``"allow"``,
            `monitor`) stops nothing by failing; for others the policy's own holds.
        timeout: Seconds that the check has, beside the policy's own timeout for all checks.
        sample: Share of the steps, 0…1, in which the check is made: for expensive ones that only watch.
        monitor: Whether the check only scores: what it finds leads to ``"warn"``, whatever `action` says.
        replacement: The text of ``"replace"``.

    Raises:
        PolicyError: If a value is not one of those named here, or a number is out of range.
    """

    enabled: bool | None = None
    action: CheckAction | None = None
    threshold: float | None = None
    on_error: OnError | None = None
    timeout: float | None = None
    sample: float | None = None
    monitor: bool | None = None
    replacement: str | None = None

    def __post_init__(self) -> None:
        for name in ("enabled", "monitor"):
            if not isinstance(getattr(self, name), bool | None):
                raise PolicyError(f"{name} must be true or false")
        if self.action is not None:
            require("action", self.action, get_args(CheckAction))
        if self.on_error is not None:
            require("on_error", self.on_error, get_args(OnError))
        for name in ("threshold", "sample"):
            value = getattr(self, name)
            if value is not None and not (_is_number(value) and 0 <= value <= 1):
                raise PolicyError(f"{name} must be a number from 0 to 1")
        if self.timeout is not None:
            require_seconds("timeout", self.timeout)
        if not isinstance(self.replacement, str | None):
            raise PolicyError("replacement must be a text")


@dataclass(frozen=True, slots=True, kw_only=True)
class StagePolicy(CheckPolicy):
    """What the checks of one stage may do.

    Attributes:
        checks: Settings of single checks at this stage, by name; they count before all others.
    """

    checks: Mapping[str, CheckPolicy] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # not super(): a dataclass with slots is made anew, and the name in here is the class before
        CheckPolicy.__post_init__(self)
        object.__setattr__(self, "checks", by_name("checks", self.checks, CheckPolicy))

    def __reduce__(self) -> tuple[Any, ...]:
        return rebuilt(self)


@dataclass(frozen=True, slots=True)
class EffectivePolicy:
    """What holds for one check at one stage, all settings taken together; see `CheckPolicy`."""

    enabled: bool
    action: CheckAction
    threshold: float | None
    on_error: OnError
    timeout: float | None
    sample: float
    monitor: bool
    replacement: str


def effective_policy(
    settings: list[CheckPolicy], *, on_error: OnError, monitor: bool, watches: bool = True
) -> EffectivePolicy:
    """Take settings together, the narrowest first, with what holds where none of them says it.

    `watches`: whether a check that leaves every text as it is stops none by failing.
    """

    def first(name: str, default: Any) -> Any:
        return next((value for each in settings if (value := getattr(each, name)) is not None), default)

    action = first("action", "block")
    monitor = monitor or first("monitor", default=False)
    if watches and (monitor or action in ("allow", "warn")):
        on_error = "allow"
    return EffectivePolicy(
        enabled=first("enabled", default=True),
        action=action,
        threshold=first("threshold", None),
        on_error=first("on_error", on_error),
        timeout=first("timeout", None),
        sample=first("sample", 1.0),
        monitor=monitor,
        replacement=first("replacement", REPLACEMENT),
    )


def by_name(name: str, given: Any, kind: type[CheckPolicy], allowed: tuple[str, ...] | None = None) -> Any:
    """Check a mapping of settings by name and put it out of reach of whoever passed it."""
    require_names(name, given, kind.__name__)
    for key, value in given.items():
        if allowed is not None:
            require(f"a key of {name}", key, allowed)
        if not isinstance(value, kind):
            raise PolicyError(f"{name}[{key!r}] must be a {kind.__name__}, got {type(value).__name__}")
    return MappingProxyType(dict(given))


def require_names(name: str, given: object, values: str) -> None:
    """Raise `PolicyError` if something is no mapping of names, or one of them is empty."""
    if not isinstance(given, Mapping) or not all(isinstance(key, str) and key.strip() for key in given):
        raise PolicyError(f"{name} must be a mapping of names to {values}")


def rebuilt(record: Any) -> tuple[Any, ...]:
    """Return what pickles a record: read-only mappings can't be pickled."""
    values = {item.name: getattr(record, item.name) for item in fields(record) if item.init}
    plain = {name: dict(value) if isinstance(value, Mapping) else value for name, value in values.items()}
    make: Any = type(record)
    return partial(make, **plain), ()


def plain(value: Any) -> Any:
    """Return what a setting is in the file of a policy: plain JSON values; of a record only what is set."""
    if is_dataclass(value) and not isinstance(value, type):
        values = {item.name: getattr(value, item.name) for item in fields(value)}
        return {name: plain(each) for name, each in values.items() if each is not None and each != {}}
    return {name: plain(each) for name, each in value.items()} if isinstance(value, Mapping) else value


def require(name: str, value: object, allowed: tuple[str, ...]) -> None:
    """Raise `PolicyError` if a value is not one of those allowed."""
    if value not in allowed:
        raise PolicyError(f"{name} must be one of {', '.join(map(repr, allowed))}{did_you_mean(value, allowed)}")


def did_you_mean(given: object, words: Iterable[str]) -> str:
    """Return the words of an error that name what was likely meant, of what is taken; nothing if that is not clear."""
    if not isinstance(given, str):
        return ""
    from difflib import get_close_matches  # noqa: PLC0415 - only where something is wrong

    by_lower = {word.lower(): word for word in words}
    near = get_close_matches(given[:64].lower(), by_lower, n=1)
    return f" (did you mean {by_lower[near[0]]!r}?)" if near else ""


def require_seconds(name: str, value: object) -> None:
    """Raise `PolicyError` if a value is no positive number of seconds."""
    if not (_is_number(value) and 0 < value <= TIMEOUT_MAX):  # type: ignore[operator]
        raise PolicyError(f"{name} must be a positive number of seconds")


def require_count(name: str, value: object) -> None:
    """Raise `PolicyError` if a value is no whole number above 0."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise PolicyError(f"{name} must be a whole number above 0")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


STAGES: tuple[str, ...] = get_args(Stage)
