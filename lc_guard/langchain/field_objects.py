"""The walk over objects with fields: Pydantic models, dataclasses, documents and prompts."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from lc_guard.langchain.content_blocks import NAME

if TYPE_CHECKING:
    from lc_guard.langchain.messages import TextWalk


def walk_record(walk: TextWalk, value: Any, depth: int) -> Any:
    """Walk a dataclass."""
    changed = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    changed |= getattr(value, "__dict__", {})  # what was set on it is no field
    changed = {name: (item, walk.data(item, depth + 1)) for name, item in changed.items()}
    changed = {name: new for name, (old, new) in changed.items() if new is not old}
    if not changed:
        return value
    twin = copy.copy(value)  # not `dataclasses.replace`: it refuses fields that its constructor does not take
    for name, new in changed.items():
        object.__setattr__(twin, name, new)
    return twin


def walk_model(walk: TextWalk, value: Any, names: Iterable[str], depth: int, *, whole: bool = False) -> Any:
    """Walk fields of a Pydantic model, or all that it holds where it is walked as a whole."""
    changed = {name: walk.data(getattr(value, name), depth + 1) for name in names}
    changed = {name: item for name, item in changed.items() if item is not getattr(value, name)}
    twin = value.model_copy(update=changed) if changed else value
    return _private(walk, value, twin, depth) if whole else twin


def _private(walk: TextWalk, value: Any, twin: Any, depth: int) -> Any:
    """Walk what a Pydantic model holds that is no field: private attributes and what properties have kept."""
    loose = walk.loose()  # clients and locks may stand there
    for name, own in (("__dict__", type(value).model_fields), ("__pydantic_private__", ())):
        held = getattr(value, name, None) or {}
        items = {key: loose.data(item, depth + 1) for key, item in held.items() if key not in own}
        items = {key: item for key, item in items.items() if item is not held[key]}
        if items:
            twin = value.model_copy() if twin is value else twin
            getattr(twin, name).update(items)
    return twin


def walk_document(walk: TextWalk, value: Any, depth: int) -> Any:
    """Walk a document."""
    changed = {
        "page_content": walk.data(value.page_content, depth + 1),
        "metadata": walk.arguments(value.metadata, depth + 1),
    }
    if value.id and (walk.beside is not None or not NAME.fullmatch(value.id)):
        changed["id"] = walk.key(value.id)
    same = all(new is getattr(value, name) for name, new in changed.items())
    return value if same else value.model_copy(update=changed)


def walk_prompt(walk: TextWalk, value: Any, depth: int) -> Any:
    """Walk a prompt value."""
    if hasattr(value, "messages"):
        return walk_model(walk, value, ("messages",), depth)
    if hasattr(value, "text"):
        return walk_model(walk, value, ("text",), depth)
    return value
