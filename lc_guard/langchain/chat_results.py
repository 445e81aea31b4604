"""Results of a protected model, as LangChain wants them of a chat model."""

from __future__ import annotations

from typing import Any

from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGeneration, ChatResult, LLMResult, RunInfo
from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.config import ensure_config

from lc_guard.langchain.chat_model_call import ProtectedCall


def chat_result(message: AIMessage) -> ChatResult:
    """Return a result of one message."""
    return ChatResult(generations=[ChatGeneration(message=message)])


def messages_of(result: ChatResult) -> list[Any]:
    """Return the messages of a result."""
    return [generation.message for generation in result.generations]


def with_messages(answer: ChatResult, messages: list[Any]) -> ChatResult:
    """Return an answer with other messages; what the provider tells of each stays, and of all is `told` of the call."""
    pairs = zip(answer.generations, messages, strict=True)
    made = [ChatGeneration(message=message, generation_info=told.generation_info) for told, message in pairs]
    return ChatResult(generations=made)


def message_of(result: ChatResult) -> Any:
    """Return the message of a result that has one."""
    return result.generations[0].message


def split_options(callbacks: Any, kwargs: dict[str, Any]) -> tuple[RunnableConfig, dict[str, Any]]:
    """Part the arguments of `generate` into a config and the options of the model."""
    names = ("tags", "metadata", "run_name", "run_id")
    given: dict[str, Any] = {"callbacks": callbacks, **{name: kwargs.get(name) for name in names}}
    config = ensure_config(RunnableConfig(**{name: item for name, item in given.items() if item is not None}))  # type: ignore[typeddict-item]
    return config, {name: item for name, item in kwargs.items() if name not in names}


def joined(calls: list[ProtectedCall], results: list[ChatResult]) -> LLMResult:
    """Return what `generate` gives of some calls."""
    runs = [RunInfo(run_id=call.run_id) for call in calls if call.run_id is not None]
    told = calls[0].told if len(calls) == 1 else None
    return LLMResult(generations=[list(result.generations) for result in results], run=runs, llm_output=told)
