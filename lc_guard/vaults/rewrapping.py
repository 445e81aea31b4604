"""Rewrapping: all keys of an encrypted store under the newest key."""

from __future__ import annotations

from functools import partial

from lc_guard.vaults.base import Progress
from lc_guard.vaults.keys import KeyRing
from lc_guard.vaults.row_store import Head
from lc_guard.vaults.sealed_codec import SealedCodec
from lc_guard.vaults.stored import StoredVault


class Rewrapping:
    """One run over all sessions of a store.

    Args:
        vault: Over the store.
        keys: The newest, and those that the store is under until now.
    """

    def __init__(self, vault: StoredVault, keys: KeyRing) -> None:
        self._store = vault.store
        self._ask = vault.ask
        self._keys = keys

    def run(self, progress: Progress | None) -> int:
        """Wrap anew what is not under the newest key, the root key first (see `EncryptedVault.reencrypt`)."""
        self._rewrap_root()
        heads = list(self._store.heads())
        changed = 0
        for done, head in enumerate(heads, 1):
            changed += self._rewrap(head)
            if progress is not None:
                progress(done, len(heads))
        return changed

    def _rewrap_root(self) -> None:
        root = self._ask(partial(self._store.root, SealedCodec(self._keys).new_root()))
        SealedCodec(self._keys).rooted(root)
        if not self._keys.is_newest(root):
            self._ask(partial(self._store.root, self._rewrapped(root), instead_of=root))

    def _rewrap(self, head: Head) -> bool:
        # one that another run was faster with, or that is begun anew meanwhile, is under the newest key already
        return not self._keys.is_newest(head.key) and self._ask(
            partial(self._store.rekey, head.handle, self._rewrapped(head.key), instead_of=head.key)
        )

    def _rewrapped(self, blob: bytes) -> bytes:
        return self._keys.wrap(self._keys.unwrap(blob))
