"""Who is answered, what is refused, and that nothing of a text is logged or kept."""

from __future__ import annotations

import io
import json
import logging
import socket
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

import lc_guard
from lc_guard.cli import main
from lc_guard.playground import application as served
from lc_guard.playground.application import MOST_CHARACTERS, application

from .test_settings import OFF, SAID

ROOT = Path(lc_guard.__file__).parents[1]
PORT = 4711
OWN = f"127.0.0.1:{PORT}"
CHECK = {"text": SAID, "settings": {"off": OFF}}


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with TestClient(application(PORT, "Dr. Begin"), base_url=f"http://{OWN}") as made:
        yield made


@pytest.mark.parametrize(
    "host", ["evil.example", f"evil.example:{PORT}", "127.0.0.1", "127.0.0.1:80", "", "0.0.0.0:4711"]
)
@pytest.mark.parametrize("path", ["/", "/playground.js", "/api/start"])
def test_only_the_names_of_this_machine_are_answered(client: TestClient, host: str, path: str) -> None:
    reply = client.get(path, headers={"Host": host})
    assert reply.status_code == 421
    assert "this machine only" in reply.json()["error"]


@pytest.mark.parametrize("host", [OWN, f"localhost:{PORT}", f"[::1]:{PORT}", f"LOCALHOST:{PORT}"])
def test_this_machines_own_are(client: TestClient, host: str) -> None:
    assert client.get("/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_other_sites_may_not_ask(client: TestClient, headers: dict[str, str]) -> None:
    assert client.post("/api/check", json=CHECK, headers=headers).status_code == 403
    assert client.get("/", headers=headers).status_code == 403


def test_a_form_of_another_site_is_no_question(client: TestClient) -> None:
    reply = client.post("/api/check", content=json.dumps(CHECK), headers={"Content-Type": "text/plain"})
    assert reply.status_code == 415


@pytest.mark.parametrize("path", ["/", "/playground.js", "/playground.css", "/colours.css", "/api/nothing"])
def test_browsers_are_told_to_load_nothing_else(client: TestClient, path: str) -> None:
    reply = client.get(path)
    policy = dict(part.split(" ", 1) for part in reply.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert {*policy["script-src"].split(), *policy["style-src"].split(), *policy["connect-src"].split()} == {"'self'"}
    assert policy["frame-ancestors"] == policy["form-action"] == "'none'"
    assert reply.headers["cache-control"] == "no-store"
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert "access-control-allow-origin" not in reply.headers


def test_the_page_names_no_other_address(client: TestClient) -> None:
    page = client.get("/").text + client.get("/playground.js").text + client.get("/playground.css").text
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "")
    assert "innerHTML" not in page
    assert "style=" not in page


def test_it_begins_with_the_text_that_was_given(client: TestClient) -> None:
    told = client.get("/api/start").json()
    assert told["text"] == "Dr. Begin"
    assert told["examples"][0]["name"] == "Court transcript"
    assert [each["name"] for each in told["detectors"]][:2] == ["credentials", "record_fields"]


def test_a_check(client: TestClient) -> None:
    told = client.post("/api/check", json=CHECK).json()
    assert [each["value"] for each in told["findings"]] == ["Jane Okafor", "hunter2-Xk93!"]


@pytest.mark.parametrize(
    ("given", "status"),
    [
        (b"{", 400),
        (b"[" * 100_000, 400),
        (b"[]", 400),
        (b'{"text": 3, "settings": {}}', 400),
        (b'{"text": "x", "settings": []}', 400),
        (b'{"text": "x", "answer": 3, "settings": {}}', 400),
        (json.dumps({"text": "x" * (MOST_CHARACTERS + 1), "settings": {}}).encode(), 413),
        (b" " * 1_000_000, 413),
        (b'{"text": "x", "settings": {"policy": {"default": "blok"}}}', 422),
        (b'{"text": "x", "settings": {"languages": ["xx"]}}', 422),
    ],
)
def test_what_cannot_be_taken(client: TestClient, given: bytes, status: int) -> None:
    reply = client.post("/api/check", content=given, headers={"Content-Type": "application/json"})
    assert reply.status_code == status
    assert reply.json()["error"]


def test_a_failure_tells_its_class_and_nothing_else(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(text: str, *_: Any, **__: Any) -> None:
        raise RuntimeError(text)

    monkeypatch.setattr(served, "examine", fail)
    caplog.set_level(logging.DEBUG)
    reply = client.post("/api/check", json=CHECK)
    assert reply.status_code == 500
    assert reply.json() == {"error": "this could not be done (RuntimeError)"}
    assert "Okafor" not in caplog.text
    assert "RuntimeError" in caplog.text
    assert all(record.exc_info is None for record in caplog.records)


def test_nothing_of_a_text_is_logged(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for given in (CHECK, {**CHECK, "text": f"User: {SAID}\nTool: x"}, {"text": SAID, "settings": {"text": "no"}}):
        client.post("/api/check", json=given)
    assert "Okafor" not in caplog.text


class TestCommand:
    def test_as_a_user_starts_it(self) -> None:
        """The address is told, pages are served there, nothing of a text reaches the terminal, Ctrl-C ends it."""
        command = [sys.executable, "-m", "lc_guard", "playground", "--port", "0", "--no-browser"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT, text=True) as process:
            try:
                told = process.stdout.readline()
                port = int(told.partition("127.0.0.1:")[2].partition("/")[0])
                connection = HTTPConnection("127.0.0.1", port, timeout=60)
                connection.request("GET", "/")
                assert b"playground" in connection.getresponse().read()
                body = json.dumps(CHECK)
                connection.request("POST", "/api/check", body, {"Content-Type": "application/json"})
                assert connection.getresponse().status == 200
                connection.close()
            finally:
                process.send_signal(2)
                out, err = process.communicate(timeout=60)
        assert process.returncode == 0
        assert (out, err) == ("", "")

    def test_a_port_that_is_taken(self, capsys: pytest.CaptureFixture[str]) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            assert main(["playground", "--no-browser", "--port", str(taken.getsockname()[1])]) == 2
        assert "--port 0" in capsys.readouterr().err

    def test_without_its_extra(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "uvicorn", None)
        assert main(["playground", "--no-browser"]) == 1
        assert "lc-guard[playground]" in capsys.readouterr().err

    def test_a_text_that_cannot_be_read(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xff\xfe\x00A")))
        assert main(["playground", "--text", "-"]) == 2
        assert "UTF-8" in capsys.readouterr().err
