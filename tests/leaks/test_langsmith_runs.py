"""No canary reaches LangSmith: not in names, texts, errors, metadata, tags or events of runs, in any mode."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from uuid import uuid4

import langsmith
import pytest
from blockbuster import blockbuster_ctx
from langchain_core.documents import Document
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableLambda
from langchain_core.tools import StructuredTool
from langchain_core.tracers.context import tracing_v2_enabled
from langchain_core.tracers.langchain import LangChainTracer
from langgraph.checkpoint.memory import InMemorySaver

from lc_guard import Anonymize, Blocked, Deanonymize, Guard, Policy, ProtectedRetriever, protect
from lc_guard.langsmith import langsmith_anonymizer, langsmith_client
from tests.support.agents import Toolbox, agent_of, asked, call, script, sent
from tests.support.agents import config as agent_config
from tests.support.agents import run as run_agent
from tests.support.canaries import CANARIES, CanaryDetector
from tests.support.chains import MODES, openai_chain, run
from tests.support.langsmith_server import LangSmithServer
from tests.support.openai_server import Drop, Failure, ToolCalls
from tests.support.rag import CORPUS, hidden_store
from tests.support.seams import ODD, P1, make_guard, openai

NAME = CANARIES[0]
EVERYTHING = "; ".join(CANARIES)
SESSION = "ann@example.org"


@pytest.fixture
def guard() -> Guard:
    return Guard(CanaryDetector([*CANARIES, ODD]))


@pytest.fixture
def client(guard: Guard, langsmith_server: LangSmithServer) -> langsmith.Client:
    made = langsmith_client(guard)
    langsmith.configure(client=made)
    return made


@pytest.fixture(params=["client", "anonymizer"])
def any_client(request: Any, guard: Guard, langsmith_server: LangSmithServer) -> langsmith.Client:
    """The masked client, and a client of LangSmith's own with the anonymizer."""
    masked = request.param == "client"
    made = langsmith_client(guard) if masked else langsmith.Client(anonymizer=langsmith_anonymizer(guard))
    langsmith.configure(client=made)
    return made


@pytest.fixture(autouse=True)
def no_warning(recwarn: pytest.WarningsRecorder) -> Iterator[None]:
    yield
    assert [str(each.message) for each in recwarn if "LangSmith tracing is on" in str(each.message)] == []


def config(**more: Any) -> dict[str, Any]:
    return {"configurable": {"session_id": SESSION}, **more}


def nothing_leaked(server: LangSmithServer, caplog: pytest.LogCaptureFixture | None = None) -> bool:
    assert server.runs, "nothing arrived at all"
    assert not server.refused
    parts = [part for value in (*CANARIES, ODD) for part in (value, value.split()[0]) if len(part) > 3]
    assert [part for part in parts if server.holds(part)] == []
    assert [part for part in parts if caplog is not None and part in caplog.text] == []
    assert not server.holds("guard.leak")
    return True


def whole(run: dict[str, Any]) -> bool:
    return bool(run.get("end_time")) and run.get("trace_id") is not None


@pytest.mark.parametrize("mode", MODES)
def test_main_chain(
    mode: str,
    guard: Guard,
    client: langsmith.Client,
    langsmith_server: LangSmithServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    with openai_chain(guard, chunk_size=3) as (chain, openai_server):
        settings = config(run_name=f"for {NAME}", tags=[f"for {NAME}"], metadata={"note": CANARIES[1], CANARIES[2]: 1})
        answers = run(chain, mode, {"text": f"Say: {EVERYTHING}"}, settings)
    client.flush()
    assert all(answer == f"Say: {EVERYTHING}" for answer in answers)
    assert nothing_leaked(langsmith_server, caplog)
    assert not langsmith_server.holds(SESSION)
    traces = {run["trace_id"] for run in langsmith_server.runs.values()}
    assert len(traces) == len(answers)
    assert all(map(whole, langsmith_server.runs.values()))
    roots = langsmith_server.named("for [REDACTED_PERSON_1]")
    assert len(roots) == len(answers)
    for root in roots:
        # what a reader sees: the placeholders that the model saw, and the session as its digest
        assert "[REDACTED_PERSON_1]" in json.dumps(root["inputs"]) + json.dumps(root["outputs"])
        (step, _) = [run for run in langsmith_server.runs.values() if run.get("parent_run_id") == root["id"]][:2]
        assert step["extra"]["metadata"]["session_id"] == guard.digest(SESSION)
        assert "for [REDACTED_PERSON_1]" in root["tags"]
    for model in langsmith_server.of_type("llm"):
        seen = openai_server.requests[0]["messages"][-1]["content"]
        assert json.dumps(seen)[1:-1] in json.dumps(model["inputs"])


@pytest.mark.parametrize("mode", MODES)
def test_a_whole_trace_is_masked_by_what_its_checks_decided(
    mode: str,
    guard: Guard,
    client: langsmith.Client,
    langsmith_server: LangSmithServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked_again: list[Any] = []
    monkeypatch.setattr(guard, "redact", asked_again.extend)
    with openai_chain(guard) as (chain, _):
        run(chain, mode, {"text": EVERYTHING}, config())
    client.flush()
    assert asked_again == [], "no detector works twice"
    assert nothing_leaked(langsmith_server)
    root = next(run for run in langsmith_server.runs.values() if run["id"] == run["trace_id"])
    assert "[REDACTED_PERSON]" not in json.dumps(root)
    if "stream" not in mode:
        assert "[REDACTED_PERSON_3]" in json.dumps(root["inputs"])
    assert all(datetime.fromisoformat(event["time"]) for event in root["events"])


@pytest.mark.parametrize("mode", MODES)
def test_with_an_anonymizer_in_a_client_of_ones_own(
    mode: str, guard: Guard, langsmith_server: LangSmithServer, caplog: pytest.LogCaptureFixture
) -> None:
    own = langsmith.Client(anonymizer=langsmith_anonymizer(guard))
    langsmith.configure(client=own)
    with openai_chain(guard, chunk_size=3) as (chain, _):
        run(chain, mode, {"text": EVERYTHING}, config(metadata={"note": CANARIES[1], CANARIES[2]: 1}))
    with pytest.raises(ValueError, match="Zebulon"):
        run(Anonymize(guard) | RunnableLambda(_fail), mode, EVERYTHING, config())
    own.flush()
    assert nothing_leaked(langsmith_server, caplog)
    assert not langsmith_server.holds(SESSION)
    models = langsmith_server.of_type("llm")
    assert models
    assert all("[REDACTED_PERSON_1]" in json.dumps(model["inputs"]) for model in models)


def _fail(text: str) -> str:
    raise ValueError({"bad": text, "all": EVERYTHING})


@pytest.mark.parametrize("mode", MODES)
def test_a_step_raises_with_a_value_in_its_message(
    mode: str,
    guard: Guard,
    any_client: langsmith.Client,
    langsmith_server: LangSmithServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    chain = Anonymize(guard) | Deanonymize(guard) | RunnableLambda(_fail)
    with pytest.raises(ValueError, match="Zebulon"):
        run(chain, mode, EVERYTHING, config())
    any_client.flush()
    assert nothing_leaked(langsmith_server, caplog)
    failed = [run for run in langsmith_server.runs.values() if run.get("error")]
    assert len(failed) >= 2
    assert all("ValueError" in run["error"] and "[REDACTED_PERSON" in run["error"] for run in failed)


def test_tools(guard: Guard, any_client: langsmith.Client, langsmith_server: LangSmithServer) -> None:
    def look_up(person: str) -> str:
        return f"{person} knows {CANARIES[2]}"

    def refuse(person: str) -> ToolMessage:
        return ToolMessage(f"no {person}", tool_call_id="c", status="error", artifact={"raw": person.encode()})

    def broken(person: str) -> str:
        raise LookupError(person)

    good, bad, worse = (
        StructuredTool.from_function(f, name=f.__name__, description="d") for f in (look_up, refuse, broken)
    )

    def step(text: str, config: Any) -> None:
        good.invoke({"person": text}, config)
        bad.invoke({"person": text}, config)
        with pytest.raises(LookupError):
            worse.invoke({"person": text}, config)

    (Anonymize(guard) | Deanonymize(guard) | RunnableLambda(step)).invoke(NAME, config())
    any_client.flush()
    assert nothing_leaked(langsmith_server)
    assert len(langsmith_server.of_type("tool")) == 3


@pytest.mark.parametrize("mode", ["invoke", "ainvoke", "messages", "amessages", "events_v2"])
def test_agents(
    mode: str,
    guard: Guard,
    any_client: langsmith.Client,
    langsmith_server: LangSmithServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    replies = script(
        ToolCalls((call("send_mail", 1, to=P1, text="[REDACTED_PERSON_2]"), call("web_search", 2, query=P1))),
        f"Told {P1} and [REDACTED_PERSON_3]",
    )
    with agent_of(
        guard,
        replies,
        tools=list(Toolbox()),
        size=3,
        system_prompt=f"You help {EVERYTHING}",
        checkpointer=InMemorySaver(),
        settings={"placeholders_for": ["web_search"]},
    ) as (agent, server):
        for text in (f"Hello {EVERYTHING}", f"And {CANARIES[3]}?"):
            run_agent(agent, mode, asked(text), agent_config(SESSION))
    any_client.flush()
    assert NAME not in sent(server)
    assert nothing_leaked(langsmith_server, caplog)
    assert len(langsmith_server.of_type("llm")) == 3
    assert guard.leaks.count == 0


@pytest.mark.parametrize("mode", ["invoke", "ainvoke"])
def test_an_agent_whose_tool_raises(
    mode: str, guard: Guard, any_client: langsmith.Client, langsmith_server: LangSmithServer
) -> None:
    replies = script(ToolCalls((call("look_up", 1, person=P1),)), f"no {P1}")
    with agent_of(guard, replies, tools=list(Toolbox())) as (agent, _), pytest.raises(LookupError, match="Zebulon"):
        run_agent(agent, mode, asked(EVERYTHING), agent_config())
    any_client.flush()
    assert nothing_leaked(langsmith_server)


@pytest.mark.parametrize("mode", MODES)
def test_retrievers(mode: str, langsmith_server: LangSmithServer) -> None:
    guard = make_guard()
    client = langsmith_client(guard)
    langsmith.configure(client=client)
    store, _ = hidden_store(guard)
    retriever = ProtectedRetriever(store.as_retriever(), guard=guard, corpus_session=CORPUS)
    run(retriever | RunnableLambda(str), mode, "Who is Zebulon Quartermain?", config())
    client.flush()
    assert langsmith_server.of_type("retriever")
    for part in ("Zebulon", "Quartermain", "zeb@canary.example", "Iggy", "Sloot"):
        assert not langsmith_server.holds(part), part


@pytest.mark.parametrize("reply", [Failure(500, "down"), Drop("[REDACTED_PERSON_1] said")])
@pytest.mark.parametrize("mode", ["invoke", "astream"])
def test_the_model_fails(
    mode: str, reply: Any, guard: Guard, any_client: langsmith.Client, langsmith_server: LangSmithServer
) -> None:
    with openai_chain(guard, reply=lambda request: reply) as (chain, _), pytest.raises(Exception):  # noqa: B017
        run(chain, mode, {"text": EVERYTHING}, config())
    any_client.flush()
    assert nothing_leaked(langsmith_server)


@pytest.mark.parametrize("policy", [Policy(default="block"), Policy(default="redact"), Policy(default="warn")])
def test_policies_that_leave_no_placeholder(
    policy: Policy, any_client: langsmith.Client, langsmith_server: LangSmithServer
) -> None:
    guard = Guard(CanaryDetector(), policy=policy)
    client = langsmith_client(guard) if hasattr(any_client, "masks_for_lc_guard") else any_client
    langsmith.configure(client=client)
    try:
        (RunnableLambda(lambda text: text) | Anonymize(guard)).invoke(EVERYTHING, config())
    except Blocked:
        assert policy.default == "block"
    client.flush()
    assert nothing_leaked(langsmith_server)
    assert langsmith_server.holds("[REDACTED_PERSON]")


@pytest.mark.parametrize("mode", ["invoke", "ainvoke", "stream", "astream"])
def test_a_protected_model(
    mode: str, guard: Guard, any_client: langsmith.Client, langsmith_server: LangSmithServer
) -> None:
    with openai(lambda request: f"To {P1}", size=2) as (model, _):
        chain = protect(model, guard) | StrOutputParser()
        answers = run(chain, mode, [HumanMessage(EVERYTHING)], {})
    any_client.flush()
    assert answers == [f"To {NAME}"]
    assert nothing_leaked(langsmith_server)
    assert len(langsmith_server.of_type("llm")) == 1, "the outer run is a chain"


def test_runs_of_ones_own(guard: Guard, client: langsmith.Client, langsmith_server: LangSmithServer) -> None:
    @langsmith.traceable(run_type="tool", tags=[NAME], metadata={"who": NAME})
    def outer(text: str, raw: bytes, other: Any) -> Any:
        guard.session("s-1").anonymize(text)
        return {"said": text, "pieces": (piece for piece in [text]), "set": {text}, "document": Document(text)}

    class Odd:
        def __repr__(self) -> str:
            return f"<Odd {NAME}>"

    given = outer(EVERYTHING, b"\xff\xfe", Odd())
    assert list(given["pieces"]) == [EVERYTHING], "a generator is not consumed"
    client.flush()
    assert nothing_leaked(langsmith_server)
    (run,) = langsmith_server.of_type("tool")
    assert run["inputs"]["raw"] == "<2 bytes>"
    assert run["inputs"]["other"] == "<Odd [REDACTED_PERSON]>"


def test_other_ways_into_the_client(guard: Guard, client: langsmith.Client, langsmith_server: LangSmithServer) -> None:
    ids = [uuid4() for _ in range(4)]
    order = [f"20260101T000000000000Z{each}" for each in ids]
    text = {"text": EVERYTHING}
    client.create_run(f"by {NAME}", text, "chain", id=ids[0], project_name="tests", error=NAME, revision_id="r")
    client.update_run(ids[0], outputs=text, events=[{"name": "said", "kwargs": text}])
    runs = [
        {"id": each, "trace_id": each, "dotted_order": at, "name": "b", "run_type": "llm", "inputs": text,
         "session_name": "tests", "start_time": "2026-01-01T00:00:00", "unheard_of": [NAME], "serialized": {"n": NAME}}
        for each, at in zip(ids[1:3], order[1:3], strict=True)
    ]  # fmt: skip
    client.batch_ingest_runs(create=runs[:1])
    client.multipart_ingest(create=runs[1:], update=[{**runs[0], "outputs": text, "end_time": "2026-01-01T00:00:01"}])
    client.create_run(
        "with auth", text, "chain", id=ids[3], trace_id=ids[3], dotted_order=order[3], session_name="tests",
        api_key=langsmith_server.api_key, api_url=langsmith_server.url, attachments={"a": ("text/x", NAME.encode())},
    )  # fmt: skip
    client.flush()
    langsmith_server.wait_for(lambda: len(langsmith_server.runs) == 4)
    assert nothing_leaked(langsmith_server)
    assert {run["id"] for run in langsmith_server.runs.values()} == set(map(str, ids))
    assert langsmith_server.runs[str(ids[1])]["unheard_of"] == ["[REDACTED_PERSON]"]


@pytest.mark.parametrize("how", ["context", "tracer", "tracing_v2_enabled"])
def test_other_ways_to_hand_the_client_over(how: str, guard: Guard, langsmith_server: LangSmithServer) -> None:
    made = langsmith_client(guard)
    step = Anonymize(guard)
    if how == "context":
        with langsmith.tracing_context(client=made):
            step.invoke(EVERYTHING, config())
    elif how == "tracer":
        with langsmith.tracing_context(enabled=False):
            tracer = LangChainTracer(client=made)
        langsmith.configure(client=made)
        step.invoke(EVERYTHING, config(callbacks=[tracer]))
    else:
        with tracing_v2_enabled(client=made):
            step.invoke(EVERYTHING, config())
    made.flush()
    assert nothing_leaked(langsmith_server)
    assert {run["run_type"] for run in langsmith_server.runs.values()} == {"chain"}


def test_without_the_mask_the_canaries_would_be_found(
    guard: Guard, langsmith_server: LangSmithServer, recwarn: pytest.WarningsRecorder
) -> None:
    plain = langsmith.Client()
    langsmith.configure(client=plain)
    with pytest.warns(UserWarning, match="LangSmith tracing is on"):
        (Anonymize(guard) | Deanonymize(guard)).invoke(EVERYTHING, config())
    plain.flush()
    assert all(langsmith_server.holds(value) for value in CANARIES)


# --- what can't be masked


class Broken(CanaryDetector):
    """Finds in time for the chain, and fails for the mask."""

    def __init__(self) -> None:
        super().__init__()
        self.works = True

    def detect(self, text: str) -> list[Any]:
        if not self.works:
            raise RuntimeError(text)
        return super().detect(text)


def test_failing_detectors_send_runs_without_texts(
    langsmith_server: LangSmithServer, caplog: pytest.LogCaptureFixture
) -> None:
    detector = Broken()
    detector.works = False
    guard = Guard(detector)
    client = langsmith_client(guard)
    langsmith.configure(client=client)
    with pytest.raises(Blocked):
        (RunnableLambda(lambda text: text) | Anonymize(guard)).invoke(EVERYTHING, config(tags=[NAME], run_name=NAME))
    client.flush()
    assert nothing_leaked(langsmith_server, caplog)
    assert "sent without its texts: RuntimeError" in caplog.text
    withheld = langsmith_server.named("withheld")
    assert withheld
    assert all(set(run["inputs"]) == {"lc_guard"} for run in withheld)
    assert all(run["id"] and run["dotted_order"] for run in withheld)


def test_failing_detectors_and_the_anonymizer(
    langsmith_server: LangSmithServer, caplog: pytest.LogCaptureFixture
) -> None:
    detector = Broken()
    guard = Guard(detector)
    mask = langsmith_anonymizer(guard)
    assert mask({"error": f"no {NAME}"}) == {"error": "no [REDACTED_PERSON]"}
    detector.works = False
    assert set(mask({"text": f"new {NAME}"})) == {"lc_guard"}
    assert mask({"error": f"never {NAME}"}) == {"error": "withheld by lc-guard: it can't be masked"}
    deep: Any = NAME
    for _ in range(120):
        deep = [deep]
    assert set(mask({"deep": deep})) == {"lc_guard"}
    assert "Zebulon" not in caplog.text


def test_what_is_nested_too_deep(
    guard: Guard, client: langsmith.Client, langsmith_server: LangSmithServer, caplog: pytest.LogCaptureFixture
) -> None:
    deep: Any = NAME
    for _ in range(120):
        deep = [deep]
    RunnableLambda(lambda _: NAME).with_config(run_name="deep").invoke({"deep": deep})
    client.flush()
    assert nothing_leaked(langsmith_server, caplog)
    assert langsmith_server.runs


def test_a_leak_is_tagged(guard: Guard, client: langsmith.Client, langsmith_server: LangSmithServer) -> None:
    with openai(lambda request: "fine") as (model, server):

        def beside(hidden: Any, config: Any) -> Any:
            model.invoke(f"Summarize {NAME}", config)
            return hidden

        (Anonymize(guard) | RunnableLambda(beside) | model).invoke(f"Hello {NAME}", config())
    client.flush()
    assert NAME in sent(server)
    leaked, clean = langsmith_server.of_type("llm")
    assert "guard.leak" in leaked["tags"]
    assert "guard.leak" not in (clean.get("tags") or ())
    assert guard.leaks.count == 1
    assert not langsmith_server.holds(NAME)


# --- when it is sent


def test_an_unfinished_trace_is_not_held_for_ever(guard: Guard, langsmith_server: LangSmithServer) -> None:
    langsmith.configure(client=langsmith_client(guard, hold=0.2))

    def slow(text: str) -> str:
        langsmith_server.wait_for(lambda: langsmith_server.runs)
        return text

    (RunnableLambda(slow) | Anonymize(guard)).invoke(EVERYTHING, config())
    langsmith_server.wait_for(lambda: all(map(whole, langsmith_server.runs.values())))
    assert nothing_leaked(langsmith_server)


def test_a_finished_trace_leaves_at_once(guard: Guard, langsmith_server: LangSmithServer) -> None:
    langsmith.configure(client=langsmith_client(guard, hold=600.0))
    Anonymize(guard).invoke(EVERYTHING, config())
    langsmith_server.wait_for(lambda: len(langsmith_server.runs) == 2)
    assert [path for _, path in langsmith_server.requests if path != "/info"] == ["/runs/multipart"], (
        "one request a trace"
    )
    assert nothing_leaked(langsmith_server)


@pytest.mark.parametrize("broken", [500, 404, 401])
def test_langsmith_is_down(
    broken: int,
    guard: Guard,
    client: langsmith.Client,
    langsmith_server: LangSmithServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def interfere(exchange: Any) -> None:
        exchange.send_json(broken, {"detail": "no"})

    client.retry_config.backoff_factor = 0.01  # as many attempts as ever, without the pauses
    langsmith_server.interfere = interfere
    assert Anonymize(guard).invoke(NAME, config()) == P1
    client.flush()
    assert len(langsmith_server.requests) > (3 if broken == 500 else 0)
    assert not langsmith_server.holds(NAME)
    assert "Zebulon" not in caplog.text


def test_async_calls_do_not_wait(guard: Guard, client: langsmith.Client, langsmith_server: LangSmithServer) -> None:
    async def go() -> None:
        with blockbuster_ctx("lc_guard"):
            await Anonymize(guard).ainvoke(EVERYTHING, config())

    asyncio.run(go())
    client.flush()
    assert nothing_leaked(langsmith_server)


def test_the_settings_are_checked(guard: Guard, langsmith_server: LangSmithServer) -> None:
    build: Callable[..., Any] = langsmith_client
    with pytest.raises(ValueError, match="hold"):
        build(guard, hold=0)
    with pytest.raises(ValueError, match="detect"):
        build(guard, detect="never")
    with pytest.raises(ValueError, match="MaskingSpanExporter"):
        build(guard, tracing_mode="otel")


def test_few_shot_prompts(guard: Guard, client: langsmith.Client, langsmith_server: LangSmithServer) -> None:
    prompt = ChatPromptTemplate.from_messages([("system", f"{NAME} is a doctor"), ("human", "{text}")])
    (prompt | RunnableLambda(lambda value: value.to_messages()) | Anonymize(guard)).invoke({"text": "hi"}, config())
    client.flush()
    assert nothing_leaked(langsmith_server)
    assert len(langsmith_server.of_type("prompt")) == 1
