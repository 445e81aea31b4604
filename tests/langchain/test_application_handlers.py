"""`for_application`: a handler that shows an answer is told real text; tracers and the provider are not."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

import pytest
from langchain_core.callbacks import AsyncCallbackHandler, BaseCallbackHandler
from langchain_core.language_models.llms import LLM
from langchain_core.output_parsers import StrOutputParser
from langchain_core.outputs import GenerationChunk
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.tools import tool

from lc_guard import Anonymize, Blocked, Deanonymize, Policy, for_application, protect
from lc_guard.langchain.audience import application_handlers

from ..support.agents import agent_of, asked
from ..support.agents import config as thread
from ..support.openai_server import echo
from ..support.scanners import Watcher
from ..support.seams import MAIL, NAME, P1, Noter, make_guard, openai

PROMPT = ChatPromptTemplate.from_template("tell me of {q}")
SHOWN = f"tell me of {NAME}"
CHAINS: dict[str, Any] = {
    "chain": lambda g, m: Anonymize(g) | PROMPT | m | Deanonymize(g),
    "prompt first": lambda g, m: PROMPT | Anonymize(g) | m | StrOutputParser() | Deanonymize(g),
    "model": lambda g, m: PROMPT | protect(m, g),
    "protected chain": lambda g, m: protect(PROMPT | m | StrOutputParser(), g),
    "bound": lambda g, m: PROMPT | protect(m.bind(stop=["x"]), g),
}
MODES = ("stream", "astream", "events")


class Screen(BaseCallbackHandler):
    """What a user interface does: it shows tokens as they come."""

    def __init__(self) -> None:
        self.text = ""
        self.asked: list[Any] = []
        self.answers: list[str] = []
        self.errors: list[BaseException] = []

    def on_chat_model_start(self, serialized: Any, messages: Any, **kwargs: Any) -> None:
        self.asked.append(messages)

    def on_llm_new_token(self, token: Any, **kwargs: Any) -> None:
        self.text += token

    def on_llm_end(self, response: Any, **kwargs: Any) -> None:
        self.answers.append(response.generations[0][0].text)

    def on_llm_error(self, error: BaseException, **kwargs: Any) -> None:
        self.errors.append(error)


class AsyncScreen(AsyncCallbackHandler):
    """The same, async, with LangChain's own queue of tokens."""

    def __init__(self) -> None:
        self.text = ""
        self.answers: list[str] = []
        self.errors: list[BaseException] = []

    async def on_llm_new_token(self, token: Any, **kwargs: Any) -> None:
        await asyncio.sleep(0)
        self.text += token

    async def on_llm_end(self, response: Any, **kwargs: Any) -> None:
        self.answers.append(response.generations[0][0].text)

    async def on_llm_error(self, error: BaseException, **kwargs: Any) -> None:
        self.errors.append(error)


class Completing(LLM):
    """A text model that streams."""

    @property
    def _llm_type(self) -> str:
        return "completing"

    def _call(self, prompt: str, *args: Any, **kwargs: Any) -> str:
        return f"So it is {P1}"

    def _stream(self, prompt: str, stop: Any = None, run_manager: Any = None, **kwargs: Any) -> Any:
        for letter in self._call(prompt):
            chunk = GenerationChunk(text=letter)
            run_manager.on_llm_new_token(letter, chunk=chunk)
            yield chunk


class Queued(AsyncCallbackHandler):
    """What LangChain's own ``AsyncIteratorCallbackHandler`` does: tokens go into a queue until the model has ended."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[str | None] = asyncio.Queue()

    async def on_llm_new_token(self, token: Any, **kwargs: Any) -> None:
        self._queue.put_nowait(token)

    async def on_llm_end(self, response: Any, **kwargs: Any) -> None:
        self._queue.put_nowait(None)

    async def on_llm_error(self, error: BaseException, **kwargs: Any) -> None:
        self._queue.put_nowait(None)

    async def aiter(self) -> Any:
        while (token := await self._queue.get()) is not None:
            yield token


def config(*handlers: Any, session: str = "s-1") -> Any:
    return {"configurable": {"session_id": session}, "callbacks": list(handlers)}


def read(chain: Any, mode: str, conf: Any, value: str = NAME) -> None:
    async def go() -> None:
        if mode == "astream":
            async for _ in chain.astream({"q": value}, conf):
                pass
        else:
            async for _ in chain.astream_events({"q": value}, conf, version="v2"):
                pass

    if mode == "stream":
        for _ in chain.stream({"q": value}, conf):
            pass
    else:
        asyncio.run(go())


def values_in(*seen: Any) -> list[str]:
    return [value for value in (NAME, MAIL) if value in repr(seen)]


@pytest.mark.parametrize("kind", [Screen, AsyncScreen])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", CHAINS)
def test_a_handler_of_the_call(name: str, mode: str, kind: Any) -> None:
    screen, plain, tracer = kind(), kind(), Noter()
    with openai(echo) as (model, server):
        chain = CHAINS[name](make_guard(), model)
        read(chain, mode, config(for_application(screen), plain, tracer))
    assert screen.text == SHOWN
    assert screen.answers == [SHOWN]
    assert plain.text == f"tell me of {P1}"  # nobody said that it is the application's
    told = [call[2] for call in tracer.calls if call[0] in ("model_start", "token", "model_end")]
    assert told
    assert not values_in(told, server.raw)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", CHAINS)
def test_a_handler_of_the_model(name: str, mode: str) -> None:
    screen, plain = Screen(), Screen()
    with openai(echo) as (model, server):
        chain = CHAINS[name](make_guard(), model.model_copy(update={"callbacks": [for_application(screen), plain]}))
        read(chain, mode, config())
    assert screen.text == SHOWN
    assert screen.answers == [SHOWN]
    assert plain.text == f"tell me of {P1}"
    assert not values_in(server.raw)


def test_a_handler_reads_what_was_asked_in_the_words_of_the_user() -> None:
    for name in ("chain", "model", "protected chain"):
        screen = Screen()
        with openai(echo) as (model, _):
            read(CHAINS[name](make_guard(), model), "stream", config(for_application(screen)))
        assert [message.content for (messages,) in screen.asked for message in messages] == [SHOWN], name


def test_whole_answers() -> None:
    for name, build in CHAINS.items():
        screen = Screen()
        with openai(echo) as (model, _):
            build(make_guard(), model).invoke({"q": NAME}, config(for_application(screen)))
        assert screen.answers == [SHOWN], name
        assert not screen.errors


def test_a_queue_that_is_read_while_the_model_speaks() -> None:
    async def go(chain: Any) -> str:
        handler = Queued()
        asking = asyncio.create_task(chain.ainvoke({"q": NAME}, config(for_application(handler))))
        text = "".join([token async for token in handler.aiter()])
        await asking
        return text

    for name, build in CHAINS.items():
        with openai(echo) as (model, _):
            asked = model.model_copy(update={"streaming": True})
            assert asyncio.run(go(build(make_guard(), asked))) == SHOWN, name


def test_text_models() -> None:
    screen, plain = Screen(), Screen()
    guard = make_guard()
    model = Completing()
    chain: Any = Anonymize(guard) | model | Deanonymize(guard)
    assert "".join(chain.stream(NAME, config(for_application(screen), plain))) == f"So it is {NAME}"
    assert screen.text == f"So it is {NAME}"
    assert plain.text == f"So it is {P1}"


def test_what_nobody_has_hidden_is_told_as_it_is() -> None:
    screen = Screen()
    with openai(echo) as (model, _):
        list(model.stream(f"[REDACTED_PERSON_1] {NAME}", config(for_application(screen))))
    assert screen.text == f"[REDACTED_PERSON_1] {NAME}"


def test_one_handler_for_sessions_at_the_same_time() -> None:
    class Sorted(BaseCallbackHandler):
        def __init__(self) -> None:
            self.of: dict[Any, str] = {}

        def on_llm_new_token(self, token: Any, *, run_id: Any, **kwargs: Any) -> None:
            self.of[run_id] = self.of.get(run_id, "") + token

    async def go(chain: Any, handler: Any) -> None:
        values = {"s-1": NAME, "s-2": MAIL}

        async def one(session: str) -> None:
            async for _ in chain.astream({"q": values[session]}, config(handler, session=session)):
                await asyncio.sleep(0)

        await asyncio.gather(*(one(session) for session in values for _ in range(4)))

    for name, build in CHAINS.items():
        for own in (True, False):
            shown = Sorted()
            handler = for_application(shown)
            with openai(echo) as (model, _):
                asked = model.model_copy(update={"callbacks": [handler]}) if own else model
                asyncio.run(go(build(make_guard(), asked), Noter() if own else handler))
            assert sorted(shown.of.values()) == sorted(4 * [SHOWN] + 4 * [f"tell me of {MAIL}"]), name


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("name", CHAINS)
def test_a_blocked_answer_is_not_told_but_its_end_is(name: str, own: bool) -> None:
    screen = Screen()
    guard = make_guard(output_scanners=[Watcher(word="tell")], policy=Policy(streaming="buffer"))
    shown = for_application(screen)
    with openai(echo) as (model, _):
        asked = model.model_copy(update={"callbacks": [shown]}) if own else model
        chain = CHAINS[name](guard, asked)
        for mode in ("stream", "astream"):
            with pytest.raises(Blocked):
                read(chain, mode, config() if own else config(shown))
    assert screen.text == ""
    assert screen.answers == []
    assert len(screen.errors) == 2  # who waits for the end of the answer is told


@pytest.mark.parametrize("own", [False, True])
def test_another_answer_stands_for_a_blocked_one(own: bool) -> None:
    for name, build in {
        "model": lambda g, m: PROMPT | protect(m, g, on_blocked="No."),
        "protected chain": lambda g, m: protect(PROMPT | m | StrOutputParser(), g, on_blocked="No."),
    }.items():
        screen = Screen()
        shown = for_application(screen)
        guard = make_guard(output_scanners=[Watcher(word="tell")])
        with openai(echo) as (model, _):
            asked = model.model_copy(update={"callbacks": [shown]}) if own else model
            read(build(guard, asked), "stream", config() if own else config(shown))
        assert "tell" not in screen.text, name
        assert P1 not in repr(vars(screen))


def test_a_judged_answer_is_told() -> None:
    for own in (True, False):
        for name, build in CHAINS.items():
            screen = Screen()
            shown = for_application(screen)
            with openai(echo) as (model, _):
                asked = model.model_copy(update={"callbacks": [shown]}) if own else model
                chain = build(make_guard(output_scanners=[Watcher()]), asked)
                read(chain, "astream", config() if own else config(shown))
            assert (screen.text, screen.answers, screen.errors) == (SHOWN, [SHOWN], []), (name, own)


def test_a_handler_that_ignores_is_left_alone() -> None:
    class Deaf(Screen):
        ignore_llm = True  # type: ignore[assignment]

    deaf = Deaf()
    with openai(echo) as (model, _):
        read(CHAINS["chain"](make_guard(), model), "stream", config(for_application(deaf)))
    assert deaf.text == ""


def test_agents() -> None:
    from langchain_core.messages import HumanMessage

    @tool
    def send_mail(to: str, text: str) -> str:
        """Send a mail."""
        return "sent"

    screen = Screen()
    with agent_of(make_guard(), tools=[send_mail]) as (agent, server):
        conf = {**thread(), "callbacks": [for_application(screen)]}
        list(agent.stream({"messages": asked()["messages"]}, conf, stream_mode="messages"))
    assert isinstance(asked()["messages"][0], HumanMessage | tuple | dict)
    assert NAME in screen.text
    assert P1 not in screen.text
    assert not values_in(server.raw)


def test_what_is_made_is_forgotten_with_the_handler() -> None:
    made = for_application(Screen())
    assert for_application(made) is made
    assert made in application_handlers()
    assert "Screen" in repr(made)
    del made
    gc.collect()
    assert not [handler for handler in application_handlers() if isinstance(getattr(handler, "handler", None), Screen)]
    with pytest.raises(TypeError, match="callback handler"):
        for_application(object())  # type: ignore[arg-type]


def test_errors_of_the_handler_are_its_own() -> None:
    class Broken(BaseCallbackHandler):
        raise_error = True

        def on_llm_new_token(self, token: Any, **kwargs: Any) -> None:
            raise RuntimeError("no screen")

    with openai(echo) as (model, _), pytest.raises(RuntimeError, match="no screen"):
        read(CHAINS["chain"](make_guard(), model), "stream", config(for_application(Broken())))
