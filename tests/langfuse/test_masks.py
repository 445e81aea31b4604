"""The safe handler: its client hides the guard's values, or there is none; and the SDK is seen to ask the mask."""

from __future__ import annotations

import asyncio
import logging
import pickle
import re
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import langfuse
import pytest
from langchain_core.runnables import RunnableLambda
from langfuse import Langfuse
from langfuse._client.resource_manager import LangfuseResourceManager
from langfuse._client.span_exporter import LangfuseTransformingSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import TraceIdRatioBased

from lc_guard.errors import SeamBroken, UnmaskedClient
from lc_guard.guard import Guard
from lc_guard.langchain.runnables import Anonymize, Deanonymize
from lc_guard.langfuse import CallbackHandler, mask_otel_spans
from lc_guard.langfuse.masks import OtelSpansMask
from lc_guard.observability import MaskingSpanExporter
from lc_guard.observability.canary_spans import CANARY_NAME
from tests.support.canaries import CANARIES, CanaryDetector
from tests.support.chains import MODES, run
from tests.support.fixtures import MakeClient
from tests.support.langfuse_server import LangfuseServer
from tests.support.openai_server import OpenAIServer
from tests.support.pages import blocks

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
CONFIG = {"configurable": {"session_id": "s"}}


@pytest.fixture
def guard() -> Guard:
    return Guard(CanaryDetector())


@pytest.fixture
def keys(
    langfuse_server: LangfuseServer, make_langfuse: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> Iterator[LangfuseServer]:
    """The stand-in's keys in the environment, and no client yet; `make_langfuse` tidies up."""
    # The SDK's own is the process's: it would hold the clients of all tests.
    provider = TracerProvider()
    monkeypatch.setattr("langfuse._client.resource_manager._init_tracer_provider", lambda **_: provider)
    monkeypatch.setenv("LANGFUSE_PUBLIC_KEY", langfuse_server.public_key)
    monkeypatch.setenv("LANGFUSE_SECRET_KEY", langfuse_server.secret_key)
    monkeypatch.setenv("LANGFUSE_BASE_URL", langfuse_server.url)
    yield langfuse_server
    provider.shutdown()


@pytest.fixture
def openai(monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenAIServer]:
    with OpenAIServer() as server:
        monkeypatch.setenv("OPENAI_API_KEY", server.api_key)
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        yield server


def chain_of(guard: Guard) -> Any:
    return RunnableLambda(lambda text: text) | Anonymize(guard) | RunnableLambda(str.upper) | Deanonymize(guard)


def test_the_chain_of_the_readme_sends_nothing_raw(keys: LangfuseServer, openai: OpenAIServer) -> None:
    (chain,) = [block for block in blocks(README) if "CallbackHandler(guard)" in block]
    names: dict[str, Any] = {}
    exec(compile(chain, "README", "exec"), names)
    assert names["config"]["callbacks"][0].flush(timeout=30)
    received = {span.name for span in keys.spans}
    assert {"pii", "Anonymize", "ChatPromptTemplate", "ChatOpenAI", "Deanonymize", "RunnableSequence"} <= received
    assert len(keys.spans) == 7
    for value in ("Jane", "Hara", "Elm Street", "Springfield", "example.org"):
        assert not keys.holds(value)
    assert keys.holds("[REDACTED_PERSON_1]")


@pytest.mark.parametrize("mode", MODES)
def test_all_that_arrives_is_masked(mode: str, guard: Guard, keys: LangfuseServer) -> None:
    handler = CallbackHandler(guard)
    run(chain_of(guard), mode, f"I am {CANARIES[0]}", {**CONFIG, "callbacks": [handler]})
    assert handler.flush(timeout=30)
    assert len(keys.spans) >= 5
    assert not keys.holds(CANARIES[0])
    assert not keys.holds(CANARY_NAME)


def test_handlers_of_threads_and_tasks_share_one_client(guard: Guard, keys: LangfuseServer) -> None:
    handlers: list[CallbackHandler] = []
    threads = [threading.Thread(target=lambda: handlers.append(CallbackHandler(guard))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    async def make() -> CallbackHandler:
        return CallbackHandler(guard)

    handlers.append(asyncio.run(make()))
    assert len({id(handler._langfuse_client._resources) for handler in handlers}) == 1
    for handler in handlers:
        chain_of(guard).invoke(CANARIES[0], {**CONFIG, "callbacks": [handler]})
    assert handlers[0].flush(timeout=30)
    assert len(keys.traces()) == 9
    assert not keys.holds(CANARIES[0])


@pytest.mark.parametrize("other", [False, True])
def test_a_client_without_the_guards_mask_is_refused(
    other: bool, guard: Guard, keys: LangfuseServer, make_langfuse: MakeClient, caplog: pytest.LogCaptureFixture
) -> None:
    make_langfuse(**({"mask_otel_spans": mask_otel_spans(Guard(CanaryDetector()))} if other else {}))
    with pytest.raises(UnmaskedClient, match="another guard" if other else "without the guard's mask") as caught:
        CallbackHandler(guard)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
    with pytest.raises(UnmaskedClient):
        CallbackHandler(guard, public_key=keys.public_key)
    assert not caplog.records
    CallbackHandler(guard, unmasked="warn")
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert CallbackHandler()._sends  # a handler without a guard takes any client


@pytest.mark.parametrize("how", ["mask", "exporter"])
@pytest.mark.parametrize("public_key", [None, "pk-lf-loopback"])
def test_a_client_that_has_the_guards_mask_is_taken(
    how: str, public_key: str | None, guard: Guard, keys: LangfuseServer, make_langfuse: MakeClient
) -> None:
    spans = InMemorySpanExporter()
    by_exporter: dict[str, Any] = {"span_exporter": MaskingSpanExporter(guard, spans)}
    by_mask: dict[str, Any] = {"span_exporter": spans, "mask_otel_spans": mask_otel_spans(guard)}
    client = make_langfuse(**(by_mask if how == "mask" else by_exporter))
    handler = CallbackHandler(guard, public_key=public_key)
    assert handler._langfuse_client._resources is client._resources
    chain_of(guard).invoke(CANARIES[0], {**CONFIG, "callbacks": [handler]})
    client.flush()
    finished = spans.get_finished_spans()
    assert len(finished) == 6
    assert CANARY_NAME not in [span.name for span in finished]
    assert CANARIES[0] not in "".join(span.to_json() for span in finished)


def test_without_keys_it_does_nothing_and_says_one_line(
    guard: Guard, make_langfuse: MakeClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("LANGFUSE_PUBLIC_KEY", "LANGFUSE_SECRET_KEY"):
        monkeypatch.delenv(name, raising=False)
    handler = CallbackHandler(guard)
    assert len(caplog.records) == 1
    assert chain_of(guard).invoke(CANARIES[0], {**CONFIG, "callbacks": [handler]})
    assert handler.flush()
    assert not LangfuseResourceManager._instances


def test_a_client_that_traces_nothing_needs_no_mask(guard: Guard, make_langfuse: MakeClient) -> None:
    make_langfuse(tracing_enabled=False)
    assert not CallbackHandler(guard)._sends


def test_one_mask_for_a_guard_listens_to_its_vault(guard: Guard, keys: LangfuseServer) -> None:
    subscribed: list[object] = []
    guard.vault.subscribe = subscribed.append  # type: ignore[method-assign]
    for _ in range(5):
        CallbackHandler(guard)
    assert len(subscribed) == 1


def test_wrong_arguments_are_refused(guard: Guard) -> None:
    with pytest.raises(TypeError, match="public_key="):
        CallbackHandler("pk-lf-1")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="unmasked"):
        CallbackHandler(guard, unmasked="ignore")  # type: ignore[arg-type]


# Releases of the SDK that are not out yet: each leaks silently unless the seal sees it.


def never_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The exporter has the mask, and does not ask it."""

    def export(self: Any, spans: Any) -> Any:
        return self._exporter.export(spans)

    monkeypatch.setattr(LangfuseTransformingSpanExporter, "export", export)


def forgets_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client keeps the mask, and makes its processor without it."""
    from langfuse._client import resource_manager

    processor = resource_manager.LangfuseSpanProcessor

    def make(*, mask_otel_spans: Any, **kwargs: Any) -> Any:
        return processor(**kwargs)

    monkeypatch.setattr(resource_manager, "LangfuseSpanProcessor", make)


def hides_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client no longer tells what mask it has."""
    initialize = LangfuseResourceManager._initialize_instance

    def forgetting(self: Any, **kwargs: Any) -> None:
        initialize(self, **kwargs)
        del self.mask_otel_spans

    def client_of(resources: Any, public_key: str | None = None) -> Langfuse:
        return Langfuse(public_key=public_key or resources.public_key, secret_key=resources.secret_key)

    monkeypatch.setattr(LangfuseResourceManager, "_initialize_instance", forgetting)
    monkeypatch.setattr(sys.modules["langfuse._client.get_client"], "_create_client_from_instance", client_of)


def renames_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client takes the mask under another name."""
    make = Langfuse.__init__

    def renamed(self: Any, *, public_key: str | None = None, mask_spans: Any = None, **kwargs: Any) -> None:
        if "mask_otel_spans" in kwargs and kwargs["mask_otel_spans"] is not None:
            raise TypeError("Langfuse.__init__() got an unexpected keyword argument 'mask_otel_spans'")
        make(self, public_key=public_key, mask_otel_spans=mask_spans, **kwargs)

    monkeypatch.setattr(Langfuse, "__init__", renamed)


def hides_its_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no list of clients any more."""
    monkeypatch.delattr(LangfuseResourceManager, "_instances")


def hides_its_resources(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client does not tell what it was made with."""
    make = Langfuse.__init__

    def made(self: Any, **kwargs: Any) -> None:
        make(self, **kwargs)
        del self._resources

    monkeypatch.setattr(Langfuse, "__init__", made)
    monkeypatch.delattr(Langfuse, "_resources", raising=False)


RELEASES = [never_asks, forgets_it, hides_it, renames_it, hides_its_clients, hides_its_resources]


@pytest.mark.parametrize("release", RELEASES, ids=lambda release: release.__name__)
def test_a_future_release_is_refused_instead_of_leaking(
    release: Callable[[pytest.MonkeyPatch], None],
    guard: Guard,
    keys: LangfuseServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as future:
        release(future)
        with pytest.raises(SeamBroken, match=re.escape(f"with langfuse {langfuse.__version__}")):
            CallbackHandler(guard)
        if release is not hides_its_clients:
            for resources in LangfuseResourceManager._instances.values():
                resources.tracer_provider.force_flush()
    assert not [span for span in keys.spans if span.name != CANARY_NAME]
    assert all("input" not in key for span in keys.spans for key in span.attributes)


@pytest.mark.parametrize("release", [never_asks, forgets_it, hides_it], ids=lambda release: release.__name__)
def test_it_is_refused_without_a_guard_too_where_the_client_is_masked(
    release: Callable[[pytest.MonkeyPatch], None],
    guard: Guard,
    make_langfuse: MakeClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as future:
        release(future)
        make_langfuse(mask_otel_spans=mask_otel_spans(guard))
        for arguments in ({}, {"guard": guard}):
            with pytest.raises(SeamBroken):
                CallbackHandler(**arguments)


def test_the_canary_is_sent_once_for_a_client_and_never_arrives(
    guard: Guard, keys: LangfuseServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    asked: list[str] = []
    call = OtelSpansMask.__call__

    def watched(self: OtelSpansMask, *, params: Any) -> Any:
        asked.extend(span.name for span in params.spans.values())
        return call(self, params=params)

    monkeypatch.setattr(OtelSpansMask, "__call__", watched)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            assert CallbackHandler(guard).flush(timeout=30)
    assert asked == [CANARY_NAME]
    assert not keys.spans
    assert not caplog.records


@pytest.mark.parametrize("options", [{"sample_rate": 0.0001}, {"sample_rate": 0.0}, {"should_export_span": bool}])
def test_sampling_and_filters_are_the_users(options: dict[str, Any], guard: Guard, make_langfuse: MakeClient) -> None:
    if "should_export_span" in options:
        options = {"should_export_span": lambda span: span.name != CANARY_NAME}
    else:
        # as the SDK makes the process's own provider, which another test's client may have made
        options = {**options, "tracer_provider": TracerProvider(sampler=TraceIdRatioBased(options["sample_rate"]))}
    make_langfuse(mask_otel_spans=mask_otel_spans(guard), **options)
    assert CallbackHandler(guard)._sends


def test_a_client_that_waits_for_langfuse_is_tried_again_later(
    guard: Guard, make_langfuse: MakeClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("lc_guard.langfuse.masks._PATIENCE", 0.2)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(20)
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        client = make_langfuse(base_url=url, timeout=1, mask_otel_spans=mask_otel_spans(guard))
        with client.start_as_current_observation(name="before", input="x"):
            pass
        threading.Thread(target=client._resources.tracer_provider.force_flush, daemon=True).start()
        time.sleep(0.1)  # it holds the client's exporter now
        handlers = [CallbackHandler(guard) for _ in range(3)]
        assert not any(handler._sends for handler in handlers)
        assert caplog.text.count("this handler sends nothing") == 3
        assert chain_of(guard).invoke(CANARIES[0], {**CONFIG, "callbacks": handlers})
        monkeypatch.setattr("lc_guard.langfuse.masks._AGAIN", 0.0)
        deadline = time.monotonic() + 20
        while not CallbackHandler(guard)._sends:
            assert time.monotonic() < deadline
