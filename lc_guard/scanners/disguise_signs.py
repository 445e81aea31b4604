"""What a disguise leaves in a text for everybody to see: tables for `phrase_matching.signs_of`, which is quick."""

from __future__ import annotations

import re

# What a character is to the signs of a disguise: a letter, a digit, a blank, an end of a line, what may part letters.
_KINDS = bytearray(ord("a") if chr(code).isalpha() else ord("o") for code in range(256))
for _kind, _characters in {
    "0": b"0123456789", "-": b"-_./+:=\\", ",": b",;", "*": b"*~`^|", "'": b"\"'", "@": b"@$", "n": b"\r\n", "t": b"\t",
    " ": b" ", "<": b"<[{", "x": bytes((*range(9), 11, 12, *range(14, 32), 127)),
}.items():  # fmt: skip
    for _code in _characters:
        _KINDS[_code] = ord(_kind)
KIND_OF = bytes(_KINDS)
# Neighbours that few ordinary texts have, by what they are a sign of; digits are letters here. Those of each line are
# looked for only where the kind before them occurs.
NEIGHBOURS = (
    (b"*", "marks", (b"a*a", b"a**a", b"a-**")),
    (b"<", "marks", (b"a<",)),
    (b"''", "marks", (b"''",)),
    (b"' '", "marks", (b"' '",)),
    (b"'-", "marks", (b"'-'",)),
    (b"' -", "marks", (b"' - '",)),
    (b"-n", "marks", (b"a-na", b"a-nna")),
    (b"n", "lines", (b"ana", b"anna", b"a-na", b"a-nna", b"an ", b"ann ", b"ant", b"annt", b" na", b" nna")),
    (b"x", "folded", (b"x",)),
)
LEET_NEIGHBOURS = (b"a0a", b" 0aa", b"a0 ", b"a@a", b" @aa", b"a@ ")
# Four letters apart by the same.
APART = re.compile(rb"(?<!a)a([^a]{1,8})a(?:\1a){2}(?!a)")
# Four words apart by the same, which is more than a blank.
APART_WORDS = re.compile(rb"(?<!a)a{1,30}(?!, )([^a]{2,8})a{1,30}\1a{1,30}\1a")
# Four rows with a number before their one word.
NUMBERED_ROWS = re.compile(
    r"(?:\n[ \t|(]{0,9}(?:[A-Za-z]{0,8}[ _-]?\d{1,3}|[A-Za-z])[ \t]?[.):|]{1,2}[ \t|]{0,9}"
    r"[^\W\d_]{1,30}[ \t]*[|,;.]?[ \t]*(?=\n)){3}"
)
THRICE = tuple(3 * letter for letter in "abcdefghijklmnopqrstuvxyz")
ESCAPING = ("\\", "%", "&", "=", "U+", "u+", "+A")
ESCAPES = re.compile(
    r"\\(?:u[0-9A-Fa-f]{4}|u\{|x[2-7][0-9A-Fa-f]|[01][0-7]{2})|%(?:2[0-9A-Fa-f]|[0-9A-Fa-f]{2}%[0-9A-Fa-f]{2}|u00)"
    r"|&(?:#[xX0-9]|[A-Za-z]{2,8};)|(?:=[0-9A-F]{2}){2}|\w=\r?\n|[Uu]\+00[0-9A-F]{2}|\+A[A-Za-z0-9/]{5}"
    r"|[?&]\w{1,40}=[^\s&+]{0,80}\+"
)
# Six and more short words in a row, or four as long as each other: cut into pieces, perhaps.
PIECES = re.compile(rb"[\1-\3]{6}|([\4\5\6\x08])\1{3}")
CODES = re.compile(
    r"\d{2,3}(?:[,;] ?| )\d{2,3}(?:[,;] ?| )\d{2,3}(?:[,;] ?| )\d{2,3}"
    r"|[A-Za-z]\( ?\d{2,3} ?\)(?:[^()\d]{1,24}\( ?\d{2,3} ?\)){3}"
)
# Small words of eight languages: a text in a cipher, or from back to front, has few of them.
SMALL = frozenset({
    "a", "about", "all", "alle", "also", "am", "an", "and", "are", "as", "at", "aus", "be", "but", "by", "can", "che",
    "come", "con", "da", "das", "de", "del", "den", "der", "des", "det", "di", "die", "do", "don", "du", "e", "een",
    "ein", "eine", "el", "en", "er", "es", "est", "et", "for", "from", "have", "he", "het", "hi", "how", "i", "ich",
    "il", "im", "in", "is", "ist", "it", "its", "je", "jest", "la", "le", "les", "los", "me", "met", "mit", "my",
    "na", "nao", "ne", "nicht", "nie", "no", "non", "not", "o", "of", "on", "or", "os", "ou", "para", "per", "por",
    "pour", "qu", "que", "qui", "se", "she", "si", "sie", "so", "sur", "te", "that", "the", "their", "they", "this",
    "to", "um", "uma", "un", "una", "und", "une", "van", "von", "was", "we", "were", "what", "who", "will", "with",
    "you", "your", "z",
})  # fmt: skip
NO_LETTERS = bytes(code for code in range(256) if not chr(code).isalpha())
BACKWARDS = (
    "erongi", "snoitcurt", "tpmorp", "metsys", "drowssap", "terces", "laever", "dragersid", "tegrof", "ssapyb",
    "dnetrep", "tcirts", "redlohe", "detcad", " eht", " dna ", " uoy", "ruoy", " si ", "aika", "_phg", "_evil_",
    "-jorp-", "-bxox", "-talp", "ysazia", "nekot", "esaelp", "taeper", "lleps", "si yek",
)  # fmt: skip
# Words in ciphers and from back to front, and words about ciphers.
OF_CIPHERS = frozenset(
    word + end
    for word in (
        "vtaber", "vafgehpgvba", "vafgehpgvbaf", "flfgrz", "cebzcg", "cnffjbeq", "qvfertneq", "erirny", "erongi",
        "snoitcurtsni", "noitcurtsni", "metsys", "tpmorp", "drowssap", "dragersid", "laever", "rot13", "rot-13",
        "rot47", "caesar", "cipher", "atbash", "backward", "backwards", "reverse", "reversed",
    )
    for end in ("", ".", ",", ":", "!", "?", ")", '"')
)  # fmt: skip
# Unseen characters but those of emoji, marks, letters in other shapes, words of two alphabets.
UNUSUAL = re.compile(
    "[\u00a0\u00ad\u0250-\u02af\u0300-\u036f\u0483-\u0489\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u1ab0-\u1aff"
    "\u1d00-\u1dbf\u2000-\u200c\u200e\u200f\u202a-\u202f\u205f-\u206f\u20d0-\u20df\u2100-\u214f\u2460-\u24ff"
    "\u2800-\u28ff\u3000\u3164\ua720-\ua7ff\ufb00-\ufb06\ufe00-\ufe0e\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\uffa0\ufff9-\ufffb"
    "\U0001d400-\U0001d7ff\U0001f100-\U0001f1ff\U000e0000-\U000e0fff]"
    "|[A-Za-z][\u2600-\u27bf\U0001f300-\U0001faff]\ufe0f?[A-Za-z]|[^\\W_][\u200d\ufe0f\ufeff\u20e0-\u20ff]|\u200d[^\\W_]|[A-Za-z][\u0370-\u052f]|[\u0370-\u052f][A-Za-z]"
)
