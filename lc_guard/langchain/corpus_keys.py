"""Keys of a corpus: secrets that lie in the vault beside its values, the same in every process that has the vault."""

from __future__ import annotations

from functools import partial
from typing import Literal

from lc_guard._engine.vault_keys import vault_key
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
    return call_vault(partial(vault_key, guard.vault, key_session(session, purpose), _KINDS[purpose]))
