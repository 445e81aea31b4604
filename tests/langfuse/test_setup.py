"""``lc-guard langfuse setup``: what watches the checks is made once, corrected, and taken away whole.

Those with the fixture `project` look through the public API only and run against a real server as well: see
``tests/real_langfuse.md``.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from langfuse import Langfuse
from opentelemetry.sdk.trace import TracerProvider

from lc_guard.cli import main
from lc_guard.guard import Guard
from lc_guard.langfuse import CallbackHandler, mask_otel_spans
from lc_guard.langfuse.api import LangfuseApi
from lc_guard.langfuse.dashboards import wanted_widgets
from lc_guard.langfuse.judges import JUDGES
from tests.support.canaries import CANARIES, CanaryDetector
from tests.support.chains import openai_chain
from tests.support.fixtures import MakeClient
from tests.support.langfuse_server import LangfuseServer
from tests.support.loopback import Refusal
from tests.support.real_langfuse import CONFIGS, DASHBOARDS, QUEUES, WIDGETS, Project

WANTED = [widget.name for widget in wanted_widgets(["x"], ["prompt"])]


def done(lines: list[str]) -> dict[str, str]:
    """What a thing's line says, without its reason → what was done."""
    return {line[13:].split(": ")[0].strip(): line[:13].strip() for line in lines}


def test_everything_is_there_after_one_run_and_the_same_after_two(project: Project) -> None:
    project.setup("--parts", "configs,queues,dashboard")
    configs, queues = project.rows(CONFIGS), project.rows(QUEUES)
    name = f"prompt.{project.check}"
    assert {"guard.action", "guard.leak", name, f"{name}.valid", f"{name}.harmful"} <= set(configs)
    assert queues[f"guard: {name}"]["scoreConfigIds"] == [configs[f"{name}.harmful"]["id"]]
    widgets, dashboard = project.rows(WIDGETS), project.rows(DASHBOARDS)["lc-guard"]
    assert set(WANTED) <= set(widgets)
    places = dashboard["definition"]["widgets"]
    assert [place["widgetId"] for place in places] == [widgets[name]["id"] for name in WANTED]
    taken = [(x, place["y"]) for place in places for x in range(place["x"], place["x"] + place["width"])]
    assert len(taken) == len(set(taken))
    assert max(x for x, _ in taken) < 12
    assert set(done(project.setup("--parts", "configs,queues,dashboard")).values()) == {"there"}
    assert (project.rows(CONFIGS), project.rows(WIDGETS)) == (configs, widgets)


def test_a_dry_run_tells_the_same_and_writes_nothing(project: Project) -> None:
    before = [project.rows(path) for path in (CONFIGS, QUEUES, WIDGETS, DASHBOARDS)]
    told = done(project.setup("--dry-run"))
    assert [project.rows(path) for path in (CONFIGS, QUEUES, WIDGETS, DASHBOARDS)] == before
    made = done(project.setup())
    assert list(told) == list(made)
    assert {"would create": "created", "would restore": "restored"}[told["guard.action (CATEGORICAL)"]] == made[
        "guard.action (CATEGORICAL)"
    ]
    would = done(project.setup("--remove", "--dry-run"))
    assert would["dashboard lc-guard"] == "would remove"
    assert "lc-guard" in project.rows(DASHBOARDS)


def test_what_was_made_is_taken_away_and_nothing_else(project: Project) -> None:
    foreign = {"name": f"mine {project.check}", "description": "mine", "view": "observations", "dimensions": []}
    foreign |= {"metrics": [{"measure": "count", "agg": "count"}], "filters": [], "chartType": "NUMBER"}
    widget = project.api.post(WIDGETS, foreign)["id"]
    config = {"name": f"mine.{project.check}", "dataType": "NUMERIC", "description": "mine"}
    theirs = project.api.post(CONFIGS, config)["id"]
    dashboard = project.api.post(DASHBOARDS, {"name": "mine", "description": "mine"})["id"]
    try:
        project.setup()
        removed = done(project.setup("--remove"))
        assert {removed[f"widget {name}"] for name in WANTED} == {"removed"}
        assert removed["dashboard lc-guard"] == "removed"
        assert removed[f"prompt.{project.check} (NUMERIC)"] == "archived"
        assert any(
            line.startswith("left") and f"guard: prompt.{project.check}" in line and "deletes no queue" in line
            for line in project.setup("--remove")
        )
        assert set(project.rows(WIDGETS)) == {foreign["name"]}
        assert set(project.rows(DASHBOARDS)) == {"mine"}
        assert set(project.rows(CONFIGS)) == {config["name"]}
    finally:
        project.api.request("DELETE", f"{WIDGETS}/{widget}")
        project.api.request("DELETE", f"{DASHBOARDS}/{dashboard}")
        project.api.request("PATCH", f"{CONFIGS}/{theirs}", body={"isArchived": True})


def test_what_was_made_before_is_corrected_and_keeps_its_place(project: Project) -> None:
    project.setup("--parts", "dashboard,configs")
    widget = project.rows(WIDGETS)["Risk over time"]
    project.api.request("PATCH", f"{WIDGETS}/{widget['id']}", body={"chartType": "NUMBER", "dimensions": []})
    extra = project.rows(WIDGETS)["Leaks"]["id"]
    project.api.post(f"{DASHBOARDS}/{project.rows(DASHBOARDS)['lc-guard']['id']}/placements",
                     {"type": "widget", "widgetId": extra})  # fmt: skip
    config = project.rows(CONFIGS)[f"prompt.{project.check}"]
    project.api.request("PATCH", f"{CONFIGS}/{config['id']}", body={"minValue": 0, "maxValue": 10})
    places = project.rows(DASHBOARDS)["lc-guard"]["definition"]
    told = done(project.setup("--parts", "dashboard,configs"))
    assert {what for what, did in told.items() if did == "corrected"} == {
        "widget Risk over time",
        f"prompt.{project.check} (NUMERIC)",
    }
    corrected = project.rows(WIDGETS)["Risk over time"]
    assert (corrected["chartType"], corrected["id"]) == ("LINE_TIME_SERIES", widget["id"])
    assert project.rows(DASHBOARDS)["lc-guard"]["definition"] == places


def test_a_widget_that_stands_elsewhere_stays_and_is_told(project: Project) -> None:
    project.setup("--parts", "dashboard")
    leaks = project.rows(WIDGETS)["Leaks"]["id"]
    mine = project.api.post(DASHBOARDS, {"name": "mine", "description": ""})["id"]
    project.api.post(f"{DASHBOARDS}/{mine}/placements", {"type": "widget", "widgetId": leaks})
    lines = project.setup("--parts", "dashboard", "--remove", status=1)
    assert done(lines)["widget Leaks"] == "failed"
    assert any("take it out there" in line for line in lines)
    project.api.request("DELETE", f"{DASHBOARDS}/{mine}")
    assert done(project.setup("--parts", "dashboard", "--remove")) == {"widget Leaks": "removed"}
    if project.standin is not None:
        assert project.standin.refused.pop().find("still placed") > 0


def test_scores_and_queues_of_a_guarded_call(project: Project) -> None:
    project.setup("--parts", "configs,queues", "--checks", "pii")
    guard = Guard(CanaryDetector())
    provider = TracerProvider()
    client = Langfuse(tracer_provider=provider, mask_otel_spans=mask_otel_spans(guard))
    handler = CallbackHandler(guard)
    with openai_chain(guard) as (chain, _):
        config: dict[str, Any] = {"configurable": {"session_id": "s"}, "callbacks": [handler]}
        chain.invoke({"text": f"I am {CANARIES[0]}"}, config)
    trace_id = str(handler.last_trace_id)
    assert handler.flush(timeout=30)
    rows = project.wait_for(lambda: len(found := project.scores(trace_id)) >= 3 and found)
    configs = {row["id"]: name for name, row in project.rows(CONFIGS).items()}
    assert {row["name"]: configs.get(row["configId"]) for row in rows} == {
        name: name for name in ("prompt.pii", "prompt.pii.valid", "guard.action")
    }

    def observations() -> Any:
        params = {"traceId": trace_id, "fields": "core,basic,io"}
        found = {row["id"]: row for row in project.api.get("/api/public/v2/observations", params)["data"]}
        return found if len(found) >= 4 else None

    spans = project.wait_for(observations)
    assert main(["report", "--since", "1h", "--create-queue", "5"]) == 0
    queue = project.rows(QUEUES)["guard: prompt.pii"]
    items = project.api.get(f"{QUEUES}/{queue['id']}/items", {"limit": 100})["data"]
    (item,) = [item for item in items if item["objectId"] in spans]
    shown = json.dumps(spans[item["objectId"]]["input"])
    assert "[REDACTED_PERSON_1]" in shown
    assert CANARIES[0] not in shown
    asked = {"objectType": "OBSERVATION", "objectId": item["objectId"]}
    comments = [row["content"] for row in project.api.get("/api/public/comments", asked)["data"]]
    assert any("The check prompt.pii gave this text a risk of" in content for content in comments)
    client.shutdown()
    provider.shutdown()


def judged(server: LangfuseServer) -> tuple[set[str], dict[str, bool]]:
    watching = server.project.watching
    return {row["name"] for row in watching.evaluators.values()}, {
        row["name"]: row["enabled"] for row in watching.rules.values()
    }


@pytest.fixture
def standin(langfuse_server: LangfuseServer, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setenv("LANGFUSE_PUBLIC_KEY", langfuse_server.public_key)
    monkeypatch.setenv("LANGFUSE_SECRET_KEY", langfuse_server.secret_key)
    monkeypatch.setenv("LANGFUSE_BASE_URL", langfuse_server.url)
    api = LangfuseApi()
    return Project(api, langfuse_server, check="pii")


@pytest.mark.parametrize("place", ["v2", "unstable"])
def test_judges_in_each_version_that_has_them(place: str, standin: Project, langfuse_server: LangfuseServer) -> None:
    langfuse_server.project.watching.evaluators_at = place
    lines = standin.setup("--parts", "judges")
    names = {judge.name for judge in JUDGES}
    assert judged(langfuse_server) == (names, dict.fromkeys(names, False))
    assert sum("off: switch it on in Langfuse, or by --enable-judges" in line for line in lines) == 3
    assert set(done(standin.setup("--parts", "judges")).values()) == {"there"}
    switched = done(standin.setup("--parts", "judges", "--enable-judges"))
    assert {what for what, did in switched.items() if did == "corrected"} == {f"rule {name}" for name in names}
    assert judged(langfuse_server) == (names, dict.fromkeys(names, True))
    rules = list(langfuse_server.project.watching.rules.values())
    assert {rule["sampling"] for rule in rules} == {0.1}
    assert set(done(standin.setup("--parts", "judges", "--remove")).values()) == {"removed"}
    assert judged(langfuse_server) == (set(), {})
    standin.setup("--parts", "judges", "--enable-judges", "--judge-sampling", "0.5")
    assert {rule["sampling"] for rule in langfuse_server.project.watching.rules.values()} == {0.5}
    prompts = [json.dumps(row["prompt"]) for row in langfuse_server.project.watching.evaluators.values()]
    assert all("never an instruction to you" in prompt for prompt in prompts)
    assert not [told for told in langfuse_server.refused if "not found" not in told]


def test_judges_of_others_stay(standin: Project, langfuse_server: LangfuseServer) -> None:
    watching = langfuse_server.project.watching
    watching.evaluators_at = "unstable"
    body: dict[str, Any] = {"name": "judge.toxicity", "type": "llm_as_judge", "prompt": "How bad is {{output}}?"}
    body["outputDefinition"] = {"dataType": "NUMERIC", "reasoning": {"description": "x"}, "score": {"description": "y"}}
    standin.api.post("/api/public/unstable/evaluators", body)
    rule: dict[str, Any] = {"name": "judge.toxicity", "enabled": False, "target": "observation"}
    rule["evaluator"] = {"name": "judge.toxicity", "scope": "project"}
    rule["mapping"] = [{"variable": "output", "source": "output"}]
    standin.api.post("/api/public/unstable/evaluation-rules", rule)
    told = done(standin.setup("--parts", "judges", status=1))
    assert told["evaluator judge.toxicity"] == "conflict"
    (row,) = [row for row in watching.evaluators.values() if row["name"] == "judge.toxicity"]
    assert (row["version"], row["prompt"]) == (1, "How bad is {{output}}?")
    standin.setup("--parts", "judges", "--remove")
    assert judged(langfuse_server) == ({"judge.toxicity"}, {"judge.toxicity": False})


def test_a_project_without_a_model_to_judge_with(standin: Project, langfuse_server: LangfuseServer) -> None:
    langfuse_server.project.watching.judging_model = False
    lines = standin.setup("--parts", "judges")
    assert [line.split(": ", 1)[1] for line in lines] == [
        "Langfuse has no model to judge with: set its default evaluation model, then run this again"
    ] * 3
    assert judged(langfuse_server) == (set(), {})


def test_what_a_version_lacks_is_said_in_one_line_each(standin: Project, langfuse_server: LangfuseServer) -> None:
    langfuse_server.version = "4.59.1"
    langfuse_server.project.watching.lacks = {"dashboards", "evaluators"}
    lines = standin.setup()
    assert [line for line in lines if line.startswith("left out")] == [
        "left out      dashboards: this Langfuse 4.59.1 has no dashboards in its API",
        "left out      evaluators: this Langfuse 4.59.1 has no evaluators in its API",
    ]
    assert done(lines)["queue guard"] == "created"
    assert {did for what, did in done(standin.setup("--remove")).items() if "(" in what} == {"archived"}


def test_a_refusal_of_one_thing_does_not_hold_up_the_others(
    standin: Project, langfuse_server: LangfuseServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def only_one(body: dict[str, Any]) -> Any:
        raise Refusal(405, {"message": "Maximum number of annotation queues reached on Hobby plan."})

    monkeypatch.setattr(langfuse_server.project, "_create_queue", only_one)
    told = done(standin.setup(status=1))
    assert told["queue guard"] == "failed"
    assert told["dashboard lc-guard"] == "created"


@pytest.mark.parametrize("words", [["--parts", "x"], ["--parts", ","], ["--judge-sampling", "0"]])
def test_wrong_usage(words: list[str], standin: Project, langfuse_server: LangfuseServer) -> None:
    try:
        status = main(["langfuse", "setup", *words])
    except SystemExit as stopped:
        status = int(stopped.code or 0)
    assert status == 2
    assert not langfuse_server.raw


def test_the_widgets_count_what_the_handler_writes(langfuse_server: LangfuseServer, make_langfuse: MakeClient) -> None:
    """Each widget's filter meets something that a day of traffic has, by the words that it filters by."""
    guard = Guard(CanaryDetector())
    client = make_langfuse(mask_otel_spans=mask_otel_spans(guard))
    handler = CallbackHandler(guard, score_entities=True)
    with openai_chain(guard) as (chain, _):
        chain.invoke({"text": f"I am {CANARIES[0]}"}, {"configurable": {"session_id": "s"}, "callbacks": [handler]})
    client.flush()
    entities = {s["name"]: s["value"] for s in langfuse_server.scores.values() if s["name"].startswith("guard.entit")}
    assert entities == {"guard.entities.PERSON": 1}
    guardrails = [span for span in langfuse_server.spans if span.type == "guardrail"]
    assert guardrails
    assert all(span.metadata("failed") is None for span in guardrails)
