"""``lc-guard serve`` at many clients, beside the same detector in this process and beside Presidio's server.

All in one run, on the same texts. Presidio's is `benchmarks.presidio_server`, with the same spaCy pipeline; it looks
for less (docs/design/detectors.md). ``PRESIDIO_PYTHON`` names the Python of another environment that has it, with
gunicorn: newer releases than this project's can be measured so. Clients of the services share the machine with them;
those of the detector are threads.
"""

from __future__ import annotations

import asyncio
import os
import re
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from queue import SimpleQueue
from typing import Any, NamedTuple

import httpx

from benchmarks.table import Row, show, told, tried

_ADDRESS = re.compile(r"(?:serving on|Listening at:) (http://\S+)")


class Load(NamedTuple):
    """What clients saw: the seconds of each request, and of all together."""

    each: list[float]
    seconds: float

    @property
    def p95(self) -> float:
        """The 95th percentile of a request in seconds."""
        return statistics.quantiles(self.each, n=20, method="inclusive")[-1]

    @property
    def rate(self) -> float:
        """Requests a second."""
        return len(self.each) / self.seconds


def run(*, clients: int = 50, requests: int = 300, characters: int = 400) -> Iterator[Row]:
    """Measure so many requests, each of another text, by so many clients who ask again when they are answered."""
    transcript = files("lc_guard.demo").joinpath("transcript.txt").read_text(encoding="utf-8")
    parts = [transcript[at : at + characters] for at in range(0, len(transcript) - characters, 211)]
    texts = [f"{number}. {parts[number % len(parts)]}" for number in range(requests)]
    with _server("-m", "lc_guard", "serve", "--port", "0") as url:
        ours = asyncio.run(_ask(url, texts, clients))
    within = _in_process(texts, clients)
    what = f"{clients} clients, {characters} characters each"
    yield Row(
        f"Service, {what}, 95th percentile",
        told(ours.p95),
        f"in process {told(within.p95)}",
        ours.p95 / within.p95,
        1.2,
    )
    yield Row(
        f"Service, {what}, throughput",
        f"{ours.rate:.0f} a second",
        f"in process {within.rate:.0f} a second",
        ours.rate / within.rate,
        0.9,
        at_least=True,
    )
    yield from tried("Service beside Presidio's", lambda: _beside_presidio(ours, texts, clients, what))


def _beside_presidio(ours: Load, texts: Sequence[str], clients: int, what: str) -> Iterator[Row]:
    from lc_guard.detectors import spacy_ner

    python = os.environ.get("PRESIDIO_PYTHON", sys.executable)
    script = str(Path(__file__).with_name("presidio_server.py"))
    with _server(script, str(spacy_ner.packaged_or_official()), python=python) as url:
        theirs = asyncio.run(_ask(url, texts, clients))
    yield Row(
        f"Service, {what}, 95th percentile",
        told(ours.p95),
        f"Presidio's {told(theirs.p95)}",
        ours.p95 / theirs.p95,
        1.0,
    )
    yield Row(
        f"Service, {what}, throughput",
        f"{ours.rate:.0f} a second",
        f"Presidio's {theirs.rate:.0f} a second",
        ours.rate / theirs.rate,
        1.0,
        at_least=True,
    )


@contextmanager
def _server(*arguments: str, python: str = sys.executable) -> Iterator[str]:
    """Run a server that tells its address on standard error."""
    with subprocess.Popen([python, *arguments], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        said: list[str] = []
        for line in process.stderr:
            said.append(line)
            if told_address := _ADDRESS.search(line):
                break
        else:
            raise RuntimeError("".join(said[-1:]).strip())
        # what it says from now on is read by nobody, and must not fill the pipe
        threading.Thread(target=process.stderr.read, daemon=True).start()
        try:
            yield told_address[1]
        finally:
            process.terminate()


async def _ask(url: str, texts: Sequence[str], clients: int) -> Load:
    waiting, each = list(reversed(texts)), []
    limits = httpx.Limits(max_connections=clients)
    async with httpx.AsyncClient(base_url=url, timeout=120, limits=limits) as client:

        async def ask(text: str) -> float:
            started = time.perf_counter()
            reply = await client.post("/analyze", json={"text": text, "language": "en"})
            reply.raise_for_status()
            return time.perf_counter() - started

        async def be_a_client() -> None:
            while waiting:
                each.append(await ask(waiting.pop()))

        await asyncio.gather(*(ask(text) for text in texts[:clients]))  # connections, and what is loaded late
        started = time.perf_counter()
        await asyncio.gather(*(be_a_client() for _ in range(clients)))
    return Load(each, time.perf_counter() - started)


def _in_process(texts: Sequence[str], clients: int) -> Load:
    from lc_guard.detectors import default_detector

    detector: Any = default_detector()
    detector.detect(texts[0])
    return _threads(detector.detect, texts, clients)


def _threads(call: Callable[[str], object], texts: Sequence[str], clients: int) -> Load:
    waiting: SimpleQueue[str | None] = SimpleQueue()
    each: list[float] = []

    def be_a_client() -> None:
        while (text := waiting.get()) is not None:
            started = time.perf_counter()
            call(text)
            each.append(time.perf_counter() - started)

    for text in (*texts, *[None] * clients):
        waiting.put(text)
    threads = [threading.Thread(target=be_a_client) for _ in range(clients)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Load(each, time.perf_counter() - started)


if __name__ == "__main__":
    show(run())
