"""WordPiece with a BERT vocabulary that knows neither case nor accents: what Rampart reads (Devlin et al. 2018).

`tokenizers` gives the same (tests/detectors/test_word_pieces.py), and brings a client for a hub of models: 33 MB.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

_LONGEST_WORD = 100  # characters; a longer one is unknown as a whole
_GOES_ON = "##"  # begins each piece of a word but the first
_CHINESE = (
    range(0x3400, 0x4DC0), range(0x4E00, 0xA000), range(0xF900, 0xFB00), range(0x20000, 0x2A6E0),
    range(0x2A700, 0x2B820), range(0x2B920, 0x2CEB0), range(0x2F800, 0x2FA20),
)  # fmt: skip
# Text without control characters, as most is: nothing moves when it is put into small letters.
_PLAIN = re.compile(r"[\t\n\r -~]*")
_PLAIN_WORD = re.compile(r"[a-z0-9]+|[!-/:-@\[-`{-~]")
_WORD = re.compile(r"[^ ]+")


class Pieces(NamedTuple):
    """A text in pieces, between a beginning and an end.

    Attributes:
        ids: Of the pieces.
        offsets: Where each stands in the text; the beginning and the end are nowhere, (0, 0).
    """

    ids: list[int]
    offsets: list[tuple[int, int]]


class WordPieces:
    """Cuts texts into the pieces of a vocabulary, the longest first.

    Args:
        vocabulary: Piece → id.
    """

    def __init__(self, vocabulary: Mapping[str, int]) -> None:
        self._first = {piece: number for piece, number in vocabulary.items() if not piece.startswith(_GOES_ON)}
        self._rest = {
            piece.removeprefix(_GOES_ON): number for piece, number in vocabulary.items() if piece.startswith(_GOES_ON)
        }
        self._longest = max(map(len, vocabulary))
        self._begin, self._end, self._unknown = (vocabulary[name] for name in ("[CLS]", "[SEP]", "[UNK]"))

    def encode(self, text: str) -> Pieces:
        """Return the pieces of a text. What somebody typed is never read as a sign of the vocabulary's own."""
        ids, offsets = [self._begin], [(0, 0)]
        for word, places in _words(text):
            at = 0
            for number, size in self._cut(word):
                ids.append(number)
                offsets.append((places[at], places[at + size - 1] + 1))
                at += size
        return Pieces([*ids, self._end], [*offsets, (0, 0)])

    def _cut(self, word: str) -> list[tuple[int, int]]:
        """Return the id and the length of each piece of a word; one that can't be cut is unknown."""
        pieces: list[tuple[int, int]] = []
        start, size, known = 0, len(word), self._first
        while start < size <= _LONGEST_WORD:
            for end in range(min(size, start + self._longest), start, -1):
                number = known.get(word[start:end])
                if number is not None:
                    pieces.append((number, end - start))
                    start, known = end, self._rest
                    break
            else:
                break
        return pieces if start == size else [(self._unknown, size)]


def _words(text: str) -> Iterator[tuple[str, Sequence[int]]]:
    """Yield the words of a text as they are looked up, and where each of their characters stands in it."""
    if _PLAIN.fullmatch(text):
        for found in _PLAIN_WORD.finditer(text.lower()):
            yield found[0], range(*found.span())
        return
    places: list[int] = []
    characters: list[str] = []
    for place, character in enumerate(text):
        read = _as_read(character)
        characters.append(read)
        places += [place] * len(read)
    for found in _WORD.finditer("".join(characters)):
        yield found[0], places[found.start() : found.end()]


@lru_cache(maxsize=4096)
def _as_read(character: str) -> str:
    """Return what is read for a character: in small letters without accents, apart where it is a word of its own."""
    kind = unicodedata.category(character)
    if character in "\t\n\r" or kind[0] == "Z":
        return " "
    if kind in ("Cc", "Cf", "Co") or character == "\N{REPLACEMENT CHARACTER}":
        return ""
    apart = unicodedata.normalize("NFD", character)
    read = "".join(each.lower() for each in apart if unicodedata.category(each) != "Mn")
    code = ord(character)
    alone = kind[0] == "P" or (code < 128 and not character.isalnum()) or any(code in each for each in _CHINESE)
    return f" {read} " if alone else read
