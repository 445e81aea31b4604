"""Characters that a person does not see and a model reads: found and taken out, where no script or emoji needs them.

Sources: Boucher and Anderson, "Trojan Source" (2021, CVE-2021-42574) for bidirectional controls; Unicode's tag
characters U+E0000…E007F, which spell ASCII ("ASCII smuggling"); variation selectors, 256 of which spell bytes; UAX #31
(joiners in Arabic and Indic scripts) and UTS #51 (emoji sequences) for what is in order.
"""

from __future__ import annotations

import re

from lc_guard.errors import GuardError
from lc_guard.records import Entity, ScanResult
from lc_guard.scanners.base import Cost, ScanRequest

_ZWNJ, _ZWJ = "\u200c", "\u200d"
_SUSPECT = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u0080-\u0084\u0086-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028\u2029\u202a-\u202e\u2060-\u206f\u3164\ue000-\uf8ff\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff\U000f0000-\U000ffffd\U00100000-\U0010fffd]"
)
# Kind and risk of one alone. Web pages and word processors leave single zero-width characters and soft hyphens behind.
_KINDS: tuple[tuple[str, str, float], ...] = (
    ("BIDI_CONTROL", "\u061c\u200e\u200f\u2066-\u2069", 0.6),
    ("BIDI_OVERRIDE", "\u202a-\u202e\u206a-\u206f", 0.9),
    ("TAG_CHARACTER", "\U000e0000-\U000e007f", 1.0),
    ("VARIATION_SELECTOR", "\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef", 0.2),
    ("PRIVATE_USE", "\ue000-\uf8ff\U000f0000-\U000ffffd\U00100000-\U0010fffd", 0.2),
    ("SOFT_HYPHEN", "\u00ad", 0.1),
    ("ZERO_WIDTH", "\u034f\u115f\u1160\u17b4\u17b5\u200b-\u200d\u2060-\u2065\u3164\ufeff\uffa0", 0.2),
)
_KIND_OF = re.compile("|".join(f"(?P<{kind}>[{letters}])" for kind, letters, _ in _KINDS))
_RISK_OF = {kind: risk for kind, _, risk in _KINDS}
_OTHER, _OTHER_RISK = "CONTROL_CHARACTER", 0.2
# Two unseen characters in a row, or many in a text, carry data; one in a word is a leftover, as are hyphenation points.
_RUN_RISK, _MANY, _MANY_SHARE, _MANY_RISK = 0.8, 8, 0.02, 0.6
_EMOJI = (
    "©®‼⁉™ℹ\u2190-\u21ff\u2300-\u23ff\u2460-\u24ff\u25a0-\u27bf\u2900-\u297f\u2b00-\u2bff〰〽㊗㊙\U0001f000-\U0001faff"
)
_IS_EMOJI = re.compile(f"[{_EMOJI}]")
_TAKES_SELECTOR = re.compile(f"[{_EMOJI}0-9#*]")
# Mathematical signs, CJK and the scripts with standardized variants (StandardizedVariants.txt).
_TAKES_VARIANT = re.compile(
    "[\u1000-\u109f\u1820-\u18aa\u2200-\u22ff\u2a00-\u2aff\u3000-\u303f\u4e00-\u9fff\uff00-\uff1f]"
)
_IDEOGRAPH = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_MONGOLIAN = re.compile("[\u1820-\u18aa]")
# Arabic, Syriac, Thaana, N'Ko, Mandaic; the Indic scripts to Sinhala; Tibetan, Myanmar, Khmer, Mongolian.
_TAKES_JOINER = re.compile(
    "[\u0600-\u08ff\u0900-\u0dff\u0f00-\u109f\u1780-\u18af\ua840-\ua8ff\ufb50-\ufdff\ufe70-\ufefe]"
)
_BREAKS_BY_ZERO_WIDTH = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff]")
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]")
# RGI_Emoji_Tag_Sequence and the other subdivision flags: a black flag, a code of ISO 3166-2, a cancel tag.
_FLAG = re.compile("\U0001f3f4[\U000e0061-\U000e007a]{2}[\U000e0030-\U000e0039\U000e0061-\U000e007a]{1,3}\U000e007f")
_ISOLATES = {"\u2066", "\u2067", "\u2068"}
_LAYOUT = "\u2028\u2029\x0c\x0b"
# A character, and what it has to stand behind.
_BESIDE = (
    (re.compile(f"[{_ZWNJ}{_ZWJ}]"), _TAKES_JOINER),
    (re.compile("\u200b"), _BREAKS_BY_ZERO_WIDTH),
    (re.compile("[\ufe0e\ufe0f]"), _TAKES_SELECTOR),
    (re.compile("[\ufe00-\ufe0f]"), _TAKES_VARIANT),
    (re.compile("[\u180b-\u180f]"), _MONGOLIAN),
    (re.compile("[\U000e0100-\U000e01ef]"), _IDEOGRAPH),
)
_ROUNDS = 8


class InvisibleCharacters:
    """Finds characters that hide text from its reader: zero-width, bidirectional, tags, variation selectors, controls.

    Emoji with joiners and selectors, flags, joiners in scripts that need them, and direction marks in right-to-left
    text are left alone. A single leftover, as web pages have them, is taken out but does not make a text invalid.

    Args:
        threshold: Risk from which a text is not valid, above 0, up to 1.
        allow_private_use: Whether private use characters, such as icon fonts have, are in order.
        name: The check's name.

    Raises:
        GuardError: The threshold is out of range.
    """

    cost: Cost = "instant"
    rewrites = True  # a lone leftover is no fault, but the others are given the text without it

    def __init__(
        self, *, threshold: float = 0.5, allow_private_use: bool = False, name: str = "InvisibleCharacters"
    ) -> None:
        if not 0 < threshold <= 1:
            raise GuardError(f"threshold={threshold!r} is no risk that a text can have: give a number above 0, up to 1")
        self.name = name
        self._threshold = threshold
        self._allow_private_use = allow_private_use
        self.details = {"threshold": threshold}

    def __repr__(self) -> str:
        return f"{type(self).__name__}(threshold={self._threshold})"

    def scan(self, request: ScanRequest) -> ScanResult:
        """Judge a text.

        Returns:
            The risk by kind; entities for each run of such characters; the text without them, if there are any.
        """
        text = request.text
        if _SUSPECT.search(text) is None:
            return ScanResult(valid=True, risk_score=0.0)
        found = self._found(text)
        if not found:
            return ScanResult(valid=True, risk_score=0.0)
        entities = _runs(text, found)
        categories: dict[str, float] = {}
        for entity in entities:
            categories[entity.kind] = max(categories.get(entity.kind, 0.0), entity.score)
        risk = max(_risk_of_many(text, entities), *categories.values())
        return ScanResult(
            risk < self._threshold, risk, sanitized=self._without(text, found), entities=entities, categories=categories
        )

    def _found(self, text: str) -> list[int]:
        in_order = {at for match in _FLAG.finditer(text) for at in range(*match.span())}
        in_order |= _directions(text) if _RIGHT_TO_LEFT.search(text) else set()
        return [
            match.start()
            for match in _SUSPECT.finditer(text)
            if match.start() not in in_order and not self._needed(text, match.start())
        ]

    def _without(self, text: str, found: list[int]) -> str:
        # What stood beside a character that is gone may no longer be in order there.
        for _ in range(_ROUNDS):
            gone = set(found)
            text = "".join(letter for at, letter in enumerate(text) if at not in gone)
            found = self._found(text)
            if not found:
                return text
        return _SUSPECT.sub("", text)

    def _needed(self, text: str, at: int) -> bool:
        """Whether the character is part of an emoji, of a script's spelling, or of how a text is laid out."""
        letter = text[at]
        if "\ue000" <= letter <= "\uf8ff" or letter >= "\U000f0000":
            return self._allow_private_use
        before = text[at - 1] if at else ""
        if letter == _ZWJ and before and _IS_EMOJI.match(text[at + 1 : at + 2]) and _emoji_ends(text, at):
            return True
        if letter == "\ufeff":
            return not at
        return letter in _LAYOUT or any(taken.match(letter) and base.match(before) for taken, base in _BESIDE)


def _risk_of_many(text: str, entities: tuple[Entity, ...]) -> float:
    count = sum(entity.end - entity.start for entity in entities if entity.kind != "SOFT_HYPHEN")
    return _MANY_RISK if count >= max(_MANY, _MANY_SHARE * len(text)) else 0.0


def _emoji_ends(text: str, at: int) -> bool:
    """Whether an emoji, perhaps with a selector or a skin tone, ends before an offset."""
    base = at - 2 if text[at - 1 : at] == "\ufe0f" else at - 1
    return base >= 0 and _IS_EMOJI.match(text[base]) is not None


def _directions(text: str) -> set[int]:
    """Return the direction marks and the closed isolates of a text with right-to-left letters, line by line."""
    allowed: set[int] = set()
    opened: list[int] = []
    for at, letter in enumerate(text):
        if letter in "\u200e\u200f\u061c":
            allowed.add(at)
        elif letter in _ISOLATES:
            opened.append(at)
        elif letter == "\u2069" and opened:
            allowed |= {opened.pop(), at}
        elif letter == "\n":
            opened.clear()
    return allowed


def _runs(text: str, found: list[int]) -> tuple[Entity, ...]:
    """Join neighbours of one kind into an entity, whose score is its risk."""
    runs: list[tuple[str, int, int]] = []
    for at in found:
        match = _KIND_OF.match(text[at])
        kind = (match.lastgroup if match else None) or _OTHER
        if runs and runs[-1][0] == kind and runs[-1][2] == at:
            runs[-1] = (kind, runs[-1][1], at + 1)
        else:
            runs.append((kind, at, at + 1))
    return tuple(
        Entity(kind, start, end, max(_RISK_OF.get(kind, _OTHER_RISK), _RUN_RISK if end - start > 1 else 0.0))
        for kind, start, end in runs
    )
