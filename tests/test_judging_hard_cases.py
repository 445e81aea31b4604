"""What an attacker, an odd scanner or an unlucky order could get past the scanners, or out to where they are."""

from __future__ import annotations

import time
from typing import Any

import pytest
from langchain_core.documents import Document
from langchain_core.messages import AIMessage, HumanMessage

from lc_guard import Anonymize, Blocked, Guard
from lc_guard.conversation import asks_of

from .support.scanners import BAD, Watcher
from .support.seams import CONFIG

# --- what is asked about


@pytest.mark.parametrize(
    "value",
    [
        {"q": {f"my {BAD}": 1}},
        {"q": [{f"my {BAD}": 1}]},
        {"q": {f"my {BAD}": HumanMessage("hello")}},
        {"q": [[HumanMessage(f"my {BAD}")]]},
        {"q": {"deep": [Document("fine", metadata={"author": {f"my {BAD}": "x"}})]}},
        [{"role": "user", "content": f"my {BAD}"}],
        [("human", f"my {BAD}")],
        ["hello", f"my {BAD}"],
        (HumanMessage("hello"), {"more": f"my {BAD}"}),
    ],
)
def test_no_text_reaches_a_model_unjudged(value: Any) -> None:
    with pytest.raises(Blocked):
        Anonymize(Guard([], prompt_scanners=[Watcher()])).invoke(value, CONFIG)


def test_what_is_no_text_of_people_is_not_asked_about() -> None:
    value = {"q": [{"type": "image", "base64": "AAAA"}, {"role": "user", "content": "hello"}], "m": [[AIMessage("I")]]}
    assert [ask.text for ask in asks_of(value, "prompt")] == ["hello"]


def test_a_long_history_is_gone_through_once() -> None:
    kinds = (HumanMessage, AIMessage)
    history = [kinds[number % 2](f"message {number}") for number in range(4_000)]
    started = time.perf_counter()
    asks = asks_of([*history, HumanMessage([{"type": "text", "text": f"block {n}"} for n in range(4_000)])], "prompt")
    assert time.perf_counter() - started < 2, "about 0.1 s; turns collected anew for each text took 20 s"
    assert [turn.text for turn in asks[1_000].turns] == [f"message {number}" for number in range(1_992, 2_000)]
    assert [turn.text for turn in asks[-1].turns] == [f"block {number}" for number in range(3_991, 3_999)]
