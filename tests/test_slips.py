"""What is told to somebody who gives a class instead of an object, a name instead of a model, a word that is near."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from langchain_core.embeddings import FakeEmbeddings
from langchain_core.language_models import FakeListChatModel
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.retrievers import BaseRetriever
from langchain_core.tracers import BaseTracer
from langgraph.checkpoint.memory import InMemorySaver

from lc_guard import (
    Anonymize,
    AnonymizeDocuments,
    Blocked,
    CheckPolicy,
    Deanonymize,
    Decision,
    Guard,
    GuardCheckpointer,
    GuardMiddleware,
    MaskedTracer,
    Policy,
    PolicyError,
    ProtectedEmbeddings,
    ProtectedRetriever,
    StagePolicy,
    for_application,
    protect,
    selftest,
)
from lc_guard.evals import evaluate
from lc_guard.langchain import guarded_middleware
from lc_guard.langfuse import CallbackHandler
from lc_guard.scanners import JailbreakPhrases
from lc_guard.testing import ExactDetector

from .support.openai_server import OpenAIServer

GUARD = Guard([])
MODEL = FakeListChatModel(responses=["x"])


@pytest.mark.parametrize(
    ("made", "named"),
    [
        (lambda: protect(MODEL, Guard), "Guard"),
        (lambda: protect(FakeListChatModel, GUARD), "FakeListChatModel"),
        (lambda: Anonymize(Guard), "Guard"),
        (lambda: Anonymize(GUARD) | FakeListChatModel, "FakeListChatModel"),
        (lambda: Anonymize(GUARD) | MODEL | Deanonymize, "Deanonymize"),
        (lambda: ChatPromptTemplate | Anonymize(GUARD), "ChatPromptTemplate"),
        (lambda: Anonymize(GUARD).pipe(MODEL, Deanonymize), "Deanonymize"),
        (lambda: (Anonymize(GUARD) | MODEL).pipe(Deanonymize), "Deanonymize"),
        (lambda: AnonymizeDocuments(Guard, session_id="c"), "Guard"),
        (lambda: GuardMiddleware(Guard), "Guard"),
        (lambda: guarded_middleware(GuardMiddleware, []), "GuardMiddleware"),
        (lambda: GuardCheckpointer(InMemorySaver, guard=GUARD), "InMemorySaver"),
        (lambda: GuardCheckpointer(InMemorySaver(), guard=Guard), "Guard"),
        (lambda: MaskedTracer(BaseTracer, GUARD), "BaseTracer"),
        (lambda: ProtectedEmbeddings(FakeEmbeddings, GUARD, session_id="c"), "FakeEmbeddings"),
        (lambda: ProtectedEmbeddings(FakeEmbeddings(size=2), Guard, session_id="c"), "Guard"),
        (lambda: ProtectedRetriever(BaseRetriever, Guard), "Guard"),
        (lambda: for_application(BaseTracer), "BaseTracer"),
        (lambda: selftest(Guard), "Guard"),
        (lambda: CallbackHandler(Guard), "Guard"),
        (lambda: Guard(ExactDetector), "ExactDetector"),
        (lambda: Guard([], prompt_scanners=[JailbreakPhrases]), "JailbreakPhrases"),
        (lambda: Guard([], policy=Policy), "Policy"),
        (lambda: evaluate([], [ExactDetector]), "ExactDetector"),
    ],
)
def test_a_class_without_parentheses_is_named(made: Any, named: str) -> None:
    with pytest.raises(TypeError, match=rf"{named}\b.*{named}\(\.\.\.\)"):
        made()


def test_what_is_no_guard_is_told_how_to_get_one() -> None:
    with pytest.raises(TypeError, match=r"Anonymize needs a Guard, got str: .*Guard\(\)"):
        Anonymize("Jane Doe")  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["gpt-4o-mini", "openai:gpt-4o-mini"])
def test_a_model_by_its_name_is_protected(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    guard = Guard([ExactDetector({"PERSON": ["Ada"]})])
    with OpenAIServer() as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", server.api_key)
        answer = protect(name, guard).invoke("I am Ada")
    (request,) = server.requests
    assert request["model"] == "gpt-4o-mini"
    assert "Ada" not in str(request["messages"])
    assert "Ada" in answer.text


def test_a_name_of_no_model() -> None:
    with pytest.raises(ValueError, match=r"who provides the model 'my-model'.*openai:gpt-4o-mini"):
        protect("my-model", GUARD)
    with pytest.raises(ValueError, match="the name of a chat model"):
        protect(" ", GUARD)


def test_the_package_of_a_named_model_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ImportError, match="pip install langchain-cohere"):
        protect("cohere:command", GUARD)


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (lambda: Policy(kinds="blok"), r"such as \{.*\}; default is for all kinds \(did you mean 'block'\?\)"),
        (lambda: Policy(kinds="what"), r"default is for all kinds$"),
        (lambda: Policy(kinds={"CARD": "Redakt"}), r"kinds\['CARD'\] must be one of .* \(did you mean 'redact'\?\)"),
        (lambda: Policy(on_error="alow"), r"\(did you mean 'allow'\?\)"),
        (lambda: Policy(streaming="buffered"), r"\(did you mean 'buffer'\?\)"),
        (lambda: Policy(stages={"promt": StagePolicy()}), r"\(did you mean 'prompt'\?\)"),
        (lambda: CheckPolicy(action="annonymize"), r"\(did you mean 'anonymize'\?\)"),
        (lambda: Policy(restore={"tools": "placholder"}), r"\(did you mean 'placeholder'\?\)"),
        (lambda: Policy(default="entirely"), r"'block'$"),
    ],
)
def test_a_word_that_is_near_is_named(made: Any, told: str) -> None:
    with pytest.raises(PolicyError, match=told):
        made()


def test_blocked_says_how_to_answer_instead() -> None:
    assert "on_blocked=" in str(Blocked(Decision("prompt", "pii", "block", False, 1.0, 1.0)))


def test_without_langfuse_keys_one_line_says_which(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("LANGFUSE_PUBLIC_KEY", "LANGFUSE_SECRET_KEY"):
        monkeypatch.delenv(name, raising=False)
    CallbackHandler(GUARD)
    monkeypatch.setenv("LANGFUSE_PUBLIC_KEY", "pk-lf-1")
    CallbackHandler()
    assert [(record.name, record.levelno) for record in caplog.records] == [("lc_guard.langfuse", logging.WARNING)] * 2
    both, one = caplog.messages
    assert both.startswith("Langfuse traces nothing: LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY are not set")
    assert one.startswith("Langfuse traces nothing: LANGFUSE_SECRET_KEY is not set")
