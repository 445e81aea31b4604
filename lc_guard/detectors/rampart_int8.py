"""Rampart's four-bit weights as eight-bit ones: computers multiply those directly, in less than half the time.

The file in the package is read, checked and left as it is; what is loaded is a copy in memory in which each
``MatMulNBits`` (https://onnxruntime.ai, contrib operators) stands as ONNX's own ``DynamicQuantizeLinear`` and
``MatMulInteger``. A model is a protocol buffer (https://protobuf.dev/programming-guides/encoding): a row of numbered
fields, so the few that change are changed here, without a package that knows all of ONNX.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Field numbers of onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
_MODEL_GRAPH = 7
_GRAPH_NODE, _GRAPH_INITIALIZER = 1, 5
_NODE_INPUT, _NODE_OUTPUT, _NODE_OP, _NODE_ATTRIBUTE = 1, 2, 4, 5
_ATTRIBUTE_NAME, _ATTRIBUTE_INT, _ATTRIBUTE_TYPE = 1, 3, 20
_TENSOR_DIMS, _TENSOR_TYPE, _TENSOR_NAME, _TENSOR_RAW = 1, 2, 8, 9
_FLOAT, _INT8, _AN_INT = 1, 3, 2
# Seven of the eight bits: processors without VNNI add two products in 16 bits, which 8 bits would overflow.
_MOST = 63
# Sizes of numbers of fixed width by the code of their form.
_FIXED = {1: 8, 5: 4}

Value = int | bytes


class Field(NamedTuple):
    """A field of a message: its number and its value, a whole number or bytes."""

    number: int
    value: Value


class _Node(NamedTuple):
    inputs: list[str]
    outputs: list[str]
    operator: str
    attributes: dict[str, int]


def eight_bits(model: bytes) -> bytes:
    """Return a copy of a model in which the products with four-bit weights are products with eight-bit ones.

    Args:
        model: An ONNX file whose ``MatMulNBits`` nodes have symmetric four-bit weights.

    Returns:
        An ONNX file.

    Raises:
        ValueError: The model is not of that form.
    """
    return _written(
        Field(field.number, _graph(_bytes(field.value))) if field.number == _MODEL_GRAPH else field
        for field in _read(model)
    )


def _graph(graph: bytes) -> bytes:
    fields = list(_read(graph))
    tensors = {}
    for field in fields:
        if field.number == _GRAPH_INITIALIZER:
            tensor = {part.number: part.value for part in _read(_bytes(field.value))}
            tensors[_bytes(tensor[_TENSOR_NAME]).decode()] = _bytes(tensor.get(_TENSOR_RAW, b""))
    written: list[Field] = []
    gone: set[str] = set()
    quantized: set[str] = set()
    for field in fields:
        node = _node(_bytes(field.value)) if field.number == _GRAPH_NODE else None
        if node is None or node.operator != "MatMulNBits":
            written.append(field)
            continue
        gone.update(node.inputs[1:])
        written += _product(node, tensors, quantized)
    # The four-bit weights are used by no node any more.
    return _written(
        field
        for field in written
        if field.number != _GRAPH_INITIALIZER or not gone.intersection(_names(_bytes(field.value), _TENSOR_NAME))
    )


def _product(node: _Node, tensors: Mapping[str, bytes], quantized: set[str]) -> Iterator[Field]:
    weights, scales = _weights(node, tensors)
    source, result = node.inputs[0], node.outputs[0]
    name = f"{node.inputs[1]}_8bit"
    yield _tensor(f"{name}_weights", _INT8, weights)
    yield _tensor(f"{name}_scales", _FLOAT, scales)
    eight, scale, zero = (f"{source}_8bit{part}" for part in ("", "_scale", "_zero"))
    # What goes into several products (query, key, value) is quantized once.
    if source not in quantized:
        quantized.add(source)
        yield _made("DynamicQuantizeLinear", [source], [eight, scale, zero])
    yield _made("MatMulInteger", [eight, f"{name}_weights", zero], [f"{result}_whole"])
    yield _made("Cast", [f"{result}_whole"], [f"{result}_float"], {"to": _FLOAT})
    yield _made("Mul", [scale, f"{name}_scales"], [f"{result}_scale"])
    yield _made("Mul", [f"{result}_float", f"{result}_scale"], [result])


def _weights(node: _Node, tensors: Mapping[str, bytes]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
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


def _node(message: bytes) -> _Node:
    operator = next(iter(_names(message, _NODE_OP)), "")
    node = _Node([], [], operator, {})
    for field in _read(message):
        if field.number == _NODE_INPUT:
            node.inputs.append(_bytes(field.value).decode())
        elif field.number == _NODE_OUTPUT:
            node.outputs.append(_bytes(field.value).decode())
        elif field.number == _NODE_ATTRIBUTE:
            parts = {part.number: part.value for part in _read(_bytes(field.value))}
            number = parts.get(_ATTRIBUTE_INT)
            if isinstance(number, int):
                node.attributes[_bytes(parts[_ATTRIBUTE_NAME]).decode()] = number
    return node


def _names(message: bytes, number: int) -> list[str]:
    return [_bytes(field.value).decode() for field in _read(message) if field.number == number]


def _made(operator: str, inputs: list[str], outputs: list[str], attributes: Mapping[str, int] | None = None) -> Field:
    fields = [Field(_NODE_INPUT, name.encode()) for name in inputs]
    fields += [Field(_NODE_OUTPUT, name.encode()) for name in outputs]
    fields.append(Field(_NODE_OP, operator.encode()))
    for name, value in (attributes or {}).items():
        parts = [Field(_ATTRIBUTE_NAME, name.encode()), Field(_ATTRIBUTE_INT, value), Field(_ATTRIBUTE_TYPE, _AN_INT)]
        fields.append(Field(_NODE_ATTRIBUTE, _written(parts)))
    return Field(_GRAPH_NODE, _written(fields))


def _tensor(name: str, kind: int, values: NDArray[np.int8] | NDArray[np.float32]) -> Field:
    fields = [Field(_TENSOR_DIMS, size) for size in values.shape]
    fields += [Field(_TENSOR_TYPE, kind), Field(_TENSOR_NAME, name.encode()), Field(_TENSOR_RAW, values.tobytes())]
    return Field(_GRAPH_INITIALIZER, _written(fields))


def _bytes(value: Value) -> bytes:
    if not isinstance(value, bytes):
        raise ValueError("the model is no ONNX file")  # noqa: TRY004 - it is the file that is wrong
    return value


def _read(message: bytes) -> Iterator[Field]:
    """Yield the fields of a message in order; numbers of fixed width, of attributes only, as bytes."""
    at = 0
    while at < len(message):
        key, at = _number(message, at)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, at = _number(message, at)
            yield Field(number, value)
            continue
        if wire == 2:
            size, at = _number(message, at)
        elif wire in _FIXED:
            size = _FIXED[wire]
        else:
            raise ValueError("the model has fields of a form that is not expected")
        yield Field(number, message[at : at + size])
        at += size


def _number(message: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = message[at]
        number |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return number, at


def _written(fields: Iterable[Field]) -> bytes:
    parts: list[bytes] = []
    for number, value in fields:
        if isinstance(value, int):
            parts += [_varint(number << 3), _varint(value)]
        else:
            parts += [_varint(number << 3 | 2), _varint(len(value)), value]
    return b"".join(parts)


def _varint(number: int) -> bytes:
    parts = bytearray()
    while number > 127:
        parts.append(number & 127 | 128)
        number >>= 7
    return bytes([*parts, number])
