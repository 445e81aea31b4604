"""The codec of encrypted vaults: one root key for the store, one data key for each session."""

from __future__ import annotations

from lc_guard.errors import VaultError
from lc_guard.vaults.keys import KeyRing
from lc_guard.vaults.sealing import Seal, new_data_key


class SealedCodec:
    """Writes everything encrypted, under keys that a key ring wraps.

    Args:
        keys: Wrap the data keys and the root key.
    """

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._keys!r})"

    def new_root(self) -> bytes:
        """Give a new root key, wrapped (see `Codec.new_root`)."""
        return self._keys.wrap(new_data_key())

    def rooted(self, root: bytes) -> SealedVaultCodec:
        """Give the codec of a store that keeps this root key (see `Codec.rooted`)."""
        if root[:1] == b"\x00":
            raise VaultError(
                "the store holds values that are not encrypted: it was used without EncryptedVault. Give the encrypted "
                "vault a store of its own (another database or prefix), and forget what is in this one"
            )
        return SealedVaultCodec(self._keys, self._keys.unwrap(root))


class SealedVaultCodec:
    """Writes one store.

    Args:
        keys: Wrap the data keys.
        root_key: 32 bytes, of this store alone: session ids are filed and sealed under it. It never changes, so that
            a session is found again for ever.
    """

    def __init__(self, keys: KeyRing, root_key: bytes) -> None:
        self._keys = keys
        self._root = Seal(root_key)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._keys!r})"

    def handle(self, session: str) -> bytes:
        """Give the HMAC of a session id (see `VaultCodec.handle`)."""
        return self._root.lookup("session", session)

    def seal_id(self, session: str) -> bytes:
        """Give the session id, sealed (see `VaultCodec.seal_id`)."""
        return self._root.seal(session, "session", self.handle(session).hex())

    def open_id(self, handle: bytes, sealed: bytes) -> str:
        """Give the session id that was sealed (see `VaultCodec.open_id`)."""
        return self._root.open(sealed, "session", handle.hex())

    def new_key(self, session: str) -> bytes:  # noqa: ARG002 - the values are bound to their session, not the key
        """Give a new data key, wrapped (see `VaultCodec.new_key`)."""
        return self._keys.wrap(new_data_key())

    def session(self, session: str, key: bytes) -> SealedSessionCodec:
        """Give the codec of a session that keeps this data key (see `VaultCodec.session`)."""
        return SealedSessionCodec(session, self._keys.unwrap(key))

    def shared_lookup(self, value: str) -> None:  # noqa: ARG002 - the protocol's signature
        """Give None: equal values of two sessions can't be told at rest (see `VaultCodec.shared_lookup`)."""
        return


class SealedSessionCodec:
    """Writes the values of one session.

    Args:
        session: Its id; values open in no other one.
        data_key: 32 bytes, of this session alone.
    """

    def __init__(self, session: str, data_key: bytes) -> None:
        self._session = session
        self._seal = Seal(data_key)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def lookup(self, value: str) -> bytes:
        """Give the HMAC of a value under the session's key (see `SessionCodec.lookup`)."""
        return self._seal.lookup("value", value)

    def seal(self, placeholder: str, kind: str, value: str) -> bytes:
        """Encrypt a value (see `SessionCodec.seal`)."""
        return self._seal.seal(value, "value", self._session, placeholder, kind)

    def open(self, placeholder: str, kind: str, payload: bytes) -> str:
        """Decrypt a value (see `SessionCodec.open`)."""
        return self._seal.open(payload, "value", self._session, placeholder, kind)
