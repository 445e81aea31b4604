"""lc-guard checkpoints: threads that were stored raw are hidden, and read as before."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.types import Command, interrupt

from lc_guard.cli import main
from lc_guard.langchain.checkpointer import GuardCheckpointer
from tests.support.seams import MAIL, NAME, P1, make_guard


def graph_of(saver: Any) -> Any:
    def ask(state: MessagesState) -> Any:
        return {"messages": [("ai", f"{NAME} said {interrupt(f'who is {NAME}?')}")]}

    built = StateGraph(MessagesState)
    built.add_node("ask", ask)
    built.add_edge(START, "ask")
    return built.compile(checkpointer=saver)


@pytest.fixture(params=["sqlite", "memory"])
def saver(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    if request.param == "memory":
        yield InMemorySaver()
        return
    connection = sqlite3.connect(tmp_path / "agent.db", check_same_thread=False)
    yield SqliteSaver(connection)
    connection.close()


@pytest.fixture
def app(saver: Any, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    module: Any = ModuleType("my_app")
    module.guard = make_guard()
    module.checkpointer = GuardCheckpointer(saver, guard=module.guard)
    module.make = lambda: module.checkpointer

    @contextmanager
    def opened() -> Iterator[Any]:
        yield module.checkpointer

    module.opened, module.raw = opened, saver
    monkeypatch.setitem(sys.modules, "my_app", module)
    return module


def config(thread: str) -> Any:
    return {"configurable": {"thread_id": thread}}


@pytest.mark.parametrize("name", ["checkpointer", "make", "opened"])
def test_raw_threads_are_hidden_and_read_as_before(name: str, app: Any, saver: Any, capsys: Any) -> None:
    raw = graph_of(saver)
    for thread in ("one", "two"):
        raw.invoke({"messages": [("user", f"{NAME} at {MAIL}")]}, config(thread))
    raw.invoke(Command(resume=MAIL), config("one"))
    graph_of(app.checkpointer).invoke({"messages": [("user", f"{P1} of {NAME}")]}, config("three"))  # hidden already
    guarded = graph_of(app.checkpointer)
    before = {thread: list(graph_of(saver).get_state_history(config(thread))) for thread in ("one", "two")}
    third = guarded.get_state(config("three"))
    assert NAME in repr(list(saver.list(None)))

    assert main(["checkpoints", f"my_app:{name}", "--yes", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["threads"] == 3
    assert told["checkpoints"] == sum(map(len, before.values())) + 2
    stored = repr(list(saver.list(None)))
    assert not [value for value in (NAME, MAIL) if value in stored]
    assert P1 in stored
    for thread, history in before.items():
        again = list(guarded.get_state_history(config(thread)))
        assert [state.values for state in again] == [state.values for state in history]
        assert [state.config for state in again] == [state.config for state in history]
        assert [state.next for state in again] == [state.next for state in history]
        assert [state.interrupts for state in again] == [state.interrupts for state in history]
    assert guarded.get_state(config("three")).values == third.values
    # a paused thread goes on
    done = guarded.invoke(Command(resume="nobody"), config("two"))
    assert done["messages"][-1].content == f"{NAME} said nobody"


def test_one_thread_and_what_can_not_be_hidden(app: Any, saver: Any, capsys: Any) -> None:
    raw = graph_of(saver)
    raw.invoke({"messages": [("user", NAME)]}, config("one"))
    raw.invoke({"messages": [("user", NAME)]}, config("two"))
    assert main(["checkpoints", "my_app:make", "--thread", "one", "--yes"]) == 0
    assert "1 threads hidden" in capsys.readouterr().out
    assert NAME not in repr(list(saver.list(config("one"))))
    assert NAME in repr(list(saver.list(config("two"))))


@pytest.mark.parametrize(
    ("argument", "told"),
    [("my_app", "module:name"), ("nowhere:x", "can't be imported"), ("my_app:nothing", "can't be imported"),
     ("my_app:raw", "a GuardCheckpointer is needed")],
)  # fmt: skip
def test_wrong_usage(app: Any, argument: str, told: str, capsys: Any) -> None:
    assert main(["checkpoints", argument, "--yes"]) == 2
    assert told in capsys.readouterr().err
