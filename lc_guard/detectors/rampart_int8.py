"""Rampart's four-bit weights as eight-bit ones: computers multiply those directly, in less than half the time.

The file in the package is read, checked and left as it is; what is loaded is a copy in memory in which each
``MatMulNBits`` (https://onnxruntime.ai, contrib operators) stands as ONNX's own ``DynamicQuantizeLinear`` and
``MatMulInteger``.
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


def eight_bits(model: bytes) -> bytes:
    """Return a copy of a model in which the products with four-bit weights are products with eight-bit ones.

    Args:
        model: An ONNX file whose ``MatMulNBits`` nodes have symmetric four-bit weights.

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
    tensors = {}
    for field in fields:
        if field.number == GRAPH_INITIALIZER:
            tensor = {part.number: part.value for part in read(as_bytes(field.value))}
            tensors[as_text(tensor[TENSOR_NAME])] = as_bytes(tensor.get(TENSOR_RAW, b""))
    written: list[Field] = []
    gone: set[str] = set()
    quantized: set[str] = set()
    for field in fields:
        node = read_node(as_bytes(field.value)) if field.number == GRAPH_NODE else None
        if node is None or node.operator != "MatMulNBits":
            written.append(field)
            continue
        gone.update(node.inputs[1:])
        written += _product(node, tensors, quantized)
    # The four-bit weights are used by no node any more.
    return [field for field in written if isinstance(field.value, list) or not gone.intersection(_name(field))]


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
    rows, columns, block = (node.attributes[name] for name in ("K", "N", "block_size"))
    pairs = np.frombuffer(tensors[node.inputs[1]], np.uint8).reshape(columns, -1, block // 2)
    # Two weights in a byte, the first in its lower half; 8 stands for zero.
    four = np.stack([pairs & 15, pairs >> 4], axis=-1).reshape(columns, -1, block).astype(np.float32) - 8
    full = four * np.frombuffer(tensors[node.inputs[2]], np.float32).reshape(columns, -1, 1)
    full = full.reshape(columns, -1)[:, :rows].T
    scales = (np.abs(full).max(axis=0) / _MOST).astype(np.float32)
    scales[scales == 0] = 1
    return np.rint(full / scales).astype(np.int8), scales
