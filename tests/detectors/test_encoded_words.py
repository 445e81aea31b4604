"""Encoded words of mail headers (RFC 2047)."""

from __future__ import annotations

import re
import time
from email.header import Header

import pytest

from lc_guard import Guard
from lc_guard.detectors.encoded_words import EncodedWordDetector


def words(text: str) -> list[str]:
    """Return the encoded words in which something is found: all that they encode."""
    return [
        re.search(r"\S*=\?\S*$", text[: found.start])[0] + re.match(r"[^?]+={0,2}\?=", text[found.start :])[0]
        for found in EncodedWordDetector().detect(text)
    ]


@pytest.mark.parametrize("field", ["From", "To", "CC", "reply-to"])
@pytest.mark.parametrize("encoded", ["=?utf-8?Q?J=C3=BCrgen_Hallstein?=", "=?UTF-8?B?SsO8cmdlbiBIYWxsc3RlaW4=?="])
def test_who_a_mail_is_from_and_for(field: str, encoded: str) -> None:
    assert words(f"Subject: leave\n{field}: {encoded} <jh@example.org>\n") == [encoded]


def test_a_list_of_people_in_folded_lines() -> None:
    long = Header("Señora Dña. María Inés Ñáñez Etxeberría de la Peña y Zubizarreta", "utf-8", 40, "To").encode()
    assert long.count("=?") > 1
    text = f"To: a@example.org,\n =?iso-8859-1?q?J=FCrgen?= <j@example.org>,\n {long} <m@example.org>\n"
    assert words(text) == ["=?iso-8859-1?q?J=FCrgen?=", *long.split()]


def test_elsewhere_by_a_given_name_or_the_address_behind_it() -> None:
    assert words("Subject: =?utf-8?Q?L=C3=B6hne_von_Oscar_Abara?=") == ["=?utf-8?Q?L=C3=B6hne_von_Oscar_Abara?="]
    assert words("> =?utf-8?B?T3LDs24=?= <o@example.org> wrote:") == ["=?utf-8?B?T3LDs24=?="]


@pytest.mark.parametrize(
    "text",
    [
        "Subject: =?utf-8?Q?F=C3=A4llige_Rechnung?=",
        "Subject: =?utf-8?B?!!!!?= =?klingon?Q?abc?= =?utf-8?Q??=",
        "Subject: =?klingon?Q?abc?= =?utf-8?B?A?=",
        "if a =?b?c",
    ],
)
def test_what_names_nobody_stays(text: str) -> None:
    assert words(text) == []


def test_a_guard_hides_the_whole_word_and_puts_it_back() -> None:
    mail = "From: =?UTF-8?B?SsO8cmdlbiBIYWxsc3RlaW4=?= <jh@example.org>\n"
    session = Guard().session("s")
    hidden = session.anonymize(mail)
    assert hidden == "From: =?UTF-8?B?[REDACTED_PERSON_1]=?= <[REDACTED_EMAIL_ADDRESS_1]>\n"
    assert session.deanonymize(hidden) == mail


def test_takes_linear_time() -> None:
    detector = EncodedWordDetector()
    started = time.process_time()
    for unit in ("=?", "=?a?b?", "=?utf-8?Q?J?= ", "To: =?utf-8?Q?J?=\n", "To:\n ", "=?utf-8?B?" + "A" * 299):
        detector.detect(unit * (300_000 // len(unit)))
    assert time.process_time() - started < 15
