"""Which stretch of a candidate passes the check of its format; a pattern alone would take any digits."""

from __future__ import annotations

import ipaddress
import re

Span = tuple[int, int]
"""Offsets inside the candidate."""


def luhn(value: str) -> Span | None:
    """Check a card number by ISO/IEC 7812-1's formula.

    Args:
        value: Digits with separators.

    Returns:
        The whole span, or None.
    """
    digits = [int(char) for char in value if char.isdigit()]
    if not 12 <= len(digits) <= 19 or len(set(digits)) == 1:
        return None
    doubled = [d * 2 - 9 if d > 4 else d * 2 for d in digits[-2::-2]]
    return (0, len(value)) if (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0 else None


def iban(value: str) -> Span | None:
    """Check an IBAN by ISO 13616 (mod 97-10) and cut off a following word in capitals.

    Args:
        value: Letters and digits with blanks or hyphens.

    Returns:
        The longest span that passes and ends at a group, or None.
    """
    for end in range(len(value), 14, -1):
        if end < len(value) and value[end].isalnum():
            continue
        code = "".join(char for char in value[:end] if char.isalnum()).upper()
        if 15 <= len(code) <= 34 and int("".join(str(int(c, 36)) for c in code[4:] + code[:4])) % 97 == 1:
            return 0, end
    return None


def ip_address(value: str) -> Span | None:
    """Check an IP address (RFC 4291 for version 6), and cut off a full stop or colon behind it.

    Args:
        value: Candidate, perhaps with a zone or a prefix length.

    Returns:
        The span that is an address, or None.
    """
    core = value.rstrip(".")
    core = core[:-1] if core.endswith(":") and not core.endswith("::") else core
    address = re.split(r"[%/]", core)[0]
    try:
        ipaddress.ip_address(address)
    except ValueError:
        return None
    return (0, len(core)) if any(char not in ":." for char in address) else None


def phone(value: str) -> Span | None:
    """Accept 7 to 15 digits (ITU-T E.164's most) that are not one digit repeated."""
    digits = [char for char in re.split(r"(?i)x|ext", value)[0] if char.isdigit()]
    return (0, len(value)) if 7 <= len(digits) <= 15 and len(set(digits)) > 1 else None


def domain(value: str) -> Span | None:
    """Accept a bare host name if it can't be the end of one sentence and the begin of the next (``no.So``)."""
    host = re.split(r"[/?#:]", value, maxsplit=1)[0]
    labels = host.split(".")
    plausible = labels[-1].islower() or host.isupper()
    return (0, len(value)) if plausible and len(labels[-2]) > 2 else None


def with_digit(value: str) -> Span | None:
    """Accept an identifier that has a digit in it."""
    return (0, len(value)) if any(char.isdigit() for char in value) else None
