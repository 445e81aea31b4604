"""Every Python block of the site's pages runs alone, prints what it says, and sends models no value.

Elsewhere: `docs/extending`, whose blocks are one program (`tests/test_extending_pages.py`), `docs/migrate`, which has
two sides (`tests/test_migrations.py`), and pages that need a server, which have tests of their own (`OWN_TESTS`). Those
of `docs/design` are fragments.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import langsmith.run_trees
import langsmith.utils
import pytest
from langfuse._client.resource_manager import LangfuseResourceManager

from tests.support.langsmith_server import LangSmithServer
from tests.support.openai_server import OpenAIServer
from tests.support.pages import blocks, run_alone
from tests.support.received import PLACEHOLDER, Received, found_in, recording

DOCS = Path(__file__).parents[1] / "docs"
OWN_TESTS = {
    "deployment.md": "tests/test_deployment_page.py",
    "guides/serve.md": "tests/serve/test_service.py",
    "guides/stand-ins.md": "tests/testing/test_stand_ins.py",
}
PAGES = [
    path
    for path in sorted(DOCS.rglob("*.md"))
    if path.parent.name not in ("design", "extending", "migrate")
    and path.relative_to(DOCS).as_posix() not in OWN_TESTS
    and blocks(path.read_text())
]

# What the pages hide, whole and in the parts that tell the most: a model may be sent none of it, however written.
VALUES = (
    "Jane O'Hara", "O'Hara", "Jane", "12 Elm Street", "Elm", "Springfield", "jane.ohara@example.org",
    "Sean O'Brien", "O'Brien", "Sean", "(415) 555-0134", "Jane Doe", "Doe", "jane.doe@example.com",
    "AKIAIOSFODNN7EXAMPLE", "4111 1111 1111 1111", "536-90-4399",
)  # fmt: skip
LOOKS_REAL = re.compile(r"[\w.]+@[\w.]+\.\w+|\b[A-Z][a-z]+ [A-Z]'?[A-Z]?[a-z]+\b|\(?\d{3}\)?[ -]\d{3}-\d{4}")
# What looks like a value and is none: parts of values, words of code, and what is shown by a guard without a model.
NOT_HIDDEN = {"Elm Street", "Ask Sean", "Call Sean", "Ask Jane", "Find Sean", "Neil Corp", "Blue Heron"}
# A block that begins so shows, on purpose, what happens without the guard.
UNGUARDED = "# before"


@pytest.fixture
def provider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, structlog_to_stderr: None) -> Iterator[OpenAIServer]:
    """A folder with a policy that somebody saved, no key of anybody's, and a stand-in for OpenAI."""
    monkeypatch.chdir(tmp_path)
    Path("policy.yaml").write_text("on_invalid: block\n")
    for name in ("LANGFUSE_PUBLIC_KEY", "LANGFUSE_SECRET_KEY", "LANGSMITH_API_KEY", "LC_GUARD_VAULT_KEYS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANGSMITH_TRACING", "false")
    langsmith.utils.get_env_var.cache_clear()
    with OpenAIServer() as server:
        monkeypatch.setenv("OPENAI_API_KEY", server.api_key)
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        yield server
    langsmith.configure(client=None)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(DOCS).as_posix())
def test_each_block_runs_alone_and_sends_no_value(page: Path, provider: OpenAIServer) -> None:
    received = Received()
    for number, block in enumerate(blocks(page.read_text(encoding="utf-8"))):
        asked = len(provider.raw)
        LangfuseResourceManager.reset()  # a process of its own has no client
        with recording(received):
            run_alone(block, f"{page.name}, block {number}")
        texts = [*map(json.dumps, provider.requests[asked:]), *received.take()]
        texts += [body.decode() for body in provider.raw[asked:]]
        if not texts:
            continue
        assert found_in(texts, VALUES) == [], f"{page.name}, block {number}"
        # what is embedded holds other names instead of placeholders
        hidden = "ProtectedEmbeddings" in block or any(map(PLACEHOLDER.search, texts))
        assert hidden or "Blocked" in block, f"{page.name}, block {number}: nothing in it was hidden"


def test_pages_with_tests_of_their_own_are_read_by_these() -> None:
    for page, tests in OWN_TESTS.items():
        assert f"docs/{page}" in (DOCS.parent / tests).read_text(encoding="utf-8")


def test_langsmith_is_sent_placeholders(
    langsmith_server: LangSmithServer, provider: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    (block,) = [each for each in blocks((DOCS / "guides/langfuse.md").read_text()) if "langsmith_client" in each]
    monkeypatch.setenv("LANGSMITH_TRACING", "true")
    langsmith.utils.get_env_var.cache_clear()
    run_alone(block, "langfuse.md, LangSmith")
    langsmith.run_trees.get_cached_client().flush()
    monkeypatch.setenv("LANGSMITH_TRACING", "false")
    langsmith.utils.get_env_var.cache_clear()
    assert langsmith_server.holds("[REDACTED_PERSON_1]")
    assert not [value for value in ("Hara", "jane.ohara") if langsmith_server.holds(value)]


def test_whatever_looks_like_a_value_is_looked_for() -> None:
    shown = {
        (page.name, found)
        for page in PAGES
        for block in blocks(page.read_text(encoding="utf-8"))
        if "StandInModel" in block or "Embedding" in block  # it asks a model
        for found in LOOKS_REAL.findall(block)
    }
    assert {each for each in shown if each[1] not in VALUES and each[1] not in NOT_HIDDEN} == set()
