"""``lc-guard serve`` at many clients, beside the same detector in this process and beside Presidio's server.

All in one run, on the same texts. Presidio's is `benchmarks.presidio_server`, with the same spaCy pipeline; it looks
for less (docs/design/detectors.md). ``PRESIDIO_PYTHON`` names the Python of another environment that has it, with
gunicorn: newer releases than this project's can be measured so. Clients of the services share the machine with them;
those of the detector are threads.
"""

from __future__ import annotations

import asyncio
import contextlib
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
    """What clients saw: the seconds of each request and of all together, and the processors' seconds that it took."""

    each: list[float]
    seconds: float
    cpu: float

    @property
    def p95(self) -> float:
        """The 95th percentile of a request in seconds."""
        return statistics.quantiles(self.each, n=20, method="inclusive")[-1]

    @property
    def rate(self) -> float:
        """Requests a second."""
        return len(self.each) / self.seconds

    @property
    def work(self) -> float:
        """The seconds of a processor for a request; what a busy machine measures as well as a quiet one."""
        return self.cpu / len(self.each)


def run(*, clients: int = 50, requests: int = 300, characters: int = 400) -> Iterator[Row]:
    """Measure so many requests, each of another text, by so many clients who ask again when they are answered."""
    transcript = files("lc_guard.demo").joinpath("transcript.txt").read_text(encoding="utf-8")
    parts = [transcript[at : at + characters] for at in range(0, len(transcript) - characters, 211)]
    texts = [f"{number}. {parts[number % len(parts)]}" for number in range(requests)]
    with _server("-m", "lc_guard", "serve", "--port", "0") as (url, process):
        ours = asyncio.run(_ask(url, process, texts, clients))
    within = _in_process(texts, clients)
    what = f"{clients} clients, {characters} characters each"
    yield from _rows(ours, within, what, "in process", (1.2, 0.9, 1.2))
    yield from tried("Service beside Presidio's", lambda: _beside_presidio(ours, texts, clients, what))


def _rows(ours: Load, other: Load, what: str, name: str, targets: tuple[float, float, float]) -> Iterator[Row]:
    what = f"Service, {what}"
    latency, rate, work = targets
    yield Row(f"{what}, 95th percentile", told(ours.p95), f"{name} {told(other.p95)}", ours.p95 / other.p95, latency)
    rates = f"{ours.rate:.0f} a second", f"{name} {other.rate:.0f} a second"
    yield Row(f"{what}, throughput", *rates, ours.rate / other.rate, rate, at_least=True)
    yield Row(
        f"{what}, a processor's time for one",
        told(ours.work),
        f"{name} {told(other.work)}",
        ours.work / other.work,
        work,
    )


def _beside_presidio(ours: Load, texts: Sequence[str], clients: int, what: str) -> Iterator[Row]:
    from lc_guard.detectors import spacy_ner

    python = os.environ.get("PRESIDIO_PYTHON", sys.executable)
    script = str(Path(__file__).with_name("presidio_server.py"))
    with _server(script, str(spacy_ner.packaged_or_official()), python=python) as (url, process):
        theirs = asyncio.run(_ask(url, process, texts, clients))
    yield from _rows(ours, theirs, what, "Presidio's", (1.0, 1.0, 1.0))


@contextmanager
def _server(*arguments: str, python: str = sys.executable) -> Iterator[tuple[str, int]]:
    """Run a server that tells its address on standard error; gives it with the server's group of processes."""
    command = [python, *arguments]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
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
            yield told_address[1], process.pid
        finally:
            process.terminate()


def _cpu(group: int) -> float:
    """Return the seconds of processors that a group of processes has used (proc(5)); 0 where nobody tells."""
    ticks = 0
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = status.read_text("ascii", "replace").rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12]) if int(fields[2]) == group else 0
    return ticks / os.sysconf("SC_CLK_TCK")


async def _ask(url: str, group: int, texts: Sequence[str], clients: int) -> Load:
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
        started, cpu = time.perf_counter(), _cpu(group)
        await asyncio.gather(*(be_a_client() for _ in range(clients)))
    return Load(each, time.perf_counter() - started, _cpu(group) - cpu)


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
    started, cpu = time.perf_counter(), time.process_time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Load(each, time.perf_counter() - started, time.process_time() - cpu)


if __name__ == "__main__":
    show(run())
