"""National identifiers by country: their forms, their checksums, the names that they go by.

Forms are those that the issuing authorities publish; the sources of the checksums stand in `id_checksums`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from lc_guard.detectors import id_checksums as checks


class Rule(NamedTuple):
    """One identifier: its country and kind, its form, its checksum, its names, and whether the form alone is enough."""

    country: str
    kind: str
    pattern: re.Pattern[str]
    check: Callable[[str], bool]
    names: re.Pattern[str]
    distinct: bool


def unchecked(_: str) -> bool:
    """Return that a number passes: the check of a number that has no checksum, or need not pass it."""
    return True


def _rule(country: str, kind: str, pattern: str, check: Callable[[str], bool], names: str, *, distinct: bool) -> Rule:
    edge = rf"(?<![\w-])(?<!\d[ ./]){pattern}(?![\w-]|[./]\d)"
    return Rule(country, kind, re.compile(edge, re.IGNORECASE), check, re.compile(rf"(?i)(?<!\w)(?:{names})"), distinct)


_S = "[ .-]?"
_L = "[AC-HJ-NP-RT-Y]"
RULES = (
    _rule("DE", "DE_TAX_ID", rf"\d\d{_S}\d{{3}}{_S}\d{{3}}{_S}\d{{3}}", checks.de_tax_id,
          "steuer|tax|idnr|id-nr|tin|st-?id", distinct=False),
    _rule("DE", "DE_SOCIAL_SECURITY", rf"\d\d{_S}\d{{6}}{_S}[A-Z]{_S}\d{{2}}{_S}\d", checks.de_social_security,
          "sozialversicherung|rentenversicherung|sv-?n|rv-?n|social|versicherung", distinct=True),
    _rule("DE", "DE_ID_CARD", r"[CFGHJKLMNPRTVWXYZ][CFGHJKLMNPRTVWXYZ0-9]{8}\d", checks.de_id_card,
          "ausweis|personalausweis|reisepass|pass|id card|identity|passport", distinct=False),
    _rule("DE", "DE_ID_CARD", r"[CFGHJKLMNPRTVWXYZ][CFGHJKLMNPRTVWXYZ0-9]{8}", unchecked,
          "ausweis|personalausweis|id card|identity card", distinct=False),
    _rule("DE", "DE_HEALTH_INSURANCE", r"[A-Z]\d{9}", checks.de_health_insurance,
          "kranken|versicherten|kvnr|kv-nr|health insurance", distinct=False),
    _rule("AT", "AT_SOCIAL_SECURITY", rf"\d{{4}}{_S}\d{{6}}", checks.at_social_security,
          "sozialversicherung|sv-?n|svnr|social|versicherung|e-card", distinct=False),
    _rule("CH", "CH_SOCIAL_SECURITY", rf"756{_S}\d{{4}}{_S}\d{{4}}{_S}\d\d", checks.ch_social_security,
          "ahv|avs|social", distinct=True),
    _rule("FR", "FR_SOCIAL_SECURITY", rf"[12]{_S}\d\d{_S}\d\d{_S}(?:\d\d|2[AB]){_S}\d{{3}}{_S}\d{{3}}{_S}\d\d",
          checks.fr_social_security, "nir|s[eé]curit[eé] sociale|insee|ss", distinct=True),
    _rule("FR", "FR_TAX_ID", rf"[0-3]\d{_S}\d\d{_S}\d{{3}}{_S}\d{{3}}{_S}\d{{3}}", checks.fr_tax_id,
          "fiscal|spi|imp[oô]t|tax", distinct=False),
    _rule("NL", "NL_BSN", rf"\d{{3}}{_S}\d{{3}}{_S}\d{{3}}|\d{{4}}\.\d\d\.\d{{3}}", checks.nl_bsn,
          "bsn|burgerservice|sofi|service number", distinct=False),
    _rule("BE", "BE_NATIONAL_NUMBER", rf"\d\d{_S}\d\d{_S}\d\d{_S}\d{{3}}{_S}\d\d", checks.be_national,
          "rijksregister|registre national|national|niss|insz|rrn", distinct=False),
    _rule("PT", "PT_NIF", rf"\d{{3}}{_S}\d{{3}}{_S}\d{{3}}", checks.pt_nif, "nif|contribuinte|fiscal|tax",
          distinct=False),
    _rule("PL", "PL_PESEL", r"\d{11}", checks.pl_pesel, "pesel", distinct=False),
    _rule("IE", "IE_PPS", r"\d{7}[A-W][A-IW]?", checks.ie_pps, "pps|personal public", distinct=True),
    _rule("CA", "CA_SIN", rf"\d{{3}}{_S}\d{{3}}{_S}\d{{3}}", checks.ca_sin,
          "sin|social insurance|nas|assurance sociale", distinct=False),
    _rule("KR", "KR_RRN", r"\d{6}-[1-8]\d{6}", checks.kr_rrn, "rrn|resident|주민", distinct=True),
    _rule("KR", "KR_RRN", r"\d{6}[1-8]\d{6}", checks.kr_rrn, "rrn|resident|주민", distinct=False),
    _rule("BR", "BR_CPF", r"\d{3}\.\d{3}\.\d{3}-\d\d", checks.br_cpf, "cpf", distinct=True),
    _rule("BR", "BR_CPF", r"\d{11}", checks.br_cpf, "cpf", distinct=False),
    _rule("BR", "BR_CNPJ", r"\d\d\.\d{3}\.\d{3}/\d{4}-\d\d", checks.br_cnpj, "cnpj", distinct=True),
    # Behind its name a number counts though its digits do not add up: people mistype, and examples are made up.
    *(
        _rule(country, kind, pattern, unchecked, names, distinct=False)
        for country, kind, pattern, names in (
            ("US", "US_ITIN", r"9\d{2}-?\d{2}-?\d{4}", "itin|individual taxpayer"),
            ("US", "US_EIN", r"\d{2}-\d{7}", "ein|employer id|tax id|fein"),
            ("US", "US_MBI", rf"[1-9]{_L}[A-Z0-9]\d-?{_L}[A-Z0-9]\d-?{_L}{{2}}\d{{2}}", "mbi|medicare"),
            ("US", "US_PASSPORT", r"[A-Z]?\d{8,9}", "passport"),
            ("US", "ABA_ROUTING_NUMBER", r"[0-3]\d{8}", "routing|aba"),
            ("US", "US_BANK_NUMBER", r"\d{8,17}", "(?:bank|checking|savings) account"),
            ("UK", "UK_NHS", r"\d{3}[ -]?\d{3}[ -]?\d{4}", "nhs|national health"),
            ("UK", "UK_NINO", r"[A-Z]{2} ?\d\d ?\d\d ?\d\d ?[A-D]", "nino|national insurance|ni n"),
            ("UK", "UK_UTR", r"\d{5} ?\d{5}", "utr|unique taxpayer"),
            ("UK", "UK_VAT", r"GB ?\d{3} ?\d{4} ?\d\d(?: ?\d{3})?", "vat"),
            ("IE", "IE_PPS", r"\d{7}[A-W][A-IW]?", "pps"),
            ("DE", "DE_TAX_ID", r"\d{2} ?\d{3} ?\d{3} ?\d{3}", "steuer-?(?:id|identifikation)|idnr|steuerliche"),
            ("DE", "DE_TAX_NUMBER", r"\d{2,3}[/ ]\d{3,4}[/ ]\d{4,5}", "steuernummer|steuer-?nr|st\\.?-?nr"),
            ("AT", "AT_SOCIAL_SECURITY", r"\d{4} ?\d{6}", "sozialversicherung|svnr|sv-nr"),
            ("CH", "CH_SOCIAL_SECURITY", r"756\.?\d{4}\.?\d{4}\.?\d\d", "ahv|avs"),
            ("FR", "FR_SOCIAL_SECURITY", r"[12] ?\d\d ?\d\d ?(?:\d\d|2[AB]) ?\d{3} ?\d{3}(?: ?\d\d)?",
             "nir|s[eé]curit[eé] sociale|insee"),
            ("ES", "ES_NIF", r"\d{8}-?[A-Z]", "dni|nif|documento"),
            ("ES", "ES_NIE", r"[XYZ]-?\d{7}-?[A-Z]", "nie|extranjer"),
            ("IT", "IT_FISCAL_CODE", r"[A-Z]{6}\d\d[A-Z]\d\d[A-Z]\d{3}[A-Z]", "codice fiscale|c\\.?f\\.?|fiscal"),
            ("IT", "IT_VAT_CODE", r"\d{11}", "partita iva|p\\.? ?iva"),
            ("IT", "IT_IDENTITY_CARD", r"[A-Z]{2} ?\d{5}[A-Z]{2}|[A-Z]{2} ?\d{7}", "carta d[i'] ?identit[aà]|cie"),
            ("NL", "NL_BSN", r"\d{9}|\d{3}[ .]\d{3}[ .]\d{3}|\d{4}\.\d\d\.\d{3}", "bsn|burgerservice"),
            ("BE", "BE_NATIONAL_NUMBER", r"\d\d\.?\d\d\.?\d\d-?\d{3}\.?\d\d",
             "rijksregister|registre national|niss|insz"),
            ("PL", "PL_PESEL", r"\d{11}", "pesel"),
            ("PL", "PL_NIP", r"\d{3}-?\d{3}-?\d\d-?\d\d", "nip"),
            ("PL", "PL_ID_CARD", r"[A-Z]{3} ?\d{6}", "dow[oó]d"),
            ("PT", "PT_NIF", r"\d{3} ?\d{3} ?\d{3}", "nif|contribuinte"),
            ("PT", "PT_CITIZEN_CARD", r"\d{8} ?\d ?[A-Z0-9]{2}\d", "cart[aã]o d[eo] cidad[aã]o"),
            ("IN", "IN_AADHAAR", r"\d{4}[ -]?\d{4}[ -]?\d{4}", "aadhaar|aadhar|uidai|uid"),
            ("IN", "IN_PAN", r"[A-Z]{5}\d{4}[A-Z]", "pan|permanent account"),
            ("IN", "IN_VOTER", r"[A-Z]{3}\d{7}", "voter|epic|election"),
            ("AU", "AU_TFN", r"\d{3} ?\d{3} ?\d{2,3}", "tfn|tax file"),
            ("AU", "AU_MEDICARE", r"[2-6]\d{3} ?\d{5} ?\d", "medicare"),
            ("AU", "AU_ABN", r"\d{2} ?\d{3} ?\d{3} ?\d{3}", "abn|business number"),
            ("AU", "AU_ACN", r"\d{3} ?\d{3} ?\d{3}", "acn|company number"),
            ("CA", "CA_SIN", r"\d{3}[ -]?\d{3}[ -]?\d{3}", "sin|social insurance|assurance sociale"),
            ("SG", "SG_NRIC_FIN", r"[STFGM]\d{7}[A-Z]", "nric|fin|identity"),
            ("SG", "SG_UEN", r"\d{8,9}[A-Z]|[TS]\d\d[A-Z]{2}\d{4}[A-Z]", "uen|entity number"),
            ("KR", "KR_RRN", r"\d{6}-?\d{7}", "rrn|resident|주민등록번호|주민"),
            ("BR", "BR_CPF", r"\d{3}\.?\d{3}\.?\d{3}-?\d\d", "cpf"),
            ("BR", "BR_RG", r"\d{1,2}\.?\d{3}\.?\d{3}-?[\dX]", "rg|registro geral"),
            ("BR", "BR_CNPJ", r"\d\d\.?\d{3}\.?\d{3}/?\d{4}-?\d\d", "cnpj"),
        )
    ),
    *(
        _rule(country, "EU_VAT", rf"{country} ?(?:[A-Z0-9] ?){{7,11}}[A-Z0-9]", checks.eu_vat,
              "vat|ust|uid|mwst|tva|iva|btw|nip|tax", distinct=False)
        for country in ("AT", "BE", "DE", "ES", "FR", "IE", "IT", "NL", "PL", "PT")
    ),
)  # fmt: skip
"""Rules of our own: first those with a checksum."""

PRESIDIO: dict[str, tuple[tuple[str, bool], ...]] = {
    "UK": (("NhsRecognizer", False), ("UkNinoRecognizer", True)),
    "US": (("UsItinRecognizer", False),),
    "ES": (("EsNifRecognizer", True), ("EsNieRecognizer", True)),
    "IT": (("ItFiscalCodeRecognizer", True), ("ItVatCodeRecognizer", False)),
    "IN": (("InPanRecognizer", True), ("InAadhaarRecognizer", False), ("InVehicleRegistrationRecognizer", True)),
    "AU": (("AuAbnRecognizer", False), ("AuAcnRecognizer", False), ("AuTfnRecognizer", False),
           ("AuMedicareRecognizer", False)),
    "SG": (("SgFinRecognizer", True), ("SgUenRecognizer", True)),
    "FI": (("FiPersonalIdentityCodeRecognizer", True),),
}  # fmt: skip
"""Presidio's recognizers that each supported version has, by country, and whether a finding needs no name before it."""
