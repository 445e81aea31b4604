"""OpenAI's Responses API, without stored state. Source: https://platform.openai.com/docs/api-reference/responses."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from http.client import HTTPMessage
from typing import Any

from tests.support.providers.answers import Answer, pieces, sign
from tests.support.providers.protocol import Protocol, event

_PARAMETERS = frozenset(
    [
        "background",
        "context_management",
        "conversation",
        "include",
        "input",
        "instructions",
        "max_output_tokens",
        "max_tool_calls",
        "metadata",
        "model",
        "parallel_tool_calls",
        "previous_response_id",
        "prompt",
        "prompt_cache_key",
        "prompt_cache_retention",
        "reasoning",
        "safety_identifier",
        "service_tier",
        "store",
        "stream",
        "stream_options",
        "temperature",
        "text",
        "tool_choice",
        "tools",
        "top_logprobs",
        "top_p",
        "truncation",
        "user",
    ]
)
_USAGE = {
    "input_tokens": 30,
    "input_tokens_details": {"cached_tokens": 20},
    "output_tokens": 12,
    "output_tokens_details": {"reasoning_tokens": 4},
    "total_tokens": 42,
}


class OpenAIResponses(Protocol):
    """Items in, items out; what a model thinks comes encrypted, with a summary."""

    name = "openai responses"

    def takes(self, path: str) -> bool:
        return path == "/v1/responses"

    def check(self, path: str, headers: HTTPMessage, body: dict[str, Any]) -> None:
        if not headers.get("Authorization", "").startswith("Bearer "):
            self.refuse("no API key", 401)
        self.only(body, _PARAMETERS, "body")
        self.text(body.get("model"), "model")
        for tool in body.get("tools") or ():
            if tool.get("type") == "function":
                self.only(tool, ("type", "name", "description", "parameters", "strict"), "tools")
        items = body.get("input")
        if isinstance(items, str):
            return
        self.require(isinstance(items, list) and items, "input: expected items")
        called: set[str] = set()
        answered: set[str] = set()
        for number, item in enumerate(items):
            where = f"input[{number}]"
            kind = item.get("type") or "message"
            if kind == "function_call_output":
                self.only(item, ("type", "call_id", "output", "id", "status"), where)
                self.require(item["call_id"] in called - answered, f"{where}: no tool call found for output")
                answered.add(item["call_id"])
            elif kind == "function_call":
                self.only(item, ("type", "id", "call_id", "name", "arguments", "status"), where)
                self.require(isinstance(json.loads(item["arguments"]), dict), f"{where}: arguments")
                called.add(item["call_id"])
            elif kind == "reasoning":
                self._check_reasoning(item, items[number + 1 : number + 2], where)
            else:
                self._check_message(item, where)
        self.require(called == answered, "no tool output found for function call")

    def _check_reasoning(self, item: dict[str, Any], following: list[dict[str, Any]], where: str) -> None:
        self.only(item, ("type", "id", "summary", "encrypted_content", "status", "content"), where)
        said = [part["text"] for part in item["summary"]]
        self.require(item.get("encrypted_content") == sign(item["id"], *said), f"{where}: encrypted content changed")
        self.require(
            following and following[0].get("role", "assistant") == "assistant",
            f"{where}: reasoning was provided without its required following item",
        )

    def _check_message(self, item: dict[str, Any], where: str) -> None:
        self.only(item, ("type", "role", "content", "id", "status", "phase"), where)
        self.require(item.get("role") in ("system", "developer", "user", "assistant"), f"{where}: no such role")
        kinds = (
            ("output_text", "refusal") if item["role"] == "assistant" else ("input_text", "input_image", "input_file")
        )
        if isinstance(item.get("content"), str):
            return
        self.require(isinstance(item.get("content"), list) and item["content"], f"{where}: content")
        for part in item["content"]:
            self.require(part.get("type") in kinds, f"{where}: no such type: {part.get('type')}")

    def answers_tool(self, body: dict[str, Any]) -> bool:
        return isinstance(body["input"], list) and body["input"][-1].get("type") == "function_call_output"

    def whole(self, body: dict[str, Any], answer: Answer, number: int) -> dict[str, Any]:
        return {**self._head(body, answer, number), "output": self._items(answer, number), "usage": _USAGE}

    def stream(self, body: dict[str, Any], answer: Answer, number: int, size: int) -> Iterator[bytes]:
        count = itertools.count()

        def told(kind: str, **fields: Any) -> bytes:
            return event({"type": kind, "sequence_number": next(count), **fields}, kind)

        whole = self.whole(body, answer, number)
        begun = {**whole, "output": [], "usage": None, "status": "in_progress"}
        yield told("response.created", response=begun)
        yield told("response.in_progress", response=begun)
        for index, item in enumerate(whole["output"]):
            at = {"output_index": index}
            empty = {"reasoning": {"summary": []}, "message": {"content": []}, "function_call": {"arguments": ""}}
            yield told("response.output_item.added", **at, item={**item, **empty[item["type"]]})
            for kind, fields in self._parts(item, size):
                yield told(kind, **at, item_id=item["id"], **fields)
            yield told("response.output_item.done", **at, item=item)
        yield told("response.incomplete" if answer.cut else "response.completed", response=whole)

    def _parts(self, item: dict[str, Any], size: int) -> Iterator[tuple[str, dict[str, Any]]]:
        if item["type"] == "reasoning":
            for number, part in enumerate(item["summary"]):
                at = {"summary_index": number}
                yield "response.reasoning_summary_part.added", {**at, "part": {**part, "text": ""}}
                for piece in pieces(part["text"], size):
                    yield "response.reasoning_summary_text.delta", {**at, "delta": piece}
                yield "response.reasoning_summary_text.done", {**at, "text": part["text"]}
                yield "response.reasoning_summary_part.done", {**at, "part": part}
        elif item["type"] == "message":
            (part,), at = item["content"], {"content_index": 0}
            yield "response.content_part.added", {**at, "part": {**part, "text": ""}}
            for piece in pieces(part["text"], size):
                yield "response.output_text.delta", {**at, "delta": piece, "logprobs": []}
            yield "response.output_text.done", {**at, "text": part["text"], "logprobs": []}
            yield "response.content_part.done", {**at, "part": part}
        else:
            for piece in pieces(item["arguments"], size):
                yield "response.function_call_arguments.delta", {"delta": piece}
            yield "response.function_call_arguments.done", {"arguments": item["arguments"], "name": item["name"]}

    def _items(self, answer: Answer, number: int) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = []
        if answer.thinking:
            said = answer.thinking.split("\n\n")  # each a part
            summary = [{"type": "summary_text", "text": text} for text in said]
            thought = f"rs_{number}"
            items.append(
                {"type": "reasoning", "id": thought, "summary": summary, "encrypted_content": sign(thought, *said)}
            )
        if answer.text:
            part = {"type": "output_text", "text": answer.text, "annotations": []}
            said_item = {"type": "message", "id": f"msg_{number}", "role": "assistant", "status": "completed"}
            items.append({**said_item, "content": [part]})
        for index, call in enumerate(answer.calls):
            named = {"type": "function_call", "id": f"fc_{number}_{index}", "call_id": f"call_{number}_{index}"}
            items.append({**named, "name": call.name, "arguments": call.json, "status": "completed"})
        return items

    def _head(self, body: dict[str, Any], answer: Answer, number: int) -> dict[str, Any]:
        return {
            "id": f"resp_{number}",
            "object": "response",
            "created_at": 1_700_000_000,
            "status": "incomplete" if answer.cut else "completed",
            "incomplete_details": {"reason": "max_output_tokens"} if answer.cut else None,
            "model": body["model"],
            "parallel_tool_calls": body.get("parallel_tool_calls", True),
            "tool_choice": body.get("tool_choice", "auto"),
            "tools": [],
            "metadata": {},
            "temperature": 1.0,
            "top_p": 1.0,
            "instructions": None,
            "error": None,
            "text": {"format": {"type": "text"}},
        }
