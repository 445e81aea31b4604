"""The texts of a document that are looked at: its content, its metadata with the names of its keys, and its id."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from langchain_core.documents import Document

from lc_guard.errors import UnsupportedInput
from lc_guard.langchain.messages import Change, map_texts

# Names of keys in programs: they are the store's columns, not data. The walk of nested mappings has the same rule.
_COLUMN = re.compile(r"[a-z_$][A-Za-z0-9_$.-]*|")
# A UUID, or a hexadecimal digest of 128 bits or more: what stores and record managers find documents by.
_KEY = re.compile(
    r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|(?=[0-9]*[a-f])[0-9a-f]{32,128}",
    re.IGNORECASE | re.ASCII,
)


@dataclass(frozen=True, slots=True)
class DocumentFields:
    """What of a document is looked at beside its content.

    Attributes:
        keys: Metadata keys whose texts are looked at, at any depth; None for all.
        left: Metadata keys that are left alone all the same.
        names: Metadata keys whose names are looked at, if their texts are; None for those that are no name of a column.
        id: Whether the document's id is looked at; one that is a UUID or a digest stays in any case.
        stored: Whether the document is for a store: texts that are a UUID or a digest as a whole stay, since documents
            are looked up by them, and what can't be walked is refused instead of left alone.
    """

    keys: tuple[str, ...] | None = None
    left: frozenset[str] = frozenset()
    names: frozenset[str] | None = None
    id: bool = True
    stored: bool = False

    def looks_at(self, key: str) -> bool:
        """Return whether the texts under a metadata key are looked at."""
        return key not in self.left and (self.keys is None or key in self.keys)

    def looks_at_name(self, key: str) -> bool:
        """Return whether the name of a metadata key that is looked at is a text as well."""
        return not _COLUMN.fullmatch(key) if self.names is None else key in self.names


def checked_keys(metadata_keys: Collection[str] | None, name: str = "metadata_keys") -> tuple[str, ...] | None:
    """Return metadata keys as a tuple; None means all.

    Raises:
        TypeError: If they are one text instead of several.
    """
    if isinstance(metadata_keys, str):
        raise TypeError(f'{name} must be a collection of keys, such as {name}=["author"]')
    return None if metadata_keys is None else tuple(metadata_keys)


def is_key(text: str) -> bool:
    """Return whether a text is a UUID or a digest as a whole, which stores find documents by."""
    return _KEY.fullmatch(text) is not None


def texts_in(documents: Iterable[Document], fields: DocumentFields) -> list[str]:
    """Return the texts of documents that are looked at, in order.

    Args:
        documents: The documents.
        fields: What is looked at.

    Raises:
        UnsupportedInput: If something is no Document, or may not be left alone and can't be walked.
    """
    texts: list[str] = []

    def note(text: str) -> str:
        texts.append(text)
        return text

    for document in documents:
        change_document(document, note, fields)
    return texts


def change_document(document: Document, change: Change, fields: DocumentFields) -> Document:
    """Return a document in which all that is looked at is changed.

    Args:
        document: Not mutated; given back as it is if nothing changes.
        change: Gives the new text for a text; not called for empty ones.
        fields: What is looked at beside the content.

    Returns:
        The document; its metadata keys have the order that they had.

    Raises:
        UnsupportedInput: If it is no Document, something in it may not be left alone and can't be walked, or two
            metadata keys would become one.
    """
    if not isinstance(document, Document):
        raise UnsupportedInput(f"expected a Document, got an object of type {type(document).__name__}")
    content = document.page_content
    changed: dict[str, Any] = {}
    if content and (new := change(content)) != content:
        changed["page_content"] = new
    if (metadata := _changed_metadata(document.metadata, change, fields)) is not document.metadata:
        changed["metadata"] = metadata
    if fields.id and document.id and not is_key(document.id) and (new := change(document.id)) != document.id:
        changed["id"] = new
    return document.model_copy(update=changed) if changed else document


def _changed_metadata(metadata: dict[Any, Any], change: Change, fields: DocumentFields) -> dict[Any, Any]:
    items = {key: _changed(item, change, fields) if fields.looks_at(key) else item for key, item in metadata.items()}
    named = {key: _changed_name(key, change, fields) for key in metadata}
    if len(set(named.values())) < len(named):
        raise UnsupportedInput(
            "two metadata keys of a document would be hidden as one: rename them, or leave one alone"
        )
    if all(item is metadata[key] and named[key] == key for key, item in items.items()):
        return metadata
    return {named[key]: item for key, item in items.items()}


def _changed_name(key: Any, change: Change, fields: DocumentFields) -> Any:
    walked = isinstance(key, str) and fields.looks_at(key) and fields.looks_at_name(key)
    return change(key) if walked else key


def _changed(value: Any, change: Change, fields: DocumentFields) -> Any:
    """Walk what stands under a metadata key, the names of keys in it too."""
    if not fields.stored:
        return map_texts([value], change, strict=False)[0]  # in a list: it is data, and so are the keys of a mapping
    try:
        return map_texts([value], lambda text: text if is_key(text) else change(text))[0]
    except UnsupportedInput as error:
        reason = str(error).split(":", 1)[0]
        raise UnsupportedInput(
            f"{reason} in a document's metadata: turn it into text, or leave its key alone with leave_keys=[...]"
        ) from None
