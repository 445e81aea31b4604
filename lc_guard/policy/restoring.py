"""What is put back where: the destinations of restored values, and what each of them may have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, get_args

from lc_guard.errors import PolicyError
from lc_guard.policy.checks import rebuilt, require, require_names
from lc_guard.records import normalize_kind

Put = Literal["value", "placeholder", "block"]
"""What becomes of a placeholder, weakest first: its value, the placeholder as it is, or `lc_guard.Blocked`."""

Origin = Literal["user", "tool", "document", "unknown"]
"""Who brought a value into a conversation."""

Encode = Literal["none", "sql", "mysql", "url", "html", "json", "shell", "markdown"]
"""How a value is written at a destination."""

DESTINATIONS = ("answer", "tools", "documents", "state")
"""Destinations beside single tools (``"tool:send_mail"``) and their arguments (``"tool:send_mail.to"``)."""

ORIGINS: tuple[Origin, ...] = get_args(Origin)

TOOL = "tool:"
"""What the name of a single tool's destination begins with."""

_PUTS: tuple[Put, ...] = get_args(Put)


@dataclass(frozen=True, slots=True, kw_only=True)
class Restore:
    """What is restored at one destination; whatever is not set is taken from the next wider one.

    Attributes:
        default: What becomes of a placeholder there: ``"value"`` puts its value back, ``"placeholder"`` leaves it as it
            is, ``"block"`` raises `Blocked`.
        kinds: The same for single kinds, such as ``{"IBAN_CODE": "placeholder"}``.
        origins: The same by who brought the value: ``"user"`` (the user said it himself, whoever else did), ``"tool"``,
            ``"document"``, ``"unknown"``. The strictest of this, `kinds` or `default`, and `in_urls` counts.
        in_urls: The same for places from which a value is sent on by being shown or run: addresses, targets of links
            and images, attributes of HTML, code that fetches. Where nothing says it, a placeholder stays one in answers
            and in arguments of tools, unless its value stood at that address in the user's own text.
        encode: How values are written: as part of ``"sql"`` (``"mysql"`` where backslashes escape), ``"url"``,
            ``"html"``, ``"json"``, ``"shell"`` or ``"markdown"``; ``"none"`` writes them as they are. Where nothing
            says it, addresses, JSON and text that is clearly SQL are told by themselves.

    Raises:
        PolicyError: If a value is not one of those named here.
    """

    default: Put | None = None
    kinds: Mapping[str, Put] = field(default_factory=dict)
    origins: Mapping[Origin, Put] = field(default_factory=dict)
    in_urls: Put | None = None
    encode: Encode | None = None

    def __post_init__(self) -> None:
        for name in ("default", "in_urls"):
            if getattr(self, name) is not None:
                require(name, getattr(self, name), _PUTS)
        if self.encode is not None:
            require("encode", self.encode, get_args(Encode))
        for name in ("kinds", "origins"):
            given = getattr(self, name)
            require_names(name, given, "what is restored")
            for key, put in given.items():
                require(f"{name}[{key!r}]", put, _PUTS)
        for origin in self.origins:
            require("a key of origins", origin, ORIGINS)
        kinds = {normalize_kind(kind): put for kind, put in self.kinds.items()}
        if len(kinds) < len(self.kinds):
            raise PolicyError("kinds names a kind twice, in two spellings: keep one of them")
        object.__setattr__(self, "kinds", MappingProxyType(kinds))
        object.__setattr__(self, "origins", MappingProxyType(dict(self.origins)))

    def __reduce__(self) -> tuple[Any, ...]:
        return rebuilt(self)


@dataclass(frozen=True, slots=True)
class EffectiveRestore:
    """What holds at one destination, all settings taken together; see `Restore`."""

    settings: tuple[Restore, ...]
    in_urls: Put
    encode: Encode | None

    def put(self, kind: str) -> Put:
        """Return what becomes of a placeholder of a kind: the narrowest setting that says anything of it counts."""
        for setting in self.settings:
            put = setting.kinds.get(kind, setting.default)
            if put is not None:
                return put
        return "value"

    def of_origin(self, origin: Origin) -> Put:
        """Return what becomes of a placeholder whose value somebody brought."""
        return next((each.origins[origin] for each in self.settings if origin in each.origins), "value")

    @property
    def asks_origins(self) -> bool:
        """Whether it counts who brought a value."""
        return any(each.origins for each in self.settings)

    @property
    def is_open(self) -> bool:
        """Whether every value is restored as it is, wherever it stands."""
        return self.in_urls == "value" and self.encode in (None, "none") and not any(self.settings)


def destinations_of(tool: str | None = None, argument: str | None = None, *, at: str = "answer") -> tuple[str, ...]:
    """Return the names that a destination goes by, the narrowest first.

    Args:
        tool: Name of the tool that is called; None for another destination.
        argument: Name of its argument, or None.
        at: The destination where no tool is called.
    """
    if tool is None:
        return (at,)
    own = (f"{TOOL}{tool}.{argument}",) if argument is not None else ()
    return (*own, f"{TOOL}{tool}", "tools")


def effective_restore(settings: Sequence[Restore], *, shown: bool) -> EffectiveRestore:
    """Take settings together, the narrowest first, with what holds where none of them says it.

    Args:
        settings: Those of the destination.
        shown: Whether what is restored there is shown or run: what it says may come from anybody.
    """
    in_urls = next((each.in_urls for each in settings if each.in_urls is not None), "placeholder" if shown else "value")
    encode = next((each.encode for each in settings if each.encode is not None), None)
    return EffectiveRestore(tuple(settings), in_urls, encode)


def by_destination(given: Any) -> Mapping[str, Restore]:
    """Check what is restored by destination; a single word is a `Restore` with that default.

    Raises:
        PolicyError: If there is no such destination, or a setting is none.
    """
    require_names("restore", given, "what is restored")
    taken: dict[str, Restore] = {}
    for name, setting in given.items():
        require_destination(name)
        if isinstance(setting, str):
            require(f"restore[{name!r}]", setting, _PUTS)
            setting = Restore(default=setting)  # type: ignore[arg-type]  # one of them  # noqa: PLW2901
        elif not isinstance(setting, Restore):
            told = f"must be a Restore or one of {', '.join(map(repr, _PUTS))}, got {type(setting).__name__}"
            raise PolicyError(f"restore[{name!r}] {told}")
        taken[name] = setting
    return MappingProxyType(taken)


def require_destination(name: str) -> None:
    """Raise `PolicyError` if there is no such destination."""
    if name not in DESTINATIONS and not (name.startswith(TOOL) and name.removeprefix(TOOL).strip(" .")):
        known = ", ".join(map(repr, DESTINATIONS))
        raise PolicyError(f"a key of restore must be one of {known}, 'tool:<name>' or 'tool:<name>.<argument>'")


def strictest(puts: Sequence[Put]) -> Put:
    """Return the strictest of what several rules say."""
    return max(puts, key=_PUTS.index)
