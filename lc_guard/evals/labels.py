"""Which label means which kind: data sets and detectors name the same thing differently.

Labels of the Text Anonymization Benchmark, OntoNotes, CoNLL-2003, ai4privacy's PII sets, Presidio and LLM Guard.

Which annotation speaks of which check, and what it says.

A person's annotation is a score with the source ``ANNOTATION``. Without options, one named like a check's score
(``prompt.pii``), or that with ``.label`` or ``.harmful`` behind it, speaks of this check; it says yes where it is True,
a number from 0.5, or one of the words in `YES`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from lc_guard.detectors.beside_names import TITLES
from lc_guard.records import normalize_kind

Kinded = tuple[int, int, str]
"""Start, end and kind of a stretch of a text."""

_SYNONYMS = {
    "PERSON": (
        "PER NAME NAMES FULL_NAME FULLNAME FIRST_NAME FIRSTNAME GIVEN_NAME GIVENNAME MIDDLE_NAME MIDDLENAME LAST_NAME"
        " LASTNAME SURNAME FAMILY_NAME PATIENT DOCTOR"
    ),
    "ORGANIZATION": "ORG ORGANISATION COMPANY COMPANY_NAME COMPANYNAME HOSPITAL",
    "LOCATION": (
        "LOC GPE FAC FACILITY PLACE CITY STATE COUNTRY COUNTY STREET STREET_NAME STREET_ADDRESS ADDRESS BUILDING_NUMBER"
        " BUILDINGNUM SECONDARY_ADDRESS ZIP ZIP_CODE ZIPCODE POSTCODE POSTAL_CODE"
    ),
    "DATE_TIME": "DATETIME DATE TIME",
    "DATE_OF_BIRTH": "DOB DATEOFBIRTH BIRTH_DATE BIRTHDATE",
    "NRP": "DEM NORP DEMOGRAPHIC",
    "MISC": "MISCELLANEOUS OTHER",
    "CODE": "ID IDENTIFIER",
    "EMAIL_ADDRESS": "EMAIL E_MAIL MAIL",
    "PHONE_NUMBER": (
        "PHONE TELEPHONE TELEPHONENUM PHONE_NUMBER_WITH_EXT PHONE_NUMBER_ZH PHONENUMBER MOBILE FAX FAX_NUMBER"
    ),
    "CREDIT_CARD": "CARD CREDITCARD CREDITCARDNUMBER CREDIT_CARD_NUMBER CREDITCARD_NUMBER",
    "US_SSN": "SSN SOCIALNUM SOCIAL_SECURITY_NUMBER",
    "IBAN_CODE": "IBAN",
    "IP_ADDRESS": "IP IPV4 IPV6 IPADDRESS",
    "URL": "DOMAIN_NAME DOMAIN WEBSITE",
    "CRYPTO": "BTC_ADDRESS BITCOIN_ADDRESS",
    "MEDICAL_RECORD_NUMBER": "MRN MEDICALRECORD",
    "US_BANK_NUMBER": "BANK_ACCOUNT ACCOUNTNUM ACCOUNT_NUMBER",
    "US_PASSPORT": "PASSPORT PASSPORTNUM",
    "US_DRIVER_LICENSE": "DRIVER_LICENSE DRIVERLICENSENUM DRIVERS_LICENSE",
}

LABELS: Mapping[str, str] = MappingProxyType(
    {synonym: kind for kind, synonyms in _SYNONYMS.items() for synonym in synonyms.split()}
)
"""Label, of a data set or a detector → the kind under which it is counted. Any other label is its own kind."""

_CODES = (
    "CASE_NUMBER CREDIT_CARD CRYPTO EMAIL_ADDRESS IBAN_CODE ID_NUMBER IP_ADDRESS MAC_ADDRESS MEDICAL_LICENSE"
    " MEDICAL_RECORD_NUMBER PHONE_NUMBER PO_BOX TAX_ID UK_NHS UK_NINO URL US_BANK_NUMBER US_DRIVER_LICENSE US_ITIN"
    " US_PASSPORT US_SSN UUID"
)

BROADER: Mapping[str, str] = MappingProxyType({**dict.fromkeys(_CODES.split(), "CODE"), "DATE_OF_BIRTH": "DATE_TIME"})
"""Kind of a finding → the broader kind that it is right for as well.

The Text Anonymization Benchmark marks every number and code, phone and case numbers included, as CODE.
"""


class KindMap:
    """Maps labels to kinds."""

    def __init__(self, labels: Mapping[str, str] | None = None) -> None:
        own = {normalize_kind(label): normalize_kind(kind) for label, kind in (labels or {}).items()}
        self._labels = {**LABELS, **own}
        self._known: dict[str, str] = {}

    def __call__(self, label: str) -> str:
        """Return the kind under which a label is counted."""
        kind = self._known.get(label)
        if kind is None:
            name = normalize_kind(label)
            # LLM Guard marks what its expressions find: EMAIL_ADDRESS_RE is an EMAIL_ADDRESS
            kind = self._labels.get(name) or self._labels.get(name.removesuffix("_RE"), name.removesuffix("_RE"))
            self._known[label] = kind
        return kind


_FIRST_WORD = re.compile(r"([^\W\d_]+)\.?\s+(?=\S)")


def untitled(text: str, start: int, end: int, kind: str) -> Kinded:
    """Take titles off the beginning of a person's name, as long as something is left; other kinds stay as they are."""
    while kind == "PERSON" and (word := _FIRST_WORD.match(text, start, end)) and word[1].lower() in TITLES:
        start = word.end()
    return start, end, kind


SUFFIXES = ("", ".label", ".harmful")
"""What may stand behind a check's name in the name of an annotation."""

YES = frozenset({"yes", "true", "harmful", "unsafe", "bad", "positive", "flag", "flagged", "block", "leak", "pii"})
NO = frozenset(
    {"no", "false", "harmless", "safe", "good", "negative", "ok", "okay", "allow", "benign", "none", "clean"}
)


@dataclass(frozen=True, slots=True)
class Labelling:
    """Says of which checks an annotation speaks.

    Attributes:
        named: Pairs of an annotation's name and a check's score name, or None where it speaks of all checks; empty for
            the names that the module describes.
        yes: More words that say yes; a word that stands here says yes also where it stands in `NO`.
    """

    named: tuple[tuple[str, str | None], ...] = ()
    yes: frozenset[str] = frozenset()

    def checks(self, annotation: str, known: Collection[str]) -> Sequence[str]:
        """Return the checks of which an annotation speaks.

        Args:
            annotation: Its name.
            known: Names of the checks there are.
        """
        if not self.named:
            names = (annotation.removesuffix(suffix) for suffix in SUFFIXES if annotation.endswith(suffix))
            return [name for name in dict.fromkeys(names) if name in known]
        found: dict[str, None] = {}
        for name, check in self.named:
            if name == annotation:
                found |= dict.fromkeys(known if check is None else {check} & set(known))
        return sorted(found)

    def says(self, value: float | str) -> bool | None:
        """Return whether a value says yes; None for a word that is not known."""
        if not isinstance(value, str):
            return value >= 0.5
        word = value.strip().casefold()
        if word in self.yes or word in YES:
            return True
        return False if word in NO else None
