"""Everything arrives at a clean exit; a Langfuse that hangs, refuses or fails costs a known time and no call."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from queue import Empty
from typing import Any

import pytest

import lc_guard
from lc_guard.guard import Guard
from lc_guard.langchain.runnables import Anonymize, Deanonymize
from lc_guard.langfuse import CallbackHandler
from lc_guard.langfuse.flush import flush_of
from tests.support.canaries import CANARIES, CanaryDetector
from tests.support.chains import MODES, run
from tests.support.fixtures import MakeClient
from tests.support.langfuse_server import LangfuseServer

PROGRAM = """
import sys
from langfuse import Langfuse
from lc_guard import Anonymize, Guard
from lc_guard.langfuse import CallbackHandler
url, calls, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
Langfuse(public_key="pk-lf-loopback", secret_key="sk-lf-loopback", base_url=url)
handler = CallbackHandler(exit_timeout=seconds)
step = Anonymize(Guard([]))
for _ in range(calls):
    step.invoke("x", {"configurable": {"session_id": "s"}, "callbacks": [handler]})
"""
CONFIG = {"configurable": {"session_id": "s"}}


def finish(url: str, calls: int, seconds: float, **environment: str) -> tuple[float, str]:
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, url, str(calls), str(seconds)],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
        env={"PATH": "", "PYTHONPATH": str(Path(lc_guard.__file__).parents[1]), **environment},
    )
    return time.monotonic() - started, done.stderr


def test_nothing_is_lost_at_a_clean_exit(langfuse_server: LangfuseServer) -> None:
    _, told = finish(langfuse_server.url, 150, 30)
    assert told == ""
    assert len(langfuse_server.traces()) == 150
    assert len(langfuse_server.scores) == 450
    assert not langfuse_server.refused


def test_a_langfuse_that_hangs_does_not_hold_the_exit_up(silent_url: str) -> None:
    # the SDK's own exit would take 10 batches of 15 scores, each tried three times for a second
    seconds, told = finish(silent_url, 50, 1, LANGFUSE_TIMEOUT="1")
    assert seconds < 15
    assert "150 scores were not delivered" in told


CLIENTS = """
import sys
import time

from langfuse import Langfuse

from lc_guard.langfuse import CallbackHandler

clients = []
for number in range(6):
    client = Langfuse(public_key=f"pk-lf-{number}", secret_key="sk-lf", base_url=sys.argv[1])
    CallbackHandler(public_key=f"pk-lf-{number}", exit_timeout=2.0)
    clients.append(client)
for client in clients:
    client.create_score(name="prompt.pii", value=0.5, trace_id="0" * 31 + "1")
print(time.time())
"""


def test_all_clients_of_a_process_share_the_time_at_its_end(silent_url: str) -> None:
    command = [sys.executable, "-c", CLIENTS, silent_url]
    environment = {"PATH": "", "PYTHONPATH": str(Path(lc_guard.__file__).parents[1]), "LANGFUSE_TIMEOUT": "1"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True, env=environment)
    assert time.time() - float(done.stdout) < 11  # not six times two seconds
    assert done.stderr.count("1 scores were not delivered") == 6


@pytest.mark.parametrize("trouble", ["hangs", "refuses the keys", "fails", "is not there"])
def test_no_call_waits_for_langfuse_or_fails_with_it(
    trouble: str,
    silent_url: str,
    make_langfuse: MakeClient,
    langfuse_server: LangfuseServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    urls = {"hangs": silent_url, "is not there": "http://127.0.0.1:9"}
    options: dict[str, Any] = {"secret_key": "sk-lf-wrong"} if trouble == "refuses the keys" else {}
    client = make_langfuse(base_url=urls.get(trouble, langfuse_server.url), timeout=1, **options)
    if trouble == "fails":
        langfuse_server.interfere = lambda exchange: exchange.send_json(503, {"message": "down"})
    handler = CallbackHandler()
    guard = Guard(CanaryDetector())
    chain = Anonymize(guard) | (lambda text: text) | Deanonymize(guard)
    longest = 0.0
    for mode in MODES:
        started = time.monotonic()
        answers = run(chain, mode, CANARIES[0], {**CONFIG, "callbacks": [handler]})
        longest = max(longest, time.monotonic() - started)
        assert set(answers) == {CANARIES[0]}
    assert longest < 1  # each request to Langfuse takes that long where it hangs
    assert CANARIES[0] not in caplog.text
    queue = getattr(client._resources, "_score_queue", None) or client._resources._score_ingestion_queue
    assert queue.maxsize == 100_000
    with suppress(Empty):  # or the end of the test would wait for them
        while True:
            queue.get_nowait()
            queue.task_done()


def test_flush_gives_up_in_time_and_does_not_pile_up_threads(silent_url: str, make_langfuse: MakeClient) -> None:
    make_langfuse(base_url=silent_url, timeout=1)
    handler = CallbackHandler()
    Anonymize(Guard([])).invoke("x", {**CONFIG, "callbacks": [handler]})
    before = threading.active_count()
    started = time.monotonic()
    assert not any(CallbackHandler().flush(timeout=0.05) for _ in range(5))
    assert time.monotonic() - started < 2
    assert threading.active_count() <= before + 1


def test_flush_delivers(make_langfuse: MakeClient, langfuse_server: LangfuseServer) -> None:
    make_langfuse()
    handler = CallbackHandler()
    Anonymize(Guard(CanaryDetector())).invoke("x", {**CONFIG, "callbacks": [handler]})
    assert handler.flush(timeout=10)
    assert (len(langfuse_server.spans), len(langfuse_server.scores)) == (3, 3)
    assert CallbackHandler().flush()


def test_wrong_times_are_refused(make_langfuse: MakeClient) -> None:
    make_langfuse()
    with pytest.raises(ValueError, match="timeout"):
        CallbackHandler().flush(timeout=0)
    for wrong in (0, -1.0, float("nan")):
        with pytest.raises(ValueError, match="exit_timeout"):
            CallbackHandler(exit_timeout=wrong)


def test_a_client_has_one_delivery(make_langfuse: MakeClient) -> None:
    client = make_langfuse()
    CallbackHandler()
    CallbackHandler(exit_timeout=None)
    assert flush_of(client._resources) is flush_of(client._resources)


def test_without_keys_there_is_nothing_to_flush(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LANGFUSE_PUBLIC_KEY", "LANGFUSE_SECRET_KEY"):
        monkeypatch.delenv(name, raising=False)
    assert CallbackHandler().flush()
    assert CallbackHandler().trace_url() is None
