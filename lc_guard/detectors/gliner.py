"""Entities of any description, without training: GLiNER, through its own package."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from lc_guard._forks import ForkLock
from lc_guard._vendors.hub import local_only
from lc_guard.detectors.labels import kind_of
from lc_guard.detectors.weights import LoadOnce
from lc_guard.detectors.windows import WindowedDetector
from lc_guard.errors import DetectorError, GuardError, MissingExtra, ModelUnavailable
from lc_guard.records import Entity

_BATCH = 8
# GLiNER's limit counts words and signs; it takes a word with hyphens for one, so this never counts too few.
_WORD = re.compile(r"\w+|[^\w\s]")


class GLiNERDetector(WindowedDetector):
    """Finds what labels in plain words describe, such as ``"person"`` or ``"insurance number"``, with a GLiNER model.

    It is loaded once per process, at the first text or in `warm_up`: from the folder, else from the hub or its cache.

    Args:
        model: Path of a folder, or name on the hub, such as ``"urchade/gliner_multi_pii-v1"``.
        labels: What to look for: labels, each giving the kind of its name (``"phone number"`` → ``PHONE_NUMBER``), or
            label → kind.
        threshold: Least score, 0…1.
        revision: Commit, tag or branch on the hub; pin one in production.
        device: Where it runs, in torch's words, such as ``"cuda:0"``.

    Raises:
        MissingExtra: gliner is not installed.
        GuardError: There is no label, or the threshold is out of range.
    """

    name = "gliner"
    _batch = _BATCH

    def __init__(
        self,
        model: str | Path,
        *,
        labels: Sequence[str] | Mapping[str, str],
        threshold: float = 0.5,
        revision: str | None = None,
        device: str = "cpu",
    ) -> None:
        if importlib.util.find_spec("gliner") is None:
            raise MissingExtra("GLiNERDetector", "gliner")
        if not 0 <= threshold <= 1:
            raise GuardError(f"threshold={threshold!r} is no score: give 0…1")
        if isinstance(labels, str) or not labels:
            raise GuardError("labels must be a list of labels, or a mapping of labels to kinds, and not be empty")
        named = labels if isinstance(labels, Mapping) else {label: label for label in labels}
        self._kinds = {label: kind_of(kind) for label, kind in named.items()}
        self._model = str(model)
        self._threshold = threshold
        self._revision = revision
        self._device = device

    def __repr__(self) -> str:
        labels = ", ".join(self._kinds)
        return f"{type(self).__name__}({Path(self._model).name!r}, labels=({labels}), threshold={self._threshold})"

    def _entities(self, pieces: Sequence[str]) -> list[list[Entity]]:
        answers = self._loaded().answers(pieces, list(self._kinds), self._threshold)
        if len(answers) != len(pieces):
            raise DetectorError(f"gliner gave {len(answers)} answers for {len(pieces)} texts")
        return [
            [
                Entity(self._kinds[item["label"]], int(item["start"]), int(item["end"]), min(1.0, float(item["score"])))
                for item in answer
                if item["label"] in self._kinds
            ]
            for answer in answers
        ]

    def _fits(self) -> Callable[[str], bool]:
        return self._loaded().fits

    def _loaded(self) -> LoadedGLiNER:
        return load_gliner(self._model, self._revision, self._device)


class LoadedGLiNER:
    """A GLiNER model, asked from one thread at a time: nothing says that it may be asked from several."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._lock = ForkLock()
        self._most_words = int(getattr(model.config, "max_len", 0) or 384)

    def fits(self, text: str) -> bool:
        """Whether a text is within the model's limit: it leaves out the words behind it, with a warning only."""
        return len(_WORD.findall(text)) <= self._most_words

    def answers(self, texts: Sequence[str], labels: Sequence[str], threshold: float) -> list[list[dict[str, Any]]]:
        """Return the spans with a label, for each text."""
        with self._lock:
            answers: list[list[dict[str, Any]]] = self._model.inference(
                list(texts), list(labels), threshold=threshold, batch_size=_BATCH
            )
        return answers


@LoadOnce
def load_gliner(model: str, revision: str | None, device: str) -> LoadedGLiNER:
    """Load a GLiNER model.

    Args:
        model: Path of a folder, or name on the hub.
        revision: Commit, tag or branch on the hub.
        device: Where it runs.

    Returns:
        The model, ready for all threads.

    Raises:
        ModelUnavailable: It is neither on this machine nor in reach, or is no GLiNER model.
    """
    only_local = local_only(model)
    try:
        from gliner import GLiNER

        loaded = GLiNER.from_pretrained(model, revision=revision, local_files_only=only_local, map_location=device)
    except Exception as error:
        # gliner, transformers and torch each raise types of their own: all mean that there is no model.
        raise ModelUnavailable(
            f"gliner could not load the model {Path(model).name!r} ({type(error).__name__}): check its name or path, "
            "its files and the revision"
        ) from error
    return LoadedGLiNER(loaded)
