"""ProtectedRetriever: what is retrieved reaches the model as placeholders of the conversation."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, Literal

from langchain_core.callbacks import AsyncCallbackManagerForRetrieverRun, CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import Runnable, RunnableConfig
from langchain_core.runnables.config import ensure_config, patch_config
from pydantic import Field, InstanceOf, field_validator

from lc_guard._engine.requests import GuardRequest, GuardResult, ScanTarget
from lc_guard._placeholders.restorer import StreamRestorer
from lc_guard._vendors.reviewed_methods import RETRIEVER
from lc_guard._vendors.seals import Seal
from lc_guard.errors import UnsupportedInput
from lc_guard.guard import Guard
from lc_guard.langchain.child_runs import (
    areport_refused,
    areport_restored,
    arun_checks,
    call_session,
    report_refused,
    report_restored,
    run_checks,
)
from lc_guard.langchain.document_marks import MARK, NO_MARK, Mark, read_marks, unmarked
from lc_guard.langchain.document_texts import change_document, checked_keys, texts_in
from lc_guard.langchain.restore import SessionRestorers, ValueRestorer
from lc_guard.records import Decision
from lc_guard.sessions import session_key

logger = logging.getLogger("lc_guard")

_STRANGE = (
    "%d of %d retrieved documents hold placeholders and were not hidden by AnonymizeDocuments with this corpus_session "
    "and vault: they stay as they are. If they were, the store lost their metadata key %r: keep it, or hide them again"
)


class ProtectedRetriever(BaseRetriever):
    """A retriever whose documents are hidden in the session of the conversation that asks.

    The query may come from the user or, after `Anonymize`, with the conversation's placeholders; those are restored
    first. What happens then depends on what the store holds:

    - **Raw documents** (no `corpus_session`): the store is searched with the real query; what it gives is hidden in the
      conversation's session. The store and its embeddings see real text, the model does not.
    - **Documents of `AnonymizeDocuments`** (`corpus_session` names its session): the query is hidden with the corpus'
      placeholders, so that neither the embeddings nor the store see a value, and nothing of it is remembered there;
      what was hidden in the documents that the store gives is restored and hidden in the conversation's session. A
      person has one placeholder in question, documents and answer. Whatever else looks like a placeholder of the
      corpus, in metadata, in ids, in a document that somebody wrote into the store himself, stays as it is.

    The session of the conversation comes from the config, by ``session_id`` or ``thread_id``, else `session_id`; behind
    `lc_guard.protect` with the same guard it is that of the boundary. All documents of a retrieval are one decision of
    the stage ``"document"``; in the second case the query is one of the stage ``"prompt"``. Both are child runs, as is
    the inner retriever's run, which in the first case shows real text: `lc_guard.langfuse.mask_otel_spans` hides it at
    export.

    Where a boundary stands *behind* the retriever (it is a tool of an agent with `lc_guard.GuardMiddleware`, or the
    chain ends in ``protect(model, guard)``), say ``output="original"``: that boundary hides real text, and takes a
    placeholder for something that somebody typed.

    The guard's ``prompt_scanners`` judge documents one by one, at the stage ``"document"``: a policy may have one that
    is poisoned replaced and the others given on; by default it blocks the call.

    Args:
        inner: The retriever, or another Runnable from a query to documents.
        guard: Hides and restores.
        corpus_session: Session id that the documents were stored with; None if the store holds raw documents.
        session_id: The session of every call whose config names none: for one conversation only.
        output: ``"anonymized"`` gives documents with the conversation's placeholders; ``"original"`` gives real ones,
            after the same check.
        metadata_keys: Metadata keys whose texts are hidden in the conversation; None takes all. Those in which
            something was hidden when a document was stored are restored and hidden in any case.

    Raises:
        ValueError: If an argument is not of its type (pydantic's ``ValidationError``).
        SessionMissing: If a session id is blank.
    """

    inner: InstanceOf[Runnable[Any, Any]] = Field(repr=False)  # may show its documents
    guard: InstanceOf[Guard]
    corpus_session: str | None = Field(default=None, repr=False)
    session_id: str | None = Field(default=None, repr=False)
    output: Literal["anonymized", "original"] = "anonymized"
    metadata_keys: tuple[str, ...] | None = None

    @field_validator("corpus_session", "session_id", mode="before")
    @classmethod
    def _one_form(cls, value: Any) -> Any:
        return None if value is None else session_key(value)

    def __init__(
        self,
        inner: Runnable[Any, Any],
        guard: Guard,
        *,
        corpus_session: str | None = None,
        session_id: str | None = None,
        output: Literal["anonymized", "original"] = "anonymized",
        metadata_keys: Sequence[str] | None = None,
        **settings: Any,
    ) -> None:
        fields: dict[str, Any] = {"inner": inner, "guard": guard, "corpus_session": corpus_session}
        fields.update(session_id=session_id, output=output, metadata_keys=checked_keys(metadata_keys))
        super().__init__(**fields, **settings)

    def invoke(self, input: str, config: RunnableConfig | None = None, **kwargs: Any) -> list[Document]:  # noqa: A002
        """Retrieve documents.

        Args:
            input: The query.
            config: Names the session.
            kwargs: For the inner retriever.

        Raises:
            SessionMissing: If there is no session id.
            Blocked: If the policy does not let the query or a document go on.
        """
        config = ensure_config(config)
        return super().invoke(input, config, call_config=config, **kwargs)

    async def ainvoke(self, input: str, config: RunnableConfig | None = None, **kwargs: Any) -> list[Document]:  # noqa: A002
        """Async version of `invoke`."""
        config = ensure_config(config)
        return await super().ainvoke(input, config, call_config=config, **kwargs)

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,
        call_config: RunnableConfig | None = None,
        **kwargs: Any,
    ) -> list[Document]:
        config = ensure_config(call_config)
        session = self._session(config)
        query = self._restore_query(session, query)
        if self.corpus_session is not None:
            (asked,) = run_checks(self.guard, [self._query_job(self.corpus_session, query)], [run_manager])
            query = asked.hide(query)
        marks: Sequence[Mark] | None = None
        found = self.inner.invoke(query, patch_config(config, callbacks=run_manager.get_child()), **kwargs)
        if self.corpus_session is not None:
            marks, found, counts, refused = self._restore(self.corpus_session, found)
            report_refused(self.guard, run_manager, refused)
            report_restored(run_manager, counts)
        (outcome,) = run_checks(self.guard, [self._documents_job(session, found, marks)], [run_manager])
        return self._hidden(found, marks, outcome)

    async def _aget_relevant_documents(
        self,
        query: str,
        *,
        run_manager: AsyncCallbackManagerForRetrieverRun,
        call_config: RunnableConfig | None = None,
        **kwargs: Any,
    ) -> list[Document]:
        config = ensure_config(call_config)
        session = self._session(config)
        query = await self.guard.run_blocking(partial(self._restore_query, session, query))
        if self.corpus_session is not None:
            (asked,) = await arun_checks(self.guard, [self._query_job(self.corpus_session, query)], [run_manager])
            query = asked.hide(query)
        marks: Sequence[Mark] | None = None
        found = await self.inner.ainvoke(query, patch_config(config, callbacks=run_manager.get_child()), **kwargs)
        if self.corpus_session is not None:
            restore = partial(self._restore, self.corpus_session, found)
            marks, found, counts, refused = await self.guard.run_blocking(restore)
            await areport_refused(self.guard, run_manager, refused)
            await areport_restored(run_manager, counts)
        (outcome,) = await arun_checks(self.guard, [self._documents_job(session, found, marks)], [run_manager])
        return self._hidden(found, marks, outcome)

    def _session(self, config: RunnableConfig) -> str:
        return call_session(self.guard, config, fixed=self.session_id, isolated=False).id

    def _restore_query(self, session: str, query: Any) -> str:
        if not isinstance(query, str):
            raise UnsupportedInput(f"a query is a text, got an object of type {type(query).__name__}")
        restorer = StreamRestorer(self.guard.restoring(session))
        return restorer.feed(query) + restorer.flush()

    def _restore(
        self, session: str, found: Sequence[Document]
    ) -> tuple[list[Mark], list[Document], tuple[int, int], list[Decision]]:
        """Restore in each document what its mark says was hidden in it."""
        texts_in(found, ())  # refuses what is no document
        read = read_marks(self.guard, session, found)
        marks = [mark or NO_MARK for mark in read]
        make = SessionRestorers(self.guard, session, at="documents")
        restorings = self.guard.restoring_only(session, [mark.held for mark in marks])
        restored: list[Document] = []
        known = unknown = strange = 0
        for document, mark, restoring in zip(unmarked(found), read, restorings, strict=True):
            restorer = ValueRestorer(partial(make.over, restoring))
            # where nothing is known to be hidden nothing is restored: all that looks like it is counted
            keys = None if mark is None else mark.keys
            restored.append(change_document(document, restorer.text, metadata_keys=keys))
            known, unknown = known + restorer.total[0], unknown + restorer.total[1]
            strange += mark is None and restorer.total[1] > 0
        if strange:
            logger.warning(_STRANGE, strange, len(restored), MARK)
        return marks, restored, (known, unknown), make.decisions()

    def _hidden(self, found: Sequence[Document], marks: Sequence[Mark] | None, outcome: GuardResult) -> list[Document]:
        outcome.raise_if_blocked()  # also where there is no text to hide
        if self.output == "original" and not outcome.cleaned:
            return list(found)
        change = outcome.clean if self.output == "original" else outcome.hide
        return [
            change_document(document, change, metadata_keys=keys) for document, keys in self._looked_at(found, marks)
        ]

    def _documents_job(self, session: str, found: Sequence[Document], marks: Sequence[Mark] | None) -> GuardRequest:
        texts = [text for document, keys in self._looked_at(found, marks) for text in texts_in([document], keys)]
        return GuardRequest(
            texts, session, "document", preamble=False, asks=[ScanTarget(text, "document") for text in texts]
        )

    def _looked_at(
        self, found: Sequence[Document], marks: Sequence[Mark] | None
    ) -> Iterator[tuple[Document, tuple[str, ...] | None]]:
        """Yield each document with the metadata keys that are hidden in it."""
        for document, mark in zip(found, marks or [NO_MARK] * len(found), strict=True):
            keys = self.metadata_keys
            yield document, keys if keys is None else tuple(dict.fromkeys((*keys, *mark.keys)))

    @staticmethod
    def _query_job(session: str, query: str) -> GuardRequest:
        return GuardRequest([query], session, "prompt", preamble=False, remember=False)


# a driver that a later LangChain adds is no way around what stands above
Seal("ProtectedRetriever", "langchain-core").close(ProtectedRetriever, BaseRetriever, RETRIEVER)
