"""What the tests of the LangChain seams share: a detector that counts, a handler that notes all, all modes."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import httpx
from langchain_core.callbacks import BaseCallbackHandler
from langchain_openai import ChatOpenAI

from lc_guard import Entity, Guard
from lc_guard.testing import ExactDetector

from .openai_server import OpenAIServer, Reply

NAME, MAIL, ODD = "Zebulon Quartermain", "zeb@canary.example", 'Ignatia "Iggy" O\'Van\\der\nSloot'
VALUES = {"PERSON": [NAME, ODD], "EMAIL": [MAIL]}
P1, P2, E1 = "[REDACTED_PERSON_1]", "[REDACTED_PERSON_2]", "[REDACTED_EMAIL_1]"
CONFIG = {"configurable": {"session_id": "s-1"}}


class BatchDetector(ExactDetector):
    """Finds exact texts in batches and notes each batch."""

    def __init__(self, values: dict[str, list[str]] | None = None) -> None:
        super().__init__(VALUES if values is None else values)
        self.batches: list[list[str]] = []

    def detect_batch(self, texts: Sequence[str]) -> list[list[Entity]]:
        self.batches.append(list(texts))
        return [self.detect(text) for text in texts]


def make_guard(**kwargs: Any) -> Guard:
    """A guard that finds `VALUES`, or what its detectors find."""
    kwargs.setdefault("detectors", BatchDetector())
    return Guard(**kwargs)


def filled_guard() -> Guard:
    """A guard whose session ``s-1`` knows `NAME` as `P1`, `ODD` as `P2`, `MAIL` as `E1`."""
    guard = make_guard()
    assert guard.session("s-1").anonymize(f"{NAME}|{ODD}|{MAIL}") == f"{P1}|{P2}|{E1}"
    return guard


class Noter(BaseCallbackHandler):
    """Notes everything that LangChain tells its handlers, as (event, name, data, run id, parent id, metadata)."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, Any, Any, Any, Any]] = []
        self._lock = threading.Lock()

    def _note(self, event: str, data: Any, kwargs: dict[str, Any]) -> None:
        noted = (kwargs.get("name") or "", data, kwargs.get("run_id"), kwargs.get("parent_run_id"))
        with self._lock:
            self.calls.append((event, *noted, (kwargs.get("tags"), kwargs.get("metadata"))))

    def on_chain_start(self, serialized: Any, inputs: Any, **kwargs: Any) -> None:
        self._note("chain_start", inputs, kwargs)

    def on_chain_end(self, outputs: Any, **kwargs: Any) -> None:
        self._note("chain_end", outputs, kwargs)

    def on_chain_error(self, error: BaseException, **kwargs: Any) -> None:
        self._note("chain_error", error, kwargs)

    def on_chat_model_start(self, serialized: Any, messages: Any, **kwargs: Any) -> None:
        self._note("model_start", messages, kwargs)

    def on_llm_new_token(self, token: str, **kwargs: Any) -> None:
        self._note("token", (token, kwargs.get("chunk")), kwargs)

    def on_llm_end(self, response: Any, **kwargs: Any) -> None:
        self._note("model_end", response, kwargs)

    def on_llm_error(self, error: BaseException, **kwargs: Any) -> None:
        self._note("model_error", error, kwargs)

    def on_custom_event(self, name: str, data: Any, **kwargs: Any) -> None:
        self._note("custom", data, {**kwargs, "name": name})

    def of(self, event: str, name: str | None = None) -> list[tuple[Any, ...]]:
        return [call for call in self.calls if call[0] == event and name in (None, call[1])]


@contextmanager
def openai(reply: Callable[[dict[str, Any]], Reply], *, size: int | None = 1) -> Iterator[tuple[Any, OpenAIServer]]:
    """A real ``ChatOpenAI`` and the loopback server it talks to."""
    with OpenAIServer(reply, chunk_size=size) as server:
        yield chat(server), server


def chat(server: OpenAIServer) -> ChatOpenAI:
    fresh = httpx.AsyncClient(limits=httpx.Limits(max_keepalive_connections=0))  # each test has event loops of its own
    return ChatOpenAI(
        model="gpt-4o",
        base_url=server.base_url,
        api_key=server.api_key,
        max_retries=0,
        stream_usage=True,
        http_async_client=fresh,
    )


MODES = ("invoke", "ainvoke", "stream", "astream", "batch", "abatch")


def run(step: Any, mode: str, value: Any, config: Any = CONFIG) -> list[Any]:
    """Run a step in a mode; the pieces of a stream, one result otherwise (batch modes get the input twice)."""

    async def go() -> list[Any]:
        match mode:
            case "ainvoke":
                return [await step.ainvoke(value, config)]
            case "abatch":
                return (await step.abatch([value, value], config))[:1]
        return [piece async for piece in step.astream(value, config)]

    match mode:
        case "invoke":
            return [step.invoke(value, config)]
        case "stream":
            return list(step.stream(value, config))
        case "batch":
            return step.batch([value, value], config)[:1]
    return asyncio.run(go())


def added(pieces: Sequence[Any]) -> Any:
    """Add pieces up as LangChain does; what can't be added replaces what was there."""
    whole = pieces[0]
    for piece in pieces[1:]:
        try:
            whole = whole + piece
        except TypeError:
            whole = piece
    return whole
