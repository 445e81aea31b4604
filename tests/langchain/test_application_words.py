"""Names of tools, of their arguments and of schemas are no persons; what is left alone is still watched."""

from __future__ import annotations

import asyncio
import json
from enum import Enum
from typing import Any, Literal

import pytest
from langchain.agents import create_agent
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.tools import tool
from pydantic import BaseModel, Field

from lc_guard import Guard, GuardMiddleware, protect
from lc_guard.errors import LeakPrevented
from lc_guard.testing import ExactDetector
from tests.support.openai_server import ToolCall, ToolCalls
from tests.support.seams import chat, openai

WORDS = ["ResearchComplete", "ConductResearch", "SQLQuery", "Question", "Done", "Researcher", "Billing"]
NAME = "Zebulon Quartermain"
PROMPT = (
    "Call ConductResearch, then ResearchComplete. Use Question. Ask Researcher. When Done, write SQLQuery to Billing."
)
AGENT = "Call ConductResearch for Billing, or ask Researcher."
CONFIG: Any = {"configurable": {"session_id": "s"}}


class Team(Enum):
    """Teams."""

    BILLING = "Billing"
    OTHER = "other"


class ResearchComplete(BaseModel):
    """Call this when research is complete."""


class Question(BaseModel):
    """A question, with its query."""

    SQLQuery: str = Field(description="the query")
    team: Team
    state: Literal["Done", "open"]


@tool
def ConductResearch(topic: str) -> str:
    """Look something up."""
    return f"about {topic}"


@tool
def transfer_to_Researcher() -> str:
    """Hand over."""
    return "handed over"


TOOLS = [ResearchComplete, Question, ConductResearch, transfer_to_Researcher]


def guard(*, people: tuple[str, ...] = (NAME,)) -> Guard:
    """A guard whose detector takes the application's words for persons."""
    return Guard(ExactDetector({"PERSON": [*WORDS, *people]}))


def prompt_of(server: Any, number: int = -1) -> str:
    return json.dumps(server.requests[number]["messages"], ensure_ascii=False)


def test_words_of_tools_and_schemas_stay_in_prompts() -> None:
    with openai(lambda request: "fine") as (model, server):
        bound = protect(model, guard()).bind_tools(TOOLS)
        bound.invoke([SystemMessage(PROMPT), HumanMessage(f"I am {NAME}. {PROMPT}")], CONFIG)
    sent = prompt_of(server)
    assert sent.count(PROMPT) == 2
    assert NAME not in sent
    assert "I am [REDACTED_PERSON_1]." in sent
    assert "REDACTED" not in json.dumps(server.requests[0]["tools"])


def test_without_tools_nobody_knows_that_they_are_words() -> None:
    with openai(lambda request: "fine") as (model, server):
        protect(model, guard()).invoke([SystemMessage(PROMPT), HumanMessage("hi")], CONFIG)
    assert not [word for word in WORDS if word in prompt_of(server)]


def test_structured_output_brings_its_words() -> None:
    answer = json.dumps({"SQLQuery": "x", "team": "Billing", "state": "Done"})
    with openai(lambda request: ToolCalls((ToolCall("Question", answer),))) as (model, server):
        made = protect(model, guard()).with_structured_output(Question, method="function_calling")
        given = made.invoke(f"Done? SQLQuery for Billing, says {NAME}.", CONFIG)
    assert "Done? SQLQuery for Billing, says [REDACTED_PERSON_1]." in prompt_of(server)
    assert given == Question(SQLQuery="x", team=Team.BILLING, state="Done")


def test_a_value_of_the_session_is_hidden_though_it_is_a_word() -> None:
    with openai(lambda request: ToolCalls((ToolCall("Question", {"team": "[REDACTED_PERSON_1]"}),))) as (model, server):
        own = guard()
        own.session("s").anonymize("I am Billing")
        definition = {
            "name": "Question",
            "parameters": {"type": "object", "properties": {"team": {"enum": ["Billing"]}}},
        }
        bound = protect(model, own).bind_tools([{"type": "function", "function": definition}])
        answer = bound.invoke("Is Billing there? Done.", CONFIG)
    assert "Billing" not in server.raw[0].decode()
    assert "Is [REDACTED_PERSON_1] there?" in prompt_of(server)
    assert answer.tool_calls[0]["args"] == {"team": "Billing"}


def test_a_name_is_no_word_because_a_tool_has_half_of_it() -> None:
    with openai(lambda request: "fine") as (model, server):
        definition = {"name": "Zebulon", "parameters": {"type": "object", "properties": {"x": {"type": "string"}}}}
        bound = protect(model, guard()).bind_tools([{"type": "function", "function": definition}])
        bound.invoke(f"I am {NAME}, Done by Zebulon.", CONFIG)
    assert "I am [REDACTED_PERSON_1]" in prompt_of(server)
    assert "Quartermain" not in server.raw[0].decode()


def test_a_part_of_a_tools_name_is_no_value_either() -> None:
    with openai(lambda request: "fine") as (model, server):
        definition = {"name": "Done_with_it", "parameters": {"type": "object", "properties": {}}}
        bound = protect(model, guard()).bind_tools([{"type": "function", "function": definition}])
        bound.invoke(f"Call Done_with_it for {NAME}", CONFIG)
    assert "Call Done_with_it for [REDACTED_PERSON_1]" in prompt_of(server)


@pytest.mark.parametrize("asynchronous", [False, True])
def test_an_agent_knows_its_tools(asynchronous: bool) -> None:
    def reply(request: Any) -> Any:
        if len(request["messages"]) > 2:
            return "Done with [REDACTED_PERSON_1]"
        return ToolCalls((ToolCall("ConductResearch", {"topic": "[REDACTED_PERSON_1]"}),))

    with openai(reply) as (model, server):
        middleware = [GuardMiddleware(guard(), self_test="never")]
        agent = create_agent(model, TOOLS[2:], system_prompt=AGENT, middleware=middleware, name="Billing")
        asked: Any = {"messages": [HumanMessage(f"Ask Researcher for {NAME}")]}
        state = asyncio.run(agent.ainvoke(asked, CONFIG)) if asynchronous else agent.invoke(asked, CONFIG)
    assert AGENT in prompt_of(server)
    assert "Ask Researcher for [REDACTED_PERSON_1]" in prompt_of(server)
    assert "Zebulon" not in "".join(map(str, server.requests))
    assert state["messages"][-1].content == f"Done with {NAME}"


LEFT = [
    SystemMessage("Sell Billing to Ada"),
    HumanMessage("As Bob says", name="examples"),
    HumanMessage(f"I am {NAME}"),
]


@pytest.mark.parametrize(
    ("leave", "raw"), [((), 0), (("system",), 1), (("examples",), 1), (["system", "examples", "tools"], 2)]
)
@pytest.mark.parametrize("asynchronous", [False, True])
def test_what_is_left_is_sent_as_it_is(leave: Any, raw: int, asynchronous: bool) -> None:
    with openai(lambda request: "fine") as (model, server):
        safe = protect(model, guard(people=(NAME, "Ada", "Bob")), leave=leave)
        asyncio.run(safe.ainvoke(LEFT, CONFIG)) if asynchronous else safe.invoke(LEFT, CONFIG)
    sent = prompt_of(server)
    assert sum(name in sent for name in ("Ada", "Bob")) == raw
    assert NAME not in sent


def test_tools_can_be_left() -> None:
    described = {"type": "function", "function": {"name": "f", "description": "as Ada says", "parameters": {}}}
    for leave, raw in (((), 0), (("tools",), 1)):
        with openai(lambda request: "fine") as (model, server):
            own = Guard(ExactDetector({"PERSON": ["Ada"]}))
            protect(model, own, leave=leave).bind_tools([described]).invoke("hi", CONFIG)
        assert json.dumps(server.requests[0]["tools"]).count("Ada") == raw


@pytest.mark.parametrize("seam", ["model", "chain", "agent"])
def test_what_is_left_is_looked_at_once_more(seam: str) -> None:
    own = guard()
    own.session("s").anonymize(f"I am {NAME}")
    with openai(lambda request: "fine") as (model, server):
        asked: Any = [SystemMessage(f"You help {NAME}"), HumanMessage("hi")]
        safe: Any = protect(model, own, leave=["system"])
        if seam == "chain":
            prompt = ChatPromptTemplate.from_messages([("system", f"You help {NAME}"), ("user", "{text}")])
            safe, asked = protect(prompt | model, own, leave=["system"]), {"text": "hi"}
        elif seam == "agent":
            guarded = GuardMiddleware(own, leave=["system"], self_test="never")
            safe = create_agent(model, [], system_prompt=f"You help {NAME}", middleware=[guarded])
            asked = {"messages": [HumanMessage("hi")]}
        with pytest.raises(LeakPrevented) as caught:
            safe.invoke(asked, CONFIG)
        assert server.requests == []
    assert "Zebulon" not in str(caught.value)


@pytest.mark.parametrize("seam", ["chain", "agent"])
def test_chains_and_agents_leave_system_prompts(seam: str) -> None:
    with openai(lambda request: "fine") as (model, server):
        if seam == "chain":
            prompt = ChatPromptTemplate.from_messages([("system", PROMPT), ("user", "{text}")])
            protect(prompt | chat(server), guard(), leave=["system"]).invoke({"text": f"I am {NAME}"}, CONFIG)
        else:
            guarded = GuardMiddleware(guard(), leave=["system"], self_test="never")
            agent = create_agent(model, [], system_prompt=PROMPT, middleware=[guarded])
            agent.invoke({"messages": [HumanMessage(f"I am {NAME}")]}, CONFIG)
    assert PROMPT in prompt_of(server)
    assert "I am [REDACTED_PERSON_1]" in prompt_of(server)


@pytest.mark.parametrize("leave", ["system", [1], [""]])
def test_what_is_left_are_names(leave: Any) -> None:
    for make in (lambda: protect(AIModel, guard(), leave=leave), lambda: GuardMiddleware(guard(), leave=leave)):
        with pytest.raises(TypeError, match="collection of names"):
            make()


def AIModel(_: Any) -> AIMessage:
    return AIMessage("x")
