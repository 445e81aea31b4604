"""The words of a person's name: which say who is meant, and which may stand for the whole."""

from __future__ import annotations

import re
import unicodedata

from lc_guard._text.escapes import unescaped
from lc_guard._text.folding import foldings

_WORD = re.compile(r"[^\W\d_]+(?:['’‘`-][^\W\d_]+)*")
_APOSTROPHES = str.maketrans("’‘`", "'''")
# Forms of address and what follows a name: they say nothing of who is meant.
_NO_NAMES = frozenset(
    {
        "mr", "mrs", "ms", "miss", "mx", "dr", "prof", "professor", "judge", "justice", "hon", "honorable",
        "honourable", "sir", "dame", "lord", "lady", "rev", "reverend", "father", "sister", "brother", "sgt",
        "sergeant", "officer", "detective", "captain", "capt", "lt", "lieutenant", "col", "colonel", "gen",
        "general", "pres", "president", "sen", "senator", "rep", "representative", "gov", "governor", "jr",
        "sr", "ii", "iii", "iv", "esq", "esquire", "phd", "md", "rn", "dds",
    }
)  # fmt: skip
# What stands between the names of a person, and names nobody alone.
_PARTICLES = frozenset(
    {
        "abu", "and", "bin", "das", "dal", "del", "della", "der", "des", "dos", "den", "due", "ibn", "las", "los",
        "san", "santa", "saint", "the", "van", "ver", "von", "und", "zum", "zur",
    }
)  # fmt: skip
_MIN_PART = 3
_MAX_WORDS = 5  # more are no name but a list of names, or a line of something else


def name_words(name: str) -> tuple[str, ...]:
    """Return the words of a name that say who is meant: case-folded, without forms of address."""
    words = (word.translate(_APOSTROPHES) for word in _WORD.findall(foldings(_read(name))[-1].text))
    return tuple(word for word in words if word not in _NO_NAMES)


def name_parts(name: str) -> tuple[str, ...]:
    """Return the words of a full name that may stand for its person alone, as they are written."""
    name = _read(name)
    if any(map(str.isdigit, name)):
        return ()
    words = [word for word in _WORD.findall(name) if word.casefold() not in _NO_NAMES]
    if not 2 <= len(words) <= _MAX_WORDS:
        return ()
    return tuple(
        word for word in words if len(word) >= _MIN_PART and word[0].isupper() and word.casefold() not in _PARTICLES
    )


def _read(name: str) -> str:
    """Return a name as a person reads it."""
    *_, read = name, *(reading for reading, _ in unescaped(name))
    return read if read.isascii() else unicodedata.normalize("NFC", read)
