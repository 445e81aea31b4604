"""Attempts to learn what placeholders stand for: by asking, decoding, spelling out, swapping or trying one by one."""

from __future__ import annotations

import re
from typing import Any

from lc_guard.errors import GuardError
from lc_guard.records import Entity, ScanResult
from lc_guard.scanners.base import Cost, ScanRequest
from lc_guard.scanners.normalizing import canonical
from lc_guard.scanners.phrases.matching import Hit, hits, risk_of, risks_by_category
from lc_guard.scanners.phrases.probing import probing_rules

_KIND = "PLACEHOLDER_PROBE"
# The styles of lc_guard._placeholders.grammar, and tokens that lost their brackets: a kind in capitals and an index.
_TOKEN = re.compile(
    r"(?:[\[<(]\s?)?(?<![A-Za-z0-9_])(?P<kind>(?:REDACTED[_ -])?[A-Z][A-Z0-9]{1,31}(?:_[A-Z][A-Z0-9]{0,31}){0,6}"
    r")_(?P<index>\d{1,9})"
    r"(?![A-Za-z0-9_])(?:\s?[\]>)])?"
    r"|[\[<]\s?(?:redacted)[_ -](?P<word>[a-z]{2,31}(?:[_ -][a-z]{2,31}){0,4})[_ -](?P<number>\d{1,9})\s?[\]>]",
)
_MANY, _MANY_RISK = 6, 0.6
_SHARE = 0.3
_FAR, _FAR_RISK = 1_000, 0.3
_MARK = " placeholdertoken "


class PlaceholderProbing:
    """Finds prompts that try to make the model tell, enumerate, transform or swap placeholders.

    A user who mentions a placeholder is in order: it stood in the last answer, perhaps. Asking what is behind it, not.

    Args:
        threshold: Risk from which a text is not valid, above 0, up to 1.
        many: Different indices of one kind in a row (``PERSON_1``, ``PERSON_2``, …) that count as trying them out.
        name: The check's name.

    Raises:
        GuardError: The threshold is out of range, or `many` is below 2.
    """

    cost: Cost = "instant"

    def __init__(self, *, threshold: float = 0.5, many: int = _MANY, name: str = "PlaceholderProbing") -> None:
        if not 0 < threshold <= 1:
            raise GuardError(f"threshold={threshold!r} is no risk that a text can have: give a number above 0, up to 1")
        if many < 2:
            raise GuardError(f"many={many!r} would count every placeholder as an attempt: give 2 or more")
        self.name = name
        self._threshold = threshold
        self._many = many

    def __repr__(self) -> str:
        return f"{type(self).__name__}(threshold={self._threshold}, many={self._many})"

    @property
    def details(self) -> dict[str, Any]:
        """The settings, for the trace."""
        return {"threshold": self._threshold, "many": self._many}

    def scan(self, request: ScanRequest) -> ScanResult:
        """Judge a text.

        Args:
            request: The text.

        Returns:
            The risk; entities for the placeholders that were typed, if the text is not valid.
        """
        text = request.text
        tokens = list(_TOKEN.finditer(text)) if "_" in text or "[" in text or "<" in text else []
        if not tokens and not _speaks_of_placeholders(text):
            return ScanResult(valid=True, risk_score=0.0)
        found = _asked(text, with_tokens=bool(tokens))
        categories = risks_by_category(found)
        enumerated = self._enumerated(text, tokens)
        if enumerated:
            categories["enumerate"] = max(categories.get("enumerate", 0.0), enumerated)
        risk = 1 - (1 - risk_of(found)) * (1 - enumerated)
        valid = risk < self._threshold
        entities = () if valid else tuple(Entity(_KIND, *token.span()) for token in tokens)
        return ScanResult(valid, risk, entities=entities, categories=categories)

    def _enumerated(self, text: str, tokens: list[re.Match[str]]) -> float:
        """Return the risk that placeholders are tried out; ``COLUMN_1`` without brackets is a name in code."""
        indices: dict[str, set[int]] = {}
        typed = [token for token in tokens if token[0][0] in "[<(" or token[0].startswith("REDACTED")]
        for token in typed:
            kind = (token["kind"] or token["word"]).upper().removeprefix("REDACTED_")
            indices.setdefault(kind, set()).add(int(token["index"] or token["number"]))
        rows = max((_longest_row(numbers) for numbers in indices.values()), default=0)
        # In a text about many people they stand apart; placeholders and little else are a list of tries.
        if rows >= self._many and sum(len(token[0]) for token in typed) > _SHARE * len(text):
            return _MANY_RISK
        return _FAR_RISK if any(number >= _FAR for numbers in indices.values() for number in numbers) else 0.0


def _longest_row(numbers: set[int]) -> int:
    longest = row = 0
    for number in sorted(numbers):
        row = row + 1 if number - 1 in numbers else 1
        longest = max(longest, row)
    return longest


def _speaks_of_placeholders(text: str) -> bool:
    lower = text.lower()
    return any(word in lower for word in ("placeholder", "redact", "anonymi", "pseudonym", "masked", "platzhalter"))


def _asked(text: str, *, with_tokens: bool) -> list[Hit]:
    marked = _TOKEN.sub(_MARK, text) if with_tokens else text
    return hits(canonical(marked), probing_rules(_MARK.strip()))
