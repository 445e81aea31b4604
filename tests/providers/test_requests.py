"""What arrives at seven providers: a value in any field of their schemas is hidden or refused."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import httpx
import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage, HumanMessage

from lc_guard import Guard, protect
from lc_guard.errors import LeakPrevented
from lc_guard.langchain.request_options import LEFT_CREDENTIALS, LEFT_HEADERS, LEFT_OPTIONS
from lc_guard.langchain.scan_targets import SENT_FIELDS
from lc_guard.testing import ExactDetector
from tests.providers.places import FIELDS, MESSAGES, NUMBER, OPTIONS, TOOLS, VALUE
from tests.support.loopback import Exchange
from tests.support.providers import CLIENTS, Answer, ProviderServer

CONFIG: Any = {"configurable": {"session_id": "s"}}
PARTS = ("Zebulon", "Quartermain", str(NUMBER))
REFUSED = frozenset(
    {
        "address of an image", "query of an address", "user in an address", "address as text",
        "address of a standard image", "address of a source", "name of a tool", "name of an argument",
        "key of extra_body", "key of response_format", "default_headers", "default_query", "openai_organization",
    }
)  # fmt: skip
PAGE = Path(__file__).parents[2] / "docs" / "design" / "provider-requests.md"


@dataclass
class Wire(ProviderServer):
    """Notes what the body does not show as well: the address and the headers of each request."""

    heads: list[str] = field(default_factory=list, init=False)

    def handle(self, exchange: Exchange, body: bytes) -> None:
        self.heads.append(unquote_plus(json.dumps([exchange.path, dict(exchange.headers)])))
        self.heads.append(body.decode("utf-8", "replace"))
        super().handle(exchange, body)

    def arrived(self) -> str:
        text, self.heads = "\n".join(self.heads), []
        return text + "\n" + unquote_plus(text.encode().decode("unicode_escape", "replace"))


@pytest.fixture(scope="module")
def wire() -> Iterator[Wire]:
    with Wire(lambda asked: Answer("fine")) as server:
        yield server


@pytest.fixture(scope="module")
def models(wire: Wire) -> Mapping[str, BaseChatModel]:
    plain = {"anthropic": {"thinking": None}, "gemini": {"include_thoughts": False}}
    plain["bedrock"] = {"additional_model_request_fields": None}
    return {name: make(wire.url, **plain.get(name, {})) for name, make in CLIENTS.items()}


def guard() -> Guard:
    return Guard(ExactDetector({"PERSON": [VALUE], "PHONE": [str(NUMBER)]}))


def send(model: Any, messages: Sequence[BaseMessage], wire: Wire) -> tuple[str, Exception | None]:
    """Return what arrived, and what was raised."""
    failure = None
    try:
        model.invoke(list(messages), CONFIG)
    except Exception as error:  # not every client takes every field
        failure = error
    return wire.arrived(), failure


def judge(where: str, arrived: str, failure: Exception | None, *, strict: bool) -> None:
    assert [part for part in PARTS if part in arrived] == []
    # what a provider's client says of the request as it was given to it is hidden as well
    assert [part for part in PARTS if part in f"{failure} {failure!r}"] == []
    if not strict:
        return
    if where in REFUSED:
        assert isinstance(failure, LeakPrevented)
        assert "PERSON" in failure.kinds
        assert arrived.strip() == ""


@pytest.mark.parametrize("where", MESSAGES)
@pytest.mark.parametrize("provider", CLIENTS)
def test_messages(provider: str, where: str, models: Mapping[str, BaseChatModel], wire: Wire) -> None:
    arrived, failure = send(protect(models[provider], guard()), MESSAGES[where], wire)
    judge(where, arrived, failure, strict=True)


@pytest.mark.parametrize("where", TOOLS)
@pytest.mark.parametrize("provider", CLIENTS)
def test_tools(provider: str, where: str, models: Mapping[str, BaseChatModel], wire: Wire) -> None:
    try:
        model = protect(models[provider], guard()).bind_tools([TOOLS[where]])
    except Exception:  # Gemini takes no such schema
        assert provider == "gemini"
        return
    arrived, failure = send(model, [HumanMessage("hi")], wire)
    judge(where, arrived, failure, strict=provider != "gemini")
    if provider.startswith("openai") and where not in REFUSED:
        assert failure is None
        assert "REDACTED_PERSON_1" in arrived


@pytest.mark.parametrize("where", OPTIONS)
@pytest.mark.parametrize("provider", CLIENTS)
def test_options(provider: str, where: str, models: Mapping[str, BaseChatModel], wire: Wire) -> None:
    arrived, failure = send(protect(models[provider], guard()).bind(**OPTIONS[where]), [HumanMessage("hi")], wire)
    judge(where, arrived, failure, strict=True)
    if provider == "openai" and where not in REFUSED and where != "option that nobody knows":
        assert "REDACTED_PERSON_1" in arrived


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize("provider", CLIENTS)
def test_fields_of_the_client(provider: str, name: str, wire: Wire) -> None:
    fields = CLIENTS[provider](wire.url).__class__.model_fields
    if name not in fields:
        name = next((own for own, info in fields.items() if info.alias == name), "")
    if not name:
        return  # this client has no such field
    try:
        inner = CLIENTS[provider](wire.url, **{name: FIELDS[name]})
    except Exception:  # it refuses the value by itself
        return
    arrived, failure = send(protect(inner, guard()), [HumanMessage("hi")], wire)
    judge(name, arrived, failure, strict=name in REFUSED)
    assert getattr(inner, name) == FIELDS[name] or name in ("default_metadata", "metadata"), "the model is the caller's"


def test_the_answer_is_restored_where_a_schema_was_hidden(wire: Wire, models: Mapping[str, BaseChatModel]) -> None:
    from tests.support.providers import Call

    def reply(asked: Any) -> Answer:
        return Answer(calls=(Call("mail", {"to": asked.placeholders[0], asked.placeholders[0]: 1}),))

    with Wire(reply) as server:
        model = protect(CLIENTS["openai"](server.url), guard()).bind_tools([TOOLS["enum"]])
        answer = model.invoke("hi", CONFIG)
        assert VALUE not in server.arrived()
    assert answer.tool_calls[0]["args"] == {"to": VALUE, VALUE: 1}


def named(section: str) -> set[str]:
    """Return the names in a section of the page."""
    text = PAGE.read_text(encoding="utf-8").partition(f"## {section}\n")[2].partition("\n## ")[0]
    return set(re.findall(r"`([^`\n]+)`", text))


def test_the_page_names_what_is_left_alone() -> None:
    assert named("Options that are left alone") == LEFT_OPTIONS
    assert named("Credentials") == LEFT_CREDENTIALS
    assert named("Headers that are left alone") == LEFT_HEADERS
    assert named("Fields of a model that are walked") == set(SENT_FIELDS)


@pytest.mark.parametrize("provider", CLIENTS)
def test_every_field_of_a_client_is_walked_or_on_the_page(provider: str, models: Mapping[str, BaseChatModel]) -> None:
    fields = type(models[provider]).model_fields
    texts = {name for name, info in fields.items() if _may_hold_text(info.annotation)}
    assert texts <= set(SENT_FIELDS) | named("Fields of a model that are not")


def _may_hold_text(annotation: Any) -> bool:
    said = str(annotation)
    return any(kind in said for kind in ("str", "dict", "Dict", "Mapping", "list", "List", "Any", "Sequence"))


def test_presigned_addresses_go_on(wire: Wire, models: Mapping[str, BaseChatModel]) -> None:
    address = "https://b.s3.example/a.png?X-Amz-Credential=AKIA%2F20260101&X-Amz-Signature=Zebulon%20Quartermain&v=2"
    block = {"type": "image_url", "image_url": {"url": address}}
    arrived, failure = send(protect(models["openai"], guard()), [HumanMessage([block])], wire)
    assert failure is None
    assert address in arrived


@pytest.mark.parametrize("way", ["ainvoke", "stream", "astream"])
@pytest.mark.parametrize("where", ["stop", "key of extra_body"])
def test_every_way_to_ask(way: str, where: str, wire: Wire) -> None:
    from tests.providers.conversations import ask

    fresh = httpx.AsyncClient(
        limits=httpx.Limits(max_keepalive_connections=0)
    )  # each test has an event loop of its own
    model = protect(CLIENTS["openai"](wire.url, http_async_client=fresh), guard()).bind(**OPTIONS[where])
    asking = partial(ask, model, [HumanMessage("hi")], way, CONFIG)
    if where in REFUSED:
        with pytest.raises(LeakPrevented):
            asking()
    else:
        asking()
    arrived = wire.arrived()
    assert [part for part in PARTS if part in arrived] == []
    assert ("REDACTED_PERSON_1" in arrived) is (where not in REFUSED)
