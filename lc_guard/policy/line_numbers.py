"""TOML and YAML as plain values, each with the line on which its key stands."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

Place = tuple[str, ...]
"""The keys that lead to a value."""

_MAX_ROWS = 200  # that one value of a TOML file may have for the lines after it to be known
_MAX_SHOWN = 200  # characters of a parser's message
_TOML_POSITION = re.compile(r" \(at (?:line (?P<line>\d+), column \d+|end of document)\)$")
_TAG = "tag:yaml.org,2002:"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong at a line, counted from 1, and what to do; the line is None where it is not known."""

    line: int | None
    text: str

    def __str__(self) -> str:
        return self.text if self.line is None else f"line {self.line}: {self.text}"


@dataclass(slots=True)
class Source:
    """What stands in a file.

    Attributes:
        values: Nested dicts, lists and scalars. What can't be read is left out.
        lines: Line of each key in `values`, and of those left out; lists have no keys.
        problems: What could not be read.
    """

    values: dict[str, Any] = field(default_factory=dict)
    lines: dict[Place, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def dotted(place: Place) -> str:
    """Write a place as TOML writes a dotted key; long keys are cut."""
    return ".".join(key if re.fullmatch(r"[\w-]{1,64}", key, re.ASCII) else shown(key) for key in place)


def shown(text: str) -> str:
    """Quote a text from a file, cut to what an error message can hold."""
    return repr(text if len(text) <= 40 else f"{text[:40]}…")


def read_toml(text: str) -> Source:
    """Read TOML 1.0."""
    text = text.replace("\r\n", "\n")
    try:
        return Source(tomllib.loads(text), toml_lines(text))
    except RecursionError:
        problem = Problem(None, "the values are nested too deep to be read")
    except ValueError as error:  # also a number of more digits than Python reads
        found = _TOML_POSITION.search(str(error))
        line = None if found is None else int(found["line"] or text.rstrip().count("\n") + 1)
        problem = Problem(line, f"can't be read as TOML: {_TOML_POSITION.sub('', str(error))[:_MAX_SHOWN]}")
    return Source(problems=[problem])


def toml_lines(text: str) -> dict[Place, int]:
    r"""Find the line of each key of a valid TOML text with ``\n`` as line end, where it first stands.

    The standard library tells no positions. But a statement of TOML ends with its line and is valid by itself, so the
    parser itself says where each one ends: at the first line up to which it can be read. What is inside of lists, and
    what follows a value of more than 200 lines, is left out.
    """
    lines: dict[Place, int] = {}
    lists: set[Place] = set()
    base: Place = ()
    for number, statement, values in _statements(text):
        header = statement.lstrip(" \t").startswith("[")
        if header:
            base, is_list = _named(values)
            if is_list:
                lists.add(base)
        for place in [base[:end] for end in range(1, len(base) + 1)] if header else _places(values, base):
            if not any(place[:end] in lists for end in range(1, len(place))):
                lines.setdefault(place, number)
    return lines


def _statements(text: str) -> Iterator[tuple[int, str, dict[str, Any]]]:
    rows = text.split("\n")
    start = 0
    while start < len(rows):
        for end in range(start + 1, min(start + _MAX_ROWS, len(rows)) + 1):
            statement = "\n".join(rows[start:end])
            try:
                values = tomllib.loads(statement)
            except ValueError:
                continue  # it goes on in the next line
            yield start + 1, statement, values
            start = end
            break
        else:
            return


def _named(values: Mapping[str, Any]) -> tuple[Place, bool]:
    """Return the place that a header names, and whether it is one of a list of tables."""
    place: list[str] = []
    while values:
        ((key, below),) = values.items()
        place.append(key)
        if isinstance(below, list):
            return tuple(place), True
        values = below
    return tuple(place), False


def _places(values: Mapping[str, Any], base: Place) -> Iterator[Place]:
    for key, value in values.items():
        yield (*base, key)
        if isinstance(value, dict):
            yield from _places(value, (*base, key))


def read_yaml(text: str) -> Source:
    """Read YAML 1.1; duplicate keys, anchors, aliases, merge keys and tags of other types are problems."""
    source = Source()
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if isinstance(node, yaml.MappingNode) and node.tag == f"{_TAG}map":
            source.values = _mapping(loader, node, (), source)
        elif node is not None and node.tag != f"{_TAG}null":
            told = "a policy is a mapping of names to settings, such as default: anonymize"
            source.problems.append(Problem(_line(node), told))
    except RecursionError:
        source.problems.append(Problem(None, "the values are nested too deep to be read"))
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        source.problems.append(Problem(line, f"can't be read as YAML: the character U+{error.character:04X} in it"))
    except yaml.MarkedYAMLError as error:
        told = f"can't be read as YAML: {str(error.problem)[:_MAX_SHOWN]}"
        source.problems.append(Problem(error.problem_mark.line + 1, told))
    return source


class _Loader(yaml.SafeLoader):  # type: ignore[misc]  # PyYAML has no types
    """The safe loader, but for what makes one line hold at several places."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()
        if event.anchor is not None:
            told = "anchors and aliases are not taken: write each setting where it holds"
            raise yaml.composer.ComposerError(None, None, told, event.start_mark)
        return super().compose_node(parent, index)


def _mapping(loader: _Loader, node: Any, place: Place, source: Source) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key_node, value_node in node.value:
        line = _line(key_node)
        if key_node.tag == f"{_TAG}merge":
            source.problems.append(Problem(line, "merge keys (<<) are not taken: write each setting where it holds"))
        elif key_node.tag != f"{_TAG}str":
            told = f"the key {shown(key_node.value)} is" if isinstance(key_node, yaml.ScalarNode) else "a key that is"
            source.problems.append(Problem(line, f"{told} no text: put it in quotes"))
        elif (here := (*place, key_node.value)) in source.lines:
            told = f"{dotted(here)} stands here again, first on line {source.lines[here]}: keep one of them"
            source.problems.append(Problem(line, told))
        else:
            source.lines[here] = line
            try:
                values[key_node.value] = _value(loader, value_node, here, source)
            except (ValueError, LookupError, yaml.YAMLError):  # what its constructors raise of a wrong scalar or tag
                tag = shown(value_node.tag.replace(_TAG, "!!"))
                told = f"{dotted(here)} can't be read as {tag}: take a plain text, number, true or false"
                source.problems.append(Problem(_line(value_node), told))
    return values


def _value(loader: _Loader, node: Any, place: Place, source: Source) -> Any:
    if node.tag == f"{_TAG}map" and isinstance(node, yaml.MappingNode):
        return _mapping(loader, node, place, source)
    if node.tag == f"{_TAG}seq" and isinstance(node, yaml.SequenceNode):
        return []  # a policy takes none, whatever is in it
    return loader.construct_object(node, deep=True)


def _line(node: Any) -> int:
    return int(node.start_mark.line) + 1
