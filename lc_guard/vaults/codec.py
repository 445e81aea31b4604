"""How a stored vault writes values: the seam between what a vault decides and what lies at rest.

A vault that outlives the process (`lc_guard.vaults.stored.StoredVault`) hands every value to a codec on its way to the
store and back. `PlainCodec` writes them as they are; an encrypting codec makes them, and what they are looked up by,
opaque. The first byte of whatever a codec writes tells which one it was, so that no codec ever reads another one's
bytes as values.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Protocol

from lc_guard.errors import VaultError

_PLAIN = b"\x00"


class SessionCodec(Protocol):
    """Writes and reads the values of one session."""

    def lookup(self, value: str) -> bytes:
        """Return what a value is filed under in the session: the same for the same value, at most 32 bytes."""
        ...

    def seal(self, placeholder: str, kind: str, value: str) -> bytes:
        """Return what is stored for a value."""
        ...

    def open(self, placeholder: str, kind: str, payload: bytes) -> str:
        """Return the value that was sealed for this placeholder and kind in this session.

        Raises:
            VaultError: If it was sealed by another codec, with another key, or for another place.
        """
        ...


class Codec(Protocol):
    """Says how a store's bytes are written. Shared by all threads; its ``repr`` holds no key."""

    def new_root(self) -> bytes:
        """Return what a new store keeps for the vault as a whole (`RowStore.root`): how it is written, by which key."""
        ...

    def rooted(self, root: bytes) -> VaultCodec:
        """Return what writes and reads a store that keeps this root; asked once, before anything else.

        Raises:
            VaultError: If the store is written by another codec or under another key.
        """
        ...


class VaultCodec(Protocol):
    """Writes and reads what one store holds at rest. Shared by all threads; its ``repr`` holds no key."""

    def handle(self, session: str) -> bytes:
        """Return what a session is stored under: the same for ever for the same id, at most 32 bytes."""
        ...

    def seal_id(self, session: str) -> bytes:
        """Return what is stored of a session's id, so that it can be listed."""
        ...

    def open_id(self, handle: bytes, sealed: bytes) -> str:
        """Return the session id that was sealed for a handle.

        Raises:
            VaultError: If it was sealed by another codec, with another key, or for another handle.
        """
        ...

    def new_key(self, session: str) -> bytes:
        """Return what a new session keeps as its key, wrapped; empty if sessions have none. Dropped by `forget`."""
        ...

    def session(self, session: str, key: bytes) -> SessionCodec:
        """Return the codec of a session that keeps this key.

        Raises:
            VaultError: If the key can't be unwrapped.
        """
        ...

    def shared_lookup(self, value: str) -> bytes | None:
        """Return what a value is filed under in every session; None if that differs from session to session."""
        ...


def encoded(text: str) -> bytes:
    """Return a text as bytes, lone surrogates included."""
    return text.encode("utf-8", "surrogatepass")


def decoded(raw: bytes) -> str:
    """Return the text that `encoded` made bytes of."""
    return raw.decode("utf-8", "surrogatepass")


class PlainCodec:
    """Writes values as they are: whoever reads the store reads them.

    Args:
        key: What session ids are filed under, random for each store; empty for stores of earlier versions.
    """

    def __init__(self, key: bytes = b"") -> None:
        self._key = key

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def new_root(self) -> bytes:
        """Return the mark of this codec, and a new key."""
        return _PLAIN + secrets.token_bytes(32)

    def rooted(self, root: bytes) -> PlainCodec:
        """Return the codec of a store that keeps this root."""
        return PlainCodec(_plain(root))

    def handle(self, session: str) -> bytes:
        """Return the HMAC-SHA-256 of the id: what is left of it when the session is forgotten tells it to no list."""
        if not self._key:
            return hashlib.sha256(encoded(session)).digest()
        return hmac.digest(self._key, encoded(session), "sha256")

    def seal_id(self, session: str) -> bytes:
        """Return the id as it is."""
        return _PLAIN + encoded(session)

    def open_id(self, handle: bytes, sealed: bytes) -> str:  # noqa: ARG002 - the protocol's signature
        """Return the id back."""
        return _opened(sealed)

    def new_key(self, session: str) -> bytes:  # noqa: ARG002 - the protocol's signature
        """Return no key."""
        return b""

    def session(self, session: str, key: bytes) -> PlainSessionCodec:  # noqa: ARG002 - the protocol's signature
        """Return the codec of all sessions."""
        return PlainSessionCodec()

    def shared_lookup(self, value: str) -> bytes:
        """Return the lookup that all sessions share."""
        return PlainSessionCodec().lookup(value)


class PlainSessionCodec:
    """Writes the values of a session as they are."""

    def lookup(self, value: str) -> bytes:
        """Return a part of the SHA-256 of the value."""
        return hashlib.sha256(encoded(value)).digest()[:16]

    def seal(self, placeholder: str, kind: str, value: str) -> bytes:  # noqa: ARG002 - the protocol's signature
        """Return the value as it is."""
        return _PLAIN + encoded(value)

    def open(self, placeholder: str, kind: str, payload: bytes) -> str:  # noqa: ARG002 - the protocol's signature
        """Return the value back."""
        return _opened(payload)


def _opened(sealed: bytes) -> str:
    return decoded(_plain(sealed))


def _plain(sealed: bytes) -> bytes:
    if sealed[:1] != _PLAIN:
        raise VaultError(
            "what is stored is encrypted: wrap the vault in EncryptedVault(vault, keys=[...]), or set "
            "LC_GUARD_VAULT_KEYS for the command line"
        )
    return sealed[1:]
