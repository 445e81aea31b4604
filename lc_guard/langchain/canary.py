"""A canary: a value of our own that is sent through a seam, to see where it comes out."""

from __future__ import annotations

import contextvars
import re
import secrets
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from langsmith.run_helpers import tracing_context

from lc_guard._vendors.quiet_logs import quiet
from lc_guard._vendors.seals import Seal
from lc_guard.guard import Guard
from lc_guard.langchain.recording_model import Recording, RecordingChatModel
from lc_guard.records import Entity

T = TypeVar("T")

SESSION: Any = {"configurable": {"session_id": "lc-guard-self-test", "thread_id": "lc-guard-self-test"}}
"""Config of a call with a canary."""

PLACEHOLDER = "[REDACTED_CANARY_1]"
"""What stands for the value."""

_KIND = "CANARY"


@dataclass
class Canary:
    """A value to be hidden, a guard that finds it, and a model that notes what it is sent."""

    value: str = field(default_factory=lambda: f"Canary{secrets.token_hex(8)}")

    def __post_init__(self) -> None:
        self.sent = Recording()
        self.model = RecordingChatModel(recording=self.sent)
        self.guard = Guard(self._find)

    def _find(self, text: str) -> list[Entity]:
        found = re.finditer(re.escape(self.value), text)
        return [Entity(_KIND, match.start(), match.end(), 1.0) for match in found]

    def require(self, seal: Seal, where: str, came_back: object) -> None:
        """Raise unless the model saw the placeholder alone, and the caller the value.

        Raises:
            SeamBroken: If not.
        """
        self.require_hidden(seal, where, self.sent.texts)
        seal.require(self.value in repr(came_back), f"{where}: the value was not put back")
        seal.require(PLACEHOLDER not in repr(came_back), f"{where}: a placeholder was left")
        self.sent.texts.clear()

    def require_hidden(self, seal: Seal, where: str, texts: object) -> None:
        """Raise unless the placeholder stands where the value may not.

        Raises:
            SeamBroken: If not.
        """
        seen = repr(texts)
        seal.require(self.value not in seen, f"{where}: the value was let through")
        seal.require(PLACEHOLDER in seen, f"{where}: the value did not arrive as a placeholder")


def apart(check: Callable[[], T]) -> T:
    """Call in a thread and a context of its own: no tracer of the caller's, and no event loop, sees the canary."""
    outcome: list[T] = []
    raised: list[BaseException] = []

    def call() -> None:
        try:
            # LangChain logs what a handler raises, also where the refusal is what is wanted
            with tracing_context(enabled=False), quiet("langchain_core"):
                outcome.append(check())
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            raised.append(error)

    thread = threading.Thread(target=lambda: contextvars.Context().run(call), name="lc-guard-self-test", daemon=True)
    thread.start()
    thread.join()
    if raised:
        raise raised[0]
    return outcome[0]


def joined(pieces: Iterable[Any]) -> str:
    """Return the text of a stream of texts or messages."""
    return "".join(piece if isinstance(piece, str) else piece.text for piece in pieces)
