"""``lc-guard verify``: it finds nothing where nothing leaks, and each kind of leak where one does."""

from __future__ import annotations

import gc
import json
import logging
import os
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any, Literal

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from pydantic import BaseModel

import lc_guard
import lc_guard.testing
from lc_guard import Blocked
from lc_guard.cli import main
from lc_guard.langchain.checkpointer import GuardCheckpointer
from lc_guard.langchain.recording_model import ModelFailed, RecordingChatModel, strings_in
from lc_guard.verify.applications import applications
from lc_guard.verify.areas import every_area
from lc_guard.verify.at_once import usual_processes
from lc_guard.verify.canaries import SURFACES, plant
from lc_guard.verify.observers import PLACES, Evidence, judge, texts_of_checkpoints, texts_of_error, watch_logs
from lc_guard.verify.promises import Area, require
from lc_guard.verify.run import run_mode

Report = dict[str, Any]
SOME = ("astream", "batch")


def _breaks() -> None:
    """Nothing is open."""
    require(False, "invoke")


HERE = os.getpid()


def _is_elsewhere() -> None:
    """It is another process."""
    require(os.getpid() != HERE, "here")


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
from lc_guard.langchain.checkpointer import GuardCheckpointer
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
    some = ["--modes", "invoke,astream,batch"] if "--app" in args and "--modes" not in args else []
    status = main(["verify", *args, *some, "--processes", "1", "--json"])
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
        status, report = verify(capsys, "--modes", ",".join(SOME))  # all of them: `make verify`
        assert (status, report["leaks"]) == (0, 0)
        assert [area["name"] for area in report["areas"]] == [area.name for area in every_area()]
        assert [area["broken"] for area in report["areas"]] == [[]] * len(every_area())
        assert [application["name"] for application in report["applications"]] == [a.name for a in applications()]
        for application in report["applications"]:
            assert list(application["modes"]) == list(SOME)
            # a tracer that nobody masked, beside those that are
            assert all(mode["unmasked_tracer"] for mode in application["modes"].values())
            agent = "agent" in application["name"]
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

    def test_prints_a_line_for_each_application_and_area(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        kept, broken = Area("that holds", (dict,)), Area("that does not", (dict, _breaks))
        monkeypatch.setattr("lc_guard.verify.areas.every_area", lambda: [kept, broken])
        assert main(["verify", "--modes", "ainvoke", "--detector", "patterns"]) == 1
        told = capsys.readouterr()
        assert told.err == ""
        lines = told.out.splitlines()
        for application in applications():
            (line,) = [line for line in lines if line.startswith(application.name)]
            assert line[42:].startswith("clean")
            assert len(line) <= 110
        assert [line[42:].split() for line in lines if line.startswith("that ")] == [
            ["kept", "1", "promise"],
            ["BROKEN", "2", "promises"],
        ]
        assert "BROKEN: Nothing is open. Not so: invoke" in lines
        assert "A tracer that masks nothing is shown real values by 7 of 7 applications" in told.out
        assert lines[-1] == "0 leaks in 7 runs of 7 applications, 2 of 3 promises kept"
        assert "LEAK" not in told.out
        assert "\x1b" not in told.out  # colours are for terminals

    def test_details_are_a_table_for_each_application(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("lc_guard.verify.areas.every_area", list)
        assert main(["verify", "--modes", "ainvoke", "--details", "--processes", "1"]) == 0
        told = capsys.readouterr().out
        names = [application.name for application in applications()]
        for word in (*names, "ainvoke", *SURFACES, *PLACES, "0 leaks in 7 runs of 7 applications"):
            assert word in told
        assert "stream" not in told

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks")
    def test_several_processes_find_the_same(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        some, frozen = applications()[:2], gc.get_freeze_count() > 0
        kept, broken = Area("that holds", (dict,)), Area("that does not", (_is_elsewhere, _breaks))
        monkeypatch.setattr("lc_guard.verify.applications.applications", lambda: some)
        monkeypatch.setattr("lc_guard.verify.areas.every_area", lambda: [kept, broken])
        status = main(["verify", "--modes", "invoke,batch", "--processes", "2", "--json"])
        report = json.loads(capsys.readouterr().out)
        assert status == 1
        assert [application["name"] for application in report["applications"]] == [each.name for each in some]
        assert [list(application["modes"]) for application in report["applications"]] == [["invoke", "batch"]] * 2
        assert not leaking_places(report)
        assert [area["broken"] for area in report["areas"]] == [[], ["Nothing is open. Not so: invoke"]]
        assert (gc.get_freeze_count() > 0) == frozen
        assert usual_processes() >= 1
        with pytest.raises(SystemExit):
            main(["verify", "--processes", "0"])

    @pytest.mark.parametrize("application", applications(), ids=lambda a: a.name)
    def test_without_the_detector_everything_leaks(self, application: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("lc_guard.verify.run.ExactDetector", lambda values: lc_guard.testing.ExactDetector({}))
        cell = run_mode(application, "stream")
        for surface in SURFACES:
            assert cell.found[surface, "model input"] == "LEAK"
            assert cell.found[surface, "spans"] == "LEAK"
            assert cell.found[surface, "checkpoints"] == ("LEAK" if "agent" in application.name else "none")
            if surface != "structured output":
                assert cell.found[surface, "exceptions"] == "LEAK"

    @pytest.mark.parametrize("mode", ["astream", "batch"])
    def test_each_failing_task_fails_as_meant(self, mode: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        errors: list[BaseException] = []

        def texts(error: BaseException) -> list[str]:
            errors.append(error)
            return texts_of_error(error)

        monkeypatch.setattr("lc_guard.verify.run.texts_of_error", texts)
        for application in applications():
            errors.clear()
            run_mode(application, mode)
            assert {type(error) for error in errors} == {ModelFailed, Blocked}

    def test_a_mask_that_masks_nothing_leaks_in_spans(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("lc_guard.langfuse.in_memory.mask_otel_spans", lambda guard: None)
        for application in applications():
            cell = run_mode(application, "ainvoke")
            places = {place for (_, place), status in cell.found.items() if status == "LEAK"}
            assert places == {"spans"}
            # A protected model shows tracers placeholders anyway; the chain around it shows its input.
            assert cell.found["history", "spans"] == cell.found["tool result", "spans"] == "LEAK"

    def test_a_checkpointer_that_stores_real_text_leaks_in_checkpoints(self, monkeypatch: pytest.MonkeyPatch) -> None:
        class Careless(GuardCheckpointer):
            def put(self, *args: Any) -> Any:
                return self.saver.put(*args)

        monkeypatch.setattr("lc_guard.verify.applications.GuardCheckpointer", Careless)
        cell = run_mode(applications()[-1], "stream")
        assert {place for (_, place), status in cell.found.items() if status == "LEAK"} == {"checkpoints"}
        assert cell.found["human message", "checkpoints"] == cell.found["tool result", "checkpoints"] == "LEAK"

    def test_a_guard_that_logs_leaks_in_logs(self, monkeypatch: pytest.MonkeyPatch) -> None:
        check = lc_guard.Guard.check

        def log(guard: Any, jobs: Any, *tell: Any) -> Any:
            logging.getLogger("lc_guard.careless").debug("checked", extra={"texts": [job.texts for job in jobs]})
            return check(guard, jobs, *tell)

        monkeypatch.setattr(lc_guard.Guard, "check", log)
        cell = run_mode(applications()[2], "invoke")
        assert {place for (_, place), status in cell.found.items() if status == "LEAK"} == {"logs"}

    def test_values_of_another_conversation_leak_in_the_output(self) -> None:
        first, second = plant(), plant()
        evidence = Evidence()
        evidence.add("user's output", [first["history"].text], item=0)
        evidence.add("user's output", [first["history"].text], item=1)
        assert judge(evidence, [first, second])["history", "user's output"] == "LEAK"

    def test_the_logs_are_put_back_as_they_were(self) -> None:
        root, own = logging.getLogger(), logging.getLogger("lc_guard")
        before = root.level, root.handlers[:], own.level
        with watch_logs() as logs:
            logging.getLogger("any").warning("%d", "no number")
        assert (root.level, root.handlers, own.level) == before
        assert "%d" in logs.texts
        assert "no number" in logs.texts


class TestServedGraphs:
    """Graphs as LangGraph's server makes them."""

    GRAPHS = """
    async def make(config, model, guard):
        assert config == {}
        return create_agent(model, [], middleware=[GuardMiddleware(guard)])
    def bare(model): return create_agent(model, [])
    """

    @pytest.fixture
    def folder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        (tmp_path / "served_graph.py").write_text(HEAD + dedent(self.GRAPHS), encoding="utf-8")
        graphs = {"safe": "./served_graph.py:make", "unsafe": {"path": "./served_graph.py:bare"}}
        (tmp_path / "langgraph.json").write_text(json.dumps({"graphs": graphs}), encoding="utf-8")
        monkeypatch.setattr(sys, "path", [*sys.path])
        return tmp_path

    @pytest.mark.parametrize("name", ["served_graph.py:make", "langgraph.json:safe"])
    def test_a_guarded_one_is_clean(self, name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        status, report = verify(capsys, "--app", str(folder / name))
        assert (status, report["leaks"]) == (0, 0)
        assert statuses(report, "model input") == {"clean"}

    def test_an_unguarded_one_leaks(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        status, report = verify(capsys, "--app", str(folder / "langgraph.json:unsafe"))
        assert status == 1
        assert statuses(report, "model input") == {"LEAK"}

    @pytest.mark.parametrize(
        ("name", "message"),
        [
            ("langgraph.json", "several graphs, name one: langgraph.json:safe|unsafe"),
            ("langgraph.json:other", "names no such graph (KeyError)"),
            ("missing/langgraph.json", "names no such graph (FileNotFoundError)"),
            ("missing.py:graph", "can't be loaded (FileNotFoundError)"),
        ],
    )
    def test_wrong_ones(self, name: str, message: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["verify", "--app", str(folder / name)]) == 2
        assert message in capsys.readouterr().err


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
                {"user's output", "spans", "tracers"},  # what nobody hid is no value that a mask knows
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

    AGENT = """
@tool
def search(text: str) -> str:
    "Search the web."
    return "nothing"
def agent(model, guard, **options):
    return create_agent(model, [search], middleware=[GuardMiddleware(guard, **options)],
                        checkpointer=GuardCheckpointer(InMemorySaver(), guard=guard))
def outside(model, guard): return agent(model, guard, placeholders_for=["search"])
def remembers(model, guard):
    return create_agent(model, [search], middleware=[GuardMiddleware(guard)], checkpointer=InMemorySaver())
"""

    def test_an_agent_is_clean(self, write: Any, capsys: pytest.CaptureFixture[str]) -> None:
        write(self.AGENT.replace(", **options", ""))
        status, report = verify(capsys, "--app", "own_app:agent")
        assert status == 0
        for surface in ("history", "human message", "content block", "tool argument", "tool result", "document"):
            for place in PLACES:
                assert statuses(report, place, surface) == {"clean"}, (surface, place)

    def test_a_tool_that_gets_placeholders_leaks(self, write: Any, capsys: pytest.CaptureFixture[str]) -> None:
        write(self.AGENT)
        status, report = verify(capsys, "--app", "own_app:outside")
        assert (status, leaking_places(report)) == (1, {"tool input"})
        assert statuses(report, "tool input") == {"LEAK"}

    def test_a_tool_that_is_outside_is_not_watched(self, write: Any, capsys: pytest.CaptureFixture[str]) -> None:
        write(self.AGENT)
        status, report = verify(capsys, "--app", "own_app:outside", "--outside-tools", "search")
        assert status == 0
        assert statuses(report, "tool input") == {"not watched"}

    def test_a_checkpointer_of_real_text_is_not_watched(self, write: Any, capsys: pytest.CaptureFixture[str]) -> None:
        write(self.AGENT)
        status, report = verify(capsys, "--app", "own_app:remembers")
        assert status == 0
        assert statuses(report, "checkpoints") == {"not watched"}

    OWN_GUARD = """
guard = Guard(PatternDetector())
def build(model): return protect(prompt | model, guard)
echo = RunnableLambda(lambda text: text)
guarded = protect(echo, guard, models="unseen")
silent = protect(RunnableLambda(lambda text: "no"), guard, models="unseen")
def nothing(): return echo
def raises(): raise ValueError("secret words")
def number(): return 1
def three(model, guard, other): return echo
three_things = 3
def fails_inside(model):
    def fail(text): raise KeyError(text)
    return RunnableLambda(fail)
def keyed(model):
    two = ChatPromptTemplate.from_messages([("placeholder", "{past}"), ("human", "{docs} {question}")])
    return Anonymize(guard) | two | model | StrOutputParser() | Deanonymize(guard)
"""

    def test_a_guard_of_its_own(self, write: Any, capsys: pytest.CaptureFixture[str]) -> None:
        write(self.OWN_GUARD)
        status, report = verify(capsys, "--app", "own_app:build")
        assert status == 0
        assert statuses(report, "model input") == statuses(report, "user's output") == {"clean"}
        assert statuses(report, "spans") == {"not watched"}

    @pytest.mark.parametrize("name", ["guarded", "nothing"])
    def test_a_runnable_whose_model_is_its_own(self, name: str, write: Any, capsys: pytest.CaptureFixture[str]) -> None:
        write(self.OWN_GUARD)
        status, report = verify(capsys, "--app", f"own_app:{name}")
        assert status == 0
        assert statuses(report, "user's output") == statuses(report, "logs") == {"clean"}
        assert statuses(report, "model input") == {"not watched"}

    def test_what_shows_nothing_proves_nothing(self, write: Any, capsys: pytest.CaptureFixture[str]) -> None:
        write(self.OWN_GUARD)
        assert main(["verify", "--app", "own_app:silent"]) == 1
        told = capsys.readouterr().out
        assert "nothing of it could be watched" in told
        assert "LEAK" not in told

    @pytest.mark.parametrize(
        ("name", "error"),
        [("raises", "conversation: ValueError"), ("fails_inside", "conversation: KeyError")],
    )
    def test_what_raises_is_told_without_its_words(
        self, name: str, error: str, write: Any, capsys: pytest.CaptureFixture[str]
    ) -> None:
        write(self.OWN_GUARD)
        assert main(["verify", "--app", f"own_app:{name}"]) == 1
        told = capsys.readouterr().out
        assert f"not run: abatch, {error}" in told
        assert "Does it take another --input?" in told
        assert "secret words" not in told
        assert "@example.org" not in told

    def test_an_input_with_keys(self, write: Any, capsys: pytest.CaptureFixture[str]) -> None:
        write(self.OWN_GUARD)
        kind = "keys:question,past=messages,docs=documents"
        status, report = verify(capsys, "--app", "own_app:keyed", "--input", kind, "--modes", "astream")
        assert status == 0
        for surface in set(SURFACES) - {"structured output"}:
            assert statuses(report, "model input", surface) == statuses(report, "user's output", surface) == {"clean"}

    @pytest.mark.parametrize(
        ("args", "message"),
        [
            (["--app", "own_app"], "'own_app' is no module:object"),
            (["--app", "own_app:missing"], "'own_app:missing' can't be loaded (AttributeError)"),
            (["--app", "own_app:three"], "must take at most the recording model"),
            (["--app", "own_app:number"], "gives int: it must give a Runnable"),
            (["--app", "own_app:three_things"], "is of type int: it must be a Runnable"),
            (["--app", "own_app:build", "--input", "other"], "there is no input 'other'"),
            (["--app", "own_app:build", "--input", "keys:a=b"], "there is no input 'keys:a=b'"),
            (["--input", "text"], "belong to --app"),
            (["--modes", "invoke,other"], "--modes takes some of invoke, ainvoke"),
            (["--modes", "other"], "--modes takes some of invoke, ainvoke"),
            (["--detector", "other"], "there is no detector 'other'"),
        ],
    )
    def test_wrong_usage(self, args: list[str], message: str, write: Any, capsys: pytest.CaptureFixture[str]) -> None:
        write(self.OWN_GUARD)
        assert main(["verify", *args]) == 2
        assert message in capsys.readouterr().err

    def test_what_an_application_prints_is_no_json(self, write: Any, capsys: pytest.CaptureFixture[str]) -> None:
        write("def build(model, guard): print('hello'); return protect(prompt | model, guard)")
        status, _ = verify(capsys, "--app", "own_app:build", "--modes", "invoke")
        assert status == 0


class TestRecordingChatModel:
    def test_fills_what_a_schema_asks_for(self) -> None:
        class Inner(BaseModel):
            number: int
            more: list[str] = []

        class Outer(BaseModel):
            text: str | None
            inner: Inner
            choice: Literal["a", "b"]
            flags: dict[str, bool]
            always: Literal["x"]

        made = RecordingChatModel().with_structured_output(Outer).invoke("hello")
        assert (made.text, made.inner.number, made.choice, made.always) == ("hello", 1, "a", "x")

    def test_strings_of_anything(self) -> None:
        assert list(strings_in({"a": [b"b", ("c", None)], "d": 1})) == ["a", "b", "c", "d", "1"]


def test_a_store_that_cant_be_read_is_not_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    store = InMemorySaver()
    checkpointer = GuardCheckpointer(store, guard=lc_guard.Guard([]))
    assert texts_of_checkpoints(checkpointer, []) == []
    monkeypatch.setattr(store, "list", None)
    assert texts_of_checkpoints(checkpointer, [{}]) is None
