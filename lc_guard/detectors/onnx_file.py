"""Reading and writing ONNX files: a few fields of them, without a package that knows all of ONNX.

A model is a protocol buffer (https://protobuf.dev/programming-guides/encoding): a row of numbered fields. Numbers of
fields are those of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MODEL_IR, MODEL_GRAPH, MODEL_OPSET = 1, 7, 8
GRAPH_NODE, GRAPH_NAME, GRAPH_INITIALIZER, GRAPH_INPUT, GRAPH_OUTPUT = 1, 2, 5, 11, 12
NODE_INPUT, NODE_OUTPUT, NODE_OP, NODE_ATTRIBUTE, NODE_DOMAIN = 1, 2, 4, 5, 7
ATTRIBUTE_NAME, ATTRIBUTE_FLOAT, ATTRIBUTE_INT, ATTRIBUTE_TYPE = 1, 2, 3, 20
TENSOR_DIMS, TENSOR_TYPE, TENSOR_NAME, TENSOR_RAW = 1, 2, 8, 9
FLOAT, INT8, INT64 = 1, 3, 7
_A_FLOAT, _AN_INT = 1, 2
_OPSET_DOMAIN, _OPSET_VERSION = 1, 2
_CONTRIB = "com.microsoft"
# Sizes of numbers of fixed width by the code of their form.
_FIXED = {1: 8, 5: 4}

Bytes = bytes | memoryview
"""What is read stays in the model's own memory: its weights are most of it."""


class Field(NamedTuple):
    """A field of a message: its number and its value: a whole number, bytes, a number of 32 bits, or fields."""

    number: int
    value: int | float | Bytes | list[Field]


class Node(NamedTuple):
    """An operator with what goes into it and what it gives; attributes that are numbers."""

    inputs: list[str]
    outputs: list[str]
    operator: str
    attributes: dict[str, int | float]


def read_node(message: Bytes) -> Node:
    """Return a node of a graph."""
    operator = next(iter(names(message, NODE_OP)), "")
    node = Node([], [], operator, {})
    for field in read(message):
        if field.number == NODE_INPUT:
            node.inputs.append(as_text(field.value))
        elif field.number == NODE_OUTPUT:
            node.outputs.append(as_text(field.value))
        elif field.number == NODE_ATTRIBUTE:
            parts = {part.number: part.value for part in read(as_bytes(field.value))}
            value = parts.get(ATTRIBUTE_INT, parts.get(ATTRIBUTE_FLOAT))
            if value is not None:
                number = value if isinstance(value, int) else struct.unpack("<f", as_bytes(value))[0]
                node.attributes[as_text(parts[ATTRIBUTE_NAME])] = number
    return node


def names(message: Bytes, number: int) -> list[str]:
    """Return the texts of a field that may stand more than once."""
    return [as_text(field.value) for field in read(message) if field.number == number]


def make_node(
    operator: str,
    inputs: Sequence[str],
    outputs: Sequence[str],
    attributes: Mapping[str, int | float] | None = None,
    domain: str = "",
) -> Field:
    """Return a node as a field of a graph."""
    fields = [Field(NODE_INPUT, name.encode()) for name in inputs]
    fields += [Field(NODE_OUTPUT, name.encode()) for name in outputs]
    fields += [Field(NODE_OP, operator.encode()), Field(NODE_DOMAIN, domain.encode())]
    for name, value in (attributes or {}).items():
        number, kind = (ATTRIBUTE_INT, _AN_INT) if isinstance(value, int) else (ATTRIBUTE_FLOAT, _A_FLOAT)
        parts = [Field(ATTRIBUTE_NAME, name.encode()), Field(number, value), Field(ATTRIBUTE_TYPE, kind)]
        fields.append(Field(NODE_ATTRIBUTE, parts))
    return Field(GRAPH_NODE, fields)


def make_sum_norm(inputs: Sequence[str], output: str, epsilon: float) -> Field:
    """Return the layer normalization of a sum as a node, one of onnxruntime's own operators.

    That of ONNX takes five times as long there: it goes through a row number by number.

    Args:
        inputs: The two parts of the sum, the gain and the shift.
        output: What it gives.
        epsilon: What is added to the variance.
    """
    return make_node("SkipLayerNormalization", inputs, [output], {"epsilon": epsilon}, _CONTRIB)


def make_tensor(name: str, kind: int, values: NDArray[np.int8] | NDArray[np.float32] | NDArray[np.int64]) -> Field:
    """Return a constant as a field of a graph."""
    fields = [Field(TENSOR_DIMS, size) for size in values.shape]
    fields += [Field(TENSOR_TYPE, kind), Field(TENSOR_NAME, name.encode()), Field(TENSOR_RAW, values.tobytes())]
    return Field(GRAPH_INITIALIZER, fields)


def make_model(nodes: Iterable[Field], inputs: Mapping[str, int], outputs: Mapping[str, int], *, opset: int) -> bytes:
    """Return a model.

    Args:
        nodes: Nodes and constants of its graph.
        inputs: Name → type of what goes in, such as `FLOAT`; of any shape.
        outputs: Name → type of what comes out.
        opset: Version of the operators.
    """
    fields = [*nodes, Field(GRAPH_NAME, b"graph")]
    for number, values in ((GRAPH_INPUT, inputs), (GRAPH_OUTPUT, outputs)):
        for name, kind in values.items():
            # ValueInfoProto: its name, a TypeProto of a tensor of that type
            fields.append(Field(number, [Field(1, name.encode()), Field(2, [Field(1, [Field(1, kind)])])]))
    contrib = [Field(_OPSET_DOMAIN, _CONTRIB.encode()), Field(_OPSET_VERSION, 1)]
    opsets = [Field(MODEL_OPSET, [Field(_OPSET_VERSION, opset)]), Field(MODEL_OPSET, contrib)]
    return write([Field(MODEL_IR, 8), *opsets, Field(MODEL_GRAPH, fields)])


def as_bytes(value: object) -> Bytes:
    """Return a value that has to be bytes.

    Raises:
        ValueError: It is a number.
    """
    if not isinstance(value, Bytes):
        raise ValueError("the model is no ONNX file")  # noqa: TRY004 - it is the file that is wrong
    return value


def as_text(value: object) -> str:
    """Return a value that has to be a text."""
    return str(as_bytes(value), "utf-8")


def read(message: Bytes) -> Iterator[Field]:
    """Yield the fields of a message in order; numbers of fixed width, of attributes only, as bytes."""
    message = memoryview(message)
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


def _number(message: Bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = message[at]
        number |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return number, at


def write(fields: Iterable[Field]) -> bytes:
    """Return a message of these fields."""
    return b"".join(_parts(fields))


def _parts(fields: Iterable[Field]) -> list[Bytes]:
    parts: list[Bytes] = []
    for number, value in fields:
        if isinstance(value, int):
            parts += [_varint(number << 3), _varint(value)]
        elif isinstance(value, float):
            parts += [_varint(number << 3 | 5), struct.pack("<f", value)]
        else:
            inner = _parts(value) if isinstance(value, list) else [value]
            parts += [_varint(number << 3 | 2), _varint(sum(map(len, inner))), *inner]
    return parts


def _varint(number: int) -> bytes:
    parts = bytearray()
    while number > 127:
        parts.append(number & 127 | 128)
        number >>= 7
    return bytes([*parts, number])
