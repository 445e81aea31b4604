"""LangChain's own tests of chat models: plain ChatOpenAI, and the same with the boundary around it.

Both talk to the same loopback server. The guard hides words of the prompts, so that every test hides and restores.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import httpx
import pytest
from langchain_core.language_models import BaseChatModel
from langchain_openai import ChatOpenAI
from langchain_tests.integration_tests import ChatModelIntegrationTests
from langchain_tests.unit_tests import ChatModelUnitTests

from lc_guard import Guard
from lc_guard.langchain.chat_model import ProtectedChatModel
from lc_guard.testing import ExactDetector
from tests.support.openai_server import OpenAIServer

from .replies import obedient

HIDDEN = ["Hello", "hello", "cats", "Mary", "Paris", "weather", "magic_function", "haikus", "customer"]
GUARD = Guard(ExactDetector({"PERSON": HIDDEN}))


class ProtectedOpenAI(ProtectedChatModel):
    """What ``protect(ChatOpenAI(...))`` gives, as the class with ChatOpenAI's arguments that the suite asks for."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(inner=ChatOpenAI(**kwargs), guard=GUARD, isolated=True)

    @property
    def openai_api_key(self) -> Any:
        return self.inner.openai_api_key

    @property
    def openai_api_base(self) -> Any:
        return self.inner.openai_api_base


class _Asks:
    """What both models are given."""

    model_class: ClassVar[type[BaseChatModel]]
    server: ClassVar[OpenAIServer]

    @pytest.fixture(scope="class", autouse=True)
    def _loopback(self, request: pytest.FixtureRequest) -> Iterator[None]:
        with OpenAIServer(obedient, chunk_size=3) as request.cls.server:
            yield

    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return self.model_class

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {
            "model": "gpt-4o",
            "base_url": self.server.base_url,
            "api_key": self.server.api_key,
            "stream_usage": True,
            # each test has an event loop of its own, which no connection may outlive
            "http_async_client": httpx.AsyncClient(limits=httpx.Limits(max_keepalive_connections=0)),
        }


class _UnitAsks(_Asks):
    @property
    def init_from_env_params(self) -> tuple[dict[str, str], dict[str, Any], dict[str, Any]]:
        env = {"OPENAI_API_KEY": "sk-env", "OPENAI_API_BASE": "http://127.0.0.1:9/v1"}
        return env, {"model": "gpt-4o"}, {"openai_api_key": "sk-env", "openai_api_base": "http://127.0.0.1:9/v1"}


class _IntegrationAsks(_Asks):
    supports_image_inputs = True
    supports_image_urls = True
    supports_image_tool_message = True
    supports_pdf_inputs = True
    supports_pdf_tool_message = True
    supports_audio_inputs = True
    supports_anthropic_inputs = True
    supports_json_mode = True
    supports_model_override = True
    model_override_value = "gpt-4o-mini"
    enable_vcr_tests = True

    @pytest.fixture(scope="module")
    @classmethod
    def vcr_config(cls) -> dict[str, Any]:
        return {"ignore_localhost": True}

    @pytest.fixture(autouse=True)
    def _no_network(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Media that the suite fetches from the web are some bytes here: nobody looks into them."""
        answer = httpx.Response(200, content=b"\x89PNG", request=httpx.Request("GET", "http://127.0.0.1"))
        monkeypatch.setattr(httpx, "get", lambda *_, **__: answer)


class TestPlainUnit(_UnitAsks, ChatModelUnitTests):
    model_class = ChatOpenAI

    @pytest.mark.xfail(reason="compares with a snapshot that langchain-openai keeps, not this package")
    def test_serdes(self) -> None:
        raise NotImplementedError


class TestProtectedUnit(_UnitAsks, ChatModelUnitTests):
    model_class = ProtectedOpenAI

    @pytest.mark.xfail(reason="a guard holds a vault and detectors: a protected model is made anew, not loaded")
    def test_serdes(self) -> None:
        assert self.chat_model_class.is_lc_serializable()


class TestPlain(_IntegrationAsks, ChatModelIntegrationTests):
    model_class = ChatOpenAI


class TestProtected(_IntegrationAsks, ChatModelIntegrationTests):
    model_class = ProtectedOpenAI

    @pytest.fixture(scope="class", autouse=True)
    def _nothing_left(self, request: pytest.FixtureRequest, _loopback: None) -> Iterator[None]:
        yield
        said = [str(message.get("content")) for each in request.cls.server.requests for message in each["messages"]]
        assert len(said) > 50
        # the name of a tool that is bound is the application's word
        assert not [word for word in HIDDEN for text in said if word != "magic_function" and word in text]


def test_both_are_asked_the_same() -> None:
    for plain, protected in ((TestPlainUnit, TestProtectedUnit), (TestPlain, TestProtected)):
        assert {name for name in dir(plain) if name.startswith("test_")} == {
            name for name in dir(protected) if name.startswith("test_")
        }
