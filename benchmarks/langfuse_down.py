"""What a Langfuse that hangs, refuses, or is not there adds to a guarded chain, next to the chain without a handler."""

from __future__ import annotations

import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from benchmarks.table import Row, show, told

SITUATIONS = ("hangs", "answers 503", "is not there")
TEXT = "Jane Doe of jane.doe@example.com asked what was said on the day in question. " * 5


def run(*, calls: int = 60, answer_after: float = 0.5) -> list[Row]:
    """Measure the 95th percentile of a call whose model answers after some seconds; all situations at the same time."""
    with ExitStack() as stack:
        urls = ["", *(stack.enter_context(_langfuse(situation)) for situation in SITUATIONS)]
        children = [stack.enter_context(_child(url, calls, answer_after)) for url in urls]
        for child in children:
            child.stdout.readline()  # it is warm
        for child in children:
            child.stdin.write("go\n")
            child.stdin.flush()
        without, *others = (float(child.stdout.readline()) for child in children)
    return [
        Row(
            f"Call, 95th percentile, Langfuse {situation}",
            told(p95),
            f"no handler {told(without)}",
            p95 / without,
            1.05,
        )
        for situation, p95 in zip(SITUATIONS, others, strict=True)
    ]


def measure(url: str, calls: int, answer_after: float) -> None:
    """Be a child: warm up, wait for a line, call, and print the percentile in seconds."""
    from langchain_core.language_models import FakeListChatModel
    from langchain_core.output_parsers import StrOutputParser

    from lc_guard import Anonymize, Deanonymize, Guard
    from lc_guard.detectors import PatternDetector

    callbacks: list[Any] = []
    if url:
        from langfuse import Langfuse

        from lc_guard.langfuse import CallbackHandler

        Langfuse(public_key="pk-lf-benchmark", secret_key="sk-lf-benchmark", base_url=url)
        callbacks.append(CallbackHandler())
    guard = Guard(PatternDetector())
    model = FakeListChatModel(responses=["It was said that [REDACTED_EMAIL_ADDRESS_1] asked."], sleep=answer_after)
    chain = Anonymize(guard) | model | StrOutputParser() | Deanonymize(guard)

    def call(number: int) -> float:
        started = time.perf_counter()
        chain.invoke(f"{number} {TEXT}", {"configurable": {"session_id": "s"}, "callbacks": callbacks})
        return time.perf_counter() - started

    for number in range(3):
        call(-number)
    print("warm", flush=True)
    sys.stdin.readline()
    print(_p95([call(number) for number in range(calls)]), flush=True)


def _p95(seconds: Sequence[float]) -> float:
    return statistics.quantiles(seconds, n=20, method="inclusive")[-1]


@contextmanager
def _child(*arguments: object) -> Iterator[Any]:
    command = [sys.executable, "-m", "benchmarks.langfuse_down", *map(str, arguments)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()  # its end would wait for Langfuse


@contextmanager
def _langfuse(situation: str) -> Iterator[str]:
    if situation == "answers 503":
        server = ThreadingHTTPServer(("127.0.0.1", 0), _Refusing)
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        server.server_close()
        thread.join()
        return
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        if situation == "hangs":
            listening.listen(100)  # connections are taken, and never answered
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


class _Refusing(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_error(503)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Stay silent."""


if __name__ == "__main__":
    if len(sys.argv) == 4:
        measure(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
    else:
        show(run())
