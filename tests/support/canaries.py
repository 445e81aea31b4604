"""Values that must not arrive anywhere, and the tiny detector that finds them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lc_guard.records import Entity

CANARIES = (
    "Zebulon Quartermain",
    'Ignatia "Iggy" Vandersloot',
    "Back\\slash Bartholomew",
    "Line\nBreak Lavinia",
    "Zoë Çağlayan-Łukasiewicz",
    "R&D <Rosamund> O'Brien",
    "王小明先生的",
    "Emoji 🦓 Ezekiel",
)


class CanaryDetector:
    """Finds exact texts, as PERSON; counts its calls, and fails or knows others when told.

    Args:
        values: What it finds.
    """

    name = "canary"

    def __init__(self, values: Sequence[str] = CANARIES) -> None:
        self.pattern = re.compile("|".join(map(re.escape, sorted(values, key=len, reverse=True))))
        self.texts: list[str] = []
        self.error: Exception | None = None

    def detect(self, text: str) -> list[Entity]:
        self.texts.append(text)
        if self.error is not None:
            raise self.error
        return [Entity("PERSON", match.start(), match.end(), 0.9) for match in self.pattern.finditer(text)]
