"""What `protect(model)` adds to a streamed answer, next to the bare model on the same loopback server."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from typing import Any

from benchmarks.streaming import TEXT
from benchmarks.table import Row, text, told
from lc_guard import Guard, protect
from tests.support.openai_server import OpenAIServer

QUESTION = "What was said on the day in question?"


def run(*, words: int = 400, repeats: int = 25) -> list[Row]:
    """Measure a streamed answer of some words, a token each, without detectors."""
    from langchain_openai import ChatOpenAI

    answer = (TEXT * (words // len(TEXT.split()) + 1))[: words * 5]
    with OpenAIServer(lambda _: answer, chunk_size=5) as server:
        model = ChatOpenAI(model="gpt-4o", base_url=server.base_url, api_key=server.api_key, max_retries=0)
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
        Row("Stream, tokens per second", f"{rate:,.0f}", f"{others_rate:,.0f}", others_rate / rate, 1.05),
    ]


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
    print(text(run()))
