"""The server: it notes, has checked and answers each request in its provider's protocol."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.support.loopback import Exchange, LoopbackServer, Refusal
from tests.support.providers.answers import Answer, Asked
from tests.support.providers.anthropic import Anthropic
from tests.support.providers.bedrock import Bedrock
from tests.support.providers.chat_completions import Groq, Mistral, OpenAIChat
from tests.support.providers.gemini import Gemini
from tests.support.providers.ollama import Ollama
from tests.support.providers.protocol import Protocol
from tests.support.providers.responses import OpenAIResponses

_PROTOCOLS: tuple[Protocol, ...] = (
    OpenAIChat(),
    OpenAIResponses(),
    Groq(),
    Mistral(),
    Anthropic(),
    Gemini(),
    Bedrock(),
    Ollama(),
)


@dataclass
class ProviderServer(LoopbackServer):
    """Stands in for all providers; runs inside its ``with`` block.

    Args:
        reply: Gives the answer to a request; a text is an answer that says it.
        size: Characters in a streamed piece.

    Attributes:
        requests: All that was asked, also what was refused.
        refused: Why requests were refused.
    """

    reply: Callable[[Asked], Answer | str]
    size: int = 3
    requests: list[Asked] = field(default_factory=list, init=False)
    refused: list[str] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()

    def sent(self) -> str:
        """Return all that was sent to the providers, letters as they are."""
        with self._lock:
            return "\n".join(asked.text for asked in self.requests)

    def handle(self, exchange: Exchange, body: bytes) -> None:
        """Note, check and answer one request."""
        path = exchange.path.partition("?")[0]
        protocol = next((each for each in _PROTOCOLS if each.takes(path)), None)
        if protocol is None:
            self.refused.append(f"no such path: {path}")
            raise Refusal(404, {"error": {"message": f"no such path: {path}"}})
        try:
            value: dict[str, Any] = json.loads(body)
        except ValueError:
            self.refused.append("no JSON")
            raise protocol.refusal("the body is no JSON") from None
        with self._lock:
            self.requests.append(Asked(protocol.name, path, value))
            number = len(self.requests)
        try:
            protocol.check(path, exchange.headers, value)
        except Refusal as refusal:
            self.refused.append(str(refusal))
            raise
        asked = Asked(protocol.name, path, value, answers_tool=protocol.answers_tool(value))
        given = self.reply(asked)
        answer = Answer(given) if isinstance(given, str) else given
        if not protocol.streams(path, value):
            exchange.send_json(200, protocol.whole(value, answer, number))
            return
        exchange.send_response(200)
        exchange.send_header("Content-Type", protocol.stream_type)
        exchange.send_header("Transfer-Encoding", "chunked")
        exchange.end_headers()
        for piece in protocol.stream(value, answer, number, self.size):
            exchange.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
            exchange.wfile.flush()
        exchange.wfile.write(b"0\r\n\r\n")
