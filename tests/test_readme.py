"""Every Python example of the README is run, prints what the README says, and sends models no real value."""

from __future__ import annotations

import contextlib
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import langsmith.run_trees
import langsmith.utils
import pytest

from tests.support.langsmith_server import LangSmithServer
from tests.support.openai_server import OpenAIServer
from tests.support.received import PLACEHOLDER, Received, found_in, recording

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
BLOCKS = re.compile(
    r"^(?:#+ (?P<heading>[^\n]*)|```python\n(?P<code>.*?)^```|```\w+\n.*?^```)$", flags=re.DOTALL | re.MULTILINE
)
EXPECTED = re.compile(r"# → (.*)$", flags=re.MULTILINE)

# What the examples hide, whole and in the parts that tell the most: a model may be sent none of it, however written.
VALUES = (
    "Jane O'Hara", "O'Hara", "Jane", "12 Elm Street", "Elm", "Springfield", "jane.ohara@example.org",
    "Sean O'Brien", "O'Brien", "Sean", "(415) 555-0134", "Jane Doe", "Doe", "jane.doe@example.com",
    "AKIAIOSFODNN7EXAMPLE", "4111 1111 1111 1111", "536-90-4399",
)  # fmt: skip
LOOKS_REAL = re.compile(r"[\w.]+@[\w.]+\.\w+|\b[A-Z][a-z]+ [A-Z]'?[A-Z]?[a-z]+\b|\(?\d{3}\)?[ -]\d{3}-\d{4}")
NOT_HIDDEN = {
    "Elm Street",  # a part of an address that is hidden
    "Ask Sean",
    "Call Sean",
    "Neil Corp",  # shown with LLM Guard's detector, in a guard without a model
}


class Sent(NamedTuple):
    """What an example sends: requests to the provider, and texts to the embedding model."""

    provider: int = 0
    embeddings: int = 0


# Each example that asks a model, by its heading. All of them talk of hiding: none shows an unguarded model.
SENDS = {
    "lc-guard": Sent(provider=2),
    "Around a whole model or chain": Sent(provider=1),
    "Judge prompts and answers": Sent(provider=1),  # the other one is blocked
    "Streams for a user interface": Sent(provider=1),
    "Agents": Sent(provider=2),
    "RAG: neither the embeddings nor the model see a name": Sent(embeddings=4),
    "Watch decisions, stop a leak": Sent(provider=1),
    "Are the checks worth it? Watch, annotate, choose": Sent(provider=1),
}


class Example(NamedTuple):
    """A Python block of the README."""

    heading: str
    code: str


def examples() -> list[Example]:
    """Give the README's Python blocks, each with the heading above it."""
    heading, found = "", []
    for match in BLOCKS.finditer(README):
        heading = match["heading"] or heading
        if match["code"]:
            found.append(Example(heading, match["code"]))
    return found


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


def test_the_examples_print_what_the_readme_says_and_send_no_value(
    openai_server: OpenAIServer, langsmith_server: LangSmithServer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("LANGSMITH_TRACING", "false")
    langsmith.utils.get_env_var.cache_clear()
    assert len(examples()) > 10
    names: dict[str, object] = {}
    received, sent = Received(), {}
    with recording(received):
        for number, example in enumerate(examples()):
            asked = len(openai_server.raw)
            printed = io.StringIO()
            to_langsmith = "langsmith_client" in example.code
            tracing = traced(langsmith_server, monkeypatch) if to_langsmith else contextlib.nullcontext()
            with contextlib.redirect_stdout(printed), tracing:
                exec(compile(example.code, f"README block {number}", "exec"), names)
            bodies = [body.decode() for body in openai_server.raw[asked:]]
            texts = [*bodies, *map(json.dumps, openai_server.requests[asked:])]
            inside = received.take()
            assert found_in(texts + inside, VALUES) == [], example.heading
            if bodies or inside:
                before = sent.get(example.heading, Sent())
                embedded = len(inside) if not bodies else 0
                sent[example.heading] = Sent(before.provider + len(bodies), before.embeddings + embedded)
                # what is embedded holds other names instead of placeholders
                hidden = "ProtectedEmbeddings" in example.code or any(map(PLACEHOLDER.search, bodies or inside))
                assert hidden, example.heading
            if number == 0:
                assert "Summarize this hearing" in printed.getvalue()
                assert "Jane O'Hara" in printed.getvalue()
                assert "jane.ohara@example.org" in printed.getvalue()
            elif EXPECTED.search(example.code):
                assert printed.getvalue().splitlines() == EXPECTED.findall(example.code), example.code
    assert {heading: seen.provider for heading, seen in sent.items()} == {
        heading: wanted.provider for heading, wanted in SENDS.items()
    }
    assert all(seen.embeddings >= SENDS[heading].embeddings for heading, seen in sent.items())


def test_whatever_looks_like_a_value_in_the_examples_is_looked_for():
    shown = {found for example in examples() for found in LOOKS_REAL.findall(example.code)}
    assert {found for found in shown if found not in VALUES} <= NOT_HIDDEN


def test_the_links_lead_somewhere():
    root = Path(__file__).parents[1]
    links = re.findall(r"\]\((?!https?://|#)([^)]+)\)", README)
    for target in links + re.findall(r"`((?:docs|notebooks)/[\w./]+)`", README):
        assert (root / target).exists(), target


def test_the_picture_holds_nothing_of_the_machine():
    picture = (Path(__file__).parents[1] / "docs/demo.svg").read_text(encoding="utf-8")
    assert not re.search(r"/(?:root|home|tmp|work|opt)/", picture)
