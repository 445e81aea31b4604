"""Putting a wrapper where the chat models stand inside what LangChain composed around them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.runnables import Runnable
from langchain_core.runnables.base import RunnableBindingBase
from langchain_core.runnables.configurable import DynamicRunnable, RunnableConfigurableAlternatives
from langchain_core.runnables.fallbacks import RunnableWithFallbacks
from pydantic import BaseModel

Wrap = Callable[[Any], Any]
"""Gives what stands in a Runnable's place."""


def is_chat_model(value: Any) -> bool:
    """Return whether something is a chat model, or stands for one that the call's config chooses."""
    if isinstance(value, DynamicRunnable):
        return is_chat_model(value.default)
    # init_chat_model gives this one when no model, or a choice of models, is named; its class is private
    return isinstance(value, BaseChatModel) or type(value).__name__ == "_ConfigurableModel"


def around_models(value: Any, wrap: Wrap, *, others: Wrap | None = None) -> Any:
    """Return a Runnable in which every chat model is wrapped; what is no model and holds none is the same object.

    Args:
        value: A model, or anything that LangChain composes around models: bindings, retries, fallbacks, sequences,
            parallels, branches, routers, alternatives, and chains that hold a model in a field.
        wrap: Gives the wrapper for a model.
        others: Gives what stands in the place of another Runnable and is not looked into, or None to look into it.
    """
    if is_chat_model(value):
        return wrap(value)
    if others is not None and (instead := others(value)) is not None:
        return instead
    fields = {name: around_parts(part, wrap, others) for name, part in parts_of(value).items()}
    if isinstance(value, RunnableConfigurableAlternatives):  # some of them are made when the config names them
        made = {name: part for name, part in value.alternatives.items() if not isinstance(part, Runnable)}
        late = {name: partial(_made, make, wrap, others) for name, make in made.items()}
        fields["alternatives"] = {**fields["alternatives"], **late} if late else fields["alternatives"]
    return _with(value, fields)


def is_bound_model(value: Any) -> bool:
    """Return whether something is a chat model with bindings, retries or fallbacks around it, and nothing else."""
    if isinstance(value, RunnableBindingBase):
        return is_chat_model(value.bound) or is_bound_model(value.bound)
    if isinstance(value, RunnableWithFallbacks):
        return all(is_chat_model(part) or is_bound_model(part) for part in (value.runnable, *value.fallbacks))
    return False


def parts_of(value: Any) -> dict[str, Any]:
    """Return the fields of a Runnable in which other Runnables may stand: its own, and those in its lists and dicts."""
    if isinstance(value, RunnableBindingBase):  # its options may name tools, which are the model's to see
        return {"bound": value.bound}
    if not isinstance(value, Runnable) or not isinstance(value, BaseModel):
        return {}
    return {name: getattr(value, name) for name in type(value).model_fields}


def _made(make: Callable[[], Any], wrap: Wrap, others: Wrap | None) -> Any:
    return around_parts(make(), wrap, others)


def around_parts(part: Any, wrap: Wrap, others: Wrap | None = None) -> Any:
    """Do what `around_models` does for what may hold Runnables in lists and dicts."""
    if isinstance(part, Runnable):
        return around_models(part, wrap, others=others)
    if isinstance(part, Mapping):
        changed = {key: around_parts(item, wrap, others) for key, item in part.items()}
        return part if all(changed[key] is item for key, item in part.items()) else changed
    if type(part) in (list, tuple):
        items = [around_parts(item, wrap, others) for item in part]
        return part if all(new is old for new, old in zip(items, part, strict=True)) else type(part)(items)
    return part


def _with(value: Any, fields: Mapping[str, Any]) -> Any:
    changed = {name: new for name, new in fields.items() if new is not getattr(value, name)}
    return value.model_copy(update=changed) if changed else value
