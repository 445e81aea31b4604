"""What a user writes, as a type checker sees it; tests/typing/test_types.py has mypy read it. It is never run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, assert_type

from langchain.agents import create_agent
from langchain_core.documents import Document
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import Runnable, RunnableSerializable
from langgraph.checkpoint.base import BaseCheckpointSaver

from lc_guard import (
    Anonymize,
    AnonymizeDocuments,
    Blocked,
    CheckPolicy,
    Deanonymize,
    Decision,
    Entity,
    Guard,
    GuardCheckpointer,
    GuardError,
    GuardMiddleware,
    Policy,
    ProtectedRetriever,
    ScanOutput,
    ScanPrompt,
    ScanResult,
    StagePolicy,
    protect,
)
from lc_guard.detectors import Detector, PatternDetector, default_detector
from lc_guard.scanners import JailbreakPhrases, Scanner, ScanRequest
from lc_guard.vaults import EncryptedVault, MemoryVault, RedisVault, SQLVault, Vault


def names(text: str) -> list[Entity]:
    return [Entity("PERSON", 0, len(text))]


class OwnDetector:
    def detect(self, text: str) -> Sequence[Entity]:
        return names(text)


class OwnScanner:
    def scan(self, request: ScanRequest) -> ScanResult:
        return ScanResult(valid=bool(request.text), risk_score=0.0)


detector: Detector = OwnDetector()
scanner: Scanner = OwnScanner()
vault: Vault = MemoryVault(ttl=None)
vault = SQLVault("sqlite:///vault.db", ttl_from="creation")
vault = RedisVault("redis://localhost:6379/0", durability="warn")
vault = EncryptedVault(MemoryVault(), keys=[EncryptedVault.generate_key()])

policy = Policy(
    default="redact",
    kinds={"PERSON": "anonymize"},
    checks={"jailbreak": CheckPolicy(action="warn", timeout=1.5)},
    stages={"output": StagePolicy(on_error="block")},
)
guard = Guard(
    [detector, names, PatternDetector(), default_detector(ner=False)],
    prompt_scanners=[scanner, JailbreakPhrases()],
    vault=vault,
    policy=policy,
    placeholder_style="angle",
)

session = guard.session("case 17")
assert_type(session.anonymize("text"), str)
assert_type(session.deanonymize("text"), str)
assert_type(session.placeholders(), Mapping[str, str])
assert_type(session.forget(), bool)
assert_type(guard.scan("text", stage="output", prompt="asked"), tuple[Decision, ...])
assert_type(guard.policy, Policy)
assert_type(guard.vault, Vault)


async def asynchronous() -> None:
    assert_type(await session.aanonymize("text"), str)
    assert_type(await guard.ascan("text"), tuple[Decision, ...])
    await guard.awarm_up()


def chain(model: BaseChatModel, retriever: BaseRetriever, saver: BaseCheckpointSaver[Any]) -> None:
    steps = Anonymize(guard) | model | Deanonymize(guard)
    assert_type(steps, RunnableSerializable[Any, Any])
    prompt = ChatPromptTemplate.from_template("{text}")
    longer = (
        Anonymize(guard, keys=["text"]) | prompt | ScanPrompt(guard) | model | ScanOutput(guard) | Deanonymize(guard)
    )
    assert_type(longer, RunnableSerializable[Any, Any])
    step: Runnable[Any, Any] = Deanonymize(guard)
    assert_type(step | StrOutputParser(), RunnableSerializable[Any, str])
    assert_type(ProtectedRetriever(retriever, guard).invoke("query"), list[Document])
    assert_type(AnonymizeDocuments(guard, session_id="c").transform_documents([Document("text")]), list[Document])
    create_agent(
        model, tools=[], middleware=[GuardMiddleware(guard)], checkpointer=GuardCheckpointer(saver, guard=guard)
    )
    assert_type(protect(model, guard, session_id="case 17", on_blocked="Sorry."), BaseChatModel)
    answers: Runnable[dict[str, str], str] = prompt | model | StrOutputParser()
    assert_type(protect(answers, guard, keys=["text"]), Runnable[dict[str, str], str])
    assert_type(protect(model.with_retry(), guard).invoke("text"), AIMessage)
    assert_type(protect(str.upper, guard), Runnable[Any, Any])


def refused() -> GuardError:
    try:
        guard.warm_up()
    except Blocked as blocked:
        assert_type(blocked.decision, Decision)
        return blocked
    return GuardError("none")
