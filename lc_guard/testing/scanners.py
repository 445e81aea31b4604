"""Small scanners for tests of what is around a scanner."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from lc_guard.records import Entity, ScanResult
from lc_guard.scanners.base import Cost, ScanRequest


class PhraseScanner:
    """Finds fault with texts that hold a phrase; for tests of what is around a scanner.

    Args:
        phrases: A phrase, or several.
        risk: Risk of a text that holds one, 0…1.
        redacts: Whether it gives the text with ``***`` in place of the phrases.
        locates: Whether it gives entities, of the kind ``"PHRASE"``.
        name: Name of the check.

    Attributes:
        calls: Number of texts it was asked about.
    """

    cost: Cost = "instant"

    def __init__(
        self,
        phrases: str | Iterable[str],
        *,
        risk: float = 0.9,
        redacts: bool = False,
        locates: bool = False,
        name: str = "phrase",
    ) -> None:
        self.name = name
        self.calls = 0
        self._phrases = [phrase for phrase in ([phrases] if isinstance(phrases, str) else phrases) if phrase]
        self._risk, self._redacts, self._locates = risk, redacts, locates

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self._phrases)} phrases)"

    def scan(self, request: ScanRequest) -> ScanResult:
        """Judge a text: not valid if it holds a phrase."""
        self.calls += 1
        text = clean = request.text
        found: list[Entity] = []
        for phrase in self._phrases:
            clean = clean.replace(phrase, "***")
            start = text.find(phrase)
            while start >= 0:
                found.append(Entity("PHRASE", start, start + len(phrase), self._risk))
                start = text.find(phrase, start + 1)
        return ScanResult(
            valid=not found,
            risk_score=self._risk if found else 0.0,
            sanitized=clean if found and self._redacts else None,
            entities=tuple(found) if self._locates else (),
        )


class FailingScanner:
    """Raises at every text; for tests of what a failed check leads to.

    Args:
        error: What it raises.
        name: Name of the check.
    """

    def __init__(self, error: BaseException, *, name: str = "failing") -> None:
        self.name = name
        self._error = error

    def scan(self, request: ScanRequest) -> ScanResult:  # noqa: ARG002 - the protocol's signature
        """Raise.

        Raises:
            BaseException: What it was made with.
        """
        raise self._error


class HangingScanner:
    """Answers no text before it is released; for tests of timeouts.

    Args:
        name: Name of the check.

    Attributes:
        release: Set it to let all waiting calls go on.
        calls: Number of calls begun.
    """

    def __init__(self, *, name: str = "hanging") -> None:
        self.name = name
        self.release = threading.Event()
        self.calls = 0

    def scan(self, request: ScanRequest) -> ScanResult:  # noqa: ARG002 - the protocol's signature
        """Wait for `release`, then find no fault."""
        self.calls += 1
        self.release.wait()
        return ScanResult(valid=True, risk_score=0.0)
