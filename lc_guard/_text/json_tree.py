"""The text leaves of a traced value: through JSON, through strings that hold JSON, through half-escaped text.

A tracer serializes what it records, often more than once, and cuts or quotes parts of it. So a value may stand in an
attribute as it is, escaped as JSON in JSON, or escaped inside a text that is no JSON at all, such as an error message.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lc_guard._text.known_values import Match
from lc_guard._text.words import unescaped

Leaf = str | int
"""A text, or a whole number: a telephone number may be one."""

Finder = Callable[[Sequence[str]], Sequence[Sequence[Match]]]
"""Finds known values: for each text occurrences that don't overlap, in order."""

_MAX_DEPTH = 100


@dataclass(frozen=True, slots=True)
class JsonText:
    """A string that holds JSON, and what it holds."""

    text: str = field(repr=False)
    value: Any = field(repr=False)


def parse(value: Any, *, depth: int = 0) -> Any:
    """Open every string in a value that holds JSON, however deep.

    Args:
        value: Strings, numbers, sequences and mappings.
        depth: How deep it stands already.

    Raises:
        ValueError: If it is nested deeper than 100 levels.
        TypeError: If it holds something else.
    """
    if depth > _MAX_DEPTH:
        raise ValueError("nested too deep")
    if isinstance(value, str):
        held = _held(value)
        return value if held is None else JsonText(value, parse(held, depth=depth + 1))
    if isinstance(value, Mapping):
        return {str(key): parse(item, depth=depth + 1) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return [parse(item, depth=depth + 1) for item in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    raise TypeError(f"{type(value).__name__} can't be looked into")


def _held(text: str) -> Any:
    if text.lstrip()[:1] not in ("{", "[", '"'):
        return None
    try:
        return json.loads(text, object_pairs_hook=_unique)
    except (ValueError, RecursionError):
        # Not JSON, or too much of it: it is searched as plain text, escapes and all.
        return None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # A dict would drop the first of two equal keys, and with it what is to be hidden there.
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key stands twice")
    return made


def leaves(tree: Any) -> Iterator[tuple[Leaf, bool]]:
    """Yield the leaves of what `parse` gave, each with whether it is the key of a mapping."""
    match tree:
        case JsonText():
            yield from leaves(tree.value)
        case dict():
            for key, item in tree.items():
                yield key, True
                yield from leaves(item)
        case list():
            for item in tree:
                yield from leaves(item)
        case str():
            yield tree, False
        case int() | float() if not isinstance(tree, bool) and tree % 1 == 0:
            yield int(tree), False


def rebuild(
    tree: Any, table: Mapping[Leaf, str], *, named: Mapping[str, Callable[[str], str]] | None = None
) -> tuple[Any, bool]:
    """Put other leaves in.

    Args:
        tree: What `parse` gave.
        table: Leaf → what stands for it.
        named: Key of a mapping → what makes the text that stands for the whole leaf under it.

    Returns:
        The plain value, and whether anything changed. A string that held JSON holds JSON again; where nothing changed
        it is the string it was.
    """
    match tree:
        case JsonText():
            value, changed = rebuild(tree.value, table, named=named)
            return (json.dumps(value), True) if changed else (tree.text, False)
        case dict():
            return _rebuilt_mapping(tree, table, named)
        case list():
            parts = [rebuild(item, table, named=named) for item in tree]
            return [item for item, _ in parts], any(flag for _, flag in parts)
        case str() | int() if not isinstance(tree, bool) and tree in table:
            return table[tree], True
        case float() if tree % 1 == 0 and int(tree) in table:
            return table[int(tree)], True
    return tree, False


def _rebuilt_mapping(
    tree: Mapping[str, Any], table: Mapping[Leaf, str], named: Mapping[str, Callable[[str], str]] | None
) -> tuple[dict[str, Any], bool]:
    items = {key: _named(key, item, named) or rebuild(item, table, named=named) for key, item in tree.items()}
    changed = any(flag for _, flag in items.values()) or any(key in table for key in tree)
    return {table.get(key, key): item for key, (item, _) in items.items()}, changed


def scalar_text(tree: Any) -> str:
    """Return a text or a number, JSON or not, as text, and nothing for all else."""
    if isinstance(tree, JsonText) and not isinstance(tree.value, dict | list):
        return scalar_text(tree.value)
    if isinstance(tree, str):
        return tree
    return str(tree) if isinstance(tree, int | float) and not isinstance(tree, bool) else ""


def _named(key: str, tree: Any, named: Mapping[str, Callable[[str], str]] | None) -> tuple[Any, bool] | None:
    make = named.get(key) if named else None
    text = scalar_text(tree) if make else ""
    return (make(text), True) if make and text else None


def hide(
    wanted: Collection[Leaf], finders: Iterable[Finder], *, whole: Callable[[str], bool] = lambda _: False
) -> dict[Leaf, str]:
    """Replace known values in leaves.

    Args:
        wanted: The leaves.
        finders: Who knows values.
        whole: Tells texts that are a value or hold none, such as random digits.

    Returns:
        Leaf → the text with placeholders, for those that hold a value. A number counts if all of it is a value.
    """
    return {
        leaf: _replaced(str(leaf), found)
        for leaf, found in occurrences(wanted, finders).items()
        if (isinstance(leaf, str) and not whole(leaf))
        or any((hit.start, hit.end) == (0, len(str(leaf))) for hit in found)
    }


def occurrences(wanted: Collection[Leaf], finders: Iterable[Finder]) -> dict[Leaf, list[Match]]:
    """Find known values in leaves, through their escapes.

    Args:
        wanted: The leaves.
        finders: Who knows values.

    Returns:
        Leaf → where values stand in its text, for those that hold one; they may overlap.
    """
    views = [(leaf, view, offsets) for leaf in wanted for view, offsets in _views(str(leaf))]
    hits: dict[Leaf, list[Match]] = {}
    for find in finders:
        for (leaf, _, offsets), found in zip(views, find([view for _, view, _ in views]), strict=True):
            if found:
                hits.setdefault(leaf, []).extend(found if offsets is None else [_moved(hit, offsets) for hit in found])
    return hits


def _views(text: str) -> Iterator[tuple[str, Sequence[int] | None]]:
    """Yield a text as it is, and as it reads with its escapes undone, with the offsets it came from."""
    yield text, None
    yield from unescaped(text)


def _moved(hit: Match, offsets: Sequence[int]) -> Match:
    return hit._replace(start=offsets[hit.start], end=offsets[hit.end])


def _replaced(text: str, hits: Iterable[Match]) -> str:
    pieces: list[str] = []
    last = 0
    for hit in sorted(hits, key=lambda hit: (hit.start, -hit.end)):
        if hit.end <= last:
            continue
        # Where two overlap, the rest of the second is hidden too.
        pieces += (text[last : max(last, hit.start)], hit.placeholder)
        last = hit.end
    return "".join([*pieces, text[last:]])
