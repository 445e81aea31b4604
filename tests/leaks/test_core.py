"""A canary through the whole core: no repr, no error, no traceback of ours, no log line holds it."""

import asyncio
import copy
import gc
import json
import pickle
import traceback

import pytest

from lc_guard import Blocked, Entity, Guard, GuardError, Policy
from lc_guard._engine.requests import GuardRequest
from lc_guard._engine.text_state import RequestState, TextState
from lc_guard.testing import ExactDetector, FailingDetector
from lc_guard.vaults import MemoryVault

CANARY = "Zebulon Quartermain"
SESSION = "zebulon@quartermain.example"
STYLES = ("llm_guard", "angle", "square", "fake")


def free(*shown):
    for text in shown:
        assert "Zebulon" not in text
        assert "zebulon" not in text


def told(error):
    """All that a log or a tracer may show of an error: the error and what stands behind it."""
    shown = [str(error), repr(error), str(error.args), *map(str, vars(error).values())]
    # source lines hold only code: what remains are messages
    return [*shown, "".join(traceback.format_exception(error))]


@pytest.mark.parametrize("style", STYLES)
def test_no_object_shows_a_value(style, caplog):
    caplog.set_level(0)
    detector = ExactDetector({"PERSON": [CANARY]})
    guard = Guard(detector, placeholder_style=style)
    session = guard.session(SESSION)
    job = GuardRequest([CANARY, f"of {CANARY}"], SESSION)
    (outcome,) = guard.check([job])
    restorer = session.restorer()
    restorer.feed(outcome.hide(CANARY)[:-1])
    detected = guard._runner.run(guard._analyzer.analyze([[CANARY]], 1.0))
    state = TextState(CANARY)
    memory = guard._anonymizer.load_known(SESSION, [state])
    held = guard.vault._sessions[SESSION]
    restoring = guard.session_values.restoring(SESSION)
    objects = [
        *(guard, guard._analyzer, guard._anonymizer, guard._runner, guard.vault, guard.policy, session, job, outcome),
        *(outcome.decision, restorer, memory, held, held.known, restoring, detector, detected.entities.get(CANARY)),
        *(memory.found, memory.fakes, guard._analyzer.cache, state, RequestState(0, job, {CANARY: state})),
    ]
    free(*map(repr, objects), *map(str, objects))
    free(json.dumps(outcome.decision.as_dict()), str(pickle.dumps(outcome.decision)))
    free(repr(copy.deepcopy(outcome.decision)), repr(outcome.latency_ms))
    session.deanonymize(outcome.hide(CANARY))
    session.forget()
    free(repr(guard), caplog.text, *(str(vars(record)) for record in caplog.records))


class CanaryError(Exception):
    def __init__(self):
        super().__init__(f"could not read {CANARY!r}")


class BrokenVault(MemoryVault):
    def __init__(self, method):
        super().__init__()
        setattr(self, method, self.broken)

    def broken(self, *args):
        raise CanaryError


def bad_answer(answer):
    detector = ExactDetector()
    detector.detect = lambda text: answer
    return detector


BAD = {
    "raises": {"detectors": FailingDetector(CanaryError())},
    "text for entities": {"detectors": bad_answer([CANARY])},
    "text for a sequence": {"detectors": bad_answer(CANARY)},
    "offsets outside": {"detectors": bad_answer([Entity("PERSON", 0, 10_000)])},
    "text for a kind": {"detectors": bad_answer([Entity({CANARY}, 0, 5)])},
    "text for an offset": {"detectors": bad_answer([Entity("PERSON", CANARY, 5)])},
    "text for a score": {"detectors": bad_answer([Entity("PERSON", 0, 5, CANARY)])},
    "blocked": {"detectors": ExactDetector({"PERSON": [CANARY]}), "policy": Policy(default="block")},
    "vault look": {"detectors": ExactDetector({"PERSON": [CANARY]}), "vault": BrokenVault("look")},
    "vault allocate": {"detectors": ExactDetector({"PERSON": [CANARY]}), "vault": BrokenVault("allocate")},
    "vault full": {"detectors": ExactDetector({"PERSON": [CANARY, "Zebulon"]}), "vault": MemoryVault(max_values=1)},
}


@pytest.mark.parametrize("mode", ["sync", "async"])
@pytest.mark.parametrize("case", BAD)
def test_no_error_shows_a_value(case, mode, caplog):
    caplog.set_level(0)
    session = Guard(**BAD[case]).session(SESSION)
    text = f"{CANARY} and Zebulon."
    with pytest.raises(Blocked) as caught:
        session.anonymize(text) if mode == "sync" else asyncio.run(session.aanonymize(text))
    error = caught.value
    while error is not None:  # the whole chain: what a tracer prints
        free(*told(error))
        assert isinstance(error, GuardError)
        error = error.__cause__ or error.__context__
    free(str(caught.value.decision.as_dict()))
    gc.collect()
    logged = [record for record in caplog.records if record.name != "asyncio"]
    free(caplog.text, *(str(record.args) + str(record.exc_info) for record in logged))


@pytest.mark.parametrize("on_error", ["allow", "block"])
def test_no_log_line_shows_a_value(on_error, caplog):
    caplog.set_level(0)
    guard = Guard([FailingDetector(CanaryError()), ExactDetector({"X": ["x"]})], policy=Policy(on_error=on_error))
    guard.check([GuardRequest([CANARY], SESSION), GuardRequest([f"{CANARY} again"], SESSION)])
    assert any(record.name == "lc_guard" for record in caplog.records)
    free(caplog.text, *(str(vars(record)) for record in caplog.records))


@pytest.mark.parametrize("style", ["llm_guard", "fake"])
def test_no_error_of_restoring_shows_a_value(style):
    vault = MemoryVault()
    session = Guard(ExactDetector({"PERSON": [CANARY]}), vault=vault, placeholder_style=style).session(SESSION)
    hidden = session.anonymize(CANARY)

    def broken(*args):
        raise CanaryError

    vault.values = vault.items = broken
    with pytest.raises(GuardError) as caught:
        session.deanonymize(hidden)
    free(*told(caught.value))
    assert caught.value.__suppress_context__
