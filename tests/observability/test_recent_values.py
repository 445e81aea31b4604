"""Traces that name no session: what only a vault knows stands nowhere in what leaves, whoever's it is."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.runnables import RunnableLambda
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Link, SpanContext, Status, StatusCode, TraceFlags, TraceState, set_span_in_context
from opentelemetry.trace.span import NonRecordingSpan

from lc_guard import Guard, MaskedTracer, Policy
from lc_guard.errors import VaultError
from lc_guard.langsmith import langsmith_anonymizer
from lc_guard.observability import MaskingSpanExporter
from lc_guard.observability.recent_values import RecentValues
from lc_guard.observability.span_mask import SpanMask, UnmaskableName
from lc_guard.records import Entity
from lc_guard.vaults import MemoryVault

CODE = "Zephyrhawk"


class Told:
    """Finds what it is told of, and nothing else: the vault alone knows the rest."""

    name = "told"

    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    def detect(self, text: str) -> list[Entity]:
        return [
            Entity(kind, at, at + len(value), 1.0)
            for value, kind in self.values.items()
            if (at := text.find(value)) >= 0
        ]


def hidden(guard: Guard, session: str, value: str, kind: str = "PROJECT") -> str:
    """Have a session hide a value that no detector will find again."""
    told: Any = guard._analyzer.detectors["told"]
    told.values = {value: kind}
    shown = guard.session(session).anonymize(f"about {value} then")
    told.values = {}
    return shown


@pytest.fixture
def guard() -> Guard:
    return Guard(Told())


@pytest.fixture
def memory() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def provider(guard: Guard, memory: InMemorySpanExporter) -> Iterator[TracerProvider]:
    made = TracerProvider(resource=Resource({"owner": CODE, CODE: "x"}))
    made.add_span_processor(SimpleSpanProcessor(MaskingSpanExporter(guard, memory)))
    yield made
    made.shutdown()


def told(memory: InMemorySpanExporter) -> str:
    spans = memory.get_finished_spans()
    return "".join(f"{span.to_json()} {span.instrumentation_scope} {span.parent} {span.links}" for span in spans)


class Showing:
    """Shows what becomes of a text in a span of a trace that names no session."""

    def __init__(self, guard: Guard, **bounds: Any) -> None:
        self.recent = RecentValues(guard, **bounds)
        self._mask = SpanMask(guard, recent=self.recent)

    def __call__(self, text: str) -> str:
        changed, _ = self._mask.mask("t", "step", {"said": text})
        return str(changed.get("said", text))


def test_it_stands_nowhere_in_a_span(guard: Guard, provider: TracerProvider, memory: InMemorySpanExporter) -> None:
    hidden(guard, "a", CODE)
    state = TraceState([("shop", CODE), ("left", "1")])
    remote = SpanContext(1, 2, is_remote=True, trace_flags=TraceFlags(1), trace_state=state)
    link = Link(SpanContext(3, 4, is_remote=True, trace_state=state), {CODE: CODE})
    tracer = provider.get_tracer(f"{CODE}.client", f"1+{CODE}", attributes={CODE: f"of {CODE}", "public_key": "pk"})
    attributes: dict[str, Any] = {
        CODE: f"by {CODE}",
        f"of {CODE}": 1,
        "many": (CODE, "x"),
        "json": f'{{"a": ["{CODE}"]}}',
    }
    span = tracer.start_span(
        f"{CODE}.run", set_span_in_context(NonRecordingSpan(remote)), attributes=attributes, links=[link]
    )
    span.add_event(f"seen {CODE}", {CODE: CODE})
    span.set_status(Status(StatusCode.ERROR, f"no {CODE}"))
    span.end()
    (sent,) = memory.get_finished_spans()
    assert CODE not in told(memory)
    assert sent.name == "[REDACTED_PROJECT].run"
    assert dict(sent.attributes or {})["many"] == ["[REDACTED_PROJECT]", "x"]
    assert sent.parent is not None
    assert (sent.parent.trace_id, sent.parent.span_id) == (1, 2)
    assert sent.parent.trace_state["left"] == "1"
    assert sent.instrumentation_scope is not None
    assert (sent.instrumentation_scope.attributes or {})["public_key"] == "pk"


WORD = st.text("abcdefghijklmnopqrstuvwxyzäøñ", min_size=6, max_size=12).map(lambda word: f"Qx{word}")


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(WORD, st.booleans()), min_size=1, max_size=6), st.text(max_size=20))
def test_whoevers_it_is_forgotten_or_not(values: list[tuple[str, bool]], around: str) -> None:
    guard, memory = Guard(Told()), InMemorySpanExporter()
    exporter, provider = MaskingSpanExporter(guard, memory), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    for number, (value, forgotten) in enumerate(values):
        hidden(guard, f"s{number}", value)
        if forgotten:
            guard.session(f"s{number}").forget()
    text = " ".join(value for value, _ in values)
    with provider.get_tracer("t").start_as_current_span(
        f"ask {text}", attributes={"said": f"{around} {text}", text: 1}
    ):
        pass
    assert not [value for value, _ in values if value in told(memory)]
    shown = str((memory.get_finished_spans()[0].attributes or {})["said"])
    # whoever sees the trace can't have it opened, in any session
    for number in range(len(values)):
        assert guard.session(f"s{number}").deanonymize(shown) == shown
    provider.shutdown()


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("tool", "PROJECT"),
        ("Redis", "ORGANIZATION"),
        ("May", "PERSON"),
        ("Jo", "PERSON"),
        ("10115", "LOCATION"),
        ("42", "PROJECT"),
        ("2026-11-27", "DATE_TIME"),
        ("ten minutes", "PROJECT"),
        ("Zephyrland", "LOCATION"),
    ],
)
def test_what_is_mistakable_stays(value: str, kind: str) -> None:
    guard = Guard(Told(), policy=Policy(kinds={"LOCATION": "allow"} if value == "Zephyrland" else {}))
    hidden(guard, "a", value, kind)
    assert Showing(guard)(f"the {value} of all") == f"the {value} of all"


@pytest.mark.parametrize("value", ["Ada Lovelace", "zephyrhawk", "48-151-623-42", "db-prod-zx9", "Green Apple"])
def test_what_is_not_goes(guard: Guard, value: str) -> None:
    hidden(guard, "a", value)
    assert Showing(guard)(f"the {value} of all") == "the [REDACTED_PROJECT] of all"
    assert Showing(guard)(f"the x{value}x of all") == f"the x{value}x of all"


def test_a_look_alike_and_a_placeholder_stay(guard: Guard) -> None:
    hidden(guard, "a", "REDACTED_PERSON_7")
    guard.session("a").anonymize("[REDACTED_PERSON_1]")
    assert Showing(guard)("[REDACTED_PERSON_7] [REDACTED_PERSON_1]") == "[REDACTED_PERSON_7] [REDACTED_PERSON_1]"


def test_a_trace_with_a_session_is_that_sessions(guard: Guard) -> None:
    hidden(guard, "a", CODE)
    mask = SpanMask(guard)
    mask.learn("t", {"langfuse.trace.metadata.session_id": "b"})
    assert mask.mask("t", "step", {"said": CODE}) == ({}, [])
    mask.learn("t", {"langfuse.trace.metadata.session_id": "a"})
    assert mask.mask("t", "step", {"said": CODE}) == ({"said": "[REDACTED_PROJECT_1]"}, [])


def test_a_trace_of_too_many_sessions_may_hold_anybodys(guard: Guard) -> None:
    hidden(guard, "a", CODE)
    mask = SpanMask(guard, max_sessions=2)
    for session in "abcd":
        mask.learn("t", {"langfuse.trace.metadata.session_id": session})
    assert mask.mask("t", "step", {"said": CODE})[0] == {"said": "[REDACTED_PROJECT]"}


def test_a_name_that_cant_be_changed_keeps_the_span_here(guard: Guard) -> None:
    hidden(guard, "a", CODE)
    mask = SpanMask(guard)
    with pytest.raises(UnmaskableName):
        mask.mask("t", f"ask {CODE}", {})
    assert mask.mask("t", CODE, {}) == ({}, [])  # so a program may call a part


class Counting(MemoryVault):
    """Counts how often it is asked for what it holds."""

    def __init__(self) -> None:
        super().__init__()
        self.exports: list[str] = []
        self.error: Exception | None = None

    def export(self, session: str) -> Any:
        self.exports.append(session)
        if self.error is not None:
            raise self.error
        return super().export(session)


def test_the_vault_is_asked_once_for_a_session_that_was_used() -> None:
    vault, now = Counting(), [0.0]
    guard = Guard(Told(), vault=vault)
    show = Showing(guard, max_sessions=3, clock=lambda: now[0])
    for number in range(5):
        hidden(guard, f"s{number}", f"Zephyrhawk{number}x")
    for _ in range(20):
        assert "Zephyrhawk4x" not in show("Zephyrhawk4x and Zephyrhawk2x")
    assert vault.exports == ["s2", "s3", "s4"]
    assert show("Zephyrhawk1x") == "Zephyrhawk1x"  # beyond the bound
    guard.session("s1").deanonymize("[REDACTED_PROJECT_1]")
    assert show("Zephyrhawk1x") == "[REDACTED_PROJECT]"
    assert vault.exports[3:] == ["s1"]
    used = {info.session: info.last_used for info in vault.sessions()}
    now[0] = 301.0  # what is live is read anew, which is no use of it
    assert show("Zephyrhawk1x") == "[REDACTED_PROJECT]"
    assert {info.session: round(info.last_used - used[info.session], 1) for info in vault.sessions()} == dict.fromkeys(
        used, 0.0
    )


def test_what_cant_be_looked_for_does_not_leave(caplog: pytest.LogCaptureFixture) -> None:
    vault, memory = Counting(), InMemorySpanExporter()
    guard, provider = Guard(Told(), vault=vault), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(MaskingSpanExporter(guard, memory)))
    hidden(guard, "a", CODE)
    vault.error = OSError(CODE)
    tracer = provider.get_tracer("t")
    tracer.start_span("one", attributes={"said": CODE}).end()
    assert memory.get_finished_spans() == ()
    assert CODE not in caplog.text
    vault.error = None
    tracer.start_span("two", attributes={"said": CODE}).end()
    assert [span.name for span in memory.get_finished_spans()] == ["two"]
    assert CODE not in told(memory)
    provider.shutdown()
    vault.error = OSError(CODE)
    with pytest.raises(VaultError):
        RecentValues(guard).find([CODE])


def test_what_was_dropped_is_let_go_of(guard: Guard) -> None:
    now = [0.0]
    recent = Showing(guard, seconds=10, max_values=20, clock=lambda: now[0]).recent
    hidden(guard, "a", CODE)
    guard.session("a").forget()
    assert len(recent.find([CODE])[0]) == 1
    now[0] = 12.0
    assert len(recent.find([CODE])[0]) == 1
    now[0] = 21.0
    assert recent.find([CODE]) == [[]]
    for number in range(200):
        hidden(guard, f"s{number}", f"Zephyrhawk{number}x")
        guard.session(f"s{number}").forget()
        recent.find(["x"])
        assert len(recent._young) + len(recent._old) + recent._size <= 40
    assert len(recent.find(["Zephyrhawk199x Zephyrhawk180x"])[0]) == 2
    assert repr(recent) == f"RecentValues({len(recent._young) + len(recent._old)} values)"


def test_it_is_let_go_of_where_nobody_searches(guard: Guard) -> None:
    recent = Showing(guard, seconds=0.02).recent
    hidden(guard, "a", CODE)
    assert len(recent.find([CODE])[0]) == 1
    hidden(guard, "b", f"{CODE}b")
    guard.session("b").forget()
    over = threading.Event()
    for _ in range(500):
        if len(recent._young) + len(recent._old) + recent._size == 0 and recent._timer is None:
            break
        over.wait(0.02)
    assert (len(recent._young) + len(recent._old), recent._size, recent._timer) == (0, 0, None)


def test_with_fakes_it_is_hidden_for_good_too() -> None:
    guard = Guard(Told(), placeholder_style="fake")
    hidden(guard, "a", "Ada Lovelace", "PERSON")
    assert Showing(guard)("by Ada Lovelace") == "by [REDACTED_PERSON]"


def test_many_threads_hide_forget_and_export(
    guard: Guard, provider: TracerProvider, memory: InMemorySpanExporter
) -> None:
    tracer, detector = provider.get_tracer("t"), guard._analyzer.detectors["told"]
    values = [f"Zephyrhawk{number}x" for number in range(60)]
    detector.values = dict.fromkeys(values, "PROJECT")  # type: ignore[attr-defined]

    def work(number: int) -> None:
        guard.session(f"s{number}").anonymize(values[number])
        if number % 2:
            guard.session(f"s{number}").forget()
        tracer.start_span(f"do {values[number]}", attributes={"said": " ".join(values[: number + 1][-1:])}).end()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(60)))
    assert len(memory.get_finished_spans()) == 60
    assert not [value for value in values if value in told(memory)]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks")
def test_a_forked_process_knows_them_and_those_of_its_own(guard: Guard) -> None:
    show = Showing(guard)
    hidden(guard, "a", CODE)
    assert show(CODE) == "[REDACTED_PROJECT]"
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            hidden(guard, "b", f"{CODE}b")
            os.write(write, f"{show(CODE)} {show(f'{CODE}b')}".encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert os.read(read, 1_000).decode() == "[REDACTED_PROJECT] [REDACTED_PROJECT]"
    assert show(f"{CODE}b") == f"{CODE}b"  # that is the child's


class Tracer(BaseCallbackHandler):
    def __init__(self) -> None:
        self.told: list[str] = []

    def on_chain_start(self, *args: Any, **kwargs: Any) -> None:
        self.told.append(f"{args} {kwargs}")


def test_a_tracer_and_an_anonymizer_of_langsmith(guard: Guard) -> None:
    hidden(guard, "a", CODE)
    tracer = Tracer()
    RunnableLambda(lambda text: text).invoke(f"about {CODE}", {"callbacks": [MaskedTracer(tracer, guard)]})
    assert "about [REDACTED_PROJECT]" in "".join(tracer.told)
    assert CODE not in "".join(tracer.told)
    anonymizer = langsmith_anonymizer(guard)
    assert anonymizer({"session_id": "b", "text": CODE})["text"] == "[REDACTED_PROJECT]"
