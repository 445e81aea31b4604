"""Vaults: who remembers which placeholder stands for which value."""

from lc_guard.vaults.base import ForgetListener, Mint, Vault
from lc_guard.vaults.memory import MemoryVault

__all__ = ["ForgetListener", "MemoryVault", "Mint", "Vault"]
