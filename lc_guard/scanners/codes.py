"""Letters as numbers and signs: codes in decimal and octal, binary digits, bytes in hexadecimal, dumps, Morse.

Each function yields the stretches of a text that are written so, with what they say; what says nothing readable is
left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lc_guard._text.words import WINDOW, all_matches
from lc_guard.scanners.readable import Decoded, bits_to_bytes, readable

_HEX = re.compile(r"(?:(?:0[xX]|\\[xX])?[0-9A-Fa-f]{2}(?:[ :-]|, ?|\r?\n)?){8,}")
_DUMPED = re.compile(r"(?m)^[0-9A-Fa-f]{7,8}:? {1,3}([0-9A-Fa-f]{2,4}(?: {1,2}[0-9A-Fa-f]{2,4}){0,16})[^\n]{0,40}$")
_NOT_HEX = re.compile(r"0[xX]|[^0-9A-Fa-f]+")
_BINARY = re.compile(r"(?:[01]{8}[\s,]{0,2}){6,}")
_NOT_BINARY = re.compile("[^01]")
_CODES = re.compile(r"(?<![\d.])\d{2,3}(?:(?:, ?|; ?| )\d{2,3}){7,}(?![\d.])")
# As a program writes them: chr(73) + chr(103), Char(73) & Char(103).
_CALLED = re.compile(r"(?<![\w.])(?:[A-Za-z_]{1,20}\( ?\d{2,3} ?\)(?: ?[+&|.,]{1,2} ?)?){8,}")
_NUMBER = re.compile(r"\d+")
_OCTAL = re.compile(r"[01][0-7]{2}(?:(?:, ?|; ?| )[01][0-7]{2}){7,}")
_MORSE = re.compile(
    r"(?<![^\s])[.\-\u2013\u2212\u00b7\u2022]{1,6}(?:(?: / |[ /|]|  +)[.\-\u2013\u2212\u00b7\u2022]{1,6}){5,}"
)
# ITU-R M.1677-1
_MORSE_CODE = {
    code: letter
    for letter, code in zip(
        "abcdefghijklmnopqrstuvwxyz0123456789.,?",
        ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. "  # noqa: SIM905
        "--.- .-. ... - ..- ...- .-- -..- -.-- --.. "
        "----- .---- ..--- ...-- ....- ..... -.... --... ---.. ----. .-.-.- --..-- ..--..".split(),
        strict=True,
    )
}
_STROKES = str.maketrans("\u2013\u2212\u00b7\u2022", "--..")
_LONGEST = 8_000


def numbers(text: str) -> Iterator[Decoded]:
    """Yield what is written in numbers, or in Morse."""
    for match in found_in(_CODES, text):
        octal = _OCTAL.fullmatch(match[0]) is not None
        said = _said([int(number, 8 if octal else 10) for number in _NUMBER.findall(match[0])])
        if said is not None:
            yield Decoded("OCTAL" if octal else "DECIMAL", *match.span(), said)
    for match in found_in(_CALLED, text):
        said = _said([int(number) for number in _NUMBER.findall(match[0])])
        if said is not None:
            yield Decoded("DECIMAL", *match.span(), said)
    for match in found_in(_BINARY, text):
        said = readable(bits_to_bytes(_NOT_BINARY.sub("", match[0])))
        if said is not None:
            yield Decoded("BINARY", *match.span(), said)
    for match in found_in(_HEX, text):
        said = hexadecimal(match[0])
        if said is not None:
            yield Decoded("HEX", *match.span(), said)
    yield from _dumps(text)
    yield from _morse(text)


def found_in(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """Yield matches; of long texts in windows, where a longer match is cut."""
    return pattern.finditer(text) if len(text) <= WINDOW else all_matches(pattern, text, longest=_LONGEST)


def hexadecimal(run: str) -> str | None:
    """Return what bytes in hexadecimal digits say."""
    digits = _NOT_HEX.sub("", run)
    return None if digits.isdigit() else readable(bytes.fromhex(digits[: len(digits) // 2 * 2]))


def _said(codes: list[int]) -> str | None:
    return readable(bytes(codes)) if all(code in (9, 10, 13) or 32 <= code < 127 for code in codes) else None


def _dumps(text: str) -> Iterator[Decoded]:
    lines = [*found_in(_DUMPED, text)] if ": " in text or "  " in text else []
    said = hexadecimal("".join(line[1] for line in lines)) if lines else None
    if said is not None:
        yield Decoded("HEX", lines[0].start(), lines[-1].end(), said)


def _morse(text: str) -> Iterator[Decoded]:
    for match in found_in(_MORSE, text):
        words = re.split(r" ?[/|] ?|  +", match[0].translate(_STROKES))
        letters = [[_MORSE_CODE.get(code, "") for code in word.split()] for word in words]
        # The letters may be apart by what else parts words.
        if len(words) > 5 and all(len(word) == 1 for word in letters):
            letters = [[word[0] for word in letters]]
        yield Decoded("MORSE", *match.span(), " ".join("".join(word) for word in letters))
