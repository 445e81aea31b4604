"""Values are found and replaced in every layer of escaping, and what held JSON holds JSON again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lc_guard._text.json_tree import JsonText, hide, leaves, parse, rebuild, scalar_text
from lc_guard._text.known_values import KnownValues, Match
from tests.support.canaries import CANARIES

KNOWN = KnownValues((value, f"[REDACTED_PERSON_{number}]", "PERSON") for number, value in enumerate(CANARIES, 1))


def find(texts: Sequence[str], known: KnownValues = KNOWN) -> list[list[Match]]:
    return [known.find(text, inside_words=True) for text in texts]


def mask(value: Any, known: KnownValues = KNOWN) -> Any:
    tree = parse(value)
    table = hide({leaf: None for leaf, _ in leaves(tree)}, [partial(find, known=known)])
    return rebuild(tree, table)[0]


@pytest.mark.parametrize("number", range(1, len(CANARIES) + 1))
@pytest.mark.parametrize(
    "escape",
    [
        str,
        json.dumps,
        lambda text: json.dumps(text, ensure_ascii=False),
        lambda text: json.dumps({"a": [{"b": f"it was {text}."}]}),
        lambda text: json.dumps({text: 1}),
        lambda text: json.dumps(json.dumps({"deep": json.dumps([text])})),
        lambda text: f"half a JSON: {json.dumps({'a': text})[:-1]}",
        lambda text: f"ValueError({text!r}) in a text",
        lambda text: repr({"key": repr(text)}),
        lambda text: f"cut in a JSON text: {json.dumps(json.dumps(text))}",
    ],
)
def test_hides_a_value_however_it_is_escaped(number: int, escape: Any) -> None:
    value = CANARIES[number - 1]
    masked = mask(escape(value))
    assert f"[REDACTED_PERSON_{number}]" in masked
    flat = masked
    for _ in range(4):
        assert value not in flat
        flat = flat.replace("\\\\", "\\").replace('\\"', '"').replace("\\n", "\n").replace("\\'", "'")


def test_json_stays_json_and_the_unchanged_stays_as_it_was() -> None:
    assert json.loads(mask(json.dumps({"a": CANARIES[1], "b": 1.50}))) == {"a": "[REDACTED_PERSON_2]", "b": 1.5}
    for text in (
        '{"a" : 1.50}',
        '"quoted"',
        "[1, 2",
        "plain",
        '{"a": 1, "a": 2}',
        "[" * 5000,
        "",
        '"\\ud800"',
        "1" * 9,
    ):
        assert mask(text) == text


def test_a_key_that_stands_twice_hides_nothing() -> None:
    assert CANARIES[0] not in mask(f'{{"a": "{CANARIES[0]}", "a": "x"}}')


def test_numbers_count_when_all_of_them_is_a_value() -> None:
    known = KnownValues([("5551234567", "[REDACTED_PHONE_1]", "PHONE")])
    masked = mask(json.dumps({"phone": 5551234567, "time": 15551234567890, "yes": True}), known)
    assert json.loads(masked) == {"phone": "[REDACTED_PHONE_1]", "time": 15551234567890, "yes": True}


def test_overlapping_values_leave_nothing_of_either() -> None:
    first, second = KnownValues([("Anna Maria", "[A]", "P")]), KnownValues([("Maria Luisa", "[B]", "P")])
    table = hide(["Anna Maria Luisa!"], [partial(find, known=first), partial(find, known=second)])
    assert table == {"Anna Maria Luisa!": "[A][B]!"}


def test_sequences_keep_their_shape() -> None:
    assert mask(("tag", CANARIES[0], 3)) == ["tag", "[REDACTED_PERSON_1]", 3]
    assert mask(None) is None


def test_named_leaves_are_made_anew() -> None:
    tree = parse('{"thread_id": "a@b.example", "x": {"thread_id": 7, "y": null}, "z": {"thread_id": [1]}}')
    value, changed = rebuild(tree, {}, named={"thread_id": lambda text: f"#{text}"})
    assert changed
    assert json.loads(value) == {
        "thread_id": "#a@b.example",
        "x": {"thread_id": "#7", "y": None},
        "z": {"thread_id": [1]},
    }


def test_what_can_not_be_looked_into_is_refused() -> None:
    with pytest.raises(TypeError, match="bytes"):
        parse(b"bytes")
    with pytest.raises(ValueError, match="deep"):
        parse("[" * 200 + "]" * 200)


def test_scalars_as_text() -> None:
    assert [scalar_text(parse(v)) for v in ('"a"', "a", 5, True, None, "[1]")] == ["a", "a", "5", "", "", ""]


def test_a_repr_holds_no_text() -> None:
    assert CANARIES[0] not in repr(JsonText(CANARIES[0], CANARIES[0]))


@given(st.text(max_size=30), st.text(max_size=30), st.integers(0, 3))
def test_nothing_else_changes(before: str, after: str, layers: int) -> None:
    text = f"{before} {CANARIES[0]} {after}"
    for _ in range(layers):
        text = json.dumps([text])
    masked = mask(text)
    for _ in range(layers):
        (masked,) = json.loads(masked)
    assert CANARIES[0] not in masked
    if not layers and "\\" not in text and parse(text) == text:
        assert masked == f"{before} [REDACTED_PERSON_1] {after}"
