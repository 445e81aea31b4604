"""Anthropic's Messages API. Source: https://docs.claude.com/en/api/messages.

Thinking is signed: a block that comes back must be the one that was given, and where thinking is on, an answer that
calls a tool begins with what was thought (https://docs.claude.com/en/docs/build-with-claude/extended-thinking).
"""

from __future__ import annotations

from collections.abc import Iterator
from http.client import HTTPMessage
from typing import Any

from tests.support.loopback import Refusal
from tests.support.providers.answers import Answer, is_sealed, pieces, sealed, sign
from tests.support.providers.protocol import Protocol, event

_PARAMETERS = frozenset(
    [
        "model",
        "max_tokens",
        "messages",
        "system",
        "metadata",
        "stop_sequences",
        "stream",
        "temperature",
        "top_p",
        "top_k",
        "tools",
        "tool_choice",
        "thinking",
        "service_tier",
        "container",
        "context_management",
        "mcp_servers",
        "output_config",
        "cache_control",
        "inference_geo",
    ]
)
_BLOCKS: dict[str, tuple[str, ...]] = {
    "text": ("type", "text", "cache_control", "citations"),
    "image": ("type", "source", "cache_control"),
    "document": ("type", "source", "title", "context", "citations", "cache_control"),
    "tool_use": ("type", "id", "name", "input", "cache_control"),
    "tool_result": ("type", "tool_use_id", "content", "is_error", "cache_control"),
    "thinking": ("type", "thinking", "signature"),
    "redacted_thinking": ("type", "data"),
}
_USAGE = {"input_tokens": 10, "output_tokens": 12, "cache_read_input_tokens": 20, "cache_creation_input_tokens": 0}


class Anthropic(Protocol):
    """Blocks in, blocks out."""

    name = "anthropic"

    def takes(self, path: str) -> bool:
        return path == "/v1/messages"

    def refusal(self, reason: str, status: int = 400) -> Refusal:
        return Refusal(status, {"type": "error", "error": {"type": "invalid_request_error", "message": reason}})

    def check(self, path: str, headers: HTTPMessage, body: dict[str, Any]) -> None:
        if not (headers.get("x-api-key") or headers.get("Authorization", "").startswith("Bearer ")):
            self.refuse("no API key", 401)
        self.require(headers.get("anthropic-version"), "anthropic-version: header is required")
        self.only(body, _PARAMETERS, "body")
        self.text(body.get("model"), "model")
        self.require(isinstance(body.get("max_tokens"), int), "max_tokens: field required")
        self.require(body.get("messages"), "messages: at least one message is required")
        self._check_system(body.get("system"))
        for tool in body.get("tools") or ():
            self.require(tool.get("name"), "tools: name")
        waiting: set[str] = set()
        for number, message in enumerate(body["messages"]):
            where = f"messages.{number}"
            self.only(message, ("role", "content"), where)
            self.require(message.get("role") in ("user", "assistant"), f"{where}: no such role")
            blocks = self._blocks(message.get("content"), where)
            answered = {block["tool_use_id"] for block in blocks if block["type"] == "tool_result"}
            self.require(answered == waiting, f"{where}: tool_use ids were found without tool_result, or the reverse")
            waiting = {block["id"] for block in blocks if block["type"] == "tool_use"}
            self.require(message["role"] == "assistant" or not waiting, f"{where}: tool_use of a user")
            if waiting and (body.get("thinking") or {}).get("type") in ("enabled", "adaptive"):
                first = blocks[0]["type"]
                self.require(first in ("thinking", "redacted_thinking"), f"{where}: expected thinking, found {first}")
        self.require(body["messages"][0]["role"] == "user", "messages: first message must use the user role")
        self.require(not waiting, "messages: tool_use without tool_result")

    def _check_system(self, system: Any) -> None:
        for block in system if isinstance(system, list) else ():
            self.only(block, _BLOCKS["text"], "system")
            self.text(block.get("text"), "system")

    def _blocks(self, content: Any, where: str) -> list[dict[str, Any]]:
        if isinstance(content, str):
            self.text(content, where)
            return []
        self.require(isinstance(content, list) and content, f"{where}: content")
        for number, block in enumerate(content):
            self._check_block(block, f"{where}.content.{number}")
        return content

    def _check_block(self, block: dict[str, Any], where: str) -> None:
        kind = block.get("type")
        self.require(kind in _BLOCKS, f"{where}: no such type: {kind}")
        self.only(block, _BLOCKS[kind], where)
        if kind == "text":
            self.text(block["text"], where)
        elif kind == "tool_use":
            self.require(isinstance(block["input"], dict), f"{where}: input must be an object")
        elif kind == "thinking":
            same = block.get("signature") == sign(block["thinking"])
            self.require(same, f"{where}: thinking blocks cannot be modified: they must remain as they were")
        elif kind == "redacted_thinking":
            self.require(is_sealed(block["data"]), f"{where}: redacted_thinking blocks cannot be modified")

    def answers_tool(self, body: dict[str, Any]) -> bool:
        content = body["messages"][-1]["content"]
        return isinstance(content, list) and content[-1]["type"] == "tool_result"

    def whole(self, body: dict[str, Any], answer: Answer, number: int) -> dict[str, Any]:
        return {**self._head(body, number), "stop_reason": self._reason(answer), "content": _content(answer, number)}

    def stream(self, body: dict[str, Any], answer: Answer, number: int, size: int) -> Iterator[bytes]:
        def told(kind: str, **fields: Any) -> bytes:
            return event({"type": kind, **fields}, kind)

        yield told("message_start", message={**self._head(body, number), "content": []})
        for index, block in enumerate(_content(answer, number)):
            empty = {"thinking": {"thinking": "", "signature": ""}, "text": {"text": ""}, "tool_use": {"input": {}}}
            yield told("content_block_start", index=index, content_block={**block, **empty.get(block["type"], {})})
            for delta in self._deltas(block, answer, number, size):
                yield told("content_block_delta", index=index, delta=delta)
            yield told("content_block_stop", index=index)
        delta = {"stop_reason": self._reason(answer), "stop_sequence": None}
        yield told("message_delta", delta=delta, usage=_USAGE)
        yield told("message_stop")

    def _deltas(self, block: dict[str, Any], answer: Answer, number: int, size: int) -> Iterator[dict[str, Any]]:
        if block["type"] == "thinking":
            for piece in pieces(block["thinking"], size):
                yield {"type": "thinking_delta", "thinking": piece}
            yield {"type": "signature_delta", "signature": block["signature"]}
        elif block["type"] == "text":
            for piece in pieces(block["text"], size):
                yield {"type": "text_delta", "text": piece}
        elif block["type"] == "tool_use":
            call = answer.calls[int(block["id"].rpartition("_")[2])]
            for piece in pieces(call.json, size):
                yield {"type": "input_json_delta", "partial_json": piece}

    def _head(self, body: dict[str, Any], number: int) -> dict[str, Any]:
        head = {"id": f"msg_{number}", "type": "message", "role": "assistant", "model": body["model"]}
        return {**head, "stop_reason": None, "stop_sequence": None, "usage": _USAGE}

    def _reason(self, answer: Answer) -> str:
        return "max_tokens" if answer.cut else "tool_use" if answer.calls else "end_turn"


def _content(answer: Answer, number: int) -> list[dict[str, Any]]:
    content: list[dict[str, Any]] = []
    if answer.thinking:
        content.append({"type": "thinking", "thinking": answer.thinking, "signature": sign(answer.thinking)})
    if answer.redacted:
        content.append({"type": "redacted_thinking", "data": sealed(number)})
    if answer.text:
        content.append({"type": "text", "text": answer.text})
    for index, call in enumerate(answer.calls):
        content.append(
            {"type": "tool_use", "id": f"toolu_{number}_{index}", "name": call.name, "input": call.arguments}
        )
    return content
