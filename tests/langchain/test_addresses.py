"""Files of text in a message, encoded one way or another: they are texts."""

from __future__ import annotations

import base64
from contextlib import suppress
from typing import Any
from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, HumanMessage

from lc_guard import Anonymize, Guard, protect
from lc_guard.langchain.addresses import map_encoded
from lc_guard.langchain.recording_model import Recording, RecordingChatModel
from lc_guard.testing import ExactDetector

VALUE, NUMBER = "Iggy Canary", 4915123456789
SAID = f"by {VALUE}, é"
PLAIN = base64.b64encode(SAID.encode()).decode()
FORMS: dict[str, dict[str, Any]] = {
    "a file": {"type": "file", "base64": PLAIN, "mime_type": "text/plain"},
    "a document": {
        "type": "document",
        "source": {"type": "base64", "media_type": "text/csv; charset=utf-8", "data": PLAIN},
    },
    "bytes": {"type": "media", "mime_type": "application/json", "data": SAID.encode()},
    "another encoding": {
        "type": "file",
        "data": base64.b64encode(SAID.encode("utf-16")).decode(),
        "mime_type": "text/html",
    },
    "an old one": {
        "type": "file",
        "data": base64.b64encode(SAID.encode("latin-1")).decode(),
        "mime_type": "text/plain",
    },
    "an address": {"type": "image_url", "image_url": {"url": f"data:text/plain;charset=utf-8;base64,{PLAIN}"}},
    "a bare address": {"type": "image_url", "image_url": f"data:,{quote(SAID)}"},
    "an unquoted one": {"type": "image", "url": f"DATA:image/svg+xml;utf8,<svg><text>{SAID}</text></svg>"},
    "file data": {"type": "file", "file": {"filename": "a.txt", "file_data": f"data:text/markdown;base64,{PLAIN}"}},
    "no padding": {
        "type": "file",
        "base64": base64.urlsafe_b64encode(SAID.encode()).decode().rstrip("="),
        "mime_type": "text/x-log",
    },
}


def read(value: Any) -> str:
    """Return all that a provider can read in a block."""
    if isinstance(value, dict):
        return " ".join(map(read, value.values()))
    if isinstance(value, bytes):
        return value.decode()
    data = b""
    with suppress(ValueError):
        data = base64.urlsafe_b64decode((str(value).partition("base64,")[2] or str(value)) + "===")
    return " ".join([unquote(str(value)), *(data.decode(codec, "replace") for codec in ("utf-8", "utf-16", "latin-1"))])


def guard() -> Guard:
    return Guard(ExactDetector({"PERSON": [VALUE], "PHONE_NUMBER": [str(NUMBER)]}))


@pytest.mark.parametrize("block", FORMS.values(), ids=FORMS)
def test_a_value_in_it_is_hidden(block: dict[str, Any]) -> None:
    assert VALUE in read(block)
    model = RecordingChatModel(recording=Recording(), says="fine")
    message = HumanMessage([{"type": "text", "text": "see"}, block])
    protect(model, guard()).invoke([message])
    (seen,) = [text for text in (read(each) for each in model.recording.texts) if "REDACTED" in text]
    assert "by [REDACTED_PERSON_1], " in seen
    assert not [text for text in model.recording.texts if VALUE in read(text)]
    assert message.content[1] == block, "the caller's own stays as it was"
    hidden: Any = Anonymize(guard(), session_id="s").invoke([message])
    assert VALUE not in read(hidden[0].content[1])


@given(st.binary(max_size=60), st.sampled_from(["image/png", "application/pdf", "audio/wav", None, "text", 7]))
def test_what_is_no_text_is_left(data: bytes, mime: Any) -> None:
    for item in (base64.b64encode(data).decode(), data, f"data:image/png;base64,{base64.b64encode(data).decode()}"):
        assert map_encoded(item, mime, lambda _: "changed") is item


@given(st.text(max_size=60), st.sampled_from(["utf-8", "utf-16"]))
def test_a_text_in_which_nothing_is_hidden_is_left(text: str, codec: str) -> None:
    data = text.encode(codec, "replace")
    seen: list[str] = []
    for item in (base64.b64encode(data).decode(), data, f"data:text/plain;base64,{base64.b64encode(data).decode()}"):
        assert map_encoded(item, "text/plain", lambda said: seen.append(said) or said) is item  # type: ignore[func-returns-value]
    assert not text or data[:2] in (b"\xff\xfe", b"\xfe\xff") or seen[0] == data.decode(codec)
    assert map_encoded("no base64!", "text/plain", lambda _: "changed") == "no base64!"


@pytest.mark.parametrize("number", [NUMBER, float(NUMBER)])
def test_a_number_is_a_value_whatever_its_type(number: float) -> None:
    model = RecordingChatModel(recording=Recording(), says="fine")
    asked = [
        HumanMessage(f"call {NUMBER}"),
        AIMessage("", tool_calls=[{"name": "t", "args": {"to": number, "at": [number, 1e400, 2.5]}, "id": "1"}]),
    ]
    protect(model, guard()).bind(user=number, extra_body={"to": [number]}, seed=3, temperature=0.5).invoke(asked)
    sent = "".join(model.recording.texts)
    assert str(NUMBER) not in sent.replace(".0", "")
    assert {"3", "0.5", "inf", "2.5"} <= set(model.recording.texts)
