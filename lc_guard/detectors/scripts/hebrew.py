"""Hebrew."""

from __future__ import annotations

from collections.abc import Iterator

from lc_guard.detectors.scripts import SIGN, one_of
from lc_guard.detectors.scripts._words import listed

_WORD = "[\u05d0-\u05ea][\u05d0-\u05ea'׳]{1,20}"
_STOP = one_of(
    "של את על אל עם הוא היא לא כי אשר בנוגע לגבי מקבל מקבלת אמר אמרה ביום היה הייתה ואני חתם חתמה הגיע הגיעה שלום"
)
_NEXT = one_of("טלפון כתובת גיל תפקיד מייל תאריך מין מחלקה נייד עיר")
_NAME = rf"{_WORD}(?:[ -](?!{_STOP}(?!\w)|{_NEXT}[ ]?:){_WORD})"
_LABELS = one_of(
    "שם שם_מלא שם_פרטי שם_משפחה שם_המטופל שם_הלקוח שם_העובד לקוח מטופל מטופלת איש_קשר נמען שולח המבקש תובע נתבע"
)
_TITLES = one_of("מר גב' גב׳ גברת ד\"ר ד״ר פרופ' פרופ׳ פרופסור עו\"ד עו״ד השופט השופטת הרב המטופל המטופלת")
RULES = (
    rf"(?<!\w){_LABELS}{SIGN}(?P<name>{_NAME}{{0,2}})",
    rf"(?<![\w\"״])[לוה]?{_TITLES}[ ](?!{_STOP}(?!\w))(?P<name>{_NAME}{{0,1}})",
    rf"(?<!\w)(?:שמי|קוראים לי)[ ](?P<name>{_NAME}{{0,1}})",
)
ADDRESSES = (rf"(?<!\w)(?:כתובת|מען){SIGN}(?P<name>[^\n|:]{{4,60}}\w)",)


def known(text: str) -> Iterator[tuple[int, int]]:
    """Yield given names of the lists before surnames of the lists."""
    return listed(text, _WORD, ("he_IL",))
