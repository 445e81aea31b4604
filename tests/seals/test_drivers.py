"""Methods that a later LangChain or LangGraph adds to the classes that ours inherit from."""

from __future__ import annotations

import subprocess
import sys
from textwrap import dedent

import pytest

LATER = """
    import asyncio, pickle
    from lc_guard import Guard, SeamBroken
    guard = Guard([])

    def refused(call, *words):
        try:
            call()
        except SeamBroken as error:
            assert all(word in str(error) for word in words), error
            assert str(pickle.loads(pickle.dumps(error))) == str(error)
            print("refused", error.seam, error.library, error.version)
        else:
            raise SystemExit("it passed through")
"""
CASES = {
    "a chat model's": (
        """
        from langchain_core.language_models import BaseChatModel
        def converse(self, messages, config=None): return self.inner.invoke(messages)
        async def aconverse(self, messages, config=None): return await self.inner.ainvoke(messages)
        def stream_converse(self, messages):
            yield self.inner.invoke(messages)
        for new in (converse, aconverse, stream_converse):
            setattr(BaseChatModel, new.__name__, new)
        """,
        """
        from langchain_core.language_models import FakeListChatModel
        from lc_guard import protect
        asked = []
        class Model(FakeListChatModel):
            def _call(self, messages, *args, **kwargs):
                asked.append(messages)
                return super()._call(messages, *args, **kwargs)
        model = protect(Model(responses=["fine"]), guard)
        refused(lambda: model.converse(["Ada"]), "ProtectedChatModel.converse", "langchain-core", "doctor")
        refused(lambda: asyncio.run(model.aconverse(["Ada"])), "aconverse")
        refused(lambda: next(model.stream_converse(["Ada"])), "stream_converse")
        refused(lambda: model.model_copy().converse(["Ada"]))
        assert asked == []
        assert model.invoke("hello").content == "fine"
        """,
    ),
    "a Runnable's": (
        """
        from langchain_core.runnables import Runnable, RunnableSequence
        def run_stream(self, chunks, config=None): return chunks
        Runnable.run_stream = run_stream
        """,
        """
        from lc_guard import Anonymize, Deanonymize, ProtectedRetriever, ScanPrompt, protect
        from langchain_core.language_models import FakeListChatModel
        from langchain_core.runnables import RunnableLambda
        for step in (Anonymize(guard), Deanonymize(guard)):
            refused(lambda: step.run_stream(["Ada"]), type(step).__name__, "langchain-core", "run_stream")
        refused(lambda: protect(FakeListChatModel(responses=[""]), guard).run_stream(["Ada"]), "run_stream")
        inner = RunnableLambda(lambda query: [])
        refused(lambda: ProtectedRetriever(inner, guard).run_stream(["Ada"]), "ProtectedRetriever", "run_stream")
        """,
    ),
    "a saver's": (
        """
        from langgraph.checkpoint.base import BaseCheckpointSaver
        def put_blob(self, config, blob): self.saver.put_blob(config, blob)
        async def aput_blob(self, config, blob): await self.saver.aput_blob(config, blob)
        BaseCheckpointSaver.put_blob, BaseCheckpointSaver.aput_blob = put_blob, aput_blob
        """,
        """
        from langgraph.checkpoint.memory import InMemorySaver
        from lc_guard import GuardCheckpointer
        stored = []
        InMemorySaver.put_blob = lambda self, config, blob: stored.append(blob)
        saver = GuardCheckpointer(InMemorySaver(), guard=guard)
        refused(lambda: saver.put_blob({}, "Ada"), "GuardCheckpointer", "langgraph-checkpoint", "put_blob")
        refused(lambda: asyncio.run(saver.aput_blob({}, "Ada")), "aput_blob")
        assert stored == []
        """,
    ),
    "a document transformer's": (
        """
        from langchain_core.documents import BaseDocumentTransformer
        BaseDocumentTransformer.transform_stream = lambda self, documents: documents
        """,
        """
        from lc_guard import AnonymizeDocuments
        hide = AnonymizeDocuments(guard, session_id="corpus")
        refused(lambda: hide.transform_stream(["Ada"]), "AnonymizeDocuments", "langchain-core", "transform_stream")
        """,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_method_that_nobody_reviewed_raises(case: str) -> None:
    """The new method is there before lc-guard is imported, as in a release."""
    release, check = map(dedent, CASES[case])
    code = f"{release}\n{dedent(LATER)}\n{check}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "refused" in done.stdout
