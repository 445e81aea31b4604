"""What the environment holds: extras, and what sends or logs raw text."""

from __future__ import annotations

import pytest

from lc_guard._vendors import environment
from lc_guard._vendors.environment import extras, traps


def names(environ: dict[str, str]) -> list[tuple[str, str]]:
    return [(trap.name, trap.level) for trap in traps(environ)]


def test_extras_are_told_by_what_can_be_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    assert extras()["openai"] is True
    monkeypatch.setattr(environment, "_EXTRAS", {"none": "no_such_package", "deep": "no_such_package.below"})
    assert extras() == {"none": False, "deep": False}


@pytest.mark.parametrize("value", ["", "0", "false", "False", " off "])
def test_a_variable_that_is_off(value: str) -> None:
    assert names(dict.fromkeys(["LANGFUSE_DEBUG", "OPENAI_LOG"], value)) == []


@pytest.mark.parametrize(
    "variable",
    ["LANGFUSE_DEBUG", "OPENAI_LOG", "ANTHROPIC_LOG", "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"],
)
def test_a_variable_that_has_raw_text_logged(variable: str) -> None:
    assert names({variable: "debug"}) == [(variable, "warning")]


def test_langfuses_keys() -> None:
    assert names({"LANGFUSE_PUBLIC_KEY": "pk"}) == []
    (trap,) = traps({"LANGFUSE_PUBLIC_KEY": "pk-secret", "LANGFUSE_SECRET_KEY": "sk-secret"})
    assert "CallbackHandler(guard)" in trap.message
    assert "secret" not in trap.message


def test_langsmith_sends_raw_text(langsmith_on: None) -> None:
    (trap,) = traps()
    assert trap.level == "error"
    assert "LANGSMITH_TRACING=true" in trap.message


def test_an_instrumentation_that_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "_INSTRUMENTATIONS", ("no-such-distribution", "langchain-core"))
    assert names({}) == [("langchain-core", "warning")]
