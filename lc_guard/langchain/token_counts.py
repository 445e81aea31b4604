"""What tokens of a protected model are counted of: the text as its provider would see it, or an estimate."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Sequence
from typing import Any

from langchain_core.messages.utils import count_tokens_approximately
from langchain_core.runnables.config import ensure_config
from langchain_core.utils.function_calling import convert_to_openai_tool

from lc_guard._engine.requests import GuardRequest
from lc_guard.guard import Guard
from lc_guard.langchain.chat_model_call import received_blocks
from lc_guard.langchain.child_runs import call_session
from lc_guard.langchain.messages import Beside, map_texts, texts_of


def as_seen(guard: Guard, session_id: str | None, value: Any) -> Any:
    """Return a text or messages as the model of a guard would see them."""
    with call_session(guard, ensure_config(), fixed=session_id, isolated=True) as session:
        received = received_blocks(value, guard, session) if isinstance(value, list) else None
        shown, beside = value if received is None else received.others, Beside()
        texts = texts_of(shown, beside=beside)
        job = GuardRequest(texts, session.id, beside=[*beside.names], fixed=beside.fixed, origins=dict)
        (outcome,) = guard.check([job])
        outcome.raise_if_blocked()
        outcome.raise_if_held(job)
        hidden = map_texts(shown, outcome.hide, beside=outcome.hide)
        return hidden if received is None else received.put(hidden)


def on_event_loop() -> bool:
    """Return whether an event loop runs here."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def schemas(tools: Sequence[Any] | None) -> dict[str, Any]:
    """Return the argument for tools of LangChain's estimate, which not every version has."""
    takes = "tools" in inspect.signature(count_tokens_approximately).parameters
    return {"tools": [convert_to_openai_tool(tool) for tool in tools]} if tools and takes else {}
