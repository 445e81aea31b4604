"""Names, numbers and dates in records that are made for machines, by the number or the name of their field.

Sources: HL7 v2.5.1, chapters 3 and 6 (fields of PID, NK1, PV1, GT1, IN1, OBR); HL7 FHIR R4, datatypes HumanName,
Address, Identifier and Patient.birthDate; ASC X12 segments NM1, N3, N4, DMG, REF, PER; UN/EDIFACT segments NAD and CTA;
RFC 6350, vCard's N and ADR.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from lc_guard.records import Entity

SCORE = 0.85

# Segments: a name, a separator, fields by number; a field may have repetitions and components.
_HL7 = re.compile(r"(?:^|[\r\n])[ \t]*(?P<name>PID|NK1|PV1|GT1|IN1|OBR)\|(?P<fields>[^\r\n]*)")
_HL7_FIELDS = {
    **dict.fromkeys([("PID", 2), ("PID", 3), ("PID", 4)], "MEDICAL_RECORD_NUMBER"),
    **dict.fromkeys([("PID", 5), ("PID", 6), ("PID", 9), ("NK1", 2), ("GT1", 3), ("IN1", 16), ("OBR", 16)], "PERSON"),
    **dict.fromkeys([("PV1", 7), ("PV1", 8), ("PV1", 9), ("PV1", 17)], "PERSON"),
    **dict.fromkeys([("PID", 7), ("GT1", 8), ("IN1", 18)], "DATE_OF_BIRTH"),
    **dict.fromkeys([("PID", 11), ("NK1", 4), ("GT1", 5), ("IN1", 19)], "LOCATION"),
    **dict.fromkeys([("PID", 13), ("PID", 14), ("NK1", 5), ("NK1", 6), ("GT1", 6)], "PHONE_NUMBER"),
    **dict.fromkeys([("PID", 18), ("PV1", 19), ("IN1", 36), ("IN1", 49), ("OBR", 2), ("OBR", 3)], "ID_NUMBER"),
    **dict.fromkeys([("PID", 19), ("GT1", 12)], "US_SSN"),
    ("PID", 20): "DRIVERS_LICENSE",
}
_X12 = re.compile(r"(?<![A-Z0-9])(?P<name>NM1|N3|N4|DMG|REF|PER)\*(?P<fields>[^~\r\n]{1,400})")
_X12_FIELDS = {
    "N3": (("LOCATION", 1, SCORE), ("LOCATION", 2, SCORE)),
    "N4": (("LOCATION", 1, SCORE), ("LOCATION", 3, SCORE)),
    "DMG": (("DATE_OF_BIRTH", 2, 0.95),),
}
_X12_PHONES = ("TE", "FX", "CP")
_X12_REFERENCES = {
    "SY": "US_SSN",
    **dict.fromkeys(["EI", "TJ"], "TAX_ID"),
    **dict.fromkeys(["1L", "0F", "6P", "D9", "IG", "23", "Y4"], "ID_NUMBER"),
    "EA": "MEDICAL_RECORD_NUMBER",
}
_EDIFACT = re.compile(r"(?<![A-Z0-9])(?P<name>NAD|CTA)\+(?P<fields>[^'\r\n]{1,400})")
_FHIR = re.compile(r"\"(?:resourceType|birthDate|family|given)\"\s{0,3}:")
_FHIR_FIELDS = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        ("PERSON", r"\"(?:family|text)\"\s{0,3}:\s{0,3}\"(?P<value>[^\"\\\n]{2,80})\""),
        ("PERSON", r"\"given\"\s{0,3}:\s{0,3}\[(?P<list>[^\]\n]{2,200})\]"),
        ("LOCATION", r"\"line\"\s{0,3}:\s{0,3}\[(?P<list>[^\]\n]{2,300})\]"),
        ("LOCATION", r"\"(?:city|district|postalCode)\"\s{0,3}:\s{0,3}\"(?P<value>[^\"\\\n]{2,80})\""),
        ("DATE_OF_BIRTH", r"\"birthDate\"\s{0,3}:\s{0,3}\"(?P<value>\d{4}(?:-\d\d(?:-\d\d)?)?)\""),
        (
            "MEDICAL_RECORD_NUMBER",
            r"\"system\"\s{0,3}:\s{0,3}\"[^\"\n]{1,200}\",\s{0,40}\"value\"\s{0,3}:\s{0,3}"
            r"\"(?P<value>[A-Za-z0-9][\w.-]{3,40})\"",
        ),
        (
            "MEDICAL_RECORD_NUMBER",
            r"\"reference\"\s{0,3}:\s{0,3}\"(?:Patient|RelatedPerson|Person)/(?P<value>[\w.-]{1,64})\"",
        ),
    )
)
_VCARD = re.compile(r"(?im)^BEGIN:VCARD\b")
_VCARD_FIELD = re.compile(
    r"(?im)^(?:item\d{1,3}\.)?(?P<name>N|ADR)(?:;[^:\r\n]{0,120})?:(?P<fields>(?:[^\\\r\n]|\\.){1,400})"
)
_QUOTED = re.compile(r"\"(?P<value>[^\"\\\n]{2,80})\"")

# In a text with such a record: all its segments, and what parts their elements, repetitions and components. A question
# mark takes a sign of EDIFACT for itself.
_MESSAGES = (
    (_HL7, re.compile(r"(?:^|[\r\n])[ \t]*[A-Z][A-Z0-9]{2}\|[^\r\n]*"), re.compile(r"[|^~]")),
    (_X12, re.compile(r"(?<![A-Z0-9])[A-Z][A-Z0-9]{1,2}\*[^~\r\n]{1,400}~?"), re.compile(r"[*~]")),
    (_EDIFACT, re.compile(r"(?<![A-Z0-9])[A-Z]{3}\+(?:[^'?\r\n]|\?.){1,400}'?"), re.compile(r"(?<!\?)[+:']")),
)


def separators(text: str) -> list[int]:
    """Find the signs that part the elements of HL7, X12 and EDIFACT records, in order."""
    return sorted(
        {
            sign.start()
            for known, segment, signs in _MESSAGES
            if known.search(text)
            for match in segment.finditer(text)
            for sign in signs.finditer(text, *match.span())
        }
    )


def _hl7(text: str) -> Iterator[Entity]:
    for segment in _HL7.finditer(text):
        for number, start, field in _fields(segment, "|"):
            kind = _HL7_FIELDS.get((segment["name"], number))
            if kind is None:
                continue
            for at, repetition in _parts(field, start, "~"):
                yield from _hl7_value(kind, at, repetition, doctor=segment["name"] in ("PV1", "OBR"))


def _hl7_value(kind: str, start: int, value: str, *, doctor: bool) -> Iterator[Entity]:
    components = list(_parts(value, start, "^"))
    if kind == "PERSON":
        if doctor and components[0][1]:
            yield Entity("ID_NUMBER", *_ends(components[0]), SCORE)
        for part in components[1:4] if doctor else components[:3]:
            if part[1]:  # parts of a name are values of their own: no value goes over a separator
                yield Entity(kind, *_ends(part), 0.95)
    elif kind == "LOCATION":
        for part in (*components[:3], *components[4:5]):
            if len(part[1]) > 2:
                yield Entity(kind, *_ends(part), SCORE)
    elif components[0][1]:
        yield Entity(kind, *_ends(components[0]), 0.95)


def _x12(text: str) -> Iterator[Entity]:
    for segment in _X12.finditer(text):
        fields = {number: (start, value) for number, start, value in _fields(segment, "*") if value}
        for kind, number, score in _x12_kinds(segment["name"], fields):
            if number in fields:
                yield Entity(kind, *_ends(fields[number]), score)


def _x12_kinds(name: str, fields: Mapping[int, tuple[int, str]]) -> Iterable[tuple[str, int, float]]:
    """Return what a segment's fields are: kind, number, score."""
    if name in _X12_FIELDS:
        return _X12_FIELDS[name]
    if name == "NM1" and 3 in fields:
        kind = "PERSON" if _code(fields, 2) == "1" else "ORGANIZATION"
        return [*((kind, number, 0.95) for number in (3, 4, 5)), ("ID_NUMBER", 9, SCORE)]
    if name == "REF" and (kind := _X12_REFERENCES.get(_code(fields, 1), "")):
        return [(kind, 2, SCORE)]
    if name == "PER" and 2 in fields:
        phones = [number + 1 for number in (3, 5, 7) if _code(fields, number) in _X12_PHONES]
        return [("PERSON", 2, SCORE), *(("PHONE_NUMBER", number, SCORE) for number in phones)]
    return ()


def _code(fields: Mapping[int, tuple[int, str]], number: int) -> str:
    return fields[number][1] if number in fields else ""


def _edifact(text: str) -> Iterator[Entity]:
    for segment in _EDIFACT.finditer(text):
        fields = {number: (start, value) for number, start, value in _fields(segment, "+") if value}
        if segment["name"] == "CTA":
            for part in _components(fields.get(2, (0, ""))):
                if part[1] and not part[1].isdigit():
                    yield Entity("PERSON", *_ends(part), SCORE)
            continue
        for number, kind in ((2, "ID_NUMBER"), (4, "PERSON"), (5, "LOCATION"), (6, "LOCATION"), (8, "LOCATION")):
            if number in fields:
                first = next(_components(fields[number]))
                if len(first[1]) > 2:
                    yield Entity(kind, *_ends(first), SCORE)


def _fhir(text: str) -> Iterator[Entity]:
    for kind, pattern in _FHIR_FIELDS:
        for match in pattern.finditer(text):
            if "list" in pattern.groupindex:
                for item in _QUOTED.finditer(text, *match.span("list")):
                    yield Entity(kind, *item.span("value"), SCORE)
            elif not match["value"].startswith(("http", "<")):
                yield Entity(kind, *match.span("value"), SCORE)


def _vcard(text: str) -> Iterator[Entity]:
    for field in _VCARD_FIELD.finditer(text):
        # of a name: surname, given names, others; of an address: street, town, postal code
        kind, wanted = ("PERSON", (1, 2, 3)) if field["name"].upper() == "N" else ("LOCATION", (3, 4, 6))
        for number, start, value in _fields(field, ";"):
            if number in wanted and value.strip():
                yield Entity(kind, *_ends((start, value)), SCORE)


def find_segments(text: str) -> list[Entity]:
    """Return what the fields of HL7, X12, EDIFACT and FHIR records in a text hold, in no order."""
    return [entity for pattern, read in _FORMATS if pattern.search(text) for entity in read(text)]


_FORMATS: tuple[tuple[re.Pattern[str], Callable[[str], Iterator[Entity]]], ...] = (
    (_HL7, _hl7), (_X12, _x12), (_EDIFACT, _edifact), (_FHIR, _fhir), (_VCARD, _vcard),
)  # fmt: skip


def _fields(segment: re.Match[str], separator: str) -> Iterator[tuple[int, int, str]]:
    """Yield the fields of a segment: number, offset, text."""
    for number, (start, value) in enumerate(_parts(segment["fields"], segment.start("fields"), separator), 1):
        yield number, start, value


def _parts(value: str, start: int, separator: str) -> Iterator[tuple[int, str]]:
    for part in value.split(separator):
        yield start, part
        start += len(part) + 1


def _components(field: tuple[int, str]) -> Iterator[tuple[int, str]]:
    return _parts(field[1], field[0], ":")


def _ends(part: tuple[int, str]) -> tuple[int, int]:
    return part[0], part[0] + len(part[1])
