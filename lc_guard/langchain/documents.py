"""AnonymizeDocuments: what goes into a vector store holds placeholders instead of values."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Callable, Collection, Iterable, Iterator, Sequence, Sized
from contextlib import aclosing, contextmanager
from functools import partial
from itertools import islice
from typing import Any, ClassVar, TypeVar

from langchain_core.documents import BaseDocumentTransformer, Document
from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.config import (
    ensure_config,
    get_async_callback_manager_for_config,
    get_callback_manager_for_config,
    run_in_executor,
)

from lc_guard._engine.requests import GuardRequest, GuardResult, ScanTarget
from lc_guard._vendors.seals import Seal
from lc_guard.errors import Blocked, DetectorTimeout, GuardError
from lc_guard.guard import Guard, require_guard
from lc_guard.langchain.child_runs import arun_checks, run_checks
from lc_guard.langchain.corpus_keys import reserve_corpus
from lc_guard.langchain.document_marks import Marker
from lc_guard.langchain.document_texts import DocumentFields, change_document, checked_keys, is_key, texts_in
from lc_guard.langchain.messages import map_texts, texts_of
from lc_guard.sessions import session_key

Value = TypeVar("Value")


class AnonymizeDocuments(BaseDocumentTransformer):
    """Hides what the guard finds in documents before they are embedded and stored.

    All documents share one session, the corpus: a value has the same placeholder in each of them, so that a search for
    it still finds it. Read such a store through `lc_guard.ProtectedRetriever` with the same ``corpus_session``, and
    keep the vault as long as the store: without it the placeholders stay for good. (A `lc_guard.vaults.MemoryVault`
    drops a session that is unused for a day, unless made with ``ttl=None``.) Split documents first, so that no
    placeholder is cut.

    Hidden are the content, all metadata at any depth with those names of keys that are no plain names of columns, and
    ids. As they are go numbers, dates, booleans and enumerations, and texts that are a UUID or a digest as a whole:
    stores look documents up and compare by them. A look-up by any other text is made with `stored_form`. A document in
    which nothing changes is the same object; nothing is mutated.

    A document in which something was hidden says so in its metadata, under ``lc_guard_hidden``: value-free, and sealed
    with a key in the vault, so that the retriever puts back what was hidden here and nothing that anybody else typed.
    Each batch is one decision of the stage ``"document"``. The policy's timeout holds for each batch: with models as
    detectors, count on 0.2 s of a processor for a thousand characters.

    Args:
        guard: Decides and remembers; share one for the whole application.
        session_id: Session id of the corpus; calls of conversations that name it are refused.
        metadata_keys: Metadata keys that are hidden; documents that lack one are fine. None takes all. Others go to
            the store as they are.
        leave_keys: Metadata keys that go to the store as they are all the same.
        hide_ids: Whether ids are hidden.
        batch_size: Documents that the detectors get at a time, 1 or more; a lazy transformation holds no more.
        progress: Whether a progress bar is shown on the standard error stream.

    Raises:
        TypeError: If an argument is not of its type.
        ValueError: If the batch size is below 1.
        SessionMissing: If the session id is blank or None.
    """

    run_name: ClassVar[str] = "AnonymizeDocuments"

    def __init__(
        self,
        guard: Guard,
        *,
        session_id: str,
        metadata_keys: Collection[str] | None = None,
        leave_keys: Collection[str] = (),
        hide_ids: bool = True,
        batch_size: int = 16,
        progress: bool = False,
    ) -> None:
        require_guard(guard, type(self).__name__)
        if not isinstance(batch_size, int) or batch_size < 1:
            raise ValueError("batch_size must be a whole number, 1 or more")
        self.guard = guard
        self.batch_size = batch_size
        self.progress = progress
        left = frozenset(checked_keys(leave_keys, "leave_keys") or ())
        self._fields = DocumentFields(checked_keys(metadata_keys), left, id=hide_ids, stored=True)
        self._session_id = session_key(session_id)
        reserve_corpus(guard, self._session_id)
        self._marker = Marker(guard, self._session_id, self._fields)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.guard!r})"

    def transform_documents(
        self,
        documents: Sequence[Document],
        *,
        config: RunnableConfig | None = None,
        **kwargs: Any,  # noqa: ARG002 - LangChain's signature
    ) -> list[Document]:
        """Hide what is found in documents: what is found in one of them in all of them.

        Args:
            documents: The documents.
            config: LangChain's config, for its callbacks; inside a Runnable those of the running step count.
            kwargs: Not used.

        Raises:
            Blocked: If the policy does not let a document go on; a note on it names the batch.
            UnsupportedInput: If something is no Document.
        """
        documents = list(documents)
        hidden = list(self.lazy_transform(documents, config=config))
        if late := self._late(hidden):
            again = self.lazy_transform([documents[number] for number in late], config=config)
            for number, document in zip(late, again, strict=True):
                hidden[number] = document
        return hidden

    async def atransform_documents(
        self,
        documents: Sequence[Document],
        *,
        config: RunnableConfig | None = None,
        **kwargs: Any,  # noqa: ARG002
    ) -> list[Document]:
        """Async version of `transform_documents`."""
        documents = list(documents)
        hidden = [document async for document in self.alazy_transform(documents, config=config)]
        if late := await self.guard.run_blocking(partial(self._late, hidden)):
            again = self.alazy_transform([documents[number] for number in late], config=config)
            done = [document async for document in again]
            for number, document in zip(late, done, strict=True):
                hidden[number] = document
        return hidden

    def lazy_transform(
        self, documents: Iterable[Document], *, config: RunnableConfig | None = None
    ) -> Iterator[Document]:
        """Hide what is found in documents as they are asked for, one batch in memory at a time.

        What is found in a batch is hidden in all of that and in later ones; those before have been given.

        Args:
            documents: Any number of documents, such as a loader's ``lazy_load()``.
            config: LangChain's config, for its callbacks.

        Yields:
            The documents in order. Those of the batches before a blocked one have been given by then.
        """
        manager = get_callback_manager_for_config(ensure_config(config))
        run = manager.on_chain_start(None, {"documents": _count(documents)}, name=self.run_name)
        done = 0
        try:
            with _bar(self.progress, _count(documents)) as advance:
                source = iter(documents)
                while batch := list(islice(source, self.batch_size)):
                    count = len(batch)
                    with _named(done, len(batch)):
                        (outcome,) = run_checks(self.guard, [self._job(batch)], [run])
                        outcome.raise_if_blocked()
                        hidden = self._hidden(batch, outcome)
                    batch.clear()  # not kept while the next one is read
                    yield from _given(hidden)
                    done += count
                    advance(count)
        except GeneratorExit:
            run.on_chain_end({"documents": done})  # the reader has had enough
            raise
        except BaseException as error:
            run.on_chain_error(_value_free(error))
            raise
        run.on_chain_end({"documents": done})

    async def alazy_transform(
        self, documents: Iterable[Document] | AsyncIterable[Document], *, config: RunnableConfig | None = None
    ) -> AsyncGenerator[Document, None]:
        """Async version of `lazy_transform`; a lazy loader is read in a thread.

        Args:
            documents: Documents, or what gives them one by one, also asynchronously.
            config: LangChain's config, for its callbacks.

        Yields:
            The documents in order.
        """
        manager = get_async_callback_manager_for_config(ensure_config(config))
        run = await manager.on_chain_start(None, {"documents": _count(documents)}, name=self.run_name)
        done = 0
        try:
            with _bar(self.progress, _count(documents)) as advance:
                async with aclosing(_batches(documents, self.batch_size)) as batches:
                    async for batch in batches:
                        count = len(batch)
                        with _named(done, len(batch)):
                            (outcome,) = await arun_checks(self.guard, [self._job(batch)], [run])
                            outcome.raise_if_blocked()
                            hidden = await self.guard.run_blocking(partial(self._hidden, batch, outcome))
                        batch.clear()  # not kept while the next one is read
                        for document in _given(hidden):
                            yield document
                        done += count
                        advance(count)
        except GeneratorExit:
            await run.on_chain_end({"documents": done})
            raise
        except BaseException as error:
            await run.on_chain_error(_value_free(error))
            raise
        await run.on_chain_end({"documents": done})

    def stored_form(self, value: Value) -> Value:
        """Return an id, a list of ids or a filter as they stand in the store; nothing of it is remembered.

        What the corpus does not know is hidden by placeholders of nobody, and so is not found.

        Args:
            value: A text, or a container of texts.

        Raises:
            Blocked: If the policy does not let it go on.
            UnsupportedInput: If it can't be walked.

        Example:
            ```python
            store.delete(hide.stored_form(["jane.doe@example.com"]))
            store.similarity_search("allergies", filter=hide.stored_form({"author": "Jane Doe"}))
            ```
        """
        (outcome,) = self.guard.check([self._look_up(value)])
        return self._as_stored(value, outcome)

    async def astored_form(self, value: Value) -> Value:
        """Async version of `stored_form`."""
        (outcome,) = await self.guard.acheck([self._look_up(value)])
        return self._as_stored(value, outcome)

    def _look_up(self, value: Any) -> GuardRequest:
        return GuardRequest(texts_of(value), self._session_id, "document", preamble=False, remember=False)

    @staticmethod
    def _as_stored(value: Value, outcome: GuardResult) -> Value:
        outcome.raise_if_blocked()
        stored: Value = map_texts(value, lambda text: text if is_key(text) else outcome.hide(text))
        return stored

    def _job(self, batch: Iterable[Document]) -> GuardRequest:
        texts = texts_in(batch, self._fields)
        asks = [ScanTarget(text, "document") for text in texts]
        return GuardRequest(texts, self._session_id, "document", preamble=False, asks=asks)

    def _late(self, hidden: Sequence[Document]) -> list[int]:
        """Return the numbers of documents that hold what was found in a later batch only."""
        earlier = range((len(hidden) - 1) // self.batch_size * self.batch_size)  # the last batch was searched for all
        return [
            number
            for number in earlier
            if self.guard.session_values.shows_more(self._session_id, texts_in([hidden[number]], self._fields))
        ]

    def _hidden(self, batch: Sequence[Document], outcome: GuardResult) -> list[Document]:
        hidden = [change_document(document, outcome.hide, self._fields) for document in batch]
        return self._marker.marked(list(zip(batch, hidden, strict=True)), outcome)


def _given(documents: list[Document]) -> Iterator[Document]:
    """Yield documents in order, keeping none that was given."""
    documents.reverse()
    while documents:
        yield documents.pop()


async def _batches(documents: Any, size: int) -> AsyncGenerator[list[Document], None]:
    if isinstance(documents, AsyncIterable):
        batch: list[Document] = []
        async for document in documents:
            batch.append(document)
            if len(batch) == size:
                yield batch
                batch = []
        if batch:
            yield batch
    elif isinstance(documents, Sequence):
        for start in range(0, len(documents), size):
            yield list(documents[start : start + size])
    else:
        source = iter(documents)
        while batch := await run_in_executor(None, list, islice(source, size)):  # a loader reads files
            yield batch


@contextmanager
def _named(first: int, count: int) -> Iterator[None]:
    """Note on an error where in the input it arose; the documents themselves must not be named."""
    try:
        yield
    except GuardError as error:
        if isinstance(error, Blocked) and error.decision.error == DetectorTimeout.__name__:
            error.add_note("take a smaller batch_size, or give the guard a Policy with a longer timeout")
        error.add_note(f"in documents {first} to {first + count - 1} of the input, counted from 0")
        raise


@contextmanager
def _bar(wanted: bool, total: int | None) -> Iterator[Callable[[int], None]]:  # noqa: FBT001 - the caller's flag
    if not wanted:
        yield lambda _: None
        return
    from rich.console import Console  # noqa: PLC0415 - only where a bar is wanted
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("Hiding documents", total=total)
        yield lambda count: bar.advance(task, count)


def _count(documents: Any) -> int | None:
    return len(documents) if isinstance(documents, Sized) else None


def _value_free(error: BaseException) -> GuardError:
    return GuardError(f"hiding documents ended in {type(error).__name__}")  # a loader's error may quote what it read


# a method that a later LangChain adds may give documents on as they are
Seal("AnonymizeDocuments", "langchain-core").close(AnonymizeDocuments, BaseDocumentTransformer, ())
