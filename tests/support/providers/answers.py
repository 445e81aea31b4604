"""What the server is asked, what it answers, and how it signs: the same for all providers."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.support.received import PLACEHOLDER

_KEY = b"the provider's own"


@dataclass(frozen=True)
class Call:
    """A call of a tool."""

    name: str
    arguments: Mapping[str, Any]

    @property
    def json(self) -> str:
        """The arguments as text."""
        return json.dumps(self.arguments, ensure_ascii=False)


@dataclass(frozen=True)
class Answer:
    """What a model says.

    Attributes:
        text: What it says aloud.
        calls: Tools that it calls.
        thinking: What it thinks, signed where the provider signs.
        redacted: Whether it also thinks what the provider shows encrypted only.
        cut: Whether it was cut at the limit of tokens.
    """

    text: str = ""
    calls: tuple[Call, ...] = ()
    thinking: str = ""
    redacted: bool = False
    cut: bool = False


@dataclass(frozen=True)
class Asked:
    """One request.

    Attributes:
        provider: Key of `CLIENTS`.
        path: Path of the URL.
        body: The body.
        answers_tool: Whether its last words are the result of a tool.
    """

    provider: str
    path: str
    body: dict[str, Any] = field(repr=False)
    answers_tool: bool = False

    @property
    def text(self) -> str:
        """The body as text, letters as they are."""
        return json.dumps(self.body, ensure_ascii=False)

    @property
    def placeholders(self) -> list[str]:
        """Placeholders in it, each once, in order."""
        return list(dict.fromkeys(PLACEHOLDER.findall(self.text)))


def sign(*said: str) -> str:
    """Return the signature of what was said: base64, as all providers have it."""
    return base64.b64encode(hmac.digest(_KEY, "\0".join(said).encode(), hashlib.sha256)).decode()


def sealed(number: int) -> str:
    """Return encrypted thinking that only the server could have made."""
    return base64.b64encode(f"{number}:{sign('sealed', str(number))}".encode()).decode()


def is_sealed(data: str) -> bool:
    """Return whether the server made it, and nobody changed it."""
    try:
        number, _, signature = base64.b64decode(data, validate=True).decode().partition(":")
    except ValueError:
        return False
    return signature == sign("sealed", number)


def pieces(text: str, size: int) -> list[str]:
    """Return a text as it streams."""
    return [text[start : start + size] for start in range(0, len(text), size)]
