"""OpenAI's chat completions, and those of Groq and Mistral, which follow them.

Sources: https://platform.openai.com/docs/api-reference/chat, https://console.groq.com/docs/api-reference,
https://docs.mistral.ai/api.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from http.client import HTTPMessage
from typing import Any

from tests.support.openai_server import CHAT_PARAMETERS
from tests.support.providers.answers import Answer, pieces
from tests.support.providers.protocol import Protocol, event

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_ROLES = ("system", "developer", "user", "assistant", "tool")


class OpenAIChat(Protocol):
    """OpenAI's chat completions.

    Attributes:
        path: Where they are.
        parameters: What a request may hold.
        fields: What a message may hold beside its role and its content.
        parts: What a part may be.
        call_id: What the id of a tool call looks like.
    """

    name = "openai"
    path = "/v1/chat/completions"
    parameters = CHAT_PARAMETERS
    fields: frozenset[str] = frozenset({"role", "content", "name", "tool_calls", "tool_call_id", "refusal"})
    parts: tuple[str, ...] = ("text", "image_url", "input_audio", "file", "refusal")
    call_id = re.compile(r"\S+")

    def takes(self, path: str) -> bool:
        return path == self.path

    def check(self, path: str, headers: HTTPMessage, body: dict[str, Any]) -> None:
        if not headers.get("Authorization", "").startswith("Bearer "):
            self.refuse("no API key", 401)
        self.only(body, self.parameters, "body")
        self.text(body.get("model"), "model")
        self.require(body.get("messages"), "messages: [] is too short")
        if body.get("stream_options") is not None:
            self.require(body.get("stream"), "stream_options is only allowed with stream")
        for tool in body.get("tools") or ():
            self.require(tool.get("type") == "function", "tools: expected a function")
            self.require(_NAME.fullmatch(tool["function"].get("name", "")), "tools: no name")
            self.require(tool["function"].get("parameters", {}).get("type", "object") == "object", "tools: parameters")
        waiting: set[str] = set()
        for number, message in enumerate(body["messages"]):
            waiting = self._check_message(message, f"messages[{number}]", waiting)
        self.require(not waiting, "tool_calls must be followed by tool messages")

    def _check_message(self, message: dict[str, Any], where: str, waiting: set[str]) -> set[str]:
        self.only(message, self.fields, where)
        role, calls = message.get("role"), message.get("tool_calls") or []
        self.require(role in _ROLES, f"{where}: no such role")
        if role == "tool":
            self.require(message.get("tool_call_id") in waiting, f"{where}: answers no tool call")
            waiting = waiting - {message["tool_call_id"]}
        else:
            self.require(not waiting, f"{where}: tool_calls must be followed by tool messages")
        self.require(role == "assistant" or not calls, f"{where}: only an assistant calls tools")
        self._check_content(message.get("content"), where, optional=bool(calls))
        for call in calls:
            function = call.get("function") or {}
            self.require(self.call_id.fullmatch(call.get("id") or ""), f"{where}: tool call id")
            self.require(_NAME.fullmatch(function.get("name") or ""), f"{where}: tool call name")
            self.require(isinstance(function.get("arguments"), str), f"{where}: arguments must be a string")
            self.require(isinstance(json.loads(function["arguments"]), dict), f"{where}: arguments must be an object")
        return waiting | {call["id"] for call in calls}

    def _check_content(self, content: Any, where: str, *, optional: bool) -> None:
        if isinstance(content, str) or (content is None and optional):
            return
        self.require(isinstance(content, list) and (content or optional), f"{where}: content is missing")
        for part in content:
            self.require(part.get("type") in self.parts, f"{where}: no such type: {part.get('type')}")
            if part["type"] == "text":
                self.only(part, ("type", "text"), where)
                self.require(isinstance(part.get("text"), str), f"{where}: text")

    def answers_tool(self, body: dict[str, Any]) -> bool:
        return bool(body["messages"][-1]["role"] == "tool")

    def whole(self, body: dict[str, Any], answer: Answer, number: int) -> dict[str, Any]:
        message = {"role": "assistant", **self._thought(answer.thinking), "content": self._said(answer)}
        if answer.calls:
            message["tool_calls"] = self._calls(answer, number)
        choice = {"message": message, "finish_reason": self._reason(answer)}
        if body.get("logprobs"):
            choice["logprobs"] = _logprobs(answer.text)
        choices = [{"index": index, **choice} for index in range(body.get("n") or 1)]
        return {**self._head(body, number, "chat.completion"), "choices": choices, "usage": _USAGE}

    def stream(self, body: dict[str, Any], answer: Answer, number: int, size: int) -> Iterator[bytes]:
        head = self._head(body, number, "chat.completion.chunk")
        for index in range(body.get("n") or 1):
            for delta, reason in self._deltas(answer, number, size):
                choice = {"index": index, "delta": delta, "finish_reason": reason}
                if body.get("logprobs") and isinstance(delta.get("content"), str):
                    choice["logprobs"] = _logprobs(delta["content"])
                yield event({**head, "choices": [choice], **(self._last(body) if reason else {})})
        if (body.get("stream_options") or {}).get("include_usage"):
            yield event({**head, "choices": [], "usage": _USAGE})
        yield event("[DONE]")

    def _deltas(self, answer: Answer, number: int, size: int) -> Iterator[tuple[dict[str, Any], str | None]]:
        yield {"role": "assistant", "content": ""}, None
        for piece in pieces(answer.thinking, size) if self._thought("…") else ():
            yield self._thought(piece), None
        for piece in pieces(answer.text, size):
            yield {"content": piece}, None
        for index, call in enumerate(self._calls(answer, number)):
            function = call["function"]
            yield {"tool_calls": [{**call, "index": index, "function": {**function, "arguments": ""}}]}, None
            for piece in pieces(function["arguments"], size):
                yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}, None
        yield {}, self._reason(answer)

    def _last(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return what stands beside the last choice."""
        return {}

    def _thought(self, thinking: str) -> dict[str, Any]:
        """Return the fields that hold what the model thinks, where they hold it."""
        return {}

    def _said(self, answer: Answer) -> Any:
        return answer.text or None

    def _reason(self, answer: Answer) -> str:
        return "length" if answer.cut else "tool_calls" if answer.calls else "stop"

    def _calls(self, answer: Answer, number: int) -> list[dict[str, Any]]:
        return [
            {
                "id": self._id(number, index),
                "type": "function",
                "function": {"name": call.name, "arguments": call.json},
            }
            for index, call in enumerate(answer.calls)
        ]

    def _id(self, number: int, index: int) -> str:
        return f"call_{number}_{index}"

    def _head(self, body: dict[str, Any], number: int, kind: str) -> dict[str, Any]:
        head = {"id": f"chatcmpl-{number}", "object": kind, "created": 1_700_000_000, "model": body["model"]}
        return {**head, "system_fingerprint": "fp_loopback"}


class Groq(OpenAIChat):
    """Groq's chat completions: what a model thinks is a field of its message, with ``reasoning_format="parsed"``."""

    name = "groq"
    path = "/groq/openai/v1/chat/completions"
    parameters = CHAT_PARAMETERS | {"reasoning_format", "include_reasoning", "disable_tool_validation"}
    fields = OpenAIChat.fields | {"reasoning"}

    def _thought(self, thinking: str) -> dict[str, Any]:
        return {"reasoning": thinking} if thinking else {}

    def _last(self, body: dict[str, Any]) -> dict[str, Any]:
        return {"x_groq": {"id": "req_1", "usage": _USAGE}}


class Mistral(OpenAIChat):
    """Mistral's chat completions: ids have nine letters and digits, and thinking is a part of the content."""

    name = "mistral"
    path = "/mistral/v1/chat/completions"
    parameters = frozenset(
        [
            "model",
            "messages",
            "temperature",
            "top_p",
            "max_tokens",
            "stream",
            "stop",
            "random_seed",
            "metadata",
            "response_format",
            "tools",
            "tool_choice",
            "presence_penalty",
            "frequency_penalty",
            "n",
            "prediction",
            "parallel_tool_calls",
            "prompt_mode",
            "reasoning_effort",
            "prompt_cache_key",
            "guardrails",
            "safe_prompt",
        ]
    )
    fields = OpenAIChat.fields | {"prefix"}
    parts = ("text", "image_url", "document_url", "reference", "input_audio", "file", "thinking")
    call_id = re.compile(r"[a-zA-Z0-9]{9}")

    def _check_content(self, content: Any, where: str, *, optional: bool) -> None:
        super()._check_content(content, where, optional=optional)
        for part in content if isinstance(content, list) else ():
            if part["type"] == "thinking":
                self.only(part, ("type", "thinking", "closed"), where)
                for thought in part["thinking"]:
                    self.only(thought, ("type", "text"), where)

    def _said(self, answer: Answer) -> Any:
        if not answer.thinking:
            return answer.text
        thought = {"type": "thinking", "thinking": [{"type": "text", "text": answer.thinking}]}
        return [thought, {"type": "text", "text": answer.text}] if answer.text else [thought]

    def _deltas(self, answer: Answer, number: int, size: int) -> Iterator[tuple[dict[str, Any], str | None]]:
        yield {"role": "assistant", "content": ""}, None
        for piece in pieces(answer.thinking, size):
            yield {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": piece}]}]}, None
        for piece in pieces(answer.text, size):
            yield {"content": [{"type": "text", "text": piece}] if answer.thinking else piece}, None
        if answer.calls:  # each in one piece, with the reason
            yield {"tool_calls": [{**call, "index": i} for i, call in enumerate(self._calls(answer, number))]}, None
        yield {"content": ""}, self._reason(answer)

    def _last(self, body: dict[str, Any]) -> dict[str, Any]:
        return {"usage": _USAGE}

    def _id(self, number: int, index: int) -> str:
        return f"call{number:03}{index:02}"


_USAGE = {
    "prompt_tokens": 30,
    "completion_tokens": 12,
    "total_tokens": 42,
    "prompt_tokens_details": {"cached_tokens": 20},
    "completion_tokens_details": {"reasoning_tokens": 4},
}


def _logprobs(text: str) -> dict[str, Any]:
    token = {"token": text, "logprob": -0.25, "bytes": None, "top_logprobs": []}
    return {"content": [token], "refusal": None}
