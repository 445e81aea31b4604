"""The texts of a document that are looked at: its content, and those under chosen metadata keys."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from langchain_core.documents import Document

from lc_guard.errors import UnsupportedInput
from lc_guard.langchain.messages import Change, map_texts


def checked_keys(metadata_keys: Collection[str] | None) -> tuple[str, ...] | None:
    """Return metadata keys as a tuple; None means all.

    Raises:
        TypeError: If they are one text instead of several.
    """
    if isinstance(metadata_keys, str):
        raise TypeError('metadata_keys must be a collection of keys, such as metadata_keys=["author"]')
    return None if metadata_keys is None else tuple(metadata_keys)


def texts_in(documents: Iterable[Document], metadata_keys: Collection[str] | None) -> list[str]:
    """Return the texts of documents that are looked at, in order.

    Args:
        documents: The documents.
        metadata_keys: Metadata keys that are looked at; None for all.

    Raises:
        UnsupportedInput: If something is no Document.
    """
    texts: list[str] = []

    def note(text: str) -> str:
        texts.append(text)
        return text

    for document in documents:
        change_document(document, note, metadata_keys=metadata_keys)
    return texts


def change_document(document: Document, change: Change, *, metadata_keys: Collection[str] | None) -> Document:
    """Return a document in which the content and the texts under some metadata keys are changed.

    Args:
        document: Not mutated; given back as it is if nothing changes.
        change: Gives the new text for a text; not called for empty ones.
        metadata_keys: Metadata keys that are looked at; None for all.

    Raises:
        UnsupportedInput: If it is no Document.
    """
    if not isinstance(document, Document):
        raise UnsupportedInput(f"expected a Document, got an object of type {type(document).__name__}")
    content, metadata = document.page_content, document.metadata
    new = change(content) if content else content
    keys = metadata if metadata_keys is None else [key for key in metadata_keys if key in metadata]
    items = {key: map_texts(metadata[key], change, strict=False) for key in keys}
    items = {key: item for key, item in items.items() if item is not metadata[key]}
    if new == content and not items:
        return document
    return document.model_copy(update={"page_content": new, "metadata": {**metadata, **items} if items else metadata})
