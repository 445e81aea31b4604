"""What tracing costs a process that makes 1,000 guarded calls a minute: processor time, memory, spans that got lost.

A protected model behind the built-in scanners, masked traces to a Langfuse on the loopback interface that counts what
arrives; beside it the same calls with no handler. Calls come at their time, whether the one before has ended or not.
"""

from __future__ import annotations

import gzip
import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from benchmarks.table import Row, show, told

PER_MINUTE = 1_000
TEXT = "Jane Doe of jane.doe@example.com asked what was said on the day in question. " * 5
WARM = 20


def run(*, calls: int = 1_000) -> list[Row]:
    """Measure calls with full traces, with the clean stages left out, and without a handler, at the same time."""
    with _langfuse() as (full, url), _langfuse() as (sampled, other):
        children = [_child(where, calls, share) for where, share in ((url, 1.0), (other, 0.0), ("", 1.0))]
        whole, clean, without = [json.loads(child.communicate()[0]) for child in children]
    seconds = calls * 60 / PER_MINUTE
    lost = whole["spans"] - full.spans + clean["spans"] - sampled.spans
    return [
        *(
            Row(
                f"{what}, {child['spans'] / (calls + WARM):.0f} spans each",
                f"{told(child['cpu'] / calls)} a call",
                f"no handler {told(without['cpu'] / calls)}",
                (child["cpu"] - without["cpu"]) / seconds,
                0.5,
                unit="cores",
            )
            for what, child in (
                (f"Tracing at {PER_MINUTE:,} traces a minute", whole),
                ("The same with sample_clean=0", clean),
            )
        ),
        Row(
            "The same: memory at the end, above no handler",
            f"{whole['mib']:.0f} MiB",
            f"no handler {without['mib']:.0f} MiB",
            whole["mib"] - without["mib"],
            100,
            unit="MiB",
        ),
        Row(
            "The same: spans that did not arrive",
            f"{lost:,}",
            f"of {whole['spans'] + clean['spans']:,}",
            lost,
            0,
            unit="",
        ),
    ]


def measure(url: str, calls: int, share: float) -> None:
    """Be a child: make the calls at their times, and print seconds of the processor, MiB and spans."""
    from langchain_core.language_models import FakeListChatModel

    from lc_guard import Guard, protect
    from lc_guard.detectors import PatternDetector
    from lc_guard.scanners import builtin_output_scanners, builtin_scanners

    before, after = builtin_scanners(), builtin_output_scanners()
    guard = Guard(PatternDetector(), prompt_scanners=before, output_scanners=after)
    guard.warm_up()
    callbacks: list[Any] = []
    client: Any = None
    if url:
        from langfuse import Langfuse

        from lc_guard.langfuse import CallbackHandler, mask_otel_spans

        keys = {"public_key": "pk-lf-benchmark", "secret_key": "sk-lf-benchmark"}
        client = Langfuse(**keys, base_url=url, mask_otel_spans=mask_otel_spans(guard))
        callbacks.append(CallbackHandler(guard, sample_clean=share))
    model = protect(FakeListChatModel(responses=["It was said that [REDACTED_EMAIL_ADDRESS_1] asked."]), guard)

    def call(number: int) -> None:
        session = {"session_id": f"s-{number % 50}"}
        model.invoke(f"{number} {TEXT}", {"configurable": session, "callbacks": callbacks})

    for number in range(WARM):
        call(-number)
    began, used = time.monotonic(), time.process_time()
    for number in range(calls):
        time.sleep(max(0.0, began + number * 60 / PER_MINUTE - time.monotonic()))
        call(number)
    if client is not None:
        client.flush()
    stages = 2 + len(before) + 1 + len(after) if share else 0  # with their checks, the detectors' too
    spans = (2 + stages) * (calls + WARM) if url else 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"cpu": time.process_time() - used, "mib": peak, "spans": spans}))


def _child(*arguments: object) -> Any:
    command = [sys.executable, "-m", "benchmarks.tracing", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


class _Counting(ThreadingHTTPServer):
    """A Langfuse that takes everything and counts the spans."""

    spans = 0


class _Taking(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        server: Any = self.server
        answer = b'{"message": "Accepted"}'
        if self.path.startswith("/api/public/otel"):
            request = ExportTraceServiceRequest.FromString(body)
            server.spans += sum(len(scope.spans) for each in request.resource_spans for scope in each.scope_spans)
            answer = b""
        elif self.path.startswith("/api/public/ingestion"):  # scores of SDK 4
            answer = json.dumps({"successes": [{"id": each["id"], "status": 201} for each in json.loads(body)["batch"]],
                                 "errors": []}).encode()  # fmt: skip
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def do_GET(self) -> None:
        self.send_error(404)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Stay silent."""


@contextmanager
def _langfuse() -> Iterator[tuple[_Counting, str]]:
    server = _Counting(("127.0.0.1", 0), _Taking)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


if __name__ == "__main__":
    if len(sys.argv) == 4:
        measure(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
    else:
        show(run())
