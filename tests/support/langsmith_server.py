"""A strict stand-in for LangSmith's ingestion: single runs, batches, multipart forms, compressed or not.

It refuses what the real server refuses, keeps runs as the server would understand them, and every received byte.
"""

from __future__ import annotations

import email
import email.policy
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import zstandard

from lc_guard import Guard
from lc_guard.testing import ExactDetector

from .loopback import Exchange, LoopbackServer, Refusal

_FIELDS = ("inputs", "outputs", "events", "extra", "error", "serialized")


@dataclass
class LangSmithServer(LoopbackServer):
    """What arrived, for the tests to look at.

    Attributes:
        runs: Runs by id, posts and patches put together.
        raw: Every received body, decompressed, and every path.
        refused: Messages of all refusals.
        requests: (method, path) of each request.
        interfere: Answers every request in its place, if it is set.
    """

    api_key: str = "lsv2_pt_loopback"
    runs: dict[str, dict[str, Any]] = field(default_factory=dict, init=False)
    raw: list[bytes] = field(default_factory=list, init=False)
    refused: list[str] = field(default_factory=list, init=False)
    requests: list[tuple[str, str]] = field(default_factory=list, init=False)
    interfere: Callable[[Exchange], object] | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()

    def handle(self, exchange: Exchange, body: bytes) -> None:
        if exchange.headers.get("Content-Encoding", "").lower() == "zstd":
            body = zstandard.ZstdDecompressor().decompressobj().decompress(body)
        with self._lock:
            self.raw += [body, exchange.path.encode()]
            self.requests.append((exchange.command, exchange.path))
            if self.interfere is not None:
                self.interfere(exchange)
                return
            try:
                self._route(exchange, body)
            except Refusal as refusal:
                self.refused.append(str(refusal))
                raise

    def _route(self, exchange: Exchange, body: bytes) -> None:
        path = exchange.path.partition("?")[0]
        if (exchange.command, path) == ("GET", "/info"):
            scaling = {"scale_up_qsize_trigger": 1000, "scale_up_nthreads_limit": 16, "scale_down_nempty_trigger": 4}
            limits = {**scaling, "use_multipart_endpoint": True, "size_limit": 100, "size_limit_bytes": 20_971_520}
            flags = {"zstd_compression_enabled": True}
            exchange.send_json(200, {"version": "0.10", "batch_ingest_config": limits, "instance_flags": flags})
            return
        if exchange.headers.get("x-api-key") != self.api_key:
            raise Refusal(401, {"detail": "Invalid token"})
        match exchange.command, path.strip("/").split("/"):
            case "POST", ["runs"]:
                self._post(_json(body), whole=False)
            case "PATCH", ["runs", run_id]:
                self._patch({**_json(body), "id": run_id}, whole=False)
            case "POST", ["runs", "batch"]:
                sent = _json(body)
                if set(sent) - {"post", "patch"}:
                    raise Refusal(422, {"detail": f"unknown keys {sorted(sent)}"})
                for run in sent.get("post", ()):
                    self._post(run)
                for run in sent.get("patch", ()):
                    self._patch(run)
            case "POST", ["runs", "multipart"]:
                self._form(exchange, body)
            case _:
                raise Refusal(404, {"detail": f"{exchange.command} {path} not found"})
        exchange.send_json(202, {"message": "accepted"})

    def _form(self, exchange: Exchange, body: bytes) -> None:
        kind = exchange.headers.get("Content-Type", "")
        if not kind.startswith("multipart/form-data"):
            raise Refusal(415, {"detail": "multipart/form-data is needed"})
        form = email.message_from_bytes(
            b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body, policy=email.policy.HTTP
        )
        operations: dict[tuple[str, str], dict[str, Any]] = {}
        for part in form.iter_parts():
            name = str(part.get_param("name", header="content-disposition"))
            content = part.get_payload(decode=True)
            assert isinstance(content, bytes)
            operation, run_id, *rest = name.split(".", 2)
            if operation == "attachment":
                operations[("post", run_id)].setdefault("attachments", {})[rest[0]] = content
                continue
            if operation not in ("post", "patch") or (rest and rest[0] not in _FIELDS):
                raise Refusal(422, {"detail": f"unknown part {name!r}"})
            if rest:
                operations[(operation, run_id)][rest[0]] = _json(content)
            else:
                run = _json(content)
                if str(run.get("id")) != run_id:
                    raise Refusal(422, {"detail": f"part {name!r} holds another run"})
                operations[(operation, run_id)] = run
        for (operation, _), run in operations.items():
            (self._post if operation == "post" else self._patch)(run)

    def _post(self, run: dict[str, Any], *, whole: bool = True) -> None:
        needed = ("id", "name", "run_type", "start_time", "inputs", *(("trace_id", "dotted_order") if whole else ()))
        if missing := [name for name in needed if run.get(name) is None]:
            raise Refusal(422, {"detail": f"a run needs {missing}"})
        _ordered(run)
        if "end_time" in self.runs.get(run["id"], {}):
            raise Refusal(409, {"detail": "run already ended"})
        self.runs[run["id"]] = {**self.runs.get(run["id"], {}), **run}

    def _patch(self, run: dict[str, Any], *, whole: bool = True) -> None:
        if whole and not (run.get("trace_id") and run.get("dotted_order")):
            raise Refusal(422, {"detail": "a patch in a batch needs trace_id and dotted_order"})
        _ordered(run)
        known = self.runs.setdefault(run["id"], {})
        known.update({key: value for key, value in run.items() if value is not None})

    def named(self, name: str) -> list[dict[str, Any]]:
        """Runs of a name."""
        return [run for run in list(self.runs.values()) if run.get("name") == name]

    def of_type(self, run_type: str) -> list[dict[str, Any]]:
        """Runs of a type, oldest first."""
        found = [run for run in list(self.runs.values()) if run.get("run_type") == run_type]
        return sorted(found, key=lambda run: str(run.get("dotted_order")))

    def holds(self, text: str) -> bool:
        """Whether a text arrived anywhere, as it is or escaped as JSON."""
        forms = {text, json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]}
        forms |= {json.dumps(form)[1:-1] for form in forms} | {repr(text)[1:-1]}
        return any(form.encode("utf-8", "surrogatepass") in body for form in forms for body in list(self.raw))

    def wait_for(self, condition: Callable[[], object], *, seconds: float = 10.0) -> None:
        """Wait until ``condition()`` is true; fail when it is not in time."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError("the stand-in for LangSmith did not receive it in time")
            time.sleep(0.01)


def _ordered(run: dict[str, Any]) -> None:
    order = run.get("dotted_order")
    if order is None:
        return
    last = str(order).rpartition(".")[2]
    if last.partition("Z")[2] != str(run["id"]):
        raise Refusal(422, {"detail": "dotted_order does not end with the run's id"})
    first = str(order).partition(".")[0].partition("Z")[2]
    if first != str(run.get("trace_id")):
        raise Refusal(422, {"detail": "dotted_order does not begin with the trace's id"})


def _json(body: bytes) -> Any:
    try:
        return json.loads(body.decode("utf-8"))
    except ValueError:
        raise Refusal(422, {"detail": "invalid JSON"}) from None


def exact_guard() -> Guard:
    """A guard for processes of their own: it loads no model."""
    return Guard(ExactDetector({"PERSON": ["Zebulon Quartermain"]}))
