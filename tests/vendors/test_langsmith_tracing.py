"""Whether LangSmith tracing is on and unmasked: told by a function, and once by each guard at its first use."""

from __future__ import annotations

import asyncio
import gc
import socket
import subprocess
import sys
import textwrap
import time
import warnings
import weakref
from pathlib import Path
from typing import Any

import langsmith
import langsmith.utils
import pytest
from langchain.agents import create_agent
from langchain_core.embeddings import DeterministicFakeEmbedding
from langchain_core.runnables import RunnableLambda
from langchain_core.tracers.context import tracing_v2_enabled
from langchain_core.tracers.langchain import wait_for_all_tracers
from langchain_core.vectorstores import InMemoryVectorStore

from lc_guard import Anonymize, Deanonymize, Guard, GuardMiddleware, ProtectedRetriever, protect
from lc_guard._vendors.langsmith_tracing import langsmith_unmasked
from lc_guard.demo import StandInModel
from lc_guard.langsmith import langsmith_anonymizer, langsmith_client
from lc_guard.testing import ExactDetector
from tests.support.langsmith_server import LangSmithServer

ROOT = Path(__file__).parents[2]
NAME = "Zebulon Quartermain"
CONFIG = {"configurable": {"session_id": "s-1"}}


@pytest.fixture
def guard() -> Guard:
    return Guard(ExactDetector({"PERSON": [NAME]}))


@pytest.mark.parametrize(
    "variable", ["LANGSMITH_TRACING", "LANGSMITH_TRACING_V2", "LANGCHAIN_TRACING_V2", "LANGCHAIN_TRACING"]
)
def test_on_by_the_environment(
    variable: str, langsmith_server: LangSmithServer, monkeypatch: pytest.MonkeyPatch, guard: Guard
) -> None:
    monkeypatch.delenv("LANGSMITH_TRACING")
    monkeypatch.setenv(variable, "true")
    langsmith.utils.get_env_var.cache_clear()
    told = langsmith_unmasked()
    assert told is not None
    assert f"({variable}=true)" in told
    assert "langsmith_client(guard)" in told
    langsmith.configure(client=langsmith_client(guard))
    assert langsmith_unmasked() is None
    langsmith.configure(client=langsmith.Client(anonymizer=langsmith_anonymizer(guard)))
    assert langsmith_unmasked() is None
    langsmith.configure(client=langsmith.Client(anonymizer=lambda data: data))
    assert langsmith_unmasked() is not None


@pytest.mark.parametrize("value", ["false", "", None])
def test_off(value: str | None, langsmith_server: LangSmithServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LANGSMITH_TRACING")
    if value is not None:
        monkeypatch.setenv("LANGSMITH_TRACING", value)
    langsmith.utils.get_env_var.cache_clear()
    assert langsmith_unmasked() is None


def test_by_contexts(langsmith_server: LangSmithServer, monkeypatch: pytest.MonkeyPatch, guard: Guard) -> None:
    with langsmith.tracing_context(enabled=False):
        assert langsmith_unmasked() is None
    monkeypatch.setenv("LANGSMITH_TRACING", "false")
    langsmith.utils.get_env_var.cache_clear()
    assert langsmith_unmasked() is None
    with langsmith.tracing_context(enabled="local"):
        assert langsmith_unmasked() is None
    with langsmith.tracing_context(enabled=True):
        told = langsmith_unmasked()
        assert told is not None
        assert "(set in code)" in told
    with langsmith.tracing_context(enabled=True, client=langsmith_client(guard)):
        assert langsmith_unmasked() is None
    with tracing_v2_enabled(client=langsmith.Client()):
        told = langsmith_unmasked()
        assert told is not None
        assert "(tracing_v2_enabled)" in told
    with tracing_v2_enabled(client=langsmith_client(guard)):
        assert langsmith_unmasked() is None


def test_inside_a_traced_function(langsmith_server: LangSmithServer, guard: Guard) -> None:
    seen: list[str | None] = []
    masked = langsmith_client(guard)

    @langsmith.traceable
    def step() -> None:
        seen.append(langsmith_unmasked())

    step(langsmith_extra={"client": masked})
    step(langsmith_extra={"client": langsmith.Client()})
    assert seen[0] is None
    assert seen[1] is not None


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_a_guard_warns_once(
    mode: str, langsmith_server: LangSmithServer, guard: Guard, caplog: pytest.LogCaptureFixture
) -> None:
    langsmith.configure(client=langsmith.Client())  # chosen in code: it stays
    step = Anonymize(guard)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(3):
            step.invoke(NAME, CONFIG) if mode == "sync" else asyncio.run(step.ainvoke(NAME, CONFIG))
        Anonymize(Guard(ExactDetector())).invoke("x", CONFIG)
    told = [str(each.message) for each in caught if "LangSmith" in str(each.message)]
    assert len(told) == 2, "once by each guard"
    assert len([record for record in caplog.records if "LangSmith tracing is on" in record.getMessage()]) == 2


@pytest.mark.filterwarnings("error")
def test_a_masked_client_and_no_tracing_warn_of_nothing(
    langsmith_server: LangSmithServer, guard: Guard, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    langsmith.configure(client=langsmith_client(guard))
    Anonymize(guard).invoke(NAME, CONFIG)
    monkeypatch.setenv("LANGSMITH_TRACING", "false")
    langsmith.utils.get_env_var.cache_clear()
    Anonymize(Guard(ExactDetector())).invoke("x", CONFIG)
    assert "LangSmith tracing is on" not in caplog.text


def run(code: str, server: LangSmithServer, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": str(ROOT),
        "LANGSMITH_TRACING": "true",
        "LANGSMITH_ENDPOINT": server.url,
        "LANGSMITH_API_KEY": server.api_key,
        **variables,
    }
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        timeout=100,
        env=environment,
        check=False,
    )


PROCESS = f"""
    import langsmith
    from lc_guard import Anonymize, Deanonymize, Guard
    from lc_guard.langsmith import langsmith_client
    from tests.support.langsmith_server import exact_guard

    guard = {{}}
    langsmith.configure(client=langsmith_client(guard, hold=600.0))
    for number in range(20):
        config = {{"configurable": {{"session_id": f"s-{{number}}"}}}}
        (Anonymize(guard) | Deanonymize(guard)).invoke("{NAME} sat", config)
"""


@pytest.mark.parametrize("guard", ["Guard()", "exact_guard()"])
def test_a_process_that_ends_without_a_flush_loses_nothing(guard: str, langsmith_server: LangSmithServer) -> None:
    done = run(PROCESS.replace("{}", guard), langsmith_server)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == ""
    loads = [each for each in langsmith_server.runs.values() if each.get("name") == "load models"]
    assert len(langsmith_server.runs) - len(loads) == 80
    assert len(loads) == (guard == "Guard()")
    assert len({each["trace_id"] for each in langsmith_server.runs.values()}) == 20
    assert all(each.get("end_time") for each in langsmith_server.runs.values())
    assert not langsmith_server.holds("Zebulon")


def test_a_process_that_ends_inside_a_trace(langsmith_server: LangSmithServer) -> None:
    code = f"""
        import langsmith, sys
        from langchain_core.runnables import RunnableLambda
        from lc_guard import Anonymize
        from lc_guard.langsmith import langsmith_client
        from tests.support.langsmith_server import exact_guard

        guard = exact_guard()
        langsmith.configure(client=langsmith_client(guard, hold=600.0))
        def leave(text):
            sys.exit(3)
        (Anonymize(guard) | RunnableLambda(leave)).invoke("{NAME}", {CONFIG!r})
    """
    done = run(code, langsmith_server)
    assert done.returncode == 3
    assert len(langsmith_server.runs) == 4
    assert not langsmith_server.holds("Zebulon")


def test_a_langsmith_that_hangs_costs_a_known_time_at_the_end() -> None:
    with socket.socket() as listening, LangSmithServer() as server:
        listening.bind(("127.0.0.1", 0))
        listening.listen(200)
        started = time.monotonic()
        code = PROCESS.replace("{}", "exact_guard()").replace("hold=600.0", "exit_timeout=1.0")
        done = run(code, server, LANGSMITH_ENDPOINT=f"http://127.0.0.1:{listening.getsockname()[1]}")
        took = time.monotonic() - started
    assert done.returncode == 0
    assert "not delivered within 1 s" in done.stderr
    assert "Zebulon" not in done.stderr
    assert took < 30


def test_a_client_that_is_dropped_is_freed(langsmith_server: LangSmithServer, guard: Guard) -> None:
    client = langsmith_client(guard, hold=0.3)
    dropped = weakref.ref(client)
    with langsmith.tracing_context(client=client):
        Anonymize(guard).invoke(NAME, CONFIG)
    client.create_run("open", {"text": NAME}, "chain", project_name="tests")
    del client
    langsmith_server.wait_for(lambda: len(langsmith_server.runs) == 3)  # what it was given is sent all the same
    for _ in range(100):
        gc.collect()
        if dropped() is None:
            break
        time.sleep(0.02)
    assert dropped() is None
    assert not langsmith_server.holds("Zebulon")


def test_nothing_of_langsmith_is_loaded_for_the_question(langsmith_server: LangSmithServer) -> None:
    code = """
        import sys
        from lc_guard._vendors.langsmith_tracing import langsmith_unmasked
        assert langsmith_unmasked() is None
        print("langsmith" in sys.modules)
    """
    assert run(code, langsmith_server, LANGSMITH_TRACING="false").stdout == "False\n"


def test_a_chain_around_the_guard(langsmith_server: LangSmithServer, guard: Guard) -> None:
    """The warning comes at the first guarded call, also where LangChain has started the trace before."""
    langsmith.configure(client=langsmith.Client())
    chain: Any = RunnableLambda(lambda text: text) | Anonymize(guard)
    with pytest.warns(UserWarning, match="LangSmith tracing is on"):
        chain.invoke(NAME, CONFIG)


MADE: dict[str, Any] = {
    "Anonymize": lambda guard: Anonymize(guard) | RunnableLambda(str) | Deanonymize(guard),
    "protect": lambda guard: RunnableLambda(str) | protect(StandInModel(), guard),
    "GuardMiddleware": lambda guard: create_agent(StandInModel(), [], middleware=[GuardMiddleware(guard)]),
    "ProtectedRetriever": lambda guard: ProtectedRetriever(
        InMemoryVectorStore.from_texts([NAME], DeterministicFakeEmbedding(size=8)).as_retriever(), guard
    ),
}


@pytest.mark.filterwarnings("error:LangSmith")
@pytest.mark.parametrize("form", MADE)
def test_an_application_that_names_no_client_is_masked(form: str, langsmith_server: LangSmithServer) -> None:
    guard = Guard(ExactDetector({"PERSON": [NAME]}))
    application = MADE[form](guard)
    asked: Any = {"messages": [("user", f"hi {NAME}")]} if form == "GuardMiddleware" else f"hi {NAME}"
    assert NAME in repr(application.invoke(asked, CONFIG)) or form == "ProtectedRetriever"
    wait_for_all_tracers()
    assert langsmith_server.runs
    assert not langsmith_server.holds("Zebulon")
    assert langsmith_unmasked() is None
    with pytest.warns(UserWarning, match="the guard that came first"):
        MADE[form](Guard(ExactDetector()))


def test_a_client_that_can_not_be_masked_is_left_and_told(
    langsmith_server: LangSmithServer, guard: Guard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lc_guard.langsmith.client.default_client", lambda guard: 1 / 0)
    step = Anonymize(guard)
    with pytest.warns(UserWarning, match="LangSmith tracing is on"):
        step.invoke(NAME, CONFIG)
