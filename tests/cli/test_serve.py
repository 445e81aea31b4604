"""``lc-guard serve`` as an operator starts it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

import lc_guard
from lc_guard.cli import main
from lc_guard.detectors import RemoteDetector

ROOT = Path(lc_guard.__file__).parents[1]
CANARY = "zebulon@example.org"


@pytest.fixture
def started(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    token = tmp_path / "token"
    token.write_text("s3cret\n")
    command = [
        sys.executable,
        "-m",
        "lc_guard",
        "serve",
        "--port",
        "0",
        "--detector",
        "patterns",
        "--token-file",
        token,
    ]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        told = process.stderr.readline()
        assert told.startswith("lc-guard: serving on http://127.0.0.1:")
        yield process, told.split()[-1]
        process.kill()


def test_it_serves_and_ends_quietly(started: tuple[subprocess.Popen[str], str]) -> None:
    process, url = started
    found = RemoteDetector(url, api_key="s3cret").detect(f"Write to {CANARY}.")
    assert [(entity.kind, entity.start) for entity in found] == [("EMAIL_ADDRESS", 9)]
    assert httpx.post(f"{url}/analyze?{CANARY}", json={"text": CANARY}).status_code == 401
    assert httpx.get(f"{url}/{CANARY}").status_code == 404
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=20)
    assert (out, err) == ("", "")
    assert process.returncode in (0, -signal.SIGTERM)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--host", "0.0.0.0"], "LC_GUARD_SERVE_TOKEN"),
        (["--host", "example.org"], "LC_GUARD_SERVE_TOKEN"),
        (["--token-file", os.devnull], "holds no token"),
        (["--detector", "patterns,rules"], "takes one"),
        (["--detector", "nobody"], "no detector"),
        (["--port", "70000"], "whole number"),
        (["--timeout", "0"], "above 0"),
    ],
)
def test_wrong_usage(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LC_GUARD_SERVE_TOKEN", raising=False)
    try:
        status = main(["serve", *arguments])
    except SystemExit as ended:
        status = ended.code
    assert status == 2
    assert told in capsys.readouterr().err


def test_an_address_in_use(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert main(["serve", "--port", port, "--detector", "patterns"]) == 2
    assert f"can't listen on 127.0.0.1:{port}" in capsys.readouterr().err


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert main(["serve"]) == 1
    assert "lc-guard[serve]" in capsys.readouterr().err
