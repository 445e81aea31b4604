"""Stretches of a text that are written in an encoding, and what they say.

Base64 and its relatives, numbers that are codes of letters, compressed data in either, Morse, Braille, characters that
are not seen. What decodes to no readable text, such as pictures, hashes and tokens, is left as it is. In linear time:
no stretch is decoded to more than it holds, but for compressed data, of which the first 64 KiB are looked at.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{12,}(?:\r?\n[A-Za-z0-9+/_-]{4,})*={0,2}")
_BASE32 = re.compile(r"(?<![A-Za-z0-9])(?:[A-Z2-7]{16,}|[a-z2-7]{16,}|[0-9A-V]{16,})={0,6}(?![A-Za-z0-9])")
_BASE85 = re.compile(r"<~[!-uz\s]{10,20000}~>|(?<!\S)[0-9A-Za-z!#$%&()*+;<=>?@^_`{|}~-]{20,}(?!\S)")
_OF_BASE85 = re.compile(r"[!#$%&()*+;<=>?@^`{|}~]")
_UUENCODED = re.compile(r"begin [0-7]{3} [^\n]{1,80}\n((?:[ -`]{2,61}\r?\n){1,2000})")
_HEX = re.compile(r"(?:(?:0[xX])?[0-9A-Fa-f]{2}(?:[ :-]|, ?|\r?\n)?){8,}")
_DUMPED = re.compile(r"(?m)^[0-9A-Fa-f]{7,8}:? {1,3}([0-9A-Fa-f]{2,4}(?: {1,2}[0-9A-Fa-f]{2,4}){0,16})[^\n]{0,40}$")
_NOT_HEX = re.compile(r"0[xX]|[^0-9A-Fa-f]+")
_BINARY = re.compile(r"(?:[01]{8}[ ,]?){6,}")
_CODES = re.compile(r"(?<![\d.])\d{2,3}(?:(?:, ?|; ?| )\d{2,3}){7,}(?![\d.])")
_NUMBER = re.compile(r"\d+")
_OCTAL = re.compile(r"[01][0-7]{2}(?:(?:, ?|; ?| )[01][0-7]{2}){7,}")
_MORSE = re.compile(
    r"(?<![^\s])[.\-\u2013\u2212\u00b7\u2022]{1,6}(?:(?: / |[ /|]|  +)[.\-\u2013\u2212\u00b7\u2022]{1,6}){5,}"
)
_TAGS = re.compile("[\U000e0020-\U000e007e]{4,}")
_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]{4,}")
_UNSEEN_BITS = re.compile("[\u200b\u200c\u200d\u2060\ufeff]{32,}")
_BRAILLE = re.compile("[\u2801-\u283f](?:[\u2801-\u283f ]{2,})")
# In random bytes a stretch as long as that is found once in a million.
_PRINTABLE = re.compile(rb"[\n\r\t\x20-\x7e]{14,}")
_ALIGNMENTS = 4
_INFLATED = 1 << 16
_COMPRESSED = (b"\x1f\x8b", b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")

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
# Six-dot cells of the Latin letters, by the bits of their code points (Unicode block Braille Patterns).
_CELLS = str.maketrans("⠁⠃⠉⠙⠑⠋⠛⠓⠊⠚⠅⠇⠍⠝⠕⠏⠟⠗⠎⠞⠥⠧⠺⠭⠽⠵", "abcdefghijklmnopqrstuvwxyz")


class Decoded(NamedTuple):
    """What a stretch of a text decodes to."""

    encoding: str
    start: int
    end: int
    text: str


def stretches(text: str) -> list[Decoded]:
    """Return what stands in an encoding, in order, none overlapping: of two that begin at once the longer."""
    found = [*_runs(text), *_numbers(text)]
    if not text.isascii():
        found += _unseen(text)
    if "begin " in text:
        found += _uuencoded(text)
    kept: list[Decoded] = []
    for piece in sorted(found, key=lambda piece: (piece.start, -piece.end)):
        blanks = len(text[piece.start : piece.end]) - len(text[piece.start : piece.end].rstrip(" \n:,-"))
        piece = piece._replace(end=piece.end - blanks)  # noqa: PLW2901
        if not kept or piece.start >= kept[-1].end:
            kept.append(piece)
    return kept


def _runs(text: str) -> Iterator[Decoded]:
    for encoding, pattern, decode in _RUNS:
        for match in pattern.finditer(text):
            readable = decode(match[0])
            if readable is not None:
                yield Decoded(encoding, *match.span(), readable)


def _base64(run: str) -> str | None:
    if run.isalpha() and (run.islower() or run.istitle()):
        return None  # a long word
    letters = "".join(run.split()).rstrip("=").translate(str.maketrans("-_", "+/"))
    return _base64_of(letters) or (_base64_of(letters[::-1]) if len(letters) >= 2 * _ALIGNMENTS**2 else None)


def _base64_of(letters: str) -> str | None:
    # What stands before it may belong to the same alphabet ("/", "-", a letter): then its groups of four begin later.
    for skipped in range(_ALIGNMENTS):
        part = letters[skipped:]
        part = part[: len(part) - (len(part) % 4 == 1)]
        try:
            data = base64.b64decode(part + "=" * (-len(part) % 4))
        except binascii.Error:
            continue
        readable = _readable(data) or _readable_part(data)
        if readable is not None:
            return readable
    return None


def _base32(run: str) -> str | None:
    letters = run.rstrip("=").upper()
    letters = letters[: len(letters) - (len(letters) % 8 in (1, 3, 6))]
    padded = letters + "=" * (-len(letters) % 8)
    for decode in (base64.b32decode, base64.b32hexdecode):
        try:
            readable = _readable(decode(padded))
        except binascii.Error:
            continue
        if readable is not None:
            return readable
    return None


def _base85(run: str) -> str | None:
    try:
        if run.startswith("<~"):
            return _readable(base64.a85decode(run, adobe=True))
        if len(_OF_BASE85.findall(run)) < 2 or "://" in run:
            return None
        return _readable(base64.b85decode(run))
    except ValueError:
        return None


def _hex(run: str) -> str | None:
    digits = _NOT_HEX.sub("", run)
    return None if digits.isdigit() else _readable(bytes.fromhex(digits[: len(digits) // 2 * 2]))


def _binary(run: str) -> str | None:
    return _readable(_bytes_of(run.replace(" ", "").replace(",", "")))


_RUNS: tuple[tuple[str, re.Pattern[str], Callable[[str], str | None]], ...] = (
    ("BASE64", _BASE64, _base64),
    ("BASE32", _BASE32, _base32),
    ("BASE85", _BASE85, _base85),
    ("HEX", _HEX, _hex),
    ("BINARY", _BINARY, _binary),
)


def _numbers(text: str) -> Iterator[Decoded]:
    """Codes of letters in decimal and octal, dumps of bytes, Morse."""
    for match in _CODES.finditer(text):
        octal = _OCTAL.fullmatch(match[0]) is not None
        codes = [int(number, 8 if octal else 10) for number in _NUMBER.findall(match[0])]
        if all(code in (9, 10, 13) or 32 <= code < 127 for code in codes):
            readable = _readable(bytes(codes))
            if readable is not None:
                yield Decoded("OCTAL" if octal else "DECIMAL", *match.span(), readable)
    lines = list(_DUMPED.finditer(text)) if ": " in text or "  " in text else []
    if lines:
        readable = _hex("".join(match[1] for match in lines))
        if readable is not None:
            yield Decoded("HEX", lines[0].start(), lines[-1].end(), readable)
    for match in _MORSE.finditer(text):
        words = re.split(r" ?[/|] ?|  +", match[0].translate(_STROKES))
        letters = [[_MORSE_CODE.get(code, "") for code in word.split()] for word in words]
        # The letters may be apart by what else parts words.
        if len(words) > 5 and all(len(word) == 1 for word in letters):
            letters = [[word[0] for word in letters]]
        yield Decoded("MORSE", *match.span(), " ".join("".join(word) for word in letters))


def _uuencoded(text: str) -> Iterator[Decoded]:
    for match in _UUENCODED.finditer(text):
        data = b""
        try:
            data = b"".join(binascii.a2b_uu(line) for line in match[1].splitlines())
        except (binascii.Error, ValueError):
            continue
        readable = _readable(data)
        if readable is not None:
            yield Decoded("UUENCODE", *match.span(), readable)


def _readable_part(data: bytes) -> str | None:
    """Return the stretches that are text, where what stood before or behind belongs to the same alphabet."""
    found = _PRINTABLE.findall(data)
    return " ".join(stretch.decode("ascii") for stretch in found) if found else None


def _readable(data: bytes) -> str | None:
    """Return bytes as text, if they are: UTF-8 (or UTF-16, as PowerShell encodes), letters for the most part."""
    if data.startswith(_COMPRESSED):
        data = _inflated(data)
    if len(data) < 6:
        return None
    encoding = "utf-8"
    if data[1::2].count(0) > len(data) // 3:
        encoding = "utf-16-le"
    elif data[::2].count(0) > len(data) // 3:
        encoding = "utf-16-be"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return None
    printable = sum(letter.isprintable() or letter in "\n\r\t" for letter in text)
    letters = sum(letter.isalnum() or letter == " " for letter in text)
    return text if printable == len(text) and letters >= 0.6 * len(text) else None


def _inflated(data: bytes) -> bytes:
    """Return the beginning of compressed data; its size is bounded, whatever it says of itself."""
    try:
        return zlib.decompressobj(wbits=47).decompress(data, _INFLATED)
    except zlib.error:
        return b""


def _unseen(text: str) -> Iterator[Decoded]:
    for match in _TAGS.finditer(text):
        yield Decoded("TAGS", *match.span(), "".join(chr(ord(letter) - 0xE0000) for letter in match[0]))
    for match in _SELECTORS.finditer(text):
        readable = _readable(bytes(_byte_of(letter) for letter in match[0]))
        if readable is not None:
            yield Decoded("SELECTORS", *match.span(), readable)
    for match in _UNSEEN_BITS.finditer(text):
        run = match[0]
        letters = sorted(set(run), key=run.index)[:2]
        for one in letters:
            bits = "".join("1" if letter == one else "0" for letter in run if letter in letters)
            readable = _readable(_bytes_of(bits))
            if readable is not None:
                yield Decoded("ZERO_WIDTH", *match.span(), readable)
                break
    for match in _BRAILLE.finditer(text):
        yield Decoded("BRAILLE", *match.span(), match[0].translate(_CELLS))


def _byte_of(selector: str) -> int:
    code = ord(selector)
    return code - 0xFE00 if code <= 0xFE0F else code - 0xE0100 + 16


def _bytes_of(bits: str) -> bytes:
    return bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits) - 7, 8))
