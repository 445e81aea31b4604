"""What goes into a check and what comes out of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from lc_guard.errors import Blocked
from lc_guard.records import Decision, Stage


@dataclass(frozen=True, slots=True)
class Job:
    """Texts of one step in one session that are to be hidden together.

    Attributes:
        texts: The texts.
        session: Session id.
        stage: Where the texts come from.
        preamble: Whether a detector's preamble is put before the first text that changed: only where a model reads it.
    """

    texts: Sequence[str] = field(repr=False)
    session: str = field(repr=False)
    stage: Stage = "prompt"
    preamble: bool = True


@dataclass(slots=True)
class Outcome:
    """What became of a job.

    Attributes:
        decision: The value-free decision.
        texts: Text → hidden text, for those that changed. Empty when blocked.
        latency_ms: By detector, its wall time in milliseconds; empty when the cache knew all.
        reason: Value-free words about what went wrong, or None.
    """

    decision: Decision
    texts: dict[str, str] = field(default_factory=dict, repr=False)
    latency_ms: dict[str, float] = field(default_factory=dict)
    reason: str | None = None

    def hide(self, text: str) -> str:
        """Give the hidden form of one of the job's texts.

        Raises:
            Blocked: If the policy does not let the texts go on.
        """
        self.raise_if_blocked()
        return self.texts.get(text, text)

    def raise_if_blocked(self) -> None:
        """Raise `Blocked` if the policy does not let the texts go on."""
        if not self.decision.valid:
            raise Blocked(self.decision, self.reason)
