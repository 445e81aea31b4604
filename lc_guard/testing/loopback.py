"""A small threaded HTTP server on 127.0.0.1, the base of the stand-ins for services."""

from __future__ import annotations

import gzip
import json
import sys
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


class Refusal(Exception):
    """A request that the real service would refuse.

    Args:
        status: HTTP status, 400…599.
        body: JSON value of the answer.
        headers: Further headers of the answer.
    """

    def __init__(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status} {body!r}")
        self.status, self.body, self.headers = status, body, dict(headers or {})


class Exchange(BaseHTTPRequestHandler):
    """One request and its answer; the server's `handle` does the work."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer on a kept connection waits 40 ms for an acknowledgement
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Stay silent: test output is no access log."""

    def do_GET(self) -> None:
        """Serve a GET."""
        self._serve()

    def do_POST(self) -> None:
        """Serve a POST."""
        self._serve()

    def do_PATCH(self) -> None:
        """Serve a PATCH."""
        self._serve()

    def do_DELETE(self) -> None:
        """Serve a DELETE."""
        self._serve()

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Content-Encoding", "").lower() == "gzip":
            body = gzip.decompress(body)
        try:
            self.server.owner.handle(self, body)
        except Refusal as refusal:
            self.send_json(refusal.status, refusal.body, refusal.headers)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def send_json(self, status: int, value: Any, headers: Mapping[str, str] | None = None) -> None:
        """Answer with a JSON value."""
        self.send_bytes(status, json.dumps(value).encode(), "application/json", headers)

    def send_bytes(self, status: int, body: bytes, content_type: str, headers: Mapping[str, str] | None = None) -> None:
        """Answer with bytes."""
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256  # many clients at once

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Stay silent about clients that went away; tell all else."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def __init__(self, owner: LoopbackServer) -> None:
        super().__init__(("127.0.0.1", 0), Exchange)
        self.owner = owner


class LoopbackServer:
    """A server on a free port of 127.0.0.1, running inside its ``with`` block, or from `start` to `close`."""

    def __init__(self) -> None:
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.005}, daemon=True)

    @property
    def url(self) -> str:
        """Address of the server, without a slash at its end."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def handle(self, exchange: Exchange, body: bytes) -> None:
        """Answer one request.

        Args:
            exchange: The request's path and headers, and the way to answer.
            body: The request's body, decompressed.

        Raises:
            Refusal: The real service would refuse this request.
        """
        raise NotImplementedError

    def start(self) -> Self:
        """Begin to listen.

        Returns:
            The server itself.
        """
        self._thread.start()
        return self

    def close(self) -> None:
        """Stop; what comes later is refused."""
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()
