"""Names in the encoded words of mail headers: ``From: =?utf-8?Q?J=C3=BCrgen_Hallstein?= <jh@example.org>``.

A model that reads mail reads these too, base64 as well, where no search for a name looks. Source: RFC 2047, section 2.
"""

from __future__ import annotations

import re
from binascii import Error as NoBase64
from collections.abc import Iterator, Sequence
from email.errors import HeaderParseError
from email.header import decode_header, make_header

from lc_guard.detectors.name_lists import load_names
from lc_guard.detectors.spans import clean
from lc_guard.records import Entity

SCORE = 0.85
_ENCODED_WORD = re.compile(
    r"=\?[\w.*-]{1,40}\?(?:[Bb]\?(?P<base64>[A-Za-z0-9+/]{1,300})={0,2}|[Qq]\?(?P<quoted>[!->@-~]{1,300}))\?="
)
# Fields that hold people (RFC 5322, section 3.6), with what stands before an encoded word in them; folded lines too.
_OF_PEOPLE = re.compile(
    r"^(?:From|To|Cc|Bcc|Sender|Reply-To|Resent-From|Resent-To):[^\n]{0,300}(?:\r?\n[ \t][^\n]{0,300}){0,20}\Z",
    re.IGNORECASE | re.MULTILINE,
)
_LONGEST_FIELD = 1_000
_ADDRESS_AFTER = re.compile(r"\"?\s{0,3}<[^\s<>]{1,254}@")
_WORD = re.compile(r"[^\W\d_]+")


class EncodedWordDetector:
    """Finds PERSON in encoded words: in a field of people, before an address, or where a given name is in one.

    All that a word encodes is one value.
    """

    name = "encoded_words"

    def warm_up(self) -> None:
        """Load the list of given names now."""
        load_names()

    def detect(self, text: str) -> list[Entity]:
        """Return what encoded words say that name somebody, ordered by offset."""
        return clean(text, list(_found(text))) if "=?" in text else []

    def detect_batch(self, texts: Sequence[str]) -> list[list[Entity]]:
        """Do the same for many texts."""
        return [self.detect(text) for text in texts]


def _found(text: str) -> Iterator[Entity]:
    for word in _ENCODED_WORD.finditer(text):
        before = text[max(0, word.start() - _LONGEST_FIELD) : word.start()]
        if (
            _OF_PEOPLE.search(before) is not None
            or _ADDRESS_AFTER.match(text, word.end()) is not None
            or any(each.capitalize() in load_names() for each in _WORD.findall(_decoded(word[0])))
        ):
            yield Entity("PERSON", *word.span("base64" if word["base64"] else "quoted"), SCORE)


def _decoded(word: str) -> str:
    """Return what an encoded word reads as, nothing where it is none."""
    try:
        return str(make_header(decode_header(word)))
    except (HeaderParseError, NoBase64, LookupError, UnicodeError):
        return ""
