"""Vaults: who remembers which placeholder stands for which value."""

from lc_guard.vaults.base import ForgetListener, LifeVault, Mint, Progress, SessionInfo, TtlFrom, Vault
from lc_guard.vaults.memory import MemoryVault

__all__ = ["ForgetListener", "LifeVault", "MemoryVault", "Mint", "Progress", "SessionInfo", "TtlFrom", "Vault"]
