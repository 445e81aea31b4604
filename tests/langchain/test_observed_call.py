"""What any handler is told of a protected model: the prompt and the answer as the model saw them, never a value."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from langchain_core.callbacks import BaseCallbackHandler

from lc_guard import Blocked, Entity, Guard, protect
from lc_guard.testing import ExactDetector
from lc_guard.vaults import MemoryVault
from tests.support.scanners import BAD, Watcher
from tests.support.seams import CONFIG, E1, MAIL, NAME, P1, VALUES, openai, run

MODES = ("invoke", "ainvoke", "stream", "astream", "batch", "abatch")


class Told(BaseCallbackHandler):
    """Keeps what it is told at the end of the root run."""

    def __init__(self) -> None:
        self.everything: list[Any] = []
        self.ended: list[tuple[Any, Any]] = []

    def on_chain_start(self, serialized: Any, inputs: Any, **kwargs: Any) -> None:
        self.everything += [inputs, kwargs]

    def on_chain_end(self, outputs: Any, *, parent_run_id: Any = None, **kwargs: Any) -> None:
        self.everything += [outputs, kwargs]
        if parent_run_id is None:
            self.ended.append((kwargs.get("inputs"), outputs))

    def on_chain_error(self, error: BaseException, *, parent_run_id: Any = None, **kwargs: Any) -> None:
        self.everything += [repr(error), kwargs]
        if parent_run_id is None:
            self.ended.append((kwargs.get("inputs"), kwargs.get("outputs")))


class Fails(ExactDetector):
    def detect(self, text: str) -> list[Entity]:
        raise ValueError(f"can't read {text}")


def watched(guard: Guard, mode: str, text: str, answer: str, **more: Any) -> Told:
    told = Told()
    with openai(lambda _: answer) as (model, _), suppress(Blocked):
        run(protect(model, guard, **more), mode, text, {**CONFIG, "callbacks": [told]})
    assert not [value for value in (NAME, MAIL) if value in repr(told.everything)]
    return told


@pytest.mark.parametrize("mode", MODES)
def test_the_hidden_prompt_and_answer_are_told(mode: str) -> None:
    guard = Guard(ExactDetector(VALUES))
    told = watched(guard, mode, f"Mail {NAME} at {MAIL}", f"{P1} was told ({E1}).")
    assert len(told.ended) == (2 if "batch" in mode else 1)
    for inputs, outputs in told.ended:
        assert [message.content for message in inputs["messages"]] == [f"Mail {P1} at {E1}"]
        assert outputs.text == f"{P1} was told ({E1})."


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("on_blocked", ["raise", "no."])
def test_a_blocked_prompt_is_told_without_its_values(mode: str, on_blocked: str) -> None:
    vault = MemoryVault()
    Guard(ExactDetector(VALUES), vault=vault).session("s-1").anonymize(NAME)
    # the session knows a name that the detectors of this guard do not
    guard = Guard(ExactDetector({"EMAIL": [MAIL]}), vault=vault, prompt_scanners=[Watcher()])
    told = watched(guard, mode, f"I am {NAME}, my {BAD} is {MAIL}", "never", on_blocked=on_blocked)
    assert told.ended
    for inputs, outputs in told.ended:
        if inputs is None and (mode, on_blocked) == ("abatch", "raise"):
            continue  # the one that is blocked first has the other cancelled
        assert [message.content for message in inputs["messages"]] == [f"I am {P1}, my {BAD} is [REDACTED_EMAIL]"]
        assert (None if outputs is None else outputs.text) == (None if on_blocked == "raise" else "no.")


@pytest.mark.parametrize("mode", ["invoke", "astream"])
def test_a_prompt_that_nobody_can_mask_is_a_number(mode: str) -> None:
    told = watched(Guard(Fails(VALUES)), mode, f"Mail {NAME}", "never", on_blocked="no.")
    ((inputs, outputs),) = told.ended
    assert (inputs, outputs.text) == (None, "no.")
