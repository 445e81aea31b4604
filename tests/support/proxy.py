"""A TCP proxy between a client and a real server, that delays, swallows, or cuts."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from urllib.parse import urlsplit, urlunsplit


class TroubledProxy:
    """Passes bytes on until it is told to make trouble.

    Args:
        port: Of the server, on the loopback interface.

    Attributes:
        delay: Seconds by which each piece of the server's answers is late.
        swallow_answers: Whether answers are thrown away: the server has done what it was asked, nobody is told.
        hang: Whether nothing passes in either direction.
        exchanges: Number of round trips so far: a question, in however many pieces, and its answer.
    """

    def __init__(self, port: int) -> None:
        self.delay = 0.0
        self.swallow_answers = False
        self.hang = False
        self.exchanges = 0
        self._target = port
        self._pairs: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> TroubledProxy:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        self.cut()

    def through(self, url: str) -> str:
        """Give a server's URL with this proxy in its place."""
        parts = urlsplit(url)
        login, _, _ = parts.netloc.rpartition("@")
        return urlunsplit(parts._replace(netloc=f"{login}@127.0.0.1:{self.port}"))

    def cut(self) -> None:
        """End all connections."""
        pairs, self._pairs = self._pairs, []
        for end in pairs:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                client.close()
                continue
            asked = threading.Event()
            for end in (client, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._pairs += (client, server)
            threading.Thread(target=self._pass, args=(client, server, asked, False), daemon=True).start()
            threading.Thread(target=self._pass, args=(server, client, asked, True), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, asked: threading.Event, answers: bool) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(65536):
                if answers:
                    asked.clear()
                elif not asked.is_set():
                    asked.set()
                    self.exchanges += 1
                if answers and self.delay:
                    time.sleep(self.delay)
                if self.hang or (answers and self.swallow_answers):
                    continue
                target.sendall(piece)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
