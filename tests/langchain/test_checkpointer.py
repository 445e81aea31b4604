"""GuardCheckpointer: placeholders in the store, real text for whoever reads through it."""

from __future__ import annotations

import asyncio
import dataclasses
import operator
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, TypedDict

import pytest
from langchain_core.messages import AIMessage, HumanMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command, Send, interrupt
from pydantic import BaseModel

from lc_guard import Blocked, Guard, Policy, SessionMissing, UnsupportedInput
from lc_guard.langchain.checkpointer import GuardCheckpointer
from tests.support.canaries import CANARIES, CanaryDetector
from tests.support.seams import MAIL, NAME, ODD, P1, make_guard

CONFIG = {"configurable": {"thread_id": "t-1"}}


@dataclasses.dataclass
class Record:
    who: str


class Answer(BaseModel):
    who: str


class State(TypedDict, total=False):
    messages: Annotated[list[Any], operator.add]
    extra: Any


def graph_of(checkpointer: Any, *nodes: Any) -> Any:
    graph = StateGraph(State)
    for number, node in enumerate(nodes):
        graph.add_node(f"n{number}", node)
        graph.add_edge(f"n{number - 1}" if number else START, f"n{number}")
    graph.add_edge(f"n{len(nodes) - 1}", END)
    return graph.compile(checkpointer=checkpointer)


def answer(state: State) -> State:
    seen = state["messages"][0]
    return {"messages": [AIMessage(f"to {seen.content}")], "extra": [Record(NAME), Answer(who=ODD), {MAIL: 1}, 7, None]}


def bytes_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


@pytest.fixture
def database(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(tmp_path / "agent.db", check_same_thread=False)
    yield connection
    connection.close()


def test_the_store_holds_placeholders_and_the_reader_real_text(database: sqlite3.Connection, tmp_path: Path) -> None:
    guard = make_guard()
    graph = graph_of(GuardCheckpointer(SqliteSaver(database), guard=guard), answer)
    done = graph.invoke({"messages": [HumanMessage(f"{NAME}, {ODD}")]}, CONFIG)
    assert [m.content for m in done["messages"]] == [f"{NAME}, {ODD}", f"to {NAME}, {ODD}"]
    stored = bytes_of(tmp_path)
    assert P1.encode() in stored
    for value in (NAME, MAIL, "Iggy", "Quartermain", "canary.example"):
        assert value.encode() not in stored
    again = graph_of(GuardCheckpointer(SqliteSaver(database), guard=guard), answer)
    state = again.get_state(CONFIG)
    assert [m.content for m in state.values["messages"]] == [f"{NAME}, {ODD}", f"to {NAME}, {ODD}"]
    assert state.values["extra"] == [Record(NAME), Answer(who=ODD), {MAIL: 1}, 7, None]
    history = list(again.get_state_history(CONFIG))
    assert len(history) == 3
    assert history[-1].tasks[0].result["messages"][0].content == f"{NAME}, {ODD}"


def test_without_it_the_store_would_hold_the_values(database: sqlite3.Connection, tmp_path: Path) -> None:
    graph_of(SqliteSaver(database), answer).invoke({"messages": [HumanMessage(NAME)]}, CONFIG)
    assert NAME.encode() in bytes_of(tmp_path)


async def test_async(tmp_path: Path) -> None:
    guard = make_guard()
    async with AsyncSqliteSaver.from_conn_string(str(tmp_path / "agent.db")) as saver:
        graph = graph_of(GuardCheckpointer(saver, guard=guard), answer)
        await graph.ainvoke({"messages": [HumanMessage(f"{NAME}, {ODD}")]}, CONFIG)
        assert NAME.encode() not in bytes_of(tmp_path)
        assert P1.encode() in bytes_of(tmp_path)
        state = await graph.aget_state(CONFIG)
        assert state.values["messages"][1].content == f"to {NAME}, {ODD}"
        assert len([found async for found in graph.aget_state_history(CONFIG)]) == 3
        await graph.checkpointer.adelete_thread("t-1")
        assert (await graph.aget_state(CONFIG)).values == {}


@pytest.mark.parametrize("value", CANARIES)
def test_every_canary_comes_back_exactly(value: str) -> None:
    guard = Guard(CanaryDetector())
    inner = InMemorySaver()
    extra = {"deep": [value, f"[PERSON_1] {P1}"]}
    graph = graph_of(GuardCheckpointer(inner, guard=guard), lambda state: {"extra": extra})
    graph.invoke({"messages": [value]}, CONFIG)
    assert graph.get_state(CONFIG).values == {"messages": [value], "extra": extra}
    raw = inner.get_tuple(CONFIG)
    assert raw is not None
    assert value not in repr(raw.checkpoint)


def test_interrupts_their_answers_and_packets(database: sqlite3.Connection, tmp_path: Path) -> None:
    def ask(state: State) -> Any:
        said = interrupt({"who": NAME})
        return Command(update={"messages": [f"{said} said"]}, goto=[Send("last", {"messages": [ODD], "extra": said})])

    def last(state: State) -> State:
        return {"messages": [f"got {state['extra']} for {state['messages'][0]}"]}

    built = StateGraph(State)
    built.add_node("ask", ask, destinations=("last",))
    built.add_node("last", last)
    built.add_edge(START, "ask")
    graph = built.compile(checkpointer=GuardCheckpointer(SqliteSaver(database), guard=make_guard()))
    paused = graph.invoke({"messages": ["hello"]}, CONFIG)
    assert paused["__interrupt__"][0].value == {"who": NAME}
    assert graph.get_state(CONFIG).interrupts[0].value == {"who": NAME}
    done = graph.invoke(Command(resume=MAIL), CONFIG)
    assert f"got {MAIL} for {ODD}" in done["messages"]
    stored = bytes_of(tmp_path)
    assert not [v for v in (NAME, MAIL, "Iggy") if v.encode() in stored]


def test_errors_are_stored_without_values(database: sqlite3.Connection, tmp_path: Path) -> None:
    def fail(state: State) -> State:
        raise LookupError(f"no {NAME}")

    graph = graph_of(GuardCheckpointer(SqliteSaver(database), guard=make_guard()), fail)
    with pytest.raises(LookupError, match=NAME):
        graph.invoke({"messages": ["hello"]}, CONFIG)
    assert graph.get_state(CONFIG).tasks[0].error == f"LookupError('no {NAME}')"
    assert NAME.encode() not in bytes_of(tmp_path)


def test_metadata(database: sqlite3.Connection, tmp_path: Path) -> None:
    graph = graph_of(GuardCheckpointer(SqliteSaver(database), guard=make_guard()), answer)
    graph.invoke({"messages": [HumanMessage("x")]}, {**CONFIG, "metadata": {"customer": NAME}})
    assert graph.get_state(CONFIG).metadata["customer"] == NAME
    assert graph.get_state(CONFIG).metadata["source"] == "loop"
    assert NAME.encode() not in bytes_of(tmp_path)


def test_a_preamble_is_not_stored() -> None:
    class WithPreamble(CanaryDetector):
        preamble = "Text to analyze:"

    graph = graph_of(GuardCheckpointer(InMemorySaver(), guard=Guard(WithPreamble())), answer)
    graph.invoke({"messages": [HumanMessage(CANARIES[0])]}, CONFIG)
    assert graph.get_state(CONFIG).values["messages"][0].content == CANARIES[0]


def test_each_thread_is_a_session_whatever_session_id_says() -> None:
    guard = make_guard()
    graph = graph_of(GuardCheckpointer(InMemorySaver(), guard=guard), answer)
    for thread, text in (("a", NAME), ("b", ODD)):
        settings = {"configurable": {"thread_id": thread, "session_id": "other"}}
        graph.invoke({"messages": [HumanMessage(text)]}, settings)
    for thread, text in (("a", NAME), ("b", ODD)):
        state = graph.get_state({"configurable": {"thread_id": thread}})
        assert state.values["messages"][0].content == text
    assert guard.session("a").placeholders()[P1] == NAME
    assert guard.session("b").placeholders()[P1] == ODD


def test_a_forgotten_session_leaves_placeholders() -> None:
    guard = make_guard()
    graph = graph_of(GuardCheckpointer(InMemorySaver(), guard=guard), answer)
    graph.invoke({"messages": [HumanMessage(NAME)]}, CONFIG)
    guard.session("t-1").forget()
    assert graph.get_state(CONFIG).values["messages"][0].content == P1


@pytest.mark.parametrize("is_async", [False, True])
def test_fails_closed(is_async: bool) -> None:
    def run(graph: Any, value: Any) -> Any:
        return asyncio.run(graph.ainvoke(value, CONFIG)) if is_async else graph.invoke(value, CONFIG)

    blocking = graph_of(GuardCheckpointer(InMemorySaver(), guard=make_guard(policy=Policy(default="block"))), answer)
    with pytest.raises(Blocked):
        run(blocking, {"messages": [HumanMessage(NAME)]})
    inner = InMemorySaver()
    graph = graph_of(GuardCheckpointer(inner, guard=make_guard()), answer)
    with pytest.raises(UnsupportedInput, match=r"the channel '__start__'.*object of type object"):
        run(graph, {"messages": [HumanMessage(NAME)], "extra": object()})
    assert NAME not in repr(list(inner.list(CONFIG)))


def test_needs_a_thread() -> None:
    with pytest.raises(SessionMissing):
        GuardCheckpointer(InMemorySaver(), guard=make_guard()).put_writes({"configurable": {}}, [("a", "b")], "t")


def test_arguments() -> None:
    with pytest.raises(TypeError, match="checkpointer"):
        GuardCheckpointer(object(), guard=make_guard())  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="Guard"):
        GuardCheckpointer(InMemorySaver(), guard=object())  # type: ignore[arg-type]


def test_the_rest_is_the_stores() -> None:
    class Store(InMemorySaver):
        def __init__(self) -> None:
            super().__init__()
            self.calls: list[Any] = []

        def delete_for_runs(self, run_ids: Any) -> None:
            self.calls.append(run_ids)

        async def adelete_for_runs(self, run_ids: Any) -> None:
            self.calls.append(run_ids)

        def prune(self, thread_ids: Any, *, strategy: str = "keep_latest") -> None:
            self.calls.append((thread_ids, strategy))

        async def aprune(self, thread_ids: Any, *, strategy: str = "keep_latest") -> None:
            self.calls.append((thread_ids, strategy))

    inner = Store()
    saver = GuardCheckpointer(inner, guard=make_guard())
    saver.delete_for_runs(["r"])
    asyncio.run(saver.adelete_for_runs(["r"]))
    saver.prune(["t"])
    asyncio.run(saver.aprune(["t"], strategy="delete"))
    assert inner.calls == [["r"], ["r"], (["t"], "keep_latest"), (["t"], "delete")]
    assert saver.config_specs == inner.config_specs
    assert saver.get_next_version(None, None) is not None
    twin = saver.with_allowlist([("tests", "Record")])
    assert isinstance(twin, GuardCheckpointer)
    assert twin.guard is saver.guard
    assert "InMemorySaver" not in repr(saver.guard)
    assert repr(saver).startswith("GuardCheckpointer(Store, guard=Guard(")
    graph = graph_of(saver, answer)
    graph.invoke({"messages": [HumanMessage(NAME)]}, CONFIG)
    saver.delete_thread("t-1")
    assert saver.get_tuple(CONFIG) is None
