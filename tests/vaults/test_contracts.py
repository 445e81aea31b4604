"""The public contract on every stored vault, on real servers."""

import uuid

import pytest

from lc_guard.testing import VaultContract
from lc_guard.vaults import RedisVault

from ..support.servers import sentinel_of
from .members import maker


class _OnMember(VaultContract):
    member = ""

    @pytest.fixture(autouse=True)
    def _member(self, request):
        self.made = []
        self.request = request
        yield
        for vault in self.made:
            vault.close()

    def make_vault(self):
        self.made.append(maker(self.member, self.request)(**self.options()))
        return self.made[-1]

    def options(self):
        return {}


class TestSQLite(_OnMember):
    member = "sqlite"


class TestPostgreSQL(_OnMember):
    member = "postgres"


class TestRedis(_OnMember):
    member = "redis"


class TestRedisCluster(_OnMember):
    member = "cluster"


class TestLangGraphStore(_OnMember):
    member = "store"


class TestWithoutCache(_OnMember):
    """What is held in memory between calls changes nothing."""

    member = "sqlite"

    def options(self):
        return {"cache_values": 0}


@pytest.fixture(scope="module")
def sentinel(redis_server):
    with sentinel_of(redis_server) as server:
        yield server


class TestSentinel(_OnMember):
    @pytest.fixture(autouse=True)
    def _sentinel(self, sentinel, redis_server):
        self.url = f"redis+sentinel://:{redis_server.password}@127.0.0.1:{sentinel.port}/vault/0"

    def make_vault(self):
        self.made.append(RedisVault(self.url, prefix=uuid.uuid4().hex))
        return self.made[-1]
