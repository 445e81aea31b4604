"""Ways to write a text so that a person or a model reads it and a search does not.

Each is a function of a text. Those of `READABLE` keep every letter of a key, its case included; `LOSSY` do not: a key
that went through one of them is a key no longer, so they are tried on words only.
"""

from __future__ import annotations

import base64
import binascii
import bz2
import codecs
import gzip
import html
import itertools
import json
import lzma
import quopri
import textwrap
import urllib.parse
import zlib
from collections.abc import Callable

Disguise = Callable[[str], str]

_CYRILLIC = str.maketrans("aeopcxyisjAEOPCTXBHKM", "аеорсхуіѕјАЕОРСТХВНКМ")
_GREEK = str.maketrans("aiouvABEHIKMNOPTXYZ", "αιουνΑΒΕΗΙΚΜΝΟΡΤΧΥΖ")
_SMALL_CAPITALS = str.maketrans("abcdefghijklmnopqrstuvwyz", "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘǫʀꜱᴛᴜᴠᴡʏᴢ")
_UPSIDE_DOWN = str.maketrans("abcdefghijklmnopqrtuvwy", "ɐqɔpǝɟƃɥᴉɾʞlɯuodbɹʇnʌʍʎ")
# Seven double-struck capitals were in Unicode before the others, elsewhere.
_DOUBLE_STRUCK = {0x1D538 + ord(letter) - 65: sign for letter, sign in zip("CHNPQRZ", "ℂℍℕℙℚℝℤ", strict=True)}
_LEET = str.maketrans("oieas", "01345")
_LEET_MORE = str.maketrans("oieastgl", "0!3@$761")
_MORSE = dict(
    zip(
        "abcdefghijklmnopqrstuvwxyz0123456789",
        ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. "  # noqa: SIM905
        "--.- .-. ... - ..- ...- .-- -..- -.-- --.. "
        "----- .---- ..--- ...-- ....- ..... -.... --... ---.. ----.".split(),
        strict=True,
    )
)
_BRAILLE = dict(zip("abcdefghijklmnopqrstuvwxyz", "⠁⠃⠉⠙⠑⠋⠛⠓⠊⠚⠅⠇⠍⠝⠕⠏⠟⠗⠎⠞⠥⠧⠺⠭⠽⠵", strict=True))


def _b64(data: str | bytes) -> str:
    return base64.b64encode(data.encode() if isinstance(data, str) else data).decode()


def _letters(text: str, put: Callable[[str], str]) -> str:
    return "".join(put(letter) if letter.isascii() and letter.isalpha() else letter for letter in text)


def _shifted(lower: int, upper: int) -> Disguise:
    return lambda text: _letters(text, lambda a: chr(ord(a) - 97 + lower if a.islower() else ord(a) - 65 + upper))


def _inside_words(text: str, put: str, *, every: int = 3) -> str:
    """Put something into each word, behind every so many letters."""
    return " ".join(put.join(textwrap.wrap(word, every)) if len(word) > every else word for word in text.split(" "))


def _spelled(between: str, words: str) -> Disguise:
    return lambda text: words.join(between.join(word) for word in text.split(" "))


def _caesar(by: int) -> Disguise:
    return lambda text: _letters(text, lambda a: chr((ord(a) - (b := 97 if a.islower() else 65) + by) % 26 + b))


def _bits(text: str, zero: str, one: str) -> str:
    return "".join(f"{byte:08b}" for byte in text.encode()).replace("0", "a").replace("1", one).replace("a", zero)


def _selector(byte: int) -> str:
    return chr(0xFE00 + byte) if byte < 16 else chr(0xE0100 + byte - 16)


FOLDED: dict[str, Disguise] = {
    "as it is": str,
    "full width": lambda text: "".join(chr(ord(c) + 0xFEE0) if 33 <= ord(c) < 127 else c for c in text),
    "full width letters": lambda text: _letters(text, lambda a: chr(ord(a) + 0xFEE0)),
    "bold": _shifted(0x1D41A, 0x1D400),
    "bold italic": _shifted(0x1D482, 0x1D468),
    "sans": _shifted(0x1D5BA, 0x1D5A0),
    "monospace": _shifted(0x1D68A, 0x1D670),
    "fraktur": _shifted(0x1D586, 0x1D56C),
    "bold script": _shifted(0x1D4EA, 0x1D4D0),
    "double struck": lambda text: _shifted(0x1D552, 0x1D538)(text).translate(_DOUBLE_STRUCK),
    "circled": _shifted(0x24D0, 0x24B6),
    "zero width space": "\u200b".join,
    "zero width joiner": "\u200d".join,
    "word joiner": lambda text: _inside_words(text, "\u2060", every=2),
    "byte order marks": lambda text: _inside_words(text, "\ufeff"),
    "soft hyphens": lambda text: _inside_words(text, "\u00ad"),
    "grapheme joiners": lambda text: _inside_words(text, "\u034f", every=2),
    "direction marks": lambda text: _inside_words(text, "\u200e"),
    "direction isolates": lambda text: " ".join(f"\u2066{word}\u2069" for word in text.split(" ")),
    "variation selectors in words": lambda text: _inside_words(text, "\ufe0f", every=1),
    "control characters": lambda text: _inside_words(text, "\x08"),
    "marks below": lambda text: _letters(text, lambda a: a + "\u0323"),
    "strokes": lambda text: _letters(text, lambda a: a + "\u0336"),
    "zalgo": lambda text: _letters(text, lambda a: a + "\u0301\u0316\u0323\u0334"),
    "Cyrillic": lambda text: text.translate(_CYRILLIC),
    "Greek": lambda text: text.translate(_GREEK),
    "no-break spaces": lambda text: text.replace(" ", "\u00a0"),
    "ideographic spaces": lambda text: text.replace(" ", "\u3000"),
}

BROKEN: dict[str, Disguise] = {
    "tags": lambda text: _inside_words(text, "<b></b>"),
    "bold in words": lambda text: " ".join(f"{word[:2]}<i>{word[2:4]}</i>{word[4:]}" for word in text.split(" ")),
    "comments": lambda text: _inside_words(text, "<!-- x -->"),
    "spans": lambda text: "".join(f"<span>{letter}</span>" for letter in text),
    "empty spans": lambda text: _inside_words(text, '<span class="x"></span>'),
    "word break tags": lambda text: _inside_words(text, "<wbr>"),
    "BBCode": lambda text: _inside_words(text, "[b][/b]"),
    "code comments": lambda text: _inside_words(text, "/**/"),
    "asterisks": lambda text: _inside_words(text, "*"),
    "bold Markdown": lambda text: _inside_words(text, "**"),
    "backticks": lambda text: _inside_words(text, "`"),
    "bars": lambda text: _inside_words(text, "|"),
    "tildes": lambda text: _inside_words(text, "~~"),
    "carets": lambda text: _inside_words(text, "^", every=2),
    "concatenated": lambda text: '"' + '" + "'.join(textwrap.wrap(text, 7, drop_whitespace=False)) + '"',
    "adjacent strings": lambda text: "'" + "' '".join(textwrap.wrap(text, 7, drop_whitespace=False)) + "'",
    "line breaks": lambda text: _inside_words(text, "\n"),
    "carriage returns": lambda text: _inside_words(text, "\r\n"),
    "hyphenated": lambda text: _inside_words(text, "-\n", every=4),
    "narrow column": lambda text: "\n".join(text[at : at + 6] for at in range(0, len(text), 6)),
    "indented column": lambda text: "\n    ".join(text[at : at + 9] for at in range(0, len(text), 9)),
    "continued lines": lambda text: _inside_words(text, "\\\n"),
    "spaced": _spelled(" ", "   "),
    "spaced without words": lambda text: " ".join(text.replace(" ", "")),
    "dotted": _spelled(".", " "),
    "dashed": _spelled("-", " "),
    "underscored": _spelled("_", " "),
    "slashed": _spelled("/", "  "),
    "bars between": _spelled("|", " "),
    "commas between": _spelled(", ", " ; "),
    "tabs between": _spelled("\t", "\n"),
    "plus between": _spelled("+", " "),
    "one letter a line": lambda text: "\n".join(text.replace(" ", "\n")),
    "JSON array": lambda text: json.dumps([*text]),
    "emoji between": "🔥".join,
    "brackets around": lambda text: "".join(letter if letter == " " else f"({letter})" for letter in text),
    "double spaces": _spelled("  ", "    "),
    "hashes between": _spelled("#", " "),
    "breaks and line ends": "<br/>\n".join,
    "wide spaces": _spelled("\u2003", " \u2003\u2003"),
}

ENCODED: dict[str, Disguise] = {
    "base64": lambda text: f"Decode and do it: {_b64(text)}",
    "base64 alone": _b64,
    "base64url": lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "base64 in lines": lambda text: "\n".join(textwrap.wrap(_b64(text), 20)),
    "base64 with blanks": lambda text: " ".join(textwrap.wrap(_b64(text), 8)),
    "base64 spelled": lambda text: " ".join(_b64(text)),
    "base64 quoted": lambda text: f'atob("{_b64(text)}")',
    "base64 in a data URL": lambda text: f"data:text/plain;base64,{_b64(text)}",
    "base64 in pieces": lambda text: " and ".join(_b64(text[at : at + 15]) for at in range(0, len(text), 15)),
    "base64 UTF-16": lambda text: _b64(text.encode("utf-16-le")),
    "base64 backwards": lambda text: f"Reverse, then decode base64: {_b64(text)[::-1]}",
    "base64 with zero width": lambda text: "\u200b".join(_b64(text)),
    "base64 twice": lambda text: _b64(_b64(text)),
    "base64 thrice": lambda text: _b64(_b64(_b64(text))),
    "base32": lambda text: base64.b32encode(text.encode()).decode(),
    "base32 in small letters": lambda text: base64.b32encode(text.encode()).decode().lower().rstrip("="),
    "base32 hex": lambda text: f"base32hex: {base64.b32hexencode(text.encode()).decode()}",
    "base85": lambda text: f"base85: {base64.b85encode(text.encode()).decode()}",
    "Ascii85": lambda text: base64.a85encode(text.encode(), adobe=True).decode(),
    "uuencode": lambda text: (
        "begin 644 x\n"
        + "".join(binascii.b2a_uu(text.encode()[at : at + 45]).decode() for at in range(0, len(text.encode()), 45))
        + "`\nend"
    ),
    "hex": lambda text: text.encode().hex(),
    "hex in capitals": lambda text: f"0x{text.encode().hex().upper()}",
    "hex pairs": lambda text: text.encode().hex(" "),
    "hex with colons": lambda text: text.encode().hex(":"),
    "hex with 0x": lambda text: ", ".join(f"0x{byte:02x}" for byte in text.encode()),
    "hex dump": lambda text: "\n".join(
        f"{at:08x}: {text.encode()[at : at + 16].hex(' ', 2)}" for at in range(0, len(text.encode()), 16)
    ),
    "binary": lambda text: " ".join(f"{byte:08b}" for byte in text.encode()),
    "binary in one": lambda text: _bits(text, "0", "1"),
    "binary in lines": lambda text: "\n".join(f"{byte:08b}" for byte in text.encode()),
    "octal numbers": lambda text: " ".join(f"{byte:03o}" for byte in text.encode()),
    "octal escapes": lambda text: "".join(f"\\{byte:03o}" for byte in text.encode()),
    "decimal codes": lambda text: " ".join(str(byte) for byte in text.encode()),
    "decimal calls": lambda text: " + ".join(f"chr({byte})" for byte in text.encode()),
    "decimal calls, joined": lambda text: "&".join(f"Char({byte})" for byte in text.encode()),
    "decimal list": lambda text: f"String.fromCharCode({','.join(str(byte) for byte in text.encode())})",
    "percent": lambda text: "".join(f"%{byte:02X}" for byte in text.encode()),
    "percent twice": lambda text: "".join(f"%25{byte:02x}" for byte in text.encode()),
    "query": lambda text: f"?q={urllib.parse.quote_plus(text)}&x=1",
    "HTML decimal": lambda text: "".join(f"&#{ord(letter)};" for letter in text),
    "HTML hex": lambda text: "".join(f"&#x{ord(letter):x};" for letter in text),
    "HTML twice": lambda text: html.escape("".join(f"&#{ord(letter)};" for letter in text)),
    "\\x escapes": lambda text: "".join(f"\\x{byte:02x}" for byte in text.encode()),
    "\\X escapes": lambda text: "".join(f"\\X{byte:02X}" for byte in text.encode()),
    "octal escapes with 0": lambda text: "".join(f"\\0{byte:o}" for byte in text.encode()),
    "\\u escapes": lambda text: "".join(f"\\u{ord(letter):04x}" for letter in text),
    "\\u{} escapes": lambda text: "".join(f"\\u{{{ord(letter):x}}}" for letter in text),
    "\\u escapes in words": lambda text: "".join(f"\\u{ord(a):04x}" if at % 3 == 0 else a for at, a in enumerate(text)),
    "U+ notation": lambda text: " ".join(f"U+{ord(letter):04X}" for letter in text),
    "quoted-printable": lambda text: "".join(f"={byte:02X}" for byte in text.encode()),
    "soft line breaks": lambda text: (
        quopri.encodestring(_inside_words(text, "=\n").encode()).decode().replace("=3D", "=")
    ),
    "UTF-7": lambda text: "+" + _b64(text.encode("utf-16-be")).rstrip("=") + "-",
    "gzip": lambda text: _b64(gzip.compress(text.encode(), mtime=0)),
    "bzip2": lambda text: _b64(bz2.compress(text.encode())),
    "xz": lambda text: _b64(lzma.compress(text.encode())),
    "zlib": lambda text: _b64(zlib.compress(text.encode())),
    "gzip in hex": lambda text: gzip.compress(text.encode(), mtime=0).hex(),
    "ROT13": lambda text: f"Decode this rot13: {codecs.encode(text, 'rot13')}",
    "ROT13 alone": lambda text: codecs.encode(text, "rot13"),
    "Caesar 3": _caesar(3),
    "Caesar 21": _caesar(21),
    "Atbash": lambda text: _letters(text, lambda a: chr(219 - ord(a) if a.islower() else 155 - ord(a))),
    "ROT47": lambda text: "rot47: " + "".join(chr(33 + (ord(c) + 14) % 94) if 33 <= ord(c) < 127 else c for c in text),
    "backwards": lambda text: text[::-1],
    "words backwards": lambda text: " ".join(word[::-1] for word in text.split(" ")),
    "tag characters": lambda text: "Nice!" + "".join(chr(0xE0000 + ord(a)) for a in text if a.isascii()),
    "bytes in selectors": lambda text: "😊" + "".join(_selector(byte) for byte in text.encode()),
    "zero width bits": lambda text: f"Hello{_bits(text, chr(0x200B), chr(0x200C))} there",
    "percent of base64": lambda text: urllib.parse.quote(_b64(text), safe=""),
    "base64 of hex": lambda text: _b64(text.encode().hex()),
    "hex of base64": lambda text: _b64(text).encode().hex(),
    "base64 of ROT13": lambda text: _b64(codecs.encode(text, "rot13")),
    "base64 of spaced": lambda text: _b64("   ".join(" ".join(word) for word in text.split(" "))),
    "base64 of full width": lambda text: _b64("".join(chr(ord(c) + 0xFEE0) if 33 <= ord(c) < 127 else c for c in text)),
    "HTML of base64": lambda text: "".join(f"&#{ord(letter)};" for letter in _b64(text)),
}

READABLE = FOLDED | BROKEN | ENCODED

LOSSY: dict[str, Disguise] = {
    "capitals": str.upper,
    "alternating case": lambda text: "".join(a.upper() if at % 2 else a.lower() for at, a in enumerate(text)),
    "leetspeak": lambda text: text.translate(_LEET),
    "more leetspeak": lambda text: text.lower().translate(_LEET_MORE),
    "leetspeak in base64": lambda text: _b64(text.translate(_LEET)),
    "small capitals": lambda text: text.lower().translate(_SMALL_CAPITALS),
    "negative squares": lambda text: _letters(text.upper(), lambda a: chr(0x1F170 + ord(a) - 65)),
    "negative circles": lambda text: _letters(text.upper(), lambda a: chr(0x1F150 + ord(a) - 65)),
    "squares": lambda text: _letters(text.upper(), lambda a: chr(0x1F130 + ord(a) - 65)),
    "parenthesized": lambda text: _letters(text.lower(), lambda a: chr(0x249C + ord(a) - 97)),
    "flags": lambda text: _letters(text.upper(), lambda a: chr(0x1F1E6 + ord(a) - 65) + "\u200c"),
    "upside down": lambda text: text.lower().translate(_UPSIDE_DOWN)[::-1],
    "accents": lambda text: text.translate(str.maketrans("aeiou", "áèîõü")),
    "Morse": lambda text: " / ".join(" ".join(_MORSE[a] for a in word.lower() if a in _MORSE) for word in text.split()),
    "Braille": lambda text: "".join(_BRAILLE.get(letter, letter) for letter in text.lower()),
    "without blanks": lambda text: text.replace(" ", ""),
    "camel case": lambda text: "".join(word.capitalize() for word in text.split()),
    "snake case": lambda text: text.replace(" ", "_"),
    "pairs of letters": lambda text: " ".join(textwrap.wrap(text.replace(" ", ""), 2)),
    "threes": lambda text: " ".join(textwrap.wrap(text.replace(" ", ""), 3)),
    "fives": lambda text: " ".join(textwrap.wrap(text.replace(" ", ""), 5)),
    "hyphens in words": lambda text: _inside_words(text, "-"),
    "dots in words": lambda text: _inside_words(text, ".", every=2),
    "bullets": lambda text: "\n".join(f"- {word}" for word in text.split()),
    "boxes to tick": lambda text: "\n".join(f"* [ ] {word}" for word in text.split()),
    "numbered rows": lambda text: "\n".join(f"{number}. {word}" for number, word in enumerate(text.split(), 1)),
    "lettered rows": lambda text: "\n".join(f"({chr(97 + at)}) {word}" for at, word in enumerate(text.split())),
    "steps": lambda text: "\n".join(f"Step {number}: {word}" for number, word in enumerate(text.split(), 1)),
    "quoted rows": lambda text: "\n".join(f"> {word}" for word in text.split()),
    "empty lines": lambda text: text.replace(" ", "\n\n"),
    "cells": lambda text: "\n".join(f"| {at} | {word} |" for at, word in enumerate(text.split())),
    "items of HTML": lambda text: "\n".join(f"  <li>{word}</li>" for word in text.split()),
    "semicolons": lambda text: text.replace(" ", "; "),
    "ellipses": lambda text: text.replace(" ", "... "),
    "quoted words": lambda text: " ".join(f'"{word}"' for word in text.split()),
    "bold letters": lambda text: " ".join(f"**{letter}**" for letter in text if letter != " "),
    "italic letters": lambda text: "   ".join(" ".join(f"_{letter}_" for letter in word) for word in text.split()),
    "emoji in words": lambda text: _inside_words(text, "🙂", every=2),
    "doubled letters": lambda text: "".join("".join(group) * 3 for _, group in itertools.groupby(text)),
}
"""What loses a key, and keeps a sentence."""
