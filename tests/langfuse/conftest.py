"""A reader of the stand-in that does not wait."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lc_guard.langfuse.api import LangfuseApi
from tests.support.langfuse_server import LangfuseServer


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
