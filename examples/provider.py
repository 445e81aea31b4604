"""A stand-in for OpenAI on this machine, with a script for each example: it answers with the placeholders it was sent.

For ``check.py``, from a checkout: the server is the tests' own, which refuses what OpenAI would refuse.
"""

from __future__ import annotations

import base64
import json
import re
import struct
import zlib
from collections.abc import Callable, Mapping
from typing import Any

from tests.support.loopback import Exchange
from tests.support.openai_server import OpenAIServer, Reply, ToolCall, ToolCalls

_PERSON = re.compile(r"\[REDACTED_PERSON_\d+\]")
_MAIL = re.compile(r"\[REDACTED_EMAIL_ADDRESS_\d+\]")
_WORD = re.compile(r"[^\W_]+|\[\w+\]")
_DIMENSIONS = 256

Request = Mapping[str, Any]


class Provider(OpenAIServer):
    """Chat completions and embeddings: a text's vector counts its words, so that texts with equal words are near."""

    def handle(self, exchange: Exchange, body: bytes) -> None:
        """Answer, and keep what was sent."""
        if exchange.path != "/v1/embeddings":
            super().handle(exchange, body)
            return
        request = json.loads(body)
        self.raw.append(body)
        given = [request["input"]] if isinstance(request["input"], str) else request["input"]
        data = [
            {"object": "embedding", "index": index, "embedding": _encoded(text, request.get("encoding_format"))}
            for index, text in enumerate(given)
        ]
        usage = {"prompt_tokens": 1, "total_tokens": 1}
        exchange.send_json(200, {"object": "list", "data": data, "model": request["model"], "usage": usage})


def _encoded(text: str, encoding: str | None) -> Any:
    vector = [0.0] * _DIMENSIONS
    for word in _WORD.findall(text.lower()):
        vector[zlib.crc32(word.encode()) % _DIMENSIONS] += 1.0
    length = sum(number * number for number in vector) ** 0.5 or 1.0
    vector = [number / length for number in vector]
    return base64.b64encode(struct.pack(f"<{_DIMENSIONS}f", *vector)).decode() if encoding == "base64" else vector


def _texts(request: Request) -> str:
    return json.dumps(request["messages"], ensure_ascii=False)


def _person(request: Request) -> str:
    return (_PERSON.findall(_texts(request)) or ["nobody"])[0]


def _tools(request: Request) -> list[str]:
    return [tool["function"]["name"] for tool in request.get("tools", ())]


def _was_answered(request: Request) -> bool:
    return request["messages"][-1]["role"] == "tool"


def calls_once(tool: str, arguments: Callable[[Request], dict[str, Any]]) -> Callable[[Request], Reply]:
    """Return a model that calls a tool, then says what the tool gave."""

    def reply(request: Request) -> Reply:
        if _was_answered(request):
            return f"Here it is: {request['messages'][-1]['content']}"
        return ToolCalls((ToolCall(tool, arguments(request)),))

    return reply


def delegates(request: Request) -> Reply:
    """Answer as a deep agent: hand the task to a sub-agent, which has no tool for that."""
    if _was_answered(request) or "task" not in _tools(request):
        return f"{_person(request)} lives at a harbour."
    task = {"description": f"Write about {_person(request)}", "subagent_type": "general-purpose"}
    return ToolCalls((ToolCall("task", task),))


def supervises(request: Request) -> Reply:
    """Answer as a supervisor and as its worker, told by their tools."""
    results = [message["content"] for message in request["messages"] if message["role"] == "tool"]
    if "balance" in _tools(request):
        if _was_answered(request) and "euros" in results[-1]:
            return str(results[-1])
        return ToolCalls((ToolCall("balance", {"customer": _person(request)}, "call_balance"),))
    if "euros" in _texts(request):
        return f"{_person(request)} has 120 euros."
    return ToolCalls((ToolCall("transfer_to_accounts", {}, "call_transfer"),))


def echoes(request: Request) -> Reply:
    """Answer with the prompt."""
    return f"You asked: {request['messages'][-1]['content']}"


SCRIPTS: dict[str, Callable[[Request], Reply]] = {
    "react_agent": calls_once("find_orders", lambda request: {"customer": _person(request)}),
    "email_assistant": calls_once(
        "send_email",
        lambda request: {"to": _MAIL.findall(_texts(request))[0], "text": f"Dear {_person(request)}, see you Monday."},
    ),
    "deep_agent": delegates,
    "supervisor": supervises,
    "text_to_sql": calls_once(
        "run_sql", lambda request: {"query": f"SELECT ward FROM patients WHERE name = '{_person(request)}'"}
    ),
    "rag_chatbot": echoes,
    "fastapi_service": echoes,
    "streamlit_chat": echoes,
    "langgraph_app": calls_once("next_visit", lambda request: {"patient": _person(request)}),
}
"""What the model of each example answers."""
