"""Every Python example of the README is run, and prints what the README says."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Iterator
from pathlib import Path

import langsmith.run_trees
import langsmith.utils
import pytest

from tests.support.langsmith_server import LangSmithServer
from tests.support.openai_server import OpenAIServer

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```$", README, flags=re.DOTALL | re.MULTILINE)
EXPECTED = re.compile(r"# → (.*)$", flags=re.MULTILINE)


@pytest.fixture
def openai_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenAIServer]:
    with OpenAIServer() as server:
        monkeypatch.setenv("OPENAI_API_KEY", server.api_key)
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        for name in ("LANGFUSE_PUBLIC_KEY", "LANGFUSE_SECRET_KEY"):
            monkeypatch.delenv(name, raising=False)
        yield server


@contextlib.contextmanager
def traced(server: LangSmithServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Trace to LangSmith meanwhile: what it is sent holds placeholders."""
    monkeypatch.setenv("LANGSMITH_TRACING", "true")
    langsmith.utils.get_env_var.cache_clear()
    yield
    langsmith.run_trees.get_cached_client().flush()
    monkeypatch.setenv("LANGSMITH_TRACING", "false")
    langsmith.utils.get_env_var.cache_clear()
    langsmith.configure(client=None)
    assert server.holds("[REDACTED_PERSON_1]")
    assert not [value for value in ("Hara", "jane.ohara", "Elm Street", "Springfield") if server.holds(value)]


def test_the_examples_print_what_the_readme_says(
    openai_server: OpenAIServer, langsmith_server: LangSmithServer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("LANGSMITH_TRACING", "false")
    langsmith.utils.get_env_var.cache_clear()
    assert len(BLOCKS) > 10
    names: dict[str, object] = {}
    for number, block in enumerate(BLOCKS):
        printed = io.StringIO()
        tracing = traced(langsmith_server, monkeypatch) if "langsmith_client" in block else contextlib.nullcontext()
        with contextlib.redirect_stdout(printed), tracing:
            exec(compile(block, f"README block {number}", "exec"), names)
        if number == 0:
            assert "Summarize this hearing" in printed.getvalue()
            assert "Jane O'Hara" in printed.getvalue()
            assert "jane.ohara@example.org" in printed.getvalue()
            assert b"Hara" not in b"".join(map(repr_bytes, openai_server.requests))
        elif EXPECTED.search(block):
            assert printed.getvalue().splitlines() == EXPECTED.findall(block), block


def test_the_links_lead_somewhere():
    root = Path(__file__).parents[1]
    links = re.findall(r"\]\((?!https?://|#)([^)]+)\)", README)
    for target in links + re.findall(r"`((?:docs|notebooks)/[\w./]+)`", README):
        assert (root / target).exists(), target


def test_the_picture_holds_nothing_of_the_machine():
    picture = (Path(__file__).parents[1] / "docs/demo.svg").read_text(encoding="utf-8")
    assert not re.search(r"/(?:root|home|tmp|work|opt)/", picture)


def repr_bytes(request: object) -> bytes:
    return repr(request).encode()
