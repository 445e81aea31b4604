"""Fixtures around the stand-ins."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from langfuse import Langfuse
from langfuse._client.resource_manager import LangfuseResourceManager
from opentelemetry.sdk.trace import TracerProvider

from .langfuse_server import LangfuseServer
from .servers import PostgresServer, RedisCluster, RedisServer

MakeClient = Callable[..., Langfuse]


@pytest.fixture
def langfuse_server() -> Iterator[LangfuseServer]:
    """A running stand-in for Langfuse."""
    with LangfuseServer() as server:
        yield server


@pytest.fixture
def make_langfuse(langfuse_server: LangfuseServer) -> Iterator[MakeClient]:
    """Makes real clients of the stand-in, each with its own tracer provider; nothing outlives the test."""
    LangfuseResourceManager.reset()  # clients of other tests: with several, the SDK's handler takes none
    providers: list[TracerProvider] = []

    def make(**kwargs: Any) -> Langfuse:
        providers.append(TracerProvider())
        defaults: dict[str, Any] = {
            "public_key": langfuse_server.public_key,
            "secret_key": langfuse_server.secret_key,
            "base_url": langfuse_server.url,
            "tracer_provider": providers[-1],
        }
        client = Langfuse(**{**defaults, **kwargs})
        # SDK 4 has no way to wake its score thread: flush() waits for this interval, a second unless changed.
        for consumer in getattr(client._resources, "_ingestion_consumers", ()):
            consumer._flush_interval = 0.05
        return client

    yield make
    LangfuseResourceManager.reset()
    for provider in providers:
        provider.shutdown()


@pytest.fixture
def langfuse_client(make_langfuse: MakeClient) -> Langfuse:
    """The real client, without a mask."""
    return make_langfuse()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A real PostgreSQL server; tests that stop it start their own."""
    with PostgresServer() as server:
        yield server


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """A real Redis server; tests that stop it start their own."""
    with RedisServer() as server:
        yield server


@pytest.fixture(scope="session")
def redis_cluster() -> Iterator[RedisCluster]:
    """A real Redis Cluster of three masters."""
    with RedisCluster() as cluster:
        yield cluster
