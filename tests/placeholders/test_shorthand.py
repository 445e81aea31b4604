"""Placeholders as models write them beside the plain form: without the word, in lists, in the code of links."""

import itertools
import json
import random
import time

import pytest

from lc_guard._placeholders.grammar import STYLES
from lc_guard._placeholders.restorer import NumberedRestoring, StreamRestorer

GRAMMAR = STYLES["llm_guard"]
VALUES = {
    GRAMMAR.token("PERSON", 1): "Sean O'Brien",
    GRAMMAR.token("PERSON", 2): "Maria Chen",
    GRAMMAR.token("PERSON", 3): "Tom Varga",
    GRAMMAR.token("PERSON_1_ALIAS", 1): "Sean",
    GRAMMAR.token("EMAIL_ADDRESS", 1): "sean.obrien@mail.example",
    GRAMMAR.token("ORGANIZATION", 1): 'Ørsted & "Söhne" <AG>',
    GRAMMAR.token("SSN", 12): "219-09-9999",
}
KINDS = {"PERSON", "PERSON_1_ALIAS", "EMAIL_ADDRESS", "ORGANIZATION", "SSN"}


def session(values=VALUES):
    return NumberedRestoring(GRAMMAR, lambda tokens: {t: values[t] for t in tokens if t in values}, KINDS)


def whole(text, values=VALUES):
    return session(values).restore(text, before="", at_end=True).text


def streamed(text, sizes=None):
    restorer = StreamRestorer(session())
    shown, at = "", 0
    for size in sizes or itertools.repeat(1):
        if at >= len(text):
            break
        shown += restorer.feed(text[at : at + size])
        at += size
    return shown + restorer.flush()


READ = [
    ("Dear [PERSON_1],", "Dear Sean O'Brien,"),
    ("[PERSON_1's] and [PERSON_1_ALIAS_1]", "Sean O'Brien's and Sean"),
    (r"[PERSON\_1] and PERSON\_2.", "Sean O'Brien and Maria Chen."),
    ("| PERSON_1 | EMAIL_ADDRESS_1 |", "| Sean O'Brien | sean.obrien@mail.example |"),
    ("a\tPERSON_2\tb", "a\tMaria Chen\tb"),
    ("`PERSON_2` \"PERSON_2\" {PERSON_2} **PERSON_2**", '`Maria Chen` "Maria Chen" {Maria Chen} **Maria Chen**'),
    ("Open cv_PERSON_2.pdf.", "Open cv_Maria Chen.pdf."),
    ("Open CV_PERSON_2.pdf.", "Open CV_Maria Chen.pdf."),
    ("/docs/FINAL_INVOICE_PERSON_2_2024-03.xlsx", "/docs/FINAL_INVOICE_Maria Chen_2024-03.xlsx"),
    ("`CV_PERSON_1_ALIAS_1.docx` SCAN_SSN_12.JPG", "`CV_Sean.docx` SCAN_219-09-9999.JPG"),
    ("A_PERSON_1_PERSON_2.zip", "A_Sean O'Brien_Maria Chen.zip"),
    ("cv_PERSON_2_2024.pdf PERSON_2-signed.pdf", "cv_Maria Chen_2024.pdf Maria Chen-signed.pdf"),
    ("CV_REDACTED_PERSON_2.pdf, REDACTED_PERSON_2_notes.txt", "CV_Maria Chen.pdf, Maria Chen_notes.txt"),
    ("_REDACTED_PERSON_2_", "_Maria Chen_"),
    ("Dear [REDACTED: PERSON_1],", "Dear Sean O'Brien,"),
    ("REDACTED: PERSON_1.", "Sean O'Brien."),
    ("[REDACTED - PERSON_1], [REDACTED — PERSON_2]", "Sean O'Brien, Maria Chen"),
    ("__PERSON_2__ and _PERSON_3_", "__Maria Chen__ and _Tom Varga_"),
    ("[REDACTED: PERSON_1, PERSON_2]", "[Sean O'Brien, Maria Chen]"),
    ("[REDACTED_PERSON_1, PERSON_2, PERSON_3] differ.", "[Sean O'Brien, Maria Chen, Tom Varga] differ."),
    ("[REDACTED_PERSON_1, REDACTED_PERSON_2]", "[Sean O'Brien, Maria Chen]"),
    ("[REDACTED_PERSON_1, 2 and 3]", "[Sean O'Brien, Maria Chen and Tom Varga]"),
    ("[PERSON_1/PERSON_2; EMAIL_ADDRESS_1]", "[Sean O'Brien/Maria Chen; sean.obrien@mail.example]"),
    ("[PERSON_1-3]", "[Sean O'Brien, Maria Chen, Tom Varga]"),
    ("[REDACTED_PERSON_1 to 3]", "[Sean O'Brien, Maria Chen, Tom Varga]"),
    ("[PERSON_1–PERSON_3]", "[Sean O'Brien–Tom Varga]"),
    ("[REDACTED_PERSON_1 to REDACTED_PERSON_3]", "[Sean O'Brien to Tom Varga]"),
    ("[REDACTED_PERSON_1, 2024]", "[Sean O'Brien, 2024]"),
    ("[PERSON_1, PERSON_9]", "[Sean O'Brien, PERSON_9]"),
    ("the [REDACTED_PERSON_1s] letter", "the Sean O'Briens letter"),
    ("[REDACTED_PERSON_2en] [REDACTED_PERSON_2ą] [REDACTED_PERSON_2’]", "Maria Chenen Maria Cheną Maria Chen’"),
    (
        "[Write](mailto:%5BREDACTED_EMAIL_ADDRESS_1%5D?subject=Hi)",
        "[Write](mailto:sean.obrien@mail.example?subject=Hi)",
    ),
    ("[PERSON 1], [PERSON: 2] [PERSON-3]", "Sean O'Brien, Maria Chen Tom Varga"),
    ("[PERSON #1] [EMAIL ADDRESS 1] [PERSON 1 ALIAS 1]'s", "Sean O'Brien sean.obrien@mail.example Sean's"),
    ("[PERSON 1's] [PERSON_#2] [ PERSON 3 ]", "Sean O'Brien's Maria Chen Tom Varga"),
    ("&#091;REDACTED_PERSON_1&#093; &#x005B;PERSON_2&#x05d;", "Sean O'Brien Maria Chen"),
    ("&#91;REDACTED&#95;PERSON&#95;1&#93; %5BREDACTED%5FPERSON%5F2%5D", "Sean O'Brien Maria%20Chen"),
    ("%255BREDACTED_PERSON_2%255D", "Maria%20Chen"),
    ("/find?q=%5bREDACTED_PERSON_1%5d&x=1", "/find?q=Sean%20O'Brien&x=1"),
    ("/find?q=%5BORGANIZATION_1%5D", '/find?q=Ørsted%20%26%20"Söhne"%20%3CAG%3E'),
    ("<b>&#91;REDACTED_PERSON_1&#93;</b>", "<b>Sean O'Brien</b>"),
    ("&#x5B;PERSON_1&#x5d; &lbrack;PERSON_2&rbrack; &lsqb;PERSON_3&rsqb;", "Sean O'Brien Maria Chen Tom Varga"),
    ("&#91;ORGANIZATION_1&#93;", 'Ørsted &amp; "Söhne" &lt;AG&gt;'),
]  # fmt: skip
LEFT = [
    "SHA_256 UTF_8 HTTP_200",
    "[SECTION_1, SECTION_2]",
    "PERSON_4 [PERSON_4] [REDACTED: PERSON_4]",
    "US_SSN_12 or MY_SSN_12",
    "MY_PERSON_1.name MAX_PERSON_1.py CV_PERSON_1.pdfx CV_PERSON_4.pdf CVPERSON_1.pdf CV_PERSON_1 .pdf",
    "PERSON_12 PERSON_01 PERSON_1_2",
    "[Person_1] person_1 [person 1] Person 1",
    "PERSON_1a XPERSON_1 PERSON_",
    "%5BSECTION_1%5D &#91;SECTION_1&#93; 100 %5B",
    "[1, 2] and [a, b]",
    "SSN_1 SSN_120",
    "PERSON 1, (PERSON 1) [PERSON 4] [PERSON 12] [PERSON: a] [PERSONS 1] [SECTION 1] [PERSON 1.2] [PERSON] [PERSON 01]",
    "&#091;SECTION_1&#093; &#0091 %255",
]


@pytest.mark.parametrize(("text", "shown"), READ)
def test_what_models_write_is_read_whole_and_in_pieces(text, shown):
    assert whole(f"So: {text} ok") == f"So: {shown} ok"
    assert streamed(f"So: {text} ok") == f"So: {shown} ok"
    assert streamed(text) == whole(text)


@pytest.mark.parametrize("text", LEFT)
def test_what_is_no_placeholder_of_the_session_stays(text):
    assert whole(f"So: {text} ok") == f"So: {text} ok"
    assert streamed(f"So: {text} ok") == f"So: {text} ok"


@pytest.mark.parametrize("text", [text for text, _ in READ])
def test_nothing_is_restored_without_a_value(text):
    assert whole(text, {}) == text


@pytest.mark.parametrize("seed", range(300))
def test_what_comes_out_does_not_depend_on_the_pieces(seed):
    rng = random.Random(seed)
    alphabet = [text for text, _ in READ] + LEFT + ["[", "]", "%5B", "&#91;", "_", " ", ", ", "PERSON_1", "REDACTED_"]
    text = "".join(rng.choice(alphabet) for _ in range(rng.randint(1, 6)))
    text = text[: rng.randint(1, len(text))]
    assert streamed(text, iter(lambda: rng.randint(1, 7), 0)) == whole(text)
    assert streamed(text) == whole(text)


@pytest.mark.parametrize(("text", "_"), READ)
def test_what_a_user_typed_is_found_as_a_lookalike(text, _):
    rest, last = "", 0
    for start, end in GRAMMAR.find(text, KINDS):
        rest += text[last:start] + "[REDACTED_LITERAL_1]"
        last = end
    rest += text[last:]
    assert whole(rest) == rest  # nothing is left that restoring could read


def test_the_tail_of_a_cut_placeholder_waits_for_its_last_digit():
    ten = {**VALUES, GRAMMAR.token("PERSON", 10): "Ida Jansen"}
    assert whole("of PERSON_1", ten) == "of PERSON_1"
    assert whole("of PERSON_1.", ten) == "of Sean O'Brien."
    assert whole("of PERSON_10", ten) == "of Ida Jansen"


def test_a_range_is_written_out_only_if_all_of_it_is_known():
    assert whole("[PERSON_1-5]") == "[Sean O'Brien-5]"
    assert whole("[PERSON_3-1]") == "[Tom Varga-Sean O'Brien]"


def test_values_in_json_stay_whole_in_links():
    value = json.dumps('a "b" \\ c')[1:-1]
    shown = whole('{"link": "x?q=%5BPERSON_1%5D"}', {GRAMMAR.token("PERSON", 1): value})
    assert json.loads(shown)["link"] == 'x?q=a%20"b"%20\\%20c'


@pytest.mark.parametrize(
    "unit",
    [
        "[PERSON_1, ",
        "[PERSON_1",
        "PERSON_1, ",
        "%5B",
        "%5BA_",
        "&#91",
        "&",
        "[A_1-",
        "A_1_",
        "_PERSON_",
        "[A_1, 2",
        "A_PERSON_1_",
        "_A_1.pd",
        "A-",
    ],
)
def test_hostile_megabytes_take_linear_time(unit):
    text = unit * (500_000 // len(unit))
    started = time.process_time()
    GRAMMAR.find(text, {"PERSON", "A"})
    GRAMMAR.restore(text, lambda _: {}, {"PERSON", "A"})
    GRAMMAR.held(text, {"PERSON", "A"})
    restorer = StreamRestorer(session())
    for at in range(0, 20_000, 3):
        restorer.feed(text[at : at + 3])
    assert time.process_time() - started < 4
