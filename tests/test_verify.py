"""``lc-guard verify``: it finds nothing where nothing leaks, and each kind of leak where one does."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path
from typing import Any

import pytest

import lc_guard
from lc_guard.cli import main
from lc_guard.verify.applications import TASKS, applications
from lc_guard.verify.canaries import SURFACES, plant
from lc_guard.verify.running import MODES, run_mode
from lc_guard.verify.watching import PLACES, Evidence, judge, together, watch_logs

Report = dict[str, Any]

HEAD = """
import logging
from langchain_core.messages import HumanMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableLambda
from langchain_core.tools import tool
from langchain.agents import create_agent
from langgraph.checkpoint.memory import InMemorySaver
from lc_guard import Anonymize, Deanonymize, Guard, GuardMiddleware, protect
from lc_guard.checkpoints import GuardCheckpointer
from lc_guard.detectors import PatternDetector
prompt = ChatPromptTemplate.from_template("Answer: {text}")
"""


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Write a module of applications."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(body: str) -> None:
        (tmp_path / "own_app.py").write_text(HEAD + body, encoding="utf-8")
        monkeypatch.delitem(sys.modules, "own_app", raising=False)

    yield write
    sys.modules.pop("own_app", None)


def verify(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, Report]:
    status = main(["verify", *args, "--json"])
    return status, json.loads(capsys.readouterr().out)


def statuses(report: Report, place: str, surface: str = "human message") -> set[str]:
    (application,) = report["applications"]
    return {mode["surfaces"][surface][place] for mode in application["modes"].values()}


def leaking_places(report: Report) -> set[str]:
    return {
        place
        for application in report["applications"]
        for mode in application["modes"].values()
        for places in mode["surfaces"].values()
        for place, status in places.items()
        if status == "LEAK"
    }


class TestTheBoundary:
    def test_everything_is_clean_and_was_watched(self, capsys: pytest.CaptureFixture[str]) -> None:
        status, report = verify(capsys)
        assert (status, report["leaks"]) == (0, 0)
        assert [application["name"] for application in report["applications"]] == [a.name for a in applications()]
        for application in report["applications"]:
            assert list(application["modes"]) == list(MODES)
            agent = application["name"].startswith("agent")
            for mode in application["modes"].values():
                assert mode["failed"] is None
                assert list(mode["surfaces"]) == list(SURFACES)
                for surface, places in mode["surfaces"].items():
                    # No run both fails and gives structured output; a structured output has no tool of the user's.
                    unwatched = {"exceptions", "tool input"} if surface == "structured output" else set()
                    for place, found in places.items():
                        if place == "checkpoints" and not agent:
                            assert found == "none"
                        elif place not in unwatched:
                            assert found == "clean", (application["name"], surface, place)
                        else:
                            assert found in ("clean", "not watched")

    def test_prints_a_table_for_each_application(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["verify"]) == 0
        told = capsys.readouterr()
        assert told.err == ""
        for word in (*(a.name for a in applications()), *MODES, *SURFACES, *PLACES, "0 leaks in 24 runs"):
            assert word in told.out
        assert "LEAK" not in told.out
        assert "\x1b" not in told.out  # colours are for terminals

    def test_other_detectors_beside_the_exact_one(self, capsys: pytest.CaptureFixture[str]) -> None:
        status, report = verify(capsys, "--detector", "patterns")
        assert (status, report["leaks"]) == (0, 0)

    @pytest.mark.parametrize("application", applications(), ids=lambda a: a.name)
    def test_without_the_detector_everything_leaks(self, application: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("lc_guard.verify.running.ExactDetector", lambda values: lc_guard.testing.ExactDetector({}))
        cell = run_mode(application, "stream")
        for surface in SURFACES:
            assert cell.found[surface, "model input"] == "LEAK"
            assert cell.found[surface, "spans"] == "LEAK"
            assert cell.found[surface, "checkpoints"] == ("LEAK" if len(application.tasks) == len(TASKS) else "none")
            if surface != "structured output":
                assert cell.found[surface, "exceptions"] == "LEAK"


class TestOwnApplications:
    def test_a_guarded_chain_is_clean(self, write: Any, capsys: pytest.CaptureFixture[str]) -> None:
        write("def build(model, guard): return Anonymize(guard) | prompt | model | Deanonymize(guard)")
        status, report = verify(capsys, "--app", "own_app:build")
        assert status == 0
        for place in ("model input", "user's output", "logs", "exceptions", "spans"):
            assert statuses(report, place) == {"clean"}, place
        assert statuses(report, "checkpoints") == statuses(report, "tool input") == {"not watched"}
        for place in PLACES:  # what no text input can hold
            assert statuses(report, place, "system prompt") == {"not watched"}, place

    @pytest.mark.parametrize(
        ("body", "places"),
        [
            ("def build(model, guard): return prompt | model | Deanonymize(guard)", {"model input", "exceptions"}),
            ("def build(model, guard): return Anonymize(guard) | prompt | model", {"user's output"}),
            (
                """
def log(text):
    logging.getLogger("own").info("got %s", text)
    return text
def build(model, guard): return RunnableLambda(log) | protect(prompt | model, guard)""",
                {"logs"},
            ),
            (
                """
def fail(answer):
    raise ValueError(answer.text)
def build(model, guard):
    return protect(prompt | model, guard) | RunnableLambda(fail)""",
                {"exceptions"},
            ),
            (
                """
def other(answer):
    return answer.text.replace("Zo\\u00eb", "Zoe")
def build(model, guard): return protect(prompt | model, guard) | RunnableLambda(other)""",
                {"user's output", "spans"},  # what nobody hid is no value that the mask knows
            ),
        ],
        ids=["no Anonymize", "no Deanonymize", "a step logs", "an error quotes", "half restored"],
    )
    def test_a_leak_is_found_where_it_is(
        self, body: str, places: set[str], write: Any, capsys: pytest.CaptureFixture[str]
    ) -> None:
        write(body)
        status, report = verify(capsys, "--app", "own_app:build")
        assert status == 1
        assert leaking_places(report) == places
        for place in places:
            assert statuses(report, place) == {"LEAK"}

    def test_the_table_tells_where_and_shows_no_value(self, write: Any, capsys: pytest.CaptureFixture[str]) -> None:
        write("def build(model, guard): return prompt | model")
        assert main(["verify", "--app", "own_app:build"]) == 1
        told = capsys.readouterr().out
        assert "LEAK: the value planted in human message is readable in the model input (invoke, ainvoke," in told
        assert "O'Brien" not in told
