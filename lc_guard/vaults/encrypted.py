"""EncryptedVault: a vault whose values, look-ups and session ids are opaque at rest.

Rewrapping: all keys of an encrypted store under the newest key.

The codec of encrypted vaults: one root key for the store, one data key for each session.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from itertools import islice

from lc_guard.errors import VaultError
from lc_guard.vaults.base import Progress
from lc_guard.vaults.codec import VaultCodec
from lc_guard.vaults.keys import Key, KeyRing, Seal, generate_key, new_data_key
from lc_guard.vaults.memory import MemoryVault
from lc_guard.vaults.row_store import Head
from lc_guard.vaults.stored import StoredVault

_FIRST_VERSION = b"\x01"
_SOME_PLACED, _ALL_PLACED = b"\x01", b"\x02"  # at the end of a root, and bound to it: how old data keys may be
_PROVING = 5  # sessions that are looked at for whether the root is theirs


class SealedCodec:
    """Writes everything encrypted, under keys that a key ring wraps."""

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._keys!r})"

    def new_root(self) -> bytes:
        """Return a new root key, wrapped (see `Codec.new_root`)."""
        return self.wrapped(new_data_key(), placed=True)

    def wrapped(self, key: bytes, *, placed: bool) -> bytes:
        """Return a root key as a store keeps it; `placed` says that all data keys in it are wrapped for their place."""
        state = _ALL_PLACED if placed else _SOME_PLACED
        return self._keys.wrap(key, "root", state.hex()) + state

    def unwrapped(self, root: bytes) -> tuple[bytes, bool]:
        """Return the root key, and whether all data keys of the store are wrapped for their place."""
        if root[:1] == _FIRST_VERSION:
            return self._keys.unwrap(root), False
        return self._keys.unwrap(root[:-1], "root", root[-1:].hex()), root[-1:] == _ALL_PLACED

    def rooted(self, root: bytes) -> SealedVaultCodec:
        """Return the codec of a store that keeps this root key (see `Codec.rooted`)."""
        if root[:1] == b"\x00":
            raise VaultError(
                "the store holds values that are not encrypted: it was used without EncryptedVault. Give the encrypted "
                "vault a store of its own (another database or prefix), and forget what is in this one"
            )
        key, placed = self.unwrapped(root)
        return SealedVaultCodec(self._keys, key, placed=placed)


class SealedVaultCodec:
    """Writes one store.

    Args:
        keys: Wrap the data keys.
        root_key: 32 bytes, of this store alone: session ids are filed and sealed under it. It never changes, so that
            a session is found again for ever.
        placed: Whether data keys that are not wrapped for their place are refused.
    """

    def __init__(self, keys: KeyRing, root_key: bytes, *, placed: bool) -> None:
        self._keys = keys
        self._root = Seal(root_key)
        self._placed = placed

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._keys!r})"

    def handle(self, session: str) -> bytes:
        """Return the HMAC of a session id (see `VaultCodec.handle`)."""
        return self._root.lookup("session", session)

    def seal_id(self, session: str) -> bytes:
        """Return the session id, sealed (see `VaultCodec.seal_id`)."""
        return self._root.seal(session, "session", self.handle(session).hex())

    def open_id(self, handle: bytes, sealed: bytes) -> str:
        """Return the session id that was sealed (see `VaultCodec.open_id`)."""
        return self._root.open(sealed, "session", handle.hex())

    def new_key(self, session: str) -> bytes:
        """Return a new data key, wrapped for its session (see `VaultCodec.new_key`)."""
        return self._keys.wrap(new_data_key(), *_place(self.handle(session)))

    def session(self, session: str, key: bytes) -> SealedSessionCodec:
        """Return the codec of a session that keeps this data key (see `VaultCodec.session`)."""
        data_key = self._keys.unwrap(key, *_place(self.handle(session)), placed=self._placed)
        return SealedSessionCodec(session, data_key)

    def shared_lookup(self, value: str) -> None:  # noqa: ARG002 - the protocol's signature
        """Give None: equal values of two sessions can't be told at rest (see `VaultCodec.shared_lookup`)."""
        return


class SealedSessionCodec:
    """Writes the values of one session, under a data key of its own; they open in no other one."""

    def __init__(self, session: str, data_key: bytes) -> None:
        self._session = session
        self._seal = Seal(data_key)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def lookup(self, value: str) -> bytes:
        """Return the HMAC of a value under the session's key (see `SessionCodec.lookup`)."""
        return self._seal.lookup("value", value)

    def seal(self, placeholder: str, kind: str, value: str) -> bytes:
        """Encrypt a value (see `SessionCodec.seal`)."""
        return self._seal.seal(value, "value", self._session, placeholder, kind)

    def open(self, placeholder: str, kind: str, payload: bytes) -> str:
        """Decrypt a value (see `SessionCodec.open`)."""
        return self._seal.open(payload, "value", self._session, placeholder, kind)


class KeyRotation:
    """One run over all sessions of a store, with the newest key and those that it is under until now."""

    def __init__(self, vault: StoredVault, keys: KeyRing) -> None:
        self._store = vault.store
        self._ask = vault.ask
        self._keys = keys

    def run(self, progress: Progress | None) -> int:
        """Wrap anew what is not under the newest key, the root key first (see `EncryptedVault.reencrypt`)."""
        self._rewrap_root(placed=False)
        heads = list(self._store.heads())
        changed = 0
        for done, head in enumerate(heads, 1):
            changed += self._rewrap(head)
            if progress is not None:
                progress(done, len(heads))
        self._rewrap_root(placed=True)
        return changed

    def _rewrap_root(self, *, placed: bool) -> None:
        codec = SealedCodec(self._keys)
        root = self._ask(partial(self._store.root, codec.new_root()))
        codec.rooted(root)
        key, all_placed = codec.unwrapped(root)
        if not self._keys.is_newest(root) or (placed and not all_placed):
            self._ask(partial(self._store.root, codec.wrapped(key, placed=placed or all_placed), instead_of=root))

    def _rewrap(self, head: Head) -> bool:
        # one that another run was faster with, or that is begun anew meanwhile, is under the newest key already
        return not self._keys.is_newest(head.key) and self._ask(
            partial(self._store.rekey, head.handle, self._rewrapped(head), instead_of=head.key)
        )

    def _rewrapped(self, head: Head) -> bytes:
        place = _place(head.handle)
        return self._keys.wrap(self._keys.unwrap(head.key, *place), *place)


def _place(handle: bytes) -> tuple[str, str]:
    """Return the place of a session's data key."""
    return "session", handle.hex()


class EncryptedVault(StoredVault):
    """Encrypts what another vault keeps: values, what they are looked up by, and session ids.

    Each session has a data key of its own, kept beside its rows and wrapped with the newest of `keys`. Values are
    sealed under it with AES-256-GCM and bound to their session, placeholder and kind: a row that was altered or moved
    is refused, and so is a wrapped key that was moved, or a root that is not that of the store's sessions. Values are
    looked up by their HMAC-SHA-256 under the same key, sessions by that of their id under a key of the store.
    Placeholders, kinds, sizes, counts and times stay readable.

    `forget` destroys the data key with the rows. A backup that holds the wrapped key stays readable for as long as the
    key that wraps it exists; docs/deployment.md says how erasure reaches backups.

    Args:
        inner: The vault that keeps: `SQLVault`, `RedisVault`, `LangGraphStoreVault` or `MemoryVault`. Its bounds and
            time to live count; subscribe to the encrypted vault, not to it.
        keys: What wraps data keys: the newest wraps, all unwrap. Base64 of 32 bytes each (`generate_key`), or a
            `KeyService`; newest first. Or a callable that gives them. None reads the environment variable
            ``LC_GUARD_VAULT_KEYS``: base64, separated by commas.

    Raises:
        VaultError: A key is not usable.
        TypeError: The inner vault can't be encrypted.
        MissingExtra: ``cryptography`` is not installed.

    Example:
        ```python
        from lc_guard import Guard
        from lc_guard.testing import ExactDetector
        from lc_guard.vaults import EncryptedVault, SQLVault

        key = EncryptedVault.generate_key()  # once; keep it where secrets are kept
        vault = EncryptedVault(SQLVault("sqlite:///vault.db"), keys=[key])
        guard = Guard(detectors=[ExactDetector({"PERSON": ["Ada"]})], vault=vault)
        print(guard.session("s").anonymize("Hello Ada"))  # → Hello [REDACTED_PERSON_1]
        ```
    """

    def __init__(
        self, inner: StoredVault | MemoryVault, *, keys: Iterable[Key] | Callable[[], Iterable[Key]] | None = None
    ) -> None:
        if isinstance(inner, EncryptedVault) or not isinstance(inner, StoredVault | MemoryVault):
            raise TypeError(
                f"{type(inner).__name__} can't be encrypted: give a SQLVault, RedisVault, LangGraphStoreVault or "
                "MemoryVault"
            )
        self._keys = KeyRing(keys)
        codec = SealedCodec(self._keys)
        sealed = inner.with_codec(codec)
        super().__init__(sealed.store, codec=codec, bounds=sealed.bounds)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.store!r}, keys: {', '.join(self._keys.ids)})"

    def _prove(self, codec: VaultCodec) -> None:
        """Refuse a root that is not that of the store's sessions: under another one none of them would be found."""
        heads = self.ask(lambda: list(islice(self.store.heads(), _PROVING)))
        failed = 0
        for head in heads:
            try:
                codec.open_id(head.handle, head.sealed_id)
            except VaultError:
                failed += 1
        if heads and failed == len(heads):
            raise VaultError(
                "the root key of the store is not that of its sessions: it was exchanged at rest. Restore the vault "
                "from a backup; with this key none of its sessions would be found"
            )

    @staticmethod
    def generate_key() -> str:
        """Return a new key: base64 of 32 random bytes. Keep it where secrets are kept, apart from the vault."""
        return generate_key()

    def reencrypt(self, *, progress: Progress | None = None) -> int:
        """Wrap all data keys with the newest key; until then the old keys are needed to read.

        Keys that an earlier version of lc-guard wrapped are bound to their place by this as well; afterwards one that
        is not is refused, so that nobody puts an old one back.

        May be stopped and begun again, and runs beside workers, which all need both keys by then. Values are not
        rewritten: their data keys stay.

        Args:
            progress: Told how far it is.

        Returns:
            The number of sessions whose key was wrapped anew.

        Raises:
            VaultError: A key is missing, or the store failed; what was done until then stays done.
        """
        return KeyRotation(self, self._keys).run(progress)
