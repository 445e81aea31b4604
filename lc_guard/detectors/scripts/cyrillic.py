"""Russian, Ukrainian, Bulgarian, Serbian: scripts with capitals, where a capital inside a sentence means a name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from lc_guard.detectors.faker_names import faker_names
from lc_guard.detectors.locales import words
from lc_guard.detectors.scripts import SIGN, one_of

_CAPITAL = "\u0400-\u042f\u0460\u0490"
_WORD = rf"[{_CAPITAL}][\u0430-\u045f\u0491'’]{{1,30}}(?:-[{_CAPITAL}][\u0430-\u045f\u0491]{{1,30}})?"
_INITIALS = rf"[{_CAPITAL}]\.(?:[ ]?[{_CAPITAL}]\.)?"
_NAME = rf"(?:{_INITIALS}[ ]?{_WORD}|{_WORD}(?:[ ](?:{_WORD}|{_INITIALS})){{0,2}})(?![\w:])"
_LABELS = one_of(
    "Имя Фамилия Отчество ФИО Ф.И.О. Фамилия_и_имя Имя_и_фамилия Заказчик Клиент Пациент Пациентка Получатель",
    "Отправитель Заявитель",
    "Сотрудник Контактное_лицо Подпись Истец Ответчик Свидетель Владелец Арендатор Автор Ученик Врач Менеджер",
    "Руководитель",
    "Ім'я Ім’я Прізвище ПІБ По_батькові Клієнт Пацієнт Пацієнтка Замовник Отримувач Відправник Заявник Свідок",
    "Позивач",
    "Име Презиме Клиент Пациент Получател Подател Заявител Свидетел Прималац",
)
_TITLES = (
    r"(?:[Гг]осподин(?:а|у|ом|е)?|[Гг]оспож(?:а|и|е|у|ой)|г-н(?:а|у|ом)?|г-ж(?:а|и|е|у)|[Дд]октор(?:а|у|ом)?"
    r"|[Пп]рофессор(?:а|у|ом)?"
    r"|[Уу]важаем(?:ый|ая|ые|и|а)|[Дд]орог(?:ой|ая)|[Пп]ан(?:а|у|ові|ом|е|і)?|[Шш]ановн(?:ий|а|і)"
    r"|[Пп]ациент(?:а|ка|ки|ке)?"
    r"|[Пп]ацієнт(?:ка)?|[Сс]удь[яиею]|[Сс]видетел[ья]|[Аа]двокат(?:а|у)?|[Гг]ражданин(?:а|у)?|[Гг]ражданк(?:а"
    r"|и)|[Тт]оварищ(?:а)?|[Дд]иректор(?:а|у)?)"
)
RULES = (
    rf"(?<!\w)(?i:{_LABELS}){SIGN}(?=(?P<name>{_NAME}))",
    rf"(?<!\w)(?:{_TITLES}[ ]){{1,2}}(?=(?P<name>{_NAME}))",
)
ADDRESSES = (
    rf"(?<!\w)(?:Адрес|Адреса|Место жительства|Адрес доставки){SIGN}(?P<name>[{_CAPITAL}\d][^\n|;]{{4,80}}\w)",
)
# Surnames and patronymics, in all cases.
_ENDING = re.compile(
    r"(?:[оеё]в(?:а|у|ым|е|ой)?|[иы]н(?:а|у|ым|е|ой)?|ск(?:ий|ого|ому|им|ом|ая|ой|ую)|[сц]ьк(?:ий|ого|ому|им|а"
    r"|ої|ій|у)|енко|[ую]к(?:а|у|ом)?"
    r"|ян(?:а|у)?|дзе|швили|ич(?:а|у|ем|е)?|[оеё]вн(?:а|ы|е|у|ой)|івн(?:а|и|і|у|ою)|ишин(?:а|у)?|ова|ева)\Z"
)
_RUN = re.compile(
    rf"(?<![\w.-])(?:[{_CAPITAL}]\.[ ]?){{0,2}}{_WORD}(?:[ ](?:{_WORD}"
    rf"|[{_CAPITAL}]\.(?:[ ]?[{_CAPITAL}]\.)?)){{0,3}}(?![\w:])"
)
_ONE = re.compile(rf"{_WORD}")
_INSIDE = re.compile(r"[\w,;][ ]\Z")
_NO_NAMES = words(
    "вы вас вам вами ваш ваша ваше ваши вашего вашей понедельник вторник среда четверг пятница суббота",
    "воскресенье январь",
    "февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь бог господь интернет россия",
)


@cache
def _given() -> frozenset[str]:
    return frozenset(
        faker_names(("ru_RU", "uk_UA", "bg_BG"), ("first_names", "first_names_male", "first_names_female"))
    )


def _is_given(word: str) -> bool:
    names = _given()
    if word in names:
        return True
    for ending in ("ой", "ою", "ом", "ем", "ові", "а", "у", "ы", "и", "е", "ю", "я", "і"):
        stem = word.removesuffix(ending)
        if (
            stem != word
            and len(stem) > 2
            and not names.isdisjoint((stem, stem + "а", stem + "я", stem + "й", stem + "ь"))
        ):
            return True
    return False


def known(text: str) -> Iterator[tuple[int, int]]:
    """Yield runs of words with a capital, from the first that is a name to the last."""
    for run in _RUN.finditer(text):
        words = [word for word in _ONE.finditer(text, *run.span()) if word[0].lower() not in _NO_NAMES]
        sure = [word for word in words if _is_name(word[0])]
        if sure and _INSIDE.search(text, max(0, run.start() - 2), run.start()):
            yield run.span()
        elif sure and len(words) > 1:
            yield sure[0].start(), run.end()


def _is_name(word: str) -> bool:
    return _is_given(word) or (len(word) > 4 and _ENDING.search(word) is not None)
