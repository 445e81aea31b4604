"""Scripts that no model reads: names by labels, titles and lists, and nothing by a guess."""

import importlib
import time

import pytest

from lc_guard.detectors.script_names import ScriptNameDetector, readable_guesses
from lc_guard.detectors.scripts import LETTERS
from lc_guard.records import Entity

NAMES = [
    ("请帮我写一封邮件给王晓明先生，确认会议。", ["王晓明"]),
    ("姓名：李雪梅\n电话：13812345678", ["李雪梅"]),
    ('{"姓名": "高建华", "诊断": "高血压"}', ["高建华"]),
    ("感谢王先生，向李女士问好。", ["王", "李"]),
    ("尊敬的罗经理，附件请查收。", ["罗"]),
    ("我叫赵建国，住在上海。", ["赵建国"]),
    ("法院判决被告朱大伟赔偿。", ["朱大伟"]),
    ("地址：北京市朝阳区建国路88号", ["北京市朝阳区建国路88号"]),
    ("氏名：佐藤 花子\n電話番号：03-5555-4321", ["佐藤 花子"]),
    ("昨日、松本さんと井上さんが来社しました。", ["松本", "井上"]),
    ("はじめまして、清水と申します。", ["清水"]),
    ("소하: 없음\n성명: 한지민", ["한지민"]),
    ("김민수 씨에게 이메일을 써 주세요.", ["김민수"]),
    ("제 이름은 윤서연입니다.", ["윤서연"]),
    ("강 선생님은 오전에만 진료합니다.", ["강"]),
    ("Позвони Игорю Белову завтра.", ["Игорю Белову"]),
    ("Вчера Михаил Орлов ушёл.", ["Михаил Орлов"]),
    ("ФИО: Смирнова Елена Викторовна\nДолжность: Главный бухгалтер", ["Смирнова Елена Викторовна"]),
    ("Пан Коваленко підписав договір.", ["Коваленко"]),
    ("Ο κύριος Δημητρίου υπέγραψε. Χθες ο Νίκος Αλεξίου έφυγε.", ["Δημητρίου", "Νίκος Αλεξίου"]),
    ("الاسم: فاطمة الزهراء\nالهاتف: 0555123456", ["فاطمة الزهراء"]),
    ("السيدة هدى إبراهيم وقعت العقد.", ["هدى إبراهيم"]),
    ("שם מלא: שרה אברהמי תפקיד: מנהלת", ["שרה אברהמי"]),
    ("श्रीमती कविता सिंह ने कल हस्ताक्षर किए।", ["कविता सिंह"]),
    ("ชื่อ: สมชาย ใจดี\nโทรศัพท์: 081-234-5678", ["สมชาย ใจดี"]),
]
NONE = [
    *("您好，我的电话没有信号，请问如何重新启动路由器？", "一位女士和各位老师，全体医生。", "联系人 电话 邮箱 地址"),
    *("お客様のご意見、皆様のご協力。仕様書の様式を確認。", "고객님의 주문이 취소되었습니다. 담당자에게 문의하세요."),
    *("Сколько стоит доставка? Статус: Открыт. Понедельник выходной.", "Πόσο κοστίζει; Δευτέρα είναι αργία."),
    *("مرحبا، هاتفي لا يعمل. كيف أعيد تشغيل الجهاز؟", "הטלפון שלי לא עובד. מה לעשות?", "मेरा फ़ोन काम नहीं कर रहा है।"),
    *("คุณสามารถยกเลิกคำสั่งซื้อได้ตลอดเวลา", "姓名：不详", "Plain English, naïve and déjà vu."),
]


@pytest.mark.parametrize(("text", "values"), NAMES)
def test_labels_titles_and_lists_tell_a_name(text, values):
    assert [text[e.start : e.end] for e in ScriptNameDetector().detect(text)] == values


@pytest.mark.parametrize("text", NONE)
def test_ordinary_words_are_no_names(text):
    assert ScriptNameDetector().detect(text) == []


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("电话 means telephone", ["means telephone"]),
        ("请 电话 联系", []),
        ("Телефон", []),
        ("联系人 Emily Clark 电话", ["Emily Clark"]),
        ("Јohn Smith", ["Јohn Smith"]),
        ("TNF-α Meier", ["TNF", "Meier"]),
        ("Zoë Łuczak", ["Zoë Łuczak"]),
        ("서울 152", []),
    ],
)
def test_of_a_guess_only_words_of_latin_letters_are_believed(text, left):
    found = readable_guesses(text, [Entity("PERSON", 0, len(text), 0.9)])
    assert [text[e.start : e.end] for e in found] == left


@pytest.mark.parametrize("script", LETTERS)
def test_every_script_has_rules(script):
    module = importlib.import_module(f"lc_guard.detectors.scripts.{script}")
    assert module.RULES
    assert all("(?P<name>" in rule for rule in (*module.RULES, *module.ADDRESSES))


@pytest.mark.parametrize("text", ["王晓明先生 ", "氏名：", "김민수 씨 ", "Орлов ", "السيد أحمد ", "คุณสมหญิง "])
def test_the_rules_take_linear_time(text):
    detector = ScriptNameDetector()
    detector.detect(text)

    def taken(number):
        started = time.process_time()
        detector.detect(text * number)
        return time.process_time() - started

    assert taken(4_000) < 12 * max(taken(1_000), 0.004)
