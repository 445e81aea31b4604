"""The model that an application is run against: it records what it is sent, calls each tool once, and repeats it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import ConfigDict, Field

from lc_guard._forks import ForkLock

_PIECE = 7  # characters: placeholders are cut in every place
_MOST_PIECES = 24  # of one text: agents' prompts are long, and each of their tools is given all of it
_DEEP = 5


class ModelFailed(Exception):
    """What the recording model raises when it is to fail; it quotes all it was sent, as providers' errors do."""


class Recording:
    """What a model was sent: every string of it."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._lock = ForkLock()

    def add(self, *values: Any) -> None:
        """Take strings and what holds them."""
        with self._lock:
            self.texts += [text for value in values for text in strings_in(value)]


class ToolCallingModel(BaseChatModel):
    """Takes tools as OpenAI's models do."""

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Bind tools: each is called once after the user's last message."""
        return self.bind(tools=[convert_to_openai_tool(tool) for tool in tools], tool_choice=tool_choice, **kwargs)


class RecordingChatModel(ToolCallingModel):
    """No language model: it records its input, calls each bound tool once, and answers with all the text it got.

    Attributes:
        recording: Where the input goes.
        failing: Whether it raises instead of answering, in a stream after the first piece.
        arguments: What it gives to a tool's argument of a name; others get what their schema allows.
        says: What it answers instead of all the text it got; then it calls no tool.
    """

    recording: Recording = Field(default_factory=Recording, exclude=True)
    failing: bool = False
    arguments: dict[str, Any] = Field(default_factory=dict)
    says: str | None = None

    model_config = ConfigDict(arbitrary_types_allowed=True)

    @property
    def _llm_type(self) -> str:
        return "lc-guard-recording"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,  # noqa: ARG002 - LangChain's signature
        **kwargs: Any,
    ) -> ChatResult:
        self._record(messages, stop, kwargs)
        text, calls = self._answer(messages, kwargs)
        if self.failing:
            raise ModelFailed(text)
        return ChatResult(generations=[ChatGeneration(message=AIMessage(text, tool_calls=calls))])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        self._record(messages, stop, kwargs)
        text, calls = self._answer(messages, kwargs)
        for number, chunk in enumerate(_chunks(text, calls)):
            if self.failing and number:
                raise ModelFailed(text)
            piece = ChatGenerationChunk(message=chunk)
            if run_manager is not None:
                run_manager.on_llm_new_token(piece.text, chunk=piece)
            yield piece

    def _answer(self, messages: Sequence[BaseMessage], kwargs: dict[str, Any]) -> tuple[str, list[Any]]:
        if self.says is not None:
            return self.says, []
        return _answer(messages, kwargs.get("tools") or (), self.arguments)

    def _record(self, messages: list[BaseMessage], stop: list[str] | None, kwargs: dict[str, Any]) -> None:
        self.recording.add([message.model_dump() for message in messages], stop or [], kwargs)


def strings_in(value: Any) -> Iterator[str]:
    """Yield all strings in a value, keys too; of what has no known shape its ``repr``."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, bytes):
        yield value.decode("utf-8", "replace")
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from strings_in(key)
            yield from strings_in(item)
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from strings_in(item)
    elif hasattr(value, "model_dump"):
        yield from strings_in(value.model_dump())
    elif value is not None:
        yield repr(value)


def _answer(
    messages: Sequence[BaseMessage], tools: Sequence[dict[str, Any]], arguments: dict[str, Any]
) -> tuple[str, list[Any]]:
    # each line once: an agent's tools are each given all of it, and their results come back with it
    text = "\n".join(dict.fromkeys("\n".join(_texts(messages)).split("\n"))) or "nothing"
    last = max((at for at, message in enumerate(messages) if isinstance(message, HumanMessage)), default=-1)
    since = [message for message in messages[last + 1 :] if isinstance(message, AIMessage)]
    called = {call["name"] for message in since for call in message.tool_calls}
    calls = []
    for number, tool in enumerate(tool["function"] for tool in tools):
        if tool["name"] not in called:
            schema = tool.get("parameters") or {}
            args = example_of({"type": "object", **schema}, schema.get("$defs", {}), text)
            args |= {name: arguments[name] for name in args if name in arguments}
            calls.append({"name": tool["name"], "args": args, "id": f"call-{last}-{number}", "type": "tool_call"})
    return text, calls


def example_of(schema: dict[str, Any], definitions: dict[str, Any], text: str, depth: int = 0) -> Any:
    """Return a value that a JSON schema allows, with the text wherever it takes one."""
    if "$ref" in schema:
        schema = definitions.get(schema["$ref"].rpartition("/")[2], {})
    for key in ("const", "enum"):
        if key in schema:
            return schema[key] if key == "const" else schema[key][0]
    for key in ("anyOf", "oneOf", "allOf"):
        if schema.get(key):
            return example_of(schema[key][0], definitions, text, depth)
    kind = schema.get("type", "string")
    if kind == "object":
        # A schema may hold itself: its optional fields are left out where it gets deep.
        names = schema.get("properties", {}) if depth < _DEEP else schema.get("required", ())
        fields = schema.get("properties", {})
        return {name: example_of(fields.get(name, {}), definitions, text, depth + 1) for name in names}
    if kind == "array":
        return [example_of(schema.get("items", {}), definitions, text, depth + 1)] if depth < _DEEP else []
    plain: dict[str, Any] = {"integer": 1, "number": 1.0, "boolean": True, "null": None}
    return plain.get(kind, text)


def _texts(messages: Sequence[BaseMessage]) -> Iterator[str]:
    for message in messages:
        yield str(message.text)
        for call in getattr(message, "tool_calls", ()):
            yield from strings_in(call["args"])


def _chunks(text: str, calls: Sequence[Any]) -> Iterator[AIMessageChunk]:
    for piece in _pieces(text):
        yield AIMessageChunk(content=piece)
    for index, call in enumerate(calls):
        first = tool_call_chunk(name=call["name"], args="", id=call["id"], index=index)
        yield AIMessageChunk(content="", tool_call_chunks=[first])
        for piece in _pieces(json.dumps(call["args"])):
            yield AIMessageChunk(content="", tool_call_chunks=[tool_call_chunk(args=piece, index=index)])
    yield AIMessageChunk(content="", chunk_position="last")


def _pieces(text: str) -> Iterator[str]:
    size = max(_PIECE, len(text) // _MOST_PIECES)
    for start in range(0, len(text), size):
        yield text[start : start + size]
