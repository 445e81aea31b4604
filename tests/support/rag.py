"""What the tests of documents and retrievers share: a corpus, a stand-in for an embedding model, stores."""

from __future__ import annotations

import hashlib
import math
import re
from typing import Any

from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.vectorstores import InMemoryVectorStore

from lc_guard import AnonymizeDocuments, Guard

from .seams import MAIL, NAME, ODD

CORPUS = "corpus"
DOCUMENTS = [
    Document(f"{NAME} signed the lease in May. Mail: {MAIL}", id="d-1", metadata={"author": ODD, "page": 1}),
    Document("The harbour opens at six; boats pay at the quay.", id="d-2", metadata={"author": "town", "page": 2}),
    Document(f"{ODD} sold bees and honey.", id="d-3", metadata={"author": NAME, "page": 3}),
]


class HashingEmbeddings(Embeddings):
    """A stand-in for an embedding model: a bag of words hashed into a vector; keeps every text that it was given."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        self.seen.append(text)
        vector = [0.0] * 256
        for word in re.findall(r"\w+", text.lower()):
            vector[int.from_bytes(hashlib.sha256(word.encode()).digest()[:2]) % 256] += 1.0
        norm = math.sqrt(sum(x * x for x in vector)) or 1.0
        return [x / norm for x in vector]


def raw_store() -> tuple[InMemoryVectorStore, HashingEmbeddings]:
    """A store that holds the documents as they are."""
    embeddings = HashingEmbeddings()
    store = InMemoryVectorStore(embeddings)
    store.add_documents(DOCUMENTS)
    return store, embeddings


def hidden_store(guard: Guard, kind: Any = InMemoryVectorStore) -> tuple[Any, HashingEmbeddings]:
    """A store of the documents with the placeholders of the corpus."""
    embeddings = HashingEmbeddings()
    store = kind(embedding=embeddings) if kind is InMemoryVectorStore else kind(embeddings)
    hide = AnonymizeDocuments(guard, session_id=CORPUS, metadata_keys=["author"])
    store.add_documents(hide.transform_documents(DOCUMENTS))
    return store, embeddings
