"""The service as its clients see it: what it answers, what it refuses, how it batches, and that nothing is told."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, ClassVar

import httpx
import pytest

from lc_guard import Guard
from lc_guard.detectors import PresidioAnalyzer, RemoteDetector, part_done
from lc_guard.errors import DetectorError, DetectorTimeout, GuardError
from lc_guard.records import Entity
from lc_guard.serve import create_app
from lc_guard.testing import DetectorContract, ExactDetector
from tests.serve.served import Served
from tests.support.pages import blocks

CANARY = "Zebulon Quartermain"
TEXT = f"{CANARY} wrote to zq@example.org."
FOUND = [{"analysis_explanation": None, "end": 19, "entity_type": "PERSON", "score": 1.0, "start": 0}]
GUIDE = Path(__file__).parents[2] / "docs/guides/serve.md"
TOKEN = "t0ken-0f-the-service"


class Noted(ExactDetector):
    """Notes the batches it is given; waits at a text until it is let go, fails at another."""

    def __init__(self) -> None:
        super().__init__({"PERSON": [CANARY]})
        self.batches: list[list[str]] = []
        self.held, self.let_go = threading.Event(), threading.Event()

    def detect_batch(self, texts: Sequence[str]) -> list[list[Entity]]:
        self.batches.append(list(texts))
        if "hold" in texts:
            self.held.set()
            self.let_go.wait(20)
        if any("poison" in text for text in texts):
            raise RuntimeError(f"can't read {texts}")
        return [self.detect(text) for text in texts]


@pytest.fixture(autouse=True)
def log(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Whatever a test does: no text in the log, at any level."""
    caplog.set_level(logging.DEBUG)
    yield
    assert not [record for record in caplog.get_records("call") if CANARY in record.getMessage() or record.exc_info]


@asynccontextmanager
async def asked(detector: Any = None, **options: Any) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(Noted() if detector is None else detector, **options)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service") as client,
    ):
        yield client


async def analyze(client: httpx.AsyncClient, **fields: Any) -> tuple[int, Any]:
    reply = await client.post("/analyze", json=fields)
    assert CANARY not in reply.text
    return reply.status_code, reply.json()


async def test_it_answers_in_presidios_form() -> None:
    async with asked(kinds=["PERSON", "URL"], languages=["en", "de"]) as client:
        assert await analyze(client, text=TEXT, language="en") == (200, FOUND)
        assert await analyze(client, text=[TEXT, "nobody", ""], language="de") == (200, [FOUND, [], []])
        assert await analyze(client, text="") == (200, [])
        assert await analyze(client, text=[]) == (200, [])
        assert (await client.get("/recognizers?language=en")).json() == ["exact"]
        assert (await client.get("/supportedentities")).json() == ["PERSON", "URL"]
        health = await client.get("/health")
        assert (health.status_code, health.headers["Content-Type"]) == (200, "text/plain; charset=utf-8")


async def test_what_is_asked_for_is_given() -> None:
    async with asked(kinds=["PERSON", "URL"]) as client:
        for fields, found in (
            ({"entities": ["PERSON", "UK_NHS"]}, FOUND),
            ({"entities": ["per"]}, FOUND),  # other words for a kind
            ({"entities": []}, FOUND),
            ({"entities": ["URL"]}, []),
            ({"score_threshold": 1}, FOUND),
            ({"allow_list": ["Zebulon"]}, FOUND),
            ({"allow_list": [CANARY], "allow_list_match": "exact"}, []),
            ({"correlation_id": CANARY, "return_decision_process": True, "trace": False, "context": []}, FOUND),
        ):
            assert await analyze(client, text=TEXT, language="en", **fields) == (200, found), fields
    async with asked(ExactDetector({"PERSON": [CANARY]}, score=0.4)) as client:
        assert await analyze(client, text=TEXT, score_threshold=0.5) == (200, [])


BAD = [
    *({"text": text} for text in (None, 1, {"a": CANARY}, [CANARY, 1])),
    *({"text": TEXT, "language": language} for language in ("xx", 1, CANARY)),
    *({"text": TEXT, "entities": entities} for entities in ("PERSON", [1], [CANARY])),
    *({"text": TEXT, "score_threshold": score} for score in (2, "0.5", True, -1)),
    {"text": TEXT, "allow_list": CANARY},
    {"text": TEXT, "allow_list": ["a"], "allow_list_match": "regex"},
    # less would be hidden than the client thinks
    {"text": TEXT, "ad_hoc_recognizers": [{"name": "zip"}]},
    {"text": TEXT, "context": [CANARY]},
]


async def test_what_can_not_be_answered_is_refused() -> None:
    async with asked(kinds=["PERSON"], languages=["en"]) as client:
        for fields in BAD:
            status, reply = await analyze(client, **fields)
            assert status == 400, fields
            assert set(reply) == {"error"}
        for body in (b"", b"no JSON", b"[]", b"null", b"[" * 100_000, b"\xff"):
            assert (
                await client.post("/analyze", content=body, headers={"Content-Type": "application/json"})
            ).status_code == 400
        form = await client.post("/analyze", content=json.dumps({"text": TEXT}), headers={"Content-Type": "text/plain"})
        assert form.status_code == 415
        assert (await client.get("/analyze")).status_code == 405
        assert (await client.post("/anonymize", json={})).status_code == 404


async def test_a_long_body_is_refused_before_it_is_read() -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(1_000):
            sent += 100
            yield b" " * 100

    async with asked(max_body=1_000) as client:
        assert (await analyze(client, text="a" * 1_000))[0] == 413
        reply = await client.post("/analyze", content=endless(), headers={"Content-Type": "application/json"})
        assert reply.status_code == 413
        assert sent < 3_000


async def test_the_token_is_asked_for() -> None:
    async with asked(token=TOKEN) as client:
        for given in ({}, {"Authorization": TOKEN}, {"Authorization": f"Basic {TOKEN}"}, {"Authorization": "Bearer x"}):
            for method, path in (("POST", "/analyze"), ("GET", "/recognizers"), ("GET", "/supportedentities")):
                reply = await client.request(method, path, json={"text": TEXT}, headers=given)
                assert reply.status_code == 401
        reply = await client.post("/analyze", json={"text": TEXT}, headers={"Authorization": f"bearer  {TOKEN}"})
        assert reply.json() == FOUND
        assert (await client.get("/health")).status_code == 200
    for wrong in ("a b", "ключ", "a\n"):
        with pytest.raises(GuardError):
            create_app(Noted(), token=wrong)


async def test_requests_that_wait_are_answered_in_one_batch() -> None:
    detector = Noted()
    async with asked(detector, threads=1) as client:
        first = asyncio.create_task(analyze(client, text="hold"))
        await asyncio.to_thread(detector.held.wait, 10)
        others = [asyncio.create_task(analyze(client, text=f"{number % 5} {TEXT}")) for number in range(20)]
        await asyncio.sleep(0.1)  # each has come to the queue
        detector.let_go.set()
        for number, (status, found) in enumerate(await asyncio.gather(*others)):
            assert (status, found[0]["start"]) == (200, 2), number
        assert await first == (200, [])
    assert list(map(len, detector.batches)) == [1, 5]  # each different text once


async def test_a_text_that_fails_its_batch_fails_alone() -> None:
    detector = Noted()
    async with asked(detector, threads=1) as client:
        first = asyncio.create_task(analyze(client, text="hold"))
        await asyncio.to_thread(detector.held.wait, 10)
        texts = [TEXT, f"poison {CANARY}", f"! {TEXT}"]
        others = [asyncio.create_task(analyze(client, text=text)) for text in texts]
        await asyncio.sleep(0.1)
        detector.let_go.set()
        fine, failed, also = await asyncio.gather(*others)
        assert (fine, also[0]) == ((200, FOUND), 200)
        assert failed == (500, {"error": "detection failed (RuntimeError)"})
        assert (await first)[0] == 200


async def test_what_is_too_much_is_refused_and_what_is_late_is_told() -> None:
    detector = Noted()
    async with asked(detector, threads=1, max_waiting=100, timeout=1.5) as client:
        first = asyncio.create_task(analyze(client, text="hold"))
        await asyncio.to_thread(detector.held.wait, 10)
        waiting = asyncio.create_task(analyze(client, text="a" * 90))
        await asyncio.sleep(0.05)
        refused = await client.post("/analyze", json={"text": "b" * 20})
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
        assert await first == await waiting == (408, {"error": "no answer in time"})
        detector.let_go.set()
        assert await analyze(client, text="c" * 200) == (200, [])  # nothing waits: what is too long by itself is taken
    assert "a" * 90 not in [text for batch in detector.batches for text in batch]  # nobody waited for it any longer


class InParts:
    """Works in parts for a while; at a long text until nobody waits for it."""

    def __init__(self) -> None:
        self.begun, self.ended = threading.Event(), threading.Event()

    def detect(self, text: str) -> list[Entity]:
        self.begun.set()
        try:
            end = time.monotonic() + (30 if len(text) > 100 else 1.5)
            while time.monotonic() < end:
                time.sleep(0.01)
                part_done()
            return []
        finally:
            self.ended.set()


async def test_each_part_of_a_long_text_has_the_time_and_no_part_is_done_for_nobody() -> None:
    detector = InParts()
    async with asked(detector, threads=1, timeout=1.0) as client:
        assert await analyze(client, text="short") == (200, [])
        detector.begun.clear()
        detector.ended.clear()
        late = asyncio.create_task(analyze(client, text="long" * 100))
        assert await asyncio.to_thread(detector.begun.wait, 10)
        behind = asyncio.create_task(analyze(client, text="short"))
        assert await behind == (408, {"error": "no answer in time"})
        late.cancel()
        assert await asyncio.to_thread(detector.ended.wait, 10)


class Broken:
    """Gives an entity outside its text."""

    def detect(self, text: str) -> list[Entity]:
        return [Entity("PERSON", 0, len(text) + 1)]


async def test_an_answer_that_is_none_is_an_error() -> None:
    async with asked(Broken()) as client:
        assert await analyze(client, text=TEXT) == (500, {"error": "detection failed (DetectorError)"})


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    detector = ExactDetector({"PERSON": ["Jane Doe", CANARY, "王"], "EMAIL_ADDRESS": ["jane@example.org"]})
    with Served(detector, token=TOKEN) as served:
        yield served.url


class TestRemoteDetector(DetectorContract):
    """The contract of detectors, over the wire."""

    examples: ClassVar = {"Jane Doe met 王 😀 Jane Doe.": ["Jane Doe", "王"]}
    url = ""

    @pytest.fixture(autouse=True)
    def _served(self, url: str) -> None:
        type(self).url = url

    def make_detector(self) -> RemoteDetector:
        return RemoteDetector(self.url, api_key=TOKEN)


def test_presidios_client_is_answered(url: str) -> None:
    detector = PresidioAnalyzer(url, api_key=TOKEN, entities=["PERSON"], score_threshold=0.2)
    assert detector.detect(f"😀 {TEXT}") == [Entity("PERSON", 2, 21, 1.0)]
    assert detector.detect_batch([TEXT, "nobody"]) == [[Entity("PERSON", 0, 19, 1.0)], []]
    detector.close()


def test_the_guide_is_run(url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("LC_GUARD_SERVE_TOKEN", TOKEN)
    asks, builds = blocks(GUIDE.read_text(encoding="utf-8"))
    exec(asks.replace("http://127.0.0.1:5002", url), {})
    assert capsys.readouterr().out == "[REDACTED_PERSON_1] wrote to [REDACTED_EMAIL_ADDRESS_1].\n"
    assert capsys.readouterr().out in asks
    names: dict[str, Any] = {}
    exec(builds, names)
    assert callable(names["app"])


def test_no_token_and_no_service_let_nothing_pass(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DetectorError, match="LC_GUARD_SERVE_TOKEN"):
        RemoteDetector(url).detect(TEXT)
    monkeypatch.setenv("LC_GUARD_SERVE_TOKEN", TOKEN)
    assert RemoteDetector(url).detect(TEXT) == [Entity("PERSON", 0, 19, 1.0)]
    gone = RemoteDetector("http://127.0.0.1:9", attempts=1)
    with pytest.raises(DetectorError, match="can't be reached"):
        gone.detect(TEXT)
    with pytest.raises(GuardError, match="could not be done"):
        Guard(gone).session("s").anonymize(TEXT)


async def test_a_guard_on_a_loop_waits_in_no_thread(url: str) -> None:
    detector = RemoteDetector(url, api_key=TOKEN)
    guard = Guard(detector, cache_size=0)
    await guard.session("warm").aanonymize("warm")
    before = threading.active_count()
    most = 0

    async def hide(number: int) -> str:
        nonlocal most
        hidden = await guard.session(f"s{number}").aanonymize(f"{number}: {TEXT}")
        most = max(most, threading.active_count())
        return hidden

    hidden = await asyncio.gather(*(hide(number) for number in range(50)))
    assert [text.partition(" wrote")[0] for text in hidden] == [f"{n}: [REDACTED_PERSON_1]" for n in range(50)]
    assert most <= before + 2
    assert (await detector.adetect(TEXT))[0].end == 19
    await detector.aclose()


async def test_a_late_service_is_a_timeout() -> None:
    detector = Noted()
    with Served(detector) as served:
        remote = RemoteDetector(served.url, timeout=0.3)
        with pytest.raises(DetectorTimeout):
            remote.detect("hold")
        with pytest.raises(DetectorTimeout):
            await remote.adetect("hold")
        detector.let_go.set()
        await remote.aclose()


def test_many_texts_go_in_several_requests_each_text_once_and_whole() -> None:
    detector = Noted()
    with Served(detector, max_waiting=10**6) as served:
        remote = RemoteDetector(served.url, max_characters=100)
        texts = [TEXT, "a" * 90, " ", TEXT, "b" * 300, ""]
        assert [len(found) for found in remote.detect_batch(texts)] == [1, 0, 0, 1, 0, 0]
        remote.close()
    assert detector.batches == [[TEXT], ["a" * 90], ["b" * 300]]


def test_the_service_ends_when_its_work_is_done() -> None:
    detector = Noted()
    served = Served(detector)
    remote = RemoteDetector(served.url)
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.extend(remote.detect_batch(["hold", TEXT])))
    thread.start()
    assert detector.held.wait(10)
    served.stop()
    detector.let_go.set()
    thread.join(10)
    served.join()
    assert [len(entities) for entities in found] == [0, 1]
    with pytest.raises(DetectorError):
        RemoteDetector(served.url, attempts=1).detect(TEXT)
