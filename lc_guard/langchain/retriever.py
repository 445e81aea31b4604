"""ProtectedRetriever: what is retrieved reaches the model as placeholders of the conversation."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Literal

from langchain_core.callbacks import AsyncCallbackManagerForRetrieverRun, CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import Runnable, RunnableConfig
from langchain_core.runnables.config import ensure_config, patch_config
from langchain_core.runnables.utils import ConfigurableFieldSpec
from pydantic import Field, InstanceOf, field_validator

from lc_guard._engine.requests import GuardRequest, GuardResult, ScanTarget
from lc_guard._placeholders.restorer import StreamRestorer
from lc_guard._vendors.reviewed_methods import RETRIEVER
from lc_guard._vendors.seals import Seal
from lc_guard.errors import UnsupportedInput
from lc_guard.guard import Guard
from lc_guard.langchain.check_reports import report_restoring
from lc_guard.langchain.child_runs import arun_checks, at_once, call_session, run_checks
from lc_guard.langchain.config_specs import with_session
from lc_guard.langchain.corpus_keys import reserve_corpus
from lc_guard.langchain.document_marks import MARK, NO_MARK, read_marks, unmarked
from lc_guard.langchain.document_texts import DocumentFields, change_document, checked_keys, is_key, texts_in
from lc_guard.langchain.langsmith_runs import guarded
from lc_guard.langchain.messages import Change, map_texts, texts_of
from lc_guard.langchain.restore import SessionRestorers, ValueRestorer
from lc_guard.records import Decision
from lc_guard.sessions import CallSession, session_key

logger = logging.getLogger("lc_guard")

_STRANGE = (
    "%d of %d retrieved documents hold placeholders and were not hidden by AnonymizeDocuments with this corpus_session "
    "and vault: they stay as they are. If they were, the store lost their metadata key %r: keep it, or hide them again"
)
_NO_SESSION = (
    'Call the chain with config={"configurable": {"session_id": "..."}} (a LangGraph "thread_id" works too). If you '
    "did: what calls this retriever hands its callbacks on and not its config, as LangChain's classic chains do "
    "(ConversationalRetrievalChain, RetrievalQA, MultiQueryRetriever, ...). Compose the chain of Runnables; or take "
    'ProtectedRetriever(..., output="original"), which needs no session, before protect(model, guard); or, for one '
    'conversation only, ProtectedRetriever(..., session_id="...")'
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
    `lc_guard.protect` with the same guard it is that of the boundary. With ``output="original"`` a call that names none
    has one of its own, forgotten when it ends: classic chains hand no config on. All documents of a retrieval are one
    decision of the stage ``"document"``; in the second case the query is one of the stage ``"prompt"``. Both are child
    runs, as is the inner retriever's run, which in the first case shows real text: `lc_guard.langfuse.mask_otel_spans`
    hides it at export.

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
        metadata_keys: Metadata keys that are hidden in the conversation; None takes all. Ids, and keys in which
            something was hidden when a document was stored, are hidden in any case.

    Raises:
        ValueError: If an argument is not of its type (pydantic's ``ValidationError``).
        SessionMissing: If a session id is blank.
    """

    inner: InstanceOf[Runnable[Any, Any]] = Field(repr=False, exclude=True)  # may show its documents
    guard: InstanceOf[Guard] = Field(exclude=True)
    corpus_session: str | None = Field(default=None, repr=False, exclude=True)
    session_id: str | None = Field(default=None, repr=False, exclude=True)
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
        if isinstance(guard, Guard | type):  # anything else pydantic tells
            guarded(guard, type(self).__name__)
        fields: dict[str, Any] = {"inner": inner, "guard": guard, "corpus_session": corpus_session}
        fields.update(session_id=session_id, output=output, metadata_keys=checked_keys(metadata_keys))
        super().__init__(**fields, **settings)

    @property
    def config_specs(self) -> list[ConfigurableFieldSpec]:
        """What the inner retriever reads of a config, and the session id."""
        return with_session(self.inner.config_specs)

    def invoke(self, input: str, config: RunnableConfig | None = None, **kwargs: Any) -> list[Document]:  # noqa: A002
        """Retrieve documents.

        Args:
            input: The query.
            config: Names the session.
            kwargs: For the inner retriever, such as a ``filter``: texts in them go the way of the query. What looks at
                documents itself, as a filter that is a function, sees them as they are stored.

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
        with self._session(config) as call:
            return self._found(call.id, query, run_manager, config, kwargs)

    def _found(
        self, session: str, query: str, run_manager: Any, config: RunnableConfig, kwargs: dict[str, Any]
    ) -> list[Document]:
        query, kwargs = self._restore_query(session, query, kwargs)
        if self.corpus_session is not None:
            (asked,) = run_checks(self.guard, [self._query_job(self.corpus_session, query, kwargs)], [run_manager])
            query, kwargs = self._hidden_query(query, kwargs, asked)
        found = self.inner.invoke(query, patch_config(config, callbacks=run_manager.get_child()), **kwargs)
        fields = [DocumentFields(self.metadata_keys)] * len(found)
        if self.corpus_session is not None:
            fields, found, counts, refused = self._restore(self.corpus_session, found)
            at_once(report_restoring(self.guard, run_manager, refused, counts))
        (outcome,) = run_checks(self.guard, [self._documents_job(session, found, fields)], [run_manager])
        return self._hidden(found, fields, outcome)

    async def _aget_relevant_documents(
        self,
        query: str,
        *,
        run_manager: AsyncCallbackManagerForRetrieverRun,
        call_config: RunnableConfig | None = None,
        **kwargs: Any,
    ) -> list[Document]:
        config = ensure_config(call_config)
        async with self._session(config) as call:
            return await self._afound(call.id, query, run_manager, config, kwargs)

    async def _afound(
        self, session: str, query: str, run_manager: Any, config: RunnableConfig, kwargs: dict[str, Any]
    ) -> list[Document]:
        query, kwargs = await self.guard.run_blocking(partial(self._restore_query, session, query, kwargs))
        if self.corpus_session is not None:
            job = self._query_job(self.corpus_session, query, kwargs)
            (asked,) = await arun_checks(self.guard, [job], [run_manager])
            query, kwargs = self._hidden_query(query, kwargs, asked)
        found = await self.inner.ainvoke(query, patch_config(config, callbacks=run_manager.get_child()), **kwargs)
        fields = [DocumentFields(self.metadata_keys)] * len(found)
        if self.corpus_session is not None:
            restore = partial(self._restore, self.corpus_session, found)
            fields, found, counts, refused = await self.guard.run_blocking(restore)
            await report_restoring(self.guard, run_manager, refused, counts)
        (outcome,) = await arun_checks(self.guard, [self._documents_job(session, found, fields)], [run_manager])
        return self._hidden(found, fields, outcome)

    def _session(self, config: RunnableConfig) -> CallSession:
        if self.corpus_session is not None:
            reserve_corpus(self.guard, self.corpus_session)
        # what is given back as it was needs a session for the check alone
        isolated = self.output == "original"
        return call_session(self.guard, config, fixed=self.session_id, isolated=isolated, remedy=_NO_SESSION)

    def _restore_query(self, session: str, query: Any, kwargs: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        if not isinstance(query, str):
            raise UnsupportedInput(f"a query is a text, got an object of type {type(query).__name__}")
        restoring = self.guard.session_values.restoring(session)

        def restore(text: str) -> str:
            restorer = StreamRestorer(restoring)
            return restorer.feed(text) + restorer.flush()

        return restore(query), _mapped(kwargs, restore)

    @staticmethod
    def _query_job(session: str, query: str, kwargs: Mapping[str, Any]) -> GuardRequest:
        texts = [query, *texts_of([kwargs], strict=False)]
        return GuardRequest(texts, session, "prompt", preamble=False, remember=False)

    @staticmethod
    def _hidden_query(query: str, kwargs: Mapping[str, Any], asked: GuardResult) -> tuple[str, dict[str, Any]]:
        return asked.hide(query), _mapped(kwargs, lambda text: text if is_key(text) else asked.hide(text))

    def _restore(
        self, session: str, found: Sequence[Document]
    ) -> tuple[list[DocumentFields], list[Document], tuple[int, int], list[Decision]]:
        """Restore in each document what its mark says was hidden in it; tell what of it is hidden from the model."""
        texts_in(found, NO_MARK.fields)  # refuses what is no document
        marks = read_marks(self.guard, session, found)
        held = [frozenset[str]() if mark is None else mark.held for mark in marks]
        make = SessionRestorers(self.guard, session, at="documents")
        restorings = self.guard.session_values.restoring_only(session, held)
        restored: list[Document] = []
        fields: list[DocumentFields] = []
        known = unknown = strange = 0
        for document, mark, restoring in zip(unmarked(found), marks, restorings, strict=True):
            restorer = ValueRestorer(partial(make.over, restoring))
            # where nothing is known to be hidden nothing is restored: all that looks like it is counted
            hidden = DocumentFields() if mark is None else mark.fields
            restored.append(change_document(document, restorer.text, hidden))
            fields.append(self._fields(document, restored[-1], hidden if mark else NO_MARK.fields))
            known, unknown = known + restorer.total[0], unknown + restorer.total[1]
            strange += mark is None and restorer.total[1] > 0
        if strange:
            logger.warning(_STRANGE, strange, len(restored), MARK)
        return fields, restored, (known, unknown), make.decisions()

    def _fields(self, stored: Document, restored: Document, hidden: DocumentFields) -> DocumentFields:
        """Return what of a document is hidden from the model: the keys of this retriever, and those hidden before."""
        if self.metadata_keys is None:
            return DocumentFields()
        names = zip(stored.metadata, restored.metadata, strict=True)
        before = (name for key, name in names if hidden.looks_at(key))
        return DocumentFields(tuple(dict.fromkeys((*self.metadata_keys, *before))))

    def _hidden(
        self, found: Sequence[Document], fields: Sequence[DocumentFields], outcome: GuardResult
    ) -> list[Document]:
        outcome.raise_if_blocked()  # also where there is no text to hide
        if self.output == "original" and not outcome.cleaned:
            return list(found)
        change = outcome.clean if self.output == "original" else outcome.hide
        return [change_document(document, change, own) for document, own in zip(found, fields, strict=True)]

    @staticmethod
    def _documents_job(session: str, found: Sequence[Document], fields: Sequence[DocumentFields]) -> GuardRequest:
        texts = [text for document, own in zip(found, fields, strict=True) for text in texts_in([document], own)]
        asks = [ScanTarget(text, "document") for text in texts]
        return GuardRequest(texts, session, "document", preamble=False, asks=asks)


def _mapped(kwargs: Mapping[str, Any], change: Change) -> dict[str, Any]:
    """Change the texts of a call's keywords, such as a filter: in a list they are data at any depth."""
    mapped: dict[str, Any] = map_texts([dict(kwargs)], change, strict=False)[0]
    return mapped


# a driver that a later LangChain adds is no way around what stands above
Seal("ProtectedRetriever", "langchain-core").close(ProtectedRetriever, BaseRetriever, RETRIEVER)
