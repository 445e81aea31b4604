"""A reader of the stand-in that does not wait; and a project that may be a real one (see tests/real_langfuse.md)."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from lc_guard.langfuse.api import LangfuseApi
from tests.support.langfuse_server import LangfuseServer
from tests.support.real_langfuse import REAL_KEYS, REAL_URL, Project


@pytest.fixture
def waits() -> list[float]:
    """The seconds that the connection was told to wait."""
    return []


@pytest.fixture
def api(langfuse_server: LangfuseServer, waits: list[float]) -> Iterator[LangfuseApi]:
    """A connection to the stand-in."""
    with LangfuseApi(
        public_key=langfuse_server.public_key,
        secret_key=langfuse_server.secret_key,
        base_url=langfuse_server.url,
        sleep=waits.append,
    ) as connection:
        yield connection


@pytest.fixture
def project(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """A project of a Langfuse, empty of what lc-guard makes: the stand-in's, or that of the environment."""
    url, keys = os.environ.get(REAL_URL), os.environ.get(REAL_KEYS)
    standin: LangfuseServer | None = None
    if url and keys:
        public_key, _, secret_key = keys.partition(":")
    else:
        standin = request.getfixturevalue("langfuse_server")
        url, public_key, secret_key = standin.url, standin.public_key, standin.secret_key
    monkeypatch.setenv("LANGFUSE_PUBLIC_KEY", public_key)
    monkeypatch.setenv("LANGFUSE_SECRET_KEY", secret_key)
    monkeypatch.setenv("LANGFUSE_BASE_URL", url)
    with LangfuseApi() as connection:
        found = Project(connection, standin)
        found.setup("--remove")
        yield found
        found.setup("--remove")
    if standin is not None:
        assert not standin.refused
