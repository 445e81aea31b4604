"""Keys of a corpus: secrets that lie in the vault beside its values, the same in every process that has the vault."""

from __future__ import annotations

import secrets
from collections.abc import Set
from typing import Literal

from lc_guard.guard import Guard
from lc_guard.sessions import call_vault

Purpose = Literal["document-marks", "embeddings"]

_KINDS: dict[Purpose, str] = {"document-marks": "DOCUMENT_MARK", "embeddings": "EMBEDDINGS"}


def reserve_corpus(guard: Guard, session: str) -> None:
    """Keep the sessions of a corpus from conversations: whoever may choose a thread's id could ask for all its values.

    Args:
        guard: The guard that hides or reads the corpus.
        session: Session id of the corpus.
    """
    guard.session_values.reserved.update((session, *(key_session(session, purpose) for purpose in _KINDS)))


def key_session(session: str, purpose: Purpose) -> str:
    """Return the session that holds the keys of a corpus: they are no values of it."""
    return f"{session}#{purpose}"


def corpus_key(guard: Guard, session: str, purpose: Purpose) -> tuple[str, str]:
    """Return the name of a corpus' key, and the key as hexadecimal digits; made at the first call.

    Args:
        guard: The guard whose vault holds it.
        session: Session id of the corpus.
        purpose: What the key is for.

    Raises:
        VaultError: If the vault can't be asked.
    """

    def ask() -> tuple[str, str]:
        vault, own = guard.vault, key_session(session, purpose)
        if not (keys := vault.items(own)):
            vault.allocate(own, [(_KINDS[purpose], secrets.token_hex(32))], _KeyMint())
            keys = vault.items(own)  # somebody else may have been faster
        name = min(keys, key=lambda key: (len(key), key))
        return name, keys[name]

    return call_vault(ask)


class _KeyMint:
    """Names keys, in a form that is no placeholder of any style."""

    def __call__(self, kind: str, index: int) -> str:
        return f"{kind}:{index}"

    def claims(self, placeholder: str) -> Set[str]:  # noqa: ARG002 - numbers keep them apart
        return frozenset()
