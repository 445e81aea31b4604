"""Tracers that patch LangChain instead of being handed to it: what they are told of a protected model is hidden."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.callbacks.base import BaseCallbackManager
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage

from lc_guard import protect
from tests.support.agents import ANSWER, MAILS, Toolbox, agent_of, asked, config
from tests.support.agents import MODES as AGENT_MODES
from tests.support.agents import run as run_agent
from tests.support.seams import MAIL, MODES, NAME, P1, make_guard, openai, run

QUESTION = f"Write to {NAME} at {MAIL}"


class Told(BaseCallbackHandler):
    """Notes all that it is told of model runs."""

    run_inline = True

    def __init__(self) -> None:
        self.texts: list[str] = []

    def on_chat_model_start(self, serialized: Any, messages: Any, **kwargs: Any) -> None:
        self.texts.append(repr(messages))

    def on_llm_new_token(self, token: str, *, chunk: Any = None, **kwargs: Any) -> None:
        self.texts.append(repr((token, chunk)))

    def on_llm_end(self, response: Any, **kwargs: Any) -> None:
        self.texts.append(repr(response))


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    """A handler that is put into every callback manager that is made, as OpenInference and OpenLLMetry do it."""
    handler, original = Told(), BaseCallbackManager.__init__

    @wraps(original)
    def patched(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        if handler not in self.inheritable_handlers:
            self.add_handler(handler, True)

    monkeypatch.setattr(BaseCallbackManager, "__init__", patched)
    return handler


def hidden(texts: list[str]) -> bool:
    return bool(texts) and P1 in "".join(texts) and not [text for text in texts if NAME in text or MAIL in text]


@pytest.mark.parametrize("mode", [*MODES, "events_v2"])
def test_a_handler_patched_into_every_manager(told: Told, mode: str) -> None:
    with openai(lambda request: f"{P1} was told") as (model, _):
        safe = protect(model, make_guard())
        if mode == "events_v2":
            assert run_agent(safe, mode, QUESTION, config())
        else:
            assert run(safe, mode, QUESTION)
    assert hidden(told.texts)


@pytest.mark.parametrize("mode", AGENT_MODES)
def test_a_handler_patched_into_every_manager_of_an_agent(told: Told, mode: str) -> None:
    with agent_of(make_guard(), MAILS, tools=list(Toolbox())) as (agent, server):
        run_agent(agent, mode, asked(), config())
    assert server.requests
    assert hidden(told.texts)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("methods", [("generate", "agenerate"), ("invoke", "ainvoke", "stream", "astream")])
def test_methods_of_the_chat_model_that_are_wrapped(
    monkeypatch: pytest.MonkeyPatch, methods: tuple[str, ...], mode: str
) -> None:
    """As ddtrace does it: the wrapper notes the arguments before it calls on."""
    noted: list[str] = []

    def noting(original: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(original)
        def wrapped(self: Any, messages: Any, *args: Any, **kwargs: Any) -> Any:
            noted.append(repr(messages))
            return original(self, messages, *args, **kwargs)

        return wrapped

    for name in methods:
        monkeypatch.setattr(BaseChatModel, name, noting(getattr(BaseChatModel, name)))
    with openai(lambda request: f"{P1} was told") as (model, server):
        run(protect(model, make_guard()), mode, QUESTION)
    assert server.requests
    streamed = "stream" in mode and methods[0] == "generate"  # a stream generates nothing
    assert hidden(noted) or (streamed and not noted)


class Proxy:
    """An object that stands for a model, is taken for one, and notes what it is asked, as wrapt's proxies."""

    def __init__(self, model: Any) -> None:
        self.__dict__["model"] = model
        self.__dict__["noted"] = []

    @property
    def __class__(self) -> type:  # type: ignore[override]
        return type(self.model)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.model, name)
        if name not in ("invoke", "ainvoke", "stream", "astream"):
            return found

        def noting(messages: list[BaseMessage], *args: Any, **kwargs: Any) -> Any:
            self.noted.append(repr(messages))
            return found(messages, *args, **kwargs)

        return noting


@pytest.mark.parametrize("mode", MODES)
def test_a_proxy_around_the_model(mode: str) -> None:
    with openai(lambda request: f"{P1} was told") as (model, server):
        proxy = Proxy(model)
        run(protect(proxy, make_guard()), mode, QUESTION)
    assert server.requests
    assert hidden(proxy.noted)


@pytest.mark.parametrize("mode", AGENT_MODES)
def test_a_proxy_around_the_model_that_a_middleware_puts_in(mode: str) -> None:
    from langchain.agents.middleware import ModelFallbackMiddleware

    from tests.support.openai_server import Failure

    with openai(lambda request: ANSWER) as (other, _):
        proxy = Proxy(other)
        fallback = ModelFallbackMiddleware(proxy)  # type: ignore[arg-type]
        with agent_of(make_guard(), lambda request: Failure(500), middleware=lambda guarded: [guarded, fallback]) as (
            agent,
            _,
        ):
            run_agent(agent, mode, asked(), config())
    assert hidden(proxy.noted)
