"""A red team's own list, class 4: whoever watches, and however he came to, is told of placeholders."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.callbacks import BaseCallbackHandler, dispatch_custom_event
from langchain_core.messages import AIMessage
from langchain_core.runnables import RunnableLambda

from lc_guard import Anonymize, Deanonymize, Guard, MaskedTracer, protect
from lc_guard.langchain.recording_model import Recording, RecordingChatModel
from lc_guard.testing import ExactDetector
from lc_guard.verify.observers import tracer_watch

VALUE, MAIL = "Canary7f3c9a", "iggy@example.org"
ASKED = [("user", f"I am {VALUE}")]


def model(**fields: Any) -> RecordingChatModel:
    return RecordingChatModel(recording=Recording(), **fields)


def dispatching(value: Any) -> Any:
    """A step of the application that tells the tracers something of its own."""
    dispatch_custom_event(f"met {VALUE}", {"by": VALUE, VALUE: [value]})
    return value


def quoting(value: Any) -> Any:
    cause = LookupError(VALUE)
    raise ExceptionGroup(f"no {VALUE}", [ValueError(f"not {VALUE}"), cause]) from cause


def at_the_call(tracer: Any, guard: Guard, config: Any) -> Any:
    return protect(model(), guard).invoke(ASKED, {**config, "callbacks": [tracer]})


def at_the_model(tracer: Any, guard: Guard, config: Any) -> Any:
    return protect(model(callbacks=[tracer]), guard).invoke(ASKED, config)


def at_the_protected_model(tracer: Any, guard: Guard, config: Any) -> Any:
    protected = protect(model(), guard)
    protected.callbacks = [tracer]
    return protected.invoke(ASKED, config)


def bound(tracer: Any, guard: Guard, config: Any) -> Any:
    return protect(model().with_config(callbacks=[tracer], run_name="inside"), guard).invoke(ASKED, config)


def around_a_chain(tracer: Any, guard: Guard, config: Any) -> Any:
    chain = RunnableLambda(dispatching) | Anonymize(guard) | model() | Deanonymize(guard) | RunnableLambda(dispatching)
    return chain.with_config(callbacks=[tracer], run_name=f"Of {VALUE}").invoke(ASKED, config)


def streamed_events(tracer: Any, guard: Guard, config: Any) -> Any:
    async def read() -> list[Any]:
        stream = protect(model(), guard).astream_events(ASKED, {**config, "callbacks": [tracer]}, version="v2")
        return [event async for event in stream]

    return asyncio.run(read())


def that_fails(tracer: Any, guard: Guard, config: Any) -> Any:
    chain = Anonymize(guard) | model() | Deanonymize(guard) | RunnableLambda(quoting)
    with pytest.raises(ExceptionGroup):
        chain.invoke(ASKED, {**config, "callbacks": [tracer], "metadata": {"of": VALUE, VALUE: 1}})


def tried_again(tracer: Any, guard: Guard, config: Any) -> Any:
    chain = Anonymize(guard) | model() | Deanonymize(guard)
    failing = (chain | RunnableLambda(quoting)).with_retry(
        retry_if_exception_type=(ExceptionGroup,), stop_after_attempt=2, wait_exponential_jitter=False
    )
    with pytest.raises(ExceptionGroup):
        failing.invoke(ASKED, {**config, "callbacks": [tracer]})


WAYS: list[Callable[..., Any]] = [
    *(
        at_the_call,
        at_the_model,
        at_the_protected_model,
        bound,
        around_a_chain,
        streamed_events,
        that_fails,
        tried_again,
    ),
]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("session", [VALUE, MAIL], ids=["named by a value", "an address"])
def test_no_way_to_watch_shows_a_value(way: Callable[..., Any], session: str) -> None:
    handler, noted = tracer_watch()
    guard = Guard(ExactDetector({"CANARY": [VALUE]}))
    way(MaskedTracer(handler, guard), guard, {"configurable": {"session_id": session, "thread_id": session}})
    assert noted.texts, "it was told nothing"
    assert not [text for text in noted.texts if VALUE.casefold() in text.casefold() or MAIL in text]


def answered(where: str) -> AIMessage:
    """What a provider answers, with a value where no other provider is sent one."""
    told: dict[str, Any] = {"headers": {"x-user": VALUE}, "choices": [{VALUE: f"of {VALUE}"}], "model": "gpt"}
    return (
        AIMessage("fine", response_metadata=told)
        if where == "what it says of it"
        else AIMessage([{"type": "image_url", "image_url": {"url": f"https://{VALUE}.invalid/{VALUE}.png"}}])
    )


@pytest.mark.parametrize("where", ["what it says of it", "an address"])
@pytest.mark.parametrize("session", ["s", None], ids=["a session", "none"])
def test_nothing_beside_a_message_shows_a_value(where: str, session: str | None) -> None:
    handler, noted = tracer_watch()
    guard = Guard(ExactDetector({"CANARY": [VALUE]}))
    config: Any = {"callbacks": [MaskedTracer(handler, guard)], "configurable": {"session_id": session or "other"}}
    chain: Any = RunnableLambda(lambda _: answered(where)) | RunnableLambda(lambda message: [message])
    if session is None:  # another one was told of it
        guard.session("other").anonymize(f"I am {VALUE}")
        del config["configurable"]
    (shown,) = chain.invoke("x", config)
    assert shown == answered(where)
    assert not [text for text in noted.texts if VALUE.casefold() in text.casefold()]
    assert "gpt" in "".join(noted.texts) or where == "an address"


def test_a_tracer_that_fails_itself_fails_nothing_and_quotes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    class Failing(BaseCallbackHandler):
        def on_chain_start(self, serialized: Any, inputs: Any, **kwargs: Any) -> None:
            raise RuntimeError(str(inputs))

    guard = Guard(ExactDetector({"CANARY": [VALUE]}))
    config: Any = {"configurable": {"session_id": "s"}, "callbacks": [MaskedTracer(Failing(), guard)]}
    with caplog.at_level("DEBUG"):
        chain = Anonymize(guard) | model() | Deanonymize(guard)
        assert VALUE in chain.invoke(ASKED, config).text
    assert VALUE not in caplog.text
