"""response_format: the object that the user gets holds real values."""

from __future__ import annotations

import json
from typing import Any

import pytest
from langchain.agents.structured_output import ProviderStrategy, ToolStrategy
from pydantic import BaseModel, Field, field_validator

from tests.support.agents import Toolbox, agent_of, asked, call, config, run, script, sent
from tests.support.openai_server import ToolCalls
from tests.support.seams import E1, MAIL, NAME, ODD, P1, P2, make_guard

both_ways = pytest.mark.parametrize("way", ["invoke", "ainvoke", "values", "avalues"])
TEXT = f"{NAME}, {ODD} and {MAIL}"


class Contact(BaseModel):
    """A contact."""

    who: str
    others: list[str] = Field(default_factory=list)
    mail: str

    @field_validator("mail")
    @classmethod
    def is_a_mail(cls, value: str) -> str:
        if "@" not in value:
            raise ValueError("no mail")
        return value


FIELDS = {"who": P1, "others": [P2], "mail": E1}
EXPECTED = Contact(who=NAME, others=[ODD], mail=MAIL)


def clean(server: Any) -> bool:
    return bool(server.raw) and not [value for value in (NAME, MAIL, "Iggy") if value in sent(server)]


@both_ways
def test_tool_strategy(way: str) -> None:
    replies = script(ToolCalls((call("send_mail", to=E1, text=P2),)), ToolCalls((call("Contact", 2, **FIELDS),)))
    with agent_of(make_guard(), replies, tools=list(Toolbox()), response_format=ToolStrategy(Contact)) as (
        agent,
        server,
    ):
        done = run(agent, way, asked(TEXT), config())[-1]
    assert done["structured_response"] == EXPECTED
    assert clean(server)


@both_ways
def test_tool_strategy_tries_again(way: str) -> None:
    """The error message quotes the real arguments to the model."""
    wrong = {**FIELDS, "mail": P1}
    replies = script(ToolCalls((call("Contact", 1, **wrong),)), ToolCalls((call("Contact", 2, **FIELDS),)))
    with agent_of(make_guard(), replies, response_format=ToolStrategy(Contact)) as (agent, server):
        done = run(agent, way, asked(TEXT), config())[-1]
    assert done["structured_response"] == EXPECTED
    assert len(server.requests) == 2
    assert "no mail" in server.requests[1]["messages"][-1]["content"]
    assert clean(server)


@both_ways
def test_provider_strategy(way: str) -> None:
    replies = script(ToolCalls((call("send_mail", to=E1, text=P2),)), json.dumps(FIELDS))
    with agent_of(make_guard(), replies, tools=list(Toolbox()), response_format=ProviderStrategy(Contact)) as (
        agent,
        server,
    ):
        done = run(agent, way, asked(TEXT), config())[-1]
    assert done["structured_response"] == EXPECTED
    assert server.requests[0]["response_format"]["type"] == "json_schema"
    assert clean(server)


@both_ways
def test_a_plain_schema_chooses_as_without_the_guard(way: str) -> None:
    """gpt-4o can do it by itself: the wrapped model says so as well."""
    with agent_of(make_guard(), lambda request: json.dumps(FIELDS), response_format=Contact) as (agent, server):
        done = run(agent, way, asked(TEXT), config())[-1]
    assert done["structured_response"] == EXPECTED
    assert "response_format" in server.requests[0]
    assert clean(server)
