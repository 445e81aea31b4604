"""Chinese and Japanese."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from lc_guard.detectors.faker_names import faker_names
from lc_guard.detectors.locales import words
from lc_guard.detectors.scripts import LETTERS, SIGN, one_of

_HAN = "々\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_KANA = "\u3041-\u3096\u30a1-\u30fc"
_ALL = LETTERS["han"]
_GAP = "[ \u3000・]"
_LABELS = one_of(
    "姓名 名字 全名 联系人 紧急联系人 收件人 收货人 寄件人 发货人 申请人 负责人 法定代表人 法人代表 法人",
    "患者姓名 患者 病人 客户姓名",
    "客户 户主 持卡人 开户人 户名 账户名 原告 被告 被告人 证人 委托人 代理人 学生姓名 学生 监护人 家长 承租人",
    "出租人 经办人 签名",
    "签字 签署人 曾用名 投保人 被保险人 受益人 员工姓名 员工 司机 乘客 预订人 入住人 主治医师 主治医生 医生",
    "律师 法官",
    "聯絡人 聯繫人 申請人 負責人 客戶 戶名 證人 學生姓名 監護人 簽名 被保險人 受益人 緊急聯絡人 收件者 寄件者",
)
_NEXT = one_of(
    "电话 手机 性别 年龄 身份证 邮箱 地址 部门 职务 职位 出生 联系 工号 電話 手機 性別 年齡 身分證 地址 住所",
    "年齢 部署",
)
_NO_VALUE = one_of("不详 未知 待定 匿名 本人 同上 暂无 未填 必填 选填 请填 未提供 不明 未定 未記入 同じ 待補 不詳")
_JAPANESE_LABELS = one_of(
    "氏名 お名前 名前 ご氏名 患者名 患者氏名 担当者 担当者名 ご担当者 担当医 申請者 申込者 契約者 代表者",
    "受取人 宛名 保護者",
    "生徒氏名 会員名 お客様名 顧客名 フリガナ ふりがな カナ 作成者 承認者 署名 依頼者 被相続人 相続人 社員名 主治医",
)
_TITLES = one_of(
    "先生 女士 小姐 太太 夫人 同学 老师 医生 大夫 医师 教授 律师 经理 总经理 主任 护士 法官 博士 师傅 局长",
    "部长 院长 校长 主席",
    "总裁 工程师 警官 检察官 书记 董事长 秘书 阿姨 叔叔 奶奶 爷爷 老師 醫生 醫師 律師 經理 總經理 護士 師傅",
    "局長 部長 院長 校長",
    "總裁 工程師 警官 檢察官 董事長 秘書 同學",
)
_TOLD = one_of(
    "我叫 我是 名叫 叫做 姓名为 我的名字是 我的名字叫 患者 病人 原告 被告人 被告 证人 申请人 嫌疑人 客户 员工 记者"
)
_JAPANESE_TITLES = "(?:さん|さま|様(?![々子式相])|氏(?!名)|君|くん|ちゃん|殿(?!堂))"
_OFFICES = one_of("先生 部長 課長 社長 係長 教授 医師 弁護士 選手 先輩 主任 店長 裁判官 検事 会長 専務 常務 議員")
# 患者様, 各位様, お客様, 皆様
_NO_BEARERS = (
    r"(?!(?:患者|各位|会員|読者|利用者|担当|関係|保護|皆|客|神|奥|何|誰|王|姫|同|仕|模|多|異|有|お|ご)"
    r"[々\w]{0,3}(?:さん|さま|様|氏|君|殿))"
)

RULES = (
    rf"{_LABELS}{SIGN}(?!{_NO_VALUE})"
    rf"(?P<name>[{_HAN}]{{1,10}}·[{_HAN}]{{1,10}}|[{_HAN}]{{2,3}}(?={_NEXT})|[{_HAN}]{{2,4}}(?![{_ALL}]))",
    rf"(?:{_JAPANESE_LABELS}|[{_HAN}]{{1,4}}者(?:名|氏名)){SIGN}(?!{_NO_VALUE})"
    rf"(?P<name>[{_HAN}{_KANA}]{{1,6}}{_GAP}[{_HAN}{_KANA}]{{1,6}}(?![{_ALL}:：])"
    rf"|[{_HAN}{_KANA}]{{2,8}}(?![{_ALL}]))",
    rf"(?P<name>(?<![{_ALL}]){_NO_BEARERS}[{_HAN}]{{2,4}}(?:{_GAP}[{_HAN}{_KANA}]{{1,4}})?){_GAP}?{_JAPANESE_TITLES}",
    rf"(?P<name>(?<=[はがのとをにへや、。]){_NO_BEARERS}[{_HAN}]{{2,4}}){_JAPANESE_TITLES}",
    rf"(?:名前|氏名)は(?P<name>[{_HAN}{_KANA}]{{2,8}}?|[{_HAN}]{{1,4}}{_GAP}[{_HAN}]{{1,4}})(?=です|と申|といい"
    rf"|だ。)",
    rf"(?P<name>(?<![{_ALL}])[{_HAN}]{{1,4}}(?:{_GAP}?[{_HAN}]{{1,4}})?)と申します",
)
ADDRESSES = (
    rf"{one_of('地址 住址 家庭住址 通讯地址 收货地址 联系地址 住所 現住所 ご住所 通訊地址 收貨地址 本籍')}{SIGN}"
    rf"(?P<name>[{_ALL}][{_ALL}\w０-９()（）#－–-]{{4,60}})",
)
# verbs and prepositions that are surnames as well: 向王先生, 感谢王先生
_ALSO_WORDS = frozenset("向和于从经时安任应都那有能平明常别连相后还祝告但同及请谢代让为")
_FULL_TITLE = re.compile(rf"(?=(?P<title>{_TITLES}))")
_BEHIND_TOLD = re.compile(rf"{_TOLD}(?P<name>[{_HAN}]{{2,4}})(?=[\s,，.。、;；:：(（)）!！]|男|女|的|已|\Z)")
_IN_COURT = re.compile("(?:原告|被告人?|证人|證人)(?=[\u4e00-\u9fff])")
_BEFORE_OFFICE = re.compile(rf"(?=(?P<title>{_OFFICES}|{_JAPANESE_TITLES}))")


@cache
def _surnames() -> frozenset[str]:
    return frozenset(faker_names(("zh_CN", "zh_TW", "ja_JP"), ("last_names",)))


@cache
def _begins() -> re.Pattern[str]:
    return re.compile("|".join(sorted(map(re.escape, _surnames()), key=len, reverse=True)))


@cache
def _two_or_three() -> re.Pattern[str]:
    return re.compile(rf"(?:{_begins().pattern})[{_HAN}]{{1,2}}")


@cache
def _given() -> frozenset[str]:
    names = faker_names(("zh_CN", "zh_TW", "ja_JP"), ("first_names", "first_names_male", "first_names_female"))
    return frozenset(name for name in names if len(name) > 1)


def known(text: str) -> Iterator[tuple[int, int]]:
    """Yield surnames of the lists before a title or a known given name, or where somebody is introduced."""
    for pattern in (_FULL_TITLE, _BEFORE_OFFICE):
        for match in pattern.finditer(text):
            start = _start(text, match.start())
            if start is not None:
                yield start, match.start()
    for match in _BEHIND_TOLD.finditer(text):
        if _begins().match(match["name"]) and match["name"][0] not in _ALSO_WORDS:
            yield match.span("name")
    for match in _IN_COURT.finditer(text):
        if name := _two_or_three().match(text, match.end()):
            yield name.span()
    for match in _begins().finditer(text):
        for length in (3, 2):
            if text[match.end() : match.end() + length] in _given():
                yield match.start(), match.end() + length
                break


def _start(text: str, end: int) -> int | None:
    """Return where the name before a title begins: a surname with at most two characters behind it."""
    for length in (4, 3, 2, 1):
        start = end - length
        if start < 0:
            continue
        surname = _begins().match(text, start, end)
        if surname is None or not 0 <= end - surname.end() <= 2:
            continue
        shorter = length > 1 and text[start] in _ALSO_WORDS and _begins().match(text, start + 1, end)
        if not shorter and not (length == 4 and len(surname[0]) < 2) and _is_apart(text, start, end, surname[0]):
            return start
    return None


def _is_apart(text: str, start: int, end: int, surname: str) -> bool:
    """Whether what stands there can be a name: 一位女士, 全体老师 and 高级工程师 are none."""
    if not _PARTICLES.isdisjoint(text[start:end]):
        return False
    return text[start:end] not in _NO_NAMES and not (start and text[start - 1 : start + len(surname)] in _WORDS)


_PARTICLES = frozenset("的了在是们个这那我你他她它位")
_NO_NAMES = words(
    "全体 高级 家庭 师 全 项目 单 公 常 高 应 方 家 时 安全 别 有 万 谢 能 国 水 金 前 班 广 计 文 双 管",
)
_WORDS = words(
    "感谢 多谢 谢谢 致谢 国家 专家 大家 对方 双方 地方 最高 提高 公安 平安 保安 随时 及时 同时 特别 个别",
)
