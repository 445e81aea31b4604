"""One contract for everything that asks a hosted service."""

from __future__ import annotations

import asyncio
import gc
import logging
import ssl
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from blockbuster import blockbuster_ctx
from tenacity import wait_none

from lc_guard.detectors import PresidioAnalyzer, RemoteDetector
from lc_guard.errors import DetectorError, DetectorTimeout, GuardError, ScannerTimeout, ServiceError
from lc_guard.records import Entity, ScanResult
from lc_guard.scanners import (
    AzureContentSafety,
    Lakera,
    LLMGuardAPI,
    NeMoGuardrails,
    OpenAIModeration,
    PromptArmor,
    Scanner,
    ScanRequest,
    Turn,
)
from tests.support import hosted_servers as hosted
from tests.support.hosted_servers import ATTACK, KEY, Fault, HostedServer

CANARY = "Zebulon Quartermain"
CREATE_SSL_CONTEXT = httpx.create_ssl_context
BENIGN = f"{CANARY} asks for a loan."


class Detecting:
    """A detector as a scanner, so that it meets the same contract."""

    kind: type = PresidioAnalyzer

    def __init__(self, **options: Any) -> None:
        self.detector = self.kind(options.pop("base_url"), **options)

    def __repr__(self) -> str:
        return repr(self.detector)

    def scan(self, request: ScanRequest) -> ScanResult:
        found = self.detector.detect(request.text)
        return ScanResult(valid=not found, risk_score=float(bool(found)), entities=tuple(found))


class Remote(Detecting):
    """The same of the detector that is awaited on an event loop."""

    kind = RemoteDetector

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._service = self.detector._service

    async def ascan(self, request: ScanRequest) -> ScanResult:
        found = await self.detector.adetect(request.text)
        return ScanResult(valid=not found, risk_score=float(bool(found)), entities=tuple(found))

    async def aclose(self) -> None:
        await self.detector.aclose()


@dataclass(frozen=True)
class Member:
    """A scanner, its service's stand-in, and the environment variable of its key."""

    make: Callable[..., Any]
    server: type[HostedServer]
    variable: str
    flagged: str = ATTACK
    splits: bool = True


MEMBERS = {
    "lakera": Member(Lakera, hosted.LakeraServer, "LAKERA_API_KEY"),
    "azure": Member(AzureContentSafety, hosted.AzureServer, "CONTENT_SAFETY_KEY"),
    "prompt_armor": Member(PromptArmor, hosted.PromptArmorServer, "PROMPTARMOR_API_KEY"),
    "nemo": Member(NeMoGuardrails, hosted.NeMoServer, "NEMO_GUARDRAILS_API_KEY", splits=False),
    "llm_guard": Member(LLMGuardAPI, hosted.LLMGuardServer, "LLM_GUARD_API_KEY", splits=False),
    "openai": Member(OpenAIModeration, hosted.ModerationServer, "OPENAI_API_KEY"),
    "remote": Member(Remote, hosted.AnalyzerServer, "LC_GUARD_SERVE_TOKEN", flagged="jane@example.org", splits=False),
    "presidio": Member(Detecting, hosted.PresidioServer, "PRESIDIO_API_KEY", flagged="jane@example.org"),
}
SCANNERS = {name: member for name, member in MEMBERS.items() if name not in ("presidio", "remote")}
AWAITED = {name: member for name, member in MEMBERS.items() if name != "presidio"}
MODES = [(member, mode) for member in MEMBERS for mode in ("sync", "async") if (member, mode) != ("presidio", "async")]
Ask = Callable[[Any, ScanRequest], ScanResult]


def sync(scanner: Any, request: ScanRequest) -> ScanResult:
    try:
        return scanner.scan(request)
    finally:
        getattr(scanner, "detector", scanner).close()


def in_loop(scanner: Any, request: ScanRequest) -> ScanResult:
    return asyncio.run(scanner.ascan(request))


@pytest.fixture(scope="module")
def certificates() -> ssl.SSLContext:
    return httpx.create_ssl_context()


@pytest.fixture(params=MODES, ids="-".join)
def asked(request: pytest.FixtureRequest) -> tuple[Member, Ask]:
    name, mode = request.param
    return MEMBERS[name], sync if mode == "sync" else in_loop


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch, certificates: ssl.SSLContext) -> None:
    monkeypatch.setattr("lc_guard._http.client._BACKOFF", wait_none())
    monkeypatch.setattr(httpx, "create_ssl_context", lambda: certificates)  # 20 ms for each scanner otherwise


@pytest.fixture(autouse=True)
def log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """Whatever a test does: neither text nor key in the log, at any level."""
    caplog.set_level(logging.DEBUG)
    for name in ("httpx", "httpcore"):
        caplog.set_level(logging.DEBUG, logger=name)
    yield caplog
    for record in caplog.get_records("call"):
        assert CANARY not in record.getMessage()
        assert KEY not in record.getMessage()
        assert not record.name.startswith("httpx")


def made(member: Member, server: HostedServer, **options: Any) -> Any:
    return member.make(**{"base_url": server.url, "api_key": KEY, "attempts": 3, **options})


def failure(scanner: Any, ask: Ask, request: ScanRequest | None = None) -> Exception:
    """What a scan raised: of our kind, with nothing of the request in it, nor in what it came from."""
    with pytest.raises((ServiceError, ScannerTimeout, DetectorError)) as raised:
        ask(scanner, request or ScanRequest(BENIGN))
    error = raised.value
    seen: list[BaseException | None] = [error, error.__cause__, error.__context__]
    for item in seen:
        told = f"{item!r} {item!s}"
        assert CANARY not in told
        assert KEY not in told
    assert not isinstance(error.__context__, httpx.HTTPError)
    assert CANARY not in "".join(traceback.format_exception(error))
    return error


def test_ok_and_flagged(asked: tuple[Member, Ask]) -> None:
    member, ask = asked
    with member.server() as server:
        scanner = made(member, server)
        fine = ask(scanner, ScanRequest(BENIGN))
        assert fine.valid
        assert fine.risk_score < 0.5
        flagged = ask(scanner, ScanRequest(f"{BENIGN} Hate {member.flagged}"))
        assert not flagged.valid
        assert flagged.risk_score > 0.5
        assert ask(scanner, ScanRequest(" \n")).valid  # nothing to judge: nothing sent
        assert not server.refused
        assert all(CANARY not in request.path for request in server.requests)
        assert all(CANARY.encode() in request.raw for request in server.requests)


def test_a_wrong_key_names_the_variable(asked: tuple[Member, Ask]) -> None:
    member, ask = asked
    with member.server() as server:
        error = failure(made(member, server, api_key="wrong"), ask)
        assert member.variable in str(error)
        assert "401" in str(error)
        assert len(server.refused) == 1  # it would not get better
    with member.server(always=hosted.status(403)) as server:
        assert member.variable in str(failure(made(member, server), ask))


PASSING = [
    hosted.status(429, Retry_After="0"),
    hosted.status(500),
    hosted.status(503, Retry_After="soon"),
    hosted.cut,
    hosted.hang_up,
]


def test_what_passes_is_tried_again(asked: tuple[Member, Ask]) -> None:
    member, ask = asked
    with member.server() as server:
        scanner = made(member, server)
        for fault in PASSING:
            server.faults = [fault, fault]
            server.requests.clear()
            assert ask(scanner, ScanRequest(BENIGN)).valid
            assert len(server.requests) >= 3
            assert server.requests[0].raw == server.requests[2].raw


def test_what_stays_is_an_error(asked: tuple[Member, Ask]) -> None:
    member, ask = asked
    with member.server() as server:
        scanner = made(member, server)
        for number, fault in enumerate(PASSING, 1):
            server.always = fault
            error = failure(scanner, ask)
            assert isinstance(error, ServiceError | DetectorError)
            assert len(server.requests) == 3 * number


UNREADABLE = [
    hosted.page,
    hosted.lying_page,
    hosted.mislabelled,
    hosted.nothing,
    hosted.zipped,
    hosted.status(302, Location="http://127.0.0.1:9/elsewhere"),
    hosted.status(307, Location="/v2/guard"),
    *map(hosted.status, (204, 400, 404, 422)),
    *map(hosted.value, (None, "yes", 1, {}, {"error": "no"}, float("nan"), [{}], [None])),
]


def test_what_can_not_be_read_is_an_error_at_once(asked: tuple[Member, Ask]) -> None:
    member, ask = asked
    with member.server() as server:
        scanner = made(member, server)
        for number, fault in enumerate(UNREADABLE, 1):
            server.always = fault
            failure(scanner, ask)
            assert len(server.requests) == number


def test_a_body_without_end_is_not_read(asked: tuple[Member, Ask]) -> None:
    member, ask = asked
    with member.server(always=hosted.huge) as server:
        error = failure(made(member, server), ask)
        assert "is longer than" in str(error)
    assert server.written < 40_000_000  # what the system's buffers take


@pytest.mark.parametrize("fault", [hosted.silence, hosted.dripping], ids=["silent", "dripping"])
def test_the_deadline_ends_it(asked: tuple[Member, Ask], fault: Fault) -> None:
    member, ask = asked
    with member.server(always=fault) as server:
        started = time.monotonic()
        if member.make in (Detecting, Remote):
            error = failure(made(member, server, timeout=0.3), ask)
            assert isinstance(error, DetectorTimeout)
        else:
            request = ScanRequest(BENIGN, deadline=time.monotonic() + 0.3)
            assert isinstance(failure(made(member, server), ask, request), ScannerTimeout)
            assert isinstance(failure(made(member, server, timeout=0.1), ask), ScannerTimeout)
        assert time.monotonic() - started < 5


def test_a_long_pause_is_not_waited_for(asked: tuple[Member, Ask]) -> None:
    member, ask = asked
    with member.server(always=hosted.status(429, Retry_After="3600")) as server:
        started = time.monotonic()
        assert "429" in str(failure(made(member, server), ask))
        assert time.monotonic() - started < 5
        assert len(server.requests) == 1


def test_no_server_at_all(asked: tuple[Member, Ask]) -> None:
    member, ask = asked
    with member.server() as server:
        scanner = made(member, server)
    assert "can't be reached" in str(failure(scanner, ask))


def test_long_texts_go_in_pieces_or_whole(asked: tuple[Member, Ask]) -> None:
    member, ask = asked
    words = "word " * 9_000
    with member.server() as server:
        scanner = made(member, server)
        assert ask(scanner, ScanRequest(words)).valid
        count = len(server.requests)
        assert (count > 1) == member.splits
        for place in (0, len(words) // 2, len(words)):
            text = f"{words[:place]} Hate {member.flagged} {words[place:]}"
            assert not ask(scanner, ScanRequest(text)).valid
        assert not server.refused


def test_awkward_texts(asked: tuple[Member, Ask]) -> None:
    member, ask = asked
    with member.server() as server:
        scanner = made(member, server)
        for text in ("\ud800 lone", "nul \x00", "🦓" * 12_000, "王" * 25_000, "\u202eevil", "e\u0301 " * 6000):
            assert ask(scanner, ScanRequest(text)).valid
        assert not server.refused


@pytest.mark.parametrize("name", MEMBERS)
def test_threads_share_it(name: str) -> None:
    member = MEMBERS[name]
    with member.server() as server:
        scanner = made(member, server)

        def ask(number: int) -> bool:
            return scanner.scan(
                ScanRequest(f"number {number} " + (f"Hate {member.flagged}" if number % 2 else "ok"))
            ).valid

        with ThreadPoolExecutor(16) as pool:
            assert list(pool.map(ask, range(64))) == [number % 2 == 0 for number in range(64)]
        assert all("Cookie" not in request.headers for request in server.requests)
        getattr(scanner, "detector", scanner).close()


@pytest.mark.parametrize("name", AWAITED)
def test_tasks_share_it_and_loops_follow_each_other(name: str) -> None:
    member = AWAITED[name]

    async def crowd() -> list[bool]:
        texts = [f"number {number} " + (f"Hate {member.flagged}" if number % 2 else "ok") for number in range(32)]
        results = await asyncio.gather(*(scanner.ascan(ScanRequest(text)) for text in texts))
        return [result.valid for result in results]

    with member.server() as server:
        scanner = made(member, server)
        for _ in range(3):
            assert asyncio.run(crowd()) == [number % 2 == 0 for number in range(32)]
        assert all("Cookie" not in request.headers for request in server.requests)


@pytest.mark.parametrize("name", AWAITED)
async def test_the_loop_is_not_blocked(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded_in = []

    def load() -> ssl.SSLContext:
        loaded_in.append(threading.current_thread())
        return CREATE_SSL_CONTEXT()

    monkeypatch.setattr(httpx, "create_ssl_context", load)
    member = AWAITED[name]
    with member.server(hosted.status(500)) as server:
        scanner = made(member, server)
        with blockbuster_ctx():
            assert (await scanner.ascan(ScanRequest(BENIGN))).valid
        await scanner.aclose()
    assert threading.current_thread() not in loaded_in  # C code that reads files: blockbuster does not see it
    assert loaded_in


@pytest.fixture
def collected() -> None:
    """Nothing is left of earlier tests of the process: their unclosed files would be told of in this one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.mark.usefixtures("collected")
@pytest.mark.filterwarnings("error::ResourceWarning")
@pytest.mark.parametrize("name", AWAITED)
async def test_a_cancelled_scan_leaves_nothing(name: str) -> None:
    member = AWAITED[name]
    with member.server(always=hosted.silence) as server:
        scanner = made(member, server)
        before, tasks = threading.enumerate(), asyncio.all_tasks()
        scan = asyncio.create_task(scanner.ascan(ScanRequest(BENIGN)))
        await asyncio.to_thread(server.arrived.wait, 5)
        client, _ = scanner_clients(scanner)[asyncio.get_running_loop()]
        scan.cancel()
        with pytest.raises(asyncio.CancelledError):
            await scan
        assert asyncio.all_tasks() == tasks
        assert client._transport._pool.connections == []
        server.closing.set()
        await scanner.aclose()
        assert scanner_clients(scanner) == {}
        assert client.is_closed
        # besides the server's own, and the pool that read the certificates
        begun = [thread.name for thread in threading.enumerate() if thread not in before]
        assert [name for name in begun if "lc-guard" in name] == []
        assert len(begun) <= 3
    gc.collect()


def scanner_clients(scanner: Any) -> Any:
    return getattr(scanner, "_service", getattr(scanner, "_runner", None))._clients._lives


@pytest.mark.usefixtures("collected")
@pytest.mark.filterwarnings("error::ResourceWarning")
def test_a_loop_that_ends_closes_its_connections() -> None:
    with hosted.LakeraServer() as server:
        scanner = made(MEMBERS["lakera"], server)
        clients = []

        async def ask(scanner: Any) -> None:
            await scanner.ascan(ScanRequest(BENIGN))
            clients.append(scanner_clients(scanner)[asyncio.get_running_loop()][0])
            assert not clients[-1].is_closed

        asyncio.run(ask(scanner))
        asyncio.run(ask(scanner))
        assert all(client.is_closed for client in clients)
        assert len(scanner_clients(scanner)) == 1  # loops that are gone are forgotten
        del scanner
        gc.collect()


@pytest.mark.usefixtures("collected")
@pytest.mark.filterwarnings("error::ResourceWarning")
async def test_a_scanner_that_is_dropped_closes_its_connections() -> None:
    with hosted.LakeraServer() as server:
        scanner = made(MEMBERS["lakera"], server)
        await scanner.ascan(ScanRequest(BENIGN))
        await asyncio.to_thread(scanner.scan, ScanRequest(BENIGN))
        client = scanner_clients(scanner)[asyncio.get_running_loop()][0]
        pool = scanner._service._clients._client
        del scanner
        for _ in range(1_000):  # the thread that asked may hold it for a moment longer
            gc.collect()
            if pool.is_closed and client.is_closed:
                break
            await asyncio.sleep(0.01)
        assert pool.is_closed
        assert client.is_closed


@pytest.mark.parametrize("name", SCANNERS)
async def test_given_clients_are_used_and_left_open(name: str) -> None:
    member = SCANNERS[name]
    with member.server() as server, httpx.Client() as client:
        async with httpx.AsyncClient(follow_redirects=True) as async_client:
            scanner = made(member, server, client=client, async_client=async_client)
            assert (await scanner.ascan(ScanRequest(BENIGN))).valid
            assert (await asyncio.to_thread(scanner.scan, ScanRequest(BENIGN))).valid
            await scanner.aclose()
            assert not client.is_closed
            assert not async_client.is_closed
            server.always = hosted.status(302, Location="/elsewhere")
            with pytest.raises(ServiceError, match="redirect"):
                await scanner.ascan(ScanRequest(BENIGN))


@pytest.mark.parametrize("name", MEMBERS)
def test_keys(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    member = MEMBERS[name]
    for variable in ("LAKERA_API_KEY", "LAKERA_GUARD_API_KEY", member.variable):
        monkeypatch.delenv(variable, raising=False)
    with member.server() as server:
        if name in {"nemo", "llm_guard", "presidio", "remote"}:
            failure(made(member, server, api_key=None), sync)  # none is sent
        else:
            with pytest.raises(GuardError, match=member.variable):
                made(member, server, api_key=None)
        monkeypatch.setenv(member.variable, f"{KEY}\n")
        scanner = made(member, server, api_key=None)
        assert sync(scanner, ScanRequest(BENIGN)).valid
        assert KEY not in repr(scanner)
        assert KEY not in repr(vars(scanner))
        with pytest.raises(GuardError, match="no header takes") as raised:
            made(member, server, api_key=f"{KEY}\nX-Other: 1")
        assert KEY not in str(raised.value)


@pytest.mark.parametrize(
    "url", ["", "ftp://host", "host", "https://user:pw@host", "https://h?x=1", "https://h:x", "http:// h"]
)
@pytest.mark.parametrize("name", MEMBERS)
def test_bad_addresses(name: str, url: str) -> None:
    if name == "azure" and not url:
        with pytest.raises(GuardError, match="CONTENT_SAFETY_ENDPOINT"):
            MEMBERS[name].make(base_url=url, api_key=KEY)
        return
    with pytest.raises(GuardError, match="base_url") as raised:
        MEMBERS[name].make(base_url=url, api_key=KEY)
    assert "pw" not in str(raised.value).replace("password", "")


@pytest.mark.parametrize("name", SCANNERS)
@pytest.mark.parametrize(
    "option", [{"timeout": 0}, {"attempts": 0}, {"sees": "all"}, {"stages": "prompt"}, {"stages": ["x"]}]
)
def test_bad_options(name: str, option: dict[str, Any]) -> None:
    with pytest.raises(GuardError):
        SCANNERS[name].make(**{"base_url": "http://h", "api_key": KEY, **option})


@pytest.mark.parametrize("name", SCANNERS)
def test_what_it_says_of_itself(name: str) -> None:
    scanner = SCANNERS[name].make(
        base_url="https://guard.example:8443/x/", api_key=KEY, name="mine", stages=["document"]
    )
    assert isinstance(scanner, Scanner)
    assert (scanner.name, scanner.cost, scanner.sees, scanner.stages) == ("mine", "remote", "hidden", ("document",))
    assert scanner.details["host"] == "guard.example:8443"
    assert repr(scanner).startswith(f"{type(scanner).__name__}(")
    other = SCANNERS[name].make(base_url="https://h", api_key=KEY, sees="original")
    assert other.sees == "original"
    assert not hasattr(other, "stages")  # those of the list it stands in


@pytest.mark.parametrize("stage", ["prompt", "output", "tool_call", "tool_result", "document"])
@pytest.mark.parametrize("name", SCANNERS)
def test_all_stages(name: str, stage: Any) -> None:
    turns = (Turn("system", "Be kind."), Turn("user", "Hello"), Turn("assistant", "Hi"), Turn("tool", "42"))
    with SCANNERS[name].server() as server:
        scanner = made(SCANNERS[name], server)
        for text, valid in ((BENIGN, True), (f"Hate {ATTACK}", False)):
            request = ScanRequest(text, stage=stage, prompt="What is it?", turns=turns)
            assert scanner.scan(request).valid is valid
        assert not server.refused
        scanner.close()


def test_entities_of_presidio_are_of_the_whole_text() -> None:
    with hosted.PresidioServer() as server:
        detector = PresidioAnalyzer(server.url, api_key=KEY)
        text = "🦓 word " * 3_000 + "jane@example.org" + " word" * 3_000 + " zoe@example.org"
        found = detector.detect(text)
        assert [text[entity.start : entity.end] for entity in found] == ["jane@example.org", "zoe@example.org"]
        batch = detector.detect_batch([text, "", "nobody", "a@b.org"])
        assert batch == [found, [], [], [Entity("EMAIL_ADDRESS", 0, 7, 1.0)]]
        server.always = hosted.status(400)
        with pytest.raises(DetectorError):
            detector.detect_batch(["a", "b", "c", "d", "e"])
        assert detector.detect_batch([]) == []
        detector.close()
