"""ReceivedProof: tells what a provider said in a session from what somebody else claims that it said."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence, Set

from lc_guard.vaults.base import Vault

_HOLDER = "lc-guard: key of what was received"
_KIND = "KEY"


class ReceivedProof:
    """Makes a code of texts that only the processes of one vault can make: its key is kept there.

    Args:
        vault: Holds the key, under a session id of its own. It lives as long as a session that is used whenever a proof
            is made; with another key, what was proved before is taken for anybody's.
    """

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def of(self, session: str, texts: Sequence[str]) -> str:
        """Return the code of texts of a session.

        Raises:
            Exception: What the vault raises.
        """
        code = hmac.new(self._key(), digestmod=hashlib.sha256)
        for text in (session, *texts):
            encoded = text.encode("utf-8", "surrogatepass")
            code.update(len(encoded).to_bytes(8, "big") + encoded)
        return code.hexdigest()[:32]

    def _key(self) -> bytes:
        held = self._vault.items(_HOLDER)
        if not held:
            self._vault.allocate(_HOLDER, [(_KIND, secrets.token_hex(32))], _KeyMint())
            held = self._vault.items(_HOLDER)  # another process may have been first
        return held[min(held)].encode()


class _KeyMint:
    """Names keys; no model writes such a placeholder, and no grammar reads it."""

    def __call__(self, kind: str, index: int) -> str:
        return f"{kind}\x1f{index:09}"

    def claims(self, placeholder: str) -> Set[str]:  # noqa: ARG002 - numbers keep them apart
        return frozenset()
