"""Ollama's chat. Source: https://github.com/ollama/ollama/blob/main/docs/api.md."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.client import HTTPMessage
from typing import Any

from tests.support.loopback import Refusal
from tests.support.providers.answers import Answer, pieces
from tests.support.providers.protocol import Protocol

_PARAMETERS = frozenset(
    ["model", "messages", "tools", "think", "format", "options", "stream", "keep_alive", "logprobs", "top_logprobs"]
)
_MESSAGE = frozenset(["role", "content", "thinking", "images", "tool_calls", "tool_name", "tool_call_id"])
_END = {
    "done": True,
    "total_duration": 5,
    "load_duration": 1,
    "prompt_eval_count": 30,
    "prompt_eval_duration": 2,
    "eval_count": 12,
    "eval_duration": 2,
}


class Ollama(Protocol):
    """One message a line."""

    name = "ollama"
    stream_type = "application/x-ndjson"

    def takes(self, path: str) -> bool:
        return path == "/api/chat"

    def streams(self, path: str, body: dict[str, Any]) -> bool:
        return body.get("stream") is not False

    def refusal(self, reason: str, status: int = 400) -> Refusal:
        return Refusal(status, {"error": reason})

    def check(self, path: str, headers: HTTPMessage, body: dict[str, Any]) -> None:
        self.only(body, _PARAMETERS, "body")
        self.text(body.get("model"), "model")
        self.require(body.get("messages"), "messages: at least one is required")
        calls = 0
        for number, message in enumerate(body["messages"]):
            where = f"messages[{number}]"
            self.only(message, _MESSAGE, where)
            self.require(message.get("role") in ("system", "user", "assistant", "tool"), f"{where}: no such role")
            self.require(isinstance(message.get("content", ""), str), f"{where}: content must be a string")
            self.require(isinstance(message.get("thinking") or "", str), f"{where}: thinking must be a string")
            if message["role"] == "tool":
                self.require(calls, f"{where}: answers no tool call")
                calls -= 1
            else:
                calls = len(message.get("tool_calls") or ())
            for call in message.get("tool_calls") or ():
                function = call.get("function") or {}
                self.require(function.get("name"), f"{where}: tool call name")
                self.require(isinstance(function.get("arguments"), dict), f"{where}: arguments must be an object")

    def answers_tool(self, body: dict[str, Any]) -> bool:
        return bool(body["messages"][-1]["role"] == "tool")

    def whole(self, body: dict[str, Any], answer: Answer, number: int) -> dict[str, Any]:
        fields = {"content": answer.text, **({"thinking": answer.thinking} if body.get("think") else {})}
        return self._line(body, {**fields, **_calls(answer)}, {**_END, "done_reason": self._reason(answer)})

    def stream(self, body: dict[str, Any], answer: Answer, number: int, size: int) -> Iterator[bytes]:
        said = [{"content": "", "thinking": piece} for piece in pieces(answer.thinking, size) if body.get("think")]
        said += [{"content": piece} for piece in pieces(answer.text, size)]
        said += [{"content": "", **_calls(answer)}] if answer.calls else []
        for fields in said:
            yield _encoded(self._line(body, fields, {"done": False}))
        yield _encoded(self._line(body, {"content": ""}, {**_END, "done_reason": self._reason(answer)}))

    def _line(self, body: dict[str, Any], fields: dict[str, Any], end: dict[str, Any]) -> dict[str, Any]:
        head = {"model": body["model"], "created_at": "2026-01-01T00:00:00.000000Z"}
        return {**head, "message": {"role": "assistant", **fields}, **end}

    def _reason(self, answer: Answer) -> str:
        return "length" if answer.cut else "stop"


def _calls(answer: Answer) -> dict[str, Any]:
    calls = [{"function": {"name": call.name, "arguments": dict(call.arguments)}} for call in answer.calls]
    return {"tool_calls": calls} if calls else {}


def _encoded(line: dict[str, Any]) -> bytes:
    return json.dumps(line).encode() + b"\n"
