"""Values found again in every spelling, and what is no spelling of them."""

from __future__ import annotations

import pytest

from lc_guard._text.known_values import KnownValues


def found(value: str, text: str, kind: str = "PERSON", *, for_hiding: bool = False) -> list[str]:
    known = KnownValues([(value, "<1>", kind)])
    return [text[hit.start : hit.end] for hit in known.find(text, for_hiding=for_hiding)]


@pytest.mark.parametrize(
    ("value", "text", "hits"),
    [
        ("Jane Doe", "jane doe, JANE DOE, Jane  Doe", ["jane doe", "JANE DOE", "Jane  Doe"]),
        ("Jane Doe", "Jane\nDoe, Jane\tDoe, Jane, Doe, Janet Doe, Jane Does", []),
        ("Jane Doe", "Ja\u00adne\u00a0Doe and \ufeffJane\u200bDoe", ["Ja\u00adne\u00a0Doe"]),
        ("Jane", "Jane\u200bDoe, J\u200bane", ["Jane", "J\u200bane"]),
        ("Smith-Jones", "Smith-\nJones, Smi-\nth-Jones", ["Smith-\nJones", "Smi-\nth-Jones"]),
        (
            "Iris Koval",
            "koval_iris.pdf IrisKoval.png irisKovalCv u/koval.iris #iriskoval",
            [
                "koval_iris",
                "IrisKoval",
                "irisKoval",
                "koval.iris",
                "iriskoval",
            ],
        ),
        ("Iris Koval", "i_koval.md, ikoval.txt, KovalI.doc; ikoval, x-koval, iris-cv", ["i_koval", "ikoval", "KovalI"]),
        ("Xavier Ray", "x-ray xRay x_ray", ["x_ray"]),
        ("Zoë Müller-Holm", "Mu\u0308ller-Holm, Müller, mueller-holm", ["Mu\u0308ller-Holm", "mueller-holm"]),
        ("Will May", "will/may, Will-May.pdf", []),
        ("Iris Koval", r"iris\_koval, i\_koval, C:\Iris\Koval", [r"iris\_koval", r"i\_koval"]),
        ("Jürgen Groß", "juergen-gross, JURGEN GROSS, Juergen_Groß", ["juergen-gross", "JURGEN GROSS", "Juergen_Groß"]),
        ("Jane Doe", "jane_doe_cv.pdf, my_Jane_Doe, jane_does, jane_x_doe", ["jane_doe", "Jane_Doe"]),
        ("Hollister", "Hollister-\nJones", ["Hollister"]),
        ("Zoë", "Zoe\u0308, ZOË, Zoë\u0308", ["Zoe\u0308", "ZOË"]),
        ("Groß", "GROSS, Gross", ["GROSS", "Gross"]),
        ("Acme", "Acme™ Acme² ACME®", ["Acme", "Acme", "ACME"]),
        ("Frost", "FROST frost Frost frosty", ["FROST", "Frost"]),
        ("frost", "FROST frost Frost", ["FROST", "frost", "Frost"]),
        ("x@y.example", "X@Y.EXAMPLE x@Y.example", ["X@Y.EXAMPLE", "x@Y.example"]),
        ("Time", "[REDACTED_DATE_TIME_1] <DATE_TIME_2> TIME my_TIME_file", ["TIME", "TIME"]),
        ("Zo\\u00eb", "Zoë", ["Zoë"]),
        ("王小明", "王小明先生", ["王小明"]),
    ],
)
def test_spellings(value: str, text: str, hits: list[str]) -> None:
    assert found(value, text) == hits


@pytest.mark.parametrize(
    ("value", "text", "hits"),
    [
        (
            "(415) 555-0134",
            "4155550134, 415.555.0134; +1 415 555-0134",
            ["4155550134", "415.555.0134", "+1 415 555-0134"],
        ),
        ("(415) 555-0134", "14155550134 24155550134 41555501345 4155550135", ["14155550134"]),
        (
            "+49 30 1234567",
            "030 1234567, 0049301234567, (030) 1234567",
            ["030 1234567", "0049301234567", "(030) 1234567"],
        ),
        ("+353 1 234 5678", "01 2345678", ["01 2345678"]),
        (
            "4155550134",
            "(see 4155550134) and 415 555 0134 415 555 0134",
            ["4155550134", "415 555 0134", "415 555 0134"],
        ),
        ("4155550134", "415\n5550134, 415, 5550134, 4155550134x, a4155550134", []),
        ("123-45", "12345, 123 45", []),
    ],
)
def test_telephone_numbers(value: str, text: str, hits: list[str]) -> None:
    assert found(value, text, "PHONE_NUMBER") == hits


@pytest.mark.parametrize(
    ("value", "text", "hits"),
    [
        ("DE89 3704 0044 0532 0130 00", "DE89370400440532013000 de89-3704-0044-0532-0130-00", 2),
        ("536-90-4399", "536904399 536 90 4399", 2),
        ("536-90-4399", "1536904399 0536904399", 0),
        ("AB 1234567 words and words", "AB1234567wordsandwords", 0),
    ],
)
def test_other_numbers(value: str, text: str, hits: int) -> None:
    assert len(found(value, text, "ID")) == hits


@pytest.mark.parametrize(
    ("value", "text", "hits"),
    [
        ("KLR-482", "KLR482, klr 482, KLR.482; KLR4825, XKLR482, KLR 4 82", ["KLR482", "klr 482", "KLR.482"]),
        ("7XKD904", "7-XKD-904 7 XKD 904 7XKD-904", ["7-XKD-904", "7 XKD 904"]),
        ("HX-771-204-9", "HX7712049 HX 771 204 9", ["HX7712049", "HX 771 204 9"]),
        ("B43", "B-43 B 43", []),
        ("482-113", "482113", []),
    ],
)
def test_codes(value: str, text: str, hits: list[str]) -> None:
    assert found(value, text, "ID_NUMBER") == hits


@pytest.mark.parametrize(
    ("name", "text", "hits"),
    [
        ("Dr. Tina van Bergstrom", "Tina, BERGSTROM; van, Dr. tina", ["Tina", "BERGSTROM", "tina"]),
        ("Tina Bergstrom", "Tina Bergstrom", ["Tina Bergstrom"]),
        ("Ng Li", "Ng, Li", []),
        ("Chidi Okafor", "the Okafors, Chidis Auto, OKAFORS, Okaforsen", ["Okafors", "Chidis", "OKAFORS"]),
        ("Ana Gomez", "the Gomezes, Gomezs, Anas", ["Gomezes"]),
        ("Mark Hill", "Marks and Hills", []),
        ("Noémie Bélanger", "Belanger, NOEMIE", ["Belanger", "NOEMIE"]),
        ("Zoë Müller", "Mu\u0308ller, Müllerin", ["Mu\u0308ller"]),
        ("محمد علي", "علي", []),
    ],
)
def test_words_of_names(name: str, text: str, hits: list[str]) -> None:
    assert found(name, text, for_hiding=True) == hits
    assert [hit for hit in found(name, text) if hit != name] == []


def test_a_value_is_told_from_its_spellings_and_its_words() -> None:
    known = KnownValues([("Jane Doe", "<1>", "PERSON"), ("Doe", "<2>", "PERSON_1_ALIAS")])
    hits = known.find("Jane Doe, JANE DOE, Doe, DOE, Jane", for_hiding=True)
    assert [(hit.how, hit.placeholder) for hit in hits] == [
        ("exact", "<1>"),
        ("spelling", "<1>"),
        ("exact", "<2>"),
        ("spelling", "<2>"),
        ("part", "<1>"),
    ]
    assert [tuple(hit) for hit in hits[:2]] == [(0, 8, "<1>", "PERSON"), (10, 18, "<1>", "PERSON")]


def test_values_that_overlap_are_all_told_where_they_are_hidden() -> None:
    known = KnownValues([("Ada Pond", "<1>", "PERSON"), ("Pond Lane 7", "<2>", "ADDRESS")])
    assert [tuple(hit)[:2] for hit in known.find("Ada Pond Lane 7")] == [(0, 8)]
    assert [tuple(hit)[:2] for hit in known.find("Ada Pond Lane 7", for_hiding=True)] == [(0, 8), (4, 15)]
