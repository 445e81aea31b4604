"""Keys of an encrypted vault: what is taken, what is refused and how, and what a wrapped key tells."""

from __future__ import annotations

import base64
import pickle
import re
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lc_guard.errors import MissingExtra, VaultError
from lc_guard.vaults.keys import KEYS_VARIABLE, KeyRing, generate_key

DATA_KEY = bytes(range(32))


class Kms:
    """A key service as a cloud has it: wraps under its own key, and may be out of reach."""

    def __init__(self, key_id: str = "arn:aws:kms:eu-west-1:1:key/a") -> None:
        self.key_id = key_id
        self.ring = KeyRing([generate_key()])
        self.calls = 0
        self.fails: Exception | None = None

    def wrap(self, key: bytes) -> bytes:
        return self.ring.wrap(self.call(key))

    def unwrap(self, wrapped: bytes) -> bytes:
        return self.ring.unwrap(self.call(wrapped))

    def call(self, data: bytes) -> bytes:
        self.calls += 1
        if self.fails:
            raise self.fails
        return data


def test_generated_keys_are_32_random_bytes():
    keys = {generate_key() for _ in range(100)}
    assert len(keys) == 100
    assert {len(base64.b64decode(key, validate=True)) for key in keys} == {32}


@pytest.mark.parametrize("form", ["base64", "urlsafe", "blanks", "bytes"])
def test_forms_of_one_key(form: str):
    raw = b"\xff\xfe" * 4 + bytes(range(24))
    key = {
        "base64": base64.b64encode(raw).decode(),
        "urlsafe": base64.urlsafe_b64encode(raw).decode(),
        "blanks": f"  {base64.b64encode(raw).decode()}\n",
        "bytes": raw,
    }[form]
    assert KeyRing([raw]).unwrap(KeyRing([key]).wrap(DATA_KEY)) == DATA_KEY


def test_the_newest_wraps_and_all_unwrap():
    old, new = generate_key(), generate_key()
    before = KeyRing([old]).wrap(DATA_KEY)
    ring = KeyRing([new, old])
    after = ring.wrap(DATA_KEY)
    assert ring.unwrap(before) == ring.unwrap(after) == DATA_KEY
    assert not ring.is_newest(before)
    assert ring.is_newest(after)
    assert KeyRing([new]).unwrap(after) == DATA_KEY
    with pytest.raises(VaultError, match="another key than those given"):
        KeyRing([old]).unwrap(after)


def test_from_the_environment(monkeypatch):
    new, old = generate_key(), generate_key()
    monkeypatch.setenv(KEYS_VARIABLE, f" {new} ,{old},")
    assert KeyRing().ids == KeyRing([new, old]).ids
    assert KeyRing(lambda: [old]).ids == KeyRing([old]).ids, "a callable gives keys too"
    for nothing in ("", " , "):
        monkeypatch.setenv(KEYS_VARIABLE, nothing)
        with pytest.raises(VaultError, match=f"no key was given.*{KEYS_VARIABLE}"):
            KeyRing()


@pytest.mark.parametrize("key", ["", "hunter2-hunter2", "é" * 44, base64.b64encode(b"x" * 31).decode(), b"x" * 33, 7])
def test_keys_that_are_none(key):
    with pytest.raises(VaultError, match=r"key number 2 is not usable.*generate_key") as caught:
        KeyRing([generate_key(), key])
    assert "hunter2" not in str(caught.value)
    assert caught.value.__context__ is None or caught.value.__suppress_context__


def test_a_key_service_without_a_name():
    with pytest.raises(VaultError, match="key number 1 is not usable"):
        KeyRing([Kms(key_id=7)])


@pytest.mark.parametrize("keys", [generate_key(), DATA_KEY, Kms()], ids=["base64", "bytes", "service"])
def test_one_key_is_no_list_of_keys(keys):
    with pytest.raises(VaultError, match=r"keys=\[\.\.\.\]"):
        KeyRing(keys)


def test_one_key_twice():
    key = generate_key()
    with pytest.raises(VaultError, match="given twice"):
        KeyRing([key, base64.b64decode(key)])


def test_a_key_service_wraps_and_rotates():
    kms, local = Kms(), generate_key()
    wrapped = KeyRing([kms, local]).wrap(DATA_KEY)
    assert KeyRing([local, kms]).unwrap(wrapped) == DATA_KEY
    assert kms.calls == 2
    with pytest.raises(VaultError, match="another key than those given"):
        KeyRing([Kms("arn:aws:kms:eu-west-1:1:key/b")]).unwrap(wrapped)


@pytest.mark.parametrize("method", ["wrap", "unwrap"])
def test_a_key_service_that_fails_quotes_nothing(method):
    kms = Kms()
    ring = KeyRing([kms])
    data = DATA_KEY if method == "wrap" else ring.wrap(DATA_KEY)
    kms.fails = ConnectionError(f"AccessDenied for {data!r}")
    with pytest.raises(VaultError, match=r"arn:aws:kms.*ConnectionError") as caught:
        getattr(ring, method)(data)
    assert "AccessDenied" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_a_key_service_that_gives_rubbish():
    class Rubbish(Kms):
        def unwrap(self, wrapped):
            return b"short"

        def wrap(self, key):
            return "text"

    ring = KeyRing([Rubbish()])
    with pytest.raises(VaultError, match="gave str where bytes"):
        ring.wrap(DATA_KEY)
    with pytest.raises(VaultError, match="no data key of 32 bytes"):
        ring.unwrap(KeyRing([Kms()]).wrap(DATA_KEY))


def test_every_byte_of_a_wrapped_key_counts():
    ring = KeyRing([generate_key()])
    blob = ring.wrap(DATA_KEY)
    for at in range(len(blob)):
        altered = bytearray(blob)
        altered[at] ^= 1
        with pytest.raises(VaultError):
            ring.unwrap(bytes(altered))


@given(st.binary(max_size=80))
def test_no_bytes_are_a_wrapped_key(blob: bytes):
    with pytest.raises(VaultError):
        KeyRing([DATA_KEY]).unwrap(blob)


def test_nothing_shows_a_key():
    key = generate_key()
    ring = KeyRing([key])
    shown = f"{ring!r} {ring} {ring.ids} {ring.wrap(DATA_KEY)!r}"
    assert key not in shown
    assert base64.b64decode(key).hex() not in shown
    assert re.search("[0-9a-f]{16}", shown), "the key's id tells which it is"
    with pytest.raises(TypeError, match="pickled"):
        pickle.dumps(ring)


def test_without_its_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.ciphers.aead", None)
    with pytest.raises(MissingExtra, match=r"lc-guard\[encrypted\]"):
        KeyRing([generate_key()])
