"""Names in German, French, Spanish, Italian, Dutch, Polish and Portuguese: the NER of ``lc-guard-ner-xx``.

The weights are this project's own, trained by ``training/``, in a wheel of their own. The wheel holds data only: it is
found, never imported, and its files must have the SHA-256 that stands here.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lc_guard.detectors.characters import CAPITAL_INSIDE
from lc_guard.detectors.locale_rules import is_small_name
from lc_guard.detectors.script_names import readable_guesses
from lc_guard.detectors.spacy_ner import BATCH, LoadedPipeline, recased
from lc_guard.detectors.spans import clean
from lc_guard.detectors.weights import LoadOnce, import_spacy, package_folder, verified
from lc_guard.detectors.windows import WindowedDetector, readable
from lc_guard.errors import ModelUnavailable
from lc_guard.records import Entity

PACKAGE = "lc_guard_ner_xx"
INSTALL = "./packages/lc-guard-ner-xx"
LANGUAGES = frozenset(["de", "es", "fr", "it", "nl", "pl", "pt"])
"""What it was trained for and is measured on; English has models of its own."""

PINNED = {
    "config.json": "aee61fff87ccc005ccdb2dcc4f90033a5257dcfb2d0c1644a216a9497fd3ff4f",
    "weights.msgpack": "9125b3e38912cd67ef8deb1fe0fea5d3b5ff609c2a88ab63d4bf9d35313a7be9",
}
"""SHA-256 of the wheel's files, since version 1.2.0."""


_LEAN = 0.75
"""What the action "no name" loses of its score beside what the training took: more is found, a little more is wrong."""


def folder() -> Path:
    """Return where the wheel's files are.

    Raises:
        ModelUnavailable: The wheel is not installed.
    """
    return package_folder(PACKAGE, INSTALL)


def installed() -> bool:
    """Return whether the wheel with the weights is installed."""
    return importlib.util.find_spec(PACKAGE) is not None


class MultilingualDetector(WindowedDetector):
    """Finds PERSON, LOCATION and ORGANIZATION in seven languages. It is loaded once per process.

    It needs the package with the weights: ``pip install ./packages/lc-guard-ner-xx`` in a checkout of lc-guard.
    """

    name = "ner_xx"
    _size, _overlap, _batch = 2_000, 200, BATCH

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def _loaded(self) -> LoadedPipeline:
        return load()

    def _entities(self, pieces: Sequence[str]) -> list[list[Entity]]:
        return load().entities(pieces)

    def _readable(self, text: str) -> str:
        return recased(readable(text))

    def _cleaned(self, text: str, entities: Sequence[Entity]) -> list[Entity]:
        # It was trained on texts without capitals as well, and takes many of their words for names.
        if CAPITAL_INSIDE.search(text) is None:
            values = [(entity, text[entity.start : entity.end]) for entity in entities]
            entities = [entity for entity, value in values if not value.islower() or is_small_name(value)]
        return readable_guesses(text, clean(text, entities))


@LoadOnce
def load() -> LoadedPipeline:
    """Load the weights, checked.

    Raises:
        ModelUnavailable: The wheel is not installed, a file of it is altered, or spaCy can't read it.
    """
    files = verified(folder(), PINNED)
    import_spacy()
    import spacy
    import srsly

    nlp = spacy.blank("xx")
    ner = nlp.add_pipe("ner", config=json.loads(files["config.json"]))
    try:
        ner.from_bytes(_widened(srsly, files["weights.msgpack"]), exclude=["vocab"])
    except (ValueError, KeyError, TypeError) as error:
        raise ModelUnavailable(
            f"spaCy could not load the weights of {PACKAGE} ({type(error).__name__}): install a version of lc-guard "
            "that fits the spaCy that is installed"
        ) from error
    _lean(ner)
    return LoadedPipeline(nlp)


def _lean(ner: Any) -> None:
    upper = ner.model.get_ref("upper")
    scores = upper.get_param("b").copy()
    scores[[ner.moves.get_class_name(number) for number in range(ner.moves.n_moves)].index("O")] -= _LEAN
    upper.set_param("b", scores)


def _widened(srsly: Any, content: bytes) -> bytes:
    """Return what spaCy takes of the file, whose weights are floats of 16 bits to be half as large."""
    parts = srsly.msgpack_loads(content)
    model = srsly.msgpack_loads(parts["model"])
    for node in model["params"]:
        node.update({name: values.astype("float32") for name, values in node.items() if values is not None})
    parts["model"] = srsly.msgpack_dumps(model)
    return bytes(srsly.msgpack_dumps(parts))
