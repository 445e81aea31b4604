"""What a request does when Langfuse is busy, broken, too old, or refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from lc_guard.errors import LangfuseError
from lc_guard.langfuse import api as client
from lc_guard.langfuse.api import LangfuseApi
from tests.support.langfuse_reads import SCORES
from tests.support.langfuse_server import LangfuseServer
from tests.support.loopback import Exchange, LoopbackServer, Refusal

Answer = Callable[[Exchange], None]


class Scripted(LoopbackServer):
    """Answers one request after another as it is told, the last answer for ever."""

    def __init__(self, *answers: Answer) -> None:
        super().__init__()
        self.answers = list(answers)
        self.methods: list[str] = []

    def handle(self, exchange: Exchange, body: bytes) -> None:
        self.methods.append(exchange.command)
        (self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])(exchange)


def good(exchange: Exchange) -> None:
    exchange.send_json(200, {"fine": True})


def status(number: int, body: Any = None, **headers: str) -> Answer:
    def answer(exchange: Exchange) -> None:
        raise Refusal(number, body or {}, {name.replace("_", "-"): value for name, value in headers.items()})

    return answer


def cut_off(exchange: Exchange) -> None:
    exchange.send_response(200)
    exchange.send_header("Content-Length", "1000")
    exchange.end_headers()
    exchange.wfile.write(b'{"data": [')
    exchange.close_connection = True


def hung_up(exchange: Exchange) -> None:
    exchange.close_connection = True


def no_json(exchange: Exchange) -> None:
    exchange.send_bytes(200, b"<html>secret words</html>", "text/html")


def connect(url: str, waits: list[float], **options: Any) -> LangfuseApi:
    return LangfuseApi(public_key="pk", secret_key="sk", base_url=url, sleep=waits.append, **options)


@pytest.mark.parametrize("trouble", [cut_off, hung_up, no_json, status(500), status(503), status(429), status(408)])
def test_a_read_is_made_again(trouble: Answer, waits: list[float]) -> None:
    with Scripted(trouble, trouble, good) as server, connect(server.url, waits) as api:
        assert api.get("/x") == {"fine": True}
    assert len(waits) == 2
    assert 0 < waits[0] < waits[1] * 3


@pytest.mark.parametrize("trouble", [cut_off, no_json, status(500)])
def test_a_read_is_given_up_with_what_to_do(trouble: Answer, waits: list[float]) -> None:
    with (
        Scripted(trouble) as server,
        connect(server.url, waits, attempts=3) as api,
        pytest.raises(LangfuseError, match=r"3 times.*LANGFUSE_BASE_URL") as caught,
    ):
        api.get("/x")
    assert len(server.methods) == 3
    assert "secret words" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_write_is_not_made_twice(waits: list[float]) -> None:
    for trouble in (cut_off, hung_up, status(500), no_json):
        with Scripted(trouble) as server, connect(server.url, waits) as api, pytest.raises(LangfuseError):
            api.post("/x", {})
        assert server.methods == ["POST"]
    with Scripted(status(429, Retry_After="1"), good) as server, connect(server.url, waits) as api:
        assert api.post("/x", {"a": 1}) == {"fine": True}
    assert waits == [1.0]


@pytest.mark.parametrize(("told", "least", "most"), [("7", 7, 7), ("0", 0, 0), ("1.5", 1.5, 1.5), ("soon", 0.1, 1)])
def test_retry_after_is_honoured(told: str, least: float, most: float, waits: list[float]) -> None:
    with Scripted(status(429, Retry_After=told), good) as server, connect(server.url, waits) as api:
        api.get("/x")
    assert least <= waits[0] <= most


def test_retry_after_as_a_date_is_read_by_the_servers_clock(waits: list[float]) -> None:
    server_now = datetime.now(UTC) - timedelta(hours=5)

    def busy(exchange: Exchange) -> None:
        exchange.send_response_only(429)
        exchange.send_header("Date", format_datetime(server_now, usegmt=True))
        exchange.send_header("Retry-After", format_datetime(server_now + timedelta(seconds=40), usegmt=True))
        exchange.send_header("Content-Length", "0")
        exchange.end_headers()

    with Scripted(busy, good) as server, connect(server.url, waits) as api:
        api.get("/x")
        assert 35 <= waits[0] <= 45


def test_a_retry_after_of_an_hour_is_told_and_not_waited_for(waits: list[float]) -> None:
    with (
        Scripted(status(429, Retry_After="3600")) as server,
        connect(server.url, waits) as api,
        pytest.raises(LangfuseError, match="3,600 s"),
    ):
        api.get("/x")
    assert waits == []


def test_a_skewed_clock_is_noticed(waits: list[float]) -> None:
    def behind(exchange: Exchange) -> None:
        exchange.send_response_only(200)
        exchange.send_header("Date", format_datetime(datetime.now(UTC) - timedelta(minutes=10), usegmt=True))
        exchange.send_header("Content-Length", "2")
        exchange.end_headers()
        exchange.wfile.write(b"{}")

    with Scripted(behind, good) as server, connect(server.url, waits) as api:
        api.get("/x")
        assert abs(api.clock_offset + timedelta(minutes=10)) < timedelta(seconds=5)
        assert api.now() < datetime.now(UTC) - timedelta(minutes=9)
        api.get("/x")
        assert api.clock_offset == timedelta()


def test_wrong_keys_are_said_at_once(langfuse_server: LangfuseServer, waits: list[float]) -> None:
    with (
        connect(langfuse_server.url, waits) as api,
        pytest.raises(LangfuseError, match=r"refuses the keys \(401\).*LANGFUSE_SECRET_KEY") as caught,
    ):
        api.check()
    assert caught.value.status == 401
    assert waits == []
    assert "sk" not in str(caught.value).replace("SECRET_KEY", "").split()


def test_a_good_connection_passes(api: LangfuseApi, langfuse_server: LangfuseServer) -> None:
    api.check()
    assert api.server_version == "4.59.0"
    assert langfuse_server.secret_key not in repr(api)


@pytest.mark.parametrize(
    ("sdk", "server", "needed"),
    [
        ("5.0.4", "4.58.9", "4.59"),
        ("5.0.4", "3.160.0", "4.59"),
        ("4.18.0", "3.160.0", "4.0"),
        ("5.0.4", "v2.1", "4.59"),
    ],
)
def test_a_langfuse_too_old_is_said_with_the_version_needed(
    sdk: str, server: str, needed: str, api: LangfuseApi, langfuse_server: LangfuseServer, monkeypatch: Any
) -> None:
    monkeypatch.setattr(client, "version", lambda _: sdk)
    langfuse_server.version = server
    with pytest.raises(LangfuseError, match=f"too old for the SDK {sdk}: upgrade it to {needed}"):
        api.check()


@pytest.mark.parametrize(("sdk", "server"), [("5.0.4", "4.59.0"), ("5.0.4", "5.0.0-rc.1"), ("4.18.0", "4.0.0"),
                                             ("5.0.4", "main"), ("5.0.4", None)])  # fmt: skip
def test_a_new_enough_or_unknown_version_passes(
    sdk: str, server: Any, api: LangfuseApi, langfuse_server: LangfuseServer, monkeypatch: Any
) -> None:
    monkeypatch.setattr(client, "version", lambda _: sdk)
    langfuse_server.version = server
    api.check()


def test_an_address_without_the_reads_is_too_old(waits: list[float]) -> None:
    with (
        Scripted(status(404, {"message": "nothing here"})) as server,
        connect(server.url, waits) as api,
        pytest.raises(LangfuseError, match=r"has no /api/public/v3/scores \(404\): Langfuse 4.0 or later"),
    ):
        api.get(SCORES)


def test_a_redirect_is_not_followed_with_the_keys(langfuse_server: LangfuseServer, waits: list[float]) -> None:
    with (
        Scripted(status(302, {}, Location=f"{langfuse_server.url}/api/public/health")) as server,
        connect(server.url, waits) as api,
        pytest.raises(LangfuseError, match="redirect"),
    ):
        api.check()
    assert langfuse_server.raw == []


def test_a_refusal_is_told_in_the_servers_words_made_safe(waits: list[float]) -> None:
    words = "limit must be\x1b[31m at most 100" + "!" * 500
    with (
        Scripted(status(400, {"message": words})) as server,
        connect(server.url, waits) as api,
        pytest.raises(LangfuseError, match="limit must be") as caught,
    ):
        api.get("/x")
    assert "\x1b" not in str(caught.value)
    assert len(str(caught.value)) < 400


def test_a_refused_write_is_not_told_in_the_servers_words(waits: list[float]) -> None:
    with (
        Scripted(status(400, {"message": "expected a number, received 'Jane Doe'"})) as server,
        connect(server.url, waits) as api,
        pytest.raises(LangfuseError, match=r"refused /x \(400\)") as caught,
    ):
        api.post("/x", {"input": "Jane Doe"})
    assert "Jane" not in str(caught.value)


def test_an_endless_body_is_cut_off(waits: list[float], monkeypatch: Any) -> None:
    monkeypatch.setattr(client, "_BODY_LIMIT", 10_000)

    def endless(exchange: Exchange) -> None:
        exchange.send_bytes(200, b"[" + b"1," * 100_000, "application/json")

    with (
        Scripted(endless) as server,
        connect(server.url, waits) as api,
        pytest.raises(LangfuseError, match="64 MiB"),
    ):
        api.get("/x")


def test_nobody_listens(waits: list[float]) -> None:
    with Scripted(good) as server:
        url = server.url
    with connect(url, waits, attempts=2) as api, pytest.raises(LangfuseError, match="can't be reached 2 times"):
        api.check()


@pytest.mark.parametrize("url", ["ftp://x", "cloud.langfuse.com", "https://", "https://u:p@x", "https://x?y=1"])
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(LangfuseError, match="is no address") as caught:
        LangfuseApi(public_key="pk", secret_key="sk", base_url=url)
    assert "u:p" not in str(caught.value)


def test_without_keys(monkeypatch: Any) -> None:
    for name in ("LANGFUSE_PUBLIC_KEY", "LANGFUSE_SECRET_KEY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(LangfuseError, match="set LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY"):
        LangfuseApi()


def test_keys_and_address_come_from_the_environment(monkeypatch: Any) -> None:
    monkeypatch.setenv("LANGFUSE_PUBLIC_KEY", "pk-env")
    monkeypatch.setenv("LANGFUSE_SECRET_KEY", "sk-env")
    monkeypatch.delenv("LANGFUSE_BASE_URL", raising=False)
    monkeypatch.setenv("LANGFUSE_HOST", "https://host.example/")
    assert LangfuseApi().base_url == "https://host.example"
    monkeypatch.setenv("LANGFUSE_BASE_URL", "https://url.example")
    assert LangfuseApi().base_url == "https://url.example"


def test_the_address_of_a_trace_is_safe(api: LangfuseApi) -> None:
    assert api.trace_url(None, "t") is None
    assert api.trace_url("p", "t") == f"{api.base_url}/project/p/traces/t"
    hostile = api.trace_url('"><script>', "../..?x", 'javascript:alert("1")&')
    assert hostile is not None
    tail = hostile.removeprefix(f"{api.base_url}/project/")
    assert not set('<>"& ') & set(tail)
    assert tail.count("?") == 1


def test_the_error_survives_pickling() -> None:
    import pickle

    error = pickle.loads(pickle.dumps(LangfuseError("told", status=404)))
    assert (str(error), error.status) == ("told", 404)
    assert json.dumps(error.status) == "404"
