"""Vaults: who remembers which placeholder stands for which value."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from lc_guard.vaults.base import ForgetListener, LifeVault, LookingVault, Mint, Progress, SessionInfo, TtlFrom, Vault
from lc_guard.vaults.memory import MemoryVault

if TYPE_CHECKING:
    from lc_guard.vaults.encrypted import EncryptedVault
    from lc_guard.vaults.keys import KeyService
    from lc_guard.vaults.langgraph_store import LangGraphStoreVault
    from lc_guard.vaults.redis import RedisVault
    from lc_guard.vaults.sql import SQLVault

# loaded when they are first used
_HOME_OF = {
    "EncryptedVault": "encrypted",
    "KeyService": "keys",
    "LangGraphStoreVault": "langgraph_store",
    "RedisVault": "redis",
    "SQLVault": "sql",
}

__all__ = [
    "EncryptedVault",
    "ForgetListener",
    "KeyService",
    "LangGraphStoreVault",
    "LifeVault",
    "LookingVault",
    "MemoryVault",
    "Mint",
    "Progress",
    "RedisVault",
    "SQLVault",
    "SessionInfo",
    "TtlFrom",
    "Vault",
]


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
