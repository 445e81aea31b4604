"""Marks of documents: what was hidden in each, so that no more than that is put back when it is retrieved.

A document of a store may hold placeholders that nobody put there: its author typed them, or somebody wrote it into the
store by another way. Only `lc_guard.AnonymizeDocuments` knows which are its own, and writes them down in the document's
metadata, sealed with a key that lies in the vault beside the corpus' values: who writes a document can't write a mark.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from langchain_core.documents import Document

from lc_guard._engine.requests import GuardResult
from lc_guard.guard import Guard
from lc_guard.langchain.corpus_keys import Purpose, corpus_key, key_session
from lc_guard.langchain.document_texts import DocumentFields, texts_in
from lc_guard.sessions import call_vault

MARK = "lc_guard_hidden"
"""Metadata key of a document's mark. A store whose metadata has a fixed schema needs a text column of that name."""

_KEYS: Purpose = "document-marks"
_VERSION = 2
_PARTS = {  # by version: what a mark says, beside its version
    1: {"keys", "held", "by", "seal"},
    2: {"keys", "names", "id", "held", "by", "seal"},
}


@dataclass(frozen=True, slots=True)
class Mark:
    """What was hidden in a document: value-free.

    Attributes:
        keys: Metadata keys, as they are stored, in which something was hidden.
        names: Metadata keys, as they are stored, whose names were hidden.
        id: Whether the document's id was hidden.
        held: Placeholders whose values the document held.
    """

    keys: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    id: bool = False
    held: frozenset[str] = frozenset()

    @property
    def fields(self) -> DocumentFields:
        """Where in the document something was hidden, beside its content."""
        return DocumentFields(keys=(*self.keys, *self.names), names=frozenset(self.names), id=self.id)


NO_MARK = Mark()


class Marker:
    """Marks documents of one corpus.

    Args:
        guard: The guard that hides them.
        session: Session id of the corpus.
        fields: What of them is looked at.
    """

    def __init__(self, guard: Guard, session: str, fields: DocumentFields) -> None:
        self._guard = guard
        self._session = session
        self._fields = fields

    def marked(self, pairs: Sequence[tuple[Document, Document]], outcome: GuardResult) -> list[Document]:
        """Mark documents; one in which nothing was hidden is given as it is, without any mark.

        Args:
            pairs: Each document as it came, and as it is hidden.
            outcome: What became of their texts.

        Raises:
            VaultError: If the vault can't be asked.
        """
        changed = [(before, after) for before, after in pairs if after is not before]
        if not changed:
            return [_without_mark(after) for _, after in pairs]
        texts = {text: outcome.hide(text) for before, _ in changed for text in texts_in([before], self._fields)}
        changes = {text: new for text, new in texts.items() if new != text}
        put = self._guard.session_values.placeholders_put(self._session, changes)
        key, secret = corpus_key(self._guard, self._session, _KEYS)
        return [
            _without_mark(after) if after is before else self._mark(before, after, put, key, secret)
            for before, after in pairs
        ]

    def _mark(self, before: Document, after: Document, put: Mapping[str, Set[str]], key: str, secret: str) -> Document:
        keys, names = [], []
        for (name, item), (new_name, new_item) in zip(before.metadata.items(), after.metadata.items(), strict=True):
            names += [new_name] * (new_name != name)
            keys += [new_name] * (new_item is not item)
        held = sorted(set().union(*(put.get(text, ()) for text in texts_in([before], self._fields))))
        said = {"v": _VERSION, "keys": sorted(keys), "names": sorted(names), "id": after.id != before.id}
        said |= {"held": held, "by": key}
        said["seal"] = _seal(secret, self._session, said)
        mark = json.dumps(said, separators=(",", ":"))
        return after.model_copy(update={"metadata": {**_without_mark(after).metadata, MARK: mark}})


def read_marks(guard: Guard, session: str, documents: Iterable[Document]) -> list[Mark | None]:
    """Return the mark of each document, or None for one that has none that is true.

    Args:
        guard: The guard that hid them.
        session: Session id of the corpus.
        documents: What a store gave.

    Raises:
        VaultError: If the vault can't be asked.
    """
    said = [_said(document) for document in documents]
    keys = list(dict.fromkeys(mark["by"] for mark in said if mark is not None))
    known = call_vault(lambda: guard.vault.values(key_session(session, _KEYS), keys)) if keys else {}
    return [
        Mark(tuple(mark["keys"]), tuple(mark.get("names", ())), mark.get("id", False), frozenset(mark["held"]))
        if mark is not None and mark["by"] in known and _is_sealed(mark, known[mark["by"]], session)
        else None
        for mark in said
    ]


def unmarked(documents: Iterable[Document]) -> list[Document]:
    """Return documents without their marks."""
    return [_without_mark(document) for document in documents]


def _said(document: Document) -> dict[str, Any] | None:
    """Read what may be a mark; whoever wrote it may have written anything."""
    text = document.metadata.get(MARK)
    try:
        mark = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(mark, dict):
        return None
    version = mark.get("v")
    if type(version) is not int or version not in _PARTS or mark.keys() != {"v", *_PARTS[version]}:
        return None
    lists = (mark["keys"], mark.get("names", []), mark["held"], [mark["by"], mark["seal"]])
    sound = all(isinstance(part, list) and all(isinstance(item, str) for item in part) for part in lists)
    return mark if sound and isinstance(mark.get("id", False), bool) else None


def _is_sealed(mark: dict[str, Any], secret: str, session: str) -> bool:
    said = {name: item for name, item in mark.items() if name != "seal"}
    return hmac.compare_digest(_seal(secret, session, said).encode(), mark["seal"].encode("utf-8", "surrogatepass"))


def _seal(secret: str, session: str, said: dict[str, Any]) -> str:
    content = json.dumps([session, said], sort_keys=True).encode()  # ASCII: any text has one form
    return hmac.new(bytes.fromhex(secret), content, hashlib.sha256).hexdigest()


def _without_mark(document: Document) -> Document:
    if MARK not in document.metadata:
        return document
    metadata = {name: item for name, item in document.metadata.items() if name != MARK}
    return document.model_copy(update={"metadata": metadata})
