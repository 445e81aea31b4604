"""A trace as text and as a picture: what stands under what, with its scores, as it left."""

from __future__ import annotations

from langchain_core.runnables import RunnableLambda

from lc_guard import Anonymize, Guard, protect
from lc_guard.demo import StandInModel
from lc_guard.langfuse import Tracing
from lc_guard.testing import ExactDetector, PhraseScanner

PEOPLE = ExactDetector({"PERSON": ["Jane <Doe>"]})


def test_steps_stand_below_what_called_them_and_scores_beside_what_they_are_of() -> None:
    guard = Guard(PEOPLE)
    tracing = Tracing(guard, offline=True)
    chain = Anonymize(guard) | RunnableLambda(str, name="Told")
    chain.invoke("Jane <Doe>", {"configurable": {"session_id": "s"}, "callbacks": [tracing.handler]})
    assert repr(tracing.tree()).splitlines() == [
        "trace RunnableSequence  [guard.action anonymize]",
        "  chain RunnableSequence",
        "    chain Anonymize",
        "      span guard: prompt",
        "        guardrail prompt.pii  [prompt.pii 1.00]  [prompt.pii.valid True]",
        "    chain Told",
    ]


def test_a_picture_shows_what_left_and_nothing_that_a_page_would_run() -> None:
    guard = Guard(PEOPLE)
    tracing = Tracing(guard, offline=True)
    chain = Anonymize(guard) | RunnableLambda(lambda text: f"<script>{text}</script>")
    chain.invoke("Jane <Doe>", {"configurable": {"session_id": "s"}, "callbacks": [tracing.handler]})
    shown = tracing.tree()._repr_html_()
    assert "[REDACTED_PERSON_1]" in shown
    assert "&lt;script&gt;" in shown
    assert "<script>" not in shown
    assert "Doe" not in shown


def test_each_trace_begins_at_the_left() -> None:
    guard = Guard([], prompt_scanners=[PhraseScanner(["stop"])])
    tracing = Tracing(guard, offline=True)
    model = protect(StandInModel(), guard, on_blocked="no")
    for said in ("go", "stop"):
        model.invoke(said, {"configurable": {"session_id": "s"}, "callbacks": [tracing.handler]})
    lines = repr(tracing.tree()).splitlines()
    actions = [line.rpartition("  ")[2] for line in lines if line.startswith("trace ")]
    assert actions == ["[guard.action allow]", "[guard.action block]"]
    assert len([line for line in lines if ".valid False]" in line]) == 1
