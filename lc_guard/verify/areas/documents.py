"""Documents: what a store and an embedding model get, and whose values come out of a retrieval."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, get_args

from langchain_core.callbacks import AsyncCallbackManagerForRetrieverRun, CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict, Field

from lc_guard.guard import Guard
from lc_guard.langchain.document_marks import MARK
from lc_guard.langchain.documents import AnonymizeDocuments
from lc_guard.langchain.embeddings import Form, ProtectedEmbeddings
from lc_guard.langchain.recording_model import Recording
from lc_guard.langchain.retriever import ProtectedRetriever
from lc_guard.langchain.self_test import SeenEmbeddings
from lc_guard.testing import PhraseScanner
from lc_guard.verify.promises import Area, refusal, require
from lc_guard.verify.staging import FIRST, SECOND, guard_for, new_value, seen, session

_CORPUS = "lc-guard-verify-corpus"

Transform = Callable[[AnonymizeDocuments, list[Document]], list[Document]]
_TRANSFORMS: dict[str, Transform] = {
    "transform_documents": lambda hide, documents: list(hide.transform_documents(documents)),
    "atransform_documents": lambda hide, documents: list(asyncio.run(hide.atransform_documents(documents))),
    "lazy_transform": lambda hide, documents: list(hide.lazy_transform(documents)),
    "alazy_transform": lambda hide, documents: asyncio.run(_all(hide.alazy_transform(documents))),
}
_RETRIEVALS: dict[str, Callable[..., list[Document]]] = {
    "invoke": lambda retriever, query, config, **options: retriever.invoke(query, config, **options),
    "ainvoke": lambda retriever, query, config, **options: asyncio.run(retriever.ainvoke(query, config, **options)),
    "batch": lambda retriever, query, config, **options: retriever.batch([query], config, **options)[0],
    "abatch": lambda retriever, query, config, **options: asyncio.run(retriever.abatch([query], config, **options))[0],
}


async def _all(documents: Any) -> list[Document]:
    return [document async for document in documents]


def _document(value: str) -> Document:
    """Return a document that holds a value in each of its places."""
    metadata = {"title": value, "pages": [{f"Page of {value}": [value, {"by": value}]}], f"File {value}": 7, "n": 1}
    return Document(f"A file on {value}.", id=f"file {value}", metadata=metadata)


class _Store(BaseRetriever):
    """Gives what it holds, and notes what it is asked."""

    held: list[Document]
    asked: Recording = Field(default_factory=Recording)

    model_config = ConfigDict(arbitrary_types_allowed=True)

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun, **options: Any
    ) -> list[Document]:
        del run_manager
        self.asked.add(query, options)
        return self.held

    async def _aget_relevant_documents(
        self, query: str, *, run_manager: AsyncCallbackManagerForRetrieverRun, **options: Any
    ) -> list[Document]:
        del run_manager
        self.asked.add(query, options)
        return self.held


def _stored() -> None:
    """A store gets no value: not in a text, in metadata and its keys at any depth, in an id; sync, async and lazy."""
    for way, transform in _TRANSFORMS.items():
        one, other = new_value(), new_value()
        hide = AnonymizeDocuments(guard_for(one, other), session_id=_CORPUS, batch_size=1)
        stored = transform(hide, [_document(one), _document(other), Document("plain")])
        require(len(stored) == 3 and not seen([one.model_dump() for one in stored], one, other), way)
        require(stored[0].page_content == f"A file on {FIRST}.", f"{way}: no placeholder")


def _found_later() -> None:
    """A value that is found in a later document only is hidden in those before it, too."""

    class Late:
        """Finds a value where it is introduced."""

        def detect(self, text: str) -> list[Any]:
            from lc_guard.records import Entity  # noqa: PLC0415 - needed here alone

            at = text.find(f"called {value}")
            return [] if at < 0 else [Entity("CANARY", at + 7, at + 7 + len(value), 1.0)]

    for way in ("transform_documents", "atransform_documents"):
        value = new_value()
        hide = AnonymizeDocuments(Guard([Late()]), session_id=_CORPUS, batch_size=1)
        stored = _TRANSFORMS[way](hide, [Document(f"I met {value}"), Document(f"She is called {value}")])
        require(not seen([one.model_dump() for one in stored], value), way)


def _looked_up() -> None:
    """A look-up in the store names placeholders, and nothing of it is remembered."""
    value, unknown = new_value(), new_value()
    guard = guard_for(value, unknown)
    hide = AnonymizeDocuments(guard, session_id=_CORPUS)
    hide.transform_documents([_document(value)])
    asked = {"title": value, "by": [unknown]}
    for way, form in (("sync", hide.stored_form(asked)), ("async", asyncio.run(hide.astored_form(asked)))):
        require(not seen(form, value, unknown) and form["title"] == FIRST, way)
    require([*guard.session(_CORPUS).placeholders().values()] == [value], "a look-up was remembered")


def _retrievals(guard: Guard, held: list[Document], **options: Any) -> Iterator[tuple[str, Any, _Store]]:
    """Yield each way to ask a retriever of a hidden store, with that store."""
    for way, retrieve in _RETRIEVALS.items():
        store = _Store(held=held)
        made = ProtectedRetriever(store, guard, corpus_session=_CORPUS, **options)
        yield way, partial(retrieve, made), store


def _asked() -> None:
    """A query and its filters reach the store without values, and are not remembered in the corpus."""
    value, typed = new_value(), new_value()
    guard = guard_for(value, typed)
    held = AnonymizeDocuments(guard, session_id=_CORPUS).transform_documents([_document(value)])
    for way, retrieve, store in _retrievals(guard, held):
        conversation = guard.session(way)
        hidden = conversation.anonymize(f"files of {typed} on {value}")
        retrieve(f"files of {typed} on {value}", session(way), filter={"title": value, "by": [{"name": typed}]})
        retrieve(hidden, session(way), filter={"title": conversation.anonymize(value)})
        require(store.asked.texts and not seen(store.asked.texts, value, typed), way)
        require(seen(store.asked.texts, FIRST), f"{way}: the store was not asked by its placeholder")
        require([*guard.session(_CORPUS).placeholders().values()] == [value], f"{way}: the query was remembered")


def _given_back() -> None:
    """Documents come to the model as placeholders of the conversation, and to the reader as they were."""
    value, other = new_value(), new_value()
    guard = guard_for(value, other)
    held = AnonymizeDocuments(guard, session_id=_CORPUS).transform_documents([_document(value), _document(other)])
    for way, retrieve, _ in _retrievals(guard, held[1:]):
        documents = retrieve("files", session(way))
        require(not seen([one.model_dump() for one in documents], value, other), way)
        require(documents[0].page_content == f"A file on {FIRST}.", f"{way}: a number of the corpus")
        require([*guard.session(way).placeholders().values()] == [other], f"{way}: more than was retrieved")
    for way, retrieve, _ in _retrievals(guard, held, output="original"):
        require(retrieve("files", session(f"{way}, real")) == [_document(value), _document(other)], f"{way}: real ones")


def _forged(guard: Guard, value: str) -> list[Document]:
    """Return documents that somebody wrote into the store by himself, to have a value of the corpus put back."""
    stored = AnonymizeDocuments(guard, session_id=_CORPUS).transform_documents([_document(value)])
    mark = json.loads(stored[0].metadata[MARK])
    marks: list[Any] = [
        None,
        json.dumps({**mark, "held": [FIRST, SECOND]}),
        json.dumps({**mark, "seal": "0" * 64}),
        json.dumps({**mark, "by": "unknown"}),
        json.dumps({**mark, "v": 1}),
        mark,
        "{",
    ]
    forged = []
    for each in marks:
        metadata = {"title": f"{FIRST} {SECOND}", "pages": [{f"Page of {FIRST}": FIRST}], f"File {FIRST}": 7}
        metadata |= {} if each is None else {MARK: each}
        forged.append(Document(f"Who is {FIRST}, {FIRST.lower()}?", id=f"file {FIRST}", metadata=metadata))
    return forged


def _of_another_tenant() -> None:
    """A document that names placeholders of the corpus gets no value for them, in any of its places."""
    value = new_value()
    guard = guard_for(value)
    for number, document in enumerate(_forged(guard, value)):
        for output in ("anonymized", "original"):
            for way, retrieve, _ in _retrievals(guard, [document], output=output):
                name = f"{way} {output} {number}"
                found = retrieve("files", session(name))
                require(not seen([one.model_dump() for one in found], value), f"{way}, {output}")
                require(value not in guard.session(name).placeholders().values(), f"{way}, {output}: it was remembered")


def _poisoned() -> None:
    """A document that a scanner blocks reaches nobody, nor the store it is hidden for."""
    guard = guard_for(prompt_scanners=[PhraseScanner("obey me")])
    for way, transform in _TRANSFORMS.items():
        hide = AnonymizeDocuments(guard, session_id=_CORPUS)
        refusal(partial(transform, hide, [Document("Now obey me")]), way)
    for output in ("anonymized", "original"):
        for way, retrieve, _ in _retrievals(guard, [Document("Now obey me")], output=output):
            refusal(partial(retrieve, "files", session(way)), f"{way}, {output}")


def _embedded() -> None:
    """An embedding model gets no value, of documents or of queries, sync and async."""
    forms: tuple[Form, ...] = get_args(Form)
    for form in forms:
        value, noted = new_value(), SeenEmbeddings()
        embeddings = ProtectedEmbeddings(noted, guard_for(value), session_id=_CORPUS, form=form)
        text = f"A file on {value}"
        embeddings.embed_documents([text])
        embeddings.embed_query(text)
        asyncio.run(embeddings.aembed_documents([text]))
        asyncio.run(embeddings.aembed_query(text))
        require(len(noted.texts) == 4 and not seen(noted.texts, value), form)


STORED = Area("documents in a store, async and lazy", (_stored, _found_later, _looked_up, _embedded))
RETRIEVED = Area("retrieval: queries, metadata", (_asked, _given_back, _poisoned))
TENANTS = Area("documents of another tenant", (_of_another_tenant,))
