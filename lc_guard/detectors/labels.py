"""Which label means which kind: models, pattern sets and people name the same thing differently.

How sure a finding must be, by kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lc_guard.errors import GuardError
from lc_guard.records import Entity, normalize_kind

_SYNONYMS = {
    "PERSON": (
        "PER NAME FULL_NAME PERSON_NAME GIVEN_NAME GIVENNAME FIRST_NAME FIRSTNAME MIDDLE_NAME MIDDLENAME SURNAME"
        " LAST_NAME LASTNAME"
    ),
    "LOCATION": (
        "LOC GPE FAC ADDRESS STREET_ADDRESS STREET STREET_NAME CITY COUNTY STATE COUNTRY BUILDING_NUMBER BUILDINGNUM"
        " SECONDARY_ADDRESS ZIP_CODE ZIPCODE"
    ),
    "ORGANIZATION": "ORG ORGANISATION COMPANY COMPANY_NAME COMPANYNAME",
    "NRP": "NORP NATIONALITY",
    "DATE_TIME": "DATE TIME DATE_RE",
    "DATE_OF_BIRTH": "DOB DATEOFBIRTH BIRTH_DATE",
    "EMAIL_ADDRESS": "EMAIL E_MAIL EMAIL_ADDRESS_RE",
    "PHONE_NUMBER": "PHONE TELEPHONENUM PHONENUMBER MOBILE_PHONE_NUMBER PHONE_NUMBER_WITH_EXT PHONE_NUMBER_ZH",
    "CREDIT_CARD": "CREDITCARDNUMBER CREDIT_CARD_NUMBER CREDIT_CARD_RE",
    "US_SSN": "SSN SOCIALNUM SOCIAL_SECURITY_NUMBER US_SSN_RE",
    "IBAN_CODE": "IBAN",
    "IP_ADDRESS": "IP IPV4 IPV6",
    "URL": "URL_RE",
    "CRYPTO": "BTC_ADDRESS",
    "PASSPORT": "PASSPORTNUM PASSPORT_NUMBER",
    "BANK_ACCOUNT": "ACCOUNTNUM BANK_ACCOUNT_NUMBER",
    "DRIVERS_LICENSE": "DRIVERLICENSENUM DRIVER_S_LICENSE_NUMBER",
    "TAX_ID": "TAXNUM",
    "USERNAME": "USER_NAME LOGIN LOGIN_NAME HANDLE NICKNAME SCREEN_NAME",
    "LICENSE_PLATE": "VEHICLE_REGISTRATION NUMBER_PLATE PLATE LICENSE_PLATE_NUMBER VEHICLEVRM",
    "VIN": "VEHICLE_IDENTIFICATION_NUMBER VEHICLEVIN",
    "IMEI": "PHONEIMEI",
    "API_KEY": "APIKEY SECRET_KEY",
    "ACCESS_TOKEN": "TOKEN AUTH_TOKEN BEARER_TOKEN",
    "PASSWORD": "PASSWD PASSPHRASE",
    "PRIVATE_KEY": "SSH_PRIVATE_KEY",
    "WEBHOOK_URL": "WEBHOOK",
}

KINDS = tuple(_SYNONYMS)
"""Kinds that have other names too: all that the package's detectors give but for some of single countries."""

CANONICAL = {synonym: kind for kind, synonyms in _SYNONYMS.items() for synonym in synonyms.split()}
"""Label → the kind that means the same: one value must not get two placeholders."""


def kind_of(label: str) -> str:
    """Return the kind that a label means: Presidio's name where it has one, else the label in the form of kinds.

    Args:
        label: Of a model, a data set or LLM Guard, such as ``"PER"`` or ``"phone number"``.
    """
    kind = normalize_kind(label)
    return CANONICAL.get(kind, kind)


class Thresholds:
    """The least score of a finding, by kind.

    Args:
        default: For kinds that are not named, 0…1.
        by_kind: Kind → least score, 0…1.

    Raises:
        GuardError: A score is out of range.
    """

    def __init__(self, default: float, by_kind: Mapping[str, float] | None = None) -> None:
        self._default = default
        self._by_kind = {kind_of(kind): score for kind, score in (by_kind or {}).items()}
        for score in (default, *self._by_kind.values()):
            if not 0 <= score <= 1:
                raise GuardError(f"threshold={score!r} is no score: give 0…1")
        self.least = min((default, *self._by_kind.values()))

    def __repr__(self) -> str:
        return f"{self._default}{f', {self._by_kind}' if self._by_kind else ''}"

    def __call__(self, kind: str) -> float:
        """Return the least score of a kind."""
        return self._by_kind.get(kind, self._default)

    def reached(self, entities: Iterable[Entity]) -> list[Entity]:
        """Drop the findings whose score is under the threshold of their kind."""
        return [entity for entity in entities if entity.score >= self(entity.kind)]
