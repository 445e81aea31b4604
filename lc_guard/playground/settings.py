"""What a person has chosen on the page, as a guard."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, get_args

from lc_guard._forks import ForkLock
from lc_guard._placeholders.grammar import PlaceholderStyle
from lc_guard.detectors import JoinedDetector, TunedDetector, default_detector
from lc_guard.detectors.base import BatchResult, Detector, load_models, name_of
from lc_guard.detectors.joined import ask
from lc_guard.detectors.surroundings import TextKind
from lc_guard.errors import GuardError
from lc_guard.guard import Guard
from lc_guard.policy.checks import CheckPolicy
from lc_guard.policy.files import examine_text, examine_values
from lc_guard.policy.line_numbers import Problem
from lc_guard.policy.policy import Policy
from lc_guard.records import PII_CHECK, Entity
from lc_guard.scanners import builtin_output_scanners, builtin_scanners
from lc_guard.scanners.base import scanner_name

_MOST_WORDS = 200
_MOST_MADE = 8  # detectors with different options


class WrongSettings(GuardError):
    """Settings that can't be taken; `problems` says where a policy is wrong."""

    def __init__(self, message: str, problems: Sequence[Problem] = ()) -> None:
        self.problems = problems
        super().__init__(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What is chosen.

    Attributes:
        text: What the texts are; see `lc_guard.detectors.default_detector`.
        languages: Languages that occur; none: told by each text.
        countries: Countries whose identifiers are looked for; none: all.
        off: Names of the default detector's sources that are not asked.
        allow: Words that are never hidden.
        deny: Words that are always hidden.
        scanners: Names of the built-in scanners that judge.
        style: How placeholders look.
        policy: What follows.
    """

    text: TextKind = "any"
    languages: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    off: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    scanners: tuple[str, ...] = ()
    style: PlaceholderStyle = "llm_guard"
    policy: Policy = field(default_factory=Policy)

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> Settings:
        """Read what the page sends: the names of the attributes; the policy as a table, or as the YAML of its file.

        Raises:
            WrongSettings: Something in it can't be taken.
        """
        words = {name: _words(name, given.get(name, ())) for name in _LISTS}
        taken: dict[str, Any] = {**words, "policy": _policy(given.get("policy") or {})}
        for name, allowed in (("text", get_args(TextKind)), ("style", get_args(PlaceholderStyle))):
            if name in given:
                if given[name] not in allowed:
                    raise WrongSettings(f"{name} is one of {', '.join(allowed)}")
                taken[name] = given[name]
        unknown = set(taken["scanners"]) - {each["name"] for each in scanners()}
        if unknown:
            raise WrongSettings("there is no such built-in scanner")
        return cls(**taken)

    def guard(self, heard: Heard, sources: Sources) -> Guard:
        """Return the guard, whose sources tell what they found to `heard`; it remembers nothing of other texts."""
        detector = sources.of(self.text, self.languages, self.countries)
        chosen = [Told(each, heard) for each in detector if name_of(each) not in self.off]
        asked: list[Detector] = [JoinedDetector(chosen)] if chosen else []
        if self.allow or self.deny:
            asked = [TunedDetector(each, allow=self.allow, deny=self.deny) for each in asked]
        prompt = [each for each in builtin_scanners() if scanner_name(each) in self.scanners]
        output = [each for each in builtin_output_scanners() if scanner_name(each) in self.scanners]
        return Guard(
            asked,
            prompt_scanners=prompt,
            output_scanners=output,
            policy=self.used_policy,
            placeholder_style=self.style,
            cache_size=0,
        )

    @property
    def used_policy(self) -> Policy:
        """The policy without settings of scanners that are switched off: a guard refuses those."""
        stages = {name: replace(stage, checks=self._on(stage.checks)) for name, stage in self.policy.stages.items()}
        return replace(self.policy, checks=self._on(self.policy.checks), stages=stages)

    def _on(self, checks: Mapping[str, CheckPolicy]) -> dict[str, CheckPolicy]:
        return {name: each for name, each in checks.items() if name == PII_CHECK or name in self.scanners}


_LISTS = ("languages", "countries", "off", "allow", "deny", "scanners")


class Heard:
    """What each source found in which text, for one look at texts."""

    def __init__(self) -> None:
        self._found: dict[str, dict[str, Sequence[Entity]]] = {}
        self._lock = ForkLock()

    def note(self, source: str, texts: Sequence[str], found: Sequence[Sequence[Entity]]) -> None:
        """Note what a source found in some texts."""
        with self._lock:
            for text, entities in zip(texts, found, strict=True):
                self._found.setdefault(text, {})[source] = entities

    def of(self, text: str) -> Mapping[str, Sequence[Entity]]:
        """Return what was found in a text, by source."""
        return self._found.get(text, {})


class Told:
    """A source that tells what it found."""

    def __init__(self, source: Detector, heard: Heard) -> None:
        self.name = name_of(source)
        self._source, self._heard = source, heard

    def warm_up(self) -> None:
        """Load the source's models."""
        load_models(self._source)

    def detect(self, text: str) -> Sequence[Entity]:
        """Return what the source finds in a text."""
        return self.detect_batch([text])[0]

    def detect_batch(self, texts: Sequence[str]) -> list[Sequence[Entity]]:
        """Return what the source finds in some texts."""
        found = ask(self._source, texts)
        self._heard.note(self.name, texts, found)
        return found if isinstance(found, BatchResult) else list(found)


class Sources:
    """The sources of the default detector with some options: each is made once, and its models are loaded once."""

    def __init__(self) -> None:
        self._made = lru_cache(maxsize=_MOST_MADE)(_made)

    def of(
        self, text: TextKind, languages: tuple[str, ...] = (), countries: tuple[str, ...] = ()
    ) -> Sequence[Detector]:
        """Return them.

        Raises:
            GuardError: A language or a country is not known, or the models are not installed.
        """
        return self._made(text, languages, countries)


def _made(text: TextKind, languages: tuple[str, ...], countries: tuple[str, ...]) -> Sequence[Detector]:
    return default_detector(text=text, languages=languages or None, countries=countries or None).detectors


def detectors(sources: Sources) -> list[dict[str, str]]:
    """Return the names of the default detector's sources, each with what it does."""
    return [{"name": name_of(each), "about": _about(each)} for each in sources.of("any")]


def scanners() -> list[dict[str, str]]:
    """Return the names of the built-in scanners, each with what it does."""
    return [{"name": scanner_name(each), "about": _about(each)} for each in builtin_scanners()]


def _about(thing: object) -> str:
    return " ".join((inspect.getdoc(type(thing)) or "").partition("\n\n")[0].replace("``", "").replace("`", "").split())


def _policy(given: Any) -> Policy:
    if not isinstance(given, str | dict):
        raise WrongSettings("the policy is a table, or the text of its file")
    policy, problems = examine_text(Policy, given, ".yaml") if isinstance(given, str) else examine_values(Policy, given)
    if policy is None:
        raise WrongSettings("the policy can't be taken", problems)
    return policy


def _words(name: str, given: Any) -> tuple[str, ...]:
    if not isinstance(given, list | tuple) or len(given) > _MOST_WORDS or not all(isinstance(w, str) for w in given):
        raise WrongSettings(f"{name} is a list of at most {_MOST_WORDS} texts")
    return tuple(dict.fromkeys(word.strip() for word in given if word.strip()))
