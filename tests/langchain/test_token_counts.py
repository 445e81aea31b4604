"""Tokens are counted as the model would see the texts, and never where an event loop would wait."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from blockbuster import blockbuster_ctx
from langchain_core.language_models import FakeListChatModel
from langchain_core.messages import HumanMessage, trim_messages
from langchain_core.messages.utils import count_tokens_approximately
from langchain_core.tools import tool

from lc_guard import Entity, Guard, protect
from lc_guard.vaults import SQLVault
from tests.support.seams import NAME, P1, make_guard

MESSAGES = [HumanMessage(f"who is {NAME}")] * 5


class Counter(FakeListChatModel):
    """Counts words, and notes what it was given, and where."""

    responses: list[str] = [""]  # noqa: RUF012
    seen: list[Any] = []  # noqa: RUF012
    threads: set[Any] = set()  # noqa: RUF012

    def get_num_tokens_from_messages(self, messages: Any, tools: Any = None) -> int:
        self.seen.append([message.content for message in messages] + [tools])
        return sum(len(message.content.split()) for message in messages)

    def get_num_tokens(self, text: str) -> int:
        self.seen.append(text)
        return len(text.split())


class Slow:
    """Takes 20 ms for a text."""

    def detect(self, text: str) -> list[Entity]:
        time.sleep(0.02)
        return []


def test_the_inner_model_counts_what_it_would_see() -> None:
    inner = Counter(seen=[])
    model = protect(inner, make_guard())
    assert model.get_num_tokens_from_messages(MESSAGES) == 15
    assert model.get_num_tokens(f"who is {NAME}") == 3
    assert inner.seen == [[f"who is {P1}"] * 5 + [None], f"who is {P1}"]


async def test_on_an_event_loop_nobody_waits_and_nobody_is_asked(tmp_path: Path) -> None:
    inner = Counter(seen=[])
    model = protect(inner, Guard(Slow(), vault=SQLVault(f"sqlite:///{tmp_path}/v.db")), session_id="s")
    many = [HumanMessage(f"message {number} of {NAME}") for number in range(200)]
    with blockbuster_ctx():
        started = time.perf_counter()
        counted = model.get_num_tokens_from_messages(many)
        assert time.perf_counter() - started < 2, "200 messages of 20 ms each"
        assert counted == count_tokens_approximately(many)
        assert model.get_num_tokens("eight by") == 2
        kept = trim_messages(many, max_tokens=100, token_counter=model, strategy="last")
    assert 0 < len(kept) < 20
    assert inner.seen == []


async def test_in_a_thread_of_its_own_the_count_is_exact() -> None:
    inner = Counter(seen=[])
    model = protect(inner, make_guard())
    assert await asyncio.to_thread(model.get_num_tokens_from_messages, MESSAGES) == 15
    assert inner.seen == [[f"who is {P1}"] * 5 + [None]]
    assert threading.current_thread() is threading.main_thread()


@pytest.mark.parametrize("is_async", [False, True])
def test_tools_count(is_async: bool) -> None:
    @tool
    def look(who: str) -> str:
        """Look somebody up in the book of names."""
        return who

    model = protect(Counter(seen=[]), make_guard())

    async def on_a_loop() -> tuple[int, int]:
        return model.get_num_tokens_from_messages(MESSAGES), model.get_num_tokens_from_messages(MESSAGES, tools=[look])

    if is_async:
        bare, tools = asyncio.run(on_a_loop())
        assert tools > bare
    else:
        assert model.get_num_tokens_from_messages(MESSAGES, tools=[look]) == 15
        assert model.inner.seen[-1][-1] == [look]  # type: ignore[attr-defined]
