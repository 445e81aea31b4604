"""A service that streams answers: ``uvicorn service:app``. The model sees placeholders, the caller real values.

It reads from the environment: MODEL (``openai:gpt-4o-mini``), VAULT_URL, LC_GUARD_VAULT_KEYS, and if traces are wanted
LANGFUSE_PUBLIC_KEY, LANGFUSE_SECRET_KEY and LANGFUSE_BASE_URL.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from lc_guard import Guard, protect
from lc_guard.langfuse import CallbackHandler
from lc_guard.vaults import EncryptedVault, SQLVault


def make_guard() -> Guard:
    """Return the guard of the whole service; its vault is shared by all workers and encrypted."""
    return Guard(vault=EncryptedVault(SQLVault(os.environ["VAULT_URL"])))


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Refuse to start with a wrong password or key, or without the models; ask nobody before."""
    guard = make_guard()
    await run_in_threadpool(guard.vault.check)
    await guard.awarm_up()
    app.state.guard = guard
    app.state.model = protect(os.environ.get("MODEL", "openai:gpt-4o-mini"), guard)
    app.state.handlers = [CallbackHandler(guard)] if os.environ.get("LANGFUSE_PUBLIC_KEY") else []
    yield
    for handler in app.state.handlers:
        await run_in_threadpool(handler.flush)


app = FastAPI(lifespan=lifespan)


class Question(BaseModel):
    """What a user asks in a conversation."""

    conversation: str = Field(min_length=1, max_length=200)
    text: str = Field(min_length=1, max_length=100_000)


@app.post("/ask")
async def ask(question: Question, request: Request) -> StreamingResponse:
    """Stream the answer, with real values, as the model writes it."""
    state = request.app.state
    config: Any = {"configurable": {"session_id": question.conversation}, "callbacks": state.handlers}

    async def pieces() -> AsyncIterator[str]:
        async for chunk in state.model.astream(question.text, config):
            yield chunk.text

    return StreamingResponse(pieces(), media_type="text/plain")


@app.delete("/conversations/{conversation}")
async def forget(conversation: str, request: Request) -> dict[str, bool]:
    """Drop the values of a conversation for good."""
    return {"forgotten": await request.app.state.guard.session(conversation).aforget()}


@app.get("/health")
async def health(request: Request) -> dict[str, str]:
    """Say whether the vault can be asked."""
    await run_in_threadpool(request.app.state.guard.vault.check)
    return {"status": "ok"}
