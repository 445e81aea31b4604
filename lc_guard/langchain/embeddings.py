"""ProtectedEmbeddings: the embedding model sees no value, and a search for a name still finds it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Literal

from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings

from lc_guard._engine.requests import GuardRequest, GuardResult, ScanTarget
from lc_guard._placeholders.pseudonyms import pseudonym
from lc_guard._vendors.seals import Seal
from lc_guard.errors import UnsupportedInput, kind_given
from lc_guard.guard import Guard, require_guard
from lc_guard.langchain.corpus_keys import corpus_key, reserve_corpus
from lc_guard.langchain.documents import AnonymizeDocuments
from lc_guard.sessions import session_key

Form = Literal["names", "placeholders"]
"""What the embedding model sees in the place of a value."""

Write = Callable[[str, str], str]


class ProtectedEmbeddings(Embeddings):
    """An embedding model that never sees a value; the store beside it keeps what it is given.

    For vector stores, LangGraph's long-term store and what is built on it, that may hold real text while the embedding
    model may not see it. In every text that is embedded, a value that the guard finds, or that the corpus knows, is
    written as something else: always the same for the same value, so that a person has one vector in documents and in
    queries. Nothing of a query is remembered: an unknown name in it takes up no number.

    A store of `lc_guard.AnonymizeDocuments` needs none; with one, its placeholders are embedded as they are. An
    embedding of a name that is written otherwise knows nothing of the world: that Warsaw is in Poland can't be found by
    it. See ``docs/design/embeddings.md`` for what that costs.

    A call is a run with one decision for each batch of documents, of the stage ``"document"``, or for the query, of
    the stage ``"prompt"``; inside a Runnable it is a child of the running step. The guard's ``prompt_scanners`` judge
    what is embedded.

    Args:
        embeddings: The embedding model.
        guard: Hides.
        session_id: Session id of the corpus, which may be that of `AnonymizeDocuments`; calls of conversations that
            name it are refused. Keep its vault as long as the vectors: it holds the key of the names.
        form: ``"names"`` writes a surname for each word of a value and a number for each number, by a key in the
            vault. The model can tell that two values share a word, and how often a word comes. ``"placeholders"``
            writes the placeholders of the corpus (``[REDACTED_PERSON_1]``), which most models can hardly tell apart.
        batch_size: Documents that the detectors get at a time, 1 or more.

    Raises:
        TypeError: If an argument is not of its type.
        ValueError: If the form is not known or the batch size is below 1.
        SessionMissing: If the session id is blank or None.

    Example:
        ```python
        from langgraph.store.memory import InMemoryStore

        embeddings = ProtectedEmbeddings(OpenAIEmbeddings(), guard, session_id="memories")
        store = InMemoryStore(index={"embed": embeddings, "dims": 1536})
        ```
    """

    def __init__(
        self,
        embeddings: Embeddings,
        guard: Guard,
        *,
        session_id: str,
        form: Form = "names",
        batch_size: int = 16,
    ) -> None:
        if not isinstance(embeddings, Embeddings):
            raise TypeError(f"{type(self).__name__} needs LangChain Embeddings, got {kind_given(embeddings)}")
        require_guard(guard, type(self).__name__)
        if form not in ("names", "placeholders"):
            raise ValueError("form must be 'names' or 'placeholders'")
        self.embeddings = embeddings
        self.guard = guard
        self.form = form
        self.batch_size = batch_size
        self._session_id = session_key(session_id)
        self._hiding(None, query=False)  # looks at the other arguments
        reserve_corpus(guard, self._session_id)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({type(self.embeddings).__name__}, {self.guard!r})"

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Embed documents.

        Args:
            texts: The texts.

        Raises:
            Blocked: If the policy does not let a text go on: none is embedded then.
            UnsupportedInput: If something is no text.
        """
        return self.embeddings.embed_documents(self._hide(texts, query=False))

    async def aembed_documents(self, texts: list[str]) -> list[list[float]]:
        """Async version of `embed_documents`."""
        return await self.embeddings.aembed_documents(await self._ahide(texts, query=False))

    def embed_query(self, text: str) -> list[float]:
        """Embed a query; nothing of it is remembered.

        Raises:
            Blocked: If the policy does not let it go on.
            UnsupportedInput: If it is no text.
        """
        (hidden,) = self._hide([text], query=True)
        return self.embeddings.embed_query(hidden)

    async def aembed_query(self, text: str) -> list[float]:
        """Async version of `embed_query`."""
        (hidden,) = await self._ahide([text], query=True)
        return await self.embeddings.aembed_query(hidden)

    def _hide(self, texts: Sequence[str], *, query: bool) -> list[str]:
        documents = _documents(texts)
        hidden = self._hiding(self._writer(), query=query).transform_documents(documents)
        return [document.page_content for document in hidden]

    async def _ahide(self, texts: Sequence[str], *, query: bool) -> list[str]:
        documents = _documents(texts)
        writer = await self.guard.run_blocking(self._writer)
        hidden = await self._hiding(writer, query=query).atransform_documents(documents)
        return [document.page_content for document in hidden]

    def _hiding(self, write: Write | None, *, query: bool) -> _HideTexts:
        return _HideTexts(self.guard, self._session_id, self.batch_size, write=write, query=query)

    def _writer(self) -> Write | None:
        if self.form == "placeholders":
            return None
        _, key = corpus_key(self.guard, self._session_id, "embeddings")
        return partial(pseudonym, bytes.fromhex(key))


class _HideTexts(AnonymizeDocuments):
    """Hides texts for one call, for good."""

    run_name = "ProtectedEmbeddings"

    def __init__(self, guard: Guard, session_id: str, batch_size: int, *, write: Write | None, query: bool) -> None:
        super().__init__(guard, session_id=session_id, batch_size=batch_size)
        self._write = write
        self._query = query

    def _job(self, batch: Iterable[Document]) -> GuardRequest:
        job = replace(super()._job(batch), write=self._write)
        if not self._query:
            return job
        asks = [ScanTarget(text, "prompt") for text in job.texts]
        return replace(job, stage="prompt", asks=asks, remember=False)

    def _hidden(self, batch: Sequence[Document], outcome: GuardResult) -> list[Document]:
        outcome.raise_if_blocked()
        return [Document(outcome.hide(document.page_content)) for document in batch]


def _documents(texts: Sequence[str]) -> list[Document]:
    for text in texts:
        if not isinstance(text, str):
            raise UnsupportedInput(f"what is embedded is a text, got an object of type {type(text).__name__}")
    return [Document(text) for text in texts]


# a method that a later LangChain adds may give texts on as they are
Seal("ProtectedEmbeddings", "langchain-core").close(ProtectedEmbeddings, Embeddings, ())
