"""The facts of a finished demo, value-free: what is printed at its end, and what ``--json`` gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lc_guard._placeholders.aliases import base_kind
from lc_guard._placeholders.grammar import LITERAL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lc_guard.demo.chain import Call
    from lc_guard.demo.hidden import Hidden, Piece
    from lc_guard.langfuse.in_memory import Found, Tracing


@dataclass(frozen=True, slots=True)
class Report:
    """What a demo came to."""

    model: str
    stand_in: bool
    call: Call
    pieces: list[Piece]
    hidden: Hidden | None
    tracing: Tracing
    found: Found

    @property
    def leaks(self) -> int:
        """How often an original value was found in what left for Langfuse."""
        return sum(self.found.hits.values())

    @property
    def status(self) -> int:
        """Exit status: 1 if something leaked, was not delivered, or nothing was there to be searched."""
        return int(bool(self.leaks or self.tracing.undelivered or not self.tracing.spans))

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain JSON values, without a word of the text."""
        witness, hidden = self.call.witness, self.hidden
        return {
            "model": {"name": self.model, "stand_in": self.stand_in},
            "hidden": None
            if hidden is None
            else {
                "values": {kind: {"hidden": some, "of": every} for kind, (some, every) in hidden.values.items()},
                "mentions": {"hidden": hidden.mentions[0], "of": hidden.mentions[1]},
            },
            "placeholders": sum(piece.placeholder is not None for piece in self.pieces),
            "answer": {
                "pieces": len(self.call.pieces),
                "first_piece_ms": round(self.call.first_ms, 1),
                "restored": witness.restored[0],
                "unknown": witness.restored[1],
            },
            "checks": [{**check.decision.as_dict(), "detectors_ms": check.detectors_ms} for check in witness.checks],
            "langfuse": {
                "host": None if self.tracing.in_memory else self.tracing.host,
                "spans": len(self.tracing.spans),
                "scores": {score["name"]: score["value"] for score in self.tracing.scores},
                "undelivered": self.tracing.undelivered,
                "searched_strings": self.found.strings,
                "searched_values": self.found.values,
                "found": self.leaks,
            },
        }


def values_of(placeholders: Mapping[str, str]) -> dict[str, str]:
    """Return the raw values of a session with their kinds.

    Texts that only look like placeholders are left out: they are no personal data, and equal to what replaces it.
    """
    kinds = {
        value: base_kind(token.strip("[]").removeprefix("REDACTED_").rpartition("_")[0])
        for token, value in placeholders.items()
    }
    return {value: kind for value, kind in kinds.items() if kind != LITERAL}
