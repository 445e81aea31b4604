"""What stands beside the texts of a step's input: ids, keys, numbers, and attributes that are no fields."""

from __future__ import annotations

import dataclasses
import functools
import json
import threading
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain.chat_models import init_chat_model
from langchain_core.documents import Document
from langchain_core.language_models import LLM
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.runnables import ConfigurableField, RunnableLambda
from pydantic import BaseModel, PrivateAttr

from lc_guard import Anonymize, Deanonymize, Guard, UnsupportedInput, protect
from lc_guard.errors import LeakPrevented
from lc_guard.langchain.messages import Beside, map_texts, texts_of
from lc_guard.testing import ExactDetector
from tests.support.seams import MODES, chat, openai, run

NAME, NUMBER = "Zebulon Quartermain", 4155550134
CONFIG: Any = {"configurable": {"session_id": "s"}}


@pytest.fixture
def guard() -> Guard:
    return Guard(ExactDetector({"PERSON": [NAME], "PHONE": [str(NUMBER)]}))


@dataclasses.dataclass
class Note:
    text: str


class Profile(BaseModel):
    text: str
    _own: str = PrivateAttr(default="")
    _lock: Any = PrivateAttr(default_factory=threading.Lock)

    @functools.cached_property
    def greeting(self) -> str:
        return f"Hello {self.text}"


def noted() -> Note:
    note = Note("x")
    note.owner = NAME  # type: ignore[attr-defined]
    return note


def profile() -> Profile:
    made = Profile(text=NAME)
    made._own = NAME
    assert NAME in made.greeting
    return made


def state(value: Any) -> str:
    private = getattr(value, "__pydantic_private__", None) or {}
    return str(vars(value)) + str({name: item for name, item in private.items() if isinstance(item, str)})


@pytest.mark.parametrize("make", [noted, profile])
def test_attributes_that_are_no_fields(make: Any, guard: Guard) -> None:
    value = make()
    before = state(value)
    hidden = Anonymize(guard).invoke({"it": value}, CONFIG)["it"]
    assert NAME not in state(hidden)
    assert "REDACTED" in state(hidden)
    assert state(value) == before, "the caller's object"
    assert state(Deanonymize(guard).invoke({"it": hidden}, CONFIG)["it"]) == before


def test_an_attribute_that_nobody_can_look_into_is_refused(guard: Guard) -> None:
    note = Note("x")
    note.secret = NAME.encode()  # type: ignore[attr-defined]
    with pytest.raises(UnsupportedInput) as caught:
        Anonymize(guard).invoke({"note": note}, CONFIG)
    assert "Zebulon" not in str(caught.value)


def test_ids_and_metadata_of_documents(guard: Guard) -> None:
    documents = [
        Document("x", id=NAME, metadata={NAME: 1, "of": {NAME: [NUMBER]}}),
        Document(f"{NAME} {NUMBER}", id="a-1"),
    ]
    hidden = Anonymize(guard).invoke(documents, CONFIG)
    assert not [part for part in (*NAME.split(), str(NUMBER)) if part in str(hidden)]
    assert hidden[1].id == "a-1"
    (first, _) = Deanonymize(guard).invoke(hidden, CONFIG)
    assert (first.id, first.metadata) == (NAME, {NAME: 1, "of": {NAME: [str(NUMBER)]}})


def test_ids_of_a_chains_documents_come_back(guard: Guard) -> None:
    chain = protect(RunnableLambda(lambda given: given), guard, models="unseen")
    (document,) = chain.invoke([Document(f"of {NAME}", id=NAME)], CONFIG)
    assert document == Document(f"of {NAME}", id=NAME)


@pytest.mark.parametrize("number", [NUMBER, 77, True, 10**50])
def test_numbers_are_hidden_where_the_session_knows_them(number: Any, guard: Guard) -> None:
    call = {"name": "f", "args": {"n": number, "more": [number]}, "id": "1", "type": "tool_call"}
    raw = json.dumps({"n": number, "more": [number]})
    kwargs = {"tool_calls": [{"id": "1", "type": "function", "function": {"name": "f", "arguments": raw}}]}
    messages = [
        HumanMessage(f"{NUMBER}"),
        AIMessage("", tool_calls=[call], additional_kwargs=kwargs),
        ToolMessage("x", tool_call_id="1"),
    ]
    hidden = Anonymize(guard).invoke(messages, CONFIG)[1]
    expected = "[REDACTED_PHONE_1]" if number == NUMBER else number
    assert hidden.tool_calls[0]["args"] == {"n": expected, "more": [expected]}
    arguments = json.loads(hidden.additional_kwargs["tool_calls"][0]["function"]["arguments"])
    assert arguments == {"n": expected, "more": [expected]}


def test_a_number_that_nobody_knows_is_shown_to_no_detector() -> None:
    detector = ExactDetector({"PHONE": [str(NUMBER)]})
    given = {"text": "x", "row": {"n": NUMBER}}
    assert Anonymize(Guard(detector)).invoke(given, CONFIG) == given


def test_ids_of_calls_still_fit_together(guard: Guard) -> None:
    call = {"name": "f", "args": {}, "id": f"{NAME} 1", "type": "tool_call"}
    hidden = Anonymize(guard).invoke(
        [AIMessage("", tool_calls=[call]), ToolMessage("x", tool_call_id=f"{NAME} 1")], CONFIG
    )
    assert hidden[0].tool_calls[0]["id"] == hidden[1].tool_call_id == "REDACTED_PERSON_1_1"


def test_ids_that_providers_make_are_left(guard: Guard) -> None:
    ids = ["run-018f2f6e-7c1b-7000-8000-3f2a5c9d1e4b-0", "call_AbCdEfGhIjKl0123", "toolu_01A09q90qw90lq917835lq9"]
    beside = Beside()
    texts_of([HumanMessage("x", id=made) for made in ids], beside=beside)
    assert not beside.names
    hidden = Anonymize(guard).invoke([HumanMessage(f"of {NAME}", id=f"call_{NAME}")], CONFIG)
    assert "Zebulon" not in str(hidden)


def test_names_are_written_as_providers_take_them(guard: Guard) -> None:
    names = [NAME, "Zebulon_Quartermain", "zebulon", None, "helper_1"]
    hidden = Anonymize(guard).invoke([HumanMessage(f"of {NAME}", name=name) for name in names], CONFIG)
    assert [message.name for message in hidden][:2] == ["REDACTED_PERSON_1", "REDACTED_PERSON_1"]
    assert [message.name for message in hidden][3:] == [None, "helper_1"]


def test_an_address_with_a_value_is_refused_by_a_step(guard: Guard) -> None:
    address = "https://x.example/Zebulon%20Quartermain.png"
    message = HumanMessage([{"type": "image_url", "image_url": {"url": address}}])
    with pytest.raises(LeakPrevented) as caught:
        Anonymize(guard).invoke([message], CONFIG)
    assert caught.value.kinds == {"PERSON": 1}
    assert "Zebulon" not in str(caught.value)
    plain = HumanMessage([{"type": "image_url", "image_url": {"url": "https://x.example/a.png"}}])
    assert Anonymize(guard).invoke([plain], CONFIG) == [plain]


def test_a_batch_refuses_one_and_gives_the_others(guard: Guard) -> None:
    bad = [HumanMessage([{"type": "image_url", "image_url": f"https://x.example/{NAME}"}])]
    refused, fine = Anonymize(guard).batch([bad, [HumanMessage("hi")]], [CONFIG] * 2, return_exceptions=True)
    assert isinstance(refused, LeakPrevented)
    assert fine == [HumanMessage("hi")]


@pytest.mark.parametrize("chosen", [False, True])
def test_fields_of_a_model_are_hidden_on_a_copy(chosen: bool, guard: Guard) -> None:
    with openai(lambda request: "fine") as (_, server):
        inner: Any = chat(server).model_copy(update={"model_kwargs": {"user": NAME}, "stop": [f"{NAME}:"]})
        model = inner.configurable_fields(temperature=ConfigurableField("heat")) if chosen else inner
        config = {"configurable": {"session_id": "s", **({"heat": 0.5} if chosen else {})}}
        assert protect(model, guard).invoke("hi", config).content == "fine"
    (request,) = server.requests
    assert (request["user"], request["stop"]) == ("[REDACTED_PERSON_1]", ["[REDACTED_PERSON_1]:"])
    assert request.get("temperature") == (0.5 if chosen else None)
    assert (inner.model_kwargs, inner.stop) == ({"user": NAME}, [f"{NAME}:"])


def chosen_models(url: str, key: str = "k") -> dict[str, tuple[Any, dict[str, Any]]]:
    """Return models that the config chooses, each with a name in what it sends beside messages, and the config."""
    where: dict[str, Any] = {"base_url": url, "api_key": key, "model_kwargs": {"user": NAME}}
    plain = init_chat_model("openai:gpt-4o", base_url=url, api_key=key)
    stop = plain.configurable_fields(model_kwargs=ConfigurableField("more"))
    tool = {"name": "look", "description": f"for {NAME}", "parameters": {"type": "object", "properties": {}}}
    other = plain.configurable_alternatives(ConfigurableField("who"), other=lambda: plain.bind(user=NAME))
    free = partial(init_chat_model, "openai:gpt-4o", configurable_fields="any")
    return {
        "any field": (free(**where), {}),
        "some fields": (init_chat_model("openai:gpt-4o", configurable_fields=("temperature",), **where), {}),
        "field of the config": (free(base_url=url, api_key=key), {"model_kwargs": {"user": NAME}}),
        "declared field": (stop, {"more": {"user": NAME}}),
        "alternative": (other, {"who": "other"}),
        "tools": (free(base_url=url, api_key=key).bind_tools([tool]), {}),
        "with a config": (
            free(base_url=url, api_key=key).with_config(configurable={"model_kwargs": {"user": NAME}}),
            {},
        ),
    }


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("which", chosen_models("http://127.0.0.1"))
def test_a_model_that_the_config_chooses_sends_no_value_beside_the_messages(
    which: str, mode: str, guard: Guard
) -> None:
    with openai(lambda request: "fine") as (_, server):
        model, configurable = chosen_models(server.base_url, server.api_key)[which]
        config: Any = {"configurable": {"session_id": "s", "thread_id": "t", **configurable}}
        run(protect(model, guard), mode, "hi", config)
    for request in server.requests:
        assert NAME not in json.dumps(request)
        assert "[REDACTED_PERSON_1]" in json.dumps(request)
        assert not {"session_id", "thread_id"} & set(request)
    assert server.requests


class Completing(LLM):
    """A text model that notes for whom it completes."""

    user: str = "nobody"
    asked: Any = None

    @property
    def _llm_type(self) -> str:
        return "completing"

    def _call(self, *_: Any, **__: Any) -> str:
        self.asked.add(self.user)
        return "fine"


@pytest.mark.parametrize("mode", MODES)
def test_a_field_that_the_config_sets_of_a_text_model_is_hidden(mode: str, guard: Guard) -> None:
    asked: set[str] = set()
    model = Completing(asked=asked)
    safe = protect(model.configurable_fields(user=ConfigurableField("for")), guard)
    run(safe, mode, "hi", {"configurable": {"session_id": "s", "for": NAME}})
    assert asked == {"[REDACTED_PERSON_1]"}


def test_an_option_of_the_call_and_a_field_of_one_name(guard: Guard) -> None:
    with openai(lambda request: "fine") as (_, server):
        model = protect(chat(server).model_copy(update={"stop": ["never"]}), guard)
        model.invoke("hi", CONFIG, stop=[NAME])
        protect(chat(server).model_copy(update={"stop": [NAME]}), guard).invoke("hi", CONFIG, stop=["never"])
    assert server.requests[0]["stop"] == ["[REDACTED_PERSON_1]"]
    assert server.requests[1]["stop"] == ["never"]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda part: st.lists(part, max_size=4) | st.dictionaries(st.text(max_size=4), part, max_size=4),
        max_leaves=8,
    )
)
def test_what_nobody_hides_stays_the_same_object(value: Any) -> None:
    call = {"name": "f", "args": {"a": value}, "id": "1", "type": "tool_call"}
    message = AIMessage("x", name="n", id="i", tool_calls=[call])
    beside = Beside()
    texts = texts_of(message, beside=beside)
    assert map_texts(message, lambda text: text, beside=lambda text: text) is message
    asked: list[str] = []
    map_texts(message, lambda text: asked.append(text) or text, beside=lambda text: asked.append(text) or text)
    assert set(asked) == {*texts, *beside.names}, "what is looked at is what is hidden"
