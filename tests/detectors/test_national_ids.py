"""National identifiers by country: generated with their checksums, with and without their names; phones by country."""

import random
import time

import pytest

from lc_guard import Guard
from lc_guard.detectors import PatternDetector, default_detector, id_checksums
from lc_guard.detectors.national_ids import COUNTRIES, NationalIdDetector
from lc_guard.detectors.phone_numbers import REGIONS, PhoneNumberDetector
from lc_guard.errors import GuardError

_RANDOM = random.Random(23)
LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"


def digits(count):
    return "".join(_RANDOM.choice("0123456789") for _ in range(count))


def passing(make, check, count=12):
    """Return numbers that pass a checksum: the independent part is drawn, the rest tried."""
    found = []
    while len(found) < count:
        code = make()
        if check(code):
            found.append(code)
    return found


# Country, kind, numbers as people write them, a name, whether the number alone is enough.
IDS = [
    ("DE", "DE_TAX_ID", passing(lambda: "8" + digits(10), id_checksums.de_tax_id), "Steuer-ID: {}"),
    ("DE", "DE_SOCIAL_SECURITY", passing(lambda: f"650708{digits(2)}A{digits(3)}", id_checksums.de_social_security),
     "SV-Nummer {}"),
    ("AT", "AT_SOCIAL_SECURITY", passing(lambda: f"{digits(4)}010180", id_checksums.at_social_security), "SVNR {}"),
    ("CH", "CH_SOCIAL_SECURITY", passing(lambda: "756" + digits(10), id_checksums.ch_social_security), "AHV {}"),
    ("FR", "FR_SOCIAL_SECURITY", passing(lambda: f"26905{digits(10)}", id_checksums.fr_social_security, 3), "NIR {}"),
    ("NL", "NL_BSN", passing(lambda: "1" + digits(8), id_checksums.nl_bsn), "mijn BSN is {}"),
    ("BE", "BE_NATIONAL_NUMBER", passing(lambda: f"850730{digits(5)}", id_checksums.be_national),
     "rijksregisternummer {}"),
    ("PT", "PT_NIF", passing(lambda: "2" + digits(8), id_checksums.pt_nif), "NIF: {}"),
    ("IE", "IE_PPS", passing(lambda: digits(7) + _RANDOM.choice(LETTERS), id_checksums.ie_pps), "PPS number {}"),
    ("CA", "CA_SIN", passing(lambda: "4" + digits(8), id_checksums.ca_sin), "My SIN is {}"),
    ("KR", "KR_RRN", [f"900101-1{digits(6)}" for _ in range(12)], "주민등록번호 {}"),
    ("BR", "BR_CPF", passing(lambda: digits(11), id_checksums.br_cpf), "CPF {}"),
    ("BR", "BR_CNPJ", [f"{c[:2]}.{c[2:5]}.{c[5:8]}/{c[8:12]}-{c[12:]}" for c in
                       passing(lambda: f"{digits(8)}0001{digits(2)}", id_checksums.br_cnpj)], "CNPJ {}"),
    ("UK", "UK_NHS", ["943 476 5919", "9434765919"], "NHS number {}"),
    ("UK", "UK_NINO", ["AB 12 34 56 C", "AB123456C"], "NI number {}"),
    ("ES", "ES_NIF", ["12345678Z"], "DNI {}"),
    ("ES", "ES_NIE", ["X1234567L"], "NIE {}"),
    ("IT", "IT_FISCAL_CODE", ["RSSMRA85T10A562S"], "codice fiscale {}"),
    ("PL", "PL_PESEL", ["44051401359"], "PESEL {}"),
    ("IN", "IN_AADHAAR", ["312345678909"], "Aadhaar {}"),
    ("IN", "IN_PAN", ["ABCPE1234F"], "PAN {}"),
    ("AU", "AU_TFN", ["876 543 210"], "TFN {}"),
    ("AU", "AU_ABN", ["51 824 753 556"], "ABN {}"),
    ("AU", "AU_MEDICARE", ["2123 45670 1"], "Medicare {}"),
    ("SG", "SG_NRIC_FIN", ["S1234567D"], "NRIC {}"),
    ("US", "US_ITIN", ["912-70-1234"], "ITIN {}"),
]  # fmt: skip


def found(detector, text):
    return [(entity.kind, text[entity.start : entity.end]) for entity in detector.detect(text)]


@pytest.mark.parametrize(("country", "kind", "codes", "frame"), IDS)
def test_behind_their_name_and_alone_where_the_country_is_named(country, kind, codes, frame):
    for code in codes:
        text = frame.format(code)
        assert (kind, code) in found(NationalIdDetector(), text), text
        assert (kind, code) in found(NationalIdDetector([country]), text), text
        assert kind in [k for k, _ in found(NationalIdDetector([country]), f"here: {code}, thanks")], code


@pytest.mark.parametrize(
    "kind", ["DE_TAX_ID", "NL_BSN", "PT_NIF", "CA_SIN", "UK_NHS", "PL_PESEL", "AU_TFN", "BE_NATIONAL_NUMBER"]
)
def test_a_number_that_could_be_anything_needs_its_name(kind):
    for _, own, codes, _ in IDS:
        if own == kind:
            assert [item for code in codes for item in found(NationalIdDetector(), f"order {code}, single")] == []


@pytest.mark.parametrize("number", ["GB 123 4567 82", "GB123456782", "GB 123 4567 82 001"])
def test_a_british_vat_number_counts_behind_its_name(number):
    assert found(NationalIdDetector(), f"VAT no. {number}") == [("UK_VAT", number)]
    assert not found(NationalIdDetector(), f"part {number}")


def test_only_the_countries_that_were_asked_for():
    assert found(NationalIdDetector(["FR"]), "codice fiscale RSSMRA85T10A562S, CPF 529.982.247-25") == []
    assert found(NationalIdDetector(["GB"]), "AB123456C") == [("UK_NINO", "AB123456C")]


def test_countries_that_are_not_known():
    with pytest.raises(GuardError, match="XX"):
        NationalIdDetector(["XX"])
    with pytest.raises(GuardError, match="one string"):
        NationalIdDetector("DE")
    assert {
        "US",
        "UK",
        "IE",
        "DE",
        "AT",
        "CH",
        "FR",
        "ES",
        "IT",
        "NL",
        "BE",
        "PL",
        "PT",
        "IN",
        "AU",
        "CA",
        "SG",
        "KR",
        "BR",
    } <= set(COUNTRIES)
    assert repr(NationalIdDetector()) == "NationalIdDetector(countries=None)"


PUBLISHED = [
    # as the authorities' own examples, or those of Wikipedia's articles on each number, have them
    (id_checksums.de_tax_id, "86095742719"),
    (id_checksums.de_social_security, "15070649C103"),
    (id_checksums.at_social_security, "1237010180"),
    (id_checksums.ch_social_security, "7569217076985"),
    (id_checksums.fr_social_security, "269054958815780"),
    (id_checksums.fr_tax_id, "3023217600053"),
    (id_checksums.nl_bsn, "111222333"),
    (id_checksums.be_national, "85073003328"),
    (id_checksums.pt_nif, "123456789"),
    (id_checksums.ie_pps, "1234567FA"),
    (id_checksums.ie_pps, "1234567T"),
    (id_checksums.ca_sin, "130692544"),
    (id_checksums.br_cpf, "52998224725"),
    (id_checksums.br_cnpj, "11222333000181"),
]  # fmt: skip


@pytest.mark.parametrize(("check", "code"), PUBLISHED)
def test_published_examples_pass_and_their_last_digit_decides(check, code):
    assert check(code)
    at = max(place for place, char in enumerate(code) if char.isdigit())
    others = [code[:at] + digit + code[at + 1 :] for digit in "0123456789" if digit != code[at]]
    assert sum(map(check, others)) <= 1


def test_the_kind_is_that_of_the_default_detector_in_every_version():
    rules = default_detector(ner=False, countries=["DE", "FR"])
    guard = Guard(rules)
    hidden = guard.session("1").anonymize("IdNr 86 095 742 719 und NIR 2 69 05 49 588 157 80")
    assert "[REDACTED_DE_TAX_ID_1]" in hidden
    assert "[REDACTED_FR_SOCIAL_SECURITY_1]" in hidden
    # not an NHS number, though its digits add up
    assert "UK_NHS" not in {e.kind for e in default_detector(ner=False).detect("order 9434765919 now")}
    assert "UK_NHS" not in {e.kind for e in PatternDetector(national_ids=False).detect("NHS 9434765919")}


PHONES = [
    ("GB", ["020 7946 0733", "07700 900411", "0161 496 0123"]),
    ("FR", ["06 39 98 11 42", "01 45 12 88 30"]),
    ("CN", ["13812345670"]),
    ("PT", ["+351912884310", "912 884 310"]),
    ("DE", ["030 901820", "+49 30 901820", "0151 23456789"]),
    ("ES", ["612 34 56 78", "912 34 56 78"]),
    ("IT", ["06 6982 1234", "347 123 4567"]),
    ("NL", ["020 551 9111", "06 12345678"]),
    ("PL", ["512 345 678", "22 123 45 67"]),
    ("IN", ["098765 43210", "+91 98765 43210"]),
    ("AU", ["0412 345 678", "(02) 9374 4000"]),
    ("SG", ["6123 4567", "9123 4567"]),
    ("KR", ["010-1234-5678", "02-312-3456"]),
    ("BR", ["(11) 96123-4567", "(11) 2345-6789"]),
    ("CH", ["044 668 18 00", "078 123 45 67"]),
    ("US", ["(201) 555-0123", "201-555-0123"]),
    ("JP", ["03-1234-5678", "090-1234-5678"]),
]  # fmt: skip


@pytest.mark.parametrize(("country", "numbers"), PHONES)
@pytest.mark.parametrize("frame", ["Call me on {} please", "Tel. {}", "my phone number is {}.", "WhatsApp: {}"])
def test_phones_behind_a_word(country, numbers, frame):
    assert country in REGIONS
    for number in numbers:
        text = frame.format(number)
        session = Guard(default_detector(ner=False)).session("1")
        hidden = session.anonymize(text)
        assert "[REDACTED_PHONE_NUMBER_1]" in hidden, text
        assert number[-4:] not in hidden
        assert session.deanonymize(hidden) == text


def test_phones_as_their_country_writes_them():
    detector = PhoneNumberDetector()
    for number in ("612 34 56 78", "06 12 34 56 78", "010-1234-5678", "(11) 96123-4567", "+351912884310"):
        assert found(detector, f"it was {number}, I think") == [("PHONE_NUMBER", number)]
    for text, number in (
        ("客户的电话是13812345670，邮箱", "13812345670"),
        ("我的号码13812345670。", "13812345670"),
        ("मेरा नंबर 9876543210 है", "9876543210"),
    ):
        assert found(detector, text) == [("PHONE_NUMBER", number)]
    for other in ("2025-01-03", "1.234.567,89", "12 345 678", "port 5432", "10.0.0.12", "2024 2025 2026", "1234567"):
        assert found(detector, f"it was {other}, I think") == []


@pytest.mark.parametrize(
    "unit", ["123 ", "12-", "1", "+1 ", "12 345 678 ", "DE 1 ", "tel 12345 6789\n", "sin 046 454 286 "]
)
def test_linear_time(unit):
    started = time.process_time()
    text = unit * (100_000 // len(unit))
    NationalIdDetector().detect(text)
    PhoneNumberDetector().detect(text)
    assert time.process_time() - started < 12
