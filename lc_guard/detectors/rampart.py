"""Names, addresses and numbers through Rampart, a small BERT token classifier, run by onnxruntime without torch.

Rampart, (c) 2026 National Design Studio, CC BY 4.0; see NOTICE.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping, Sequence

from lc_guard.detectors.doubtful_names import is_believed
from lc_guard.detectors.labels import Thresholds, kind_of
from lc_guard.detectors.onnx_device import Device, check_device
from lc_guard.detectors.plausible import plausible
from lc_guard.detectors.rampart_model import KIND_OF_LABEL, LoadedModel, Word, load_model
from lc_guard.detectors.script_names import readable_guesses
from lc_guard.detectors.spans import clean
from lc_guard.detectors.windows import WindowedDetector
from lc_guard.records import Entity

THRESHOLD = 0.5
"""Least share of a word's probability that must lie on one kind."""

PERSON_THRESHOLD = 0.3
"""The same for names: what is no name is told by what it is made of, so that a doubtful one is worth a look."""

DOUBTFUL = 0.05
"""The least share of a name that is asked for what stands around it."""

_NAME_GAP = re.compile(r"[ \n\r]+|\.[ ]?|[ ]?-[ ]?")
_ADDRESS_GAP = re.compile(r"[\s,.#]+")
_NUMBER_GAP = re.compile(r"[\s().+/#-]{1,4}")


class RampartDetector(WindowedDetector):
    """Finds persons, addresses, e-mail, phone, tax, bank, passport and licence numbers with Rampart.

    Rampart ignores capitals, so it also reads transcripts in one case; it knows no organizations, and it was trained to
    leave public figures alone. It is loaded once per process, at the first text or in `warm_up`.

    Args:
        threshold: Least probability of a word, 0…1; None for 0.5, and 0.3 for names.
        thresholds: Kind → least probability, where it is not `threshold`.
        kinds: Kinds to give; None for all.
        device: ``"cpu"``; ``"cuda"`` for a GPU, an error where there is none; ``"auto"`` for one where there is one. A
            GPU needs onnxruntime-gpu in the place of onnxruntime.

    Raises:
        GuardError: A threshold is out of range, or the device is not known.
    """

    name = "rampart"
    # The model was trained on short texts and finds most in windows of this many characters, below its 512 tokens.
    _size, _overlap = 480, 64

    def __init__(
        self,
        *,
        threshold: float | None = None,
        thresholds: Mapping[str, float] | None = None,
        kinds: Collection[str] | None = None,
        device: Device = "cpu",
    ) -> None:
        self._device = check_device(device)
        least = {"PERSON": PERSON_THRESHOLD} if threshold is None else {}
        named = {kind_of(kind): score for kind, score in (thresholds or {}).items()}
        # who says how sure a name must be is not given doubtful ones
        self._doubts = threshold is None and "PERSON" not in named
        self._thresholds = Thresholds(THRESHOLD if threshold is None else threshold, least | named)
        self._kinds = frozenset(KIND_OF_LABEL.values()) if kinds is None else frozenset(kinds)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(threshold={self._thresholds!r})"

    def _entities(self, pieces: Sequence[str]) -> list[list[Entity]]:
        # Forms, logs and endless repetitions have many equal windows: each is looked at once.
        different = list(dict.fromkeys(pieces))
        least = min(DOUBTFUL, self._thresholds.least) if self._doubts else self._thresholds.least
        answers = dict(zip(different, self._loaded().words(different, least=least), strict=True))
        return [self._of_words(piece, answers[piece]) for piece in pieces]

    def _of_words(self, piece: str, words: Sequence[Word]) -> list[Entity]:
        """Join the words that it is sure of, and those that it doubts, each among themselves."""
        found = merged(piece, [word for word in words if self._sure(word)])
        if self._doubts and "PERSON" in self._kinds:
            least = self._thresholds("PERSON")
            found += merged(piece, [word for word in words if word.kind == "PERSON" and word.score < least])
        return found

    def _sure(self, word: Word) -> bool:
        return word.score >= self._thresholds(word.kind) and word.kind in self._kinds

    def _cleaned(self, text: str, entities: Sequence[Entity]) -> list[Entity]:
        least = self._thresholds("PERSON")
        found = [e for e in entities if e.kind != "PERSON" or e.score >= least or is_believed(text, e)]
        return plausible(text, readable_guesses(text, clean(text, found)))

    def _loaded(self) -> LoadedModel:
        # Threads do not survive a fork, so each process has its own session.
        return load_model(os.getpid(), self._device)


def merged(text: str, words: Sequence[Word]) -> list[Entity]:
    """Join neighbouring words of one kind: parts of a name, of an address, of a number.

    Two full names side by side stay two: a given name after a surname begins a new person if a surname follows it.

    Args:
        text: The window.
        words: Its words that have a kind, in order.

    Returns:
        Entities with offsets in the window.
    """
    groups: list[list[Word]] = []
    for index, word in enumerate(words):
        last = groups[-1][-1] if groups else None
        following = words[index + 1] if index + 1 < len(words) else None
        if (
            last is not None
            and last.kind == word.kind
            and _belongs(text, last, word)
            and not (
                last.label == "SURNAME"
                and word.label == "GIVEN_NAME"
                and following is not None
                and following.label == "SURNAME"
                and len(groups[-1]) > 1
            )
        ):
            groups[-1].append(word)
        else:
            groups.append([word])
    return [
        Entity(group[0].kind, group[0].start, group[-1].end, min(1.0, max(word.score for word in group)))
        for group in groups
    ]


def _belongs(text: str, last: Word, word: Word) -> bool:
    gap = text[last.end : word.start]
    if word.kind == "PERSON":
        # A full stop joins only behind an initial or an abbreviation; elsewhere it ends a sentence.
        return _NAME_GAP.fullmatch(gap) is not None and (not gap.startswith(".") or last.end - last.start <= 2)
    return (_ADDRESS_GAP if word.kind == "LOCATION" else _NUMBER_GAP).fullmatch(gap) is not None
