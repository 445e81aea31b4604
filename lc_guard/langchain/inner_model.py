"""The model inside a protected one, as frameworks look at it: its class, its settings, its signatures, its answers."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache, wraps
from typing import Any

from langchain_core.language_models import BaseChatModel, BaseLanguageModel
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.base import RunnableBinding
from langchain_core.runnables.config import ensure_config, merge_configs
from langchain_core.runnables.configurable import DynamicRunnable

from lc_guard._vendors.seals import Seal
from lc_guard.errors import SessionMissing
from lc_guard.langchain.scan_targets import ModelInput

_SEAL = Seal("protect(model)", "langchain")
_SESSION_KEYS = ("session_id", "thread_id")  # a guard's: a model that takes any key would send them to its provider
_PLAIN = (str, int, float, bool, type(None))
_KEPT_THERE = ("previous_response_id", "conversation")  # options by which a provider goes on where it was


@lru_cache(maxsize=256)
def shown_class(protected: type[Any], inner: type[Any]) -> type[Any]:
    """Return what a protected model says that its class is: one that is both, for ``isinstance``.

    It is a class to be looked at only, of which there is no instance: it was made past Pydantic, so that its fields are
    those of the protected one, whose methods come first.

    Args:
        protected: The class of the protected model.
        inner: The class of the model inside.
    """
    if not issubclass(inner, BaseChatModel) or issubclass(protected, inner):
        return protected
    names = {"__module__": protected.__module__, "__qualname__": protected.__qualname__, "__doc__": protected.__doc__}
    made: type[Any] = type.__new__(type(protected), protected.__name__, (protected, inner), names)
    return made


def setting(inner: Any, name: str) -> Any:
    """Return a setting of the model inside.

    Args:
        inner: The model.
        name: Name of one of its fields.

    Raises:
        AttributeError: If it has no such field, or the field is no plain setting: clients and keys stay inside.
    """
    fields = type(inner).model_fields if isinstance(inner, BaseChatModel) else {}
    value = getattr(inner, name) if name in fields else inner  # no setting is a model
    if not _is_plain(value):
        raise AttributeError(f"a protected model has no attribute {name!r}")
    return value


def _is_plain(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(map(_is_plain, value.values()))
    if isinstance(value, list | tuple | set | frozenset):
        return all(map(_is_plain, value))
    return isinstance(value, _PLAIN)


class InnerSignature(property):
    """A method that has, on an instance, the parameters of the inner model's: frameworks look at them.

    A property, since Pydantic leaves those alone. On the class it is the plain method.

    Args:
        own: The method.
    """

    def __get__(self, instance: Any, owner: type | None = None, /) -> Any:
        """Return the method, bound to an instance."""
        own: Any = self.fget
        if instance is None:
            return own

        @wraps(own)
        def method(*args: Any, **kwargs: Any) -> Any:
            return own(instance, *args, **kwargs)

        with suppress(AttributeError, TypeError, ValueError):  # of an inner model that is chosen late, or shows none
            method.__signature__ = inspect.signature(getattr(instance.inner, own.__name__))  # type: ignore[attr-defined]
        return method


def chosen(inner: Any, config: RunnableConfig) -> tuple[Any, dict[str, Any], RunnableConfig]:
    """Return the model that a config chooses, what is bound to it, and the config of its call.

    Fields that the config sets, and those of a model that is made when it is asked, are then seen like all others.

    Args:
        inner: A model, or what stands for one until the call.
        config: LangChain's config of the call, complete.
    """
    model: Any = inner
    options: dict[str, Any] = {}
    while not isinstance(model, BaseLanguageModel):
        if isinstance(model, DynamicRunnable):
            model, config = model.prepare(config)
        elif isinstance(model, RunnableBinding):
            config = merge_configs(model.config, config, *(make(config) for make in model.config_factories))
            model, options = model.bound, {**model.kwargs, **options}
        elif type(model).__name__ == "_ConfigurableModel":
            own = {name: item for name, item in config["configurable"].items() if name not in _SESSION_KEYS}
            model = _SEAL.private(model, "_model")({**config, "configurable": own})
        else:  # something that was composed of it
            return inner, {}, config
    return model, options, config


def require_session(asked: ModelInput) -> None:
    """Refuse a call without a session that goes on with a conversation that the provider keeps.

    Numbers begin anew in a session of the call's own: ``[REDACTED_PERSON_1]`` would be somebody else there.

    Args:
        asked: What the model is asked.

    Raises:
        SessionMissing: If the call goes on with such a conversation.
    """
    own = getattr(asked.model, "model_kwargs", None)
    given = {**(own if isinstance(own, Mapping) else {}), **asked.options}
    named = next((name for name in _KEPT_THERE if given.get(name)), None)
    if (
        named is None
        and getattr(asked.model, "use_previous_response_id", None) is True
        and any(message.response_metadata.get("id") for message in asked.messages)
    ):
        named = _KEPT_THERE[0]
    if named is not None:
        raise SessionMissing(f"none, and {named} goes on with a conversation in which placeholders have their numbers")


def ask(asked: ModelInput, config: RunnableConfig) -> ChatResult:
    """Ask a model once, and return all that it answered.

    Args:
        asked: The model, what it is asked, and the options of the call.
        config: LangChain's config of the call.
    """
    inner, options = asked.model, dict(asked.options)
    if not _answers_by_generate(inner):
        return _only(inner.invoke(asked.messages, config, **options))
    result = inner.generate([asked.messages], options.pop("stop", None), **_arguments(config), **options)
    return ChatResult(generations=result.generations[0], llm_output=result.llm_output)


async def aask(asked: ModelInput, config: RunnableConfig) -> ChatResult:
    """Async version of `ask`."""
    inner, options = asked.model, dict(asked.options)
    if not _answers_by_generate(inner):
        return _only(await inner.ainvoke(asked.messages, config, **options))
    result = await inner.agenerate([asked.messages], options.pop("stop", None), **_arguments(config), **options)
    return ChatResult(generations=result.generations[0], llm_output=result.llm_output)


def _answers_by_generate(inner: Any) -> bool:
    """Return whether a model does in `invoke` what LangChain's own do: ask `generate`, and give the first answer.

    An instrumentation that wraps `invoke` is to see the call: its wrapper says what it wraps.
    """
    if not isinstance(inner, BaseChatModel):
        return False
    pairs = ((getattr(type(inner), name, None), getattr(BaseChatModel, name)) for name in ("invoke", "ainvoke"))
    return all(own is plain and not hasattr(plain, "__wrapped__") for own, plain in pairs)


def _arguments(config: RunnableConfig) -> dict[str, Any]:
    complete = ensure_config(config)
    names = ("callbacks", "tags", "metadata", "run_name", "run_id")
    return {name: complete.get(name) for name in names}


def _only(message: Any) -> ChatResult:
    return ChatResult(generations=[ChatGeneration(message=message)])
