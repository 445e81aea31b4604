"""Arabic."""

from __future__ import annotations

from collections.abc import Iterator

from lc_guard.detectors.scripts import SIGN, one_of
from lc_guard.detectors.scripts._words import listed

_WORD = "[\u0621-\u0652\u0670-\u06d3]{2,20}"
_NEXT = one_of("الهاتف العنوان العمر المهنة البريد رقم تاريخ الجنس القسم الوظيفة الجوال الجنسية المدينة الراتب")
_STOP = one_of(
    "في من على إلى عن مع بخصوص هو هي قد التي الذي كان كانت يوم متاح متاحة وقع وقعت حول بشأن لأن أن إن ثم لم",
    "لا ما هذا هذه بعد قبل عند",
    "حضر حضرت قال قالت ذهب طلب أمس اليوم غدا وأريد وأنا المحترم المحترمة لطلب",
)
_NAME = rf"{_WORD}(?:[ ](?!{_STOP}(?!\w)|{_NEXT}(?!\w)){_WORD})"
_LABELS = one_of(
    "الاسم الاسم_الكامل اسم_المريض اسم_العميل اسم_الموظف اسم_الطالب المريض المريضة العميل المستلم المرسل",
    "مقدم_الطلب الموظف اللقب الشاهد",
    "المدعي المدعى_عليه الطبيب",
)
_TITLES = one_of(
    "السيد السيدة الآنسة الدكتور الدكتورة د. الأستاذ الأستاذة المهندس المهندسة الشيخ القاضي المحامي المحامية",
    "المريض المريضة",
)
RULES = (
    rf"(?<!\w){_LABELS}{SIGN}(?P<name>{_NAME}{{0,3}})",
    rf"(?<!\w)[لبو]?{_TITLES}[ ](?!{_STOP}(?!\w))(?P<name>{_NAME}{{0,1}})",
    rf"(?<!\w)(?:اسمي|أنا اسمي|يدعى|تدعى)[ ](?P<name>{_NAME}{{0,1}})",
)
ADDRESSES = (rf"(?<!\w)(?:العنوان|عنوان السكن|مكان الإقامة){SIGN}(?P<name>[^\n|:]{{4,60}}\w)",)


def known(text: str) -> Iterator[tuple[int, int]]:
    """Yield given names of the lists before surnames of the lists."""
    return listed(text, _WORD, ("ar_SA", "ar_AA"))
