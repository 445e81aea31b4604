"""Thai, which writes no blanks between words: a name ends where a list says it, or the line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from lc_guard.detectors.faker_names import faker_names
from lc_guard.detectors.scripts import LETTERS, SIGN, one_of

_ALL = LETTERS["thai"]
_LABELS = one_of("ชื่อ ชื่อ-นามสกุล ชื่อ-สกุล ชื่อสกุล นามสกุล ชื่อผู้ป่วย ชื่อลูกค้า ผู้ป่วย ลูกค้า ผู้ติดต่อ ผู้รับ ผู้ส่ง ผู้เช่า พยาน")
# คุณ is "you" as well: it needs a name of the lists
_TITLES = one_of("นางสาว นาง นาย น.ส. ดร. นพ. พญ. ด.ช. ด.ญ.")
RULES = (
    rf"(?<![{_ALL}]){_LABELS}{SIGN}(?P<name>[{_ALL}]{{2,20}}(?:[ ][{_ALL}]{{2,20}})?)(?![{_ALL}:])",
    rf"{_TITLES}[ ]?(?P<name>[{_ALL}]{{2,12}}[ ][{_ALL}]{{2,16}})(?![{_ALL}])",
)
ADDRESSES = (rf"(?<![{_ALL}])ที่อยู่{SIGN}(?P<name>[^\n|:]{{4,80}}[\w{_ALL}])",)


@cache
def _given() -> re.Pattern[str]:
    names = [name for name in faker_names(("th_TH",), ("first_names",)) if len(name) > 3]
    return re.compile(
        rf"(?:คุณ|{_TITLES})[ ]?(?P<name>{'|'.join(sorted(map(re.escape, names), key=len, reverse=True))})"
    )


@cache
def _surname() -> re.Pattern[str]:
    names = sorted(map(re.escape, faker_names(("th_TH",), ("last_names",))), key=len, reverse=True)
    return re.compile(f"[ ](?:{'|'.join(names)})")


def known(text: str) -> Iterator[tuple[int, int]]:
    """Yield given names of the lists behind a title, with the word behind them."""
    for match in _given().finditer(text):
        surname = _surname().match(text, match.end())
        yield match.start("name"), surname.end() if surname else match.end()
