"""Calls of every kind that people trace: a chain, a protected model, an agent with a sub-agent, retrieval, refusals.

Each scene makes its guard, has it traced by what it is given, and runs. All use real ``ChatOpenAI`` against loopback.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from typing import Any

from langchain.agents import create_agent
from langchain_core.documents import Document
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableLambda
from langchain_core.tools import tool
from langchain_core.vectorstores import InMemoryVectorStore

from lc_guard import Anonymize, Blocked, Deanonymize, Guard, GuardMiddleware, Policy, ProtectedRetriever, protect
from lc_guard.policy import CheckPolicy
from lc_guard.testing import ExactDetector

from . import agents
from .openai_server import ToolCalls
from .rag import HashingEmbeddings
from .scanners import BAD, Answers, Watcher
from .seams import E1, MAIL, NAME, ODD, P1, VALUES, openai

QUESTION = f"Mail {NAME} at {MAIL}"
ATTACK = f"I am {NAME}. Tell me as my {BAD} how to"
REFUSAL = "I can't help with that."
KEY = bytes(range(32))  # so that digests are the same in each run

Traced = Callable[[Guard], dict[str, Any]]
"""Has a guard's calls traced, and gives the config of one."""

Scene = Callable[[Traced], object]
SCENES: dict[str, Scene] = {}


def scene(function: Scene) -> Scene:
    """Take a function as one of the scenes."""
    SCENES[function.__name__] = function
    return function


def guard_of(**more: Any) -> Guard:
    """A guard that finds `VALUES`."""
    return Guard(ExactDetector(VALUES), digest_key=KEY, **more)


def quiet(*names: str) -> list[Watcher]:
    """Scanners that find nothing."""
    return [Watcher(name, word="nowhere to be found") for name in names]


def scanned(*prompt: Any, policy: Policy | None = None) -> Guard:
    """A guard with seven scanners: one of a prompt and one of an answer find fault with `BAD`."""
    before = [Watcher("JailbreakPhrases"), *quiet("EncodedText", "InvisibleText", "Secrets")]
    after = [Watcher("Toxicity"), *quiet("BannedTopics", "URLs")]
    return guard_of(prompt_scanners=[*prompt, *before], output_scanners=after, policy=policy)


def lease_store() -> InMemoryVectorStore:
    """A store of one document that holds values, and one that holds none."""
    store = InMemoryVectorStore(HashingEmbeddings())
    lease = Document(f"{NAME} signed the lease. Mail: {MAIL}", id="d-1", metadata={"author": ODD, "page": 1})
    store.add_documents([lease, Document("Boats pay at the quay.", id="d-2", metadata={"page": 2})])
    return store


def said(text: str) -> Callable[[dict[str, Any]], str]:
    """Answer everything with a text."""
    return lambda _: text


ANSWER = f"Done: {P1} was told ({E1})."


@scene
def lcel(traced: Traced) -> None:
    guard = scanned()
    prompt = ChatPromptTemplate.from_messages([("system", "Be brief."), ("human", "{text}")])
    with openai(said(ANSWER)) as (model, _):
        (Anonymize(guard) | prompt | model | Deanonymize(guard)).invoke({"text": QUESTION}, traced(guard))


@scene
def protected_model(traced: Traced) -> None:
    guard = scanned()
    with openai(said(ANSWER)) as (model, _):
        protect(model, guard).invoke(QUESTION, traced(guard))


@scene
def protected_model_streamed(traced: Traced) -> None:
    guard = scanned()
    with openai(said(ANSWER)) as (model, _):
        list(protect(model, guard).stream(QUESTION, traced(guard)))


@scene
def agent_with_sub_agent(traced: Traced) -> None:
    guard = scanned()
    first = agents.script(ToolCalls((agents.call("research", person=P1),), content=""), f"{P1} was found.")
    second = agents.script(f"{P1} lives at the sea.")
    with openai(first) as (model, _), openai(second) as (other, _):
        guarded = GuardMiddleware(guard, self_test="never")
        helper = create_agent(other, [], middleware=[guarded], name="researcher")

        @tool
        def research(person: str) -> str:
            """Ask the researcher."""
            return str(helper.invoke(agents.asked(f"Who is {person}?"))["messages"][-1].text)

        agent = create_agent(model, [research], middleware=[guarded])
        agent.invoke(agents.asked(f"Find {NAME}"), traced(guard))


@scene
def retrieval(traced: Traced) -> None:
    guard = scanned()
    store = lease_store()
    retriever = store.as_retriever(search_kwargs={"k": 1})
    prompt = ChatPromptTemplate.from_template("Who signed the lease?\n\n{context}")
    with openai(said(f"{P1} signed it.")) as (model, _):
        chain = {"context": retriever} | prompt | model
        protect(chain, guard).invoke("Who signed the lease?", traced(guard))


@scene
def retriever_alone(traced: Traced) -> None:
    guard = guard_of()
    store = lease_store()
    retriever = ProtectedRetriever(store.as_retriever(search_kwargs={"k": 1}), guard)
    retriever.invoke("Who signed the lease?", traced(guard))


@scene
def blocked(traced: Traced) -> None:
    guard = scanned()
    with openai(said(ANSWER)) as (model, _):
        protect(model, guard, on_blocked=REFUSAL).invoke(ATTACK, traced(guard))


@scene
def blocked_by_an_error(traced: Traced) -> None:
    guard = scanned()
    with openai(said(ANSWER)) as (model, _), suppress(Blocked):
        (RunnableLambda(lambda text: text) | protect(model, guard)).invoke(ATTACK, traced(guard))


@scene
def blocked_answer(traced: Traced) -> None:
    guard = scanned()
    with openai(said(f"{P1}, your {BAD} says no.")) as (model, _):
        list(protect(model, guard, on_blocked=REFUSAL).stream(QUESTION, traced(guard)))


@scene
def failed_check(traced: Traced) -> None:
    policy = Policy(checks={"Injection": CheckPolicy(on_error="allow")})
    guard = scanned(Answers(ValueError(f"can't read {NAME}"), "Injection"), policy=policy)
    with openai(said(ANSWER)) as (model, _):
        protect(model, guard).invoke(QUESTION, traced(guard))


@scene
def stream_given_up(traced: Traced) -> None:
    guard = guard_of()
    with (
        openai(said(f"{ANSWER} And so on. And so on. And so on.")) as (model, _),
        closing(protect(model, guard).stream(QUESTION, traced(guard))) as pieces,
    ):
        shown = ""
        while "was told" not in shown:
            shown += next(pieces).text


def run_all(traced: Traced, names: Sequence[str] = ()) -> None:
    """Run scenes, all if none is named."""
    for name in names or SCENES:
        SCENES[name](traced)
