"""The scanner protocol: who judges a text."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

from lc_guard.records import ScanResult, Stage

Role = Literal["system", "user", "assistant", "tool"]
"""Who said something in a conversation."""

Cost = Literal["instant", "model", "remote"]
"""What a scanner costs: microseconds of this thread, a model on this machine, or a request to a service."""

Sees = Literal["original", "hidden"]
"""Which text a scanner is given: as it came, or with placeholders, as the model will see it."""

CONTEXT_STAGES: tuple[Stage, ...] = ("prompt", "tool_result", "document")
"""Where a scanner of prompts judges, unless it says otherwise: all that a model is given to read."""


@dataclass(frozen=True, slots=True)
class Turn:
    """Something said earlier in the conversation.

    Attributes:
        role: Who said it.
        text: What was said.
    """

    role: Role
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ScanRequest:
    """What a scanner is asked about.

    Attributes:
        text: The text to judge.
        stage: Where it comes from.
        prompt: What the model was asked, as it saw it; empty but for the stages ``"output"`` and ``"tool_call"``.
        turns: What was said right before, oldest first.
        deadline: Reading of `time.monotonic` after which nobody waits for the answer; None for no limit.
        shared: What scanners worked out about a text, by text, so that the next need not; gone with the request.
    """

    text: str = field(repr=False)
    stage: Stage = "prompt"
    prompt: str = field(default="", repr=False)
    turns: tuple[Turn, ...] = field(default=(), repr=False)
    deadline: float | None = field(default=None, compare=False)
    shared: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    def seconds_left(self) -> float | None:
        """Return the seconds until the deadline, 0 when it has passed; None for no limit."""
        return None if self.deadline is None else max(0.0, self.deadline - time.monotonic())


@runtime_checkable
class Scanner(Protocol):
    """Judges a text: may it go on, and how risky is it.

    A scanner is shared by all threads: `scan` is called from several at once. What it raises is handled by the policy.
    It may have more methods:

    - ``async ascan(request) -> ScanResult``: used by async callers, so that a cancelled call leaves nothing running;
    - ``scan_batch(requests) -> Sequence[ScanResult]``: many texts in one pass, results in the same order;
    - ``warm_up() -> None``: load models now instead of at the first text;

    and attributes:

    - ``name``: the check's name in policies, decisions and scores; without one the class name is taken;
    - ``cost`` (`Cost`, ``"model"`` if missing): instant ones are asked first, the others at the same time;
    - ``sees`` (`Sees`, ``"original"`` if missing): services outside should be given ``"hidden"``;
    - ``stages``: the stages at which it judges; without it those of the list it stands in;
    - ``rewrites`` (False if missing): whether it gives a sanitized text also where nothing is wrong, such as repaired
      JSON, so that others are to be given that text;
    - ``needs_whole`` (False if missing): whether it can judge only a whole answer, not the sentences of a stream;
    - ``uses_turns`` (False if missing): whether `ScanRequest.turns` matters to it;
    - ``details``: a value-free mapping, such as the model's name, shown in the trace beside its decisions.
    """

    def scan(self, request: ScanRequest) -> ScanResult:
        """Judge one text.

        Args:
            request: The text and what belongs to it.

        Returns:
            What the scanner says; with a sanitized text or entities where it knows what is at fault.

        Raises:
            Exception: Any, if it can't tell: never a made-up result.
        """
        ...


def scanner_name(scanner: Any) -> str:
    """Return the name of a scanner: its own, or that of its class."""
    return str(getattr(scanner, "name", "") or type(scanner).__name__)


Requests = Sequence[ScanRequest]
