"""Putting a wrapper where the chat models stand inside what LangChain composed around them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.runnables import RunnableAssign, RunnableBinding, RunnableParallel, RunnableSequence
from langchain_core.runnables.base import RunnableBindingBase
from langchain_core.runnables.configurable import DynamicRunnable
from langchain_core.runnables.fallbacks import RunnableWithFallbacks


def is_chat_model(value: Any) -> bool:
    """Tell whether something is a chat model, or stands for one that the call's config chooses."""
    if isinstance(value, DynamicRunnable):
        return is_chat_model(value.default)
    # init_chat_model gives this one when no model, or a choice of models, is named; its class is private
    return isinstance(value, BaseChatModel) or type(value).__name__ == "_ConfigurableModel"


def around_models(value: Any, wrap: Callable[[Any], Any]) -> Any:  # noqa: PLR0911 - one for each type
    """Give a Runnable in which every chat model is wrapped; what is no model and holds none is the same object.

    Args:
        value: A model, or bindings, retries, fallbacks, sequences and parallels around models.
        wrap: Gives the wrapper for a model.
    """
    if is_chat_model(value):
        return wrap(value)
    if isinstance(value, RunnableBindingBase):
        return _with(value, bound=around_models(value.bound, wrap))
    if isinstance(value, RunnableWithFallbacks):
        others = [around_models(other, wrap) for other in value.fallbacks]
        return _with(value, runnable=around_models(value.runnable, wrap), fallbacks=others)
    if isinstance(value, RunnableSequence):
        steps = [around_models(step, wrap) for step in value.steps]
        same = all(new is old for new, old in zip(steps, value.steps, strict=True))
        return value if same else RunnableSequence(*steps, name=value.name)
    if isinstance(value, RunnableParallel):
        return _with(value, steps__={name: around_models(step, wrap) for name, step in value.steps__.items()})
    if isinstance(value, RunnableAssign):
        return _with(value, mapper=around_models(value.mapper, wrap))
    return value


def is_bound_model(value: Any) -> bool:
    """Tell whether something is a chat model with bindings, retries or fallbacks around it, and nothing else."""
    if isinstance(value, RunnableBindingBase):
        return is_chat_model(value.bound) or is_bound_model(value.bound)
    if isinstance(value, RunnableWithFallbacks):
        return all(is_chat_model(part) or is_bound_model(part) for part in (value.runnable, *value.fallbacks))
    return False


def _with(value: RunnableBinding[Any, Any] | Any, **fields: Any) -> Any:
    changed = {name: new for name, new in fields.items() if not _same(new, getattr(value, name))}
    return value.model_copy(update=changed) if changed else value


def _same(new: Any, old: Any) -> bool:
    if isinstance(new, dict):
        return all(item is old[key] for key, item in new.items())
    if isinstance(new, list):
        return all(item is other for item, other in zip(new, old, strict=True))
    return new is old
