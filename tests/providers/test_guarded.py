"""Seven providers' real clients behind the guard: what arrives, what tools get, what the user sees, what is counted."""

from __future__ import annotations

import json
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.messages import HumanMessage, SystemMessage
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver

from lc_guard import Guard, GuardMiddleware, protect
from lc_guard.langchain.content_blocks import CALL_SIGNATURES
from lc_guard.langchain.messages import KEPT
from lc_guard.testing import ExactDetector
from tests.providers.conversations import WAYS, aask, run_agent
from tests.support.providers import CLIENTS, Answer, Asked, Call, ProviderServer
from tests.support.received import found_in

NAME, MAIL, CITY = 'Jane "Jo" Doe', "jane.doe@example.org", "Turin"
PLANTED = (NAME, MAIL, "Doe")
SYSTEM = f"You help {NAME}. Be kind."
# what a provider makes anew for each answer, and what HTTP says of it
_OWN = frozenset(
    {
        "id", "signature", "thought_signature", "encrypted_content", "data", "redacted_content", "call_id", "date",
        "content-length", "created_at", CALL_SIGNATURES, KEPT,
    }
)  # fmt: skip
pytestmark = [pytest.mark.models, pytest.mark.asyncio(loop_scope="module")]


def guard() -> Guard:
    return Guard(detectors=[ExactDetector({"PERSON": [NAME], "EMAIL_ADDRESS": [MAIL]})])


def reply(asked: Asked) -> Answer:
    """Speak of who is asked about, by the name that arrived."""
    name = next((each for each in asked.placeholders if "PERSON" in each), NAME)
    mail = next((each for each in asked.placeholders if "EMAIL" in each), MAIL)
    if asked.answers_tool:
        return Answer(f"{name} lives in {CITY}: {mail}", thinking=f"So {name} it is.", cut="stop early" in asked.text)
    return Answer(f"I look for {name}.", (Call("find", {"who": name, "mail": mail}),), thinking=f"Who is {name}?")


def comparable(message: Any) -> Any:
    """Return what of an answer does not change from one to the next."""
    told = {
        "text": message.text,
        "content": message.content,
        "calls": message.tool_calls,
        "invalid": message.invalid_tool_calls,
        "usage": message.usage_metadata,
        "response": message.response_metadata,
        "additional": message.additional_kwargs,
    }
    return _without_own(json.loads(json.dumps(told, default=str)))


def _without_own(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_own(item) for key, item in value.items() if key not in _OWN}
    return [_without_own(item) for item in value] if isinstance(value, list) else value


def look(who: str, mail: str) -> str:
    """Find where somebody lives."""
    return f"{who}, {mail}: {CITY}"


FIND = tool("find")(look)


async def turns(model: Any, way: str) -> list[Any]:
    """Ask a model with a tool, give it the result, and ask once more; returns its answers."""
    messages: list[Any] = [SystemMessage(SYSTEM), HumanMessage(f"Where does {NAME} live? ({MAIL})")]
    answers = []
    for said in (None, "Sure? stop early"):
        if said:
            messages.append(HumanMessage(said))
        answers.append(await aask(model, messages, way))
        messages += [answers[-1], FIND.invoke(answers[-1].tool_calls[0])]
        answers.append(await aask(model, messages, way))
        messages.append(answers[-1])
    return answers


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("provider", CLIENTS)
async def test_a_protected_model_is_the_model_but_for_what_arrives(provider: str, way: str) -> None:
    with ProviderServer(reply) as server:
        client = CLIENTS[provider](server.url).bind_tools([FIND])
        plain = await turns(client, way)
        assert found_in([server.sent()], PLANTED) == list(PLANTED)  # without a guard they arrive
        asked = len(server.requests)
        answers = await turns(protect(client, guard(), session_id="s"), way)
    assert not server.refused
    assert found_in([each.text for each in server.requests[asked:]], PLANTED) == []
    assert [comparable(each) for each in answers] == [comparable(each) for each in plain]
    assert [each.tool_calls[0]["args"] for each in answers[::2]] == [{"who": NAME, "mail": MAIL}] * 2
    assert answers[1].text == f"{NAME} lives in {CITY}: {MAIL}"
    assert answers[1].usage_metadata["total_tokens"] == 42


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("provider", CLIENTS)
async def test_an_agent_is_the_agent_but_for_what_arrives(provider: str, way: str) -> None:
    got: list[tuple[str, str]] = []

    @tool("find")
    def noted(who: str, mail: str) -> str:
        """Find where somebody lives."""
        got.append((who, mail))
        return look(who, mail)

    async def run(*middleware: Any) -> list[Any]:
        client = CLIENTS[provider](server.url)
        agent = create_agent(client, [noted], system_prompt=SYSTEM, middleware=middleware, checkpointer=InMemorySaver())
        config: Any = {"configurable": {"thread_id": "1"}}
        for said in (f"Where does {NAME} live? ({MAIL})", "Sure? stop early"):
            state = await run_agent(agent, said, way, config)
        return [each for each in state["messages"] if each.type.startswith(("ai", "AI"))]

    with ProviderServer(reply) as server:
        plain = await run()
        asked = len(server.requests)
        answers = await run(GuardMiddleware(guard()))
    assert not server.refused
    assert found_in([each.text for each in server.requests[asked:]], PLANTED) == []
    assert got == [(NAME, MAIL)] * 4
    assert [comparable(each) for each in answers] == [comparable(each) for each in plain]
    assert len(answers) == 4
    assert answers[-1].text == f"{NAME} lives in {CITY}: {MAIL}"
