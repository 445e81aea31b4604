"""The layers of a spaCy pipeline that turn words into vectors, as part of an ONNX graph.

thinc runs each of its layers by itself and keeps what training would need. The layers of ``spacy.MultiHashEmbed`` and
``spacy.MaxoutWindowEncoder`` are written as one graph here, with the pipeline's own weights. Sums are added in another
order, so vectors differ in their last digits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from lc_guard.detectors.onnx_file import FLOAT, INT64, Field, make_node, make_sum_norm, make_tensor

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Names that thinc gives to the parts: of a table, of the mixing of all, of one layer of the encoder.
_TABLE = "ints-getitem>>hashembed"
_MIX = "maxout>>layernorm>>dropout"
_LAYER = f"residual(expand_window>>{_MIX})"
_EPSILON = 1e-08

WORDS, PLACES = "words", "places"
"""What the graph is given: vectors of words, and the rows where they stand."""


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


class WordVectors:
    """Tables and layers of one pipeline.

    Attributes:
        columns: Properties of a word that it is told, as spaCy numbers them.
        layers: Nodes and constants of a graph that is given `WORDS` and `PLACES`.
        result: Name of what these give: a vector for each row.
    """

    def __init__(
        self, columns: Sequence[Any], tables: Sequence[_Table], mix: _Maxout, layers: Sequence[_Maxout], pad: int
    ) -> None:
        self.columns, self._tables, self._pad = list(columns), tables, pad
        self.layers, self.result = _graph(mix, layers), f"layer_{len(layers)}"

    @classmethod
    def of(cls, embed: Any, encode: Any) -> WordVectors | None:
        """Return those of an embedding and an encoder; None if they are of another form."""
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

    def given(self, told: Sequence[NDArray[np.uint64]], ops: Any) -> tuple[dict[str, Any], list[slice]]:
        """Return what the graph is given for some texts, and in which rows of its results each text stands.

        Args:
            told: The properties of each text's words.
            ops: thinc's operations, which know spaCy's hash.
        """
        import numpy as np

        words = np.concatenate(told)
        found = []
        for column, seed, vectors in self._tables:
            keys = ops.hash(np.ascontiguousarray(words[:, column]), seed) % len(vectors)
            found.append(ops.gather_add(vectors, keys))
        # rows of zeros stand around each text, those between two once
        none = np.full(self._pad, len(words))
        places, rows, first, at = [none], [], 0, self._pad
        for each in told:
            places += [np.arange(first, first + len(each)), none]
            rows.append(slice(at, at + len(each)))
            first, at = first + len(each), at + len(each) + self._pad
        return {WORDS: np.concatenate(found, axis=1), PLACES: np.concatenate(places)}, rows


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


def _graph(mix: _Maxout, layers: Sequence[_Maxout]) -> list[Field]:
    """Return the layers: of words' vectors and the places where they stand, with rows of zeros."""
    import numpy as np

    width = mix.gain.shape[0]
    fields = [
        make_tensor("zeros", FLOAT, np.zeros((1, width), np.float32)),
        *(make_tensor(f"number_{n}", INT64, np.array([n], np.int64)) for n in (-1, 0, 1)),
        make_tensor("number_all", INT64, np.array([2**31 - 1], np.int64)),
        *_of_maxout("mix", WORDS, "mixed", mix),
        make_node("Concat", ["mixed", "zeros"], ["with_zeros"], {"axis": 0}),
        make_node("Gather", ["with_zeros", PLACES], ["layer_0"], {"axis": 0}),
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
    return fields


def _of_maxout(name: str, given: str, result: str, layer: _Maxout) -> Iterator[Field]:
    for part, values in zip(("weights", "bias", "gain", "shift"), layer[:4], strict=True):
        yield make_tensor(f"{name}_{part}", FLOAT, values)
    yield make_node("Gemm", [given, f"{name}_weights", f"{name}_bias"], [f"{name}_product"])
    yield from largest(f"{name}_product", f"{name}_most", layer.pieces)
    # of twice the row, with four times the variance: the same
    yield make_sum_norm([f"{name}_most"] * 2 + [f"{name}_gain", f"{name}_shift"], result, 4 * _EPSILON)


def largest(given: str, result: str, pieces: int) -> Iterator[Field]:
    """Yield the nodes that take the largest of several pieces, which stand side by side."""
    names = [f"{given}_piece_{number}" for number in range(pieces)]
    yield make_node("Split", [given], names, {"axis": 1})
    yield make_node("Max", names, [result])
