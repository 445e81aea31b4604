"""EncryptedVault: a vault whose values, look-ups and session ids are opaque at rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from lc_guard._text.value_index import Known
from lc_guard.vaults.base import ForgetListener, Mint, Progress, SessionInfo
from lc_guard.vaults.keys import Key, KeyRing, generate_key
from lc_guard.vaults.memory import MemoryVault
from lc_guard.vaults.rewrapping import Rewrapping
from lc_guard.vaults.sealed_codec import SealedCodec
from lc_guard.vaults.stored import StoredVault


class EncryptedVault:
    """Encrypts what another vault keeps: values, what they are looked up by, and session ids.

    Each session has a data key of its own, kept beside its rows and wrapped with the newest of `keys`. Values are
    sealed under it with AES-256-GCM and bound to their session, placeholder and kind: a row that was altered or moved
    is refused. Values are looked up by their HMAC-SHA-256 under the same key, sessions by that of their id under a key
    of the store. Placeholders, kinds, sizes, counts and times stay readable.

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

    blocking = True

    def __init__(
        self, inner: StoredVault | MemoryVault, *, keys: Iterable[Key] | Callable[[], Iterable[Key]] | None = None
    ) -> None:
        if not isinstance(inner, StoredVault | MemoryVault):
            raise TypeError(
                f"{type(inner).__name__} can't be encrypted: give a SQLVault, RedisVault, LangGraphStoreVault or "
                "MemoryVault"
            )
        self._keys = KeyRing(keys)
        self._inner: StoredVault = inner.with_codec(SealedCodec(self._keys))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._inner!r}, keys: {', '.join(self._keys.ids)})"

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError(f"{type(self).__name__} can't be pickled: make one in each process")

    @staticmethod
    def generate_key() -> str:
        """Give a new key: base64 of 32 random bytes. Keep it where secrets are kept, apart from the vault."""
        return generate_key()

    def allocate(self, session: str, wanted: Sequence[tuple[str, str]], mint: Mint) -> list[str]:
        """Give the placeholders of values, making those that are new, all or none (see `Vault.allocate`)."""
        return self._inner.allocate(session, wanted, mint)

    def values(self, session: str, placeholders: Sequence[str]) -> Mapping[str, str]:
        """Give the raw values of live placeholders (see `Vault.values`)."""
        return self._inner.values(session, placeholders)

    def find(self, session: str, texts: Sequence[str], *, inside_words: bool = False) -> list[list[Known]]:
        """Find the session's values in texts (see `Vault.find`)."""
        return self._inner.find(session, texts, inside_words=inside_words)

    def look(self, session: str, texts: Sequence[str]) -> tuple[frozenset[str], list[list[Known]]]:
        """Give kinds and occurrences in one round trip (see `LookingVault.look`)."""
        return self._inner.look(session, texts)

    def items(self, session: str) -> Mapping[str, str]:
        """Give all placeholders of the session with their raw values (see `Vault.items`)."""
        return self._inner.items(session)

    def kinds(self, session: str) -> frozenset[str]:
        """Give the kinds that have a live placeholder in the session (see `Vault.kinds`)."""
        return self._inner.kinds(session)

    def forget(self, session: str) -> bool:
        """Drop a session's values and its data key for good; its numbering goes on (see `Vault.forget`)."""
        return self._inner.forget(session)

    def subscribe(self, listener: ForgetListener) -> None:
        """Have a listener called when entries are dropped (see `Vault.subscribe`)."""
        self._inner.subscribe(listener)

    def sessions(self) -> Iterator[SessionInfo]:
        """Give all live sessions (see `LifeVault.sessions`)."""
        return self._inner.sessions()

    def export(self, session: str) -> Mapping[str, str]:
        """Give all placeholders of a session with their **raw values** (see `LifeVault.export`)."""
        return self._inner.export(session)

    def forget_value(self, value: str, *, progress: Progress | None = None) -> int:
        """Drop a value from all sessions (see `LifeVault.forget_value`).

        Equal values of two sessions can't be told apart from others at rest, so that every session is looked into.
        """
        return self._inner.forget_value(value, progress=progress)

    def purge(self) -> int:
        """Drop the values of all sessions whose time is over (see `LifeVault.purge`)."""
        return self._inner.purge()

    def stats(self) -> Mapping[str, int]:
        """Give counts of sessions and values (see `LifeVault.stats`)."""
        return self._inner.stats()

    def close(self) -> None:
        """Give up connections and what is held in memory; the next call starts anew."""
        self._inner.close()

    def check(self) -> None:
        """Ask now, instead of at the first text, whether the store can be reached and the keys are those it needs.

        Raises:
            VaultError: It can't, or they are not.
        """
        self._inner.check()

    def reencrypt(self, *, progress: Progress | None = None) -> int:
        """Wrap all data keys with the newest key; until then the old keys are needed to read.

        May be stopped and begun again, and runs beside workers, which all need both keys by then. Values are not
        rewritten: their data keys stay.

        Args:
            progress: Told how far it is.

        Returns:
            The number of sessions whose key was wrapped anew.

        Raises:
            VaultError: A key is missing, or the store failed; what was done until then stays done.
        """
        return Rewrapping(self._inner, self._keys).run(progress)
