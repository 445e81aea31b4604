"""Any token classifier of Hugging Face, by local path or name, through transformers."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from lc_guard._forks import ForkLock
from lc_guard._vendors.hub import local_only
from lc_guard.detectors.labels import kind_of
from lc_guard.detectors.weights import LoadOnce
from lc_guard.detectors.windows import WindowedDetector, fits_all
from lc_guard.errors import GuardError, MissingExtra, ModelUnavailable
from lc_guard.records import Entity

_BATCH = 8
_NOT_PERSONAL = frozenset({"O", "CARDINAL", "ORDINAL", "MONEY", "PERCENT", "QUANTITY"})


class HuggingFaceDetector(WindowedDetector):
    """Finds entities with a token classification checkpoint (``AutoModelForTokenClassification``).

    It is loaded once per process, at the first text or in `warm_up`: from the folder, else from the hub or its cache.
    No code that a checkpoint brings along is run.

    Args:
        model: Path of a folder, or name on the hub, such as ``"dslim/bert-base-NER"``.
        labels: The checkpoint's label, without ``B-`` and ``I-`` → kind; other labels are left out. None: all labels
            but amounts, under Presidio's names where it has one (``PER`` → ``PERSON``).
        threshold: Least score, 0…1.
        revision: Commit, tag or branch on the hub; pin one in production.
        device: Where it runs, in torch's words, such as ``"cuda:0"``.

    Raises:
        MissingExtra: transformers or torch is not installed.
        GuardError: The threshold is out of range.
    """

    name = "hugging_face"
    _batch = _BATCH

    def __init__(
        self,
        model: str | Path,
        *,
        labels: Mapping[str, str] | None = None,
        threshold: float = 0.5,
        revision: str | None = None,
        device: str = "cpu",
    ) -> None:
        if any(importlib.util.find_spec(name) is None for name in ("transformers", "torch")):
            raise MissingExtra("HuggingFaceDetector", "hf")
        if not 0 <= threshold <= 1:
            raise GuardError(f"threshold={threshold!r} is no score: give 0…1")
        self._model = str(model)
        self._labels = None if labels is None else {label: kind_of(kind) for label, kind in labels.items()}
        self._threshold = threshold
        self._revision = revision
        self._device = device

    def __repr__(self) -> str:
        return f"{type(self).__name__}({Path(self._model).name!r}, threshold={self._threshold})"

    def _entities(self, pieces: Sequence[str]) -> list[list[Entity]]:
        return [self._kept(results) for results in self._loaded().results(pieces)]

    def _fits(self) -> Callable[[str], bool]:
        return self._loaded().fits

    def _kept(self, results: Sequence[Mapping[str, Any]]) -> list[Entity]:
        entities = []
        for result in results:
            kind, score = self._kind(str(result["entity_group"])), float(result["score"])
            if kind is not None and score >= self._threshold:
                entities.append(Entity(kind, int(result["start"]), int(result["end"]), min(1.0, score)))
        return entities

    def _kind(self, label: str) -> str | None:
        if self._labels is not None:
            return self._labels.get(label)
        return None if label.upper() in _NOT_PERSONAL else kind_of(label)

    def _loaded(self) -> LoadedClassifier:
        return load_classifier(self._model, self._revision, self._device)


class LoadedClassifier:
    """A pipeline of transformers, asked from one thread at a time: its tokenizer changes its padding in each call."""

    def __init__(self, pipeline: Any) -> None:
        self._pipeline = pipeline
        self._lock = ForkLock()
        self._fits = fits_all([pipeline])

    def fits(self, text: str) -> bool:
        """Whether a text is within the model's limit."""
        with self._lock:
            return self._fits(text)

    def results(self, texts: Sequence[str]) -> list[list[dict[str, Any]]]:
        """Return the groups of words with a label, for each text."""
        with self._lock:
            answers: list[list[dict[str, Any]]] = list(self._pipeline(list(texts), batch_size=_BATCH))
        return answers


@LoadOnce
def load_classifier(model: str, revision: str | None, device: str) -> LoadedClassifier:
    """Load a checkpoint with its tokenizer.

    Args:
        model: Path of a folder, or name on the hub.
        revision: Commit, tag or branch on the hub.
        device: Where it runs.

    Returns:
        The model, ready for all threads.

    Raises:
        ModelUnavailable: It is neither on this machine nor in reach, or is no token classifier.
    """
    source = {"revision": revision, "local_files_only": local_only(model)}
    try:
        from transformers import AutoModelForTokenClassification, AutoTokenizer, TokenClassificationPipeline

        tokenizer = AutoTokenizer.from_pretrained(model, use_fast=True, **source)
        network = AutoModelForTokenClassification.from_pretrained(model, **source)
        # Words, and not their pieces, have a label: that of their first piece, as the checkpoints were trained.
        pipeline = TokenClassificationPipeline(
            model=network, tokenizer=tokenizer, device=device, aggregation_strategy="first"
        )
    except Exception as error:
        # transformers, huggingface_hub and torch each raise types of their own: all mean that there is no model.
        raise ModelUnavailable(
            f"transformers could not load the model {Path(model).name!r} as a token classifier "
            f"({type(error).__name__}): check its name or path, its files and the revision"
        ) from error
    if not tokenizer.is_fast:
        raise ModelUnavailable(
            f"the model {Path(model).name!r} has no fast tokenizer, and a slow one does not say where a word stands: "
            "convert it, or take another checkpoint"
        )
    return LoadedClassifier(pipeline)
