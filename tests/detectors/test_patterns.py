"""Structured PII, and each fault of LLM Guard's and Presidio's patterns that ours must not have."""

import gc

import pytest

from lc_guard.detectors import PatternDetector
from lc_guard.detectors.presidio import pattern_engine
from lc_guard.errors import DetectorError, GuardError

EXACT = [
    ("On 29 November 1996 he left.", "DATE_TIME", "29 November 1996"),
    ("On November 30th, 2021 he left.", "DATE_TIME", "November 30th, 2021"),
    ("Due 2024-03-05 at noon.", "DATE_TIME", "2024-03-05"),
    ("At 2024-03-05T10:20:30Z it broke.", "DATE_TIME", "2024-03-05T10:20:30Z"),
    ("Paid 12/31/2024.", "DATE_TIME", "12/31/2024"),
    ("Heard on 3\u00a0May\n1999 in court.", "DATE_TIME", "3\u00a0May"),
    ("DOB: 04/05/1980", "DATE_OF_BIRTH", "04/05/1980"),
    ("She was born on 4 May 1980 in Rome.", "DATE_OF_BIRTH", "4 May 1980"),
    ("SSN 123-45-6789.", "US_SSN", "123-45-6789"),
    ("number 123 45 6789 again", "US_SSN", "123 45 6789"),
    ("Social security number is 123456789", "US_SSN", "123456789"),
    ("I live there, 415-555-0100, ok", "PHONE_NUMBER", "415-555-0100"),
    ("(415) 555-0100 x12", "PHONE_NUMBER", "(415) 555-0100 x12"),
    ("dial +44 20 7946 0958", "PHONE_NUMBER", "+44 20 7946 0958"),
    ("so 020 7946 0958 then", "PHONE_NUMBER", "020 7946 0958"),
    ("id 550E8400-E29B-41D4-A716-446655440000", "UUID", "550E8400-E29B-41D4-A716-446655440000"),
    ("from 2001:db8::1.", "IP_ADDRESS", "2001:db8::1"),
    ("from fe80::1ff:fe23:4567:890a%eth0 here", "IP_ADDRESS", "fe80::1ff:fe23:4567:890a%eth0"),
    ("host 192.168.0.12, up", "IP_ADDRESS", "192.168.0.12"),
    ("IBAN DE89 3704 0044 0532 0130 00 AND SO ON", "IBAN_CODE", "DE89 3704 0044 0532 0130 00"),
    ("GB29NWBK60161331926819", "IBAN_CODE", "GB29NWBK60161331926819"),
    ("card 4111 1111 1111 1111 ok", "CREDIT_CARD", "4111 1111 1111 1111"),
    ("card 3782-822463-10005", "CREDIT_CARD", "3782-822463-10005"),
    ("to jane.o'brien@example.co.uk.", "EMAIL_ADDRESS", "jane.o'brien@example.co.uk"),
    ("see https://example.com/o'hara?x=1.", "URL", "https://example.com/o'hara?x=1"),
    ("application no. 36110/97 of", "CASE_NUMBER", "36110/97"),
    ("in No. 22-506, decided", "CASE_NUMBER", "22-506"),
    ("Case 1:19-cv-01234-ABC was", "CASE_NUMBER", "1:19-cv-01234-ABC"),
    ("MRN: 00123456", "MEDICAL_RECORD_NUMBER", "00123456"),
    ("medical record number AB-1234567", "MEDICAL_RECORD_NUMBER", "AB-1234567"),
    ("12 Main Street, Springfield, IL 62704", "LOCATION", "12 Main Street, Springfield, IL 62704"),
    *(("at 4500 N. Oak Park Ave.\nApt 5B,\nChicago, IL 60641", "LOCATION", line)
      for line in ("4500 N. Oak Park Ave.", "Apt 5B", "Chicago, IL 60641")),
    *((f"to {wallet} now", "CRYPTO", wallet) for wallet in (
        "0x742d35Cc6634C0532925a3b844Bc454e4438f44e", f"ltc1q{'w508d6qejxtdg4y5r3zarvary0c5xw7k'}", f"4A{'b7' * 46}c")),
    ("the AP 001a.2b3c.4d5e, up", "MAC_ADDRESS", "001a.2b3c.4d5e"),
    ("write to P.O. Box 1234", "PO_BOX_RE", "P.O. Box 1234"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "kind", "value"), EXACT)
def test_shape_is_found_whole(patterns, found, text, kind, value):
    assert (kind, value) in found(patterns, text)


@pytest.mark.parametrize(
    "text",
    [
        "I said no.So we went.",
        "card 4111 1111 1111 1112",
        "IBAN DE00 3704 0044 0532 0130 00",
        "version 1.2.3 of 7/8 parts",
        "the year 1999",
        "",
        " \n\t",
    ],
)
def test_what_is_no_pii_is_left(patterns, found, text):
    assert not found(patterns, text)


def test_one_value_has_one_kind_however_many_patterns_match(found):
    groups = [{"name": "EMAIL_ADDRESS_RE", "expressions": [r"[a-z.]+@[a-z.]+"], "score": 0.75}]
    assert found(PatternDetector(regex_patterns=groups), "mail a.b@example.com now") == [
        ("EMAIL_ADDRESS", "a.b@example.com")
    ]


def test_context_word_lifts_a_weak_pattern(found):
    weak = PatternDetector(threshold=0.4)
    assert ("US_PASSPORT", "912345678") in found(weak, "his passport 912345678 expired") or (
        "ID_NUMBER",
        "912345678",
    ) in found(weak, "his passport 912345678 expired")


def test_kinds_and_threshold(found):
    text = "a@example.com, 415-555-0100"
    assert found(PatternDetector(kinds=["PHONE_NUMBER"]), text) == [("PHONE_NUMBER", "415-555-0100")]
    assert found(PatternDetector(threshold=0.9), text) == [("EMAIL_ADDRESS", "a@example.com")]
    assert len(found(PatternDetector(threshold=0.0), text)) >= 2


def test_regex_patterns_of_the_caller_are_used_and_not_mutated(found):
    groups = [{"name": "ticket", "expressions": [r"T-\d{4}"], "score": 0.9, "languages": ["en"]}]
    before = repr(groups)
    assert found(PatternDetector(regex_patterns=groups), "see T-1234") == [("TICKET", "T-1234")]
    assert repr(groups) == before


@pytest.mark.parametrize("threshold", [-0.1, 1.1, 50])
def test_threshold_out_of_range(threshold):
    with pytest.raises(GuardError, match="threshold"):
        PatternDetector(threshold=threshold)


def test_other_language_and_unknown_language(found):
    assert ("ES_NIF", "12345678Z") in found(PatternDetector(language="es", threshold=0.3), "mi nif 12345678Z")
    with pytest.raises(DetectorError, match="language"):
        PatternDetector(language="xx-nonsense").detect("text 1")


def test_no_text_is_fetched_from_the_network(patterns, found, monkeypatch):
    import socket

    def refuse(*_args, **_kwargs):
        raise AssertionError("a detector opened a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert found(patterns, "x@example.museum")


def test_recognizers_are_presidios_own_whatever_another_library_calls_its_own():
    """Presidio's registry takes any class of the process by its name; LLM Guard's for Chinese bear the same ones."""
    from presidio_analyzer.predefined_recognizers import CreditCardRecognizer, IpRecognizer

    others = [type(own.__name__, (own,), {"CONTEXT": ["\u5361"]}) for own in (IpRecognizer, CreditCardRecognizer) * 8]
    for national_ids in (True, False):
        engine = pattern_engine._loader("en", national_ids=national_ids)
        kinds = {type(item) for item in engine.analyzer.registry.recognizers}
        assert not kinds & set(others)
        assert {IpRecognizer, CreditCardRecognizer} <= kinds
    del others, engine, kinds
    gc.collect()  # a class lives on in a cycle, and would be found by the tests that follow
