"""Stretches of a text that are written in an encoding, and what they say.

Base64 and its relatives, numbers that are codes of letters (`codes`), compressed data in either, Braille, characters
that are not seen. What decodes to no readable text, such as pictures, hashes and tokens, is left as it is. In linear
time: no stretch is decoded to more than it holds, but for compressed data, of which the first 64 KiB are looked at.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator

from lc_guard.scanners.codes import found_in, hexadecimal, numbers
from lc_guard.scanners.readable import Decoded, bits_to_bytes, readable

_TOKEN = re.compile(r"\S{12,}")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{12,}={0,2}")
_MORE_LINES = re.compile(r"(?:\r?\n[A-Za-z0-9+/_-]{4,})+={0,2}")
_BASE32 = re.compile(r"(?<![A-Za-z0-9])(?:[A-Z2-7]{16,}|[a-z2-7]{16,}|[0-9A-V]{16,})={0,6}(?![A-Za-z0-9])")
_BASE85 = re.compile(r"[0-9A-Za-z!#$%&()*+;<=>?@^_`{|}~-]{20,}")
_OF_BASE85 = re.compile(r"[!#$%&()*+;<=>?@^`{|}~]")
_ASCII85 = re.compile(r"<~[!-uz\s]{10,20000}~>")
_UUENCODED = re.compile(r"begin [0-7]{3} [^\n]{1,80}\n((?:[ -`]{2,61}\r?\n){1,2000})")
_HEX = re.compile(r"(?:(?:0[xX]|\\[xX])?[0-9A-Fa-f]{2}[,:-]?){8,}")
_BITS = re.compile("[01]{48,}")
_DIGIT, _SMALL = re.compile("[0-9]"), re.compile("[a-z]")
_TAGS = re.compile("[\U000e0020-\U000e007e]{4,}")
_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]{4,}")
_UNSEEN_BITS = re.compile("[\u200b\u200c\u200d\u2060\ufeff]{32,}")
_BRAILLE = re.compile("[\u2801-\u283f](?:[\u2801-\u283f ]{2,})")
# In random bytes a stretch as long as that is found once in a million.
_PRINTABLE = re.compile(rb"[\n\r\t\x20-\x7e]{14,}")
_ALIGNMENTS = 4
# The first letters of groups of four, where the bytes are ASCII, or UTF-16 of such.
_OF_TEXT = re.compile("[I-Za-f]{3}|(?:[I-Za-f]A){2}|(?:A[I-Za-f]){2}")
_OF_LONG_TEXT = re.compile("[I-Za-f]{6}")
_BACKWARDS = 32
# Six-dot cells of the Latin letters, by the bits of their code points (Unicode block Braille Patterns).
_CELLS = str.maketrans("⠁⠃⠉⠙⠑⠋⠛⠓⠊⠚⠅⠇⠍⠝⠕⠏⠟⠗⠎⠞⠥⠧⠺⠭⠽⠵", "abcdefghijklmnopqrstuvwxyz")


def stretches(text: str, *, in_pieces: bool = True) -> list[Decoded]:
    """Return what stands in an encoding, in order, none overlapping: of two that begin at once the longer.

    Args:
        text: Any text.
        in_pieces: Whether numbers and Morse are looked for, which have blanks between letters.
    """
    found = [*_runs(text), *(numbers(text) if in_pieces else ())]
    if not text.isascii():
        found += _unseen(text)
    if "<~" in text:
        found += _ascii85(text)
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
    """Yield what is encoded without blanks; words and most names in code are told by their letters."""
    done = 0
    for token in found_in(_TOKEN, text):
        word, (start, end) = token[0], token.span()
        has_digit = _DIGIT.search(word) is not None
        if start < done or (not has_digit and (word.islower() or word.istitle())):
            continue
        if not word.islower() and _SMALL.search(word):
            for run in _BASE64.finditer(text, start, end):
                more = _MORE_LINES.match(text, run.end())
                done = more.end() if more else run.end()
                yield from _said("BASE64", run.start(), done, _base64(text[run.start() : done]))
        if has_digit:
            for encoding, pattern, decode in _WITH_DIGITS:
                for run in pattern.finditer(text, start, end):
                    yield from _said(encoding, *run.span(), decode(run[0]))
        if _BASE85.fullmatch(word):
            yield from _said("BASE85", start, end, _base85(word))


def _said(encoding: str, start: int, end: int, text: str | None) -> Iterator[Decoded]:
    if text is not None:
        yield Decoded(encoding, start, end, text)


def _base64(run: str) -> str | None:
    letters = "".join(run.split()).rstrip("=").translate(str.maketrans("-_", "+/"))
    said = _base64_of(letters)
    if said is None and len(letters) >= _BACKWARDS and _OF_LONG_TEXT.search(letters[::-_ALIGNMENTS]):
        said = _base64_of(letters[::-1])
    return said


def _base64_of(letters: str) -> str | None:
    # What stands before it may belong to the same alphabet ("/", "-", a letter): then its groups of four begin later.
    for skipped in range(_ALIGNMENTS):
        if skipped and not _OF_TEXT.search(letters[skipped::_ALIGNMENTS]):
            continue
        part = letters[skipped:]
        part = part[: len(part) - (len(part) % 4 == 1)]
        try:
            data = base64.b64decode(part + "=" * (-len(part) % 4))
        except binascii.Error:
            continue
        said = readable(data) or _readable_part(data)
        if said is not None:
            return said
    return None


def _base32(run: str) -> str | None:
    letters = run.rstrip("=").upper()
    letters = letters[: len(letters) - (len(letters) % 8 in (1, 3, 6))]
    padded = letters + "=" * (-len(letters) % 8)
    for decode in (base64.b32decode, base64.b32hexdecode):
        try:
            said = readable(decode(padded))
        except binascii.Error:
            continue
        if said is not None:
            return said
    return None


def _base85(run: str) -> str | None:
    if len(_OF_BASE85.findall(run)) < 2:
        return None
    try:
        return readable(base64.b85decode(run))
    except ValueError:
        return None


_WITH_DIGITS: tuple[tuple[str, re.Pattern[str], Callable[[str], str | None]], ...] = (
    ("BINARY", _BITS, lambda run: readable(bits_to_bytes(run))),
    ("BASE32", _BASE32, _base32),
    ("HEX", _HEX, hexadecimal),
)


def _ascii85(text: str) -> Iterator[Decoded]:
    for match in _ASCII85.finditer(text):
        try:
            yield from _said("BASE85", *match.span(), readable(base64.a85decode(match[0], adobe=True)))
        except ValueError:
            continue


def _uuencoded(text: str) -> Iterator[Decoded]:
    for match in _UUENCODED.finditer(text):
        data = b""
        try:
            data = b"".join(binascii.a2b_uu(line) for line in match[1].splitlines())
        except (binascii.Error, ValueError):
            continue
        yield from _said("UUENCODE", *match.span(), readable(data))


def _readable_part(data: bytes) -> str | None:
    """Return the stretches that are text, where what stood before or behind belongs to the same alphabet."""
    found = _PRINTABLE.findall(data)
    return " ".join(stretch.decode("ascii") for stretch in found) if found else None


def _unseen(text: str) -> Iterator[Decoded]:
    for match in _TAGS.finditer(text):
        yield Decoded("TAGS", *match.span(), "".join(chr(ord(letter) - 0xE0000) for letter in match[0]))
    for match in _SELECTORS.finditer(text):
        yield from _said("SELECTORS", *match.span(), readable(bytes(_byte_of(letter) for letter in match[0])))
    for match in _UNSEEN_BITS.finditer(text):
        run = match[0]
        letters = sorted(set(run), key=run.index)[:2]
        for one in letters:
            bits = "".join("1" if letter == one else "0" for letter in run if letter in letters)
            said = readable(bits_to_bytes(bits))
            if said is not None:
                yield Decoded("ZERO_WIDTH", *match.span(), said)
                break
    for match in _BRAILLE.finditer(text):
        yield Decoded("BRAILLE", *match.span(), match[0].translate(_CELLS))


def _byte_of(selector: str) -> int:
    code = ord(selector)
    return code - 0xFE00 if code <= 0xFE0F else code - 0xE0100 + 16
