"""The order of steps: a chain that would send real values, or restore nothing, says so."""

from __future__ import annotations

import logging
import warnings
from typing import Any

import pytest
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableLambda, RunnableSequence

from lc_guard import Anonymize, Deanonymize, protect
from lc_guard.errors import WrongOrder

from ..support.openai_server import echo
from ..support.seams import CONFIG, MODES, NAME, P1, P2, added, filled_guard, make_guard, openai, run

PROMPT = ChatPromptTemplate.from_messages([("human", "{text}")])


def test_the_wrong_order_is_refused_before_a_model_is_asked() -> None:
    guard = make_guard()
    with openai(echo) as (model, server):
        for between in (model, model.bind(stop=["x"]), model | StrOutputParser(), PROMPT | model):
            with pytest.raises(WrongOrder, match="Anonymize comes before"):
                Deanonymize(guard) | between | Anonymize(guard)
            with pytest.raises(WrongOrder):
                Deanonymize(guard).pipe(between, Anonymize(guard))
        with pytest.raises(WrongOrder):
            Deanonymize(guard) | PROMPT | model | StrOutputParser() | Anonymize(guard)
    assert server.requests == []


def test_other_orders_are_not() -> None:
    guard = make_guard()
    tool = RunnableLambda(str.upper)
    with warnings.catch_warnings(), openai(echo) as (model, _):
        warnings.simplefilter("error")
        Deanonymize(guard) | tool | Anonymize(guard)  # a tool between two models gets real values
        Deanonymize(guard) | protect(model, guard) | Anonymize(guard)
        Anonymize(guard) | model | Deanonymize(guard) | tool | Anonymize(guard) | model | Deanonymize(guard)
        Anonymize(guard) | model | Deanonymize(make_guard(vault=guard.vault))


def test_another_guard_or_session_is_told_at_composition() -> None:
    guard = make_guard()
    with pytest.warns(UserWarning, match="another guard"):
        Anonymize(guard) | PROMPT | Deanonymize(make_guard())
    with pytest.warns(UserWarning, match="another session_id") as caught:
        Anonymize(guard, session_id="jane") | PROMPT | Deanonymize(guard, session_id="joan")
    assert "jane" not in str(caught[0].message)


@pytest.mark.parametrize("mode", MODES)
def test_unknown_placeholders_are_told_and_known_ones_are_not(mode: str, caplog: pytest.LogCaptureFixture) -> None:
    step = Deanonymize(filled_guard())
    assert added(run(step, mode, f"{P1} and {P1}")) == f"{NAME} and {NAME}"
    assert not caplog.records
    run(step, mode, f"{P1} and [REDACTED_PERSON_7]")
    told = {record.getMessage() for record in caplog.records if record.levelno == logging.WARNING}
    assert len(told) == 1
    assert "left 1 placeholders" in told.pop()
    assert NAME not in caplog.text
    assert P2 not in caplog.text


def test_a_chain_is_what_it_was() -> None:
    guard = make_guard()
    chain: Any = {"text": Anonymize(guard)} | PROMPT
    whole = Anonymize(guard) | RunnableLambda(str) | Deanonymize(guard)
    assert isinstance(chain, RunnableSequence)
    assert isinstance(whole, RunnableSequence)
    assert whole.get_name() == "RunnableSequence"
    assert whole.lc_id() == RunnableSequence.lc_id()
    assert whole.invoke(NAME, CONFIG) == NAME
