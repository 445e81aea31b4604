"""The examples in the docstrings of what users call first are run, and print what they say."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest

import lc_guard
import lc_guard.vaults
from tests.support.pages import blocks, run

EXAMPLES = (
    "lc_guard.Anonymize",
    "lc_guard.Guard",
    "lc_guard.GuardMiddleware",
    "lc_guard.Policy",
    "lc_guard.protect",
    "lc_guard.vaults.EncryptedVault",
    "lc_guard.vaults.LangGraphStoreVault",
    "lc_guard.vaults.MemoryVault",
    "lc_guard.vaults.RedisVault",
    "lc_guard.vaults.SQLVault",
)
SERVERS = {"lc_guard.vaults.RedisVault": "redis_server"}
MARKS = {"lc_guard.Guard": [pytest.mark.models], "lc_guard.vaults.RedisVault": [pytest.mark.servers]}


def docstring(name: str) -> str:
    package, _, attribute = name.rpartition(".")
    found: Any = getattr(lc_guard.vaults if package == "lc_guard.vaults" else lc_guard, attribute)
    return inspect.getdoc(found) or ""


@pytest.mark.parametrize("name", [pytest.param(name, marks=MARKS.get(name, ())) for name in EXAMPLES])
def test_prints_what_it_says(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.chdir(tmp_path)
    text = docstring(name)
    if name in SERVERS:
        text = text.replace("redis://localhost:6379/0", request.getfixturevalue(SERVERS[name]).url)
    assert len(blocks(text)) == 1
    assert "# →" in text
    run(text, name)
