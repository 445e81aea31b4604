"""What the checkpoints of an agent hold: real text, or placeholders only."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from langchain.agents.middleware import HumanInTheLoopMiddleware
from langchain.agents.structured_output import ToolStrategy
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.types import Command
from pydantic import BaseModel

from lc_guard import GuardError, SessionMissing
from lc_guard.langchain.checkpointer import GuardCheckpointer, stores_placeholders
from tests.support.agents import (
    MAILS,
    MODES,
    REAL_ANSWER,
    Toolbox,
    agent_of,
    asked,
    call,
    config,
    run,
    script,
    sent,
    shown,
)
from tests.support.openai_server import ToolCalls
from tests.support.seams import E1, MAIL, NAME, P1, make_guard

PARTS = (NAME, "Quartermain", MAIL, "canary.example", "Iggy", "Sloot")
SYNC_MODES = [mode for mode in MODES if not mode.startswith("a") and mode != "events_v2"]


def leaked(folder: Path) -> list[str]:
    stored = b"".join(path.read_bytes() for path in folder.iterdir())
    assert b"messages" in stored
    return [part for part in PARTS if part.encode() in stored]


def connect(folder: Path) -> sqlite3.Connection:
    return sqlite3.connect(folder / "agent.db", check_same_thread=False)


@pytest.mark.parametrize("mode", SYNC_MODES)
def test_placeholders_in_sqlite_real_text_for_everyone_else(mode: str, tmp_path: Path) -> None:
    guard, toolbox, connection = make_guard(), Toolbox(), connect(tmp_path)
    with agent_of(
        guard,
        MAILS,
        tools=list(toolbox),
        settings={"state": "anonymized"},
        checkpointer=GuardCheckpointer(SqliteSaver(connection), guard=guard),
        system_prompt=f"You help {NAME}",
    ) as (agent, server):
        pieces = run(agent, mode, asked(), config())
        assert shown(mode, pieces) == f"Asking {NAME}{REAL_ANSWER}"
        assert toolbox.got == [("send_mail", {"to": MAIL, "text": f"Dear {NAME}"})]
        run(agent, mode, asked(f"again {NAME}"), config())
        history = agent.get_state(config()).values["messages"]
    assert [history[0].text, history[-1].text] == [f"Mail {NAME} at {MAIL}", REAL_ANSWER]
    assert not [part for part in PARTS if part in sent(server)]
    connection.close()
    assert leaked(tmp_path) == []


def test_after_a_restart_the_conversation_goes_on(tmp_path: Path) -> None:
    guard = make_guard()
    for turn in (1, 2):
        connection = connect(tmp_path)
        saver = GuardCheckpointer(SqliteSaver(connection), guard=guard)
        with agent_of(guard, lambda request: f"{P1} {E1}", settings={"state": "anonymized"}, checkpointer=saver) as (
            agent,
            server,
        ):
            done = agent.invoke(asked(f"turn {turn} of {NAME} {MAIL}"), config())
        connection.close()
    assert [message.text for message in done["messages"]] == [
        f"turn 1 of {NAME} {MAIL}",
        f"{NAME} {MAIL}",
        f"turn 2 of {NAME} {MAIL}",
        f"{NAME} {MAIL}",
    ]
    assert server.requests[0]["messages"][0]["content"] == f"turn 1 of {P1} {E1}"
    assert leaked(tmp_path) == []


async def test_async(tmp_path: Path) -> None:
    guard, toolbox = make_guard(), Toolbox()
    async with AsyncSqliteSaver.from_conn_string(str(tmp_path / "agent.db")) as saver:
        with agent_of(
            guard,
            MAILS,
            tools=list(toolbox),
            settings={"state": "anonymized"},
            checkpointer=GuardCheckpointer(saver, guard=guard),
        ) as (agent, _):
            events = [event async for event in agent.astream_events(asked(), config(), version="v2")]
            state = await agent.aget_state(config())
    assert shown("events_v2", events) == f"Asking {NAME}{REAL_ANSWER}"
    assert state.values["messages"][-1].text == REAL_ANSWER
    assert leaked(tmp_path) == []


def test_the_human_in_the_loop(tmp_path: Path) -> None:
    guard, toolbox, connection = make_guard(), Toolbox(), connect(tmp_path)
    with agent_of(
        guard,
        MAILS,
        tools=list(toolbox),
        settings={"state": "anonymized"},
        checkpointer=GuardCheckpointer(SqliteSaver(connection), guard=guard),
        middleware=lambda guarded: [guarded, HumanInTheLoopMiddleware(interrupt_on={"send_mail": True})],
    ) as (agent, _):
        agent.invoke(asked(), config())
        (pending,) = agent.get_state(config()).interrupts
        assert pending.value["action_requests"][0]["args"] == {"to": MAIL, "text": f"Dear {NAME}"}
        done = agent.invoke(Command(resume={"decisions": [{"type": "approve"}]}), config())
    assert toolbox.got == [("send_mail", {"to": MAIL, "text": f"Dear {NAME}"})]
    assert done["messages"][-1].text == REAL_ANSWER
    connection.close()
    assert leaked(tmp_path) == []


def test_a_failing_tool(tmp_path: Path) -> None:
    guard, connection = make_guard(), connect(tmp_path)
    replies = script(ToolCalls((call("look_up", person=P1),)), "never")
    saver = GuardCheckpointer(SqliteSaver(connection), guard=guard)
    with agent_of(
        guard, replies, tools=list(Toolbox()), settings={"state": "anonymized"}, checkpointer=saver
    ) as (agent, _), pytest.raises(LookupError):  # fmt: skip
        agent.invoke(asked(), config())
    connection.close()
    assert leaked(tmp_path) == []


class Contact(BaseModel):
    who: str


def test_a_structured_response(tmp_path: Path) -> None:
    guard, connection = make_guard(), connect(tmp_path)
    saver = GuardCheckpointer(SqliteSaver(connection), guard=guard)
    with agent_of(
        guard,
        script(ToolCalls((call("Contact", who=P1),))),
        settings={"state": "anonymized"},
        checkpointer=saver,
        response_format=ToolStrategy(Contact),
    ) as (agent, _):
        done = agent.invoke(asked(), config())
        assert done["structured_response"] == Contact(who=NAME)
        assert agent.get_state(config()).values["structured_response"] == Contact(who=NAME)
    connection.close()
    assert leaked(tmp_path) == []


def test_a_sub_agent_writes_through_the_same_checkpointer(tmp_path: Path) -> None:
    from langchain_core.tools import tool

    guard, connection, toolbox = make_guard(), connect(tmp_path), Toolbox()
    with agent_of(guard, MAILS, tools=list(toolbox), settings={"state": "anonymized"}) as (inner, _):

        @tool
        def assistant(task: str) -> str:
            """Ask another agent."""
            return inner.invoke({"messages": [{"role": "user", "content": task}]})["messages"][-1].text

        with agent_of(
            guard,
            script(ToolCalls((call("assistant", task=f"mail {P1} at {E1}"),)), f"Done for {P1}"),
            tools=[assistant],
            settings={"state": "anonymized"},
            checkpointer=GuardCheckpointer(SqliteSaver(connection), guard=guard),
        ) as (agent, _):
            done = agent.invoke(asked(), config())
    assert done["messages"][-1].text == f"Done for {NAME}"
    assert toolbox.got == [("send_mail", {"to": MAIL, "text": f"Dear {NAME}"})]
    connection.close()
    assert leaked(tmp_path) == []


def test_original_is_real_text_in_the_store(tmp_path: Path) -> None:
    connection = connect(tmp_path)
    with agent_of(make_guard(), lambda request: P1, checkpointer=SqliteSaver(connection)) as (agent, _):
        agent.invoke(asked(), config())
    connection.close()
    assert NAME in leaked(tmp_path)


@pytest.mark.parametrize("way", ["invoke", "ainvoke"])
def test_a_checkpointer_that_would_hold_real_text_is_refused(way: str) -> None:
    guard = make_guard()
    for saver in (InMemorySaver(), GuardCheckpointer(InMemorySaver(), guard=make_guard())):
        with agent_of(guard, lambda request: P1, settings={"state": "anonymized"}, checkpointer=saver) as (
            agent,
            server,
        ):
            with pytest.raises(GuardError, match="GuardCheckpointer") as caught:
                run(agent, way, asked(), config())
            assert not server.raw
            assert NAME not in str(caught.value)


def test_no_checkpointer_holds_nothing() -> None:
    with agent_of(make_guard(), lambda request: P1, settings={"state": "anonymized"}) as (agent, _):
        assert agent.invoke(asked(), config())["messages"][-1].text == NAME
        assert asyncio.run(agent.ainvoke(asked(), config()))["messages"][-1].text == NAME


def test_reading_through_the_store_itself_shows_placeholders() -> None:
    guard, inner = make_guard(), InMemorySaver()
    saver = GuardCheckpointer(inner, guard=guard)
    with agent_of(guard, lambda request: P1, settings={"state": "anonymized"}, checkpointer=saver) as (agent, _):
        agent.invoke(asked(), config())
    found: Any = inner.get_tuple(config())
    assert [message.text for message in found.checkpoint["channel_values"]["messages"]] == [f"Mail {P1} at {E1}", P1]


class Wrapper(BaseCheckpointSaver[Any]):
    """A server's checkpointer around an application's: hands everything on, as LangGraph's Agent Server does."""

    def __init__(self, inner: BaseCheckpointSaver[Any], *others: Any) -> None:
        self._inner, self.others = inner, list(others)
        super().__init__(serde=inner.serde)

    def __getattribute__(self, name: str) -> Any:
        own = ("_inner", "others", "serde", "__class__")
        return object.__getattribute__(self, name) if name in own else getattr(self._inner, name)


class Pretender(BaseCheckpointSaver[Any]):
    """Says that it is another guard's, and stores what it is given."""

    def __init__(self, inner: InMemorySaver, guard: Any) -> None:
        super().__init__(serde=inner.serde)
        self.saver, self.guard = inner, guard

    def __getattr__(self, name: str) -> Any:
        return getattr(self.saver, name)


class Tee(BaseCheckpointSaver[Any]):
    def __init__(self, *savers: Any) -> None:
        super().__init__()
        self.first, self.second = savers


@pytest.mark.parametrize("mode", ["invoke", "ainvoke"])
@pytest.mark.parametrize("levels", [1, 2])
def test_a_server_may_wrap_the_checkpointer(mode: str, levels: int) -> None:
    guard, inner = make_guard(), InMemorySaver()
    saver: Any = GuardCheckpointer(inner, guard=guard)
    for _ in range(levels):
        saver = Wrapper(saver)
    with agent_of(guard, lambda request: P1, settings={"state": "anonymized"}, checkpointer=saver) as (agent, _):
        run(agent, mode, asked(), config())
        history = agent.get_state(config()).values["messages"]
    assert history[-1].text == NAME
    assert not [part for part in PARTS if part in repr(list(inner.list(None)))]


def test_a_wrapper_around_anything_else_is_refused() -> None:
    guard = make_guard()
    ours = GuardCheckpointer(InMemorySaver(), guard=guard)
    for saver in (
        Wrapper(InMemorySaver()),
        Wrapper(GuardCheckpointer(InMemorySaver(), guard=make_guard())),
        Pretender(InMemorySaver(), guard),
        Tee(ours, InMemorySaver()),
    ):
        assert not stores_placeholders(saver, guard)
    assert stores_placeholders(Tee(ours, ours), guard)


@pytest.mark.parametrize("mode", ["invoke", "ainvoke"])
def test_an_agent_without_a_thread_is_told_in_its_own_words(mode: str) -> None:
    with (
        agent_of(make_guard(), lambda request: P1) as (agent, _),
        pytest.raises(SessionMissing, match=r"thread_id.*GuardMiddleware\(guard, session_id=") as told,
    ):
        run(agent, mode, asked(), {})
    assert "Anonymize" not in str(told.value)
