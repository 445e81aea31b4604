"""The self-test: a canary goes through each seam with the versions that are installed.

A canary is a value of this module's own, made anew each time. What the recording model of a seam was sent must hold its
placeholder and not the value; what comes back must hold the value. No network, no key, no vault of yours but for the
one session of the guard's own check, which is forgotten at its end.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.output_parsers import StrOutputParser
from langchain_core.runnables import RunnableLambda
from langgraph.checkpoint.base import empty_checkpoint
from langgraph.checkpoint.memory import InMemorySaver

from lc_guard._vendors.seals import Seal
from lc_guard.errors import Blocked, GuardError, SeamBroken
from lc_guard.guard import Guard, require_guard
from lc_guard.langchain.agent_proof import check_agents
from lc_guard.langchain.boundary import protect
from lc_guard.langchain.canary import SESSION, Canary, apart, joined
from lc_guard.langchain.checkpointer import GuardCheckpointer
from lc_guard.langchain.documents import AnonymizeDocuments
from lc_guard.langchain.embeddings import ProtectedEmbeddings
from lc_guard.langchain.middleware import GuardMiddleware
from lc_guard.langchain.retriever import ProtectedRetriever
from lc_guard.langchain.runnables import Anonymize, Deanonymize

_OWN_TEXT = "Dr. Katherine Johnson wrote to katherine.johnson@example.com."
_OWN_NAME = "Katherine Johnson"


@dataclass(frozen=True, slots=True)
class SeamCheck:
    """What became of one seam.

    Attributes:
        seam: Its name.
        library: The distribution that it stands on.
        passed: Whether the canary came out nowhere but where it belongs.
        milliseconds: How long the check took.
        error: What was amiss, value-free; None if nothing was.
    """

    seam: str
    library: str
    passed: bool
    milliseconds: float
    error: str | None = None


@dataclass(frozen=True, slots=True)
class SelfTest:
    """What a self-test found.

    Attributes:
        checks: One for each seam, and one for the guard itself.
        warnings: What is not broken and may still not be meant.
    """

    checks: tuple[SeamCheck, ...]
    warnings: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every seam is whole."""
        return all(check.passed for check in self.checks)

    def as_dict(self) -> dict[str, Any]:
        """Return the result as what JSON can hold."""
        checks = [{name: getattr(check, name) for name in SeamCheck.__slots__} for check in self.checks]
        return {"passed": self.passed, "checks": checks, "warnings": list(self.warnings)}


def selftest(guard: Guard | None = None, *, on_failure: Literal["raise", "return"] = "raise") -> SelfTest:
    """Send a canary through every seam, sync and async, and see that it comes out where it belongs alone.

    For an application's start-up or its health check: well under a second when the guard's models are loaded. It may
    be called in a thread or on an event loop, which it blocks as long; call it with ``asyncio.to_thread`` there.

    Args:
        guard: Your guard, whose detectors and vault are tried as well, in a session that is forgotten; None tests the
            seams alone.
        on_failure: ``"raise"`` raises for the first seam that is broken; ``"return"`` leaves it to you to look.

    Returns:
        What was found.

    Raises:
        SeamBroken: If a seam lets a value through, or can't be tested.
        TypeError: If it is no guard.
    """
    if guard is not None:
        require_guard(guard, "selftest")
    warnings: list[str] = []
    checks = [timed(seam, library, check) for seam, library, check in _seams()]
    if guard is not None:
        checks.append(timed("Guard", "lc-guard", lambda: warnings.extend(_own(guard))))
    result = SelfTest(tuple(checks), tuple(warnings))
    if on_failure == "raise":
        for broken in (check for check in result.checks if not check.passed):
            raise SeamBroken(broken.seam, broken.library, broken.error or "the canary was not followed")
    return result


def _seams() -> Iterator[tuple[str, str, Callable[[], None]]]:
    """Yield what is tested: name, distribution, check."""
    yield "Anonymize | model | Deanonymize", "langchain-core", lambda: apart(_chain)
    yield "protect(model)", "langchain-core", lambda: apart(_protected)
    yield "AnonymizeDocuments, ProtectedRetriever", "langchain-core", lambda: apart(_documents)
    yield "ProtectedEmbeddings", "langchain-core", lambda: apart(_embeddings)
    yield "GuardMiddleware", "langchain", lambda: check_agents(GuardMiddleware, "sync")
    yield "GuardMiddleware (async)", "langchain", lambda: check_agents(GuardMiddleware, "async")
    yield "GuardCheckpointer", "langgraph-checkpoint", lambda: apart(_checkpointer)


def _chain() -> None:
    canary = Canary()
    chain = Anonymize(canary.guard) | canary.model | StrOutputParser() | Deanonymize(canary.guard)
    _every_way(Seal("Anonymize | model | Deanonymize", "langchain-core"), canary, chain)


def _protected() -> None:
    canary = Canary()
    _every_way(Seal("protect(model)", "langchain-core"), canary, protect(canary.model, canary.guard))


def _every_way(seal: Seal, canary: Canary, chain: Any) -> None:
    """Ask in each of LangChain's ways to ask."""
    text = f"Greet {canary.value}"

    async def streamed() -> list[Any]:
        return [piece async for piece in chain.astream(text, SESSION)]

    ways: dict[str, Callable[[], Any]] = {
        "invoke": lambda: chain.invoke(text, SESSION),
        "batch": lambda: chain.batch([text], SESSION),
        "stream": lambda: joined(chain.stream(text, SESSION)),
        "ainvoke": lambda: asyncio.run(chain.ainvoke(text, SESSION)),
        "astream": lambda: joined(asyncio.run(streamed())),
    }
    for way, ask in ways.items():
        canary.require(seal, way, ask())


def _documents() -> None:
    seal, canary = Seal("AnonymizeDocuments, ProtectedRetriever", "langchain-core"), Canary()
    raw = [Document(f"A file on {canary.value}")]
    stored = AnonymizeDocuments(canary.guard, session_id="lc-guard-self-test-corpus").transform_documents(raw)
    canary.require_hidden(seal, "transform_documents", stored)
    retriever = ProtectedRetriever(
        RunnableLambda(lambda _: stored), canary.guard, corpus_session="lc-guard-self-test-corpus"
    )
    canary.require_hidden(seal, "invoke", retriever.invoke("files", SESSION))
    canary.require_hidden(seal, "ainvoke", asyncio.run(retriever.ainvoke("files", SESSION)))


class SeenEmbeddings(Embeddings):
    """Notes what is embedded."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Note texts."""
        self.texts += texts
        return [[0.0] for _ in texts]

    def embed_query(self, text: str) -> list[float]:
        """Note a text."""
        self.texts.append(text)
        return [0.0]


def _embeddings() -> None:
    seal, canary = Seal("ProtectedEmbeddings", "langchain-core"), Canary()
    text = f"A file on {canary.value}"
    ways: dict[str, Callable[[ProtectedEmbeddings], Any]] = {
        "embed_documents": lambda embeddings: embeddings.embed_documents([text]),
        "embed_query": lambda embeddings: embeddings.embed_query(text),
        "aembed_documents": lambda embeddings: asyncio.run(embeddings.aembed_documents([text])),
        "aembed_query": lambda embeddings: asyncio.run(embeddings.aembed_query(text)),
    }
    for way, embed in ways.items():
        seen = SeenEmbeddings()
        embed(ProtectedEmbeddings(seen, canary.guard, session_id="lc-guard-self-test-corpus"))
        seal.require(len(seen.texts) == 1, f"{way}: the text did not arrive")
        seal.require(canary.value not in repr(seen.texts), f"{way}: the value was let through")


def _checkpointer() -> None:
    seal, canary, store = Seal("GuardCheckpointer", "langgraph-checkpoint"), Canary(), InMemorySaver()
    saver = GuardCheckpointer(store, guard=canary.guard)
    config: Any = {"configurable": {"thread_id": "lc-guard-self-test", "checkpoint_ns": ""}}
    for put, put_writes in (
        (saver.put, saver.put_writes),
        (_awaited(saver.aput), _awaited(saver.aput_writes)),
    ):
        checkpoint: Any = {
            **empty_checkpoint(),
            "channel_values": {"text": canary.value},
            "channel_versions": {"text": "1"},
        }
        stored = put(config, checkpoint, {"source": "input", "step": 0, "parents": {}}, {"text": "1"})
        put_writes(stored, [("text", canary.value)], "task")
        canary.require_hidden(seal, "put", store.get_tuple(stored))
        canary.require_hidden(seal, "put_writes", store.get_tuple(stored).pending_writes)  # type: ignore[union-attr]
        seal.require(canary.value in repr(saver.get_tuple(stored)), "get_tuple: the value was not put back")


def _awaited(method: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *args: asyncio.run(method(*args))


def _own(guard: Guard) -> list[str]:
    """Try the guard's own detectors and vault, and return what to warn of."""
    seal = Seal("Guard", "lc-guard")
    session = guard.session(f"lc-guard-self-test-{secrets.token_hex(8)}")
    try:
        hidden = session.anonymize(_OWN_TEXT)
        seal.require(session.deanonymize(hidden) == _OWN_TEXT, "what its vault remembers does not come back")
    except Blocked as blocked:
        seal.require(blocked.decision.error is None, f"a check failed: {blocked.decision.error}")
        return []  # it was found, and the policy lets none of it go on
    finally:
        session.forget()
    if hidden == _OWN_TEXT:
        return ["this guard hides neither a person's name nor an e-mail address"]
    return ["this guard does not hide a person's name: are its detectors patterns only?"] if _OWN_NAME in hidden else []


def timed(seam: str, library: str, check: Callable[[], object]) -> SeamCheck:
    """Run a check, and return what became of it."""
    begun = time.perf_counter()
    error = None
    try:
        check()
    except Exception as failure:  # noqa: BLE001 - a seam that can't be tested is not whole
        error = _told(failure)
    return SeamCheck(seam, library, error is None, (time.perf_counter() - begun) * 1000, error)


def _told(failure: Exception) -> str:
    """Return what may be told of a failure: a foreign message may quote anything."""
    if isinstance(failure, SeamBroken):
        return failure.reason
    return str(failure) if isinstance(failure, GuardError) else f"it can't be tested: {type(failure).__name__}"
