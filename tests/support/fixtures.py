"""Fixtures around the stand-ins."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable, Iterator
from typing import Any

import langsmith
import langsmith.utils
import pytest
import structlog
from langfuse import Langfuse
from langfuse._client.resource_manager import LangfuseResourceManager
from opentelemetry.sdk.trace import TracerProvider

from .langfuse_server import LangfuseServer
from .langsmith_server import LangSmithServer
from .servers import PostgresServer, RedisCluster, RedisServer

MakeClient = Callable[..., Langfuse]


@pytest.fixture
def langfuse_server() -> Iterator[LangfuseServer]:
    """A running stand-in for Langfuse."""
    with LangfuseServer() as server:
        yield server


@pytest.fixture
def silent_url() -> Iterator[str]:
    """A server that takes connections and never answers."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(200)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


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


@pytest.fixture
def langsmith_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[LangSmithServer]:
    """A running stand-in for LangSmith, with tracing to it switched on as a user does; nothing outlives the test."""
    with LangSmithServer() as server:
        for name in [name for name in os.environ if name.startswith(("LANGSMITH_", "LANGCHAIN_"))]:
            monkeypatch.delenv(name)
        monkeypatch.setenv("LANGSMITH_TRACING", "true")
        monkeypatch.setenv("LANGSMITH_ENDPOINT", server.url)
        monkeypatch.setenv("LANGSMITH_API_KEY", server.api_key)
        monkeypatch.setenv("LANGSMITH_PROJECT", "tests")
        _forget_langsmith()
        yield server
    _forget_langsmith()


@pytest.fixture
def langsmith_on(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """LangSmith's tracing is on by its variable, and nobody has masked it."""
    monkeypatch.setenv("LANGSMITH_TRACING", "true")
    _forget_langsmith()
    yield
    monkeypatch.undo()
    _forget_langsmith()


def _forget_langsmith() -> None:
    langsmith.utils.get_env_var.cache_clear()
    langsmith.utils.get_tracer_project.cache_clear()
    langsmith.configure(client=None, enabled=None)


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


@pytest.fixture
def structlog_to_stderr() -> Iterator[None]:
    """What LLM Guard logs, by structlog to stdout unless configured, is no output of an example."""
    configured = structlog.get_config()
    # not kept by a logger that outlives this test, and with it a stream that is closed
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr), cache_logger_on_first_use=False)
    yield
    structlog.configure(**configured)
