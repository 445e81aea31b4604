"""The pages of docs/migrate: both sides run, and what is said of the old side and of the new one is so."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest
import spacy
from langfuse._client.resource_manager import LangfuseResourceManager
from presidio_analyzer import PatternRecognizer
from presidio_analyzer.nlp_engine import SpacyNlpEngine

from lc_guard.detectors.spacy_ner import packaged_or_official
from tests.support.langfuse_server import LangfuseServer
from tests.support.pages import blocks, run_alone
from tests.support.received import PLACEHOLDER, Received, found_in, recording
from tests.test_guides import UNGUARDED, VALUES

FOLDER = Path(__file__).parents[1] / "docs/migrate"
PAGES = sorted(path.stem for path in FOLDER.glob("*.md") if path.stem != "index")


def sides(page: str) -> tuple[list[str], list[str]]:
    found = blocks((FOLDER / f"{page}.md").read_text(encoding="utf-8"))
    return [each for each in found if each.startswith(UNGUARDED)], [
        each for each in found if not each.startswith(UNGUARDED)
    ]


@pytest.fixture
def packaged_models(monkeypatch: pytest.MonkeyPatch, structlog_to_stderr: None) -> None:
    """What the old sides would download: the packaged spaCy pipeline, and a list of names for LLM Guard's model."""
    load = spacy.load
    monkeypatch.setattr(SpacyNlpEngine, "_download_spacy_model_if_needed", staticmethod(lambda name: None))
    monkeypatch.setattr(spacy.util, "is_package", lambda name: True)
    monkeypatch.setattr(spacy, "load", lambda name, **options: load(packaged_or_official(), **options))
    names = PatternRecognizer(supported_entity="PERSON", deny_list=["Jane Doe", "John Doe"])
    engine = importlib.import_module("llm_guard.input_scanners.anonymize")
    if hasattr(engine, "get_transformers_recognizer"):  # LLM Guard's; gorget takes several models
        monkeypatch.setattr(engine, "get_transformers_recognizer", lambda **_: names)
    else:
        monkeypatch.setattr(engine, "get_recognizers", lambda **_: [names])


@pytest.mark.parametrize("page", PAGES)
def test_both_sides_run_and_the_new_one_sends_no_value(
    page: str, packaged_models: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LANGFUSE_PUBLIC_KEY", "LANGFUSE_SECRET_KEY"):
        monkeypatch.delenv(name, raising=False)
    before, after = sides(page)
    assert before
    assert after
    for number, block in enumerate([*before, *after]):
        received = Received()
        LangfuseResourceManager.reset()
        with recording(received):
            run_alone(block, f"{page}, block {number}")
        texts = received.take()
        if block in after:
            assert found_in(texts, VALUES) == []
            assert all(map(PLACEHOLDER.search, texts))


def test_the_trace_of_the_old_handler_holds_the_value_and_that_of_the_new_one_does_not(
    langfuse_server: LangfuseServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANGFUSE_PUBLIC_KEY", langfuse_server.public_key)
    monkeypatch.setenv("LANGFUSE_SECRET_KEY", langfuse_server.secret_key)
    monkeypatch.setenv("LANGFUSE_BASE_URL", langfuse_server.url)
    found = []
    for (block,) in reversed(sides("langfuse-handler")):
        LangfuseResourceManager.reset()
        run_alone(f"{block}\nfrom langfuse import get_client\n\nget_client().flush()\n", "langfuse-handler.md")
        found.append(langfuse_server.holds("Sean O'Brien"))
    LangfuseResourceManager.reset()
    assert found == [False, True]


def test_what_is_a_test_by_name_is_there() -> None:
    named = {path for page in PAGES for path in re.findall(r"`(tests/[\w/.]+)`", (FOLDER / f"{page}.md").read_text())}
    assert named
    assert all((FOLDER.parents[1] / path).exists() for path in named)
