"""Chromium without a window, spoken to through a pipe in its DevTools protocol: what a browser does with a page.

https://chromedevtools.github.io/devtools-protocol/; no package is needed for it.
"""

from __future__ import annotations

import base64
import itertools
import json
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from select import select
from time import monotonic
from typing import Any, Self

import pytest

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_SECONDS = 60.0
# Windows' virtual key code, and what the key types
_KEYS = {
    "Tab": (9, ""),
    "Enter": (13, "\r"),
    "Escape": (27, ""),
    " ": (32, " "),
    "ArrowDown": (40, ""),
    "ArrowUp": (38, ""),
}


@dataclass
class Loaded:
    """What happened while a page was loaded.

    Attributes:
        console: Errors, warnings and uncaught exceptions.
        requests: Addresses that were asked for, the page's own first.
    """

    console: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


class Browser:
    """A running Chromium with one page; a context manager."""

    def __enter__(self) -> Self:
        program = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
        if program is None:
            pytest.fail(
                "no Chromium: run 'make browser' (apt-get install chromium), or name one in the variable CHROMIUM"
            )
        self._profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        child_reads, self._write = os.pipe()
        self._read, child_writes = os.pipe()
        # --remote-debugging-pipe reads from 3 and writes to 4
        command = f'exec "$0" "$@" 3<&{child_reads} 4>&{child_writes}'
        options = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                   "--hide-scrollbars", "--remote-debugging-pipe", f"--user-data-dir={self._profile.name}",
                   "about:blank")  # fmt: skip
        self._process = subprocess.Popen(
            ["/bin/bash", "-c", command, program, *options],
            pass_fds=(child_reads, child_writes),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(child_reads)
        os.close(child_writes)
        self._buffer, self._ids = b"", itertools.count(1)
        self._session: str | None = None
        self._loaded = Loaded()
        self._events: list[str] = []
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")
        self.send("Page.setLifecycleEventsEnabled", enabled=True)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(10)
        os.close(self._read)
        os.close(self._write)
        self._profile.cleanup()

    def open(self, file: Path, *, width: int, dark: bool = False) -> Loaded:
        """Load a file at a width, in pixels, and wait until it has loaded."""
        return self.visit(file.resolve().as_uri(), width=width, dark=dark)

    def visit(self, address: str, *, width: int, dark: bool = False) -> Loaded:
        """Load what is at an address, as `open` does."""
        self._loaded, self._events = Loaded(), []
        self.send(
            "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 600
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.send("Emulation.setEmulatedMedia", features=[scheme])
        loader = self.send("Page.navigate", url=address)["loaderId"]
        while f"load {loader}" not in self._events:  # that of this page, not of the empty one before it
            self._take()
        self.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        return self._loaded

    def run(self, expression: str) -> Any:
        """Evaluate JavaScript in the page and give its value."""
        answer = self.send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def until(self, expression: str) -> Any:
        """Wait until JavaScript gives something that is true; give it."""
        deadline = monotonic() + _SECONDS
        while not (value := self.run(expression)):
            if monotonic() > deadline:
                pytest.fail(f"this does not become true: {expression}")
            self.run("new Promise(done => setTimeout(done, 20))")
        return value

    def write(self, text: str) -> None:
        """Type a text where the focus is."""
        self.send("Input.insertText", text=text)

    def press(self, key: str, *, times: int = 1, shift: bool = False) -> None:
        """Press a key: one of `_KEYS`."""
        code, text = _KEYS[key]
        for _ in range(times):
            event = {"key": key, "code": key, "windowsVirtualKeyCode": code, "modifiers": 8 * shift}
            self.send("Input.dispatchKeyEvent", type="keyDown", **event, **({"text": text} if text else {}))
            self.send("Input.dispatchKeyEvent", type="keyUp", **event)

    def picture(self, file: Path) -> None:
        """Write the whole page as a PNG."""
        shot = self.send("Page.captureScreenshot", captureBeyondViewport=True)
        file.write_bytes(base64.b64decode(shot["data"]))

    def send(self, method: str, **params: Any) -> Any:
        """Send a command and give its result."""
        number = next(self._ids)
        message = {"id": number, "method": method, "params": params}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._take()
            if answer.get("id") == number:
                assert "error" not in answer, (method, answer["error"])
                return answer["result"]

    def _take(self) -> dict[str, Any]:
        deadline = monotonic() + _SECONDS
        while b"\0" not in self._buffer:
            if not select([self._read], [], [], max(0.0, deadline - monotonic()))[0]:
                pytest.fail("Chromium does not answer")
            part = os.read(self._read, 1 << 16)
            if not part:
                pytest.fail("Chromium has ended")
            self._buffer += part
        message, _, self._buffer = self._buffer.partition(b"\0")
        event = json.loads(message)
        self._note(event.get("method", ""), event.get("params", {}))
        return event

    def _note(self, method: str, params: dict[str, Any]) -> None:
        self._events.append(method)
        match method:
            case "Page.lifecycleEvent" if params["name"] == "load":
                self._events.append(f"load {params['loaderId']}")
            case "Network.requestWillBeSent":
                self._loaded.requests.append(params["request"]["url"])
            case "Runtime.exceptionThrown":
                self._loaded.console.append(params["exceptionDetails"].get("text", "an exception"))
            case "Runtime.consoleAPICalled" if params["type"] in ("error", "warning", "assert"):
                self._loaded.console.append(str([arg.get("value") for arg in params["args"]]))
            case "Log.entryAdded" if params["entry"]["level"] in ("error", "warning"):
                self._loaded.console.append(params["entry"]["text"])
