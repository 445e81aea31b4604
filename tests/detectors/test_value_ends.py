"""Where a value ends, by kinds of what stands around it: the same value in each of them, and nothing besides.

A detector that finds too much stands in for all of them: what it gives goes the way of every detector's findings.
"""

import random
import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lc_guard import Entity, Guard
from lc_guard.detectors import JoinedDetector
from lc_guard.detectors.iban import _LENGTHS, iban
from lc_guard.detectors.request_verbs import VERBS
from lc_guard.detectors.spans import clean
from lc_guard.detectors.value_ends import ValueEnds

ADDRESSES = [
    *("ruth.abara@example.net", "o'brien@mail.example", "jane.o'brien@example.co.uk", "a@b.de"),
    *("x_y-z+tag@sub.mail.example", "Ana.Reis@Mail.Example", "müller@straße.example", "k1@127.0.0.1"),
    *("иван@почта.рф", "7up@example.museum", "ops@localhost"),
]  # fmt: skip
AROUND_ADDRESSES = [
    *("'{}'", '"{}"', "`{}`", "*{}*", "**{}**", "<{}>", "({})", "[{}]", "{{{}}}", "|{}|", "| {} |", "‘{}’"),
    *("“{}”", "«{}»", "user={} from", "/login?uid={}&lang=en", "mailto:{}?subject=Hi", "at {} or"),
    *("{}, and", "{}; {}", "{}.", "{}!", "({}),", "WHERE lower(mail) = lower('{}')", "f('{}')"),
    *("WHERE mail='{}';", '{{"email":"{}","n":1}}', "a,{},b", "a\t{}\tb", "x|{}|y^{}^z", "^{}~{}~"),
    *("mail=3D{} =", "?m=%20{}", "a\\n{}\\n", "\\u003c{}\\u003e", "&lt;{}&gt;", "&quot;{}&quot;"),
    *("他的电子邮箱是{}的", "メール{}です", "อีเมล{}ครับ"),
    *("이메일{}입니다", "البريد{}هنا", "😀{}😀", "{}\n{}", "#{}#", "${}$"),
    *("~{}~",),
]  # fmt: skip
NAMES = [
    *("Maria Lopez", "Priya Raman", "Sean O'Brien", "John S. Greene", "Jean-Luc Picard", "Amina Yusuf"),
    *("Zoë Müller-Holm", "Ana de la Cruz", "Tomasz Zieliński", "Łukasz Żak", "Ludwig van Beethoven"),
    *("Иван Петров", "Ali ibn Sina"),
]  # fmt: skip
FIELDS = [
    *("\n", "\r\n", "\t", "|", " | ", "^", ";", "; ", "\v", "\u2028", "\x85", "🎉", " 👍 ", "   ", "<br>", "] ["),
    *(" │ ", "\n‣ ", " • ", "\n└── ", "&to=", "&amp;last_name=", "'.pdf, '"),
]  # fmt: skip
LABELS = [
    *("Subject:", "Duration:", "Last Name:", "First name :", "Phone:", "E-mail:", "Date of Birth:", "DOB:"),
    *("Policy Number:", "Account No:", "Address:", "Case ID:", "SSN:", "Job Title:", "Next of kin:"),
    *("Notes:", "Status=", "Cc:", "Zip code："),
]  # fmt: skip


class Greedy:
    """Finds what a function takes for one entity."""

    def __init__(self, *entities):
        self.entities = entities

    def detect(self, text):
        return [Entity(kind, max(0, start), min(end, len(text))) for kind, start, end in self.entities]


def values_of(text, kind, start=0, end=None):
    return [text[e.start : e.end] for e in clean(text, [Entity(kind, start, len(text) if end is None else end)])]


@pytest.mark.parametrize("template", AROUND_ADDRESSES)
def test_an_address_is_the_same_whatever_stands_around_it(template):
    for address in ADDRESSES:
        # Letters of a script beside letters of the same script are one word.
        if re.search(r"[^\W_a-zA-Z\d]$", template[: template.index("{}")]) and not address[0].isascii():
            continue
        text = template.format(address, address)
        if "''" in text.replace(address, ""):
            text = text.replace("''", "'")
        for start, end in ((0, len(text)), (text.index(address) + 1, text.index(address) + 4)):
            values = values_of(text, "EMAIL_ADDRESS", start, end)
            assert set(values) == {address}, (text, values)


def test_a_quoted_address_with_an_apostrophe_of_its_own_keeps_it_unless_quoted():
    assert values_of("to o'brien@mail.example.", "EMAIL_ADDRESS") == ["o'brien@mail.example"]
    assert values_of("f'ruth@mail.example'", "EMAIL_ADDRESS") == ["ruth@mail.example"]
    assert values_of("lower(''ruth@mail.example'", "EMAIL_ADDRESS") == ["ruth@mail.example"]


@pytest.mark.parametrize(
    "address",
    ["amy＠mail.example", "ａｍｙ＠ｍａｉｌ．ｅｘａｍｐｌｅ", "a\u200bmy@mail.example", "amy@exam\u00adple.org"],
)
def test_an_address_is_whole_in_full_width_and_with_what_is_not_seen(address, patterns, found):
    for text in (f"Mail {address} now", f"‘{address}’ 请联系{address}，谢谢"):
        assert {value for kind, value in found(patterns, text) if kind == "EMAIL_ADDRESS"} == {address}
        assert set(values_of(text, "EMAIL_ADDRESS", text.index("@" if "@" in text else "＠"))) == {address}


def test_the_account_of_a_git_server_is_nobodys_address():
    for text in ("git@github.com:org/name.git", "ssh://git@git.example.org/x"):
        assert values_of(text, "EMAIL_ADDRESS") == []
    assert values_of("postgres://user:pass@localhost/db", "EMAIL_ADDRESS", 16) == [], "nor is a password's stand-in"
    assert values_of("git@github.com is no help", "EMAIL_ADDRESS") == ["git@github.com"]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("203.0.113.77:8080", ["203.0.113.77"]),
        ("10.0.0.0/24", ["10.0.0.0/24"]),
        ("2001:db8::8a2e:370:7334", ["2001:db8::8a2e:370:7334"]),
        ("::ffff:203.0.113.77", ["::ffff:203.0.113.77"]),
    ],
)
def test_an_address_of_a_host_ends_before_its_port(text, values):
    assert values_of(text, "IP_ADDRESS") == values


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("415-555-0182/415-555-0183", ["415-555-0182", "415-555-0183"]),
        ("4155550182 / (415) 555-0183", ["4155550182", "(415) 555-0183"]),
        ("+49 30 901820/+49 30 901821", ["+49 30 901820", "+49 30 901821"]),
        ("030/901820", ["030/901820"]),
        ("0171/1234567", ["0171/1234567"]),
        ("030 901820/21", ["030 901820/21"]),
    ],
)
def test_a_slash_parts_two_whole_phone_numbers(patterns, found, text, values):
    assert values_of(text, "PHONE_NUMBER") == values
    assert len(values) == 1 or [value for _, value in found(patterns, f"Tel {text}/{values[-1]}")] == [
        *values,
        values[-1],
    ]


def test_a_time_ends_before_the_name_behind_a_dash():
    assert values_of("10:02 AM - Jamal Whitaker", "DATE_TIME") == ["10:02 AM", "Jamal Whitaker"]


def test_a_range_of_addresses_is_no_card(patterns, found):
    assert found(patterns, "203.0.113.9-203.0.113.20") == [
        ("IP_ADDRESS", "203.0.113.9"),
        ("IP_ADDRESS", "203.0.113.20"),
    ]


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("２１９−０９−９９９９", "US_SSN", "２１９−０９−９９９９"),
        ("SSN 219\u201309\u20139999", "US_SSN", "219\u201309\u20139999"),
        ("カード４１１１－１１１１－１１１１－１１１１です", "CREDIT_CARD", "４１１１－１１１１－１１１１－１１１１"),
        ("[33m4111111111111111[0m", "CREDIT_CARD", "4111111111111111"),
        ("番号IP203.0.113.9です", "IP_ADDRESS", "IP203.0.113.9"),
        ("SSN219-09-9999", "US_SSN", "SSN219-09-9999"),
        ("[1mlb@mail.example[0m", "EMAIL_ADDRESS", "lb@mail.example"),
    ],
)
def test_numbers_in_full_width_with_other_dashes_and_in_colour_are_seen(patterns, found, text, kind, value):
    assert (kind, value) in found(patterns, text)


def test_fields_with_colons_between_them_are_values_of_their_own():
    text = "ana:4111111111111111:219-09-9999:203.0.113.77"
    found = clean(text, [Entity("CREDIT_CARD", 4, 20), Entity("US_SSN", 21, 32), Entity("IP_ADDRESS", 33, len(text))])
    assert [text[e.start : e.end] for e in found] == ["4111111111111111", "219-09-9999", "203.0.113.77"]


@pytest.mark.parametrize("kind", ["PERSON", "ORGANIZATION"])
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Mrs Annelise Bauer", "Annelise Bauer"),
        ("Frau Annelise Bauer", "Annelise Bauer"),
        ("u'Leontyne Ballard'", "Leontyne Ballard"),
        ("بـ Leontyne Ballard على", "Leontyne Ballard"),
        ("\x1b[1;31mLeontyne Ballard\x1b[0m", "Leontyne Ballard"),
        ("[32mLeontyne Ballard[0m", "Leontyne Ballard"),
    ],
)
def test_what_is_written_around_a_name_is_no_part_of_it(kind, text, value):
    at = text.index(value)
    assert value in values_of(text, kind)
    assert values_of(text, kind, at, at + len(value)) == [value]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("bill Leontyne Ballard", ["Leontyne Ballard"]),
        ("json Leontyne Ballard", ["Leontyne Ballard"]),
        ("Akahoshi-san nodded", ["Akahoshi-san"]),
        ("Jamal Whitaker thx", ["Jamal Whitaker"]),
        ("Jamal Whitaker 2025-03-03 10:01:00", ["Jamal Whitaker"]),
        ("Jamal Whitaker ID", ["Jamal Whitaker"]),
        ("Jamal Whitaker, Prof", ["Jamal Whitaker"]),
        ("Jamal Whitaker et Mme", ["Jamal Whitaker"]),
        ("Martin King, Sr.", ["Martin King, Sr."]),
        ("NHC: 7133043", ["NHC", "7133043"]),
        ("Whitaker et al.", ["Whitaker"]),
        ("OU=Sales", ["Sales"]),
        ("Leontyne Ballard # owner", ["Leontyne Ballard", "owner"]),
        ("先生", []),
        ("Jr.", []),
        ("M.D.", []),
        ("J.R.", ["J.R."]),
    ],
)
def test_a_person_is_a_name_and_no_verb_and_no_suffix(text, values):
    assert values_of(text, "PERSON") == values


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("kind", ["PERSON", "ORGANIZATION", "LOCATION", "NRP"])
def test_no_name_crosses_a_separator(field, kind):
    for one, other in pairwise(NAMES):
        assert values_of(one + field + other, kind) == [one, other]


@pytest.mark.parametrize("field", ["\n", "\r\n", "\t", "|", "^", ";", ",", ":", "🎉"])
@pytest.mark.parametrize("kind", ["TAX_ID", "PHONE_NUMBER", "US_SSN", "GOVERNMENT_ID", "ID_NUMBER", "CREDIT_CARD"])
def test_no_number_crosses_a_separator_and_no_words_are_part_of_one(field, kind):
    assert values_of(f"4155550182{field}Piotr Zielinski{field}4155550190", kind) == ["4155550182", "4155550190"]


@pytest.mark.parametrize("letters", ["社保号", "รหัส", "رقم", "מספר", "番号", "번호", "नंबर"])
@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("US_SSN", "219-09-9999"),
        ("IP_ADDRESS", "203.0.113.77"),
        ("CREDIT_CARD", "4111 1111 1111 1111"),
        ("IBAN_CODE", "DE89370400440532013000"),
        ("PHONE_NUMBER", "+14155550134"),
        ("PHONE_NUMBER", "415-555-0134"),
        ("EMAIL_ADDRESS", "ana.reis@mail.example"),
        ("UUID", "550e8400-e29b-41d4-a716-446655440000"),
        ("DATE_TIME", "2024-03-05"),
    ],
)
def test_numbers_beside_letters_of_scripts_without_blanks_are_seen(patterns, found, letters, kind, value):
    for text in (letters + value + letters, value + letters, letters + value):
        assert (kind, value) in found(patterns, text)


@pytest.mark.parametrize("name", ["scan_{}.pdf", "a_{}_b", "{}_home", "v1_{}", "in_{}_2025.csv"])
@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("US_SSN", "219-09-9999"),
        ("IP_ADDRESS", "203.0.113.77"),
        ("PHONE_NUMBER", "415-555-0134"),
        ("IBAN_CODE", "DE89370400440532013000"),
    ],
)
def test_numbers_between_underscores_are_seen(patterns, found, name, kind, value):
    assert (kind, value) in found(patterns, name.format(value))


@pytest.mark.parametrize(
    "name",
    ["resume_{}_final_v2", "CV_{}_2024", "{}_lebenslauf", "2023_{}", "{}_scan.pdf", "contract_2024_{}.docx", "{}"],
)
@pytest.mark.parametrize("value", ["Beatrix_Hollenberg", "nkosi_thandiwe"])
def test_a_name_in_a_file_ends_before_what_is_said_beside_it(name, value):
    assert values_of(f"see {name.format(value)}", "PERSON", 4) == [value]


@pytest.mark.parametrize("level", ["WARN", "ERROR", "INFO", "DEBUG", "CRITICAL"])
def test_a_time_ends_before_a_severity(level):
    text = f"2025-06-03T10:22:41.003Z {level} [http-3]"
    assert values_of(text, "DATE_TIME", 0, text.index(" [")) == ["2025-06-03T10:22:41.003Z"]


@pytest.mark.parametrize("kind", ["TAX_ID", "GOVERNMENT_ID", "PHONE_NUMBER"])
def test_a_number_ends_with_its_sentence(kind):
    assert values_of("219-09-9999.Done", kind) == ["219-09-9999"]
    assert values_of("219.09.9999", kind) == ["219.09.9999"]


def test_no_certificate_is_found_inside_a_longer_number(patterns, found):
    assert found(patterns, "statement_GB33BUKB20201555555555_may.pdf") == [("IBAN_CODE", "GB33BUKB20201555555555")]


@pytest.mark.parametrize("label", LABELS)
def test_no_label_goes_with_a_name(label):
    for name in NAMES:
        for text in (f"{name} {label} x", f"{name} {label}", f"{label} {name}", f"{label}{name}\t{label} x"):
            assert name in values_of(text, "PERSON")
            assert not any(label.rstrip(" :：=") in value for value in values_of(text, "PERSON"))


@pytest.mark.parametrize("kind", ["LOCATION", "ORGANIZATION", "NRP"])
@pytest.mark.parametrize("name", ["United States", "Home Depot", "Labour Party", "Gulf of Mexico", "European Union"])
def test_the_article_of_a_sentence_is_no_part_of_a_name(name, kind):
    for text in (f"of the {name}", f"The {name} is", f"THE {name.upper()} IS"):
        value = name if name in text else name.upper()
        assert values_of(text, kind, 0 if text[0] in "T" else 3, text.index(value) + len(value)) == [value], text


@pytest.mark.parametrize("name", ["The Hague", "The Gambia", "The Guardian", "Theodora Town"])
def test_an_article_that_a_name_has_is_its_own(name):
    assert values_of(name, "LOCATION") == [name]


def test_the_same_place_has_one_placeholder_with_an_article_and_without():
    session = Guard().session("article")
    shown = session.anonymize("They moved to the Netherlands. Netherlands it is. Of the Netherlands he knows little.")
    assert len(set(re.findall(r"\[REDACTED_\w+\]", shown))) == 1, shown
    assert "the [REDACTED_LOCATION_1]" in shown


def test_a_speaker_is_no_label():
    assert values_of("Jane Doe: hello", "PERSON", 0, 8) == ["Jane Doe"]


ASKING = [
    "{} {}",
    "Please {} {}",
    "Thanks. {} {} now",
    "1. {} {}",
    "- {} {}",
    "> {} {}",
    "Then {} {} today",
    "🙏 {} {}",
    '"{} {}"',
]


@pytest.mark.parametrize("asking", ASKING)
def test_no_verb_of_a_request_goes_with_a_name(asking):
    verbs = random.Random(5).sample(sorted(VERBS), 40)
    verbs += ["email", "call", "ask", "remind", "invite", "ping", "e-mail"]
    for verb in verbs:
        for name in NAMES:
            for written in {verb.capitalize(), verb}:
                text = asking.format(written, name)
                start = text.index(written)
                assert values_of(text, "PERSON", start, text.index(name) + len(name)) == [name], text


def test_a_verb_that_may_be_a_name_stays():
    for name in ("Mark Twain", "Bill Gates", "Sue Ellen", "Grant Wood", "Will Smith", "Park Ji-sung", "Drew Barrymore"):
        assert values_of(name, "PERSON") == [name]
    for asked in ("Chase Mary Lopez", "Action: Bill Mary Lopez", '"Ring Mary Lopez"'):
        assert values_of(asked, "PERSON", asked.index(asked.split(" Mary")[0].split()[-1].strip('"'))) == ["Mary Lopez"]
    for name in ("Chase Whitmore", "Bill de Witt", "Page Turner"):
        assert values_of(name, "PERSON") == [name]
    assert values_of("Loop in Ana", "LOCATION", 0, 4) == [], "the verb alone"
    assert values_of("Ping Ana Koval. Loop in Ben.", "LOCATION", 5, 20) == ["Ana Koval"], "nor of the next sentence"
    assert values_of("He is the son of Email Lopez", "PERSON", 17) == ["Email Lopez"], "not where a sentence begins"


@pytest.mark.parametrize(("country", "length"), sorted(_LENGTHS.items()))
def test_an_iban_ends_at_its_countrys_length(country, length):
    number = random.Random(length).randrange(10 ** (length - 5), 10 ** (length - 4))
    account = str(number).zfill(length - 4)
    remainder = int(account + "".join(str(int(c, 36)) for c in country) + "00") % 97
    whole = f"{country}{98 - remainder:02d}{account}"
    grouped = " ".join(whole[at : at + 4] for at in range(0, length, 4))
    for value in (whole, grouped):
        for behind in (" failed", " FAILED today", " AB12 CD34", "-AB1", ". Paid"):
            assert value[slice(*iban(value + behind))] == value
            assert values_of(value + behind, "IBAN_CODE") == [value]


@pytest.mark.parametrize("surname", ["Hollister", "O'Brien", "van Beethoven", "Doe", "Smith-Jones"])
@pytest.mark.parametrize("given_name", ["Jane", "Robert", "Jane M.", "Robert James", "J. M.", "J.M."])
def test_last_first_is_one_person(surname, given_name):
    name = f"{surname}, {given_name}"
    for text in (name, f"Name: {name}\nDOB: x", f"{name} was here", f"| {name} |", f"From: {name} [mailto:a@b.de]"):
        start = text.index(name)
        comma = start + len(surname)
        parts = Greedy(("PERSON", start, comma), ("PERSON", comma + 2, start + len(name)))
        found = JoinedDetector([parts]).detect(text)
        assert [text[e.start : e.end] for e in found] == [name]


@pytest.mark.parametrize(
    "text",
    ["Alice, Bob and Carol", "Thanks, Priya", "Doe, Jane, Smith and Co", "Hollister, Robert and Jane", "Jane, Robert"],
)
def test_a_list_of_people_stays_a_list(text):
    people = [("PERSON", *match.span()) for match in re.finditer(r"[A-Z]\w+", text)]
    found = JoinedDetector([Greedy(*people)]).detect(text)
    assert len(found) == len(people)


@pytest.mark.parametrize(
    "value",
    ["DE 136 695 976", "BE 0123 456 789", "943 476 5919", "65 929 970 489", "1234.567.890", "FR 12 345 678 901"],
)
def test_the_rest_of_a_grouped_number_is_hidden_too(value):
    groups = [match.span() for match in re.finditer(r"\d+", value)]
    for first in groups:
        for last in groups:
            if first <= last:
                text = f"VAT id {value} is ours."
                part = Greedy(("TAX_ID", 7 + first[0], 7 + last[1]))
                found = JoinedDetector([part]).detect(text)
                assert [text[e.start : e.end] for e in found] == [value]


def test_a_list_of_last_first_is_as_many_persons():
    text = "author = {Ballard, Leontyne and Whitaker, Jamal}"
    people = [("PERSON", *match.span()) for match in re.finditer(r"[A-Z]\w+", text)]
    found = JoinedDetector([Greedy(*people)]).detect(text)
    assert [text[e.start : e.end] for e in found] == ["Ballard, Leontyne", "Whitaker, Jamal"]


def test_a_mention_of_a_full_name_is_the_person():
    text = "@Leontyne Ballard please"
    found = JoinedDetector([Greedy(("USERNAME", 1, 9)), Greedy(("PERSON", 0, 17))]).detect(text)
    assert [(e.kind, text[e.start : e.end]) for e in found] == [("PERSON", "Leontyne Ballard")]


def test_but_what_is_said_to_an_account_is_no_part_of_a_name():
    text = "@Kalyro88 Thanks a lot"
    found = JoinedDetector([Greedy(("USERNAME", 1, 9)), Greedy(("PERSON", 0, 16))]).detect(text)
    assert [(e.kind, text[e.start : e.end]) for e in found] == [("USERNAME", "Kalyro88")]


def test_a_number_does_not_grow_over_what_is_something_else():
    text = "call 415-555-0134 12 times on 2025-10-18 18:01:50 1 234 567"
    found = JoinedDetector([Greedy(("PHONE_NUMBER", 5, 17))]).detect(text)
    assert [text[e.start : e.end] for e in found] == ["415-555-0134"]


def test_a_folder_is_a_name_whole():
    text = r"C:\Users\Ingrid Halvorsen\Documents and /home/Jane Doe/x"
    halves = Greedy(("PERSON", 16, 25), ("PERSON", text.index("Doe"), text.index("/x")))
    assert [text[e.start : e.end] for e in JoinedDetector([halves]).detect(text)] == ["Ingrid Halvorsen", "Jane Doe"]


def test_one_value_has_one_placeholder_whatever_stands_around_it():
    named = Guard(JoinedDetector([Greedy(("EMAIL_ADDRESS", 0, 999))])).session("two")
    for template in AROUND_ADDRESSES:
        named.anonymize(template.format("ruth.abara@example.net", "ruth.abara@example.net"))
    assert set(named.placeholders().values()) == {"ruth.abara@example.net"}


AWKWARD = st.text(st.sampled_from("ab AB19.,;:|^@'\"`=-_/\\\n\t\r()[]<>{}&😀\u200d王кé"), max_size=60)
KINDS = st.sampled_from(["PERSON", "ORGANIZATION", "DATE_TIME", "EMAIL_ADDRESS", "URL", "US_SSN", "ID_NUMBER", "MINE"])


@given(AWKWARD, st.integers(0, 60), st.integers(0, 60), KINDS)
def test_values_never_cross_a_separator_and_cutting_twice_changes_nothing(text, one, other, kind):
    start, end = sorted((min(one, len(text)), min(other, len(text))))
    ends = ValueEnds(text)
    values = ends.values(start, end, kind)
    assert values == sorted(values)
    for span in values:
        value = text[slice(*span)]
        assert any(map(str.isalnum, value))
        assert ends.values(*span, kind) == [span]
        if kind != "MINE":
            assert not re.search(r"[\n\r\t|^😀]", value)
        if kind != "EMAIL_ADDRESS":
            assert start <= span[0] < span[1] <= end


@given(st.lists(st.text("abcxyzABC", min_size=2, max_size=8), min_size=1, max_size=4), KINDS)
def test_a_value_is_never_emptied(words, kind):
    text = " ".join(words)
    assert ValueEnds(text).values(0, len(text), kind)


@pytest.mark.parametrize(
    "text",
    [
        'id,name\n1,"{}",Boston',
        "C:\\Users\\{}\\Documents",
        "请联系{}，谢谢",
        "<td>{}</td>",
        "a|{}|b",
        "| {} | b |",
        "name\t{}\tb",
        "\n{},4155550182\n",
        "/home/{}/x",
    ],
)
def test_the_rest_of_a_name_that_fills_a_field_is_hidden_too(text):
    for name in ("Ingrid Halvorsen", "Amina Yusuf", "Sean O'Brien", "Jean-Luc Picard", "Maria Lopez Garcia"):
        whole = text.format(name)
        at = whole.index(name)
        for word in re.finditer(r"\S+", name):
            part = Greedy(("PERSON", at + word.start(), at + word.end()))
            found = JoinedDetector([part]).detect(whole)
            assert [whole[e.start : e.end] for e in found] == [name], whole


def test_a_name_in_a_sentence_does_not_grow():
    text = "Yesterday Jane met Bob, Then Mr Smith Said No"
    found = JoinedDetector([Greedy(("PERSON", 10, 14), ("PERSON", 19, 22))]).detect(text)
    assert [text[e.start : e.end] for e in found] == ["Jane", "Bob"]


@pytest.mark.parametrize("head", ["Name", "City", "Policy Number", "Date of Birth", "State"])
def test_the_head_of_a_column_is_no_name(head):
    for text in (f"| {head} | Email |", f"Id\t{head}\tb", f"id,{head},b"):
        start = text.index(head)
        assert values_of(text, "PERSON", start, start + len(head)) == []


def test_folders_around_a_name_are_no_names():
    text = r"C:\Users\Chloe Dupont\Documents\x.xlsx"
    assert values_of(text, "ORGANIZATION", 3) == ["Chloe Dupont"]


def test_the_verb_alone_is_no_name():
    for verb in ("Notify", "Remind", "Email", "Draft"):
        assert values_of(f"{verb} Rajesh Kumar", "PERSON", 0, len(verb)) == []
        assert values_of(f"She is {verb} Rajesh", "PERSON", 7, 7 + len(verb)) == [verb]


@pytest.mark.parametrize("words", ["请联系", "我是", "ผม", "انا", "나는"])
def test_words_of_a_script_without_blanks_do_not_go_with_a_latin_name(words):
    assert values_of(words + "Emily Clark" + words, "PERSON") == ["Emily Clark", words]
