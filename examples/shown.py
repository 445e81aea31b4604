"""Models and embeddings of OpenAI that print what they send, read from the request that leaves."""

from __future__ import annotations

import json
from typing import Any

import httpx
from langchain_openai import ChatOpenAI, OpenAIEmbeddings


def _show(request: httpx.Request) -> None:
    body = json.loads(request.content)
    for message in body.get("messages", ()):
        said = message.get("content") or [call["function"] for call in message.get("tool_calls", ())]
        print(f"  sent | {message['role']}: {said}", flush=True)
    for text in [body["input"]] if isinstance(body.get("input"), str) else body.get("input", ()):
        print(f"  sent | to embed: {text}", flush=True)


async def _ashow(request: httpx.Request) -> None:
    _show(request)


def _clients() -> dict[str, Any]:
    return {
        "http_client": httpx.Client(event_hooks={"request": [_show]}),
        "http_async_client": httpx.AsyncClient(event_hooks={"request": [_ashow]}),
    }


def chat_model() -> ChatOpenAI:
    """Return a chat model; OPENAI_API_KEY and OPENAI_BASE_URL say where it is."""
    return ChatOpenAI(model="gpt-4o-mini", **_clients())


def embeddings() -> OpenAIEmbeddings:
    """Return embeddings of the same provider."""
    return OpenAIEmbeddings(model="text-embedding-3-small", check_embedding_ctx_length=False, **_clients())
