"""Vaults: who remembers which placeholder stands for which value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lc_guard._lazy import attach

if TYPE_CHECKING:
    from lc_guard.vaults.base import BatchLookupVault as BatchLookupVault
    from lc_guard.vaults.base import ForgetListener as ForgetListener
    from lc_guard.vaults.base import Mint as Mint
    from lc_guard.vaults.base import Progress as Progress
    from lc_guard.vaults.base import RetentionVault as RetentionVault
    from lc_guard.vaults.base import SessionInfo as SessionInfo
    from lc_guard.vaults.base import TtlFrom as TtlFrom
    from lc_guard.vaults.base import Vault as Vault
    from lc_guard.vaults.encrypted import EncryptedVault as EncryptedVault
    from lc_guard.vaults.keys import KeyService as KeyService
    from lc_guard.vaults.langgraph import LangGraphStoreVault as LangGraphStoreVault
    from lc_guard.vaults.memory import MemoryVault as MemoryVault
    from lc_guard.vaults.redis import RedisVault as RedisVault
    from lc_guard.vaults.sql import SQLVault as SQLVault

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "base": (
            *("BatchLookupVault", "ForgetListener", "Mint", "Progress"),
            *("RetentionVault", "SessionInfo", "TtlFrom", "Vault"),
        ),
        "encrypted": ("EncryptedVault",),
        "keys": ("KeyService",),
        "langgraph": ("LangGraphStoreVault",),
        "memory": ("MemoryVault",),
        "redis": ("RedisVault",),
        "sql": ("SQLVault",),
    },
)
