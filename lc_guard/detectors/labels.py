"""Which label means which kind: models, pattern sets and people name the same thing differently."""

from __future__ import annotations

from lc_guard.records import normalize_kind

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
}

KINDS = tuple(_SYNONYMS)
"""Kinds that have other names too: all that the package's detectors give but for some of single countries."""

CANONICAL = {synonym: kind for kind, synonyms in _SYNONYMS.items() for synonym in synonyms.split()}
"""Label → the kind that means the same: one value must not get two placeholders."""


def kind_of(label: str) -> str:
    """Give the kind that a label means: Presidio's name where it has one, else the label in the form of kinds.

    Args:
        label: Of a model, a data set or LLM Guard, such as ``"PER"`` or ``"phone number"``.
    """
    kind = normalize_kind(label)
    return CANONICAL.get(kind, kind)
