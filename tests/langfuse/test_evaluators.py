"""Scanners and detectors judge experiments and past observations through the SDK's own runs; no value in any score."""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
import time
from importlib.metadata import version
from typing import Any

import pytest
from langfuse import Langfuse

from lc_guard.langfuse import as_evaluator, observation_texts
from lc_guard.records import Entity, ScanResult
from lc_guard.scanners.base import ScanRequest
from tests.support.canaries import CANARIES, CanaryDetector
from tests.support.langfuse_reads import observation_row
from tests.support.langfuse_server import LangfuseServer

SDK_5 = not version("langfuse").startswith("4.")


class Shouting:
    """A scanner: the share of capitals is the risk."""

    name = "shouting"

    def __init__(self) -> None:
        self.requests: list[ScanRequest] = []

    def scan(self, request: ScanRequest) -> ScanResult:
        self.requests.append(request)
        if "fail" in request.text:
            raise RuntimeError(request.text)
        risk = sum(map(str.isupper, request.text)) / max(1, len(request.text))
        return ScanResult(risk < 0.5, risk, categories={"loud": risk})


class AsyncShouting(Shouting):
    async def ascan(self, request: ScanRequest) -> ScanResult:
        return self.scan(request)


def judged(evaluator: Any, **item: Any) -> dict[str, Any]:
    return {each.name: each for each in asyncio.run(evaluator(**item))}


@pytest.mark.parametrize("scanner", [Shouting(), AsyncShouting()])
def test_a_scanner_judges_the_worst_text(scanner: Shouting) -> None:
    evaluator = as_evaluator(scanner)
    found = judged(evaluator, input="asked", output={"role": "assistant", "content": ["quiet", "LOUD"]}, extra=1)
    risk, valid = found["output.shouting"], found["output.shouting.valid"]
    assert (risk.value, risk.data_type, valid.value, valid.data_type) == (1.0, "NUMERIC", 0, "BOOLEAN")
    assert risk.metadata == {"texts": 2, "categories": {"loud": 1.0}}
    assert [(request.text, request.prompt, request.stage) for request in scanner.requests] == [
        ("quiet", "asked", "output"),
        ("LOUD", "asked", "output"),
    ]
    assert inspect.iscoroutinefunction(evaluator)
    assert evaluator.__name__ == "output.shouting"


def test_a_detector_judges_through_json_and_past_placeholders() -> None:
    text = json.dumps({"messages": [{"content": f"{CANARIES[0]} and [REDACTED_PERSON_1]"}, CANARIES[2]]})
    found = judged(as_evaluator(CanaryDetector(), of="input"), input=text, output=None)
    assert (found["prompt.pii"].value, found["prompt.pii"].comment) == (0.9, "2 PERSON")
    assert found["prompt.pii.valid"].value == 0
    told = str([vars(each) for each in found.values()])
    assert CANARIES[0] not in told
    everything = [Entity("PERSON", 0, 19, 0.8)]
    hidden = judged(as_evaluator(lambda _: everything, name="all"), output="[REDACTED_PERSON_1] came")
    assert (hidden["output.all"].value, hidden["output.all.valid"].value) == (0.0, 1)


def test_nothing_to_look_at_is_no_risk() -> None:
    for output in (None, "", [], {"a": None}, 7.5):
        found = judged(as_evaluator(Shouting(), name="n ame", stage="document"), output=output)
        assert found["document.n_ame"].value == 0.0


def test_a_threshold_for_entities() -> None:
    weak = [Entity("PERSON", 0, 3, 0.4)]
    for threshold, valid in ((0.5, 1), (0.4, 0)):
        found = judged(as_evaluator(lambda _: weak, name="weak", threshold=threshold), output="Ann")
        assert found["output.weak.valid"].value == valid


def test_failures_hold_no_text() -> None:
    detector = CanaryDetector()
    detector.error = RuntimeError(CANARIES[0])
    for check in (Shouting(), AsyncShouting(), detector, lambda text: [text]):
        with pytest.raises(Exception, match=r"fail|gave") as caught:
            judged(as_evaluator(check), output=f"fail {CANARIES[0]}")
        assert CANARIES[0] not in str(caught.value)
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("check", "options", "error"),
    [
        (7, {}, TypeError),
        (Shouting, {}, TypeError),
        (CanaryDetector, {}, TypeError),
        (Shouting(), {"of": "both"}, ValueError),
        (Shouting(), {"stage": "x"}, ValueError),
        (Shouting(), {"threshold": 2}, ValueError),
    ],
)
def test_wrong_arguments(check: Any, options: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        as_evaluator(check, **options)


def test_run_experiment(langfuse_client: Langfuse, langfuse_server: LangfuseServer, caplog: Any) -> None:
    caplog.set_level(logging.WARNING)
    items: Any = [{"input": "say it LOUD"}, {"input": "quiet"}, {"input": "fail"}]
    result = langfuse_client.run_experiment(
        name="shouting",
        data=items,
        task=lambda *, item, **_: item["input"],
        evaluators=[as_evaluator(Shouting()), as_evaluator(CanaryDetector())],
    )
    langfuse_client.flush()
    values = [sorted(each.name for each in item.evaluations) for item in result.item_results]
    both = ["output.pii", "output.pii.valid", "output.shouting", "output.shouting.valid"]
    assert sorted(values) == sorted([both, both, both[:2]])
    sent = [score for score in langfuse_server.scores.values() if score["name"].startswith("output.")]
    assert len(sent) == 10
    assert not langfuse_server.refused
    assert "the scanner 'shouting' failed with RuntimeError" in caplog.text


def test_run_batched_evaluation(langfuse_client: Langfuse, langfuse_server: LangfuseServer) -> None:
    now = time.time() - 60
    langfuse_server.observed += [
        observation_row(f"o-{number}", trace=f"t-{number}", start=now - number, seconds=1, output=json.dumps(text))
        for number, text in enumerate([CANARIES[0], "nothing", [CANARIES[1], {"a": CANARIES[2]}]])
    ]
    evaluators: Any = [as_evaluator(CanaryDetector())]
    if not SDK_5:
        # SDK 4 reads from an address that current servers have no more; its evaluators are called the same way
        items = [
            type("Item", (), {"id": "o", "input": None, "output": row["output"]}) for row in langfuse_server.observed
        ]
        inputs = [observation_texts(item=item) for item in items]
        found = [judged(evaluators[0], input=each.input, output=each.output)["output.pii"].value for each in inputs]
        assert found == [0.9, 0.0, 0.9]
        return
    done = langfuse_client.run_batched_evaluation(mapper=observation_texts, evaluators=evaluators)
    langfuse_client.flush()
    assert (done.total_items_processed, done.total_items_failed, done.completed) == (3, 0, True)
    risks = {s["observationId"]: s["value"] for s in langfuse_server.scores.values() if s["name"] == "output.pii"}
    assert risks == {"o-0": 0.9, "o-1": 0.0, "o-2": 0.9}
    assert not langfuse_server.holds(CANARIES[0])
