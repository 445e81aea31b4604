"""Converse of Amazon Bedrock. Source: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html.

A stream is a sequence of binary messages: lengths, a checksum, headers, JSON and a checksum
(https://smithy.io/2.0/aws/amazon-eventstream.html).
"""

from __future__ import annotations

import base64
import json
import re
import struct
import zlib
from collections.abc import Iterator
from http.client import HTTPMessage
from typing import Any

from tests.support.loopback import Refusal
from tests.support.providers.answers import Answer, is_sealed, pieces, sealed, sign
from tests.support.providers.protocol import Protocol

_PARAMETERS = frozenset(
    [
        "messages",
        "system",
        "inferenceConfig",
        "toolConfig",
        "guardrailConfig",
        "additionalModelRequestFields",
        "promptVariables",
        "additionalModelResponseFieldPaths",
        "requestMetadata",
        "performanceConfig",
        "serviceTier",
        "outputConfig",
    ]
)
_BLOCKS = frozenset(
    [
        "text",
        "image",
        "document",
        "video",
        "toolUse",
        "toolResult",
        "guardContent",
        "cachePoint",
        "reasoningContent",
        "citationsContent",
        "searchResult",
        "audio",
    ]
)
_PATH = re.compile(r"/model/[^/]+/converse(-stream)?")
_USAGE = {"inputTokens": 10, "cacheReadInputTokens": 20, "outputTokens": 12, "totalTokens": 42}


class Bedrock(Protocol):
    """Blocks in, blocks out; thinking is signed as Anthropic's."""

    name = "bedrock"
    stream_type = "application/vnd.amazon.eventstream"

    def takes(self, path: str) -> bool:
        return _PATH.fullmatch(path) is not None

    def streams(self, path: str, body: dict[str, Any]) -> bool:
        return path.endswith("-stream")

    def refusal(self, reason: str, status: int = 400) -> Refusal:
        return Refusal(status, {"message": reason}, {"x-amzn-ErrorType": "ValidationException"})

    def check(self, path: str, headers: HTTPMessage, body: dict[str, Any]) -> None:
        if not headers.get("Authorization", "").startswith("AWS4-HMAC-SHA256"):
            self.refuse("not signed", 403)
        self.only(body, _PARAMETERS, "body")
        self.require(body.get("messages"), "messages: at least one message is required")
        waiting: set[str] = set()
        roles = ["assistant"]
        for number, message in enumerate(body["messages"]):
            where = f"messages.{number}"
            self.only(message, ("role", "content"), where)
            self.require(message.get("role") in ("user", "assistant"), f"{where}: no such role")
            self.require(message["role"] != roles[-1], f"{where}: roles must alternate, beginning with the user")
            roles.append(message["role"])
            self.require(message.get("content"), f"{where}: content")
            for block in message["content"]:
                self._check_block(block, where)
            answered = {block["toolResult"]["toolUseId"] for block in message["content"] if "toolResult" in block}
            self.require(answered == waiting, f"{where}: toolUse without toolResult, or the reverse")
            waiting = {block["toolUse"]["toolUseId"] for block in message["content"] if "toolUse" in block}
            self.require(message["role"] == "assistant" or not waiting, f"{where}: toolUse of a user")
            if waiting and "thinking" in (body.get("additionalModelRequestFields") or {}):
                first = message["content"][0]
                self.require("reasoningContent" in first, f"{where}: expected thinking, found {sorted(first)}")
        self.require(not waiting, "messages: toolUse without toolResult")
        self.require(body.get("toolConfig") or not _uses_tools(body), "toolConfig must be defined when tools are used")

    def _check_block(self, block: dict[str, Any], where: str) -> None:
        self.only(block, _BLOCKS, where)
        self.require(len(block) == 1, f"{where}: a block has one member, got {sorted(block)}")
        if "text" in block:
            self.text(block["text"], where)
        elif "toolUse" in block:
            self.only(block["toolUse"], ("toolUseId", "name", "input", "type"), where)
            self.require(isinstance(block["toolUse"]["input"], dict), f"{where}: input must be an object")
        elif "reasoningContent" in block:
            reasoning = block["reasoningContent"]
            self.only(reasoning, ("reasoningText", "redactedContent"), where)
            if "redactedContent" in reasoning:
                data = base64.b64decode(reasoning["redactedContent"]).decode()
                self.require(is_sealed(data), f"{where}: redacted thinking cannot be modified")
            else:
                said = reasoning["reasoningText"]
                self.only(said, ("text", "signature"), where)
                self.require(said.get("signature") == sign(said["text"]), f"{where}: thinking cannot be modified")

    def answers_tool(self, body: dict[str, Any]) -> bool:
        return any("toolResult" in block for block in body["messages"][-1]["content"])

    def whole(self, body: dict[str, Any], answer: Answer, number: int) -> dict[str, Any]:
        message = {"role": "assistant", "content": _content(answer, number)}
        end = {"stopReason": self._reason(answer), "usage": _USAGE, "metrics": {"latencyMs": 7}}
        return {"output": {"message": message}, **end}

    def stream(self, body: dict[str, Any], answer: Answer, number: int, size: int) -> Iterator[bytes]:
        yield _message("messageStart", {"role": "assistant"})
        for index, block in enumerate(_content(answer, number)):
            at = {"contentBlockIndex": index}
            if "toolUse" in block:
                named = {key: block["toolUse"][key] for key in ("toolUseId", "name")}
                yield _message("contentBlockStart", {**at, "start": {"toolUse": named}})
            for delta in self._deltas(block, answer, size):
                yield _message("contentBlockDelta", {**at, "delta": delta})
            yield _message("contentBlockStop", at)
        yield _message("messageStop", {"stopReason": self._reason(answer)})
        yield _message("metadata", {"usage": _USAGE, "metrics": {"latencyMs": 7}})

    def _deltas(self, block: dict[str, Any], answer: Answer, size: int) -> Iterator[dict[str, Any]]:
        if "text" in block:
            for piece in pieces(block["text"], size):
                yield {"text": piece}
        elif "toolUse" in block:
            call = answer.calls[int(block["toolUse"]["toolUseId"].rpartition("_")[2])]
            for piece in pieces(call.json, size):
                yield {"toolUse": {"input": piece}}
        elif "redactedContent" in block["reasoningContent"]:
            yield block
        else:
            said = block["reasoningContent"]["reasoningText"]
            for piece in pieces(said["text"], size):
                yield {"reasoningContent": {"text": piece}}
            yield {"reasoningContent": {"signature": said["signature"]}}

    def _reason(self, answer: Answer) -> str:
        return "max_tokens" if answer.cut else "tool_use" if answer.calls else "end_turn"


def _uses_tools(body: dict[str, Any]) -> bool:
    return any("toolUse" in block for message in body["messages"] for block in message["content"])


def _content(answer: Answer, number: int) -> list[dict[str, Any]]:
    content: list[dict[str, Any]] = []
    if answer.thinking:
        said = {"text": answer.thinking, "signature": sign(answer.thinking)}
        content.append({"reasoningContent": {"reasoningText": said}})
    if answer.redacted:
        data = base64.b64encode(sealed(number).encode()).decode()
        content.append({"reasoningContent": {"redactedContent": data}})
    if answer.text:
        content.append({"text": answer.text})
    for index, call in enumerate(answer.calls):
        used = {"toolUseId": f"tooluse_{number}_{index}", "name": call.name, "input": dict(call.arguments)}
        content.append({"toolUse": used})
    return content


def _message(kind: str, value: Any) -> bytes:
    """Return one binary message of an event stream."""
    named = {":event-type": kind, ":content-type": "application/json", ":message-type": "event"}
    headers = b"".join(
        struct.pack("!B", len(name)) + name.encode() + struct.pack("!BH", 7, len(text)) + text.encode()
        for name, text in named.items()
    )
    payload = json.dumps(value).encode()
    lengths = struct.pack("!II", 16 + len(headers) + len(payload), len(headers))
    head = lengths + struct.pack("!I", zlib.crc32(lengths)) + headers + payload
    return head + struct.pack("!I", zlib.crc32(head))
