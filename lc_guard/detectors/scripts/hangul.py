"""Korean."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from lc_guard.detectors.faker_names import faker_names
from lc_guard.detectors.locales import words
from lc_guard.detectors.scripts import SIGN, one_of

_LETTER = "\uac00-\ud7a3"
_LABELS = one_of(
    "이름 성명 성함 고객명 환자명 환자 담당자 담당자명 신청인 신청자 예금주 수령인 수취인 수신 발신 참조",
    "받는_사람 받는_분 보내는_사람 보낸_사람 보호자",
    "대표자 작성자 계약자 원고 피고 증인 직원명 사원명 학생명 회원명 임차인 임대인 주문자 예약자 담당의 주치의",
)
_TITLES = one_of(
    "씨 님 선생님 대표님 과장님 부장님 팀장님 교수님 사장님 대리님 원장님 차장님 이사님 실장님 박사님",
    "변호사님 의사 대표 과장 부장 팀장",
    "교수 박사 변호사 검사 판사 간호사 기자 대리 차장 원장 사장 회장 의원",
)
_NO_VALUE = one_of("없음 미상 미정 동일 필수 선택 입력 본인 익명")
_ENDS = "(?=입니다|이에요|예요|이고|이라고|라고|이며)"
RULES = (
    rf"(?<![{_LETTER}]){_LABELS}{SIGN}(?!{_NO_VALUE})(?P<name>[{_LETTER}]{{2,5}})(?![{_LETTER}])",
    rf"(?:이름은|성함은|저는|제가)[ ](?P<name>[{_LETTER}]{{2,4}}?){_ENDS}",
)
ADDRESSES = (
    rf"(?<![{_LETTER}])(?:주소|거주지|배송지|본적){SIGN}(?P<name>[{_LETTER}][{_LETTER}\w .-]{{4,60}}(?<=[\w]))",
)
_TITLED = re.compile(
    rf"(?<![{_LETTER}])(?P<name>[{_LETTER}]{{1,4}})(?P<gap>[ ]?){_TITLES}(?=[{_LETTER}]{{0,2}}(?![{_LETTER}]))"
)
# The next ones of the census of 2015.
_MORE = words(
    "남궁 황보 제갈 선우 독고 탁 국 여 진 어 은 편 용 예 경 봉 사 부 가 복 태 목 형 피 두 감 음 빈 동 온 호 범 좌"
)
_NO_NAMES = words(
    "고객 손 부모 회원 선생 하나 이모 고모 이용자 임금 도련 사장 사용자 관리자 담당자 신청자 대표 팀장 과장",
    "부장 교수 원장",
    "이사 주인 장 형 누 담당 전문 강사 기사 전직 현직 신임 차기 한 이 그 저 각 모든 우리 여러 어느 변호 전",
)
_WORD = re.compile(rf"(?<![{_LETTER}])[{_LETTER}]{{3,7}}")


@cache
def _surnames() -> frozenset[str]:
    return frozenset(faker_names(("ko_KR",), ("last_names",))) | _MORE


@cache
def _given() -> frozenset[str]:
    return frozenset(faker_names(("ko_KR",), ("first_names",)))


def known(text: str) -> Iterator[tuple[int, int]]:
    """Yield surnames of the lists before a title, and before a known given name."""
    for match in _TITLED.finditer(text):
        name = match["name"]
        if name not in _NO_NAMES and _surname_of(name) and (len(name) > 1 or match["gap"]):
            yield match.span("name")
    for match in _WORD.finditer(text):
        surname = _surname_of(match[0])
        given = match[0][len(surname) : len(surname) + 2]
        if surname and given in _given():
            yield match.start(), match.start() + len(surname) + 2


def _surname_of(name: str) -> str:
    return next((name[:length] for length in (2, 1) if name[:length] in _surnames()), "")
