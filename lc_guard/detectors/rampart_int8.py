"""Rampart's network as computers run it fastest: the same network in a third of the time.

The file in the package is read, checked and left as it is; what is loaded is a copy in memory. Each product with
four-bit weights (``MatMulNBits``, https://onnxruntime.ai, contrib operators) stands there as one with eight-bit
weights, ONNX's own ``DynamicQuantizeLinear`` and ``MatMulInteger``, which processors multiply directly; each sum that
is normalized as one step.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from lc_guard.detectors.onnx_file import (
    FLOAT,
    GRAPH_INITIALIZER,
    GRAPH_NODE,
    INT8,
    MODEL_GRAPH,
    TENSOR_NAME,
    TENSOR_RAW,
    Bytes,
    Field,
    Node,
    as_bytes,
    as_text,
    make_node,
    make_sum_norm,
    make_tensor,
    names,
    read,
    read_node,
    write,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Seven of the eight bits: processors without VNNI add two products in 16 bits, which 8 bits would overflow.
_MOST = 63
_NO_NODE = Node([], [], "", {})


def eight_bits(model: bytes) -> bytes:
    """Return a copy of a model whose products with four-bit weights are products with eight-bit ones.

    Args:
        model: An ONNX file whose ``MatMulNBits`` nodes have symmetric four-bit weights, and whose sums are normalized
            over their last axis.

    Returns:
        An ONNX file.

    Raises:
        ValueError: The model is not of that form.
    """
    return write(
        Field(field.number, _graph(as_bytes(field.value))) if field.number == MODEL_GRAPH else field
        for field in read(model)
    )


def _graph(graph: Bytes) -> list[Field]:
    fields = list(read(graph))
    tensors = dict(_tensor(as_bytes(field.value)) for field in fields if field.number == GRAPH_INITIALIZER)
    nodes = [read_node(as_bytes(field.value)) if field.number == GRAPH_NODE else _NO_NODE for field in fields]
    sums = {node.outputs[0]: node.inputs for node in nodes if node.operator == "Add"}
    written: list[Field] = []
    gone: set[str] = set()
    quantized: set[str] = set()
    for field, node in zip(fields, nodes, strict=True):
        if node.operator == "MatMulNBits":
            gone.update(node.inputs[1:])
            written += _product(node, tensors, quantized)
        elif node.operator == "LayerNormalization":
            # The sum itself is left, and used by no node any more: onnxruntime drops it.
            source, *weights = node.inputs
            written.append(make_sum_norm([*sums[source], *weights], node.outputs[0], node.attributes["epsilon"]))
        else:
            written.append(field)
    # The four-bit weights are used by no node any more.
    return [field for field in written if isinstance(field.value, list) or not gone.intersection(_name(field))]


def _tensor(message: Bytes) -> tuple[str, Bytes]:
    parts = {part.number: part.value for part in read(message)}
    return as_text(parts[TENSOR_NAME]), as_bytes(parts.get(TENSOR_RAW, b""))


def _name(field: Field) -> list[str]:
    return names(as_bytes(field.value), TENSOR_NAME) if field.number == GRAPH_INITIALIZER else []


def _product(node: Node, tensors: Mapping[str, Bytes], quantized: set[str]) -> Iterator[Field]:
    weights, scales = _weights(node, tensors)
    source, result = node.inputs[0], node.outputs[0]
    name = f"{node.inputs[1]}_8bit"
    yield make_tensor(f"{name}_weights", INT8, weights)
    yield make_tensor(f"{name}_scales", FLOAT, scales)
    eight, scale, zero = (f"{source}_8bit{part}" for part in ("", "_scale", "_zero"))
    # What goes into several products (query, key, value) is quantized once.
    if source not in quantized:
        quantized.add(source)
        yield make_node("DynamicQuantizeLinear", [source], [eight, scale, zero])
    yield make_node("MatMulInteger", [eight, f"{name}_weights", zero], [f"{result}_whole"])
    yield make_node("Cast", [f"{result}_whole"], [f"{result}_float"], {"to": FLOAT})
    yield make_node("Mul", [scale, f"{name}_scales"], [f"{result}_scale"])
    yield make_node("Mul", [f"{result}_float", f"{result}_scale"], [result])


def _weights(node: Node, tensors: Mapping[str, Bytes]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Return the weights of a node in eight bits, one scale for each column of the result."""
    import numpy as np

    if node.attributes.get("bits") != 4 or len(node.inputs) != 3:
        raise ValueError("the model's weights are not symmetric four-bit ones")
    rows, columns, block = (int(node.attributes[name]) for name in ("K", "N", "block_size"))
    pairs = np.frombuffer(tensors[node.inputs[1]], np.uint8).reshape(columns, -1, block // 2)
    # Two weights in a byte, the first in its lower half; 8 stands for zero.
    four = np.stack([pairs & 15, pairs >> 4], axis=-1).reshape(columns, -1, block).astype(np.float32) - 8
    full = four * np.frombuffer(tensors[node.inputs[2]], np.float32).reshape(columns, -1, 1)
    full = full.reshape(columns, -1)[:, :rows].T
    scales = (np.abs(full).max(axis=0) / _MOST).astype(np.float32)
    scales[scales == 0] = 1
    return np.rint(full / scales).astype(np.int8), scales
