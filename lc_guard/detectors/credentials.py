"""Credentials as entities: hidden and restored like other values, under kinds of their own."""

from __future__ import annotations

from collections.abc import Sequence

from lc_guard._text.credentials import find_credentials
from lc_guard.records import Entity


class CredentialDetector:
    """Finds API_KEY, ACCESS_TOKEN, PASSWORD, PRIVATE_KEY and WEBHOOK_URL, as the scanner `Secrets` does; no model.

    The scanner judges a text that holds one, and blocks it by default; the detector hides the credential and lets the
    rest go on. A model that is to help with a configuration needs no password for it.
    """

    name = "credentials"

    def detect(self, text: str) -> list[Entity]:
        """Return the credentials of a text, ordered by offset, without overlaps."""
        return [Entity(item.kind, item.start, item.end, item.score) for item in find_credentials(text)]

    def detect_batch(self, texts: Sequence[str]) -> list[list[Entity]]:
        """Do the same for many texts."""
        return [self.detect(text) for text in texts]
