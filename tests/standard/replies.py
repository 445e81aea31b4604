"""What the loopback server answers to LangChain's standard tests: like a model that does as it is told."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from tests.support.openai_server import Reply, ToolCall, ToolCalls

_QUOTED = re.compile(r"'([^']+)'")


def obedient(request: Mapping[str, Any]) -> Reply:
    """Call the tool that is asked for, give JSON where it is asked for, else some text."""
    last = request["messages"][-1]
    asked = _text(last)
    wanted = request.get("response_format") or {}
    if wanted.get("type") == "json_schema":
        return json.dumps(_instance(wanted["json_schema"]["schema"], asked))
    if wanted.get("type") == "json_object":
        return json.dumps({"setup": f"Why {asked}", "punchline": "Because."})
    if request.get("tools") and last["role"] == "user":
        return ToolCalls((_called(request, asked),))
    return f"You said: {asked}"


def _called(request: Mapping[str, Any], asked: str) -> ToolCall:
    choice = request.get("tool_choice")
    named = choice["function"]["name"] if isinstance(choice, Mapping) else None
    functions = [tool["function"] for tool in request["tools"]]
    function = next((each for each in functions if each["name"] == named), functions[0])
    return ToolCall(function["name"], _instance(function.get("parameters") or {}, asked))


def _instance(schema: Mapping[str, Any], asked: str) -> Any:
    """Give a value of a JSON schema."""
    for key in ("anyOf", "allOf"):
        if key in schema:
            return _instance(schema[key][0], asked)
    match schema.get("type"):
        case "integer" | "number":
            return 3
        case "boolean":
            return True
        case "array":
            return []
        case "string":
            return next(iter(_QUOTED.findall(asked)), asked)
    return {name: _instance(part, asked) for name, part in schema.get("properties", {}).items()}


def _text(message: Mapping[str, Any]) -> str:
    content = message.get("content") or ""
    return content if isinstance(content, str) else " ".join(part.get("text", "") for part in content) or "nothing"
