"""Sealed texts: any text comes back from its own place, and nothing else does."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lc_guard.errors import VaultError
from lc_guard.testing import HOSTILE_TEXTS
from lc_guard.vaults.keys import NONCE_BYTES, Seal, new_data_key

SEAL = Seal(bytes(range(32)))
ANY = st.text(st.characters(exclude_categories=()), max_size=40)  # lone surrogates and NUL too
PLACE = ("session", "[REDACTED_PERSON_1]")


@pytest.mark.parametrize("text", [*HOSTILE_TEXTS, "x" * 1_000_000], ids=range(len(HOSTILE_TEXTS) + 1))
def test_hostile_texts_come_back(text: str):
    assert SEAL.open(SEAL.seal(text, *PLACE), *PLACE) == text


@given(ANY, ANY, ANY)
def test_any_text_comes_back_from_any_place(text: str, session: str, placeholder: str):
    assert SEAL.open(SEAL.seal(text, session, placeholder), session, placeholder) == text


@given(ANY, st.data())
def test_a_byte_altered_is_refused(text: str, data: st.DataObject):
    payload = bytearray(SEAL.seal(text, *PLACE))
    payload[data.draw(st.integers(0, len(payload) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(VaultError):
        SEAL.open(bytes(payload), *PLACE)


@given(st.binary(max_size=60))
def test_bytes_nobody_sealed_are_refused(payload: bytes):
    with pytest.raises(VaultError):
        SEAL.open(payload, *PLACE)


@given(ANY, st.lists(ANY, min_size=2, max_size=3), st.lists(ANY, min_size=2, max_size=3))
def test_a_text_opens_in_its_place_only(text: str, place: list[str], other: list[str]):
    payload = SEAL.seal(text, *place)
    if place != other:
        with pytest.raises(VaultError, match="does not open"):
            SEAL.open(payload, *other)
        assert SEAL.lookup(*place) != SEAL.lookup(*other)


@given(st.text(min_size=1, max_size=6), st.text(min_size=1, max_size=6))
def test_parts_of_a_place_do_not_run_together(left: str, right: str):
    payload = SEAL.seal("Ada", left + right[:1], right[1:])
    with pytest.raises(VaultError):
        SEAL.open(payload, left, right)


def test_an_error_quotes_nothing():
    payload = Seal(new_data_key()).seal("Zebulon", *PLACE)
    with pytest.raises(VaultError) as caught:
        SEAL.open(payload, "jane@example.org", "Quartermain")
    assert not any(secret in str(caught.value) for secret in ("Zebulon", "jane", "Quartermain"))
    assert caught.value.__suppress_context__


def test_nonces_differ():
    payloads = [SEAL.seal("Ada", *PLACE) for _ in range(20_000)]
    assert len({payload[1 : 1 + NONCE_BYTES] for payload in payloads}) == len(payloads)
    assert len({payload[1 + NONCE_BYTES :] for payload in payloads}) == len(payloads)


def test_look_ups_belong_to_a_key():
    assert SEAL.lookup("value", "Ada") == SEAL.lookup("value", "Ada")
    assert len({SEAL.lookup("value", text) for text in ("Ada", "ada", "Ada ", "Áda", "A\u0301da", "\ud800", "")}) == 7
    assert SEAL.lookup("value", "Ada") != Seal(new_data_key()).lookup("value", "Ada")
    assert len(SEAL.lookup("value", "Ada")) == 32


def test_keys_are_not_pickled():
    with pytest.raises(TypeError, match="pickled"):
        pickle.dumps(SEAL)
