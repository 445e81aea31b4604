"""The colour of a kind: the same in a terminal, in a notebook and on a page."""

from __future__ import annotations

import re
from typing import NamedTuple
from zlib import crc32


class Colour(NamedTuple):
    """One colour for every ground.

    Attributes:
        name: What it stands for.
        mid: ``#rrggbb`` of lines and tints, to be seen on light and on dark ground.
        on_light: ``#rrggbb`` of text on white, at a contrast of 4.5 or more.
        on_dark: ``#rrggbb`` of text on near black, at a contrast of 4.5 or more.
    """

    name: str
    mid: str
    on_light: str
    on_dark: str

    def tint(self, opacity: float = 0.18) -> str:
        """Return the middle one as CSS, transparent: text of the ground's own colour stays readable on it."""
        red, green, blue = (int(self.mid[at : at + 2], 16) for at in (1, 3, 5))
        return f"rgba({red},{green},{blue},{opacity:g})"


COLOURS = (
    Colour("person", "#8b5cf6", "#6d28d9", "#c4b5fd"),
    Colour("place", "#22a05a", "#15703c", "#86efac"),
    Colour("organization", "#14a098", "#0f6f69", "#5eead4"),
    Colour("time", "#c98a10", "#8a5a00", "#fcd34d"),
    Colour("contact", "#3b82f6", "#1d4ed8", "#93c5fd"),
    Colour("network", "#0ea5d9", "#0369a1", "#7dd3fc"),
    Colour("money", "#ec4878", "#b31243", "#fda4af"),
    Colour("identity", "#c94fd8", "#9a1fae", "#f0abfc"),
    Colour("secret", "#ec6a1e", "#b0410b", "#fdba74"),
)
"""All colours; kinds of one family share one, and their names tell them apart."""

GOOD = Colour("good", "#1f9d55", "#15703c", "#86efac")
BAD = Colour("bad", "#dc4545", "#b01c1c", "#fca5a5")
FAIR = Colour("fair", "#c98a10", "#8a5a00", "#fcd34d")

_FAMILIES = {
    "person": "PERSON USERNAME",
    "place": "LOCATION",
    "organization": "ORGANIZATION NRP",
    "time": "DATE_TIME DATE_OF_BIRTH AGE",
    "contact": "EMAIL_ADDRESS PHONE_NUMBER",
    "network": "URL IP_ADDRESS MAC_ADDRESS WEBHOOK_URL",
    "money": "CREDIT_CARD IBAN_CODE BANK_ACCOUNT CRYPTO CARD",
    "identity": "PASSPORT DRIVERS_LICENSE TAX_ID LICENSE_PLATE VIN IMEI MEDICAL_LICENSE MEDICAL_RECORD",
    "secret": "API_KEY ACCESS_TOKEN PASSWORD PRIVATE_KEY SECRET",
}
_BY_NAME = {colour.name: colour for colour in COLOURS}
_BY_KIND = {kind: _BY_NAME[name] for name, kinds in _FAMILIES.items() for kind in kinds.split()}
# US_SSN and what else is of one country; CASE_NUMBER
_IDENTIFIER = re.compile(r"[A-Z]{2}_[A-Z0-9_]+|[A-Z0-9_]+_(?:NUMBER|ID|LICENSE|CODE)")
_ACTIONS = {"allow": GOOD, "anonymize": GOOD, "redact": FAIR, "replace": FAIR, "warn": FAIR, "block": BAD}


def colour_of(kind: str) -> Colour:
    """Return the colour of a kind; one that is not known has the same in every process."""
    known = _BY_KIND.get(kind)
    if known is None and _IDENTIFIER.fullmatch(kind):
        known = _BY_NAME["identity"]
    return known or COLOURS[crc32(kind.encode("utf-8", "replace")) % len(COLOURS)]


def colour_of_action(action: str) -> Colour:
    """Return the colour of what was done with a text."""
    return _ACTIONS.get(action, FAIR)
