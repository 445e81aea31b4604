"""A strict stand-in for OpenAI's chat completions, for the real ``ChatOpenAI(base_url=..., api_key=...)``.

Shapes and refusals follow OpenAI's API reference (https://platform.openai.com/docs/api-reference/chat).
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .loopback import Exchange, LoopbackServer, Refusal

_ROLES = ("system", "developer", "user", "assistant", "tool", "function")
_PART_TYPES = ("text", "image_url", "input_audio", "file", "refusal")
_FUNCTION_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_LOGPROB = {"token": "Hi", "logprob": -0.5, "bytes": [72, 105], "top_logprobs": []}
CHAT_PARAMETERS = frozenset(
    [
        "model",
        "messages",
        "stream",
        "stream_options",
        "temperature",
        "top_p",
        "n",
        "stop",
        "max_tokens",
        "max_completion_tokens",
        "presence_penalty",
        "frequency_penalty",
        "logit_bias",
        "logprobs",
        "top_logprobs",
        "user",
        "seed",
        "tools",
        "tool_choice",
        "parallel_tool_calls",
        "response_format",
        "functions",
        "function_call",
        "metadata",
        "store",
        "service_tier",
        "reasoning_effort",
        "modalities",
        "audio",
        "prediction",
        "verbosity",
        "web_search_options",
        "prompt_cache_key",
        "safety_identifier",
    ]
)


@dataclass(frozen=True)
class ToolCall:
    """One call of a tool; arguments given as a string are sent as they are, also when they are no JSON."""

    name: str
    arguments: Mapping[str, Any] | str
    id: str = "call_1"

    @property
    def raw_arguments(self) -> str:
        """The arguments as OpenAI sends them: a string that should hold JSON."""
        return self.arguments if isinstance(self.arguments, str) else json.dumps(self.arguments)


@dataclass(frozen=True)
class ToolCalls:
    """An answer that calls tools, with or without text before them."""

    calls: tuple[ToolCall, ...]
    content: str | None = None


@dataclass(frozen=True)
class Failure:
    """An error answer: 401, 429 (with `retry_after` seconds), 500, ..."""

    status: int
    message: str = "The server had an error"
    retry_after: float | None = None


@dataclass(frozen=True)
class Drop:
    """A streamed answer whose connection is lost after `text`."""

    text: str


Reply = str | ToolCalls | Failure | Drop


def echo(request: Mapping[str, Any]) -> Reply:
    """Answer with the text of the last message."""
    content = request["messages"][-1]["content"]
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


@dataclass
class OpenAIServer(LoopbackServer):
    """POST /v1/chat/completions, whole or streamed.

    Args:
        reply: Gives the answer to a validated request body.
        chunk_size: Characters in a streamed piece; None sends all at once.
        api_key: The only key that is let in.
    """

    reply: Callable[[dict[str, Any]], Reply] = echo
    chunk_size: int | None = 1
    api_key: str = "sk-loopback"
    requests: list[dict[str, Any]] = field(default_factory=list, init=False)
    raw: list[bytes] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()

    @property
    def base_url(self) -> str:
        """What to pass to ``ChatOpenAI(base_url=...)``."""
        return f"{self.url}/v1"

    def handle(self, exchange: Exchange, body: bytes) -> None:
        """Validate, record and answer one chat completion."""
        if exchange.headers.get("Authorization") != f"Bearer {self.api_key}":
            raise _refuse("Incorrect API key provided.", 401, code="invalid_api_key")
        if (exchange.command, exchange.path) != ("POST", "/v1/chat/completions"):
            raise _refuse(f"Invalid URL ({exchange.command} {exchange.path})", 404)
        request = _parse(exchange, body)
        _validate(request)
        with self._lock:
            self.requests.append(request)
            self.raw.append(body)
            count = len(self.requests)
        reply = self.reply(request)
        if isinstance(reply, Failure):
            headers = {} if reply.retry_after is None else {"Retry-After": str(reply.retry_after)}
            raise Refusal(reply.status, {"error": {"message": reply.message, "type": "error", "code": None}}, headers)
        head = {"id": f"chatcmpl-{count}", "created": 1_700_000_000, "model": request["model"]}
        usage = _usage(request, reply)
        if request.get("stream"):
            self._stream(exchange, request, reply, head, usage)
            return
        if isinstance(reply, Drop):
            exchange.close_connection = True
            return
        told = {"content": [_LOGPROB]} if request.get("logprobs") else None
        choice = {"message": _message(reply), "finish_reason": _reason(reply), "logprobs": told}
        choices = [{"index": number, **choice} for number in range(request.get("n") or 1)]
        exchange.send_json(200, {**head, "object": "chat.completion", "choices": choices, "usage": usage})

    def _stream(
        self, exchange: Exchange, request: dict[str, Any], reply: Reply, head: dict[str, Any], usage: dict[str, int]
    ) -> None:
        exchange.send_response(200)
        exchange.send_header("Content-Type", "text/event-stream")
        exchange.send_header("Transfer-Encoding", "chunked")
        exchange.end_headers()
        with_usage = bool((request.get("stream_options") or {}).get("include_usage"))
        head = {**head, "object": "chat.completion.chunk"}
        for delta, reason in self._deltas(reply):
            choice = {"index": 0, "delta": delta, "finish_reason": reason, "logprobs": None}
            _send_event(exchange, {**head, "choices": [choice], **({"usage": None} if with_usage else {})})
        if isinstance(reply, Drop):
            exchange.close_connection = True
            return
        if with_usage:
            _send_event(exchange, {**head, "choices": [], "usage": usage})
        _send_event(exchange, "[DONE]")
        exchange.wfile.write(b"0\r\n\r\n")

    def _deltas(self, reply: Reply) -> Iterator[tuple[dict[str, Any], str | None]]:
        # The role must come first: structured output of the openai package fails on a stream without it.
        yield {"role": "assistant", "content": None if isinstance(reply, ToolCalls) else ""}, None
        for piece in self._pieces(_text(reply)):
            yield {"content": piece}, None
        for index, call in enumerate(reply.calls if isinstance(reply, ToolCalls) else ()):
            function = {"name": call.name, "arguments": ""}
            yield {"tool_calls": [{"index": index, "id": call.id, "type": "function", "function": function}]}, None
            for piece in self._pieces(call.raw_arguments):
                yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}, None
        if not isinstance(reply, Drop):
            yield {}, _reason(reply)

    def _pieces(self, text: str) -> list[str]:
        size = self.chunk_size or max(1, len(text))
        return [text[start : start + size] for start in range(0, len(text), size)]


def _send_event(exchange: Exchange, value: Any) -> None:
    line = f"data: {value if isinstance(value, str) else json.dumps(value)}\n\n".encode()
    exchange.wfile.write(f"{len(line):x}\r\n".encode() + line + b"\r\n")
    exchange.wfile.flush()


def _text(reply: Reply) -> str:
    if isinstance(reply, str):
        return reply
    return (reply.content or "") if isinstance(reply, ToolCalls) else getattr(reply, "text", "")


def _reason(reply: Reply) -> str:
    return "tool_calls" if isinstance(reply, ToolCalls) else "stop"


def _message(reply: Reply) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": _text(reply) or None, "refusal": None}
    if isinstance(reply, ToolCalls):
        message["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.raw_arguments}}
            for call in reply.calls
        ]
    return message


def _usage(request: dict[str, Any], reply: Reply) -> dict[str, int]:
    prompt, completion = len(json.dumps(request["messages"])) // 4 + 1, len(_text(reply)) // 4 + 1
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def _refuse(message: str, status: int = 400, *, param: str | None = None, code: str | None = None) -> Refusal:
    return Refusal(
        status, {"error": {"message": message, "type": "invalid_request_error", "param": param, "code": code}}
    )


def _parse(exchange: Exchange, body: bytes) -> dict[str, Any]:
    if not exchange.headers.get("Content-Type", "").startswith("application/json"):
        raise _refuse("Content-Type must be application/json")
    try:
        request = json.loads(body.decode("utf-8"))
    except ValueError:
        raise _refuse("We could not parse the JSON body of your request.") from None
    if not isinstance(request, dict):
        raise _refuse("The body must be a JSON object.")
    return request


def _validate(request: dict[str, Any]) -> None:
    if unknown := sorted(set(request) - CHAT_PARAMETERS):
        raise _refuse(f"Unrecognized request argument supplied: {unknown[0]}", param=unknown[0])
    if not isinstance(request.get("model"), str) or not request["model"]:
        raise _refuse("you must provide a model parameter", param="model")
    messages = request.get("messages")
    if not isinstance(messages, list) or not messages:
        raise _refuse("[] is too short - 'messages'", param="messages")
    if request.get("stream_options") is not None and not request.get("stream"):
        raise _refuse("The 'stream_options' parameter is only allowed when 'stream' is enabled.")
    temperature = request.get("temperature")
    if temperature is not None and not 0 <= temperature <= 2:
        raise _refuse("temperature must be between 0 and 2", param="temperature")
    for tool in request.get("tools") or ():
        if tool.get("type") != "function" or not _FUNCTION_NAME.fullmatch(tool.get("function", {}).get("name", "")):
            raise _refuse("Invalid 'tools': a function with a name is expected", param="tools")
    _validate_messages(messages)


def _validate_messages(messages: list[Any]) -> None:
    open_calls: set[str] = set()
    for index, message in enumerate(messages):
        param = f"messages.[{index}]"
        if not isinstance(message, dict) or message.get("role") not in _ROLES:
            raise _refuse(f"Invalid value for '{param}.role'", param=f"{param}.role")
        if message["role"] == "tool":
            if message.get("tool_call_id") not in open_calls:
                raise _refuse("'tool' must be a response to a preceding message with 'tool_calls'.", param=param)
            open_calls.discard(message["tool_call_id"])
        elif open_calls:
            raise _refuse("'tool_calls' must be followed by tool messages for each 'tool_call_id'.", param=param)
        calls = message.get("tool_calls") or ()
        _validate_content(message.get("content"), param, optional=message["role"] == "assistant" and bool(calls))
        for call in calls:
            function = call.get("function") or {}
            arguments = function.get("arguments")
            if not call.get("id") or not _FUNCTION_NAME.fullmatch(function.get("name") or ""):
                raise _refuse("Invalid tool call", param=param)
            if not isinstance(arguments, str):
                raise _refuse("tool call arguments must be a string", param=param)
            open_calls.add(call["id"])
    if open_calls:
        raise _refuse("'tool_calls' must be followed by tool messages for each 'tool_call_id'.", param="messages")


def _validate_content(content: Any, param: str, *, optional: bool) -> None:
    if isinstance(content, str) or (content is None and optional):
        return
    if not isinstance(content, list) or not content:
        raise _refuse(f"Invalid value for '{param}.content': expected a string or a list.", param=f"{param}.content")
    for part in content:
        if not isinstance(part, dict) or part.get("type") not in _PART_TYPES:
            raise _refuse(f"Invalid value for '{param}.content.type'", param=f"{param}.content")
        if part["type"] == "text" and not isinstance(part.get("text"), str):
            raise _refuse(f"'{param}.content.text' must be a string", param=f"{param}.content")
