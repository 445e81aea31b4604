"""Sealing: a session's values and its look-up index under the session's own data key."""

from __future__ import annotations

import hmac
import secrets
import struct

from lc_guard.errors import VaultError
from lc_guard.vaults.codec import decoded, encoded
from lc_guard.vaults.keys import KEY_BYTES, NONCE_BYTES, derived, new_cipher

_VERSION = b"\x01"
_HEAD = len(_VERSION) + NONCE_BYTES


class Seal:
    """Encrypts and authenticates short texts under one data key, each bound to the place it stands in.

    AES-256-GCM with random nonces of 96 bits. NIST SP 800-38D, section 8.3, allows 2^32 messages under one key with
    such nonces; every session has a data key of its own, and no session holds four thousand million values.

    Args:
        data_key: 32 random bytes.
    """

    __slots__ = ("_cipher", "_index")

    def __init__(self, data_key: bytes) -> None:
        self._cipher = new_cipher(derived(data_key, b"lc-guard seal"))
        self._index = derived(data_key, b"lc-guard look-up")

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError(f"{type(self).__name__} can't be pickled: it would write keys to disk")

    def lookup(self, *parts: str) -> bytes:
        """Give what stands for a text in an index: HMAC-SHA-256 of it, and of what it is looked up as."""
        return hmac.digest(self._index, _framed(*parts), "sha256")

    def seal(self, text: str, *place: str) -> bytes:
        """Encrypt a text.

        Args:
            text: Any text.
            *place: Where it stands: it opens nowhere else.
        """
        nonce = secrets.token_bytes(NONCE_BYTES)
        return _VERSION + nonce + self._cipher.encrypt(nonce, encoded(text), _framed(*place))

    def open(self, payload: bytes, *place: str) -> str:
        """Decrypt what `seal` gave for the same place.

        Raises:
            VaultError: It was altered, stands in another place, or was sealed under another key.
        """
        if payload[:1] != _VERSION:
            raise VaultError("a stored value is damaged, not encrypted, or was written by a later version of lc-guard")
        try:
            text = self._cipher.decrypt(payload[1:_HEAD], payload[_HEAD:], _framed(*place))
        except Exception as error:  # noqa: BLE001 - InvalidTag, or ValueError where the payload is cut off
            raise VaultError(
                f"a stored value does not open ({type(error).__name__}): it was altered, or moved from another session "
                "or placeholder; restore the vault from a backup, or forget the session"
            ) from None
        return decoded(text)


def new_data_key() -> bytes:
    """Give a new data key: 32 random bytes."""
    return secrets.token_bytes(KEY_BYTES)


def _framed(*parts: str) -> bytes:
    # lengths keep ("ab", "c") and ("a", "bc") apart
    return b"".join(struct.pack(">Q", len(part)) + part for part in map(encoded, parts))
