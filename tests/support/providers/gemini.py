"""Google's Gemini API, as google-genai asks it. Source: https://ai.google.dev/api/generate-content.

Parts carry signatures of what was thought; they are to come back in the parts that they came in
(https://ai.google.dev/gemini-api/docs/thought-signatures).
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from http.client import HTTPMessage
from typing import Any

from tests.support.loopback import Refusal
from tests.support.providers.answers import Answer, pieces, sign
from tests.support.providers.protocol import Protocol, event

_PARAMETERS = frozenset(
    [
        "contents",
        "systemInstruction",
        "tools",
        "toolConfig",
        "safetySettings",
        "generationConfig",
        "cachedContent",
        "labels",
        "serviceTier",
    ]
)
_PART = frozenset(
    [
        "text",
        "thought",
        "thoughtSignature",
        "inlineData",
        "fileData",
        "functionCall",
        "functionResponse",
        "executableCode",
        "codeExecutionResult",
        "videoMetadata",
    ]
)
_PATH = re.compile(r"/v1(?:beta)?/models/[^/:]+:(stream)?[gG]enerateContent")
_USAGE = {
    "promptTokenCount": 30,
    "cachedContentTokenCount": 20,
    "candidatesTokenCount": 8,
    "thoughtsTokenCount": 4,
    "totalTokenCount": 42,
}


class Gemini(Protocol):
    """Contents of parts in, one candidate out."""

    name = "gemini"

    def takes(self, path: str) -> bool:
        return _PATH.fullmatch(path) is not None

    def streams(self, path: str, body: dict[str, Any]) -> bool:
        return path.endswith("streamGenerateContent")

    def refusal(self, reason: str, status: int = 400) -> Refusal:
        return Refusal(status, {"error": {"code": status, "message": reason, "status": "INVALID_ARGUMENT"}})

    def check(self, path: str, headers: HTTPMessage, body: dict[str, Any]) -> None:
        if not headers.get("x-goog-api-key"):
            self.refuse("no API key", 401)
        self.only(body, _PARAMETERS, "body")
        self.require(body.get("contents"), "contents is not specified")
        waiting: list[str] = []
        for number, content in enumerate(body["contents"]):
            where = f"contents[{number}]"
            self.only(content, ("role", "parts"), where)
            self.require(content.get("role") in ("user", "model"), f"{where}: please use a valid role: user, model")
            self.require(content.get("parts"), f"{where}: must include at least one parts field")
            for part in content["parts"]:
                self._check_part(part, where)
            answered = [part["functionResponse"]["name"] for part in content["parts"] if "functionResponse" in part]
            self.require(sorted(answered) == sorted(waiting), f"{where}: function responses are not those of the calls")
            waiting = [part["functionCall"]["name"] for part in content["parts"] if "functionCall" in part]
            self.require(content["role"] == "model" or not waiting, f"{where}: function call of a user")
        self.require(not waiting, "contents: function call without a response")
        self.require(body["contents"][0]["role"] == "user", "contents: a function call turn comes after a user turn")

    def _check_part(self, part: dict[str, Any], where: str) -> None:
        self.only(part, _PART, where)
        kinds = set(part) & {"text", "inlineData", "fileData", "functionCall", "functionResponse"}
        self.require(len(kinds) == 1, f"{where}: a part has one kind of data, got {sorted(part)}")
        if part.get("thought"):
            self.require("thoughtSignature" in part, f"{where}: a thought lost its signature")
        elif "functionCall" in part:
            self.require("thoughtSignature" in part, f"{where}: function call is missing a thought_signature")
        if "thoughtSignature" in part:
            same = part["thoughtSignature"] in (_signature(part), _url_safe(_signature(part)))
            self.require(same, f"{where}: thought signature is not valid")

    def answers_tool(self, body: dict[str, Any]) -> bool:
        return "functionResponse" in body["contents"][-1]["parts"][-1]

    def whole(self, body: dict[str, Any], answer: Answer, number: int) -> dict[str, Any]:
        return self._response(_parts(answer), self._reason(answer))

    def stream(self, body: dict[str, Any], answer: Answer, number: int, size: int) -> Iterator[bytes]:
        for part in _parts(answer):
            text = part.get("text", "")
            *first, last = pieces(text, size) or [""]
            for piece in first:
                fields = {"text": piece, **({"thought": True} if part.get("thought") else {})}
                yield event(self._response([fields]))
            end = {**part, "text": last} if text else part
            if "thoughtSignature" in part and not part.get("thought"):
                end = {**end, "thoughtSignature": _signature(end)}  # of what came with it, as pieces are parts
            yield event(self._response([end]))
        yield event(self._response([{"text": ""}], self._reason(answer)))

    def _response(self, parts: list[dict[str, Any]], reason: str | None = None) -> dict[str, Any]:
        candidate: dict[str, Any] = {"content": {"role": "model", "parts": parts}, "index": 0}
        if reason:
            candidate["finishReason"] = reason
        return {"candidates": [candidate], "usageMetadata": _USAGE, "modelVersion": "gemini", "responseId": "r1"}

    def _reason(self, answer: Answer) -> str:
        return "MAX_TOKENS" if answer.cut else "STOP"


def _parts(answer: Answer) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = []
    if answer.thinking:
        parts.append({"text": answer.thinking, "thought": True})
    if answer.text:
        parts.append({"text": answer.text})
    parts += [{"functionCall": {"name": call.name, "args": dict(call.arguments)}} for call in answer.calls]
    signed = [part for part in parts if part.get("thought") or "functionCall" in part or answer.redacted]
    for part in signed:
        part["thoughtSignature"] = _signature(part)
    return parts


def _signature(part: dict[str, Any]) -> str:
    call = part.get("functionCall")
    said = part["text"] if call is None else json.dumps([call["name"], call["args"]], sort_keys=True)
    return sign("thought" if part.get("thought") else "said", said)


def _url_safe(signature: str) -> str:
    return base64.urlsafe_b64encode(base64.b64decode(signature)).decode()
