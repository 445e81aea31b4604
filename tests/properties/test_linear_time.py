"""No text holds the interpreter: whatever is done with a text takes time in proportion to its length.

A regular expression that runs to the end of the text from each of its characters takes no time for a page and minutes
for a megabyte, and no deadline reaches it. So each entry is timed with texts of one repeated unit, at n, 2n and 4n
characters: 4 times the time is linear, 16 times is quadratic, and the bound is in between. Time is the processor's, the
least of several runs; a machine that is busy makes no difference.
"""

from __future__ import annotations

import gc
import json
import re
import tempfile
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from langchain_core.documents import Document
from langchain_core.language_models import FakeListChatModel
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.runnables import RunnableLambda

from lc_guard import AnonymizeDocuments, Entity, Guard, Policy, PolicyError, ProtectedRetriever, protect
from lc_guard._placeholders.aliases import People
from lc_guard._text.json_tree import hide, leaves, parse, rebuild
from lc_guard._text.known_values import KnownValues
from lc_guard._text.words import foldings, unescaped
from lc_guard.detectors import JoinedDetector, PatternDetector
from lc_guard.detectors.email_addresses import EmailAddresses
from lc_guard.detectors.given_names import GivenNameDetector
from lc_guard.detectors.shapes import find_shapes
from lc_guard.detectors.titles import TitleDetector
from lc_guard.detectors.windows import readable, windows
from lc_guard.langchain.messages import map_texts
from lc_guard.langchain.stored_values import StoredWalk
from lc_guard.langfuse.api import LangfuseApi
from lc_guard.langfuse.audits import audit
from lc_guard.langfuse.rows import Window
from lc_guard.observability.span_mask import SpanMask, UnmaskableName
from lc_guard.scanners import BannedWords, ScanRequest, builtin_scanners

UNITS = [
    *(" ", "\n", " \n", "\r\n", " \t\r\n", "\u00a0 ", "\n[", "# \n"),  # blanks
    *("[", "[]", "[[", "((((", "<", "<!-- ", "--> <!--", "<a ", "![a]("),  # brackets
    *("[REDACTED_PERSON_1] ", "redacted person 1", "REDACTED_", "REDACTED_A_B_", "<PERSON_", "[REDACTED_1"),
    *("\\", "\\\\[REDACTED\\_", "\\u0041", "\\u", "\\n", "\\x", "%41", "&#65;", "&#"),  # escapes
    *('"', "'", "’", "`", '{"a":[', '["', '{"a":"b"},', 'key="', "password: "),  # quotes, JSON, credentials
    *("7", "7 ", "12-", "1.", "1/", "0-", "1 and ", "+1 ", "(555) "),  # digits
    *("@", "a@", "a.", ".", ". ", "-", "a-", "/", "a:", "_", "|", "=", "*", ", ", "a, ", "- a\n"),  # signs
    *("http://", "www.", "http://a:b@", "sk-", "eyJ.", "-----BEGIN ", "QUJD", "aWdub3Jl ", "69676e6f7265 "),
    *("a", "A", "Aa ", "A.", "Jane Doe ", "Jane ", "Mr. ", "Mr. J. ", "de la ", "of the ", "Section ", "12 Main "),
    *("1 January ", "born on ", "case no ", "account number ", "tel ", "medical record "),
    *(
        "ana@b.de ",
        "a@b.c@",
        "ana.reis@mail.example.",
        "'@",
        "o'b",
        "12 ",
        "DE 136 695 ",
        "12.34.",
        "Name: ",
        "Last Name:\t",
    ),
    *(
        "Email Jane ",
        "Please email ",
        "and ",
        "now ",
        "Jane\t",
        "|Jane Doe",
        "DOE^",
        "\\Jane Doe",
        "Doe, Jane ",
        '"Jane Doe",',
    ),
    *("名", "名Jane ", "名12-", "اسم ", "اسم219-09-9999", "ไทย1", "מספר:", "\u200fא", "_1", "a_1_", "DE89 3704 "),
    *("e\u0301", "\u0301", "\u200b", "a\u200d", "i\u200bg", "\u202e", "\U000e0041", "\ufe0f", "😀", "王", "ก", "и"),
    *(
        "i g n o r e ",
        "1gn0r3 ",
        "ignore all previous ",
        "you are now ",
        "act as a ",
        "reveal the ",
        "system: ",
        "### ",
    ),
]
QUADRATIC_AT = 10.0  # times the time for 4 times the text: linear is 4, quadratic is 16
TOO_SHORT = 0.1  # seconds in which growth can't be told from noise, and does no harm
RUNS = 5


class Words:
    """Finds every word, and the surname after it."""

    def detect(self, text: str) -> list[Entity]:
        return [Entity("PERSON", *match.span()) for match in re.finditer(r"[^\W_]+(?: Pond)?", text)]


def there_and_back(text: str, **kwargs: Any) -> None:
    session = Guard(Words(), **kwargs).session("s")
    session.deanonymize(session.anonymize(text))
    session.deanonymize(text)


def in_pieces(text: str) -> None:
    session = Guard(Words()).session("s")
    session.anonymize("Jane")
    restorer = session.restorer()
    for at in range(0, len(text), 9):
        restorer.feed(text[at : at + 9])
    restorer.flush()


def walked(text: str) -> None:
    call = {"name": "t", "args": {"a": text}, "id": "1", "type": "tool_call"}
    extra = {"tool_calls": [{"function": {"arguments": json.dumps({"a": text})}}, {"function": {"arguments": text}}]}
    block = {"type": "tool_use", "input": {"a": text}, "partial_json": text}
    messages = [HumanMessage(text), AIMessage([block], tool_calls=[call], additional_kwargs=extra)]
    map_texts([*messages, ToolMessage(text, tool_call_id="1")], str.swapcase)


def masked(text: str) -> None:
    known = KnownValues([("Jane Doe", "P1", "PERSON"), ("aa", "P2", "PERSON"), ("a.a", "P3", "PERSON")])
    for value in (text, json.dumps({"a": json.dumps(text)})):
        tree = parse(value)
        found = {leaf for leaf, _ in leaves(tree)}
        rebuild(tree, hide(found, [lambda texts: [known.find(one, inside_words=True) for one in texts]]))


def found_again(text: str) -> None:
    numbers = [("(555) 123-4567", "<2>", "PHONE_NUMBER"), ("7777777", "<3>", "ID"), ("12-12-12-1", "<4>", "ID")]
    known = KnownValues([("Jane Doe", "<1>", "PERSON"), ("aa", "<5>", "ID"), *numbers])
    known.find(text, for_hiding=True)
    Guard([]).session_values.exposed("s", [text])


def stored(text: str) -> None:
    """What a checkpointer does with a state."""
    session = Guard(Words()).session("s")
    state = {"a": [text, text.encode(), {"b": deque([text])}], text: {"c": (text,)}}
    hidden = StoredWalk(session.anonymize).channel("c", state)
    StoredWalk(session.deanonymize, strict=False, restores=True).channel("c", hidden)


def retrieved(text: str) -> None:
    """What is stored of a document, and given back of it."""
    guard = Guard(Words())
    document = Document(text, metadata={"a": text, "b": {text: [text]}})
    (hidden,) = AnonymizeDocuments(guard, session_id="s", metadata_keys=None).transform_documents([document])
    inner = RunnableLambda(lambda _: [hidden])
    ProtectedRetriever(inner, guard, corpus_session="s", session_id="t").invoke("q")


def protected(text: str) -> None:
    """A call of a protected model, and its stream."""
    model = protect(FakeListChatModel(responses=["x"]), Guard(Words()))
    model.invoke([HumanMessage(text), HumanMessage("y")])


def span(text: str) -> None:
    """What the mask of a tracing backend does with a span: known values, and what only the detectors find."""
    guard = Guard(Words())
    guard.session("s").anonymize("Jane Pond")
    attributes = {"langfuse.trace.metadata.session_id": "s", "a": text, "b": json.dumps({"a": json.dumps(text)})}
    attributes["langfuse.observation.metadata.a"] = text
    mask = SpanMask(guard)
    mask.learn("1", attributes)
    with suppress(UnmaskableName):
        mask.mask("1", text, attributes)


class OnePage(LangfuseApi):
    """A project of one observation, which holds a text in each of its places."""

    def __init__(self) -> None:
        super().__init__(public_key="p", secret_key="s", base_url="http://nowhere.invalid")
        self.text = ""

    def get(self, path: str, params: Any = None, **kwargs: Any) -> Any:
        row = {"id": "1", "traceId": "1", "input": self.text, "output": json.dumps({"a": self.text}), "name": self.text}
        row |= {"metadata": {"a": self.text, self.text: 1}, "tags": [self.text], "statusMessage": self.text}
        return {"data": [row], "meta": {}}


def audited() -> Callable[[str], Any]:
    """What an audit of past traces reads."""
    page = OnePage()

    def read(text: str) -> None:
        page.text = text
        assert audit(page, Window(0.0, 1.0), Words()).observations == 1

    return read


def policy_file(end: str) -> Callable[[str], Any]:
    """A file of a policy, sound or not: it says where each mistake stands."""
    folder = tempfile.TemporaryDirectory(prefix="policy-")  # is gone with what reads it
    quoted = {".toml": "version = {}\n[kinds]\nA = {}\n{}\n", ".yaml": "version: {}\nkinds:\n  A: {}\n{}\n"}[end]

    def read(text: str) -> None:
        for body in (text, quoted.format(json.dumps(text[: len(text) // 2]), json.dumps("redact"), "# " + text)):
            path = Path(folder.name) / f"policy{end}"
            path.write_text(body.encode("utf-8", "replace").decode(), encoding="utf-8")
            with suppress(PolicyError):
                Policy.from_file(path)

    return read


def scanned(scanner: Any) -> Callable[[str], Any]:
    return lambda text: scanner.scan(ScanRequest(text))


class Everything:
    """Finds the same stretches again and again: long ones, short ones, of all kinds."""

    kinds = ("PERSON", "ORGANIZATION", "DATE_TIME", "EMAIL_ADDRESS", "PHONE_NUMBER", "IBAN_CODE", "URL", "MINE")

    def detect(self, text: str) -> list[Entity]:
        short = [
            Entity(self.kinds[at // 16 % 8], at, min(at + 3 + at % 29, len(text))) for at in range(0, len(text), 16)
        ]
        return [*(Entity(kind, 0, len(text)) for kind in self.kinds), *short]


ENTRIES: dict[str, tuple[int, Callable[[str], Any]]] = {
    # From one window of 4,000 characters on: within one, Presidio's pattern of Indian PANs looks ahead to its end.
    "PatternDetector": (4_000, PatternDetector().detect),
    "find_shapes": (8_000, find_shapes),
    "TitleDetector": (16_000, TitleDetector().detect),
    "GivenNameDetector": (8_000, GivenNameDetector().detect),
    "joined": (2_000, JoinedDetector([Everything()]).detect),
    "addresses": (32_000, lambda text: EmailAddresses(text).spans),
    "readable": (32_000, readable),
    "windows": (32_000, lambda text: windows(text, size=3_000, overlap=200)),
    "readings": (16_000, lambda text: list(unescaped(text))),
    "foldings": (32_000, foldings),
    "known values": (8_000, found_again),
    "session": (2_500, there_and_back),
    "session, square": (2_500, lambda text: there_and_back(text, placeholder_style="square")),
    "restorer": (4_000, in_pieces),
    "messages": (16_000, walked),
    "traced values": (8_000, masked),
    "stored state": (600, stored),
    "documents": (2_000, retrieved),
    "protected model": (4_000, protected),
    "span mask": (4_000, span),
    "audit": (4_000, audited()),
    "policy in TOML": (4_000, policy_file(".toml")),
    "policy in YAML": (1_000, policy_file(".yaml")),
    **{type(one).__name__: (8_000, scanned(one)) for one in [*builtin_scanners(), BannedWords(["bad", "b a d"])]},
}  # fmt: skip


def seconds(call: Callable[[str], Any], text: str) -> float:
    gc.disable()  # a full collection walks all that other tests left
    try:
        started = time.process_time()
        call(text)
        return time.process_time() - started
    finally:
        gc.enable()


def growth(call: Callable[[str], Any], unit: str, size: int) -> float:
    """Give how many times longer 4 times the text takes; 0 where it takes no time worth speaking of."""
    texts = [unit * (length // len(unit)) for length in (size, 2 * size, 4 * size)]
    least = [float("inf")] * 3
    grown = 0.0
    for _ in range(RUNS):
        least[2] = min(least[2], seconds(call, texts[2]))
        if least[2] < TOO_SHORT:
            return 0.0
        for at in (0, 1):  # both doublings must have taken too long: the second is timed where the whole did
            least[at] = min(least[at], seconds(call, texts[at]))
            grown = (least[2] / least[at]) ** (1 + at)
            if grown < QUADRATIC_AT:
                return grown
    return grown


@pytest.mark.parametrize("entry", ENTRIES)
def test_time_grows_with_the_length_of_the_text(entry: str) -> None:
    size, call = ENTRIES[entry]
    call("Jane Doe, up@example.org, [REDACTED_PERSON_1]")  # what is loaded at the first text
    grown = {unit: growth(call, unit, size) for unit in UNITS}
    assert {unit: times for unit, times in grown.items() if times >= QUADRATIC_AT} == {}


def name(number: int) -> str:
    return "".join(chr(97 + number // 26**place % 26) for place in range(4)).capitalize()


@pytest.mark.parametrize(
    "person",
    ["{} Pond", "Jane {} Pond", "P{} Pond", "J. {} Pond", "{} P.", "Pond {}", "Pond", "{} Pond-Pond", "A{} B C D E F"],
)
def test_one_surname_of_thousands(person: str) -> None:
    def linked(text: str) -> None:
        people = [person.format(name(number)) for number in range(len(text))]
        People(("PERSON", number, value) for number, value in enumerate(people[: len(people) // 2])).aliases(
            people[len(people) // 2 :], known=()
        )

    assert growth(linked, "x", 1_000) < QUADRATIC_AT


class Surnames:
    """Finds every name of two words, once each."""

    def detect(self, text: str) -> list[Entity]:
        return [Entity("PERSON", *match.span()) for match in re.finditer(r"[A-Z][a-z]+ [A-Z][A-Za-z]+", text)]


@pytest.mark.parametrize("person", ["{} Pond", "Jane {}", "{} POND, {} Pond"])
def test_thousands_of_one_surname_in_a_text(person: str) -> None:
    def hidden(text: str) -> None:
        Guard(Surnames()).session("s").anonymize(". ".join(person.format(*[name(n)] * 2) for n in range(len(text))))

    assert growth(hidden, "x", 1_000) < QUADRATIC_AT


@pytest.mark.parametrize("value", ["[", '{"a":', '"', '[["', '{"a":"{\\"a\\":'])
def test_nested_json_is_read_in_linear_time(value: str) -> None:
    def read(text: str) -> None:
        deep: Any = text
        for _ in range(4):
            deep = json.dumps(deep)
        parse([text, deep])

    assert growth(read, value, 16_000) < QUADRATIC_AT


def test_the_test_tells_quadratic_from_linear() -> None:
    slow = re.compile(r"(?<!\n)\r?\n(?!\s*\n)").findall
    # where other processes take turns one measure may fall short
    told = any(growth(slow, " \n", 8_000) >= QUADRATIC_AT for _ in range(5))
    assert told, "the pattern that held the interpreter"
    assert growth(lambda text: [sum(range(40)) for _ in text], " \n", 16_000) < QUADRATIC_AT
