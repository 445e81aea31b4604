"""ReceivedProof: tells what a provider said in a session from what somebody else claims that it said."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

from lc_guard._engine.vault_keys import vault_key
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
        _, key = vault_key(self._vault, _HOLDER, _KIND)
        code = hmac.new(key.encode(), digestmod=hashlib.sha256)
        for text in (session, *texts):
            encoded = text.encode("utf-8", "surrogatepass")
            code.update(len(encoded).to_bytes(8, "big") + encoded)
        return code.hexdigest()[:32]
