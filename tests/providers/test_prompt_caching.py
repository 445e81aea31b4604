"""What a provider is sent begins with what it was sent before, so that its cache hits: with tools and thinking."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from langchain.agents import create_agent
from langgraph.checkpoint.memory import InMemorySaver

from lc_guard import Guard, GuardMiddleware
from lc_guard.testing import ExactDetector
from tests.providers.conversations import find
from tests.support.providers import CLIENTS, Answer, Asked, Call, ProviderServer

TURNS = 12
PEOPLE = [f"{first} {last}" for first in ("Jane", "Tom", "Zoë") for last in ("O'Hara", "Abernethy", "Ruiz", "Weber")]
HOLDERS = {"anthropic": "messages", "bedrock": "messages", "gemini": "contents", "openai responses": "input"}
pytestmark = pytest.mark.models


def reply(asked: Asked) -> Answer:
    name = asked.placeholders[-1]
    if asked.answers_tool:
        return Answer(f"Done: {name.strip('[]')} lives there.", thinking="REDACTED_PERSON_1, or Mary Stone?")
    return Answer(
        f"For {name}", (Call("find", {"who": "PERSON_1"}),), thinking=f"Who is {name.lower()}?", redacted=True
    )


@pytest.mark.parametrize("provider", [*CLIENTS])
async def test_every_request_begins_with_the_one_before(provider: str) -> None:
    guard = Guard(detectors=[ExactDetector({"PERSON": [*PEOPLE, "Mary Stone"]})])
    with ProviderServer(reply) as server:
        agent = create_agent(
            CLIENTS[provider](server.url),
            [find],
            system_prompt=f"You work for {PEOPLE[0]}.",
            middleware=[GuardMiddleware(guard)],
            checkpointer=InMemorySaver(),
        )
        config: Any = {"configurable": {"thread_id": "1"}, "recursion_limit": 100}
        for number in range(TURNS):
            said = f"Where does {PEOPLE[number]} live? As {PEOPLE[number // 2]} does?"
            await agent.ainvoke({"messages": [("user", said)]}, config)
    assert not server.refused
    assert len(server.requests) == 2 * TURNS
    holder = HOLDERS.get(provider, "messages")
    sent = [{**asked.body} for asked in server.requests]
    for before, after in itertools.pairwise(sent):
        told, more = before.pop(holder), after[holder]
        assert more[: len(told)] == told
        assert {**after, holder: None} == {**before, holder: None}  # instructions and tools as well
