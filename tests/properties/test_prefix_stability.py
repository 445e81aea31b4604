"""A provider's cache of prompts hits: what it is sent in one turn begins with what it was sent in the turn before."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from langchain.agents import create_agent
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langgraph.checkpoint.memory import InMemorySaver

from lc_guard import Guard, GuardCheckpointer, GuardMiddleware, protect
from lc_guard.testing import ExactDetector

from .strategies import STYLE_NAMES

TURNS = 50
# a conversation takes two seconds: a few, and what fails is not made smaller
few = settings(max_examples=3, phases=[Phase.explicit, Phase.reuse, Phase.generate])
pytestmark = pytest.mark.slow
PEOPLE = ("Jane Abernethy", "Draft Reminder", "Will Frost", "Zoë Müller", "Tom O'Hara", "Maria del Carmen Lopez", "Ada")
NUMBERS = ("(415) 555-0134", "DE89 3704 0044 0532 0130 00", "219-09-9999")
MAILS = ("jane@example.org", "tom.ohara@example.com")
FIRST = "I am May Weber, may@example.net, +49 30 901820; ask Will Frost and Draft Reminder, the Reminder and Will."
VALUES = {"PERSON": [*PEOPLE, "May Weber"], "PHONE_NUMBER": [*NUMBERS, "+49 30 901820"]}
VALUES["EMAIL_ADDRESS"] = [*MAILS, "may@example.net"]

# Said of somebody who was named before: other spellings, words of the name, words that are only written like it.
_FORMS = (
    "{0} called.",
    "Did {0} call? {0} did.",
    "{1} it is",
    "the {1} report",
    "ask {2} at once",
    "{3}, or {0}",
    "a {4} in small letters",
    '{{"who": "{5}"}}',
)
_ALONE = (
    "Will you remind me of it in May?",
    "a frosty reminder will do",
    "[REDACTED_PERSON_1] was typed by me",
    "PERSON_2 and [PERSON_1] as well",
    "<PERSON_1> is a tag, EMAIL_ADDRESS_1 too",
    "",
    "And then?",
)
_ANSWERS = (
    "{p} is fine.",
    "{bare} is fine, and so is {p}",
    "[redacted person 1's] friend Nina Petrov",
    "I know nobody of that name",
    '```json\n{{"who": "{p}"}}\n```',
)

_TOKEN = re.compile(r"\[(?:REDACTED_)?PERSON_\d+\]|<PERSON_\d+>")


def said_of(name: str) -> st.SearchStrategy[str]:
    words = name.split()
    forms = (name, words[-1], name.upper(), name.replace(" ", "  "), words[-1].lower(), json.dumps(name)[1:-1])
    return st.sampled_from(_FORMS).map(lambda form: form.format(*forms))


@st.composite
def conversations(draw: st.DrawFn) -> list[tuple[str, int]]:
    """Turns of a conversation: what the user says, and which answer is given."""
    named: list[str] = []
    turns = []
    for number in range(TURNS):
        parts = [FIRST] if number == 0 else []
        for _ in range(draw(st.integers(0, 3))):
            match draw(st.integers(0, 3)):
                case 0:
                    parts.append(draw(st.sampled_from((*PEOPLE, *NUMBERS, *MAILS))))
                    named.append(parts[-1])
                case 1 if named:
                    parts.append(draw(said_of(draw(st.sampled_from(named)))))
                case _:
                    parts.append(draw(st.sampled_from(_ALONE)))
        turns.append((" ".join(parts) or "Well?", draw(st.integers(0, len(_ANSWERS) * 2 - 1))))
    return turns


class Recorder(BaseChatModel):
    """Notes what it is sent, as text, and answers with what it was told to, thinking aloud before it."""

    answers: list[int]
    session: Any
    prompts: list[list[str]] = []  # noqa: RUF012 - a field
    known: list[set[str]] = []  # noqa: RUF012 - a field

    @property
    def _llm_type(self) -> str:
        return "recorder"

    def _generate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> ChatResult:
        self.prompts.append([as_sent(message) for message in messages])
        self.known.append(set(self.session.placeholders().values()))
        number = self.answers[len(self.prompts) - 1]
        token = _TOKEN.search("\n".join(self.prompts[-1]))
        name = token[0] if token else "somebody"
        text = _ANSWERS[number // 2].format(p=name, bare=name.strip("[]<>"))
        if number % 2 == 0:
            return _result(AIMessage(text))
        thought = {"type": "thinking", "thinking": f"{text}, like Igor Ruiz of PERSON_1", "signature": "c2ln"}
        return _result(AIMessage([thought, {"type": "text", "text": text}]))


def _result(message: AIMessage) -> ChatResult:
    return ChatResult(generations=[ChatGeneration(message=message)])


def as_sent(message: BaseMessage) -> str:
    return json.dumps([message.type, message.content, message.additional_kwargs], ensure_ascii=False)


def guard(style: str) -> Guard:
    found = {**VALUES, "PERSON": [*VALUES["PERSON"], "Nina Petrov", "Igor Ruiz"]}
    return Guard(ExactDetector(found), placeholder_style=style)


def require_stable(recorder: Recorder, shown: Sequence[BaseMessage]) -> None:
    """Each prompt begins with the one before, but for messages in which something stands that was found since."""
    assert len(recorder.prompts) == TURNS
    for number, (before, after) in enumerate(itertools.pairwise(recorder.prompts)):
        assert len(after) == len(before) + 2
        found = recorder.known[number + 1] - recorder.known[number]
        for old, new, message in zip(before, after, shown, strict=False):
            assert old == new or any(value in message.text for value in found)


@pytest.mark.parametrize("style", STYLE_NAMES)
@few
@given(turns=conversations())
def test_a_protected_model_is_sent_what_it_was_sent_and_more(style: str, turns: list[tuple[str, int]]) -> None:
    own = guard(style)
    recorder = Recorder(answers=[answer for _, answer in turns], session=own.session("s"))
    model = protect(recorder, own, session_id="s")
    messages: list[BaseMessage] = [SystemMessage("Help May Weber.")]
    for said, _ in turns:
        messages.append(HumanMessage(said))
        messages.append(model.invoke(messages))
    require_stable(recorder, messages)
    assert style == "fake" or "Weber" not in "".join(recorder.prompts[-1])  # a fake may be of that name


@pytest.mark.parametrize("hidden", [False, True], ids=["state as it is", "state of placeholders"])
@few
@given(turns=conversations())
def test_an_agent_is_sent_what_it_was_sent_and_more(hidden: bool, turns: list[tuple[str, int]]) -> None:
    own = guard("llm_guard")
    recorder = Recorder(answers=[answer for _, answer in turns], session=own.session("1"))
    saver: Any = GuardCheckpointer(InMemorySaver(), guard=own) if hidden else InMemorySaver()
    agent = create_agent(
        recorder, [], system_prompt="Help May Weber.", middleware=[GuardMiddleware(own)], checkpointer=saver
    )
    for said, _ in turns:
        state = agent.invoke({"messages": [("user", said)]}, {"configurable": {"thread_id": "1"}})
    require_stable(recorder, [SystemMessage("Help May Weber."), *state["messages"]])
    assert "Weber" not in "".join(recorder.prompts[-1])


def test_only_a_value_that_is_found_later_and_stood_before_changes_what_was_sent() -> None:
    own = Guard(ExactDetector({"PERSON": ["Rose Abernethy"]}))
    recorder = Recorder(answers=[6, 6, 6], session=own.session("s"))
    model = protect(recorder, own, session_id="s")
    messages: list[BaseMessage] = []
    for said in ("the Abernethy report", "Is it of Rose Abernethy?", "Well?"):
        messages.append(HumanMessage(said))
        messages.append(model.invoke(messages))
    first, second, third = recorder.prompts
    assert first[0] != second[0]
    assert "Abernethy" in first[0]
    assert "Abernethy" not in second[0]
    assert third[: len(second)] == second
