"""Whether bytes are a text that somebody can read."""

from __future__ import annotations

import bz2
import lzma
import zlib
from typing import NamedTuple

_INFLATED, _MEMORY = 1 << 16, 1 << 26
_BZIP2, _XZ = b"BZh", b"\xfd7zXZ"
_COMPRESSED = (b"\x1f\x8b", b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda", _BZIP2, _XZ)
_LEAST = 6
_SHORT = 16  # of so few bytes many are letters by chance
_LETTERS, _LETTERS_OF_SHORT = 0.6, 0.85


class Decoded(NamedTuple):
    """What a stretch of a text decodes to."""

    encoding: str
    start: int
    end: int
    text: str


def readable(data: bytes) -> str | None:
    """Return bytes as text, if they are: UTF-8 (or UTF-16, as PowerShell encodes), letters for the most part."""
    if data.startswith(_COMPRESSED):
        data = _inflated(data)
    if len(data) < _LEAST:
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
    printable = text.replace("\n", "").replace("\r", "").replace("\t", "").isprintable()
    letters = sum(map(str.isalnum, text)) + text.count(" ")
    least = _LETTERS if len(text) >= _SHORT else _LETTERS_OF_SHORT
    return text if printable and letters >= least * len(text) else None


def _inflated(data: bytes) -> bytes:
    """Return the beginning of compressed data; its size is bounded, whatever it says of itself."""
    try:
        if data.startswith(_BZIP2):
            return bz2.BZ2Decompressor().decompress(data, _INFLATED)
        if data.startswith(_XZ):
            return lzma.LZMADecompressor(memlimit=_MEMORY).decompress(data, _INFLATED)
        return zlib.decompressobj(wbits=47).decompress(data, _INFLATED)
    except (zlib.error, OSError, lzma.LZMAError, EOFError):
        return b""


def bits_to_bytes(bits: str) -> bytes:
    """Return the bytes that rows of eight bits are."""
    return bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits) - 7, 8))
