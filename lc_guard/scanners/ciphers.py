"""Texts that are read from back to front, or letter for letter in another order of the alphabet.

Which of the 25 rotations it is need not be tried: the steps from letter to letter are the same in all of them, so the
steps of a few words of attacks are looked for in those of the text, which takes one pass of big numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lc_guard.scanners.phrase_matching import any_in

_WORDS = (
    "ignore", "disregard", "forget", "bypass", "pretend", "instruct", "previous", "prompt", "reveal", "system",
    "restrict", "placeholder", "redacted", "password", "secret", "token", "akia", "api_key", "private", "please",
    "above", "glpat", "ghp_", "proj", "xoxb",
)  # fmt: skip
_UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LOWER = _UPPER.lower()
_ENOUGH = 2
_SHORT = 4  # letters of words that stand in any text by chance, in one of 25 rotations
_MANY = 1_000
_STRETCH = 10_000
_PART = 4  # one of so many words is a small one, or more
_BEGINNING = 600
_WORD = re.compile("[a-z]+")
_SMALL = frozenset({
    "all", "and", "are", "as", "be", "but", "can", "das", "der", "des", "die", "est", "for", "from", "give", "have",
    "her", "his", "il", "in", "is", "ist", "it", "key", "las", "les", "los", "maps", "me", "my", "not", "of", "on",
    "one", "opens", "our", "out", "please", "que", "secret", "send", "show", "tell", "that", "the", "this", "to",
    "token", "una", "und", "use", "was", "what", "who", "with", "you", "your",
})  # fmt: skip
_NOWHERE = 255
_MOST = 2
_PLACES = bytes((code | 32) - 96 if chr(code).isalpha() and code < 128 else 100 for code in range(256))
_STEPS = bytes((code - 128) % 26 if abs(code - 128) < 26 else _NOWHERE for code in range(256))
_ATBASH = str.maketrans(_UPPER + _LOWER, _UPPER[::-1] + _LOWER[::-1])
_VISIBLE = "".join(map(chr, range(33, 127)))
_ROT47 = str.maketrans(_VISIBLE, _VISIBLE[47:] + _VISIBLE[:47])
_ROT47_WORDS = tuple(
    form.translate(_ROT47) for word in _WORDS if word.isalpha() for form in (word, word.title(), word.upper())
)
_BACKWARDS = tuple(word[::-1] for word in (*_WORDS, "repeat ", " the ", " and ", "sk_live", "sk-", "sg."))
_SAYS_BACKWARDS = re.compile(r"(?i)\b(?:revers|backward|back to front|rückwärts|à l'envers|al revés)")


def _steps(text: str) -> bytes:
    """Return for each pair of neighbours how far the second letter is behind the first, modulo 26."""
    places = text.encode("latin-1", "replace").translate(_PLACES)
    count = len(places) - 1
    if count < 1:
        return b""
    guard = int.from_bytes(b"\x80" * count, "big")
    distances = (int.from_bytes(places[1:], "big") | guard) - int.from_bytes(places[:-1], "big")
    return distances.to_bytes(count, "big").translate(_STEPS)


def _negative(steps: bytes) -> bytes:
    return bytes(step if step == _NOWHERE else -step % 26 for step in steps)


_PATTERNS = tuple((word, _steps(word)) for word in _WORDS if word.isalpha() and len(word) > _SHORT)
_SMALL_BY_STEPS = {steps: [word for word in _SMALL if _steps(word) == steps] for steps in map(_steps, _SMALL)}
_MIRRORED = tuple(_negative(steps) for _, steps in _PATTERNS)


def rotations(text: str) -> list[int]:
    """Return by how many letters a text may be rotated: as a word of attacks, or a good part of its words tell."""
    votes = {**_votes_of_small_words(text), **_votes_of_attacks(text)}
    return sorted(votes, key=lambda shift: -votes[shift])[:_MOST]


def _votes_of_attacks(text: str) -> dict[int, int]:
    steps = _steps(text)
    votes: dict[int, int] = {}
    for word, pattern in _PATTERNS:
        at = steps.find(pattern)
        while at >= 0:
            shift = (ord(text[at].lower()) - ord(word[0])) % 26
            votes[shift] = votes.get(shift, 0) + _MANY
            at = steps.find(pattern, at + 1)
    # In a long text some stand by chance.
    return {shift: count for shift, count in votes.items() if shift and count * _STRETCH >= _MANY * len(text)}


def _votes_of_small_words(text: str) -> dict[int, int]:
    words = _first_words(text)
    votes: dict[int, int] = {}
    for word in words:
        for meant in _SMALL_BY_STEPS.get(_steps(word), ()):
            shift = (ord(word[0]) - ord(meant[0])) % 26
            votes[shift] = votes.get(shift, 0) + 1
    return {
        shift: count for shift, count in votes.items() if shift and count >= _ENOUGH and _PART * count >= len(words)
    }


def _first_words(text: str) -> list[str]:
    return [word for word in _WORD.findall(text[:_BEGINNING].lower()) if len(word) > 1]


def deciphered(text: str) -> Iterator[tuple[str, str]]:
    """Yield name and reading of a text in a cipher that puts one letter for another; letter stands for letter."""
    for shift in rotations(text):
        upper, lower = _UPPER[-shift:] + _UPPER[:-shift], _LOWER[-shift:] + _LOWER[:-shift]
        yield f"ROT{26 - shift}", text.translate(str.maketrans(_UPPER + _LOWER, upper + lower))
    steps = _steps(text)
    if any_in(_MIRRORED, steps):
        yield "ATBASH", text.translate(_ATBASH)
    if any_in(_ROT47_WORDS, text):
        yield "ROT47", text.translate(_ROT47)


def reads_backwards(text: str) -> bool:
    """Return whether a text stands from back to front: as words of attacks tell, or a good part of its words."""
    lower = text.lower()
    found = sum(word in lower for word in _BACKWARDS)
    if found >= _ENOUGH or (found and _SAYS_BACKWARDS.search(text)):
        return True
    words = _first_words(text)
    small = sum(word[::-1] in _SMALL for word in words) - sum(word in _SMALL for word in words)
    return small >= _ENOUGH and _PART * small >= len(words)
