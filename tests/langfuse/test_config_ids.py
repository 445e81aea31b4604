"""Scores carry the id of their config where it takes them, and nothing waits for Langfuse to tell it."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from langchain_core.runnables import RunnableLambda
from langchain_openai import ChatOpenAI

from lc_guard.guard import Guard
from lc_guard.langfuse import CallbackHandler, mask_otel_spans
from lc_guard.langfuse.api import LangfuseApi
from lc_guard.langfuse.score_configs import apply, plan, wanted_configs
from tests.support.canaries import CANARIES, CanaryDetector
from tests.support.chains import openai_chain
from tests.support.fixtures import MakeClient
from tests.support.langfuse_server import LangfuseServer

CONFIG: dict[str, Any] = {"configurable": {"session_id": "s"}}


def names(langfuse_server: LangfuseServer) -> dict[str, str | None]:
    """Score's name → name of the config that it carries."""
    configs = langfuse_server.project.configs
    return {
        score["name"]: configs[score["configId"]]["name"] if score.get("configId") else None
        for score in langfuse_server.scores.values()
    }


def test_every_score_carries_its_config_from_the_first_call_on(
    api: LangfuseApi, langfuse_server: LangfuseServer, make_langfuse: MakeClient
) -> None:
    apply(api, plan(api, wanted_configs(["pii"])))
    guard = Guard(CanaryDetector())
    client = make_langfuse(mask_otel_spans=mask_otel_spans(guard))
    with openai_chain(guard) as (chain, server):
        model = ChatOpenAI(model="gpt-4o", base_url=server.base_url, api_key=server.api_key, max_retries=0)

        def beside(text: Any, config: Any) -> Any:
            model.invoke(f"Who is {CANARIES[0]}?", config)
            return text

        leaking = chain | RunnableLambda(beside)
        leaking.invoke({"text": f"I am {CANARIES[0]}"}, {**CONFIG, "callbacks": [CallbackHandler(guard)]})
    client.flush()
    every = ("prompt.pii", "prompt.pii.valid", "guard.action", "guard.leak")
    assert names(langfuse_server) == {name: name for name in every}
    assert not langfuse_server.refused


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("prompt.pii", {"isArchived": True}),
        ("prompt.pii", {"maxValue": 0.5}),
        ("prompt.pii", {"minValue": 0.1}),
        ("prompt.pii.valid", {"dataType": "CATEGORICAL", "categories": [{"label": "yes", "value": 1}]}),
        ("guard.action", {"categories": [{"label": "block", "value": 5}]}),
    ],
)
def test_a_config_that_refuses_some_scores_is_not_named(
    name: str, change: dict[str, Any], api: LangfuseApi, langfuse_server: LangfuseServer, make_langfuse: MakeClient
) -> None:
    apply(api, plan(api, wanted_configs(["pii"])))
    (row,) = [row for row in langfuse_server.project.configs.values() if row["name"] == name]
    row |= change
    client = make_langfuse()
    with openai_chain(Guard(CanaryDetector())) as (chain, _):
        chain.invoke({"text": f"I am {CANARIES[0]}"}, {**CONFIG, "callbacks": [CallbackHandler()]})
    client.flush()
    found = names(langfuse_server)
    assert found.pop(name) is None
    assert set(found.values()) == set(found)
    assert not langfuse_server.refused


def test_configs_made_later_are_seen_after_a_while(
    api: LangfuseApi, langfuse_server: LangfuseServer, make_langfuse: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, handler = make_langfuse(), CallbackHandler()
    apply(api, plan(api, wanted_configs(["pii"])))
    with openai_chain(Guard(CanaryDetector())) as (chain, _):
        chain.invoke({"text": "nothing"}, {**CONFIG, "callbacks": [handler]})
        client.flush()
        assert set(names(langfuse_server).values()) == {None}
        monkeypatch.setattr("lc_guard.langfuse.config_ids._AGAIN", 0.0)
        chain.invoke({"text": "nothing"}, {**CONFIG, "callbacks": [handler]})
        for thread in threading.enumerate():
            if thread.name == "lc-guard-score-configs":
                thread.join(10)
        langfuse_server.scores.clear()
        chain.invoke({"text": "nothing"}, {**CONFIG, "callbacks": [handler]})
    client.flush()
    assert set(names(langfuse_server).values()) == set(names(langfuse_server))


def test_one_look_up_for_a_client_however_many_handlers(
    langfuse_server: LangfuseServer, make_langfuse: MakeClient
) -> None:
    make_langfuse()
    before = len(langfuse_server.raw)
    for _ in range(5):
        CallbackHandler()
    assert len(langfuse_server.raw) - before == 1
