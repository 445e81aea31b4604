"""Rampart in eight bits finds what its four-bit file finds; nothing but the model it was made for is rewritten."""

import os

import numpy as np
import onnxruntime
import pytest

from lc_guard.detectors import rampart_model
from lc_guard.detectors.onnx_file import read, write
from lc_guard.detectors.rampart_int8 import eight_bits


@pytest.fixture(scope="module")
def four_bits():
    return (rampart_model.FOLDER / "model_q4.onnx").read_bytes()


def test_both_give_each_token_the_same_label(four_bits):
    sessions = [
        onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
        for model in (four_bits, eight_bits(four_bits))
    ]
    chance = np.random.default_rng(0)
    for width in (3, 40, 160):
        ids = chance.integers(1000, 19_000, (1, width))
        feed = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        four, eight = (s.run(None, {item.name: feed[item.name] for item in s.get_inputs()})[0] for s in sessions)
        assert (four.argmax(-1) == eight.argmax(-1)).mean() > 0.97
        assert np.abs(four - eight).max() < 3


def test_no_four_bit_product_is_left(four_bits):
    model = eight_bits(four_bits)
    assert four_bits.count(b"MatMulNBits") > 30
    assert b"MatMulNBits" not in model


def test_fields_survive_reading_and_writing(four_bits):
    assert write(read(four_bits)) == four_bits


@pytest.mark.parametrize("junk", [b"\x3a\x02\x0b\x0c", b"\x38\x01", b"\x0f"])
def test_what_is_no_model_is_refused(junk):
    with pytest.raises(ValueError, match="model"):
        eight_bits(junk)


def test_scores_do_not_depend_on_what_stands_beside(rampart):
    texts = ["Jane Doe said so.", "Call Bob at 415-555-0100 in Springfield, Illinois, or write to him. " * 4]
    assert rampart.detect_batch(texts) == [rampart.detect(text) for text in texts]


def test_the_session_keeps_no_second_copy_of_the_weights(rampart):
    session = rampart_model.load_model(os.getpid(), "cpu")._session
    assert not [value for value in vars(session).values() if isinstance(value, bytes) and len(value) > 1_000_000]
