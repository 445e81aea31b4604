"""A service that streams answers: ``uvicorn fastapi_service:app``. Every conversation has a session of its own.

VAULT_URL names where values are kept: postgresql+psycopg://... or redis://... when several workers serve, which then
share it; a SQLite file otherwise.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from shown import chat_model

from lc_guard import Guard, protect  # guard
from lc_guard.vaults import RedisVault, SQLVault

url = os.environ.get("VAULT_URL", "sqlite:///conversations.db")
vault = RedisVault(url) if url.startswith("redis") else SQLVault(url)
model = protect(chat_model(), Guard(vault=vault))  # guard
app = FastAPI()


class Question(BaseModel):
    """What a user asks."""

    conversation: str
    text: str


@app.post("/ask")
async def ask(question: Question) -> StreamingResponse:
    """Stream the answer, with real values, as the model writes it."""
    config = {"configurable": {"session_id": question.conversation}}  # guard

    async def pieces() -> AsyncIterator[str]:
        async for chunk in model.astream(question.text, config):
            yield chunk.text

    return StreamingResponse(pieces(), media_type="text/plain")
