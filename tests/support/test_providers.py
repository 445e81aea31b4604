"""The stand-in for the providers: real clients get through, and what a provider would refuse is refused."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage

from lc_guard.langchain.messages import map_texts
from tests.providers.conversations import WAYS, aask, find
from tests.support.providers import CLIENTS, Answer, Asked, Call, ProviderServer

THOUGHT = 'I have to find "her", née Ünal.\nThen I answer.'
SIGNED = ("anthropic", "bedrock", "gemini", "openai responses")
# clients keep connections open, each in the loop that it was asked in
in_one_loop = pytest.mark.asyncio(loop_scope="module")
pytestmark = pytest.mark.models


def reply(asked: Asked) -> Answer:
    if asked.answers_tool:
        return Answer("She lives in Turin.", thinking="Turin, then.")
    return Answer("Let me look.", (Call("find", {"who": 'Ada "Q" é'}),), thinking=THOUGHT, redacted=True)


async def conversation(model: Any, way: str, change: Any = None) -> list[Any]:
    """Two turns, one with a tool; what was answered first may be changed before it goes back."""
    messages: list[Any] = [SystemMessage("Be kind."), HumanMessage("Where is Ada?")]
    called = await aask(model.bind_tools([find]), messages, way)
    sent = called if change is None else change(called)
    result = ToolMessage("Turin", tool_call_id=called.tool_calls[0]["id"], name="find")
    messages += [sent, result]
    said = await aask(model.bind_tools([find]), messages, way)
    messages += [said, HumanMessage("Sure?")]
    await aask(model.bind_tools([find]), messages, way)
    return [called, said]


@in_one_loop
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("provider", CLIENTS)
async def test_a_conversation_with_a_tool_and_signed_thinking_gets_through(provider: str, way: str) -> None:
    with ProviderServer(reply) as server:
        called, said = await conversation(CLIENTS[provider](server.url), way)
    assert not server.refused
    assert {asked.provider for asked in server.requests} == {provider}
    assert called.tool_calls[0]["args"] == {"who": 'Ada "Q" é'}
    assert called.text == "Let me look."
    assert said.text == "She lives in Turin."
    assert said.usage_metadata["total_tokens"] == 42


@in_one_loop
@pytest.mark.parametrize("provider", SIGNED)
@pytest.mark.parametrize("way", ["invoke", "stream"])
async def test_a_changed_letter_of_signed_thinking_is_refused(provider: str, way: str) -> None:
    def changed(message: AIMessage) -> AIMessage:
        content = map_texts(message.content, lambda text: text.replace("I have to", "I want to"), strict=False)
        assert content != message.content
        return message.model_copy(update={"content": content})

    with ProviderServer(reply) as server, pytest.raises(Exception, match=r"400|alidation"):
        await conversation(CLIENTS[provider](server.url), way, changed)
    assert "changed" in server.refused[0] or "modified" in server.refused[0] or "not valid" in server.refused[0]


@in_one_loop
@pytest.mark.parametrize("provider", ["anthropic", "bedrock"])
async def test_changed_encrypted_thinking_is_refused(provider: str) -> None:
    def changed(message: AIMessage) -> AIMessage:
        content = [_resealed(block) for block in message.content]
        assert content != message.content
        return message.model_copy(update={"content": content})

    with ProviderServer(reply) as server, pytest.raises(Exception, match=r"400|alidation"):
        await conversation(CLIENTS[provider](server.url), "invoke", changed)
    assert "redacted" in server.refused[0]


def _resealed(block: dict[str, Any]) -> dict[str, Any]:
    if block["type"] == "redacted_thinking":
        return {**block, "data": block["data"][::-1]}
    if "redacted_content" in block.get("reasoning_content", ()):
        return {**block, "reasoning_content": {"redacted_content": b"MTp4"}}
    return block


@in_one_loop
@pytest.mark.parametrize("provider", [provider for provider in CLIENTS if provider != "gemini"])
async def test_a_result_that_answers_no_call_is_refused(provider: str) -> None:
    orphan = [HumanMessage("Hello"), AIMessage("Hi"), ToolMessage("Turin", tool_call_id="call_1", name="find")]
    with ProviderServer(reply) as server, pytest.raises(Exception, match=r"400|alidation|answers no"):
        await aask(CLIENTS[provider](server.url).bind_tools([find]), orphan, "invoke")
    assert len(server.refused) == 1


@in_one_loop
@pytest.mark.parametrize("provider", [provider for provider in CLIENTS if provider != "ollama"])  # which takes it
async def test_a_call_without_a_result_is_refused(provider: str) -> None:
    with ProviderServer(reply) as server:
        model = CLIENTS[provider](server.url).bind_tools([find])
        asked = HumanMessage("Where is Ada?")
        called = await aask(model, [asked], "invoke")
        with pytest.raises(Exception, match=r"400|alidation"):
            await aask(model, [asked, called, HumanMessage("Well?")], "invoke")
    assert len(server.refused) == 1


BODIES: dict[str, tuple[str, dict[str, Any]]] = {
    "openai": ("/v1/chat/completions", {"model": "m", "messages": [{"role": "user", "content": "hi"}]}),
    "openai responses": ("/v1/responses", {"model": "m", "input": "hi"}),
    "anthropic": ("/v1/messages", {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}),
    "gemini": ("/v1beta/models/m:generateContent", {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}),
    "bedrock": ("/model/m/converse", {"messages": [{"role": "user", "content": [{"text": "hi"}]}]}),
    "ollama": ("/api/chat", {"model": "m", "stream": False, "messages": [{"role": "user", "content": "hi"}]}),
    "mistral": ("/mistral/v1/chat/completions", {"model": "m", "messages": [{"role": "user", "content": "hi"}]}),
    "groq": ("/groq/openai/v1/chat/completions", {"model": "m", "messages": [{"role": "user", "content": "hi"}]}),
}
KEYS = {
    "Authorization": "Bearer k",
    "x-goog-api-key": "k",
    "anthropic-version": "2023-06-01",
    "Content-Type": "application/json",
}


@pytest.mark.parametrize("provider", BODIES)
def test_keys_that_no_schema_has_are_refused(provider: str) -> None:
    path, body = BODIES[provider]
    headers = {**KEYS, "Authorization": "AWS4-HMAC-SHA256 x"} if provider == "bedrock" else KEYS
    inside = json.loads(json.dumps(body))
    for block in inside.get("messages") or inside.get("contents") or []:
        block["kept"] = "x"
    with ProviderServer(lambda asked: "fine") as server, httpx.Client(base_url=server.url, headers=headers) as client:
        assert client.post(path, json=body).status_code == 200
        assert client.post(path, json={**body, "kept": "x"}).status_code == 400
        if inside != body:
            assert client.post(path, json=inside).status_code == 400
    assert len(server.requests) >= 2  # what is refused is noted as well
    assert '"kept"' in server.sent()


def test_a_path_that_nobody_has_is_told() -> None:
    with ProviderServer(lambda asked: "fine") as server:
        assert httpx.post(f"{server.url}/v1/embeddings", json={}).status_code == 404
    assert server.refused == ["no such path: /v1/embeddings"]
