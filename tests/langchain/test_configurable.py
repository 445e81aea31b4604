"""What a server may hand on of a config, and steps that a call's config chooses."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.language_models import FakeListChatModel
from langchain_core.load import dumps
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import ConfigurableField, RunnableLambda, RunnablePassthrough
from langchain_core.runnables.history import RunnableWithMessageHistory

from lc_guard import Anonymize, Deanonymize, Guard, ProtectedRetriever, ScanOutput, ScanPrompt, WrongOrder, protect
from lc_guard.testing import ExactDetector
from tests.support.scanners import Watcher
from tests.support.seams import NAME, P1, make_guard


class Said(FakeListChatModel):
    """Answers with what it was asked."""

    responses: list[str] = [""]  # noqa: RUF012

    def _call(self, messages: Any, *args: Any, **kwargs: Any) -> str:
        return f"{messages[-1].content}"


class Nothing(BaseRetriever):
    def _get_relevant_documents(self, query: str, *, run_manager: Any) -> list[Any]:
        return []


def judged() -> Guard:
    return make_guard(prompt_scanners=[Watcher()], output_scanners=[Watcher()])


PARTS = {
    "Anonymize": Anonymize,
    "Deanonymize": Deanonymize,
    "ScanPrompt": ScanPrompt,
    "ScanOutput": ScanOutput,
    "model": lambda guard: protect(Said(), guard),
    "chain": lambda guard: protect(ChatPromptTemplate.from_template("{q}") | Said(), guard),
    "retriever": lambda guard: ProtectedRetriever(Nothing(), guard),
}


def handed_on(chain: Any, configurable: dict[str, Any]) -> Any:
    """Return what a server hands on that keeps to the schema of a chain's config, as LangServe does."""
    return chain.config_schema(include=["configurable"])(configurable=configurable).model_dump()


@pytest.mark.parametrize("part", PARTS)
def test_every_part_names_the_session(part: str) -> None:
    specs = {spec.id: spec for spec in PARTS[part](judged()).config_specs}
    assert set(specs) == {"session_id", "thread_id"}
    assert {spec.default for spec in specs.values()} == {None}


@pytest.mark.parametrize("key", ["session_id", "thread_id"])
def test_a_server_that_hands_on_what_is_named_hands_on_the_session(key: str) -> None:
    guard = make_guard()
    chain = ChatPromptTemplate.from_template("{q}") | Anonymize(guard) | Said() | Deanonymize(guard)
    assert chain.invoke({"q": NAME}, handed_on(chain, {key: "s", "other": 1})).content == NAME
    assert guard.session("s").placeholders() == {P1: NAME}


def test_other_words_for_the_same_key_are_no_conflict() -> None:
    guard = make_guard()
    chain = Anonymize(guard) | Said() | Deanonymize(guard)
    history = RunnableWithMessageHistory(chain, lambda _: None)  # type: ignore[arg-type,return-value]
    for specs in ((history | RunnablePassthrough()).config_specs, (Anonymize(guard) | history).config_specs):
        assert sorted(spec.id for spec in specs) == ["session_id", "thread_id"]


def test_fields_are_chosen_by_the_config() -> None:
    guard = make_guard(prompt_scanners=[Watcher()])
    step = Anonymize(guard).configurable_fields(
        keys=ConfigurableField("keys"), session_id=ConfigurableField("conversation")
    )
    said: Any = {"q": NAME, "a": NAME}
    assert step.invoke(said, {"configurable": {"session_id": "s", "keys": ["q"]}}) == {"q": P1, "a": NAME}
    assert step.invoke(said, {"configurable": {"conversation": "s2"}}) == {"q": P1, "a": P1}
    assert guard.session("s2").placeholders() == {P1: NAME}


@pytest.mark.parametrize("part", PARTS)
def test_every_part_can_be_one_of_several(part: str) -> None:
    guard = judged()
    one = PARTS[part](guard).configurable_alternatives(ConfigurableField("which"), other=lambda: RunnableLambda(len))
    value = {"q": "abc"} if part == "chain" else "abc"
    config = {"configurable": {"session_id": "s", "which": "other"}}
    if part == "model":  # all of its alternatives are models
        other = PARTS[part](guard).configurable_alternatives(ConfigurableField("which"), other=Said())
        assert other.invoke(NAME, {"configurable": {"which": "other"}}).content == NAME
        return
    assert one.invoke(value, config) == len(value)
    assert one.invoke(value, {"configurable": {"session_id": "s"}}) is not None


def test_an_alternative_of_two_guards() -> None:
    strict, lax = make_guard(), Guard([])
    hide = Anonymize(strict).configurable_alternatives(ConfigurableField("tenant"), lax=Anonymize(lax))
    chain = hide | Said()
    config = {"configurable": {"session_id": "s"}}
    assert chain.invoke(NAME, config).content == P1
    assert chain.invoke(NAME, {"configurable": {"session_id": "s", "tenant": "lax"}}).content == NAME


def test_the_order_of_steps_is_looked_at_through_alternatives() -> None:
    guard = make_guard()
    with pytest.raises(WrongOrder):
        (
            Deanonymize(guard)
            | Said()
            | Anonymize(guard).configurable_alternatives(ConfigurableField("which"), other=RunnablePassthrough())
        )


@pytest.mark.parametrize("part", PARTS)
def test_nothing_of_the_guard_is_serialized(part: str) -> None:
    guard = Guard(ExactDetector({"PERSON": [NAME]}), digest_key=b"k" * 32)
    if part.startswith("Scan"):
        guard = judged()
    guard.session("s").anonymize(NAME)
    one = PARTS[part](guard)
    for written in (dumps(one), repr(one), str(one), repr(one.model_dump())):
        assert NAME not in written
        assert "kkk" not in written
    assert "guard" not in one.model_dump()


def test_a_step_is_itself() -> None:
    guard = make_guard()
    assert Anonymize(guard) != Anonymize(guard)
    assert len({Anonymize(guard), Anonymize(guard)}) == 2
