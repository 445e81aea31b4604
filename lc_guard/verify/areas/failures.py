"""Failures and refusals: what fails lets nothing through, and what is refused reaches nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from langchain_core.documents import Document
from langchain_core.embeddings import DeterministicFakeEmbedding
from langchain_core.runnables import RunnableLambda
from langgraph.checkpoint.base import empty_checkpoint
from langgraph.checkpoint.memory import InMemorySaver

from lc_guard.guard import Guard
from lc_guard.langchain.boundary import protect
from lc_guard.langchain.checkpointer import GuardCheckpointer
from lc_guard.langchain.documents import AnonymizeDocuments
from lc_guard.langchain.embeddings import ProtectedEmbeddings
from lc_guard.langchain.recording_model import Recording
from lc_guard.langchain.retriever import ProtectedRetriever
from lc_guard.langchain.self_test import selftest
from lc_guard.policy.policy import Policy
from lc_guard.records import ScanResult
from lc_guard.scanners.base import ScanRequest
from lc_guard.testing import (
    ExactDetector,
    FailingDetector,
    FailingScanner,
    HangingDetector,
    HangingScanner,
    PhraseScanner,
)
from lc_guard.vaults.memory import MemoryVault
from lc_guard.verify.canaries import KIND
from lc_guard.verify.modes import MODES
from lc_guard.verify.observers import texts_of_error
from lc_guard.verify.promises import Area, refusal, require
from lc_guard.verify.staging import FIRST, FORMS, ask, guard_for, new_value, noting_model, seen, session, shown


class _Broken(MemoryVault):
    """Fails where it is asked for placeholders, and quotes them."""

    def allocate(self, session: str, wanted: Any, mint: Any) -> Any:  # noqa: ARG002
        raise RuntimeError(str(wanted))


def _broken(value: str) -> Iterator[tuple[str, Guard]]:
    """Yield guards of which something fails, and quotes what it was given."""
    quoting = RuntimeError(f"I got {value}")
    finds = ExactDetector({KIND: [value]})
    yield "a detector", Guard([finds, FailingDetector(quoting)])
    yield "the first detector", Guard([FailingDetector(quoting), finds])
    yield "a scanner", Guard([finds], prompt_scanners=[FailingScanner(quoting)])
    yield "the vault", Guard([finds], vault=_Broken())


def _models() -> None:
    """Where a detector, a scanner or the vault fails no model is asked, in no form and no mode; no error quotes it."""
    for form, build in FORMS.items():
        for mode in MODES:
            value = new_value()
            for what, guard in _broken(value):
                model = noting_model()
                error = refusal(
                    partial(ask, build(guard, model), mode, f"I am {value}", session("s")), f"{what} ({form}, {mode})"
                )
                require(not model.recording.texts, f"{what} ({form}, {mode}): the model was asked")
                require(not seen(texts_of_error(error), value), f"{what} ({form}, {mode}): the error quotes it")


def _awaited(call: Callable[..., Any], *given: Any) -> Any:
    return asyncio.run(call(*given))


def _others() -> None:
    """The same holds for documents, retrievers, embeddings, checkpoints and sessions without a chain."""
    value = new_value()
    document = Document(f"Of {value}")
    for what, guard in _broken(value):
        store = InMemorySaver()
        saver = GuardCheckpointer(store, guard=guard)
        hide = AnonymizeDocuments(guard, session_id="corpus")
        retriever = ProtectedRetriever(RunnableLambda(lambda _: [document]), guard)
        embeddings = ProtectedEmbeddings(DeterministicFakeEmbedding(size=1), guard, session_id="corpus")
        config: Any = {"configurable": {"thread_id": "t", "checkpoint_ns": ""}}
        state: Any = {**empty_checkpoint(), "channel_values": {"text": value}, "channel_versions": {"text": "1"}}
        put: tuple[Any, ...] = (config, state, {"source": "input", "step": 0, "parents": {}}, {"text": "1"})
        calls: dict[str, Callable[[], Any]] = {
            "transform_documents": partial(hide.transform_documents, [document]),
            "retriever": partial(retriever.invoke, "files", session("s")),
            "async retriever": partial(_awaited, retriever.ainvoke, "files", session("s")),
        }
        if what != "a scanner":  # it judges neither what a graph stores nor a text without a chain
            calls["session"] = partial(guard.session("s").anonymize, value)
            calls["async session"] = partial(_awaited, guard.session("s").aanonymize, value)
            calls["checkpointer"] = partial(saver.put, *put)
            calls["async checkpointer"] = partial(_awaited, saver.aput, *put)
        if what != "the vault":  # a value is written by a key, not by a number
            calls["embeddings"] = partial(embeddings.embed_documents, [value])
        for name, call in calls.items():
            error = refusal(call, f"{what} ({name})")
            require(not seen(texts_of_error(error), value), f"{what} ({name}): the error quotes it")
        require(not seen([*map(repr, store.storage.values())], value), f"{what}: stored all the same")


def _late() -> None:
    """What answers too late lets nothing through either."""
    for mode in MODES:
        for late in (HangingDetector(), HangingScanner()):
            asks: dict[str, Any] = {"prompt_scanners": [late]} if isinstance(late, HangingScanner) else {}
            detectors = [] if asks else [late]
            guard, model = Guard(detectors, policy=Policy(timeout=0.05), **asks), noting_model()
            try:
                refusal(partial(ask, protect(model, guard), mode, "Hello", session("s")), mode)
                require(not model.recording.texts, mode)
            finally:
                late.release.set()


def _prompts() -> None:
    """A text that a scanner or the policy blocks reaches no model, and no error quotes it."""
    for form, build in FORMS.items():
        for mode in MODES:
            value, model = new_value(), noting_model()
            for guard in (
                guard_for(prompt_scanners=[PhraseScanner(value)]),
                guard_for(value, policy=Policy(kinds={KIND: "block"}, timeout=None)),
            ):
                error = refusal(
                    partial(ask, build(guard, model), mode, f"I am {value}", session("s")), f"{form}, {mode}"
                )
                require(not model.recording.texts, f"{form}, {mode}: the model was asked")
                require(not seen(texts_of_error(error), value), f"{form}, {mode}: the error quotes it")


def _answers() -> None:
    """An answer that a scanner blocks is given to nobody, in no form and no mode."""
    for form, build in FORMS.items():
        for mode in MODES:
            for scanner in (PhraseScanner("evil deed"), FailingScanner(RuntimeError("evil deed"))):
                guard = guard_for(output_scanners=[scanner])
                app = build(guard, noting_model(says="An evil deed, at some length. And more of it."))
                error = refusal(partial(ask, app, mode, "Go on", session("s")), f"{form}, {mode}")
                require(not seen(texts_of_error(error), "evil deed"), f"{form}, {mode}: the error quotes it")


def _pieces() -> None:
    """A stream that is blocked has given nothing of what was blocked."""
    for form in ("chain", "protect"):
        guard = guard_for(output_scanners=[PhraseScanner("evil deed")])
        app = FORMS[form](guard, noting_model(says="An evil deed, at some length."))
        got: list[Any] = []

        def read(app: Any = app, got: list[Any] = got) -> None:
            for piece in app.stream([("user", "Go on")], session("s")):
                got.append(piece)

        async def aread(app: Any = app, got: list[Any] = got) -> None:
            async for piece in app.astream([("user", "Go on")], session("s")):
                got.append(piece)

        async_read = aread()
        refusal(read, f"{form}, stream")
        refusal(partial(asyncio.run, async_read), f"{form}, astream")
        require(not seen("".join(shown(piece) for piece in got), "evil"), form)


def _turns() -> None:
    """A turn that was refused reaches no model later, when the conversation goes on."""
    for mode in MODES:
        model = noting_model()
        guard = guard_for(prompt_scanners=[PhraseScanner("obey me")])
        protected = protect(model, guard, on_blocked="I can't do that.")
        messages: list[Any] = [("user", "Now obey me")]
        result = ask(protected, mode, messages, session("s"))
        require("I can't do that." in shown(result) and not model.recording.texts, f"{mode}: the refused turn")
        ask(protected, mode, [*messages, result, ("user", "And the weather?")], session("s"))
        require(seen(model.recording.texts, "And the weather?") and not seen(model.recording.texts, "obey me"), mode)


class _Outside:
    """A service outside that notes what it is asked about."""

    name = "outside"
    sees = "hidden"
    cost = "remote"

    def __init__(self) -> None:
        self.noted = Recording()

    def scan(self, request: ScanRequest) -> ScanResult:
        self.noted.add(request.text, request.prompt, [turn.text for turn in request.turns])
        return ScanResult(valid=True, risk_score=0.0)


def _outside() -> None:
    """A scanner that is a service outside sees placeholders, of prompts, of answers and of what was said before."""
    for form, build in FORMS.items():
        for mode in MODES:
            value, asked, judged = new_value(), _Outside(), _Outside()
            guard = guard_for(value, prompt_scanners=[asked], output_scanners=[judged])
            messages: list[Any] = [
                ("user", f"Hello, {value} here"),
                ("ai", f"Hello {value}"),
                ("user", f"I am {value}"),
            ]
            ask(build(guard, noting_model()), mode, messages, session("s"))
            for noted in (asked.noted, judged.noted):
                require(seen(noted.texts, FIRST) and not seen(noted.texts, value), f"{form}, {mode}")


def _seams() -> None:
    """The self-test of an application's start-up finds every seam whole, checkpoints and embeddings among them."""
    for check in selftest(on_failure="return").checks:
        require(check.passed, f"{check.seam}: {check.error}")


def _stored() -> None:
    """A checkpointer stores no value: not in a state, in writes, in errors, or in metadata, sync and async."""
    for is_async in (False, True):
        value, store = new_value(), InMemorySaver()
        guard = guard_for(value)
        saver = GuardCheckpointer(store, guard=guard)
        config: Any = {"configurable": {"thread_id": "t", "checkpoint_ns": ""}}
        state: Any = {**empty_checkpoint(), "channel_values": {"text": [value]}, "channel_versions": {"text": "1"}}
        metadata: Any = {"source": "input", "step": 0, "parents": {}, "of": {"by": value}}
        writes = [("text", value), ("__error__", ValueError(value)), ("deep", {"by": [value]})]
        if is_async:
            stored = asyncio.run(saver.aput(config, state, metadata, {"text": "1"}))
            asyncio.run(saver.aput_writes(stored, writes, "task"))
        else:
            stored = saver.put(config, state, metadata, {"text": "1"})
            saver.put_writes(stored, writes, "task")
        held = [repr(store.get_tuple(stored)), repr(store.storage), repr(store.blobs), repr(store.writes)]
        require(not seen(held, value) and seen(held, FIRST), "async" if is_async else "sync")
        found = saver.get_tuple(stored)
        require(found is not None and value in repr(found.checkpoint), "it does not come back")


CLOSED = Area("failing detectors, scanners, vaults", (_models, _others, _late))
REFUSALS = Area("refused turns, answers, streams", (_prompts, _answers, _pieces, _turns))
OUTSIDE = Area("scanners outside", (_outside,))
SEAMS = Area("checkpoints, seams", (_stored, _seams))
