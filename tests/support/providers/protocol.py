"""What the server knows of a provider: its paths, its schema, its two ways to answer."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from http.client import HTTPMessage
from typing import Any, NoReturn

from tests.support.loopback import Refusal
from tests.support.providers.answers import Answer


class Protocol:
    """A provider's protocol.

    Attributes:
        name: Key of `CLIENTS`.
        stream_type: Media type of a streamed answer.
    """

    name = ""
    stream_type = "text/event-stream"

    def takes(self, path: str) -> bool:
        """Return whether a path is this provider's."""
        raise NotImplementedError

    def check(self, path: str, headers: HTTPMessage, body: dict[str, Any]) -> None:
        """Refuse what the provider would refuse."""
        raise NotImplementedError

    def answers_tool(self, body: dict[str, Any]) -> bool:
        """Return whether the last words of a request are the result of a tool."""
        raise NotImplementedError

    def streams(self, path: str, body: dict[str, Any]) -> bool:
        """Return whether the answer is to be streamed."""
        return bool(body.get("stream"))

    def whole(self, body: dict[str, Any], answer: Answer, number: int) -> dict[str, Any]:
        """Return the answer in one piece; `number` counts the server's answers."""
        raise NotImplementedError

    def stream(self, body: dict[str, Any], answer: Answer, number: int, size: int) -> Iterator[bytes]:
        """Yield the answer in pieces of some characters."""
        raise NotImplementedError

    def refusal(self, reason: str, status: int = 400) -> Refusal:
        """Return a refusal in the provider's words."""
        return Refusal(status, {"error": {"message": reason, "type": "invalid_request_error", "code": None}})

    def refuse(self, reason: str, status: int = 400) -> NoReturn:
        """Refuse a request."""
        raise self.refusal(reason, status)

    def require(self, condition: object, reason: str) -> None:
        """Refuse a request unless something holds."""
        if not condition:
            self.refuse(reason)

    def only(self, value: Any, keys: Collection[str], where: str) -> None:
        """Refuse a mapping with other keys."""
        self.require(isinstance(value, Mapping), f"{where}: expected an object")
        unknown = sorted(set(value) - set(keys))
        self.require(not unknown, f"{where}: extra inputs are not permitted: {unknown}")

    def text(self, value: Any, where: str) -> None:
        """Refuse what is no text, or blank."""
        self.require(isinstance(value, str) and value.strip(), f"{where}: text must be non-empty")


def event(value: Any, name: str | None = None) -> bytes:
    """Return a server-sent event."""
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {value if isinstance(value, str) else json.dumps(value)}\n\n".encode()
