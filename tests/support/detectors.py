"""Detectors for tests: what they find is said by the test."""

from __future__ import annotations

from lc_guard import Entity


class Once:
    """A detector that sees each of its values only where it stands first in all texts of a call."""

    name = "once"

    def __init__(self, *values: tuple[str, str]) -> None:
        self.values = values

    def detect_batch(self, texts: list[str]) -> list[list[Entity]]:
        found: list[list[Entity]] = [[] for _ in texts]
        for kind, value in self.values:
            for number, text in enumerate(texts):
                if (at := text.find(value)) >= 0:
                    found[number].append(Entity(kind, at, at + len(value), 0.7))
                    break
        return found

    def detect(self, text: str) -> list[Entity]:
        return self.detect_batch([text])[0]
