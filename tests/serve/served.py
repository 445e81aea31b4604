"""The service on a port of the loopback interface, run by uvicorn in a thread."""

from __future__ import annotations

import socket
import threading
import time
from typing import Any, Self

import uvicorn

from lc_guard.serve import create_app


class Served:
    """Runs the service until it is left."""

    def __init__(self, detector: Any, **options: Any) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        app = create_app(detector, **options)
        self._server = uvicorn.Server(uvicorn.Config(app, log_config=None, log_level="warning", access_log=False))
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.005)

    def stop(self) -> None:
        """Ask it to end."""
        self._server.should_exit = True

    def join(self) -> None:
        """Wait until it has ended."""
        self._thread.join(20)
        assert not self._thread.is_alive()
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self.join()
