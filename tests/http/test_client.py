"""Asking a service: retries, pauses, silence, and clients that come and go."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest

from lc_guard._http.client import JSONRequest, JSONService, RequestFlow
from lc_guard._http.reply import ReplyFields, retry_after
from lc_guard._vendors.quiet_logs import quiet
from lc_guard.errors import ScannerTimeout, ServiceError
from tests.support import hosted_servers as hosted
from tests.support.hosted_servers import KEY


def service(url: str, **options: Any) -> JSONService:
    settings: dict[str, Any] = {"headers": {}, "remedy": "the key", "timeout": 5.0, "attempts": 3, **options}
    return JSONService("Lakera", base_url=url, **settings)


def plan(count: int = 1) -> RequestFlow[list[Any]]:
    body = {"messages": [{"role": "user", "content": "hello"}]}
    replies = []
    for _ in range(count):
        replies.append((yield JSONRequest("/v2/guard", body)))
    return replies


@pytest.fixture
def server() -> Any:
    class Open(hosted.LakeraServer):
        key_header = ("Content-Type", "application/json")

    with Open() as running:
        yield running


@pytest.mark.parametrize("wait", [1, "date"])
def test_retry_after_is_honoured(server: hosted.LakeraServer, wait: Any) -> None:
    if wait == "date":
        wait = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)  # whole seconds: 1 to 2 away
    server.faults = [hosted.status(429, Retry_After=str(wait))]
    started = time.monotonic()
    assert service(server.url).run(plan()) == [{"flagged": False, "metadata": {"request_uuid": "0"}}]
    assert 0.9 <= time.monotonic() - started < 10


@pytest.mark.parametrize(
    "value", ["", "soon", "-1", "1e9", "٣", "Thu, 01 Jan 1970 00:00:00 GMT", "Thu, 99 Foo 9999999"]
)
def test_other_values_mean_no_pause(value: str) -> None:
    assert not retry_after(value, datetime.now(UTC))


def test_pauses_grow_and_differ(monkeypatch: pytest.MonkeyPatch, server: hosted.LakeraServer) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("tenacity.nap.time.sleep", pauses.append)
    server.always = hosted.status(500)
    for _ in range(20):
        with pytest.raises(ServiceError):
            service(server.url, attempts=5, timeout=60).run(plan())
    by_number = [sorted(pauses[number::4]) for number in range(4)]
    assert all(len(set(row)) > 10 for row in by_number)
    assert [row[-1] <= 0.25 * 2**number for number, row in enumerate(by_number)] == [True] * 4
    assert sum(by_number[3]) > sum(by_number[0])


def test_the_calls_of_a_plan_share_one_deadline_and_connection(server: hosted.LakeraServer) -> None:
    asked = service(server.url)
    assert len(asked.run(plan(5))) == 5
    asked.close()
    server.faults = [lambda *_: time.sleep(0.2)] * 5
    with pytest.raises(ScannerTimeout):
        asked.run(plan(5), time.monotonic() + 0.3)
    with pytest.raises(ScannerTimeout):
        asked.run(plan(), time.monotonic() - 1)


def test_a_given_client_that_is_closed_or_limited(server: hosted.LakeraServer) -> None:
    client = httpx.Client()
    client.close()
    with pytest.raises(ServiceError, match="RuntimeError"):
        service(server.url, client=client).run(plan())

    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.LocalProtocolError(f"Illegal header value {request.headers}")

    with pytest.raises(ServiceError, match="LocalProtocolError") as raised:
        service(server.url, client=httpx.Client(transport=httpx.MockTransport(fail)), headers={"X": KEY}).run(plan())
    assert KEY not in str(raised.value)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "9" * 5000])
def test_numbers_that_json_has_not(server: hosted.LakeraServer, number: str) -> None:
    body = f'{{"flagged": false, "elsewhere": {number}}}'.encode()
    server.always = lambda _, exchange, __: exchange.send_bytes(200, body, "application/json")
    with pytest.raises(ServiceError, match="no JSON"):
        service(server.url).run(plan())


def test_control_flow_passes(server: hosted.LakeraServer) -> None:
    def interrupt(request: httpx.Request) -> httpx.Response:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        service(server.url, client=httpx.Client(transport=httpx.MockTransport(interrupt))).run(plan())


async def test_a_cancelled_pause_ends_at_once(server: hosted.LakeraServer) -> None:
    server.always = hosted.status(429, Retry_After="4")
    task = asyncio.create_task(service(server.url).arun(plan()))
    while not server.requests:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)
    task.cancel()
    started = time.monotonic()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.monotonic() - started < 3


async def test_many_tasks_make_one_client(server: hosted.LakeraServer) -> None:
    asked = service(server.url)
    made = []
    client = httpx.AsyncClient

    def count(*args: Any, **kwargs: Any) -> httpx.AsyncClient:
        made.append(1)
        return client(*args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpx, "AsyncClient", count)
        await asyncio.gather(*(asked.arun(plan()) for _ in range(20)))
    assert made == [1]
    await asked.aclose()
    await asked.aclose()


def test_quiet_is_for_this_call_alone(caplog: pytest.LogCaptureFixture) -> None:
    logger, other = logging.getLogger("noisy.below"), logging.getLogger("loud")

    async def silent() -> None:
        with quiet("noisy"):
            logger.error("one")
            other.error("two")
            await asyncio.sleep(0.02)
            with quiet("loud"):
                logger.error("three")
                other.error("four")
            other.error("five")

    async def speaking() -> None:
        await asyncio.sleep(0.01)
        logger.error("six")

    async def both() -> None:
        await asyncio.gather(silent(), speaking())

    asyncio.run(both())
    logger.error("seven")
    assert caplog.messages == ["two", "six", "five", "seven"]


@pytest.mark.parametrize("ask", ["scanner.scan(request)", "asyncio.run(scanner.ascan(request))"])
def test_the_first_call_of_a_process_is_silent_as_well(ask: str) -> None:
    code = f"""
import asyncio, logging, sys
logging.basicConfig(level=logging.DEBUG)
from lc_guard.scanners import Lakera, ScanRequest
scanner, request = Lakera(base_url=sys.argv[1], api_key={KEY!r}), ScanRequest("hello")
assert {ask}.valid
"""
    with hosted.LakeraServer() as running:
        done = subprocess.run(
            [sys.executable, "-c", code, running.url], capture_output=True, text=True, timeout=60, check=False
        )
    assert done.returncode == 0, done.stderr
    assert "http" not in done.stderr.replace("httpcore.connection:close", "")
    assert KEY not in done.stdout + done.stderr


def test_fields_tell_names_but_no_values() -> None:
    fields = ReplyFields("Lakera", {"list": [{"a": "secret"}], "deep": {"number": "secret"}, "secret name!": 1})
    attempts = [
        lambda: fields.flag("list"),
        lambda: fields.text("list"),
        lambda: fields.number("list"),
        lambda: fields.member("list"),
        lambda: fields.members("deep"),
        lambda: fields.members("none"),
        lambda: fields.members("list")[0].whole("a", low=0, high=1),
        lambda: fields.member("deep").number("number"),
        lambda: list(fields.categories()),
    ]
    for attempt in attempts:
        with pytest.raises(ServiceError, match=r"^Lakera: the service's reply can't be read: ") as raised:
            attempt()
        assert "secret" not in str(raised.value)
    with pytest.raises(ServiceError, match=r"its 'deep.number' is not a number"):
        fields.member("deep").number("number")
    assert fields.members("none", optional=True) == []
    assert not fields.has("none")
