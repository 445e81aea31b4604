"""GuardCheckpointer stores what LangGraph stores: every type comes back as it was, and no value is in the store."""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import enum
import ipaddress
import operator
import pathlib
import re
import uuid
import zoneinfo
from collections import deque
from typing import Annotated, Any, NamedTuple, TypedDict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.documents import Document
from langchain_core.messages import HumanMessage, ToolMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.store.base import Item
from langgraph.types import Command, Send
from pydantic import BaseModel, SecretStr

from lc_guard import Guard, UnsupportedInput
from lc_guard.langchain.checkpointer import GuardCheckpointer
from lc_guard.langchain.stored_values import StoredWalk
from lc_guard.testing import ExactDetector
from tests.support.seams import NAME, P1, make_guard

CONFIG = {"configurable": {"thread_id": "t-1"}}
ADDRESS = "198.51.100.77"
ACCENT = "Zoë Ångström"


class Color(enum.Enum):
    RED = "red"


class Word(enum.StrEnum):
    """A member's text is a value elsewhere, too."""

    WHO = NAME


class Level(enum.IntEnum):
    HIGH = 3


class Pair(NamedTuple):
    who: str
    how: int


@dataclasses.dataclass
class Record:
    who: str
    raw: bytes = b""


class Model(BaseModel):
    who: str
    where: pathlib.Path = pathlib.Path("/")


class Unknown:
    pass


class State(TypedDict, total=False):
    messages: Annotated[list[Any], operator.add]
    extra: Any
    blob: Any


def guard() -> Guard:
    return make_guard(detectors=ExactDetector({"PERSON": [NAME, ACCENT], "IP_ADDRESS": [ADDRESS, f"{ADDRESS}/32"]}))


NOW = dt.datetime(2026, 5, 17, 8, 30, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin"))
PLAIN: dict[str, Any] = {
    "none": None, "bool": True, "int": 7, "float": 1.5, "decimal": decimal.Decimal("1.10"), "uuid": uuid.UUID(int=7),
    "datetime": NOW, "date": NOW.date(), "time": NOW.time(), "timedelta": dt.timedelta(3, 4), "utc": dt.UTC,
    "zone": zoneinfo.ZoneInfo("Asia/Tokyo"), "enum": Color.RED, "str enum": Word.WHO, "int enum": Level.HIGH,
    "pattern": re.compile("a+", re.IGNORECASE), "png": b"\x89PNG\r\n\x1a\n\x00\x00", "empty": b"",
    "array": np.arange(6.0).reshape(2, 3),
    "flag": np.array([True]), "path": pathlib.Path("/srv/data"),
    "network": ipaddress.ip_network("10.0.0.0/8"), "v6": ipaddress.ip_address("2001:db8::1"), "deque": deque([1, 2]),
}  # fmt: skip
HIDDEN: dict[str, Any] = {
    "text": f"who is {NAME}", "list": [NAME, 1], "tuple": (NAME, 1), "set": {NAME, "b"}, "frozenset": frozenset([NAME]),
    "dict": {"a": {NAME: [NAME]}}, "namedtuple": Pair(NAME, 1), "dataclass": Record(NAME, NAME.encode()),
    "pydantic": Model(who=NAME, where=pathlib.Path("/home") / NAME), "bytes": f"{NAME} é".encode(),
    "latin-1": f"{ACCENT} of {NAME}".encode("latin-1"), "utf-16": f"\ufeff{NAME} 王".encode("utf-16-le"),
    "utf-16-be": f"\ufeff{NAME}".encode("utf-16-be"), "path": pathlib.Path("/home") / NAME / "x.txt",
    "deque": deque([NAME, 2]), "address": ipaddress.ip_address(ADDRESS),
    "interface": ipaddress.ip_interface(f"{ADDRESS}/32"), "network": ipaddress.ip_network(f"{ADDRESS}/32"),
    "secret": SecretStr(NAME), "texts": np.array([["a", NAME], ["b", ""]]), "message": HumanMessage(NAME),
    "document": Document(NAME, metadata={"by": NAME}),
    "artifact": ToolMessage("x", tool_call_id="1", artifact={"raw": NAME.encode()}),
    "item": Item(value={"who": NAME}, key=NAME, namespace=("people", NAME), created_at=NOW, updated_at=NOW),
    "our own key": {"lc_guard.type": "IPv4Address", "text": NAME},
    "our other key": {"lc_guard.type": "mapping", "value": {"a": NAME}},
    "look-alike": f"{P1} and {NAME}".encode(),
}  # fmt: skip


def graph_of(saver: Any, value: Any, name: str = "extra") -> Any:
    built = StateGraph(State)
    built.add_node("first", lambda state: {name: value})
    built.add_node("second", lambda state: {"messages": ["seen"]})
    built.add_edge(START, "first")
    built.add_edge("first", "second")
    built.add_edge("second", END)
    return built.compile(checkpointer=saver)


def same(one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray):
        return type(other) is np.ndarray and one.dtype.kind == other.dtype.kind and one.tolist() == other.tolist()
    return type(one) is type(other) and bool(one == other)


@pytest.mark.parametrize("kind", PLAIN)
def test_what_is_no_text_is_stored_as_it_is(kind: str) -> None:
    graph = graph_of(GuardCheckpointer(InMemorySaver(), guard=guard()), PLAIN[kind])
    graph.invoke({"messages": ["x"], "blob": PLAIN[kind]}, CONFIG)
    values = graph.get_state(CONFIG).values
    for name in ("extra", "blob"):
        # of these LangGraph's own serializer gives no more back
        plain = graph_of(InMemorySaver(), PLAIN[kind])
        plain.invoke({"messages": ["x"], "blob": PLAIN[kind]}, CONFIG)
        assert same(values.get(name), plain.get_state(CONFIG).values.get(name))


@pytest.mark.parametrize("kind", HIDDEN)
@pytest.mark.parametrize("is_async", [False, True])
async def test_what_holds_text_is_hidden_and_comes_back(kind: str, is_async: bool) -> None:
    value, inner = HIDDEN[kind], InMemorySaver()
    graph = graph_of(GuardCheckpointer(inner, guard=guard()), value)
    said: Any = {"messages": ["x"], "blob": value}
    if is_async:
        await graph.ainvoke(said, CONFIG)
        values = (await graph.aget_state(CONFIG)).values
    else:
        graph.invoke(said, CONFIG)
        values = graph.get_state(CONFIG).values
    plain = graph_of(InMemorySaver(), value)
    plain.invoke(said, CONFIG)
    expected = plain.get_state(CONFIG).values
    assert same(values["extra"], expected["extra"])
    assert same(values["blob"], expected["blob"])
    stored = [*inner.blobs.values(), *(write for writes in inner.writes.values() for write in writes.values())]
    written = b"".join(
        part if isinstance(part, bytes) else repr(part).encode() for entry in stored for part in flat(entry)
    )
    for text in (NAME, ACCENT, ADDRESS):
        for codec in ("utf-8", "latin-1", "utf-16-le", "utf-16-be"):
            assert text.encode(codec) not in written
    assert b"REDACTED" in written.replace(b"\x00", b"")


def flat(value: Any) -> Any:
    if isinstance(value, tuple | list):
        for part in value:
            yield from flat(part)
    else:
        yield value


@pytest.mark.parametrize(
    "value", [Unknown(), [{"deep": Unknown()}], np.array([Unknown()], dtype=object), np.array([b"x"])]
)
def test_what_nobody_can_look_into_is_refused_with_the_name_of_its_channel(value: Any) -> None:
    inner = InMemorySaver()
    graph = graph_of(GuardCheckpointer(inner, guard=guard()), value)
    with pytest.raises(UnsupportedInput, match=r"the channel 'extra'.*skip_channels=\['extra'\]") as told:
        graph.invoke({"messages": [NAME]}, CONFIG)
    assert "Anonymize" not in str(told.value)
    assert NAME not in str(told.value)


def test_channels_are_left_out_by_name() -> None:
    inner = InMemorySaver()
    graph = graph_of(GuardCheckpointer(inner, guard=guard(), skip_channels=["blob"]), f"blob of {NAME}", "blob")
    graph.invoke({"messages": [NAME], "blob": f"first {NAME}"}, CONFIG)
    raw = inner.get_tuple(CONFIG)
    assert raw is not None
    assert raw.checkpoint["channel_values"]["blob"] == f"blob of {NAME}"
    assert raw.checkpoint["channel_values"]["messages"] == [P1, "seen"]
    values = graph.get_state(CONFIG).values
    assert values == {"messages": [NAME, "seen"], "blob": f"blob of {NAME}"}
    first = list(inner.list(CONFIG))[-1]
    assert first.checkpoint["channel_values"]["__start__"] == {"messages": [P1], "blob": f"first {NAME}"}
    with pytest.raises(TypeError, match="skip_channels"):
        GuardCheckpointer(inner, guard=guard(), skip_channels="blob")


def test_a_packet_leaves_them_out_as_well() -> None:
    def ask(state: State) -> Any:
        return Command(goto=[Send("last", {"messages": [NAME], "blob": NAME})])

    built = StateGraph(State)
    built.add_node("ask", ask, destinations=("last",))
    built.add_node("last", lambda state: {"extra": state["blob"]})
    built.add_edge(START, "ask")
    inner = InMemorySaver()
    graph = built.compile(checkpointer=GuardCheckpointer(inner, guard=guard(), skip_channels=["blob"]))
    graph.invoke({"messages": ["x"]}, CONFIG)
    packets = [
        value for found in inner.list(CONFIG) for _, _, value in found.pending_writes or () if isinstance(value, Send)
    ]
    assert packets
    assert packets[0].arg == {"messages": [P1], "blob": NAME}


SCALARS = st.one_of(
    st.text(), st.binary(), st.just(NAME), st.just(NAME.encode()), st.just(f"{ACCENT} {NAME}".encode("latin-1")),
    st.builds(ipaddress.IPv4Address, st.integers(0, 2**32 - 1)), st.just(ipaddress.ip_address(ADDRESS)), st.just(P1),
)  # fmt: skip
KEYS = st.sampled_from(["lc_guard.type", "text", "value", "a", NAME])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(VALUES)
def test_every_value_comes_back(value: Any) -> None:
    session = guard().session("s")
    texts: list[str] = []
    StoredWalk(lambda text: texts.append(text) or text).channel("c", value)
    hidden = StoredWalk(session.anonymize).channel("c", value)
    assert NAME not in repr(hidden)
    assert StoredWalk(session.deanonymize, strict=False, restores=True).channel("c", hidden) == value
