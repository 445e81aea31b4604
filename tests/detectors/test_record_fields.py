"""Numbers behind labels and fields of machine records, each label with many generated values."""

import random
import string
import time

import pytest

from lc_guard import Entity, Guard, Policy
from lc_guard.detectors import default_detector
from lc_guard.detectors.record_fields import RecordFieldDetector, vin
from lc_guard.detectors.spans import clean

_RANDOM = random.Random(17)
CAPITALS, DIGITS, FROM_ONE = string.ascii_uppercase, string.digits, "123456789"


def letters(count, alphabet=string.ascii_uppercase + DIGITS):
    return "".join(_RANDOM.choice(alphabet) for _ in range(count))


def numbers():
    return [f"{letters(2, CAPITALS)}-{letters(6, DIGITS)}" for _ in range(10)] + [letters(8, DIGITS) for _ in range(10)]


LABELS = [
    ("ID_NUMBER", "Order #{} was sent"),
    ("ID_NUMBER", "Ticket ID: #{} was opened"),
    ("ID_NUMBER", "**Policy Number:** {}"),
    ("ID_NUMBER", "claim no. {}, please"),
    ("ID_NUMBER", "Invoice No: {}"),
    ("ID_NUMBER", "Employee ID {}"),
    ("ID_NUMBER", "Loan number {}"),
    ("ID_NUMBER", "Rx# {}"),
    ("ID_NUMBER", "Bar number {}"),
    ("ID_NUMBER", "Application no. {}"),
    ("ID_NUMBER", "booking reference {}"),
    ("ID_NUMBER", "tracking number is {}"),
    ("ID_NUMBER", "Serial number: {}"),
    ("ID_NUMBER", "| Customer No | {} |"),
    ("ID_NUMBER", "file number {}"),
    ("ID_NUMBER", "Kundennummer: {}"),
    ("ID_NUMBER", "Rechnungsnr. {}"),
    ("ID_NUMBER", "facture n° {}"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "frame"), LABELS)
def test_numbers_behind_labels(kind, frame):
    for number in numbers():
        text = frame.format(number)
        found = [(e.kind, text[e.start : e.end]) for e in RecordFieldDetector().detect(text)]
        assert (kind, number) in found, (text, found)


OTHERS = [
    ("LICENSE_PLATE", "Vehicle Registration: {}", lambda: f"{letters(3, DIGITS)}-{letters(3, CAPITALS)}"),
    ("LICENSE_PLATE", "The plate is {}.", lambda: f"7{letters(3, CAPITALS)}{letters(3, DIGITS)}"),
    ("LICENSE_PLATE", "The plate on my van is {}.", lambda: f"{letters(3, CAPITALS)} {letters(3, DIGITS)}"),
    ("LICENSE_PLATE", "immatriculation {}", lambda: f"AB-{letters(3, DIGITS)}-CD"),
    ("LICENSE_PLATE", "Reg. No. {}", lambda: f"KX{letters(2, DIGITS)} LBV"),
    ("LICENSE_PLATE", "Plate {}, blue", lambda: f"{letters(3, CAPITALS)}-{letters(3, DIGITS)}"),
    ("ID_NUMBER", "receipt no {}", lambda: f"00{letters(5, DIGITS)}"),
    ("ID_NUMBER", "Order {} is late", lambda: f"{letters(5, FROM_ONE)}-B"),
    ("DATE_OF_BIRTH", "BDAY:{}", lambda: f"19{letters(2, DIGITS)}031{letters(1, DIGITS)}"),
    ("LICENSE_PLATE", "Kennzeichen: {}", lambda: f"M-AB {letters(4, FROM_ONE)}"),
    ("PASSPORT", "My Indian passport is {}.", lambda: f"K{letters(7, DIGITS)}"),
    ("PASSPORT", "Reisepassnummer: {}", lambda: f"C01X{letters(5, DIGITS)}"),
    ("DRIVERS_LICENSE", "driver's license: {}", lambda: f"D{letters(7, DIGITS)}"),
    ("IMEI", "IMEI: {}", lambda: letters(15, FROM_ONE)),
    ("CREDIT_CARD", "My card is {} thanks", lambda: "-".join(("1242", *(letters(4, DIGITS) for _ in "123")))),
    ("CREDIT_CARD", "pay with {} now", lambda: " ".join(("4242", *(letters(4, DIGITS) for _ in "123")))),
    ("CREDIT_CARD", "Kreditkarte: {}", lambda: "37" + letters(13, DIGITS)),
    ("DATE_OF_BIRTH", "DOB: {}", lambda: f"19{letters(2, DIGITS)}0{letters(1, FROM_ONE)}1{letters(1, DIGITS)}"),
    ("DATE_OF_BIRTH", "geb. am {}", lambda: f"0{letters(1, FROM_ONE)}.04.19{letters(2, DIGITS)}"),
    ("DATE_OF_BIRTH", "née le {}", lambda: f"{letters(1, FROM_ONE)} mars 19{letters(2, DIGITS)}"),
    ("DATE_OF_BIRTH", "fecha de nacimiento: {}", lambda: f"3 de mayo de 19{letters(2, DIGITS)}"),
    ("DATE_OF_BIRTH", '"birthDate": "{}"', lambda: f"19{letters(2, DIGITS)}-03-1{letters(1, DIGITS)}"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "frame", "make"), OTHERS)
def test_kinds_of_numbers(kind, frame, make):
    for _ in range(20):
        number = make()
        text = frame.format(number)
        found = [(e.kind, text[e.start : e.end]) for e in RecordFieldDetector().detect(text)]
        assert (kind, number) in found, (text, found)


@pytest.mark.parametrize("code", ["1HGCM82633A004352", "1M8GDM9AXKP042788", "11111111111111111"])
def test_the_check_digit_of_a_vehicle(code):
    assert vin(code) is not code.isdigit()
    wrong = [code[:8] + digit + code[9:] for digit in "0123456789X" if digit != code[8]]
    assert not any(map(vin, wrong))


HARMLESS = [
    "Invoice: 3 items, order 66 was given, ticket to ride",
    "Order: 2024-01-05, Reference: RFC 2119, version: 1.2.3, step: 12",
    "card ending in 4242",
    "in 2023 2024 2025 2026",
    "case: 3 of 4, id: none, plan: gold, group: A",
    "The reference is clear, the policy is old.",
    "port 5432 is taken, PID 20411, exit 137",
    "uid=0 euid=0",
    "file: main.py:42, request: GET /v1/users",
]


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_no_number_of_a_record(text):
    assert [text[e.start : e.end] for e in RecordFieldDetector().detect(text)] == []


HL7 = (
    "MSH|^~\\&|ADT|HOSP|LAB|HOSP|20250101||ADT^A01|1|P|2.5.1\r"
    "PID|1||445566^^^HOSP^MR||HALVORSEN^INGRID^M||19800203|F|||12 OAK ST^^SPRINGFIELD^IL^62701||(217)555-0144"
    "|||||ACC99887|219-09-9999\r"
    "PV1|1|I|W^1||||1234567^SMITH^JOHN^A^^DR"
)
X12 = (
    "ISA*00*~NM1*IL*1*HALVORSEN*INGRID*M***MI*W123456789~N3*12 OAK ST~N4*SPRINGFIELD*IL*62701~DMG*D8*19800203*F~"
    "REF*SY*219099999~PER*IC*JANE ROE*TE*2175550144~"
)
EDIFACT = "UNH+1'NAD+BY+5412345000013::9++Halvorsen Ingrid+Oak Street 12+Springfield++62701+US'CTA+IC+:Jane Roe'"
FHIR = (
    '{"resourceType":"Patient","name":[{"family":"Halvorsen","given":["Ingrid","Marie"]}],"birthDate":"1980-02-03",'
    '"identifier":[{"system":"http://hospital.example/mrn","value":"MRN-8877"}],"address":[{"line":["12 Oak St"],'
    '"city":"Springfield"}]}'
)
RECORDS = {
    "hl7": (HL7, [("MEDICAL_RECORD_NUMBER", "445566"), ("PERSON", "HALVORSEN"), ("PERSON", "INGRID"),
                  ("DATE_OF_BIRTH", "19800203"), ("LOCATION", "12 OAK ST"), ("PHONE_NUMBER", "(217)555-0144"),
                  ("ID_NUMBER", "ACC99887"), ("US_SSN", "219-09-9999"), ("PERSON", "SMITH"), ("ID_NUMBER", "1234567")]),
    "x12": (X12, [("PERSON", "HALVORSEN"), ("PERSON", "INGRID"), ("ID_NUMBER", "W123456789"), ("LOCATION", "12 OAK ST"),
                  ("DATE_OF_BIRTH", "19800203"), ("US_SSN", "219099999"), ("PERSON", "JANE ROE"),
                  ("PHONE_NUMBER", "2175550144")]),
    "vcard": ("BEGIN:VCARD\r\nN:Halvorsen;Ingrid;Marie;Dr.;\r\nADR;TYPE=home:;;12 Oak St;Springfield;IL;62701;USA\r\n",
              [("PERSON", "Halvorsen"), ("PERSON", "Ingrid"), ("PERSON", "Marie"), ("LOCATION", "12 Oak St"),
               ("LOCATION", "Springfield"), ("LOCATION", "62701")]),
    "edifact": (EDIFACT, [("ID_NUMBER", "5412345000013"), ("PERSON", "Halvorsen Ingrid"), ("LOCATION", "Oak Street 12"),
                          ("PERSON", "Jane Roe")]),
    "fhir": (FHIR, [("PERSON", "Halvorsen"), ("PERSON", "Ingrid"), ("PERSON", "Marie"), ("DATE_OF_BIRTH", "1980-02-03"),
                    ("MEDICAL_RECORD_NUMBER", "MRN-8877"), ("LOCATION", "12 Oak St"), ("LOCATION", "Springfield")]),
}  # fmt: skip


@pytest.mark.parametrize("name", RECORDS)
def test_machine_records(name):
    text, expected = RECORDS[name]
    found = [(e.kind, text[e.start : e.end]) for e in RecordFieldDetector().detect(text)]
    assert [item for item in expected if item not in found] == []


@pytest.mark.parametrize("name", RECORDS)
def test_machine_records_come_back_and_keep_their_separators(name):
    text, expected = RECORDS[name]
    session = Guard(default_detector(ner=False)).session(name)
    hidden = session.anonymize(text)
    assert session.deanonymize(hidden) == text
    assert [value for _, value in expected if value in hidden] == []
    assert all(hidden.count(sign) == text.count(sign) for sign in "|*+~\r")


@pytest.mark.parametrize("name", ["hl7", "x12", "edifact"])
def test_no_value_crosses_what_parts_the_elements_of_a_record(name):
    text, signs = {"hl7": (HL7, "|^~"), "x12": (X12, "*~"), "edifact": (EDIFACT, "+':")}[name]
    for kind in ("PERSON", "LOCATION", "ORGANIZATION", "ID_NUMBER", "TAX_ID", "USERNAME"):
        for start in range(0, len(text), 7):
            for end in range(start + 1, len(text) + 1, 13):
                values = [text[e.start : e.end] for e in clean(text, [Entity(kind, start, end)])]
                assert [value for value in values if any(sign in value for sign in signs)] == []


def test_signs_of_records_are_part_of_a_value_elsewhere_and_behind_a_question_mark():
    prose = "Sean O'Brien wrote to jane+list@mail.example"
    assert [prose[e.start : e.end] for e in clean(prose, [Entity("PERSON", 0, 12)])] == ["Sean O'Brien"]
    record = "CTA+IC+:Sean O?'Brien'COM+jane@mail.example:EM'"
    assert [record[e.start : e.end] for e in clean(record, [Entity("PERSON", 8, 21)])] == ["Sean O?'Brien"]
    for text, address in ((prose, "jane+list@mail.example"), (record, "jane@mail.example")):
        at = text.index("@")
        assert [text[e.start : e.end] for e in clean(text, [Entity("EMAIL_ADDRESS", at - 1, at + 2)])] == [address]


def test_a_plus_that_separates_is_no_part_of_a_known_number():
    session = Guard(default_detector(ner=False)).session("plus")
    first = session.anonymize("Customer number: 5412345000013")
    text = "UNH+1'NAD+BY+5412345000013::9++Halvorsen'RFF+ADE++5412345000013'"
    hidden = session.anonymize(text)
    assert "5412345000013" not in first + hidden
    assert (hidden.count("+"), hidden.count(":")) == (text.count("+"), text.count(":"))
    assert session.deanonymize(hidden) == text


def test_a_policy_of_the_kind_works():
    guard = Guard(default_detector(ner=False), policy=Policy(kinds={"CREDIT_CARD": "allow"}))
    assert guard.session("1").anonymize("My card is 1242-2341-3673-9999.") == "My card is 1242-2341-3673-9999."
    hidden = Guard(default_detector(ner=False)).session("1").anonymize("VIN 1HGCM82633A004352, IMEI: 490154203237518")
    assert hidden == "VIN [REDACTED_VIN_1], IMEI: [REDACTED_IMEI_1]"


@pytest.mark.parametrize(
    "unit",
    ["order #", "order no 1 ", "card 1 ", "PID|1|", "NM1*1*", "NAD+BY+", '"given": [', "1 ", "born 1 ", "plate: A1 "],
)
def test_linear_time(unit):
    started = time.process_time()
    RecordFieldDetector().detect(unit * (200_000 // len(unit)))
    assert time.process_time() - started < 8


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("Ticket INC0012345 escalated", "ID_NUMBER", "INC0012345"),
        ("see passport-K8712043.png", "ID_NUMBER", "passport-K8712043"),
        ("SWIFT/BIC: DEUTDEFF500", "ID_NUMBER", "DEUTDEFF500"),
        ("lat 52.520008, lon 13.404954", "LOCATION", "52.520008, lon 13.404954"),
        ("GPS: 52.520008, 13.404954", "LOCATION", "52.520008, 13.404954"),
        ("The driver licence is D123-4567-8901 and valid", "DRIVERS_LICENSE", "D123-4567-8901"),
        ("Driving licence: MORGA 657054 SM9IJ was shown", "DRIVERS_LICENSE", "MORGA 657054 SM9IJ"),
        ("The plate is ABC 1234 and red", "LICENSE_PLATE", "ABC 1234"),
    ],
)
def test_more_places_of_numbers(text, kind, value):
    assert (kind, value) in [(e.kind, text[e.start : e.end]) for e in RecordFieldDetector().detect(text)]


@pytest.mark.parametrize("text", ["batch of 1024 rows", "order 3 of 4", "lat 5, lon 6", "case 1024 of the loop"])
def test_what_is_only_counted_stays(text):
    assert not RecordFieldDetector().detect(text)
