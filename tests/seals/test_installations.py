"""Installations that are not whole: half upgraded, with a package twice, or completed after the import."""

from __future__ import annotations

import subprocess
import sys
from textwrap import dedent
from typing import Any

import pytest

from lc_guard import GuardError, GuardMiddleware, SeamBroken
from lc_guard.langchain.middleware import _CHECKPOINTER
from tests.support.seams import make_guard


def run_python(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", dedent(code)], capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


class SaverOfASecondCopy:
    """What an instance of a second copy of ``langgraph.checkpoint`` is to the first: no instance of its class."""


@pytest.mark.parametrize(
    ("configurable", "error"),
    [
        ({_CHECKPOINTER: None}, None),
        ({_CHECKPOINTER: SaverOfASecondCopy()}, GuardError),
        ({}, SeamBroken),
    ],
)
def test_a_saver_that_is_not_known_does_not_pass_for_none(configurable: dict[str, Any], error: Any) -> None:
    middleware = GuardMiddleware(make_guard(), state="anonymized")
    if error is None:
        middleware._require_hidden_state({"configurable": configurable})
        return
    with pytest.raises(error):
        middleware._require_hidden_state({"configurable": configurable})


@pytest.mark.parametrize(
    ("gone", "name", "library"),
    [
        ("langchain.agents.middleware.types:ToolCallRequest", "GuardMiddleware", "langchain"),
        ("langgraph.types:Send", "GuardCheckpointer", "langgraph"),
        ("langchain_core.runnables.config:patch_config", "protect", "langchain-core"),
    ],
)
def test_half_upgraded_libraries_are_named(gone: str, name: str, library: str) -> None:
    """A name that an older or newer release does not have: the message says whose it is and what to do."""
    module, _, attribute = gone.partition(":")
    told = run_python(f"""
        import importlib, sys
        module = importlib.import_module({module!r})
        delattr(module, {attribute!r})
        from lc_guard import Guard, SeamBroken
        try:
            from lc_guard import {name}
        except SeamBroken as error:
            print(error)
        else:
            print("imported")
    """)
    for words in (name, library, attribute, "doctor"):
        assert words in told


@pytest.mark.parametrize(
    ("module", "use"),
    [
        ("sqlalchemy", "vaults.SQLVault('sqlite://')"),
        ("cryptography", 'vaults.EncryptedVault(vaults.MemoryVault(), keys=[__import__("secrets").token_bytes(32)])'),
        ("redis", "vaults.RedisVault('redis://127.0.0.1:1')"),
    ],
)
def test_an_extra_that_is_installed_after_the_import_is_found(module: str, use: str) -> None:
    """A notebook: the error names the extra, the user installs it, and goes on in the same process."""
    told = run_python(f"""
        import sys
        from importlib.machinery import PathFinder
        from lc_guard import MissingExtra, vaults

        class WithoutIt(PathFinder):
            @classmethod
            def find_spec(cls, name, path=None, target=None):
                return None if name.partition(".")[0] == {module!r} else super().find_spec(name, path, target)

        place = sys.meta_path.index(PathFinder)
        sys.meta_path[place] = WithoutIt
        try:
            {use}
        except MissingExtra as error:
            print(error)
        sys.meta_path[place] = PathFinder
        try:
            {use}
        except MissingExtra:
            raise
        except Exception as error:
            print("found, and", type(error).__name__)
        else:
            print("found")
    """)
    missing, found = told.strip().splitlines()
    assert "pip install 'lc-guard[" in missing
    assert found.startswith("found")
