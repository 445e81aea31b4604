"""The part of a spaCy pipeline that turns words into vectors, run by onnxruntime: the same in less than half the time.

thinc runs each of its layers by itself and keeps what training would need. The layers of ``spacy.MultiHashEmbed`` and
``spacy.MaxoutWindowEncoder`` are written as one graph here, with the pipeline's own weights. Sums are added in another
order, so vectors differ in their last digits.

What is not of that form is left as it is.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from lc_guard.detectors.onnx_file import FLOAT, INT64, Field, make_model, make_node, make_tensor
from lc_guard.detectors.weights import import_alone

if TYPE_CHECKING:
    import numpy as np
    import onnxruntime
    from numpy.typing import NDArray
    from spacy.tokens import Doc

# Names that thinc gives to the parts: of a table, of the mixing of all, of one layer of the encoder.
_TABLE = "ints-getitem>>hashembed"
_MIX = "maxout>>layernorm>>dropout"
_LAYER = f"residual(expand_window>>{_MIX})"
_EPSILON = 1e-08
_CLOSE = 1e-3


class _Maxout(NamedTuple):
    """Weights of a layer: products, then the largest of its pieces, then brought to one scale."""

    weights: NDArray[np.float32]
    bias: NDArray[np.float32]
    gain: NDArray[np.float32]
    shift: NDArray[np.float32]
    pieces: int


class _Table(NamedTuple):
    """One table of vectors for one property of words, found by a hash."""

    column: int
    seed: int
    vectors: NDArray[np.float32]


def run_by_onnx(ner: Any, example: Doc) -> bool:
    """Put the graph in the place of an NER's own layers, if they are of the form that is known.

    Args:
        ner: The model of a pipeline's ``ner``.
        example: A text that is looked at both ways: unless they agree, nothing is changed.

    Returns:
        Whether it stands there now.
    """
    import numpy as np
    from thinc.api import Model, NumpyOps

    old = next((node for node in ner.walk() if {"embed", "encode"} <= {*node.ref_names}), None)
    if old is None or not isinstance(ner.ops, NumpyOps):
        return False
    encoder = _Encoder.of(old.get_ref("embed"), old.get_ref("encode"))
    if encoder is None:
        return False
    new: Any = Model("lc_guard_tok2vec", _forward, dims={"nO": encoder.width}, attrs={"encoder": encoder})
    (before,), (after,) = old.predict([example]), new.predict([example])
    return bool(np.abs(before - after).max() < _CLOSE) and ner.replace_node(old, new)


def _forward(model: Any, docs: Sequence[Doc], is_train: bool) -> tuple[list[Any], Any]:  # noqa: ARG001, FBT001
    """Give the vectors of each text, as thinc asks for them; nothing is trained here."""
    return model.attrs["encoder"].vectors(docs, model.ops), lambda _: []


class _Encoder:
    """Tables and layers of one pipeline."""

    def __init__(
        self, columns: Sequence[Any], tables: Sequence[_Table], mix: _Maxout, layers: Sequence[_Maxout], pad: int
    ) -> None:
        self.width = mix.gain.shape[0]
        self._columns, self._tables, self._pad = list(columns), tables, pad
        self._graph = _graph(mix, layers)
        self._session: tuple[int, onnxruntime.InferenceSession] | None = None

    @classmethod
    def of(cls, embed: Any, encode: Any) -> _Encoder | None:
        """Return that of an embedding and an encoder; None if they are of another form."""
        hashes = [node for node in embed.walk(order="dfs_pre") if node.name == "hashembed"]
        windows = [node for node in encode.walk(order="dfs_pre") if node.name == "expand_window"]
        tables = "|".join([_TABLE] * len(hashes))
        embedding = f"extract_features>>list2ragged>>with_array({tables})>>with_array({_MIX})>>ragged2list"
        encoding = f"with_array({'>>'.join([_LAYER] * len(windows))})"
        if (embed.name, encode.name) != (embedding, encoding) or any(n.attrs["window_size"] != 1 for n in windows):
            return None
        (mix,) = _maxouts(embed)
        columns = next(node for node in embed.walk() if node.name == "extract_features").attrs["columns"]
        found = [_Table(each.attrs["column"], each.attrs["seed"], each.get_param("E")) for each in hashes]
        return cls(columns, found, mix, _maxouts(encode), encode.attrs["pad"])

    def vectors(self, docs: Sequence[Doc], ops: Any) -> list[NDArray[np.float32]]:
        """Return a vector for each word of each text."""
        import numpy as np

        told = [doc.to_array(self._columns).astype(np.uint64).reshape(len(doc), -1) for doc in docs]
        words = np.concatenate(told)
        found = []
        for column, seed, vectors in self._tables:
            keys = ops.hash(np.ascontiguousarray(words[:, column]), seed) % len(vectors)
            found.append(ops.gather_add(vectors, keys))
        # rows of zeros stand around each text, those between two once
        none = np.full(self._pad, len(words))
        places, ends, first, at = [none], [], 0, self._pad
        for rows in told:
            places += [np.arange(first, first + len(rows)), none]
            ends.append((at, at + len(rows)))
            first, at = first + len(rows), at + len(rows) + self._pad
        (given,) = self._loaded().run(None, {"words": np.concatenate(found, axis=1), "places": np.concatenate(places)})
        return [given[begin:end] for begin, end in ends]

    def _loaded(self) -> onnxruntime.InferenceSession:
        # Each process has its own session, also one that was forked.
        if self._session is None or self._session[0] != os.getpid():
            import_alone("onnxruntime")
            import onnxruntime

            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = 1
            options.log_severity_level = 3
            session = onnxruntime.InferenceSession(self._graph, options, providers=["CPUExecutionProvider"])
            self._session = (os.getpid(), session)
        return self._session[1]


def _maxouts(model: Any) -> list[_Maxout]:
    """Return the layers of a model, in order."""
    nodes = list(model.walk(order="dfs_pre"))
    products = [node for node in nodes if node.name == "maxout"]
    norms = [node for node in nodes if node.name == "layernorm"]
    found = []
    for product, norm in zip(products, norms, strict=True):
        weights, bias = product.get_param("W"), product.get_param("b")  # by output, piece and input
        found.append(
            _Maxout(
                weights.transpose(2, 1, 0).reshape(weights.shape[2], -1).copy(),
                bias.T.reshape(-1).copy(),
                norm.get_param("G").copy(),
                norm.get_param("b").copy(),
                weights.shape[1],
            )
        )
    return found


def _graph(mix: _Maxout, layers: Sequence[_Maxout]) -> bytes:
    """Return the layers as an ONNX model: of words' vectors and the places where they stand, with rows of zeros."""
    import numpy as np

    width = mix.gain.shape[0]
    fields = [
        make_tensor("zeros", FLOAT, np.zeros((1, width), np.float32)),
        *(make_tensor(f"number_{n}", INT64, np.array([n], np.int64)) for n in (-1, 0, 1)),
        make_tensor("number_all", INT64, np.array([2**31 - 1], np.int64)),
        *_of_maxout("mix", "words", "mixed", mix),
        make_node("Concat", ["mixed", "zeros"], ["with_zeros"], {"axis": 0}),
        make_node("Gather", ["with_zeros", "places"], ["layer_0"], {"axis": 0}),
    ]
    for number, layer in enumerate(layers):
        given, seen = f"layer_{number}", f"seen_{number}"
        fields += [
            make_node("Slice", [given, "number_0", "number_-1", "number_0"], [f"{seen}_but_last"]),
            make_node("Slice", [given, "number_1", "number_all", "number_0"], [f"{seen}_but_first"]),
            make_node("Concat", ["zeros", f"{seen}_but_last"], [f"{seen}_before"], {"axis": 0}),
            make_node("Concat", [f"{seen}_but_first", "zeros"], [f"{seen}_behind"], {"axis": 0}),
            make_node("Concat", [f"{seen}_before", given, f"{seen}_behind"], [seen], {"axis": 1}),
            *_of_maxout(f"layer_{number}", seen, f"new_{number}", layer),
            make_node("Add", [given, f"new_{number}"], [f"layer_{number + 1}"]),
        ]
    last = f"layer_{len(layers)}"
    return make_model(fields, {"words": FLOAT, "places": INT64}, {last: FLOAT}, opset=17)


def _of_maxout(name: str, given: str, result: str, layer: _Maxout) -> Iterator[Field]:
    for part, values in zip(("weights", "bias", "gain", "shift"), layer[:4], strict=True):
        yield make_tensor(f"{name}_{part}", FLOAT, values)
    pieces = [f"{name}_piece_{number}" for number in range(layer.pieces)]
    yield make_node("Gemm", [given, f"{name}_weights", f"{name}_bias"], [f"{name}_product"])
    yield make_node("Split", [f"{name}_product"], pieces, {"axis": 1})
    yield make_node("Max", pieces, [f"{name}_most"])
    norm = {"axis": 1, "epsilon": _EPSILON}
    yield make_node("LayerNormalization", [f"{name}_most", f"{name}_gain", f"{name}_shift"], [result], norm)
