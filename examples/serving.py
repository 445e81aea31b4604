"""How ``check.py`` talks to the examples that are servers: over their own ports, as a user's browser would."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

QUESTION = "Who is Jane O'Hara?"


def fastapi(example: Path, environment: dict[str, str]) -> str:
    """Ask the service by HTTP and return what it streamed."""
    port = _free_port()
    command = [sys.executable, "-m", "uvicorn", f"{example.name}:app", "--port", str(port), "--log-level", "warning"]
    with _server(command, example.parent, environment, f"http://127.0.0.1:{port}/docs") as url:
        asked = {"conversation": "c-1", "text": QUESTION}
        with httpx.stream("POST", url.removesuffix("docs") + "ask", json=asked, timeout=60) as answer:
            pieces = list(answer.iter_text())
    return f"{len(pieces)} pieces: {''.join(pieces)}"


def streamlit(example: Path, environment: dict[str, str]) -> str:
    """Type into the chat, by Streamlit's own test of an app, and return what stands on the page."""
    code = (
        "from streamlit.testing.v1 import AppTest\n"
        f"page = AppTest.from_file({f'{example.name}.py'!r}, default_timeout=60).run()\n"
        f"page.chat_input[0].set_value({QUESTION!r}).run()\n"
        "assert not page.exception, page.exception\n"
        "print([part.value for message in page.chat_message for part in message.markdown])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=example.parent, env=environment, capture_output=True, text=True, timeout=150, check=False,
    )  # fmt: skip
    return done.stdout.replace('"', "'") + (done.stderr if done.returncode else "")


def langgraph(example: Path, environment: dict[str, str]) -> str:
    """Start ``langgraph dev``, run the assistant on a thread, and return the last message."""
    port = _free_port()
    command = [sys.executable, "-m", "langgraph_cli", "dev", "--no-browser", "--no-reload", "--port", str(port)]
    with _server(command, example, environment, f"http://127.0.0.1:{port}/ok") as url:
        server = url.removesuffix("/ok")
        thread = httpx.post(f"{server}/threads", json={}, timeout=60).json()["thread_id"]
        asked = {"assistant_id": "assistant", "input": {"messages": [{"role": "user", "content": QUESTION}]}}
        state = httpx.post(f"{server}/threads/{thread}/runs/wait", json=asked, timeout=120).json()
    return str(state["messages"][-1]["content"] if "messages" in state else state)


@contextmanager
def _server(command: list[str], folder: Path, environment: dict[str, str], ready: str) -> Iterator[str]:
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait(process, ready)
        yield ready
    finally:
        process.terminate()
        process.wait(30)


def _wait(process: subprocess.Popen[bytes], ready: str) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        try:
            if httpx.get(ready, timeout=5).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise TimeoutError("the server did not start")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as held:
        return int(held.getsockname()[1])
