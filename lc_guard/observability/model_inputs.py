"""What of a traced span a model was sent: the attributes that say so, and the texts in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lc_guard._text.json_tree import JsonText, Leaf, parse
from lc_guard.observability.span_texts import is_free_text

LANGFUSE_TYPE = "langfuse.observation.type"
"""Attribute with Langfuse's type of an observation."""

LANGFUSE_INPUT = "langfuse.observation.input"
"""Attribute with an observation's input."""

# How the conventions say that a span is a call of a model that writes text, and where they put what it was sent:
# Langfuse's SDK, OpenTelemetry's GenAI conventions, OpenLLMetry (older GenAI), OpenInference. Embedding models are
# not among them: many run in the process, and a query that is embedded is judged by the retriever's own seam.
_MODEL_CALLS = (
    (LANGFUSE_TYPE, ("generation",), (LANGFUSE_INPUT,)),
    (
        "gen_ai.operation.name",
        ("chat", "text_completion", "generate_content"),
        ("gen_ai.input.messages", "gen_ai.system_instructions", "gen_ai.prompt"),
    ),
    ("llm.request.type", ("chat", "completion"), ("gen_ai.prompt",)),
    ("openinference.span.kind", ("LLM",), ("input.value", "llm.input_messages", "llm.prompts")),
)

# Names and ids of a protocol: no words of a user, and none that the guard would have hidden.
_PROTOCOL_KEYS = frozenset({"id", "role", "tool_call_id", "type"})
# Beside these a "name" is that of a tool.
_OF_TOOLS = frozenset({"args", "arguments", "description", "parameters", "tool_call_id"})
_LEAST_NUMBER = 10_000  # smaller ones are counters and settings


def is_model_call(attributes: Mapping[str, Any]) -> bool:
    """Return whether a span is the call of a model that writes text."""
    return any(attributes.get(key) in values for key, values, _ in _MODEL_CALLS)


def model_input(attributes: Mapping[str, Any]) -> dict[Leaf, None]:
    """Return the texts, and the long whole numbers, that a model was sent; nothing for a span that is no model's.

    Left out are roles, ids, names of tools and their definitions: a developer's own words, which no guard hides.
    """
    prefixes = tuple(prefix for key, values, where in _MODEL_CALLS if attributes.get(key) in values for prefix in where)
    keys = [key for key in attributes if any(key == each or key.startswith(f"{each}.") for each in prefixes)]
    return {
        leaf: None
        for key in keys
        if key.rpartition(".")[2] not in _PROTOCOL_KEYS
        for leaf in _said(parse(attributes[key]))
    }


def _said(tree: Any) -> Iterator[Leaf]:
    match tree:
        case JsonText():
            yield from _said(tree.value)
        case dict():
            if _defines_tool(tree):
                return
            passed_over = _PROTOCOL_KEYS | ({"name"} if _OF_TOOLS & tree.keys() else set())
            for key, item in tree.items():
                if is_free_text(key, is_key=True):
                    yield key
                if key not in passed_over or isinstance(item, dict | list):
                    yield from _said(item)
        case list():
            for item in tree:
                yield from _said(item)
        case str():
            if is_free_text(tree):
                yield tree
        case int() if not isinstance(tree, bool) and abs(tree) >= _LEAST_NUMBER:
            yield tree


def _defines_tool(tree: Mapping[str, Any]) -> bool:
    """Tell a tool's definition, which Langfuse's SDK and OpenAI write beside the messages."""
    function = tree.get("function")
    if tree.get("role") == "tool" and isinstance(tree.get("content"), dict):
        return True
    if tree.get("type") == "function" and isinstance(function, dict):
        return "arguments" not in function
    return "input_schema" in tree and "name" in tree
