"""The keys of an encrypted vault: those that only wrap other keys, and where they come from.

Sealing: a session's values and its look-up index under the session's own data key.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import secrets
import struct
from collections.abc import Callable, Iterable
from typing import Protocol, runtime_checkable

from lc_guard.errors import MissingExtra, VaultError
from lc_guard.vaults.codec import decoded, encoded

KEYS_VARIABLE = "LC_GUARD_VAULT_KEYS"
"""Environment variable with the keys: base64 of 32 bytes each, separated by commas, the newest first."""

KEY_BYTES = 32
NONCE_BYTES = 12
_ID_BYTES = 8
# What a wrapped key begins with. One of the first version knows no place: it is read, and `reencrypt` wraps it anew.
_UNPLACED, _PLACED = b"\x01", b"\x02"
_HEAD = len(_PLACED) + _ID_BYTES
_CHECK_BYTES = 16
_LEAST_BYTES = 8  # different ones: 32 random ones have fewer once in 10^36 keys; zeros and words do
_URL_SAFE = str.maketrans("-_", "+/")


@runtime_checkable
class KeyService(Protocol):
    """Wraps keys with one that never leaves its service: AWS KMS, Google Cloud KMS, Vault's Transit, an HSM.

    It is asked once for each session that is opened, in each process that opens it.

    Attributes:
        key_id: Names the wrapping key; not secret, and never the name of another key. What a service wrapped under one
            id must stay readable under that id.
    """

    key_id: str

    def wrap(self, key: bytes) -> bytes:
        """Return a key of 32 bytes in a form that only this service can read."""
        ...

    def unwrap(self, wrapped: bytes) -> bytes:
        """Return back what `wrap` was given."""
        ...


Key = str | bytes | KeyService
"""A key: base64 of 32 bytes, the 32 bytes, or what wraps keys elsewhere."""


class _LocalKey:
    """A key of 32 bytes in this process's memory."""

    def __init__(self, secret: bytes) -> None:
        self.key_id = derived(secret, b"lc-guard key id").hex()[: 2 * _ID_BYTES]
        self._cipher = new_cipher(derived(secret, b"lc-guard wrap"))

    def wrap(self, key: bytes) -> bytes:
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, key, None)

    def unwrap(self, wrapped: bytes) -> bytes:
        return self._cipher.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], None)


class KeyRing:
    """The keys that wrap the data keys: the newest wraps, all unwrap.

    Args:
        keys: Newest first; or a callable that gives them; None reads `KEYS_VARIABLE`.

    Raises:
        VaultError: There is none, one is not usable, or two are the same.
        MissingExtra: ``cryptography`` is not installed.
    """

    def __init__(self, keys: Iterable[Key] | Callable[[], Iterable[Key]] | None = None) -> None:
        if isinstance(keys, str | bytes | KeyService):
            raise VaultError("keys must be a list of keys, the newest first: keys=[...]")
        given = _from_environment() if keys is None else list(keys() if callable(keys) else keys)
        services = [_service(key, number) for number, key in enumerate(given, 1)]
        if not services:
            raise VaultError(f"no key was given: pass keys=[EncryptedVault.generate_key()], or set {KEYS_VARIABLE}")
        self._services = {_short_id(service.key_id): service for service in services}
        if len(self._services) < len(services):
            raise VaultError("one key is given twice: give each once, the newest first")
        self._newest = next(iter(self._services))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(self.ids)})"

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError(f"{type(self).__name__} can't be pickled: it would write keys to disk")

    @property
    def ids(self) -> list[str]:
        """The ids of the keys, newest first; they tell nothing of the keys."""
        return [service.key_id for service in self._services.values()]

    def wrap(self, key: bytes, *place: str) -> bytes:
        """Wrap a data key with the newest key, for a place in the store; VaultError if the key's service failed."""
        try:
            wrapped = self._services[self._newest].wrap(key)
        except Exception as error:  # noqa: BLE001 - a service's error may hold what it was given
            raise VaultError(
                f"the key {self.ids[0]!r} could not wrap a data key ({type(error).__name__}); "
                "look at its service and its permissions"
            ) from None
        if not isinstance(wrapped, bytes):
            raise VaultError(f"the key {self.ids[0]!r} gave {type(wrapped).__name__} where bytes are expected")
        return _PLACED + self._newest + _check(key, place) + wrapped

    def unwrap(self, blob: bytes, *place: str, placed: bool = False) -> bytes:
        """Return a data key that `wrap` wrapped.

        Args:
            blob: The wrapped key.
            place: Where it stands.
            placed: Whether one that names no place, as the first version wrote them, is refused.

        Raises:
            VaultError: If its key is missing or fails, it was altered, or was wrapped for another place.
        """
        if blob[:1] not in (_UNPLACED, _PLACED) or len(blob) < _HEAD:
            raise VaultError("a wrapped data key is damaged, or was written by a later version of lc-guard")
        has_place = blob[:1] == _PLACED
        if placed and not has_place:
            raise VaultError(
                "a wrapped data key is of the first version, and all of this store were wrapped anew: it was put back "
                "from an old copy; restore the whole vault from one backup, or forget the session"
            )
        key = self._unwrapped(blob[1:_HEAD], blob[_HEAD + _CHECK_BYTES * has_place :])
        if has_place and not hmac.compare_digest(blob[_HEAD : _HEAD + _CHECK_BYTES], _check(key, place)):
            raise VaultError(
                "a wrapped data key does not belong where it stands: it was moved from another session or store; "
                "restore the vault from a backup, or forget the session"
            )
        return key

    def _unwrapped(self, key_id: bytes, wrapped: bytes) -> bytes:
        service = self._services.get(key_id)
        if service is None:
            raise VaultError(
                f"the vault is encrypted under another key than those given ({', '.join(self.ids)}): add the one it "
                f"was made with to keys=[...] or {KEYS_VARIABLE}, after the newest"
            )
        try:
            key = service.unwrap(wrapped)
        except Exception as error:  # noqa: BLE001 - as in `wrap`
            raise VaultError(
                f"the key {service.key_id!r} could not unwrap a data key ({type(error).__name__}): it was altered at "
                "rest, or the key's service failed"
            ) from None
        if not isinstance(key, bytes) or len(key) != KEY_BYTES:
            raise VaultError(f"the key {service.key_id!r} gave no data key of {KEY_BYTES} bytes")
        return key

    def is_newest(self, blob: bytes) -> bool:
        """Return whether a data key is wrapped with the newest key, and for its place."""
        return blob[:_HEAD] == _PLACED + self._newest


def generate_key() -> str:
    """Return a new key: base64 of 32 random bytes."""
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode("ascii")


def new_cipher(key: bytes) -> _Cipher:
    """Return AES-256-GCM under a key; MissingExtra if ``cryptography`` is not installed."""
    try:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    except ImportError:
        raise MissingExtra("EncryptedVault", "encrypted") from None
    return AESGCM(key)


class _Cipher(Protocol):
    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes: ...

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes: ...


def derived(key: bytes, purpose: bytes) -> bytes:
    """Derive the key of one purpose: HKDF-Expand with SHA-256 to 32 bytes (RFC 5869, section 2.3)."""
    return hmac.digest(key, purpose + b"\x01", "sha256")


def _short_id(key_id: str) -> bytes:
    return hashlib.sha256(key_id.encode()).digest()[:_ID_BYTES]


def _service(key: Key, number: int) -> KeyService:
    if isinstance(key, KeyService) and isinstance(key.key_id, str):
        return key
    secret: object = key
    if isinstance(key, str):
        try:
            secret = base64.b64decode(key.strip().translate(_URL_SAFE), validate=True)
        except (binascii.Error, ValueError):
            secret = None
    if not isinstance(secret, bytes) or len(secret) != KEY_BYTES or len(set(secret)) < _LEAST_BYTES:
        raise VaultError(
            f"key number {number} is not usable: it must be base64 of {KEY_BYTES} random bytes, as "
            "EncryptedVault.generate_key() gives, or an object with key_id, wrap() and unwrap()"
        )
    return _LocalKey(secret)


def _from_environment() -> list[str]:
    return [key for key in os.environ.get(KEYS_VARIABLE, "").split(",") if key.strip()]


# What a sealed text begins with; from the second version on that is authenticated as well.
_SEAL_FIRST, _SEAL_VERSION = b"\x01", b"\x02"
_SEAL_HEAD = len(_SEAL_VERSION) + NONCE_BYTES


class Seal:
    """Encrypts and authenticates short texts under a random data key of 32 bytes, each bound to the place it stands in.

    AES-256-GCM with random nonces of 96 bits. NIST SP 800-38D, section 8.3, allows 2^32 messages under one key with
    such nonces; every session has a data key of its own, and no session holds four thousand million values.
    """

    __slots__ = ("_cipher", "_index")

    def __init__(self, data_key: bytes) -> None:
        self._cipher = new_cipher(derived(data_key, b"lc-guard seal"))
        self._index = derived(data_key, b"lc-guard look-up")

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError(f"{type(self).__name__} can't be pickled: it would write keys to disk")

    def lookup(self, *parts: str) -> bytes:
        """Return what stands for a text in an index: HMAC-SHA-256 of it, and of what it is looked up as."""
        return hmac.digest(self._index, _framed(*parts), "sha256")

    def seal(self, text: str, *place: str) -> bytes:
        """Encrypt a text for a place; it opens nowhere else."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return _SEAL_VERSION + nonce + self._cipher.encrypt(nonce, encoded(text), _SEAL_VERSION + _framed(*place))

    def open(self, payload: bytes, *place: str) -> str:
        """Decrypt what `seal` gave; VaultError if it was altered, stands in another place, or is under another key."""
        version = payload[:1]
        if version not in (_SEAL_FIRST, _SEAL_VERSION):
            raise VaultError("a stored value is damaged, not encrypted, or was written by a later version of lc-guard")
        try:
            bound = _framed(*place) if version == _SEAL_FIRST else version + _framed(*place)
            text = self._cipher.decrypt(payload[1:_SEAL_HEAD], payload[_SEAL_HEAD:], bound)
        except Exception as error:  # noqa: BLE001 - InvalidTag, or ValueError where the payload is cut off
            raise VaultError(
                f"a stored value does not open ({type(error).__name__}): it was altered, or moved from another session "
                "or placeholder; restore the vault from a backup, or forget the session"
            ) from None
        return decoded(text)


def new_data_key() -> bytes:
    """Return a new data key: 32 random bytes."""
    return secrets.token_bytes(KEY_BYTES)


def _check(key: bytes, place: tuple[str, ...]) -> bytes:
    """Return what tells that a key was wrapped for a place: nobody makes it without the key."""
    return hmac.digest(derived(key, b"lc-guard place"), _PLACED + _framed(*place), "sha256")[:_CHECK_BYTES]


def _framed(*parts: str) -> bytes:
    # lengths keep ("ab", "c") and ("a", "bc") apart
    return b"".join(struct.pack(">Q", len(part)) + part for part in map(encoded, parts))
