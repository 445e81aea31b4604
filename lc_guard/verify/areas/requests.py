"""Requests: what a provider is sent beside the texts of messages, each place with a value in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, FunctionMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import StructuredTool
from pydantic import Field

from lc_guard.errors import GuardError
from lc_guard.guard import Guard
from lc_guard.langchain.boundary import protect
from lc_guard.langchain.recording_model import RecordingChatModel
from lc_guard.records import Entity
from lc_guard.verify.canaries import KIND
from lc_guard.verify.modes import MODES, Mode
from lc_guard.verify.promises import Area, require
from lc_guard.verify.staging import FORMS, ask, guard_for, new_value, noting_model, seen, session

_NOT_BATCHES: tuple[Mode, ...] = MODES[:4]
_CALL = {"name": "t", "args": {}, "id": "call-1", "type": "tool_call"}


def _called(**changed: Any) -> AIMessage:
    return AIMessage("", tool_calls=[{**_CALL, **changed}])


_MESSAGES: dict[str, Callable[[str], BaseMessage]] = {
    "the system prompt": lambda value: SystemMessage(f"You serve {value}"),
    "an answer of the history": lambda value: AIMessage(f"Hello {value}"),
    "a result": lambda value: ToolMessage(f"Found {value}", tool_call_id="call-1"),
    "the result of a function": lambda value: FunctionMessage(name="f", content=f"Found {value}"),
    "a content block": lambda value: HumanMessage([{"type": "text", "text": f"I am {value}"}]),
    "a block of a kind that is not known": lambda value: HumanMessage([{"type": "note", "said": {"by": [value]}}]),
    "reasoning": lambda value: AIMessage([{"type": "reasoning", "reasoning": f"It is {value}"}]),
    "a call in a block": lambda value: AIMessage([{"type": "tool_use", "id": "1", "name": "t", "input": {"a": value}}]),
    "JSON in a block": lambda value: AIMessage([{"type": "function_call", "arguments": f'{{"a": "{value}"}}'}]),
    "arguments": lambda value: _called(args={"to": [{"name": value}]}),
    "keys of arguments": lambda value: _called(args={f"To {value}": 1}),
    "arguments that are no JSON": lambda value: AIMessage(
        "", invalid_tool_calls=[{"name": "t", "args": f'{{"a": {value}', "id": "1", "error": value}]
    ),
    "the name of a tool that is called": lambda value: _called(name=f"ask_{value}"),
    "the id of a call": lambda value: _called(id=f"call {value}"),
    "the id of a result's call": lambda value: ToolMessage("x", tool_call_id=f"call {value}"),
    "the name of who speaks": lambda value: HumanMessage("Hi", name=value),
    "the name of an agent": lambda value: AIMessage("Hi", name=value),
    "the name of a tool": lambda value: ToolMessage("x", tool_call_id="1", name=value),
    "the id of a message": lambda value: HumanMessage("Hi", id=f"of {value}"),
    "additional_kwargs": lambda value: HumanMessage("Hi", additional_kwargs={"note": {"by": [value]}}),
    "keys of additional_kwargs": lambda value: AIMessage("Hi", additional_kwargs={"note": {f"By {value}": 1}}),
    "the name in additional_kwargs": lambda value: HumanMessage("Hi", additional_kwargs={"name": value}),
    "a call in additional_kwargs": lambda value: AIMessage(
        "", additional_kwargs={"function_call": {"name": "t", "arguments": f'{{"a": "{value}"}}'}}
    ),
    "calls in additional_kwargs": lambda value: AIMessage(
        "", additional_kwargs={"tool_calls": [{"function": {"name": "t", "arguments": f'{{"a": "{value}"}}'}}]}
    ),
    "the name of a file": lambda value: HumanMessage(
        [{"type": "file", "base64": "QUJD", "mime_type": "text/plain", "filename": f"{value}.txt"}]
    ),
    "a field that messages do not have": lambda value: HumanMessage("Hi", of=value),
}

_ADDRESSES: dict[str, Callable[[str], BaseMessage]] = {
    "the address of an image": lambda value: HumanMessage(
        [{"type": "image_url", "image_url": {"url": f"https://example.org/{value}.png"}}]
    ),
    "the address of a file": lambda value: HumanMessage([{"type": "file", "url": f"https://example.org/?of={value}"}]),
}
"""Which the provider fetches: nothing can stand for them."""

_OPTIONS: dict[str, Callable[[str], dict[str, Any]]] = {
    "stop": lambda value: {"stop": [value, f"By {value}"]},
    "user": lambda value: {"user": value},
    "metadata": lambda value: {"request_metadata": {"of": value}, "extra_body": {"metadata": {"of": value}}},
    "keys of metadata": lambda value: {"extra_body": {"metadata": {f"Of {value}": "x"}}},
    "prediction": lambda value: {"prediction": {"type": "content", "content": f"Dear {value}"}},
    "extra_body": lambda value: {"extra_body": {"note": {"by": [f"By {value}"]}}},
    "extra_headers": lambda value: {"extra_headers": {"x-of": f"Of {value}"}},
    "an option that nobody knows": lambda value: {"whatever": {"deep": [f"Of {value}"]}},
    "what a tool says of itself": lambda value: {"tools": [_tool(f"Ask {value}")]},
    "what a tool's argument says": lambda value: {"tools": [_tool(text={"type": "string", "description": value})]},
    "an enum": lambda value: {"tools": [_tool(text={"type": "string", "enum": ["x", f"Ask {value}"]})]},
    "an example": lambda value: {"tools": [_tool(text={"type": "string", "examples": [f"Ask {value}"]})]},
    "a default": lambda value: {"tools": [_tool(text={"type": "string", "default": f"Ask {value}"})]},
    "a schema": lambda value: {
        "response_format": {"type": "json_schema", "json_schema": {"name": "s", "description": f"Of {value}"}}
    },
    "functions": lambda value: {"functions": [{"name": "f", "description": f"Of {value}", "parameters": {}}]},
}


_REFUSED = ("keys of metadata",)
"""Options in which nothing can stand for a value."""


def _same(model: Any) -> Any:
    return model


def _tool(about: str = "Do it.", text: Mapping[str, Any] | None = None) -> dict[str, Any]:
    parameters = {"type": "object", "properties": {"text": {"type": "string"} if text is None else text}}
    return {"type": "function", "function": {"name": "t", "description": about, "parameters": parameters}}


def _sent(build: Callable[[], Any], mode: Mode, given: Any, model: RecordingChatModel) -> Sequence[str]:
    """Return what a model was sent; what is refused is not sent."""
    try:
        ask(build(), mode, given, session("s"))
    except GuardError:
        require(not model.recording.texts, f"{mode}: it was refused after it was sent")
    return model.recording.texts


def _messages() -> None:
    """A provider is sent no value in any place of a message: names, ids, keys, additional_kwargs."""
    for form, build in FORMS.items():
        for mode in _NOT_BATCHES:
            values, model = {place: new_value() for place in _MESSAGES}, noting_model(says="Fine")
            known = HumanMessage(f"We are {', '.join(values.values())}")
            made = [make(values[place]) for place, make in _MESSAGES.items()]
            messages = [made[0], known, *made[1:], HumanMessage("Go on")]
            ask(build(guard_for(*values.values()), model), mode, messages, session("s"))
            for place, value in values.items():
                require(not seen(model.recording.texts, value), f"{place} ({form}, {mode})")


def _addresses() -> None:
    """An address that a provider would fetch is not sent with a value in it."""
    for form, build in FORMS.items():
        for mode in _NOT_BATCHES:
            for place, make in _ADDRESSES.items():
                value, model = new_value(), noting_model(says="Fine")
                guard = guard_for(value)
                messages = [HumanMessage(f"I am {value}"), make(value)]
                sent = _sent(partial(build, guard, model), mode, messages, model)
                require(not seen(sent, value), f"{place} ({form}, {mode})")


def _options() -> None:
    """A provider is sent no value in the options of a call: stop, user, metadata, bodies, headers, tools, schemas."""
    for mode in _NOT_BATCHES:
        for place, make in _OPTIONS.items():
            value, model = new_value(), noting_model(says="Fine")
            guard, options = guard_for(value), make(value)
            for bound in (protect(model.bind(**options), guard), protect(model, guard).bind(**options)):
                sent = _sent(partial(_same, bound), mode, f"I am {value}", model)
                require(bool(sent) is (place not in _REFUSED) and not seen(sent, value), f"{place} ({mode})")
                model.recording.texts.clear()


class _Settled(RecordingChatModel):
    """Sends settings of its own with each call."""

    model_kwargs: dict[str, Any] = Field(default_factory=dict)
    user: str = ""

    def _record(self, messages: Any, stop: Any, kwargs: Any) -> None:
        super()._record(messages, stop, kwargs)
        self.recording.add(self.model_kwargs, self.user)


def _fields() -> None:
    """A provider is sent no value in settings that the model was made with."""
    for mode in _NOT_BATCHES:
        for name in ("user", "model_kwargs"):
            value = new_value()
            settings: Any = value if name == "user" else {"metadata": {"of": [f"Of {value}"]}}
            model = _Settled(says="Fine", **{name: settings})
            guard = guard_for(value)
            sent = _sent(partial(protect, model, guard), mode, f"I am {value}", model)
            require(not seen(sent, value), f"{name} ({mode})")


def _bound_tools() -> None:
    """A provider is sent no value in tools that are bound, or made of functions, and in structured output."""
    for mode in _NOT_BATCHES:
        value, model = new_value(), noting_model()
        guard = guard_for(value)
        tool = StructuredTool.from_function(lambda text: text, name="t", description=f"Ask {value}")
        schema = {"title": "s", "description": f"Of {value}", "type": "object", "properties": {}}
        for name in ("bind_tools", "with_structured_output"):
            argument: Any = [tool] if name == "bind_tools" else schema
            try:
                protected = getattr(protect(model, guard), name)(argument)
            except NotImplementedError:
                continue
            try:
                ask(protected, mode, f"I am {value}", session("s"))
            except GuardError:
                require(not model.recording.texts, f"{name} ({mode})")
            require(not seen(model.recording.texts, value), f"{name} ({mode})")


class _Once:
    """Finds a value in the text that it is introduced in, and nowhere else."""

    def __init__(self, value: str) -> None:
        self._value = value

    def detect(self, text: str) -> list[Entity]:
        at = text.find(f"called {self._value}")
        return [] if at < 0 else [Entity(KIND, at + 7, at + 7 + len(self._value), 1.0)]


def _known_again() -> None:
    """A value that is found once is hidden wherever it stands, in capitals, escaped, or within the same request."""
    value = f"{new_value()} Zoë"
    forms = (
        value,
        value.upper(),
        value.replace(" ", "\u00a0"),
        value.replace("ë", "\\u00eb"),
        value.replace(" ", "%20"),
    )
    for mode in _NOT_BATCHES:
        for spelled in forms:
            model, guard = noting_model(), Guard([_Once(value)])
            messages = [HumanMessage(f"I am {spelled}."), HumanMessage(f"She is called {value}.")]
            sent = _sent(partial(protect, model, guard), mode, messages, model)
            require(not seen(sent, value.partition(" ")[0]), mode)


MESSAGES = Area("names, ids, additional_kwargs", (_messages, _addresses, _known_again))
OPTIONS = Area("options of a call, tools, schemas", (_options, _fields, _bound_tools))
