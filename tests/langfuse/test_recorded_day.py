"""A day of traffic whose truth is known: an audit finds nothing in what is masked, and every value that was planted."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from langfuse import Langfuse
from langfuse._client.resource_manager import LangfuseResourceManager
from opentelemetry import trace as otel_trace

from lc_guard import Guard
from lc_guard.detectors import default_detector
from lc_guard.langfuse import CallbackHandler, LangfuseApi, Window, mask_otel_spans
from lc_guard.langfuse.audits import Audit, audit
from tests.support.fixtures import MakeClient
from tests.support.langfuse_scenes import SCENES, run_all
from tests.support.langfuse_server import LangfuseServer

ROUNDS = 4
VALUES = {
    "mail": "maria.lindqvist@lakeside-clinic.org",
    "phone": "(415) 555-0134",
    "card": "4012 8888 8888 1881",
    "ssn": "536-22-8147",
    "name": "Maria Lindqvist",
}
PLACES = ("input", "output", "metadata", "name", "id", "error")


def plant(client: Langfuse, place: str, text: str) -> str:
    """Make an observation that holds a text in a place, and give its id."""
    said: dict[str, Any] = {
        "input": {"input": {"messages": [{"role": "user", "content": f"Please write to {text} today."}]}},
        "output": {"output": f"I told {text} about it."},
        "metadata": {"metadata": {"note": f"for {text}"}},
        "name": {"name": f"a call for {text}"},
        "id": {"output": {"tool_calls": [{"name": "look_up", "args": {}, "id": text}]}},
        "error": {"level": "ERROR", "status_message": f"ValueError: no record of {text}"},
    }[place]
    with client.start_as_current_observation(**{"name": "step", **said}) as observation:
        return str(observation.id)


@pytest.fixture(scope="module")
def detector() -> Any:
    return default_detector()


@pytest.fixture
def api(langfuse_server: LangfuseServer) -> Iterator[LangfuseApi]:
    keys = {"public_key": langfuse_server.public_key, "secret_key": langfuse_server.secret_key}
    with LangfuseApi(**keys, base_url=langfuse_server.url) as connection:
        yield connection


def audited(api: LangfuseApi, detector: Any) -> Audit:
    return audit(api, Window(time.time() - 86_400, time.time() + 60), detector)


def test_nothing_is_found_in_masked_traces_and_every_planted_value(
    make_langfuse: MakeClient, langfuse_server: LangfuseServer, api: LangfuseApi, detector: Any
) -> None:
    clients: list[Langfuse] = []

    def traced(guard: Guard) -> dict[str, Any]:
        flush()
        clients.append(make_langfuse(mask_otel_spans=mask_otel_spans(guard)))
        config = {"configurable": {"session_id": f"case {len(clients)}"}, "callbacks": [CallbackHandler(guard)]}
        return {**config, "metadata": {"langfuse_user_id": f"u-{len(clients)}"}, "tags": ["web", "v2"]}

    def flush() -> None:
        for client in clients[-1:]:
            client.flush()
        LangfuseResourceManager.reset()  # the next guard has a client of its own

    for _ in range(ROUNDS):
        run_all(traced)
    flush()
    traces, spans = len(langfuse_server.traces()), len(langfuse_server.spans)
    assert traces == ROUNDS * len(SCENES) >= 42
    clean = audited(api, detector)
    assert (clean.observations, clean.failed) == (spans, 0)
    assert [(leak.place, dict(leak.kinds)) for leak in clean.leaks] == []

    plain = make_langfuse()
    planted = {plant(plain, place, value): place for place in PLACES for value in VALUES.values()}
    with plain.start_as_current_observation(name="step") as observation:
        otel_trace.get_current_span().set_attribute("customer.mail", VALUES["mail"])
        planted[str(observation.id)] = "metadata"
    plain.flush()
    assert len(planted) == 31
    found = audited(api, detector)
    places = {(leak.observation_id, leak.place) for leak in found.leaks}
    shown = {"id": "output", "error": "status"}
    assert places == {(identity, shown.get(place, place)) for identity, place in planted.items()}
    assert not any(value in found.to_json() + found.to_csv() for value in VALUES.values())
