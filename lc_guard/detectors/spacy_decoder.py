"""The entities of a spaCy pipeline's NER, decoded all at once: the same answers in a fraction of the time.

spaCy takes one step a word and looks at each of its moves: begin, go on with or end an entity of a kind, one word
alone, nothing (`Lample et al. 2016 <https://arxiv.org/abs/1603.01360>`_ describe such a parser). What it sees at a step
is the word; inside an entity also the entity's first word and the word before. So the best move where no entity is
open follows from the word alone, and one product gives it for all words. Steps are only taken inside entities.

The network is ``spacy.TransitionBasedParser.v2`` with the pipeline's own weights, run by onnxruntime. What is not of
that form is left to spaCy.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from lc_guard.detectors.onnx_device import one_thread, providers
from lc_guard.detectors.onnx_file import FLOAT, INT64, Field, make_model, make_node, make_tensor
from lc_guard.detectors.spacy_tok2vec import PLACES, WORDS, WordVectors, largest
from lc_guard.detectors.weights import import_alone

if TYPE_CHECKING:
    import numpy as np
    import onnxruntime
    from numpy.typing import NDArray
    from spacy.language import Language
    from spacy.tokens import Doc

_TOK2VEC = ">>list2array>>linear"
_FEATURES = 3
# Such a text is looked at both ways when a pipeline is loaded.
_EXAMPLE = (
    "Ask Jane Mary Doe of London on Monday, 4 May 2021, not them:  Acme Holdings Ltd owes the Bank of England $ 5 "
    "million.\n\nUK"
)


class Span(NamedTuple):
    """An entity: the offsets of its first character and after its last, and its label."""

    start: int
    end: int
    label: str


class Words(NamedTuple):
    """What is kept of a text that was cut into words: what the network is told of each, and where it stands."""

    told: NDArray[np.uint64]
    blank: NDArray[np.bool_]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]


class _Moves(NamedTuple):
    """Moves by their number in the network's results: out, then of each label alone, begin, inside, last."""

    out: int
    labels: list[str]
    of_label: list[tuple[int, int, int, int]]

    @classmethod
    def of(cls, system: Any) -> _Moves | None:
        """Return those of a transition system; None if a label lacks one of its moves."""
        numbers = {system.get_class_name(number): number for number in range(system.n_moves)}
        labels = [name[2:] for name in numbers if name.startswith("B-")]
        names = [[f"{move}-{label}" for move in "UBIL"] for label in labels]
        if "O" not in numbers or not all(name in numbers for each in names for name in each):
            return None
        return cls(numbers["O"], labels, [tuple(numbers[name] for name in each) for each in names])  # type: ignore[misc]


class EntityDecoder:
    """The NER of one pipeline."""

    def __init__(self, vectors: WordVectors, ops: Any, moves: _Moves, network: Any) -> None:
        import numpy as np

        narrow, lower, upper = network.get_ref("tok2vec").layers[-1], network.get_ref("lower"), network.get_ref("upper")
        self._vectors, self._ops, self._labels = vectors, ops, moves.labels
        # by feature, piece and output, so that pieces stand side by side
        first = lower.get_param("W").transpose(0, 2, 1, 3)
        self._pieces, self._width = first.shape[1:3]
        self._bias = lower.get_param("b").T.reshape(-1).copy()
        pads = lower.get_param("pad")[0].transpose(0, 2, 1).reshape(_FEATURES, -1)
        weights, bias = upper.get_param("W"), upper.get_param("b")
        outside = [moves.out, *(each[0] for each in moves.of_label), *(each[1] for each in moves.of_label)]
        self._inside = [(weights[[i, last]].copy(), bias[[i, last]].copy()) for _, _, i, last in moves.of_label]
        self._graph = make_model(
            [
                *vectors.layers,
                *_product("narrow", vectors.result, narrow.get_param("W"), narrow.get_param("b")),
                *_product("seen", "narrow", first.reshape(-1, first.shape[-1])),
                make_tensor("number_own", INT64, np.array([self._bias.size], np.int64)),
                make_node("Slice", ["seen", "number_0", "number_own", "number_1"], ["own"]),
                make_tensor("alone", FLOAT, self._bias + pads[1:].sum(axis=0)),
                make_node("Add", ["own", "alone"], ["state"]),
                *largest("state", "hidden", self._pieces),
                *_product("scores", "hidden", weights[outside], bias[outside]),
            ],
            {WORDS: FLOAT, PLACES: INT64},
            {"seen": FLOAT, "scores": FLOAT},
            opset=17,
        )
        self._session: tuple[int, onnxruntime.InferenceSession] | None = None

    @classmethod
    def of(cls, nlp: Language) -> EntityDecoder | None:
        """Return that of a pipeline whose only component is its NER.

        None if it is of another form, or does not find in an example what the pipeline finds.
        """
        ner: Any = nlp.get_pipe("ner")
        network = ner.model
        layers = next((node for node in network.walk() if {"embed", "encode"} <= {*node.ref_names}), None)
        if layers is None or not _is_known(ner):
            return None
        vectors = WordVectors.of(layers.get_ref("embed"), layers.get_ref("encode"))
        moves = _Moves.of(ner.moves)
        if vectors is None or moves is None:
            return None
        decoder = cls(vectors, network.ops, moves, network)
        doc = nlp(_EXAMPLE)
        expected = [Span(span.start_char, span.end_char, span.label_) for span in doc.ents]
        return decoder if decoder.entities([decoder.words(doc)]) == [expected] else None

    def words(self, doc: Doc) -> Words:
        """Return what is kept of a text; nothing of it refers to the pipeline's vocabulary."""
        from spacy.attrs import IS_SPACE, LENGTH, SPACY

        told = doc.to_array([*self._vectors.columns, IS_SPACE, LENGTH, SPACY])
        length, followed = told[:, -2].astype("int64"), told[:, -1].astype("int64")
        ends = (length + followed).cumsum() - followed
        return Words(told[:, :-3].astype("uint64"), told[:, -3].astype(bool), ends - length, ends)

    def entities(self, texts: Sequence[Words]) -> list[list[Span]]:
        """Return the entities of each text, in order."""
        some = [text for text in texts if len(text.told)]
        if not some:
            return [[] for _ in texts]
        given, rows = self._vectors.given([text.told for text in some], self._ops)
        seen, scores = self._loaded().run(None, given)
        found = (list(self._spans(text, seen[at], scores[at])) for text, at in zip(some, rows, strict=True))
        return [next(found) if len(text.told) else [] for text in texts]

    def _spans(self, text: Words, seen: NDArray[np.float32], scores: NDArray[np.float32]) -> Iterator[Span]:
        import numpy as np

        moves = scores.argmax(axis=1)
        moves[text.blank] = 0  # no entity begins at a blank
        last = len(moves) - 1
        if moves[last] > len(self._labels):  # nor before the end without an end
            moves[last] = scores[last, : len(self._labels) + 1].argmax()
        nothing_open = 0
        for first in np.flatnonzero(moves).tolist():
            if first < nothing_open:
                continue
            length, label = divmod(int(moves[first]) - 1, len(self._labels))
            end = self._end(seen, first, label) if length else first
            nothing_open = end + 1
            yield Span(int(text.starts[first]), int(text.ends[end]), self._labels[label])

    def _end(self, seen: NDArray[np.float32], first: int, label: int) -> int:
        """Return the last word of an entity that begins at a word and has more than one."""
        weights, bias = self._inside[label]
        own, of_first, of_before = (slice(n * self._bias.size, (n + 1) * self._bias.size) for n in range(_FEATURES))
        begin = seen[first, of_first] + self._bias
        for at in range(first + 1, len(seen) - 1):
            state = seen[at, own] + begin + seen[at - 1, of_before]
            go_on, end = weights @ state.reshape(self._pieces, self._width).max(axis=0) + bias
            if end > go_on:
                return at
        return len(seen) - 1

    def _loaded(self) -> onnxruntime.InferenceSession:
        # Each process has its own session, also one that was forked.
        if self._session is None or self._session[0] != os.getpid():
            import_alone("onnxruntime")
            import onnxruntime

            session = onnxruntime.InferenceSession(self._graph, one_thread(), providers=providers("cpu"))
            self._session = (os.getpid(), session)
        return self._session[1]


def _is_known(ner: Any) -> bool:
    """Whether an NER is of the form that is written as a graph here, and takes the best move at each step."""
    from thinc.api import NumpyOps

    network = ner.model
    if not {"tok2vec", "lower", "upper"} <= {*network.ref_names} or not network.attrs.get("has_upper"):
        return False
    tok2vec, lower, upper = (network.get_ref(name) for name in ("tok2vec", "lower", "upper"))
    return (
        ner.cfg["beam_width"] == 1
        and isinstance(network.ops, NumpyOps)
        and not network.attrs["unseen_classes"]
        and tok2vec.name.endswith(_TOK2VEC)
        and (lower.name, upper.name) == ("precomputable_affine", "linear")
        and lower.get_dim("nF") == _FEATURES
    )


def _product(
    name: str, given: str, weights: NDArray[np.float32], bias: NDArray[np.float32] | None = None
) -> Iterator[Field]:
    """Yield the nodes of a product with weights, which stand by output and input."""
    inputs = [given, f"{name}_weights"]
    yield make_tensor(inputs[-1], FLOAT, weights.T)
    if bias is not None:
        inputs.append(f"{name}_bias")
        yield make_tensor(inputs[-1], FLOAT, bias)
    yield make_node("Gemm", inputs, [name])
