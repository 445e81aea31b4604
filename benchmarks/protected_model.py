"""What `protect(model)` adds to a streamed answer, next to the bare model on the same loopback server."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.streaming import TEXT
from benchmarks.table import Row, show, told
from lc_guard import Guard, protect

QUESTION = "What was said on the day in question?"


def run(*, words: int = 400, repeats: int = 25) -> list[Row]:
    """Measure a streamed answer of some words, a token each, without detectors."""
    from langchain_openai import ChatOpenAI

    answer = (TEXT * (words // len(TEXT.split()) + 1))[: words * 5]
    with _server(answer) as url:
        model = ChatOpenAI(model="gpt-4o", base_url=url, api_key="sk-loopback", max_retries=0)
        models = (protect(model, Guard([])), model)
        timings: tuple[list[_Timing], ...] = ([], [])
        for _ in range(repeats + 1):  # turn by turn: what slows the machine down slows both
            for each, noted in zip(models, timings, strict=True):
                noted.append(_Timing(each.stream(QUESTION)))
    (ours, bare) = ([*noted[1:]] for noted in timings)  # the first ones open connections
    first, others_first = (statistics.median(timing.first for timing in noted) for noted in (ours, bare))
    rate, others_rate = (max(timing.rate for timing in noted) for noted in (ours, bare))
    later = ours[0].empty - bare[0].empty
    return [
        Row("Stream, empty chunks before the first text", str(ours[0].empty), str(bare[0].empty), later, 1, unit=""),
        Row(
            "Stream, time to the first text",
            told(first),
            told(others_first),
            (first - others_first) * 1e3,
            2,
            unit="ms",
        ),
        Row("Stream, tokens per second", f"{rate:,.0f}", f"{others_rate:,.0f}", others_rate / rate, 1.02),
    ]


@contextmanager
def _server(answer: str) -> Iterator[str]:
    """Run the loopback server in a process of its own, as a provider does: it shares no lock with the client."""
    code = (
        "import sys; from tests.support.openai_server import OpenAIServer\n"
        "with OpenAIServer(lambda _: sys.argv[1], chunk_size=5) as server:\n"
        "    print(server.base_url, flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, answer]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.communicate("")  # the end of its input ends it


class _Timing:
    """Reads a stream to its end.

    Attributes:
        first: Seconds to the first text.
        empty: Chunks without text before it.
        rate: Chunks per second from the first text on.
    """

    def __init__(self, stream: Iterator[Any]) -> None:
        started = time.perf_counter()
        self.first = 0.0
        self.empty = count = 0
        for chunk in stream:
            count += 1
            if not self.first:
                if chunk.content:
                    self.first = time.perf_counter() - started
                else:
                    self.empty += 1
        self.rate = (count - self.empty - 1) / (time.perf_counter() - started - self.first)


if __name__ == "__main__":
    show(run())
