"""200 conversations at once on one guard and one agent: nobody gets anybody else's values."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver

from lc_guard import Entity, Guard
from lc_guard.langchain.checkpointer import GuardCheckpointer
from tests.support.agents import agent_of, asked, call, config, script, sent
from tests.support.openai_server import ToolCalls
from tests.support.seams import P1

VALUE = re.compile(r"Canary-\d+-(?:first|second)")


class Canaries:
    name = "canaries"

    def detect(self, text: str) -> list[Entity]:
        return [Entity("PERSON", match.start(), match.end(), 1.0) for match in VALUE.finditer(text)]


@pytest.mark.parametrize(("anonymized", "conversations"), [(False, 200), (True, 60)], ids=["original", "anonymized"])
def test_no_value_crosses(anonymized: bool, conversations: int) -> None:
    guard = Guard(Canaries())
    got: Counter[tuple[str, str]] = Counter()

    @tool
    def send_mail(to: str) -> str:
        """Send a mail."""
        got["send_mail", to] += 1
        return f"sent to {to}, copy to {to.replace('first', 'second')}"

    replies = script(
        ToolCalls((call("send_mail", to=P1),), content=f"Asking {P1}"),
        f"{P1} and [REDACTED_PERSON_2]",
        f"Again {P1}, [REDACTED_PERSON_2]",
    )
    inner = InMemorySaver()
    saver = GuardCheckpointer(inner, guard=guard) if anonymized else inner
    settings: dict[str, Any] = {"state": "anonymized" if anonymized else "original"}

    def expected(number: int) -> list[str]:
        first, second = f"Canary-{number}-first", f"Canary-{number}-second"
        return [
            f"I am {first}", f"Asking {first}", f"sent to {first}, copy to {second}", f"{first} and {second}",
            "and again?", f"Again {first}, {second}",
        ]  # fmt: skip

    with agent_of(guard, replies, tools=[send_mail], checkpointer=saver, settings=settings, size=None) as (
        agent,
        server,
    ):

        def threaded(number: int) -> list[str]:
            agent.invoke(asked(f"I am Canary-{number}-first"), config(f"t-{number}"))
            pieces = list(agent.stream(asked("and again?"), config(f"t-{number}"), stream_mode="values"))
            return [message.text for message in pieces[-1]["messages"]]

        async def tasked(number: int, turns: asyncio.Semaphore) -> list[str]:
            async with turns:
                await agent.ainvoke(asked(f"I am Canary-{number}-first"), config(f"t-{number}"))
                done = await agent.ainvoke(asked("and again?"), config(f"t-{number}"))
                return [message.text for message in done["messages"]]

        async def all_tasks(numbers: range) -> list[list[str]]:
            turns = asyncio.Semaphore(16)
            return await asyncio.gather(*(tasked(number, turns) for number in numbers))

        half = conversations // 2
        with ThreadPoolExecutor(8) as threads:
            futures = [threads.submit(threaded, number) for number in range(half)]
            tasks = asyncio.run(all_tasks(range(half, conversations)))
            done = [future.result() for future in futures] + tasks
        assert "Canary" not in sent(server)
    assert [texts for number, texts in enumerate(done) if texts != expected(number)] == []
    assert got == {("send_mail", f"Canary-{number}-first"): 1 for number in range(conversations)}
    if anonymized:
        assert not [found for found in inner.list(None) if VALUE.search(repr(found))]
