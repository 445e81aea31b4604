"""Posts and chats: what is written as people speak is nobody, and whom they speak of is hidden."""

from __future__ import annotations

import pytest

from lc_guard.detectors.chat_words import is_beside_name, is_misspelled, is_spelled_as_in_chats
from lc_guard.detectors.doubtful_names import is_believed
from lc_guard.detectors.given_names import GivenNameDetector
from lc_guard.detectors.guess import Guess
from lc_guard.detectors.in_languages import without_ordinary
from lc_guard.detectors.name_lists import given_names, is_listed_name, surnames
from lc_guard.detectors.plausible import plausible
from lc_guard.detectors.small_letters import is_foreign
from lc_guard.detectors.spacy_ner import SpacyDetector
from lc_guard.detectors.spans import clean, resolve
from lc_guard.detectors.surroundings import is_chat, is_code
from lc_guard.detectors.usernames import UsernameDetector
from lc_guard.records import Entity


def person(text, value, score=0.85):
    start = text.index(value)
    return Entity("PERSON", start, start + len(value), score)


def stands(text, value, score=0.85):
    return bool(plausible(text, [person(text, value, score)]))


def values(text, entities):
    return [text[entity.start : entity.end] for entity in entities]


@pytest.mark.parametrize(
    "word", ["Ahh", "Hah", "Mmuah", "Lolx", "XD", "Whaddup", "Awh", "Blech", "Heyy", "Ayeee", "Naw", "XO", "yayayay"]
)
def test_an_exclamation_is_nobody(word):
    assert not stands(f"so it rains again. {word} all day", word)


@pytest.mark.parametrize("word", ["kno", "wat", "guud", "urself", "acouple", "sonngg", "veryy", "iit"])
def test_a_small_word_written_as_it_sounds_is_nobody(word):
    assert is_misspelled(word)
    assert not stands(f"I said {word} to them all", word)


def test_no_listed_name_is_taken_for_what_chats_write():
    names = [name for name in given_names() | surnames() if name.isalpha()]
    assert [name for name in names if is_beside_name(name) or is_beside_name(name.lower())] == []
    assert not any(map(is_spelled_as_in_chats, ("larkin", "brin", "maxx")))
    assert not any(map(is_misspelled, ("webb", "adams", "arosa")))


@pytest.mark.parametrize(
    ("text", "found", "name"),
    [
        ("omg tasha said so", "omg tasha", "tasha"),
        ("shout to Okafor lol", "Okafor lol", "Okafor"),
        ("Hahaha Okafor did it", "Hahaha Okafor", "Okafor"),
        ("Huh Yunjin sings", "Huh Yunjin", "Huh Yunjin"),
        ("JK Rowling wrote", "JK Rowling", "JK Rowling"),
        ("with Mark May today", "Mark May", "Mark May"),
        ("it was sergey brin", "sergey brin", "sergey brin"),
    ],
)
def test_what_chats_write_is_no_part_of_a_name(text, found, name):
    assert values(text, clean(text, [person(text, found)])) == [name]


@pytest.mark.parametrize(
    "phrase", ["Imma Jump", "LoL Looks", "Gettin Money", "propah guud", "wat channle", "Chillin w"]
)
def test_a_phrase_of_chats_is_nobody(phrase):
    assert not stands(f"well {phrase} of it all", phrase)


@pytest.mark.parametrize("name", ["Ima Hogg", "Imma Okafor", "tasha lol", "Tasha Rockin", "o.j"])
def test_but_a_name_in_it_is(name):
    assert stands(f"and {name} of it all", name)


def test_a_tag_that_no_list_has_as_a_name_is_nobody():
    assert not stands("all at the #Brixworthon today", "Brixworthon", 0.7)
    assert stands("all at the #Lindqvist today", "Lindqvist", 0.7)
    assert stands("all at the #Brixworthon today", "Brixworthon", 0.95)


def test_a_tag_and_the_word_behind_it_are_two_unless_it_is_a_given_name():
    text = "up for it. #Vamos Okafor"
    assert values(text, clean(text, [person(text, "Vamos Okafor")])) == ["Vamos", "Okafor"]
    text = "up for it. #Anna Okafor"
    assert values(text, clean(text, [person(text, "Anna Okafor")])) == ["Anna Okafor"]


@pytest.mark.parametrize(
    ("account", "rest"), [("joejo", "Yay"), ("KaraClub", "Hahaha"), ("tonyg", "Hurray"), ("Lory", "Haha so")]
)
def test_an_account_that_is_greeted_is_no_full_name(account, rest):
    text = f"@{account} {rest}, so glad"
    user = Entity("USERNAME", 1, 1 + len(account), 0.9)
    found = resolve(text, [[user], [person(text, f"{account} {rest}")]])
    assert [(entity.kind, text[entity.start : entity.end]) for entity in found] == [("USERNAME", account)]


def test_a_post_that_begins_with_an_account_is_no_code():
    text = "@dana_k hey Joe is back"
    assert not is_code(text, 12, 15)
    assert is_believed(text, person(text, "Joe", 0.1))
    assert is_code("@Override public String name() {", 17, 23)


def test_faces_of_signs_are_of_chats():
    assert is_chat("it was fun cusz anna came :) just for me <3", 16, 20)
    assert not is_chat("see http://example.com/a and 10:30 for anna", 39, 43)


def test_small_words_of_a_language_that_is_not_read_are_nobody():
    text = "Halo @dina udah gue bilang malem nya kalo sama temen"
    assert is_foreign(Guess.of(text, person(text, "malem")))
    assert not stands(text, "malem", 0.95)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Here: adaeze okafor, tunde bakare, chidi obi", "tunde"),
        ("Also gestern hat der mehmet nicht angerufen und so", "mehmet"),
        ("I saw what the adaeze girl did there", "adaeze"),
    ],
)
def test_a_list_of_names_and_a_language_that_is_read_are_not_foreign(text, name):
    assert not is_foreign(Guess.of(text, person(text, name)))


def test_a_small_word_that_is_a_surname_as_well_is_a_word():
    assert not stands("Check the list, Ann: tea, check, pillow, check", "pillow", 0.95)
    assert stands("We saw Ann and my friend pillow there", "pillow", 0.95)
    assert stands("We saw Ann and Jane Hol-\nlister there", "lister", 0.95)


def test_summer_in_small_letters_is_a_season():
    assert not stands("how ready are you for summer", "summer", 0.95)
    assert stands("my sister summer is here", "summer", 0.95)


def test_an_owner_in_small_letters_stands():
    assert stands("What is, Ann, truscott's Twitter?", "truscott", 0.5)
    assert not stands("What is, Ann, truscott on Twitter?", "truscott", 0.5)


def test_a_state_of_mind_is_nobody():
    assert not stands("I'm shattered. What a week for Ann", "shattered")


def test_the_name_of_a_sign_is_nobody():
    assert not stands("&quot; He's just a boy", "quot")


def test_a_feast_and_a_verb_are_told_from_names():
    assert not stands("Happy Valentine's Day!", "Valentine")
    assert stands("This is Valentine's Daycare", "Valentine")
    assert stands("Okafor signs a contract", "Okafor")
    assert not stands("May I ask", "May")


def test_no_medicine_is_taken_where_a_chat_says_i_am():
    assert stands("urgh. RACHELLE im gonna call you", "RACHELLE", 0.95)


@pytest.mark.parametrize("text", ["We talk with Will and Tina", "Sorry Will. Another day"])
def test_will_inside_a_sentence_is_somebody(text):
    assert without_ordinary(text, [person(text, "Will")], {"en"}) == [person(text, "Will")]
    assert without_ordinary("Will you come?", [person("Will you come?", "Will")], {"en"}) == []


def test_who_is_told_as_kin_is_believed():
    text = "A picture of the boy's mum Sue"
    assert is_believed(text, person(text, "Sue", 0.2))


def test_whom_a_post_is_about_is_named_where_it_begins():
    text = "RT @dana_k: Quillfeather divided the fans. Was real #fun"
    assert values(text, GivenNameDetector().detect(text)) == ["Quillfeather"]
    for text in ("Quillfeather divided the fans.", "RT @dana_k: Sunday was fun", "RT @dana_k: Havent slept #fun"):
        assert GivenNameDetector().detect(text) == []


@pytest.mark.parametrize("text", ["📷 quillfe: Happy day", "Photo: quillfe: Happy day", "quillfe asked: how are you"])
def test_who_posts_a_picture_or_asks_is_a_user(text):
    assert values(text, UsernameDetector().detect(text)) == ["quillfe"]


def test_small_words_that_spacy_guesses_stand_where_one_is_a_given_name():
    for text, name, kept in (
        ("Well Bob tasha kno what", "tasha kno", True),
        ("Well Bob u twitfolks", "u twitfolks", False),
    ):
        assert bool(SpacyDetector()._cleaned(text, [person(text, name)])) == kept


def test_a_listed_name_is_one_however_it_is_written():
    assert is_listed_name("LINDQVIST")
    assert is_listed_name("lindqvist")
    assert not is_listed_name("brixworthon")
