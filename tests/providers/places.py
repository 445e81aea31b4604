"""Every place of a request to a model where a value may stand: messages, options of the call, fields of the client."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, ChatMessage, HumanMessage, SystemMessage, ToolMessage

VALUE = "Zebulon Quartermain"
NUMBER = 4155550134
ENCODED = VALUE.replace(" ", "%20")

_PDF = {"base64": "AAAA", "mime_type": "application/pdf"}


def _called(args: Mapping[str, Any] | None = None, **fields: Any) -> AIMessage:
    given = {"to": "x"} if args is None else dict(args)
    return AIMessage("", tool_calls=[{"name": "mail", "args": given, "id": "call00001", "type": "tool_call", **fields}])


def _answered(call: AIMessage, **fields: Any) -> list[BaseMessage]:
    result = {"content": "ok", "tool_call_id": call.tool_calls[0]["id"], "name": call.tool_calls[0]["name"], **fields}
    return [HumanMessage(f"{VALUE}, {NUMBER}"), call, ToolMessage(**result), HumanMessage("go on")]


def _said(*blocks: Any, **fields: Any) -> list[BaseMessage]:
    return [HumanMessage("hi"), AIMessage(list(blocks) or "yes", **fields), HumanMessage("go on")]


def _asked(*blocks: Any, **fields: Any) -> list[BaseMessage]:
    return [HumanMessage(list(blocks) or "hi", **fields)]


MESSAGES: dict[str, list[BaseMessage]] = {
    "content": _asked({"type": "text", "text": f"I am {VALUE}"}),
    "content as text": [HumanMessage(f"I am {VALUE}")],
    "system prompt": [SystemMessage(f"You help {VALUE}"), HumanMessage("hi")],
    "name of a human": _asked(name=VALUE),
    "name of a human, as one word": _asked(name=VALUE.replace(" ", "_")),
    "name of an agent": _said(name=VALUE),
    "name of a system prompt": [SystemMessage("s", name=VALUE), HumanMessage("hi")],
    "id of a message": _asked(id=VALUE),
    "id of an answer": _said(id=f"msg_{VALUE}"),
    "role": [ChatMessage("hi", role=VALUE)],
    "additional_kwargs": _asked(additional_kwargs={"name": VALUE, "note": VALUE, VALUE: 1}),
    "fields that no message has": _asked(note=VALUE),
    "response_metadata": _said(response_metadata={"note": VALUE}),
    "argument of a tool": _answered(_called({"to": VALUE})),
    "key of an argument": _answered(_called({VALUE: 1})),
    "key in an argument": _answered(_called({"to": {VALUE: [VALUE]}})),
    "number in an argument": _answered(_called({"to": NUMBER, "more": [{"to": NUMBER}]})),
    "id of a call": _answered(_called(id=VALUE)),
    "name of a called tool": _answered(_called(name=VALUE)),
    "name of a result": _answered(_called(), name=VALUE),
    "result of a tool": _answered(_called(), content=VALUE),
    "failed result of a tool": _answered(_called(), content=VALUE, status="error"),
    "artifact": _answered(_called(), artifact={"note": VALUE}),
    "call of a tool in a block": _answered(
        AIMessage(
            [{"type": "tool_use", "id": "call00001", "name": "mail", "input": {VALUE: NUMBER}}],
            tool_calls=_called({VALUE: NUMBER}).tool_calls,
        )
    ),
    "address of an image": _asked({"type": "image_url", "image_url": {"url": f"https://x.example/{ENCODED}.png"}}),
    "query of an address": _asked(
        {"type": "image_url", "image_url": {"url": "https://x.example/?a=Zebulon+Quartermain"}}
    ),
    "user in an address": _asked({"type": "image_url", "image_url": {"url": f"https://{ENCODED}@x.example/a.png"}}),
    "address as text": _asked({"type": "image_url", "image_url": f"https://x.example/{VALUE}.png"}),
    "address of a standard image": _asked({"type": "image", "url": f"https://x.example/{ENCODED}.png"}),
    "address of a source": _asked(
        {"type": "image", "source": {"type": "url", "url": f"https://x.example/{ENCODED}.png"}}
    ),
    "address of a stored file": _asked({"type": "media", "file_uri": f"gs://b/{VALUE}", "mime_type": "image/png"}),
    "name of a file": _asked({"type": "file", "file": {"filename": f"{VALUE}.pdf", "file_data": "data:x;base64,AA=="}}),
    "name of a standard file": _asked({"type": "file", **_PDF, "filename": f"{VALUE}.pdf", "name": VALUE}),
    "name in the extras of a file": _asked({"type": "file", **_PDF, "extras": {"filename": f"{VALUE}.pdf"}}),
    "name in the metadata of a file": _asked({"type": "file", **_PDF, "metadata": {"filename": VALUE, "name": VALUE}}),
    "id of a file": _asked({"type": "file", "file": {"file_id": VALUE}}),
    "document": _asked(
        {
            "type": "document",
            "title": VALUE,
            "context": VALUE,
            "source": {"type": "text", "media_type": "text/plain", "data": VALUE},
        }
    ),
    "document of Bedrock": _asked({"document": {"name": VALUE, "format": "txt", "source": {"bytes": b"x"}}}),
    "result of a search": _asked(
        {
            "type": "search_result",
            "source": f"https://x.example/{VALUE}",
            "title": VALUE,
            "content": [{"type": "text", "text": VALUE}],
        }
    ),
    "citation": _said(
        {
            "type": "text",
            "text": "x",
            "annotations": [
                {"type": "citation", "url": f"https://x.example/{ENCODED}", "title": VALUE, "cited_text": VALUE}
            ],
        }
    ),
    "reasoning": _said({"type": "reasoning", "reasoning": VALUE}, {"type": "text", "text": "x"}),
    "settings of a block": _asked({"type": "text", "text": "x", "cache_control": {"type": "ephemeral", "note": VALUE}}),
}


def _tool(argument: Mapping[str, Any] | None = None, **function: Any) -> dict[str, Any]:
    parameters = {"type": "object", "properties": {"to": {"type": "string", **(argument or {})}}, "required": ["to"]}
    return {
        "type": "function",
        "function": {"name": "mail", "description": "Sends mail.", "parameters": parameters, **function},
    }


def _format(properties: Mapping[str, Any], **schema: Any) -> dict[str, Any]:
    whole = {"type": "object", "properties": properties, "required": [*properties], "additionalProperties": False}
    return {"type": "json_schema", "json_schema": {"name": "answer", "schema": {**whole, **schema}}}


TOOLS: dict[str, dict[str, Any]] = {
    "description of a tool": _tool(description=f"Sends mail to {VALUE}."),
    "description of an argument": _tool({"description": VALUE}),
    "enum": _tool({"enum": [VALUE, "nobody"]}),
    "default": _tool({"default": VALUE}),
    "examples": _tool({"examples": [VALUE]}),
    "const": _tool({"const": VALUE}),
    "title": _tool({"title": VALUE}),
    "pattern": _tool({"pattern": VALUE}),
    "name of a tool": _tool(name=VALUE),
    "name of an argument": _tool(parameters={"type": "object", "properties": {VALUE: {"type": "string"}}}),
    "definitions": _tool(
        parameters={
            "type": "object",
            "properties": {"to": {"$ref": "#/$defs/Who"}},
            "$defs": {"Who": {"type": "object", "description": VALUE, "properties": {"x": {"enum": [VALUE]}}}},
        }
    ),
}

OPTIONS: dict[str, dict[str, Any]] = {
    "stop": {"stop": [VALUE]},
    "user": {"user": VALUE},
    "prediction": {"prediction": {"type": "content", "content": VALUE}},
    "extra_body": {"extra_body": {"metadata": {"k": VALUE}}},
    "key of extra_body": {"extra_body": {"metadata": {VALUE: "k"}}},
    "extra_headers": {"extra_headers": {"x-who": VALUE}},
    "extra_query": {"extra_query": {"who": VALUE}},
    "safety_identifier": {"safety_identifier": VALUE},
    "prompt_cache_key": {"prompt_cache_key": VALUE},
    "web_search_options": {"web_search_options": {"user_location": {"type": "approximate", "city": VALUE}}},
    "option that nobody knows": {"unknown": {"a": [VALUE]}},
    "response_format": {
        "response_format": _format(
            {"a": {"type": "string", "enum": [VALUE], "default": VALUE}}, title=VALUE, description=VALUE
        )
    },
    "key of response_format": {"response_format": _format({VALUE: {"type": "string"}})},
}

FIELDS: dict[str, Any] = {
    "additional_headers": {"x-who": VALUE},
    "additional_model_request_fields": {"k": VALUE},
    "cached_content": VALUE,
    "container": VALUE,
    "context_management": {"k": VALUE},
    "default_headers": {"x-who": VALUE},
    "default_query": {"who": VALUE},
    "extra_body": {"k": VALUE},
    "format": {"type": "object", "description": VALUE, "properties": {"a": {"enum": [VALUE]}}},
    "guardrail_config": {"guardrailIdentifier": VALUE, "guardrailVersion": "1"},
    "image_config": {"aspect_ratio": VALUE},
    "include": [VALUE],
    "inference_geo": VALUE,
    "keep_alive": VALUE,
    "labels": {"k": VALUE},
    "mcp_servers": [{"type": "url", "url": f"https://x.example/{ENCODED}", "name": VALUE}],
    "metadata": {"k": VALUE},
    "model_kwargs": {"user": VALUE},
    "name": VALUE,
    "openai_organization": VALUE,
    "output_config": {"k": VALUE},
    "prompt_cache_options": {"k": VALUE},
    "raw_blocks": [{"role": "user", "content": [{"text": VALUE}]}],
    "reasoning": {"effort": VALUE},
    "request_metadata": {"k": VALUE},
    "response_schema": {"type": "object", "description": VALUE, "properties": {"a": {"type": "string"}}},
    "service_tier": VALUE,
    "stop": [VALUE],
    "stop_sequences": [VALUE],
    "system": [VALUE],
    "tags": [VALUE],
    "truncation": VALUE,
    "user_profile_id": VALUE,
    "verbosity": VALUE,
}
