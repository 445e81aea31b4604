"""Every stored vault on its real server, each time with tables or keys of its own."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from langgraph.store.memory import InMemoryStore

from lc_guard.vaults import LangGraphStoreVault, RedisVault, SQLVault
from lc_guard.vaults.stored import StoredVault

Make = Callable[..., StoredVault]
SHARED = ("sqlite", "postgres", "redis")
"""The members that processes share."""
ALL = (*SHARED, "cluster", "store")


def maker(member: str, request: pytest.FixtureRequest) -> Make:
    """Give what makes vaults of a member: the first is empty, and all share one place."""
    name = f"t{uuid.uuid4().hex[:12]}"
    if member == "sqlite":
        folder: Path = request.getfixturevalue("tmp_path")
        return lambda **options: SQLVault(f"sqlite:///{folder}/{name}.db", **options)
    if member == "postgres":
        url = request.getfixturevalue("postgres_server").url
        return lambda **options: SQLVault(url, **{"table_prefix": name, **options})
    if member == "store":
        store = InMemoryStore()
        return lambda **options: LangGraphStoreVault(store, **options)
    url = request.getfixturevalue("redis_server" if member == "redis" else "redis_cluster").url
    return lambda **options: RedisVault(url, **{"prefix": name, **options})


def close(*vaults: Any) -> None:
    for vault in vaults:
        vault.close()
