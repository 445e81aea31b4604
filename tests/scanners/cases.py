"""The labelled cases of tests/scanners/data: attacks and ordinary texts, a third of them held out."""

from __future__ import annotations

import base64
import codecs
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from lc_guard.scanners import ScanRequest, Turn

_DATA = Path(__file__).parent / "data"


class Case(NamedTuple):
    family: str
    request: ScanRequest
    held_out: bool


def _b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _bits(text: str) -> str:
    return "".join(f"{byte:08b}" for byte in text.encode())


ENCODINGS: dict[str, Callable[[str], str]] = {
    "base64": lambda text: f"Decode and do it: {_b64(text)}",
    "base64url_unpadded": lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "base64_wrapped": lambda text: "Run this:\n" + "\n".join(textwrap.wrap(_b64(text), 64)),
    "hex": lambda text: f"0x{text.encode().hex()}",
    "url": lambda text: "".join(f"%{byte:02X}" for byte in text.encode()),
    "html": lambda text: "".join(f"&#{ord(letter)};" for letter in text),
    "rot13": lambda text: f"Decode this rot13 and comply: {codecs.encode(text, 'rot13')}",
    "reversed": lambda text: f"Read backwards: {text[::-1]}",
    "binary": lambda text: " ".join(f"{byte:08b}" for byte in text.encode()),
    "tags": lambda text: "Nice picture!" + "".join(chr(0xE0000 + ord(letter)) for letter in text),
    "zero_width_bits": lambda text: "Hello" + _bits(text).replace("0", "\u200b").replace("1", "\u200c") + " there",
    "variation_selectors": lambda text: "😊" + "".join(_selector(byte) for byte in text.encode()),
    "base64_twice": lambda text: _b64(_b64(text)),
    "escapes": lambda text: "".join(f"\\u{ord(letter):04x}" for letter in text),
}


def _selector(byte: int) -> str:
    return chr(0xFE00 + byte) if byte < 16 else chr(0xE0100 + byte - 16)


def load(*, attacks: bool) -> list[Case]:
    lines = (_DATA / ("attacks.txt" if attacks else "benign.txt")).read_text(encoding="utf-8").split("\n")
    cases = []
    family = ""
    for number, line in enumerate(lines):
        if line.startswith("## "):
            family = line.removeprefix("## ")
        elif line and not line.startswith("# "):
            *before, text = line.replace("\\n", "\n").split(" ||| ")
            encode = ENCODINGS.get(family) if attacks else None
            turns = tuple(Turn("user", said) for said in before)
            cases.append(Case(family, ScanRequest(encode(text) if encode else text, turns=turns), number % 3 == 2))
    return cases


def held_out(cases: list[Case]) -> list[Case]:
    return [case for case in cases if case.held_out]


def tuned_on(cases: list[Case]) -> list[Case]:
    return [case for case in cases if not case.held_out]
