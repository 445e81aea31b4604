"""Policies from TOML and YAML files; what is wrong in one is told all at once, each with its line."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from datetime import date, time
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_type_hints

from lc_guard.errors import PolicyError
from lc_guard.policy.checks import STAGES, CheckPolicy, StagePolicy, did_you_mean
from lc_guard.policy.line_numbers import Place, Problem, Source, dotted, read_toml, read_yaml, shown
from lc_guard.policy.restoring import DESTINATIONS, ORIGINS, TOOL, Restore, require_destination
from lc_guard.records import normalize_kind

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

P = TypeVar("P", bound="DataclassInstance")

MAX_BYTES = 1_000_000
"""Size that the file of a policy may have."""

NO_TIMEOUT = "none"
"""What a file says for ``timeout=None``; TOML has no word for it."""

_READERS: dict[str, Callable[[str], Source]] = {".toml": read_toml, ".yaml": read_yaml, ".yml": read_yaml}
_MAX_TOLD = 50
_BY_KIND = ("kinds", "thresholds")
_TABLES = (*_BY_KIND, "origins", "restore")


def load_policy(kind: type[P], path: str | os.PathLike[str]) -> P:
    """Read a policy from a file.

    A file has the names and values of `Policy`, `CheckPolicy`, `StagePolicy` and `Restore`; ``timeout = "none"`` is no
    timeout. In YAML an empty setting of a check is one that is not set. A file without any setting is refused: it is
    more often a file that was cut than a wish.

    Args:
        kind: The class of the policy, `lc_guard.Policy`.
        path: A file ending in ``.toml``, ``.yaml`` or ``.yml``, in UTF-8, of at most 1 MB.

    Returns:
        The policy.

    Raises:
        PolicyError: The file can't be read, or something in it is wrong: the message names every such place by line.
    """
    policy, problems = examine(kind, path)
    if policy is None:
        name = os.fspath(path)
        if len(problems) == 1:
            problem = problems[0]
            raise PolicyError(f"{name}{'' if problem.line is None else ','} {problem}")
        more = [f"and {len(problems) - _MAX_TOLD} more"] if len(problems) > _MAX_TOLD else []
        told = "\n  ".join([*map(str, problems[:_MAX_TOLD]), *more])
        raise PolicyError(f"{name} holds {len(problems)} mistakes:\n  {told}")
    return policy


def examine(kind: type[P], path: str | os.PathLike[str]) -> tuple[P | None, list[Problem]]:
    """Read a policy from a file (see `load_policy`), or tell what is wrong with it, in the order of its lines."""
    suffix = Path(path).suffix.lower()
    if suffix not in _READERS:
        return None, [Problem(None, f"has no format that is known by its end: name it {' or '.join(_READERS)}")]
    text = _text(Path(path))
    if isinstance(text, Problem):
        return None, [text]
    return examine_text(kind, text, suffix)


def examine_text(kind: type[P], text: str, suffix: str) -> tuple[P | None, list[Problem]]:
    """Do what `examine` does for the text of a file that would end in a suffix, such as ``".yaml"``."""
    source = _READERS[suffix](text)
    if not source.values and not source.problems:
        return None, [Problem(None, "holds no setting: write at least one, such as version, or leave the file out")]
    return _examined(kind, source)


def examine_values(kind: type[P], values: Mapping[str, Any]) -> tuple[P | None, list[Problem]]:
    """Do what `examine` does for what stands in a file, none of it being allowed."""
    return _examined(kind, Source(dict(values)))


def _examined(kind: type[P], source: Source) -> tuple[P | None, list[Problem]]:
    reading = _Reading(kind, source)
    settings = reading.policy(source.values)
    problems = sorted(reading.problems, key=lambda problem: problem.line or 0)
    return (None, problems) if problems else (kind(**settings), [])


def _text(path: Path) -> str | Problem:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        return Problem(None, f"can't be read: {getattr(error, 'strerror', None) or 'not a file name'}")
    if len(data) > MAX_BYTES:
        return Problem(None, f"is too large for a policy: more than {MAX_BYTES:,} bytes")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return Problem(line, f"not UTF-8 text (byte {error.start}): convert the file, for instance with iconv")


class _Reading:
    """A file on its way to a policy. The records themselves say what they take; this adds where, and what was given."""

    def __init__(self, kind: type[Any], source: Source) -> None:
        self._kind = kind
        self.problems = [*source.problems]
        self._lines = source.lines

    def policy(self, values: Mapping[str, Any]) -> dict[str, Any]:
        settings: dict[str, Any] = {}
        for key, value in self._known((), values, _names(self._kind)).items():
            if key in _BY_KIND:
                settings[key] = self._by_kind((key,), value, self._kind)
            elif key == "restore":
                settings[key] = self._restore((key,), value)
            elif key == "checks":
                settings[key] = self._checks((key,), value)
            elif key == "stages":
                stages = self._known((key,), self._table((key,), value), STAGES)
                settings[key] = {name: self._settings((key, name), each, StagePolicy) for name, each in stages.items()}
            else:
                settings |= self._setting((key,), value, self._kind)
        return settings

    def _by_kind(self, table: Place, value: Any, record: type) -> dict[str, Any]:
        taken: dict[str, Any] = {}
        spelled: dict[str, Place] = {}
        for kind, given in self._table(table, value).items():
            place = (*table, kind)
            first = spelled.setdefault(normalize_kind(kind), place)
            if first != place:
                line = self._lines.get(first)
                where = "" if line is None else f" on line {line}"
                self._add(place, f"{dotted(place)} is the same kind as {dotted(first)}{where}: keep one of them")
            elif self._taken(place, given, record, {table[-1]: {kind: given}}):
                taken[kind] = given
        return taken

    def _restore(self, place: Place, value: Any) -> dict[str, Any]:
        taken: dict[str, Any] = {}
        for name, given in self._table(place, value).items():
            here = (*place, name)
            try:
                require_destination(name)
            except PolicyError:
                known = ", ".join((*DESTINATIONS, f"{TOOL}<name>", f"{TOOL}<name>.<argument>"))
                like = did_you_mean(name, [*DESTINATIONS, TOOL + name.rpartition(":")[2]])
                self._add(here, f"{dotted(here)} is no destination{like}; taken here are {known}")
                continue
            if isinstance(given, str):
                if self._taken(here, given, self._kind, {place[-1]: {name: given}}):
                    taken[name] = given
            else:
                taken[name] = self._restore_at(here, given)
        return taken

    def _restore_at(self, place: Place, value: Any) -> Restore:
        settings: dict[str, Any] = {}
        for key, given in self._known(place, self._table(place, value), _names(Restore)).items():
            here = (*place, key)
            if key == "kinds":
                settings[key] = self._by_kind(here, given, Restore)
            elif key == "origins":
                table = self._known(here, self._table(here, given), ORIGINS).items()
                each = [
                    (name, put) for name, put in table if self._taken((*here, name), put, Restore, {key: {name: put}})
                ]
                settings[key] = dict(each)
            else:
                settings |= self._setting(here, given, Restore)
        return Restore(**settings)

    def _checks(self, place: Place, value: Any) -> dict[str, CheckPolicy]:
        taken: dict[str, CheckPolicy] = {}
        for name, given in self._table(place, value).items():
            settings = self._settings((*place, name), given, CheckPolicy)
            try:
                self._kind(checks={name: settings})
            except PolicyError as error:  # a name that is none, or the check that takes less
                self._add((*place, name), f"{dotted((*place, name))}: {error}")
            taken[name] = settings
        return taken

    def _settings(self, place: Place, value: Any, kind: type[CheckPolicy]) -> Any:
        settings: dict[str, Any] = {}
        for key, given in self._known(place, self._table(place, value), _names(kind)).items():
            if key == "checks":
                settings[key] = self._checks((*place, key), given)
            else:
                settings |= self._setting((*place, key), given, kind)
        return kind(**settings)

    def _setting(self, place: Place, value: Any, kind: type) -> dict[str, Any]:
        key = place[-1]
        if place == ("timeout",) and value in (NO_TIMEOUT, None):
            if value is None:
                told = f"timeout must be a positive number of seconds, or {NO_TIMEOUT!r} to wait for ever, not nothing"
                self._add(place, told)
            return {} if value is None else {key: None}
        return {key: value} if self._taken(place, value, kind, {key: value}) else {}

    def _taken(self, place: Place, value: Any, kind: type, settings: Mapping[str, Any]) -> bool:
        try:
            kind(**settings)
        except PolicyError as error:
            table = place[-2] if len(place) > 1 and place[-2] in _TABLES else None
            names = (f"{table}[{place[-1]!r}]", place[-1])  # the record's own names of the place
            told = next((str(error).removeprefix(name) for name in names if str(error).startswith(name)), f": {error}")
            words = _words(get_type_hints(kind)[table or place[-1]])
            like = did_you_mean(value, words)  # comes last here, behind what was given
            self._add(place, f"{dotted(place)}{told.removesuffix(like)}, not {_given(value)}{like}")
            return False
        return True

    def _table(self, place: Place, value: Any) -> Mapping[str, Any]:
        if value is None:  # a table of YAML in which nothing stands yet
            return {}
        if not isinstance(value, dict):
            self._add(place, f"{dotted(place)} must be a table of names and settings, not {_given(value)}")
            return {}
        return value

    def _known(self, place: Place, values: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
        for key in values:
            if key not in names:
                here = (*place, key)
                told = f"{dotted(here)} is not known{did_you_mean(key, names)}; taken here are {', '.join(names)}"
                self._add(here, told)
        return {key: value for key, value in values.items() if key in names}

    def _add(self, place: Place, text: str) -> None:
        self.problems.append(Problem(self._lines.get(place), text))


def _names(kind: Any) -> list[str]:
    return [item.name for item in fields(kind) if item.init]


def _words(hint: Any) -> list[str]:
    """Return the words that a type takes: those of the literals in it."""
    inner = get_args(hint)
    return [word for part in inner for word in ([part] if isinstance(part, str) else _words(part))]


def _given(value: Any) -> str:
    if isinstance(value, str):
        return f"the text {shown(value)}"
    if value is None or isinstance(value, bool):
        return {None: "nothing", True: "true", False: "false"}[value]
    if isinstance(value, int | float):
        # Python does not write integers of thousands of digits
        return f"the number {value}" if isinstance(value, float) or abs(value) < 1e15 else "a number that large"
    if isinstance(value, date | time):
        return "a date or time; put it in quotes if it is a text"
    return "a table" if isinstance(value, dict) else "a list" if isinstance(value, list) else type(value).__name__
