"""The stand-in for OpenAI serves the real clients and refuses what the real one refuses."""

from __future__ import annotations

import json
from typing import Any

import httpx
import openai
import pytest
from langchain_openai import ChatOpenAI

from .openai_server import Drop, Failure, OpenAIServer, ToolCall, ToolCalls

WEATHER = {
    "type": "function",
    "function": {"name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
}
USER = {"role": "user", "content": "hello"}
CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": ""}}
ASKED = {"role": "assistant", "tool_calls": [CALL]}


def chat(server: OpenAIServer, **kwargs: Any) -> ChatOpenAI:
    return ChatOpenAI(model="gpt-4o", base_url=server.base_url, api_key=server.api_key, max_retries=0, **kwargs)


@pytest.mark.parametrize("size", [1, 3, None])
def test_streams_the_whole_answer_with_usage(size: int | None) -> None:
    with OpenAIServer(lambda request: "Grüße, world", chunk_size=size) as server:
        chunks = list(chat(server, stream_usage=True).stream("hello"))
    assert "".join(chunk.text for chunk in chunks) == "Grüße, world"
    assert sum((chunk.usage_metadata or {}).get("total_tokens", 0) for chunk in chunks) > 0
    assert server.requests[0]["messages"] == [USER]
    assert b"hello" in server.raw[0]


def test_answers_whole_with_usage() -> None:
    with OpenAIServer() as server:
        message = chat(server).invoke("hello")
    assert message.content == "hello"
    assert message.usage_metadata is not None


@pytest.mark.parametrize("streamed", [False, True])
def test_calls_tools(streamed: bool) -> None:
    calls = ToolCalls((ToolCall("weather", {"city": "Łódź"}), ToolCall("weather", '{"city": ', id="call_2")))
    with OpenAIServer(lambda request: calls, chunk_size=2) as server:
        model = chat(server).bind_tools([WEATHER])
        if streamed:
            message = None
            for chunk in model.stream("?"):
                message = chunk if message is None else message + chunk
        else:
            message = model.invoke("?")
    assert message is not None
    assert message.tool_calls[0]["args"] == {"city": "Łódź"}
    assert (message.invalid_tool_calls or message.tool_calls[1:])[0]["id"] == "call_2"


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (Failure(429, "slow down", retry_after=0), openai.RateLimitError),
        (Failure(500), openai.InternalServerError),
        (Failure(401, "no"), openai.AuthenticationError),
    ],
)
@pytest.mark.parametrize("streamed", [False, True])
def test_fails_as_told(failure: Failure, error: type[Exception], streamed: bool) -> None:
    with OpenAIServer(lambda request: failure) as server, pytest.raises(error):
        list(chat(server).stream("x")) if streamed else chat(server).invoke("x")


def test_drops_the_connection_in_mid_stream() -> None:
    received = []
    with OpenAIServer(lambda request: Drop("half an ans")) as server:
        stream = chat(server).stream("x")
        with pytest.raises((openai.APIError, httpx.HTTPError)):
            received.extend(chunk.text for chunk in stream)
    assert "".join(received) == "half an ans"


def test_lets_only_its_key_in() -> None:
    with OpenAIServer() as server, pytest.raises(openai.AuthenticationError):
        ChatOpenAI(model="m", base_url=server.base_url, api_key="sk-wrong", max_retries=0).invoke("x")
    assert server.requests == []


@pytest.mark.parametrize(
    "body",
    [
        {"messages": [USER]},
        {"model": "m", "messages": []},
        {"model": "m", "messages": [{"role": "human", "content": "x"}]},
        {"model": "m", "messages": [{"role": "user"}]},
        {"model": "m", "messages": [{"role": "user", "content": []}]},
        {"model": "m", "messages": [{"role": "user", "content": [{"type": "txt"}]}]},
        {"model": "m", "messages": [{"role": "tool", "content": "x", "tool_call_id": "c"}]},
        {"model": "m", "messages": [ASKED, USER]},
        {"model": "m", "messages": [ASKED]},
        {"model": "m", "messages": [USER], "stream_options": {"include_usage": True}},
        {"model": "m", "messages": [USER], "invented": 1},
        {"model": "m", "messages": [USER], "temperature": 3},
        {"model": "m", "messages": [USER], "tools": [{"type": "function", "function": {"name": "no blanks"}}]},
        ["no object"],
    ],
)
def test_refuses_what_openai_refuses(body: Any) -> None:
    with OpenAIServer() as server:
        url, headers = f"{server.base_url}/chat/completions", {"Authorization": f"Bearer {server.api_key}"}
        answer = httpx.post(url, json=body, headers=headers)
        broken = httpx.post(url, content=b"\xff{", headers={**headers, "Content-Type": "application/json"})
        missing = httpx.get(f"{server.base_url}/nothing", headers=headers)
    assert answer.status_code == broken.status_code == 400
    assert "error" in json.loads(answer.content)
    assert missing.status_code == 404
    assert server.requests == []
