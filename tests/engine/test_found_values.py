"""What is found once in a request is hidden everywhere in it."""

from __future__ import annotations

import asyncio

import pytest
from langchain_core.documents import Document
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage

from lc_guard import Anonymize, AnonymizeDocuments, Guard, Policy
from lc_guard.vaults import MemoryVault
from tests.support.detectors import Once


def hidden(text: str, *values: tuple[str, str], **settings: object) -> str:
    session = Guard(Once(*values), **settings).session("s")  # type: ignore[arg-type]
    sent = session.anonymize(text)
    if "policy" not in settings:
        assert session.deanonymize(sent) == text
    return sent


PRIYA, SIX = ("PERSON", "Priya Raman"), ("ID_NUMBER", "560231")


@pytest.mark.parametrize("style", ["llm_guard", "angle", "square", "fake"])
def test_a_value_found_once_is_hidden_everywhere_in_a_text(style: str) -> None:
    sent = hidden(
        "Call Priya Raman now. Email Priya Raman today. #560231, #560231", PRIYA, SIX, placeholder_style=style
    )
    assert "Raman" not in sent
    assert "560231" not in sent


def test_one_value_has_one_placeholder_in_a_text() -> None:
    assert hidden("Call Priya Raman. Priya Raman!", PRIYA) == "Call [REDACTED_PERSON_1]. [REDACTED_PERSON_1]!"


@pytest.mark.parametrize("first", [0, 1, 2, 3])
def test_a_value_found_in_one_message_is_hidden_in_all(first: int) -> None:
    texts = ["You assist Raman", "is Raman there?", "Raman was called", '{"caller": "Raman"}']
    texts[first] = texts[first].replace("Raman", "Priya Raman")
    call = {"name": "look", "args": {"who": texts[2]}, "id": "1", "type": "tool_call"}
    messages = [
        SystemMessage(texts[0]),
        HumanMessage(texts[1]),
        AIMessage("", tool_calls=[call]),
        ToolMessage(texts[3], tool_call_id="1"),
    ]
    step = Anonymize(Guard(Once(PRIYA)))
    config = {"configurable": {"session_id": "s"}}
    for sent in (step.invoke(messages, config), asyncio.run(step.ainvoke(messages, config))):
        assert "Raman" not in str(sent)


def test_a_value_found_in_one_document_is_hidden_in_the_whole_batch() -> None:
    documents = [Document("The Raman file"), Document("Priya Raman called", metadata={"by": "Priya Raman"})]
    hide = AnonymizeDocuments(Guard(Once(PRIYA)), session_id="corpus", metadata_keys=None)
    for done in (hide.transform_documents(documents), asyncio.run(hide.atransform_documents(documents))):
        assert "Raman" not in str(done)


def test_a_surname_stands_for_its_person_and_says_so() -> None:
    text = "Dr. Tina Bergstrom spoke. The Bergstrom report, page 4; Tina agrees. BERGSTROM!"
    assert hidden(text, ("PERSON", "Tina Bergstrom")) == (
        "Dr. [REDACTED_PERSON_1] spoke. The [REDACTED_PERSON_1_ALIAS_1] report, page 4; [REDACTED_PERSON_1_ALIAS_2] "
        "agrees. [REDACTED_PERSON_1_ALIAS_3]!"
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Will Frost", "X. Will you come? It was a frosty night."),
        ("May Ng", "X. May I? Ng"),
        ("Draft Reminder", "X. Reminder: send a reminder."),
        ("Jan van Dyk", "X. The van left."),
        ("Ada Li 3", "X. Ada, Li"),
        ("one two three four five Six Seven", "X. Seven"),
        ("Frost", "X. There is frost."),
    ],
)
def test_words_that_may_be_words_stay(name: str, text: str) -> None:
    assert hidden(text.replace("X", name), ("PERSON", name)) == text.replace("X", "[REDACTED_PERSON_1]")


def test_the_words_of_a_name_are_found_in_later_texts() -> None:
    guard = Guard(Once(PRIYA))
    guard.session("s").anonymize("I am Priya Raman.")
    later = Guard([], vault=guard.vault).session("s")
    assert later.anonymize("Ask Raman, ask PRIYA RAMAN.") == (
        "Ask [REDACTED_PERSON_1_ALIAS_1], ask [REDACTED_PERSON_1_ALIAS_2]."
    )
    assert Guard([], vault=guard.vault).session("other").anonymize("Ask Raman") == "Ask Raman"


def test_what_the_policy_leaves_alone_is_looked_for_nowhere() -> None:
    text = "Call Priya Raman. Priya Raman!"
    assert hidden(text, PRIYA, policy=Policy(kinds={"PERSON": "allow"})) == text
    assert hidden(text, PRIYA, policy=Policy(kinds={"PERSON": "warn"})) == text
    redacted = hidden(text, PRIYA, policy=Policy(kinds={"PERSON": "redact"}))
    assert redacted == "Call [REDACTED_PERSON]. [REDACTED_PERSON]!"


def test_the_score_of_what_was_found_counts_where_it_stands_again() -> None:
    guard = Guard(Once(PRIYA))
    from lc_guard._engine.requests import GuardRequest

    (outcome,) = guard.check([GuardRequest(["Call Priya Raman", "Priya Raman!"], "s")])
    assert outcome.decision is not None
    assert outcome.decision.risk_score == pytest.approx(0.7)
    assert outcome.decision.entities == {"PERSON": 2}


def test_what_joins_with_a_hit_is_looked_for_as_well() -> None:
    values = [("PERSON", "Ada Pond"), ("ADDRESS", "Pond Lane 7")]
    assert "Lane" not in hidden("Pond Lane 7. Then Ada Pond Lane 7 and Ada Pond Lane 7.", *values)


class ExactVault:
    """A vault of somebody else's: it finds values exactly, and cannot be looked up in one step."""

    def __init__(self) -> None:
        self.inner = MemoryVault()

    def find(self, session: str, texts: list[str], *, inside_words: bool = False) -> list[list[object]]:
        hits = self.inner.find(session, texts, inside_words=inside_words)
        return [[hit for hit in own if hit.how == "exact"] for own in hits]

    def __getattr__(self, name: str) -> object:
        if name in ("look", "with_codec"):
            raise AttributeError(name)
        return getattr(self.inner, name)


def test_with_a_vault_that_finds_exactly_only_a_request_is_searched_all_the_same() -> None:
    session = Guard(Once(PRIYA), vault=ExactVault()).session("s")  # type: ignore[arg-type]
    assert "Raman" not in session.anonymize("Call Priya Raman. PRIYA RAMAN, Raman.")
