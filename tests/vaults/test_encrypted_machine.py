"""Encrypted vaults against MemoryVault as the model, with keys that rotate between any two steps."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import rule

from lc_guard.vaults.encrypted import KeyRotation, SealedCodec
from lc_guard.vaults.keys import KeyRing, generate_key

from .test_stored_machine import StoredMachine as _StoredMachine


class EncryptedMachine(_StoredMachine):
    """Two workers on one encrypted database; each rotation gives both a new key before the old one."""

    def make(self, bounds):
        self.keys = [generate_key()]
        self.plain = super().make(bounds)
        return self.encrypted()

    def encrypted(self):
        ring = KeyRing(self.keys)
        return [vault.with_codec(SealedCodec(ring)) for vault in self.plain]

    @rule(rewrapped=st.booleans())
    def rotate(self, rewrapped):
        self.keys.insert(0, generate_key())
        if rewrapped:
            KeyRotation(self.encrypted()[0], KeyRing(self.keys)).run(None)
            del self.keys[1:]
        listeners = [vault._listeners for vault in self.workers]
        self.workers = self.encrypted()
        for vault, kept in zip(self.workers, listeners, strict=True):
            vault._listeners = kept


EncryptedMachine.TestCase.settings = settings(max_examples=12, stateful_step_count=25, deadline=None)
TestEncrypted = EncryptedMachine.TestCase
