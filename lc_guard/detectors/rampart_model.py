"""Rampart's network, vocabulary and labels: loaded from its files, run by onnxruntime without torch.

Rampart, (c) 2026 National Design Studio, CC BY 4.0. Its files are in the folder ``rampart_weights``, unchanged: the
only package that has them brings 80 MB that nobody imports (docs/guides/install.md).
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from lc_guard.detectors.onnx_device import Device, on_gpu, one_thread, providers
from lc_guard.detectors.parallel import at_once
from lc_guard.detectors.rampart_int8 import eight_bits
from lc_guard.detectors.weights import LoadOnce, import_alone, verified
from lc_guard.detectors.windows import Window, windows
from lc_guard.detectors.word_pieces import Pieces, WordPieces
from lc_guard.errors import ModelUnavailable

if TYPE_CHECKING:
    import numpy as np
    import onnxruntime
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

FOLDER = Path(__file__).with_name("rampart_weights")
PINNED = {
    "config.json": "4f580895a8d5b40c0c61fef61bbbfe129a6d755e5212991b429e5fd141284edd",
    "tokenizer.json": "ec87d41d85cbf02128ec0e5f577b805a326b06bb2947ef2752e67a98a42819f9",
    "model_q4.onnx": "9f27d24949b0581701071ea5ef522d77ccd3f50c525cc91eac4d265b0fc2afe5",
}
"""SHA-256 of the files."""

RUNTIME = ("onnxruntime",)
"""What runs it; a dependency of lc-guard."""

_MAX_TOKENS = 510
# One window a run, on one thread, and runs side by side on the cores: padding would cost time, and activations are
# quantized over a whole run, so that what stands beside a window would change its scores.
_THREADS = 4

_WORD = re.compile(r"[^\W_]+(?:[-'._@+]+[^\W_]+)*")


class Word(NamedTuple):
    """A word of a window and what the model thinks of it."""

    start: int
    end: int
    kind: str
    label: str
    score: float


class LoadedModel:
    """The network, its vocabulary and its labels."""

    def __init__(self, session: onnxruntime.InferenceSession, vocabulary: WordPieces, labels: Sequence[str]) -> None:
        import numpy as np

        self._session = session
        self._inputs = [item.name for item in session.get_inputs()]
        self._vocabulary = vocabulary
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

    def words(self, texts: Sequence[str], *, least: float = 0.0) -> list[list[Word]]:
        """Return the words of each text that have a kind with some probability, `least` at least."""
        encodings = [self._vocabulary.encode(text) for text in texts]
        found: list[list[Word]] = [[] for _ in texts]
        runs = []
        # The longest first, so that no core is left with a long one at the end.
        for index in sorted(range(len(texts)), key=lambda i: -len(encodings[i].ids)):
            if len(encodings[index].ids) > _MAX_TOKENS + 2:
                found[index] = self._dense(texts[index], least)
            else:
                runs.append(index)

        def run(index: int) -> None:
            found[index] = self._run(texts[index], encodings[index], least)

        at_once(run, runs, threads=min(_THREADS, os.cpu_count() or 1), name="lc-guard-rampart")
        return found

    def _dense(self, text: str, least: float) -> list[Word]:
        """A window whose characters take more tokens than the model has (Hangul: three each) is cut again."""
        words: dict[tuple[int, int], Word] = {}
        parts: list[Window] = windows(text, size=len(text) // 2 + 1, overlap=min(32, len(text) // 8))
        for (start, _), found in zip(parts, self.words([text[a:b] for a, b in parts], least=least), strict=True):
            for word in found:
                moved = word._replace(start=word.start + start, end=word.end + start)
                words[moved.start, moved.end] = moved
        return sorted(words.values())

    def _run(self, text: str, encoding: Pieces, least: float) -> list[Word]:
        import numpy as np

        ids = np.asarray([encoding.ids], dtype=np.int64)
        feed = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        logits = self._session.run(None, {name: feed[name] for name in self._inputs})[0][0]
        exponents = np.exp(logits - logits.max(axis=-1, keepdims=True))
        named = (exponents / exponents.sum(axis=-1, keepdims=True)) @ self._sum
        return self._vote(text, encoding.offsets, named, least)

    def _vote(
        self, text: str, offsets: Sequence[tuple[int, int]], named: NDArray[np.float32], least: float
    ) -> list[Word]:
        """Let the pieces of each word vote, each with the weight of its characters: a word is never cut in two."""
        import numpy as np

        spans: list[tuple[int, int]] = []
        firsts: list[int] = []  # of each word, its first place in rows and weights
        rows: list[int] = []
        weights: list[int] = []
        tokens = iter([(start, end, i) for i, (start, end) in enumerate(offsets) if end > start])
        token = next(tokens, None)
        for match in _WORD.finditer(text):
            start, end = match.span()
            first = len(rows)
            while token is not None and token[0] < end:
                if token[1] > start:
                    rows.append(token[2])
                    weights.append(token[1] - token[0])
                token = next(tokens, None)
            if len(rows) > first:
                spans.append((start, end))
                firsts.append(first)
        if not spans:
            return []
        weight = np.asarray(weights, dtype=np.float64)
        shares = np.add.reduceat(named[rows] * weight[:, None], firsts) / np.add.reduceat(weight, firsts)[:, None]
        by_kind = shares @ self._kind_sum
        words = []
        for at in np.flatnonzero(by_kind.max(axis=1) >= least):
            best = int(by_kind[at].argmax())
            label = self._labels[int((shares[at] * self._kind_sum[:, best]).argmax())]
            words.append(Word(*spans[at], self._kinds[best], label, float(by_kind[at, best])))
        return words


@LoadOnce
def load_model(_process: int, device: Device = "cpu") -> LoadedModel:
    """Load Rampart from its files.

    Args:
        _process: Id of the process, part of the key under which the model is kept.
        device: Where it runs. A GPU multiplies the file's own four-bit weights, so scores differ a little there.

    Returns:
        The model, ready for all threads.

    Raises:
        ModelUnavailable: A file is missing or altered, what runs it is not installed, or there is no such device.
    """
    missing = [name for name in RUNTIME if importlib.util.find_spec(name) is None]
    if missing:
        raise ModelUnavailable(f"Rampart is run by {' and '.join(missing)}: pip install {' '.join(missing)}")
    import_alone("numpy", "onnxruntime")
    import onnxruntime

    config, tokenizer_json, network = verified(FOLDER, PINNED).values()
    labels = {int(number): label for number, label in json.loads(config)["id2label"].items()}
    vocabulary = WordPieces(json.loads(tokenizer_json)["model"]["vocab"])
    options, chosen = one_thread(), providers(device)
    try:
        if len(chosen) == 1:
            network = eight_bits(network)
        session = onnxruntime.InferenceSession(network, options, providers=chosen)
        if len(chosen) > 1 and not on_gpu(device, session):
            network = eight_bits(network)
            session = onnxruntime.InferenceSession(network, options, providers=providers("cpu"))
    except ModelUnavailable:
        raise
    except Exception as error:
        # onnxruntime raises types of its own that are no public base; whatever it is, the model can't be used.
        raise ModelUnavailable(
            f"onnxruntime {onnxruntime.__version__} could not load Rampart ({type(error).__name__}): take a newer one"
        ) from error
    # It keeps the bytes that it read, though it has made its own of them.
    vars(session).pop("_model_bytes", None)
    return LoadedModel(session, vocabulary, [labels[number] for number in range(len(labels))])
