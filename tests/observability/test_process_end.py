"""A process that ends without a flush loses no span and does not crash, however it ends and whatever is loaded then."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import lc_guard
from tests.support.langfuse_server import LangfuseServer

NAME = "Jane Abernathy"
# A stand-in for a library with native code: it dies when it is used after its exit handler, or loaded while that runs.
VENDOR = """
import atexit, os, time
class Vendor:
    name, down = "vendor", False
    def take_down(self):
        self.down = True
    def use(self):
        if self.down:
            os._exit(139)
    def warm_up(self):
        atexit.register(self.take_down)
        for _ in range(20):
            time.sleep(0.02)
            self.use()
    def detect(self, text):
        self.use()
        start = text.find("Jane Abernathy")
        return [Entity("PERSON", start, start + 14)] if start >= 0 else []
"""
PROGRAM = """
import asyncio, os, signal, sys, time
from langchain_core.runnables import RunnableLambda
from langchain_core.tools import tool
from langfuse import Langfuse
from lc_guard import Anonymize, Entity, Guard
from lc_guard.langfuse import CallbackHandler, mask_otel_spans
{vendor}
NAME = "Jane Abernathy"
guard = Guard({detectors})
CONFIG = {{"configurable": {{"session_id": "s"}}}}

@tool
def find(who: str) -> str:
    "Find somebody."
    return f"{{who}} is not here"

def call():
    find.invoke({{"who": NAME}}, {{**CONFIG, "callbacks": [CallbackHandler(guard)]}})

async def acall():
    await find.ainvoke({{"who": NAME}}, {{**CONFIG, "callbacks": [CallbackHandler(guard)]}})

{body}
"""
BODIES = {
    "a tool's span is pending": "call()",
    "async": "asyncio.run(acall())",
    "an exception": "call()\nraise ValueError('the end')",
    "sys.exit": "call()\nsys.exit(3)",
    "SIGTERM": "signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))\ncall()\nos.kill(os.getpid(), signal.SIGTERM)",
    "in the midst of loading": "call()\ntime.sleep(0.3)",
    "only the mask": (
        "client = Langfuse(mask_otel_spans=mask_otel_spans(guard))\n"
        "with client.start_as_current_observation(name='find', input=NAME):\n    pass\n"
    ),
    "a forked process": (
        "import multiprocessing\n"
        "child = multiprocessing.get_context('fork').Process(target=call)\n"
        "child.start()\nchild.join()\nassert child.exitcode == 0"
    ),
}
BODIES["only the mask, in the midst of loading"] = BODIES["only the mask"] + "time.sleep(0.3)"
TEN_TIMES = """
for _ in range(10):
    child = os.fork()
    if not child:
        break
    assert os.waitpid(child, 0)[1] == 0
else:
    sys.exit()
"""
CODES = {"an exception": 1, "sys.exit": 3}


def environment_of(server: LangfuseServer) -> dict[str, str]:
    return {
        "PATH": "",
        "PYTHONPATH": str(Path(lc_guard.__file__).parents[1]),
        "LANGFUSE_PUBLIC_KEY": server.public_key,
        "LANGFUSE_SECRET_KEY": server.secret_key,
        "LANGFUSE_BASE_URL": server.url,
    }


def start(server: LangfuseServer, kind: str, *, vendor: bool) -> subprocess.Popen[str]:
    body = BODIES[kind.removeprefix("ten times, ")]
    body = TEN_TIMES + body if kind.startswith("ten") else body
    program = PROGRAM.format(vendor=VENDOR if vendor else "", detectors="Vendor()" if vendor else "", body=body)
    environment = environment_of(server)
    if "midst" in kind:
        environment["LANGFUSE_FLUSH_INTERVAL"] = "0.1"  # the exporter's thread comes to the mask before the end
    return subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )


def check(process: subprocess.Popen[str], kind: str) -> None:
    told = process.communicate(timeout=120)[1]
    assert process.returncode == CODES.get(kind, 0), told
    if kind == "an exception":
        assert told.startswith("Traceback")
        assert told.rstrip().endswith("ValueError: the end")
    else:
        assert told == ""


@pytest.mark.parametrize("kind", BODIES)
def test_everything_arrives_however_the_process_ends(kind: str, langfuse_server: LangfuseServer) -> None:
    check(start(langfuse_server, kind, vendor=True), kind)
    assert [span.name for span in langfuse_server.spans] == ["find"]
    assert "REDACTED_PERSON" in langfuse_server.spans[0].attributes["langfuse.observation.input"]
    assert not langfuse_server.holds(NAME)


@pytest.mark.parametrize("kind", ["a tool's span is pending", "in the midst of loading", "only the mask"])
def test_the_default_models_may_be_cold(kind: str, langfuse_server: LangfuseServer) -> None:
    check(start(langfuse_server, kind, vendor=False), kind)
    assert [span.name for span in langfuse_server.spans] == ["find"]
    assert not langfuse_server.holds(NAME)


def test_ten_of_ten(langfuse_server: LangfuseServer) -> None:
    # forks before anything of the program was used: each child ends as a process of its own does
    check(start(langfuse_server, "ten times, in the midst of loading", vendor=True), "ten times")
    assert [span.name for span in langfuse_server.spans] == ["find"] * 10
    assert not langfuse_server.holds(NAME)


LATE = """
import threading
class Late:
    name = "late"
    def detect(self, text):
        for _ in range(20):
            time.sleep(0.1)
            if not threading.main_thread().is_alive() and DOWN:
                os._exit(139)
        return []
DOWN = []
atexit.register(DOWN.append, 1)
"""


def test_no_model_is_in_use_when_the_time_is_over(langfuse_server: LangfuseServer) -> None:
    # each of two spans takes 2 s, the end has 1: it waits for the span that is being masked, and leaves the other out
    body = "calls = CallbackHandler(guard, exit_timeout=1.0)\n" + "call()\ncall()"
    program = "import atexit, os, time\n" + LATE + PROGRAM.format(vendor="", detectors="Late()", body=body)
    told = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        check=False,
        text=True,
        timeout=120,
        env=environment_of(langfuse_server),
    )
    assert told.returncode == 0, told.stderr
    assert "spans were not delivered" in told.stderr
    assert "they are not exported" in told.stderr
    assert not langfuse_server.spans
