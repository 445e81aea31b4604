"""The demo's search in what leaves for Langfuse finds what is there, in whatever form."""

from __future__ import annotations

import json

import pytest

from lc_guard.demo.report import values_of
from lc_guard.guard import Guard
from lc_guard.langfuse.in_memory import Tracing

from ..support.canaries import CanaryDetector

VALUE = 'Ignatia "Iggy" Vandersloot'


@pytest.fixture
def tracing():
    made = Tracing(Guard(CanaryDetector([VALUE])), offline=True)
    yield made
    made.close()


def search(tracing, *values):
    tracing.client.flush()
    return tracing.search(dict.fromkeys(values, "PERSON"))


@pytest.mark.parametrize(
    "attributes",
    [
        {"input": f"so {VALUE} said"},
        {"input": {"deep": [{"er": f"so {VALUE} said"}]}},
        {"output": {VALUE: 1}},
        {"metadata": {"note": json.dumps({"x": json.dumps([VALUE])})}},
        {"status_message": VALUE},
    ],
)
def test_what_leaks_is_found(tracing, monkeypatch, attributes):
    monkeypatch.setattr("lc_guard.observability.span_mask.SpanMask.mask", lambda *_, **__: ({}, []))
    with tracing.client.start_as_current_observation(name="step") as span:
        span.update(**attributes)
    found = search(tracing, VALUE)
    assert found.hits == {"PERSON": 1}
    assert found.strings > 1


def test_masked_spans_hold_nothing(tracing):
    with tracing.client.start_as_current_observation(name="step", input=f"so {VALUE} said"):
        pass
    assert search(tracing, VALUE).hits == {}
    assert [span.name for span in tracing.spans] == ["step"]


def test_names_and_score_comments_are_searched(tracing, monkeypatch):
    monkeypatch.setattr("lc_guard.observability.span_mask.SpanMask.mask", lambda *_, **__: ({}, []))
    with tracing.client.start_as_current_observation(name=f"for {VALUE}") as span:
        span.score(name="risk", value=0.5, comment=f"about {VALUE}")
    assert search(tracing, VALUE).hits == {"PERSON": 2}
    assert [score["name"] for score in tracing.scores] == ["risk"]


def test_whole_words_and_long_numbers(tracing, monkeypatch):
    monkeypatch.setattr("lc_guard.observability.span_mask.SpanMask.mask", lambda *_, **__: ({}, []))
    with tracing.client.start_as_current_observation(name="step", input={"who": "the Mayor", "n": 85, "id": 536228147}):
        pass
    assert search(tracing, "May", "85").hits == {}
    assert search(tracing, "536228147").hits == {"PERSON": 1}


def test_look_alikes_are_no_values():
    placeholders = {"[REDACTED_PERSON_1]": VALUE, "[REDACTED_LITERAL_1]": "[REDACTED_PERSON_1]"}
    assert values_of(placeholders) == {VALUE: "PERSON"}
