"""Numbers by the label that they stand behind: no shape tells an order from a ticket.

Sources: ISO 3779 and 49 CFR 565.15 (check digit of a VIN), 3GPP TS 23.003 (IMEI), ISO/IEC 7812-1 (cards). Fields of
records that are made for machines are read by `record_segments`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from lc_guard._progress import part_done
from lc_guard.detectors.record_segments import find_segments
from lc_guard.detectors.shapes import luhn
from lc_guard.detectors.spans import clean
from lc_guard.records import Entity

SCORE = 0.85

# The name of a field, perhaps in bold, a sign or a word for number, then the value.
_NUMBER = (
    r"(?:[ _-]?(?:numbers?|nummer|num[eé]ro|número|numer|no\b\.?|num\b\.?|nr\b\.?|n[°º]|id\b|code"
    r"|ref(?:erence)?\b|\#|№)){1,2}"
)
_IS = r"\*{0,2}[ \t]{0,2}(?:(?:is|was|ist|est|es|:|=|\#|\|)[ \t]{0,2}){1,2}\*{0,2}[ \t]{0,2}"
_SIGN = rf"(?:{_NUMBER}(?:{_IS})?[ \t]{{0,2}}|{_IS})[\"'`(\#]{{0,2}}"
_VALUE = r"(?P<value>[A-Z0-9](?:[A-Z0-9/-]{1,24}|[A-Z0-9./-]{1,24}[A-Z0-9]))(?![\w@]|[./-]\w)"


def _has_digit(value: str) -> bool:
    digits = sum(char.isdigit() for char in value)
    return digits > 2 or (digits > 0 and len(value) > 4 and not value.islower())


def _any_digit(value: str) -> bool:
    return any(map(str.isdigit, value))


def _plate(value: str) -> bool:
    return 3 <= sum(map(str.isalnum, value)) <= 10 and any(map(str.isdigit, value))


def _document(value: str) -> bool:
    return sum(map(str.isalnum, value)) >= 6 and sum(map(str.isdigit, value)) >= 3


def _imei(value: str) -> bool:
    return sum(map(str.isdigit, value)) in (14, 15, 16)


_VIN_VALUES = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", (*range(1, 9), 1, 2, 3, 4, 5, 7, 9, *range(2, 10)), strict=True))
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)


def vin(value: str) -> bool:
    """Return whether the check digit of a vehicle identification number is right (49 CFR 565.15)."""
    code = value.upper()
    if len(code) != 17 or not any(map(str.isdigit, code)) or code.isdigit():
        return False
    total = sum((int(c) if c.isdigit() else _VIN_VALUES.get(c, 0)) * w for c, w in zip(code, _VIN_WEIGHTS, strict=True))
    return code[8] == "0123456789X"[total % 11]


def _card(value: str) -> bool:
    digits = [char for char in value if char.isdigit()]
    return 13 <= len(digits) <= 19 and len(set(digits)) > 1


Check = Callable[[str], bool]

# Labels by language: English, German, French, Spanish, Italian, Dutch, Polish, Portuguese.
_PASSPORT = "passport|reisepass|passeport|pasaporte|passaporto|paspoort|paszport(?:u)?|passaporte"
_LICENSE = (
    "driv(?:er'?s?|ing|ers)[ _]licen[cs]e|führerschein|permis de conduire|permiso de conducir|carnet de conducir"
    "|patente(?: di guida)?|rijbewijs|prawo jazdy|carta de condução"
)
_PLATE = (
    "(?:(?:licen[cs]e|number|vehicle)[ _])?plate(?: (?:on|of|for) (?:the |a |my |his |her )?\\w{1,20})?"
    "|vehicle[ _]reg(?:istration|\\.)?|car[ _]reg(?:istration)?"
    "|registration[ _](?:mark|plate)|kennzeichen|immatriculation|plaque|targa|kenteken|matr[ií]cula|rejestracyjny"
)
_CARD_WORDS = (
    "cards?|visa|mastercard|amex|american express|discover|maestro|cc|pan|kreditkarte|carte(?: bancaire| bleue)?"
    "|tarjeta|carta di credito|creditcard|karta|cartão"
)
# Records whose name and a sign are enough: nothing else stands behind "invoice:" with digits in it.
_RECORDS = (
    "(?:purchase|work|sales)?[ _]?order|invoice|ticket|claim|policy|insurance|member(?:ship)?|subscriber|customer"
    "|client|employee|personnel|staff|badge|inmate|prisoner|booking|reservation|confirmation|pnr|student"
    "|matriculation|reference|serial|subscription|contract|tracking|shipment|parcel|transaction|payment|incident"
    "|loan|mortgage|prescription|rx|bar|lease|warrant|citation|petition|receipt|pension|beneficiary|medicare|medicaid|payroll"
    "|merchant|supplier|vendor|dealer|asset|iccid|imsi|meid|esn|swift(?:/bic)?|bic|sort code|folio|deed|parking|fine"
    "|permit|visa|voucher|loyalty|frequent flyer|enrol?lment|certificate|registration|register|licen[cs]e|account"
    "|acct|device|meter|rechnungs?|bestell(?:ung)?|kunden|auftrags?|vertrags?|versicherungs?|police|commande|facture"
    "|dossier|contrat|pedido|factura|póliza|expediente|ordine|fattura|polizza|bestelling|factuur|polis|zamówieni[ea]"
    "|faktur[ay]|encomenda|apólice|fatura"
)
# Those that need a word for number: "group: 3 of 4" tells none.
_NUMBERED = "application|batch|lot|terminal|agent|ref|file|request|user|patient|chart|session|group|plan|patron|card|id"
_COUNTED = "order|ticket|invoice|claim|policy|booking|ref(?:erence)?|account|acct|member|customer"
_TRACKED = "ticket|incident|case|change|request|order|claim|policy|booking|ref(?:erence)?|account|member|invoice|pnr"
_IN_FILES = "passport|mrn|ssn|policy|claim|invoice|order|case|account|customer|patient|member|employee|licen[cs]e|badge"

_FIELDS: tuple[tuple[str, re.Pattern[str], Check], ...] = tuple(
    (kind, re.compile(rf"(?i)\b(?:{labels}){rest}"), check)
    for kind, labels, rest, check in (
        ("PASSPORT", _PASSPORT, rf"{_SIGN}(?P<value>[A-Z0-9]{{6,10}})(?!\w)", _document),
        (
            "DRIVERS_LICENSE",
            _LICENSE,
            rf"{_SIGN}(?P<value>[A-Z0-9]{{1,20}}(?:[ -][A-Z]{{0,3}}\d[A-Z0-9]{{0,9}}){{0,5}})(?!\w)",
            _document,
        ),
        (
            "LICENSE_PLATE",
            _PLATE,
            rf"{_SIGN}(?P<value>[A-Z0-9]{{1,4}}(?:[·-][A-Z0-9]{{1,5}}|[ ](?-i:[A-Z0-9]{{1,5}})|[ ]\d[A-Z0-9]{{0,4}})"
            r"{1,2}|[A-Z0-9]{3,8})(?![\w-])",
            _plate,
        ),
        # The forms of plates that are none of words and quantities: FR, ES, GB, DE, California, ABC-123.
        (
            "LICENSE_PLATE",
            f"{_PLATE}|reg(?:\\.|istration)?(?: n(?:o|r|umber))?",
            r"[.:]? {1,2}(?P<value>(?-i:[A-Z]{2}-\d{3}-[A-Z]{2}|\d{4} ?[BCDF-HJ-NPR-TV-Z]{3}|[A-Z]{2}\d\d ?[A-Z]{3}"
            r"|[A-Z]{1,3}-[A-Z]{1,2} ?\d{1,4}|\d[A-Z]{3}\d{3}|[A-Z]{3}-?\d{3,4}))(?![\w-])",
            _plate,
        ),
        (
            "VIN",
            "vin|vehicle identification|chassis|fahrgestell|fin",
            rf"(?:{_SIGN}| )(?P<value>[A-HJ-NPR-Z0-9]{{17}})(?!\w)",
            _has_digit,
        ),
        ("IMEI", "imei", rf"(?:{_SIGN}| )(?P<value>\d{{2}}[ -]?\d{{6}}[ -]?\d{{6}}[ -]?\d{{1,2}})(?!\w)", _imei),
        ("MEDICAL_LICENSE", "npi|dea", rf"(?:{_SIGN}| )(?P<value>\d{{10}}|[A-Z]{{2}}\d{{7}})(?!\w)", _has_digit),
        (
            "CREDIT_CARD",
            _CARD_WORDS,
            rf"(?:{_SIGN}|[^\d\n]{{1,24}})(?P<value>\d{{4}}(?:[ -]?\d){{9,15}})(?![\w-])",
            _card,
        ),
        ("ID_NUMBER", _RECORDS, rf"{_SIGN}{_VALUE}", _has_digit),
        ("ID_NUMBER", _NUMBERED, rf"{_NUMBER}(?:{_IS})?[ \t]{{0,2}}[\"'`(\#]{{0,2}}{_VALUE}", _has_digit),
        ("ID_NUMBER", _COUNTED, r"[ ](?P<value>\d{6,20}|\d{5,12}-[A-Z0-9]{1,8})(?![\w-]|[.,/]\d)", _has_digit),
        (
            "ID_NUMBER",
            _TRACKED,
            r"[ ](?P<value>(?-i:[A-Z]{1,5})(?:-?\d{4,14}|[/-]\d{2,4}[/-]\d{2,10}))(?![\w-])",
            _has_digit,
        ),
        ("ID_NUMBER", _IN_FILES, r"[_-](?P<value>[A-Z]{0,3}\d{5,18})(?![^\W_])", _has_digit),
        (
            "LOCATION",
            r"lat(?:itude)?",
            r"[\"']?\s{0,2}[:=]?\s{0,2}(?P<value>-?\d{1,2}\.\d{3,12}[\"']?[,;]?\s{1,3}[\"']?lon(?:g(?:itude)?)?"
            r"[\"']?\s{0,2}[:=]?\s{0,2}-?\d{1,3}\.\d{3,12})(?!\w)",
            _any_digit,
        ),
        (
            "LOCATION",
            r"gps|coordinates?|coords?|position|location|(?:at|geo):?",
            r"[\"']?\s{0,2}[:=]?\s{0,2}[(\[]?(?P<value>-?\d{1,2}\.\d{4,12},\s{0,2}-?\d{1,3}\.\d{4,12})(?!\w)",
            _any_digit,
        ),
        ("ID_NUMBER", f"{_COUNTED}|po", r"[ _]?\#[ ]?(?P<value>[A-Z0-9][A-Z0-9-]{1,24})(?!\w)", _any_digit),
    )
)
# Four fours are a card, whether or not its digits add up: people mistype, and make up the last ones.
_FOUR_FOURS = re.compile(r"(?<![\w-])(?<!\d[ -])[1-6]\d{3}([ -])\d{4}\1\d{4}\1\d{4}(?![\w-]|[ -]\d)")
_YEARS = re.compile(r"(?:(?:19|20)\d\d[ -]?){4}")
_VIN = re.compile(r"(?<![\w-])(?=[A-Z0-9]{0,16}[A-Z])[A-HJ-NPR-Z0-9]{17}(?![\w-])")
_BORN = (
    r"birth[ _]?(?:date|day)|date[ _]of[ _]birth|dob|bday|born(?: on)?|geboren(?: am| op)?|geb\.(?: am)?|geburtsdatum"
    r"|né(?:e|\(e\))? le|date de naissance|fecha de nacimiento|nacid[oa] el|data di nascita|nat[oa] il|geboortedatum"
    r"|data urodzenia|urodz(?:ony|ona)|data de nascimento|nascid[oa] (?:em|a)"
)
_BIRTH = re.compile(
    rf"(?i)\b(?:{_BORN})[\"'*]{{0,3}}\s{{0,2}}(?:is|:|=|\|)?[\"'*]{{0,3}}\s{{0,2}}"
    r"(?P<value>\d{4}-\d\d-\d\d|(?:19|20)\d{6}|\d{1,2}[./ -]\d{1,2}[./ -](?:\d{4}|\d\d)"
    r"|\d{1,2}\.?(?: de)? [^\W\d_]{3,10}\.?(?: de)? \d{4})(?!\d)"
)
_DIGITS = re.compile(r"\d+")
_BEFORE, _AFTER = 90, 40


class RecordFieldDetector:
    """Finds numbers behind labels, cards that fail Luhn's formula, dates of birth, fields of HL7, FHIR and EDI."""

    name = "record_fields"

    def detect(self, text: str) -> list[Entity]:
        """Return what the fields of a text hold, ordered by offset."""
        found = [*_labelled(text), *_cards_and_cars(text)] if _DIGITS.search(text) else []
        found += find_segments(text)
        return clean(text, found) if found else []

    def detect_batch(self, texts: Sequence[str]) -> list[list[Entity]]:
        """Do the same for many texts."""
        return [self.detect(text) for text in texts]


def _labelled(text: str) -> Iterator[Entity]:
    regions = list(_near_digits(text))
    for kind, pattern, check in _FIELDS:
        part_done()
        for start, end in regions:
            for match in pattern.finditer(text, start, end):
                value = match["value"]
                if check(value) and not _DATE.fullmatch(value) and not (kind == "ID_NUMBER" and _is_proved(value)):
                    yield Entity(kind, *match.span("value"), SCORE)
    for start, end in regions:
        for match in _BIRTH.finditer(text, start, end):
            yield Entity("DATE_OF_BIRTH", *match.span("value"), 0.95)


def _near_digits(text: str) -> Iterator[tuple[int, int]]:
    """Yield the stretches in which a label and its number can stand: most of a text has no digit near."""
    begin = end = -1
    for run in _DIGITS.finditer(text):
        if run.start() - _BEFORE > end:
            if end > 0:
                yield begin, end
            begin = max(0, run.start() - _BEFORE)
            # a region begins at a word: half a label is none
            while begin > 0 and text[begin - 1].isalnum() and run.start() - begin < 2 * _BEFORE:
                begin -= 1
        end = min(len(text), run.end() + _AFTER)
    if end > 0:
        yield begin, end


def _is_proved(value: str) -> bool:
    """Return whether a checksum says more than the label: an account's number may be a card's or an IBAN."""
    return luhn(value) is not None or (len(value) > 14 and value[:2].isalpha() and value[2:4].isdigit())


_DATE = re.compile(r"(?:19|20)\d\d[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](?:19|20)?\d\d|\d+\.\d+")


def _cards_and_cars(text: str) -> Iterator[Entity]:
    for match in _FOUR_FOURS.finditer(text):
        if not _YEARS.fullmatch(match[0]):
            yield Entity("CREDIT_CARD", *match.span(), 0.9 if luhn(match[0]) else 0.6)
    for match in _VIN.finditer(text):
        if vin(match[0]):
            yield Entity("VIN", *match.span(), 0.9)
