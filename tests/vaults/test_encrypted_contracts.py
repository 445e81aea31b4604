"""The public contract on EncryptedVault over every vault that it may wrap, on real servers."""

import pytest

from lc_guard.testing import VaultContract
from lc_guard.vaults import EncryptedVault, MemoryVault

from .members import maker

OLD, NEW = EncryptedVault.generate_key(), EncryptedVault.generate_key()


class _Encrypted(VaultContract):
    member = ""

    @pytest.fixture(autouse=True)
    def _member(self, request):
        self.made = []
        self.request = request
        yield
        for vault in self.made:
            vault.close()

    def make_vault(self):
        self.made.append(EncryptedVault(self.make_inner(), keys=[NEW, OLD]))
        return self.made[-1]

    def make_inner(self):
        return maker(self.member, self.request)()


class TestMemory(_Encrypted):
    def make_inner(self):
        return MemoryVault()


class TestSQLite(_Encrypted):
    member = "sqlite"


class TestPostgreSQL(_Encrypted):
    member = "postgres"


class TestRedis(_Encrypted):
    member = "redis"


class TestRedisCluster(_Encrypted):
    member = "cluster"


class TestLangGraphStore(_Encrypted):
    member = "store"
