"""Letters outside of ASCII as they are compared: compatibility forms, marks, look-alikes, unseen characters."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

# Controls (but tab and line breaks), zero-width and bidirectional characters, variation selectors, tags.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
_CLUSTER = re.compile(r"[\x00-\x7f]?[^\x00-\x7f]+")
# Letters that look like Latin ones in most fonts: single-letter entries of Unicode's confusables.txt (UTS #39).
_LOOKALIKES = str.maketrans(
    "авеікмнорсѕтухјԁһԛԝґѵӏ" + "αβεικνορτυχϲϳ" + "ıℓɡɑ",
    "abeikmhopcstyxjdhqwrvl" + "abeikvoptuxcj" + "ilga",
)
_WORD = re.compile(r"[a-z\u0370-\u03ff\u0400-\u052fıℓɡɑ]+")
_HAS_LATIN = re.compile("[a-z]")


def _without_unseen(text: str) -> tuple[str, Sequence[int]]:
    kept = [at for at, letter in enumerate(text) if not _UNSEEN.match(letter)]
    return "".join(text[at] for at in kept), [*kept, len(text)]


def unfolded(text: str, *, accents: bool, casefold: bool) -> tuple[str, Sequence[int]]:
    """Fold a text that is not ASCII, or has controls; see `phrase_matching.folded`.

    Returns:
        The text, and for each of its offsets (its length included) the offset in the original.
    """
    if text.isascii():
        plain, offsets = _without_unseen(text)
    else:
        plain, offsets = _unfold(text, accents=accents, casefold=casefold)
    plain = plain.lower() if casefold and plain.isascii() else plain
    return plain if accents or plain.isascii() else _WORD.sub(_latin, plain), offsets


def _unfold(text: str, *, accents: bool, casefold: bool) -> tuple[str, Sequence[int]]:
    """Fold what is not ASCII, cluster by cluster: a base letter with its marks is one."""
    pieces: list[str] = []
    offsets: list[int] = []
    last = 0
    for match in _CLUSTER.finditer(text):
        start, end = match.span()
        pieces.append(text[last:start].lower() if casefold else text[last:start])
        offsets.extend(range(last, start))
        at = start
        while at < end:
            upto = at + 1
            while upto < end and unicodedata.combining(text[upto]):
                upto += 1
            piece = _fold_cluster(text[at:upto], accents=accents, casefold=casefold)
            pieces.append(piece)
            offsets.extend([at] * len(piece))
            at = upto
        last = end
    pieces.append(text[last:].lower() if casefold else text[last:])
    offsets.extend(range(last, len(text) + 1))
    joined = "".join(pieces)
    return (joined, offsets) if joined.isascii() or not _UNSEEN.search(joined) else _drop_unseen(joined, offsets)


def _drop_unseen(text: str, offsets: Sequence[int]) -> tuple[str, Sequence[int]]:
    plain, kept = _without_unseen(text)
    return plain, [offsets[at] for at in kept]


def _fold_cluster(cluster: str, *, accents: bool, casefold: bool) -> str:
    # More than a few marks on one letter are no language's ("zalgo"), and would make composing quadratic.
    piece = unicodedata.normalize("NFKC", cluster[:8])
    piece = piece.casefold() if casefold else piece
    if accents or piece.isascii():
        return piece
    # Only what stands on Latin, Greek and Cyrillic letters: elsewhere marks are vowels.
    apart = unicodedata.normalize("NFD", piece)
    if apart[:1] and ord(apart[0]) < 0x530:
        return "".join(letter for letter in apart if not unicodedata.combining(letter))
    return piece


def _latin(match: re.Match[str]) -> str:
    word = match[0]
    return word.translate(_LOOKALIKES) if not word.isascii() and _HAS_LATIN.search(word) else word
