"""Keys that lie in a vault beside the values: secrets that every process with the vault has, and nobody else."""

from __future__ import annotations

import secrets
from collections.abc import Set

from lc_guard.vaults.base import Vault


def vault_key(vault: Vault, session: str, kind: str) -> tuple[str, str]:
    """Return the name of a key, and the key as 64 hexadecimal digits; made at the first call.

    Args:
        vault: Holds it.
        session: The session that holds it and no values: it lives as long as a session that is used at each call.
        kind: What the key is filed as.

    Raises:
        Exception: What the vault raises.
    """
    if not (keys := vault.items(session)):
        vault.allocate(session, [(kind, secrets.token_hex(32))], _KeyMint())
        keys = vault.items(session)  # another process may have been first
    name = min(keys, key=lambda key: (len(key), key))
    return name, keys[name]


class _KeyMint:
    """Names keys, in a form that is no placeholder of any style."""

    def __call__(self, kind: str, index: int) -> str:
        return f"{kind}:{index}"

    def claims(self, placeholder: str) -> Set[str]:  # noqa: ARG002 - numbers keep them apart
        return frozenset()
