"""How a long or awkward text is brought before a model: readable characters, bounded windows, same offsets.

How many tokens a transformers pipeline takes: what is above would be cut off silently.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from lc_guard._progress import part_done
from lc_guard.detectors.characters import COLOURS, EMOJI, TWO_NUMBERS, UNCASED, blanks, without_colours
from lc_guard.detectors.spans import clean
from lc_guard.records import Entity

# No value is that long, and the patterns and tokenizers of others need quadratic time in the length of a word.
_ENDLESS = re.compile(r"\S{512}")
# Base64, hexadecimal, tokens, digits: an unbroken run that long holds no word that a model could read.
_BLOB = re.compile(r"[A-Za-z0-9+/=_-]{512,}")
# Rules of dashes, rows of emoji: spaCy's tokenizer takes them apart sign by sign, in quadratic time.
_SIGNS = re.compile(r"[^\w\s]{64,}")
_NAME_RUN = r"[^\W\d_a-zß-öø-ÿ][\w.'’-]*"
_RUN_BEFORE = re.compile(rf"(?:{_NAME_RUN}[ \u00a0]+)*{_NAME_RUN}$")
_RUN_AFTER = re.compile(rf"{_NAME_RUN}(?:[ \u00a0]+{_NAME_RUN})*")
# The components of a field in HL7 (DOE^JANE) read as words.
_COMPONENT = re.compile(r"(?<=[A-Za-z])\^(?=[A-Za-z])")
_ODD_BLANK = re.compile(r"[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\t\v\f\x1c-\x1f\x85]")
_EMOJIS = re.compile(rf"[{EMOJI}](?:\u200d?[{EMOJI}])*")
_UNREADABLE = re.compile(r"[\ud800-\udfff\x00-\x08\x0e-\x1b\x7f]")
# The blanks up to the next line break only: `\s*\n` would run over all blank lines that follow, from each of them.
_NEWLINE = re.compile(r"(?<!\n)\r?\n(?![^\S\n]*\n)")


_UNCASED = re.compile(UNCASED)
# A full name that such letters touch, as in 联系Emily Clark先生, would be one word with them.
_LATIN_NAME = r"[A-Z\u00c0-\u00de][A-Za-z\u00c0-\u024f'’-]{1,30}"
_GLUED = re.compile(rf"({UNCASED}?)({_LATIN_NAME}(?:[ \u00a0]{_LATIN_NAME}){{1,3}})({UNCASED}?)")
# Digits of full width, and what is typed or set for a hyphen between them.
_PLAIN = {
    **{code: code - 0xFEE0 for code in (*range(0xFF10, 0xFF1A), 0xFF0B, 0xFF0D)},
    **dict.fromkeys((0x2010, 0x2012, 0x2013, 0x2212), "-"),
}
_TWO_NUMBERS = re.compile(TWO_NUMBERS)
_UNDERSCORE_AT_DIGIT = re.compile(r"_(?=\d)|(?<=\d)_")
_NO_WORD = "\ufffd"  # neither a letter nor a blank: nothing begins, ends or goes on with it


class Window(NamedTuple):
    """A stretch of a text: the offsets of its first character and after its last."""

    start: int
    end: int


def without_surrogates(text: str) -> str:
    """Replace lone surrogates, which no tokenizer takes, control characters, and endless runs of signs, one for one."""
    text = _UNREADABLE.sub("\ufffd", text) if _UNREADABLE.search(text) else text
    return _SIGNS.sub(blanks, text) if _SIGNS.search(text) else text


def readable(text: str) -> str:
    """Return the text as models can read it, each character replaced by one, so that offsets stay.

    Tokenizers refuse lone surrogates, models know neither NUL nor non-breaking spaces, nor names that go over a line
    break, and take an emoji for a letter. Typographic apostrophes become plain ones: that is what the models were
    trained on. Encoded data of more than 512 characters without a break reads as a blank: no model finds anything in
    it, and it is the slowest text there is.

    Args:
        text: Any text.

    Returns:
        A text of the same length.
    """
    text = _ODD_BLANK.sub(" ", without_surrogates(text)).replace("’", "'").replace("ʼ", "'").replace("\u2011", "-")
    text = without_colours(text)
    text = _COMPONENT.sub(" ", _EMOJIS.sub(blanks, _BLOB.sub(blanks, text)))
    text = text if text.isascii() else _GLUED.sub(_apart, text)
    return _NEWLINE.sub(_unwrap, text) if "\n" in text else text


def _apart(match: re.Match[str]) -> str:
    return " " * len(match[1]) + match[2] + " " * len(match[3])


def _unwrap(match: re.Match[str]) -> str:
    """A single line break reads as a blank, unless it stands between two full names: a list, not a wrapped line."""
    text, width = match.string, match.end() - match.start()
    before = _RUN_BEFORE.search(text[max(0, match.start() - 80) : match.start()])
    after = _RUN_AFTER.match(text[match.end() : match.end() + 80])
    if before and after and len(before[0].split()) > 1 and len(after[0].split()) > 1:
        return match[0]
    return " " * width


def parted(text: str) -> str:
    """Return the text as patterns can read it that look for whole words, each character replaced by one.

    To a pattern every letter is one: a number that stands beside Han, Thai or Arabic letters, as the scripts without
    blanks write it, would be in the middle of a word.
    """
    text = COLOURS.sub(_no_words, text) if "[" in text else text
    text = _TWO_NUMBERS.sub(_no_words, text) if "/" in text else text
    return text if text.isascii() else _UNCASED.sub(_NO_WORD, text.translate(_PLAIN))


def _no_words(match: re.Match[str]) -> str:
    return _NO_WORD * len(match[0])


def underscores_parted(text: str) -> str:
    """Return the text with the underscores beside digits replaced: ``scan_219-09-9999_b`` holds a whole number."""
    return _UNDERSCORE_AT_DIGIT.sub(_NO_WORD, text)


def windows(text: str, *, size: int, overlap: int) -> list[Window]:
    """Cut a text at blanks into windows that overlap.

    Args:
        text: Any text.
        size: Most characters in a window, above 2 × `overlap`.
        overlap: Characters that two neighbours share, about: the cut is moved to a blank.

    Returns:
        Windows in order that cover the text. A word is cut only if it alone is longer than a window, or than 512
        characters.
    """
    found = []
    start = 0
    while start < len(text):
        end = start + size
        endless = _ENDLESS.search(text, start, end)
        if endless is not None:
            end = max(endless.start(), start) if endless.start() - start > overlap else endless.end()
        elif end < len(text):
            end = _blank_before(text, end, floor=start + size // 2)
        found.append(Window(start, min(end, len(text))))
        if end >= len(text):
            break
        shared = min(overlap, (end - start) // 3)
        start = max(_blank_before(text, end - shared, floor=max(start, end - 3 * shared)), start + 1)
    return found


def fitting_windows(text: str, fits: Callable[[str], bool] | None, *, size: int, overlap: int) -> list[Window]:
    """Cut a text into windows that a model takes whole.

    Args:
        text: Any text.
        fits: Whether a window is within the model's limit; None if every one is.
        size: Most characters in a window.
        overlap: Characters that two neighbours share, about.

    Returns:
        Windows in order that cover the text; one that does not fit is cut again, down to 16 characters.
    """
    found: list[Window] = []
    pending = windows(text, size=size, overlap=overlap)[::-1]
    while pending:
        window = pending.pop()
        width = window.end - window.start
        if fits is None or width < 16 or fits(text[window.start : window.end]):
            found.append(window)
            continue
        halves = windows(text[window.start : window.end], size=width // 2 + 1, overlap=width // 8)
        pending += [Window(window.start + a, window.start + b) for a, b in halves][::-1]
    return found


def _blank_before(text: str, at: int, *, floor: int) -> int:
    """Return the offset after the last blank before `at`, or `at` when there is none above the floor."""
    for offset in range(at, floor, -1):
        if text[offset - 1].isspace():
            return offset
    return at


def shifted(entities: Sequence[Entity], by: int) -> list[Entity]:
    """Move entities of a window to where they stand in the text."""
    return [Entity(e.kind, e.start + by, e.end + by, e.score) for e in entities] if by else list(entities)


class WindowedDetector:
    """A detector whose model reads windows of bounded length; a class says which model and what it finds in them.

    It gives its model a batch of windows at a time. Those of a class without batches are given all, and say themselves
    that parts are done.
    """

    _size, _overlap = 1_000, 200
    _batch: int | None = None

    def warm_up(self) -> None:
        """Load the model now.

        Raises:
            ModelUnavailable: It is neither on this machine nor in reach, is altered, or is of another kind.
        """
        self._loaded()

    def detect(self, text: str) -> list[Entity]:
        """Return the entities of a text, ordered by offset."""
        return self.detect_batch([text])[0]

    def detect_batch(self, texts: Sequence[str]) -> list[list[Entity]]:
        """Do the same for many texts in batches.

        Args:
            texts: Any texts.

        Returns:
            The entities of each text, in the order of `texts`.

        Raises:
            DetectorError: The model did not answer for each window.
        """
        fits = self._fits()
        pieces: list[tuple[int, int, str]] = []
        for number, text in enumerate(texts):
            seen = self._readable(text)
            cut = fitting_windows(seen, fits, size=self._size, overlap=self._overlap)
            pieces += [(number, start, seen[start:end]) for start, end in cut if not seen[start:end].isspace()]
            part_done()
        # Texts of like length in one batch waste no padding.
        pieces.sort(key=lambda piece: len(piece[2]))
        found: list[list[Entity]] = [[] for _ in texts]
        size = self._batch or len(pieces) or 1
        for first in range(0, len(pieces), size):
            batch = pieces[first : first + size]
            answers = self._entities([piece for *_, piece in batch])
            for (number, start, _), entities in zip(batch, answers, strict=True):
                found[number] += shifted(entities, start)
            part_done()
        cleaned: list[list[Entity]] = []
        for text, entities in zip(texts, found, strict=True):
            cleaned.append(self._cleaned(text, entities))
            part_done()
        return cleaned

    def _loaded(self) -> Any:
        """Return the model, once per process."""
        raise NotImplementedError

    def _entities(self, pieces: Sequence[str]) -> Sequence[Sequence[Entity]]:
        """Return the entities of each window, which is not blank and within the model's limit."""
        raise NotImplementedError

    def _fits(self) -> Callable[[str], bool] | None:
        """Return what says whether a window is within the model's limit, None where every one is."""
        return None

    def _readable(self, text: str) -> str:
        return readable(text)

    def _cleaned(self, text: str, entities: Sequence[Entity]) -> list[Entity]:
        return clean(text, entities)


def fits_all(pipelines: Sequence[Any]) -> Callable[[str], bool]:
    """Return a test whether a text is within the token limits of all pipelines.

    Args:
        pipelines: Pipelines of transformers; one without a tokenizer has no limit.
    """
    limits = []
    for pipeline in pipelines:
        tokenizer = getattr(pipeline, "tokenizer", None)
        if tokenizer is None:
            continue
        config = getattr(getattr(pipeline, "model", None), "config", None)
        # RoBERTa's positions begin behind its padding index: two of them can't be used.
        positions = int(getattr(config, "max_position_embeddings", 0) or 512) - 2
        limits.append((tokenizer, min(int(tokenizer.model_max_length), positions)))
    return lambda text: all(len(tokenizer(text)["input_ids"]) <= limit for tokenizer, limit in limits)
