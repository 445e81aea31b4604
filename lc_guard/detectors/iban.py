"""How long an IBAN is: what stands behind it in capitals is no part of it."""

from __future__ import annotations

Span = tuple[int, int]

# Length by country: SWIFT's IBAN registry (ISO 13616), https://www.swift.com/resource/iban-registry-pdf
_LENGTHS = {
    country: length
    for length, countries in {
        15: "NO",
        16: "BE",
        18: "DK FI FK FO GL NL SD",
        19: "MK SI",
        20: "AT BA EE KZ LT LU MN XK",
        21: "CH HR LI LV",
        22: "BG BH CR DE GB GE IE ME RS VA",
        23: "AE GI IL IQ OM SO TL",
        24: "AD CZ ES MD PK RO SA SE SK TN VG",
        25: "LY PT ST",
        26: "IS TR",
        27: "BI DJ FR GR IT MC MR SM",
        28: "AL AZ BY CY DO GT HN HU LB NI PL SV",
        29: "BR EG PS QA UA",
        30: "JO KW MU YE",
        31: "MT SC",
        32: "LC",
        33: "RU",
    }.items()
    for country in countries.split()
}


def iban(value: str) -> Span | None:
    """Check an IBAN by ISO 13616 (mod 97-10) and cut off what follows it.

    Args:
        value: Letters and digits with blanks or hyphens.

    Returns:
        The span of its country's length, of an unknown country the longest that passes and ends at a group; or None.
    """
    end = iban_end(value)
    if end is not None:
        return (0, end) if _passes(value[:end]) else None
    for end in range(len(value), 14, -1):
        if (end == len(value) or not value[end].isalnum()) and _passes(value[:end]):
            return 0, end
    return None


def iban_end(value: str) -> int | None:
    """Return the offset after the last character of an IBAN by its country's length; None if it has no such length."""
    length = _LENGTHS.get(value[:2].upper())
    if length is None:
        return None
    for at, char in enumerate(value):
        length -= char.isalnum()
        if not length:
            return at + 1
    return None


def _passes(value: str) -> bool:
    code = "".join(char for char in value if char.isalnum()).upper()
    if not (15 <= len(code) <= 34 and code.isascii()):
        return False
    return int("".join(str(int(char, 36)) for char in code[4:] + code[:4])) % 97 == 1
