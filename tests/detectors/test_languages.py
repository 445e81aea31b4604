"""Which language a text is written in, and what hangs on it: who is asked, which words are no names."""

import re
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lc_guard import Guard
from lc_guard.detectors import LanguageGate, LocaleDetector, PatternDetector, default_detector, multilingual_ner
from lc_guard.detectors.capitals import without_small_words
from lc_guard.detectors.in_languages import InLanguages, plain_words, without_ordinary
from lc_guard.detectors.locale_rules import is_small_name
from lc_guard.detectors.locales import LANGUAGES, locale
from lc_guard.detectors.names_of_text import NamesOfText
from lc_guard.errors import GuardError, ModelUnavailable
from lc_guard.records import Entity

RULERS = ["Francesco Giuseppe I d'Austria", "Umberto I"]
SENTENCES = {
    "de": "Ich habe gestern mit der Hausverwaltung gesprochen, aber noch keine Antwort bekommen.",
    "en": "I spoke with the landlord yesterday, but I have not had an answer yet.",
    "es": "Ayer hablé con la administración del edificio, pero todavía no me han contestado.",
    "fr": "Hier j'ai parlé avec le syndic de l'immeuble, mais je n'ai pas encore de réponse.",
    "it": "Ieri ho parlato con l'amministratore del condominio, ma non ho ancora avuto risposta.",
    "nl": "Gisteren heb ik met de verhuurder gesproken, maar ik heb nog geen antwoord gekregen.",
    "pl": "Wczoraj rozmawiałem z administracją budynku, ale nie dostałem jeszcze odpowiedzi.",
    "pt": "Ontem falei com a administração do prédio, mas ainda não tive resposta.",
}
COURT = [
    "Objection, Your Honor. Calls for",
    "Sustained. Move on, Ms. Lindqvist.",
    "Where were you on Die",
    "A man in the hat",
    "No, sir. I did not.",
    "So was it a war",
    "The Will of Van Houten",
    "Exhibit C, page 4, line 12",
    "Call me at 10 AM",
    "Señor Muñoz was not there.",
    "I am doing a project",
    "P.S. I am moving back",
    "Note to Don Miller",
    "Counsel for Van der Merwe",
    "Costs in re Di Maggio",
]


@pytest.mark.parametrize("language", SENTENCES)
def test_a_sentence_tells_its_language(language):
    gate = LanguageGate()
    assert gate.of(SENTENCES[language]) == {language}
    assert gate.of(SENTENCES[language].upper()) == {language}
    assert gate.of(SENTENCES[language].replace("'", "’")) == {language}


REQUESTS = {
    "de": ["Ruf bitte Herrn Krüger an", "Schick die Rechnung an Emre Kaya", "Kennst du Ursula Lange?"],
    "es": ["Escribe un correo a Marta", "Imprime la factura de Ali Benali", "¿Conoces a Martina Blanco?"],
    "fr": ["Écris un mail à Claire Dubois", "Rappelle Nathalie ce soir", "Tu connais Martine Blanc ?"],
    "it": ["Scrivi una mail a Chiara", "Prepara la fattura a Don Pino.", "Passa da zia Odilia"],
    "nl": ["Bel meneer De Wit", "Hoeveel verdient Maarten?", "Schrijf een mail aan Sanne"],
    "pl": ["Napisz maila do Katarzyny", "Wydrukuj list do Kasia Kot.", "Przekaż plik Brygidzie"],
    "pt": ["Escreve um email à Joana", "Manda mensagem pro Caio", "Conheces a Martina Branco?"],
}


@pytest.mark.parametrize("language", REQUESTS)
def test_a_short_request_tells_its_language(language):
    gate = LanguageGate()
    for request in REQUESTS[language]:
        assert language in gate.of(request), request
        assert "en" not in gate.of(request), request


def test_a_short_request_of_words_that_no_dictionary_of_english_has_is_not_english():
    gate = LanguageGate()
    assert gate.of("Odśwież kokpit Bożeny") >= {"pl"}
    assert gate.of("Sgombera soffitta Rosetta") >= {"it"}
    assert LanguageGate(["en", "it"]).of("Sgombera soffitta Rosetta") == {"en", "it"}
    for english in (
        "Explain photosynthesis",
        "Refund Maria De Luca",
        "grep jenkins",
        "Kubectl get pods",
        "Ring Hans Gruber back",
    ):
        assert gate.of(english) <= {"en"}


@pytest.mark.parametrize("turn", COURT)
def test_english_court_turns_of_five_words_are_taken_for_nothing_else(turn):
    assert LanguageGate().of(turn) <= {"en"}


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            " \n",
            "123-45",
            "Jan Kowalski",
            "anna.de.la.cruz@example.com",
            "https://example.org/der/die/das",
            "你好",
        ),
        # Swedish, Turkish: a word that another language has as well tells less than letters that none here has
        *("Igår ringde Anna från Malmö till Erik om hyran.", "Dün Ayşe İstanbul'dan Mehmet Demir'i aradı."),
    ],
)
def test_what_tells_nothing_has_no_language(text):
    assert LanguageGate().of(text) == frozenset()


def test_a_mixed_text_has_both_languages():
    assert LanguageGate().of(f"{SENTENCES['en']} " * 30 + f"{SENTENCES['de']} " * 30) == {"de", "en"}


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("What is this about? Le contrat de Mme Dubreuil est résilié.", "fr"),
        ("Summarize the following: Der Beschwerdeführer rügt die Verletzung. Der Kläger Uwe Hartmann klagt.", "de"),
        ("Write what the text says:\n\nDe heer Van Loon heeft de factuur niet betaald.", "nl"),
        ("Please check the following and tell me: the claim of Mr Okafor is late.", "en"),
        ("Who was it? De la Cruz, she said: the man in the red coat.", "en"),
    ],
)
def test_what_a_request_is_about_tells_the_language(text, language):
    told = LanguageGate().of(text)
    assert language in told
    assert ("en" in told) is (language == "en")


def test_named_languages_are_the_only_ones_and_one_alone_is_that_of_every_text():
    assert LanguageGate(["de-AT"]).of(SENTENCES["fr"]) == {"de"}
    assert LanguageGate(["pl", "EN"]).of(SENTENCES["de"]) <= {"pl", "en"}
    # Without English there is nothing that an unclear text is read as.
    assert LanguageGate(["pl", "it"]).of("Jan Kowalski") == {"pl", "it"}


@pytest.mark.parametrize("languages", ["de", [], ["xx"], ["german"], [""], [None]])
def test_languages_that_are_none_are_refused_and_the_known_ones_told(languages):
    with pytest.raises(GuardError, match="languages"):
        LanguageGate(languages)
    with pytest.raises(GuardError, match="languages"):
        default_detector(ner=False, languages=languages)


def test_the_error_tells_what_is_known():
    with pytest.raises(GuardError, match=", ".join(LANGUAGES)):
        LanguageGate(["sv"])


def test_a_guard_gives_its_languages_to_the_default_detector_only():
    with pytest.raises(GuardError, match="languages="):
        Guard(PatternDetector(), languages=["de"])
    with pytest.raises(GuardError, match="languages= and countries= and text= is for the default"):
        Guard([], languages=["de"], countries=["DE"], text="logs")
    with pytest.raises(GuardError, match="known are"):
        Guard(languages=["sv"])
    with pytest.raises(GuardError, match="known are"):
        Guard(countries=["XX"])
    with pytest.raises(GuardError, match="no kind of text"):
        Guard(text="prose")


def test_a_guard_tells_the_default_detector_what_the_texts_are():
    line = "2026-05-01 10:00:00 ERROR login of Jane Doe timed out after 111222333"
    plain = Guard(languages=["en"]).session("s").anonymize(line)
    told = Guard(text="logs", languages=["en"], countries=["NL"]).session("s").anonymize(line)
    assert "2026-05-01" not in plain
    assert "111222333" in plain
    assert told == "2026-05-01 10:00:00 ERROR login of [REDACTED_PERSON_1] timed out after [REDACTED_NL_BSN_1]"


def test_the_gate_takes_linear_time():
    gate = LanguageGate()
    gate.of(SENTENCES["de"])
    for text in (" \n" * 500_000, SENTENCES["pl"] * 12_000, "ä" * 1_000_000, "l'" * 500_000):
        started = time.process_time()
        gate.of(text)
        assert time.process_time() - started < 1


@given(st.text())
def test_any_text_has_known_languages(text):
    assert LanguageGate().of(text) <= set(LANGUAGES)


class Everything:
    """Takes each text for a person, and remembers what it was asked."""

    name = "everything"

    def __init__(self):
        self.asked = []

    def detect(self, text):
        self.asked.append(text)
        return [Entity("PERSON", 0, len(text), 0.9)]


def test_a_detector_is_asked_about_texts_of_its_languages_only():
    german, english = Everything(), Everything()
    gate = LanguageGate()
    texts = [SENTENCES["de"], SENTENCES["en"], "Jan Kowalski"]
    found = InLanguages(german, gate, {"de"}).detect_batch(texts)
    assert german.asked == [SENTENCES["de"]]
    assert [len(entities) for entities in found] == [1, 0, 0]
    assert InLanguages(english, gate, {"en"}, unknown=True).detect_batch(texts)[0] == ()
    assert english.asked == texts[1:]


@pytest.mark.parametrize(
    ("language", "word", "stays"),
    [
        ("de", "Richterin", False),
        ("de", "Richterin Schmidt", True),
        ("fr", "Tribunal", False),
        ("fr", "Madame", False),
        ("fr", "Dupont", True),
        ("pl", "Oskarżony", False),
        ("pl", "Kowalskiego", True),
        ("it", "Data", False),
        ("it", "Rossi", True),
        ("en", "Tribunal", True),
    ],
)
def test_ordinary_words_of_the_language_are_no_names(language, word, stays):
    found = without_ordinary(word, [Entity("PERSON", 0, len(word), 0.9)], {language})
    assert bool(found) is stays


def test_a_number_is_never_taken_for_an_ordinary_word():
    email = Entity("EMAIL_ADDRESS", 0, 3, 1.0)
    assert without_ordinary("der", [email], {"de"}) == [email]


def test_a_language_that_is_named_needs_its_weights(monkeypatch):
    monkeypatch.setattr("lc_guard.detectors.in_languages.installed", lambda: False)
    with pytest.raises(ModelUnavailable, match=r"pip install \./packages/lc-guard-ner-xx"):
        default_detector(languages=["en", "fr"])
    default_detector(languages=["en"])
    assert not any(isinstance(detector, InLanguages) for detector in default_detector().detectors)


@pytest.mark.parametrize(
    ("language", "text", "values"),
    [
        ("de", "Sehr geehrte Frau Dr. Müller-Groß, am 3. März 1999", ["Müller-Groß", "3. März 1999"]),
        ("de", "Nachname: Schmidt Vorname: Anna\nOrt: Köln", ["Schmidt", "Anna"]),
        ("de", "Patient: Der Patient klagt. Frau Richterin, ja.", []),
        ("fr", "M. Jean-Luc Picard et Mme d'Ormesson, le 1er juin 2001", ["Jean-Luc Picard", "1er juin 2001"]),
        ("fr", "Le ministre de la Défense et le Maire de Lyon", []),
        ("es", "Apellidos: Roca Caballero .\nMédico: Ignacio Rubio NºCol: 28", ["Roca Caballero", "Ignacio Rubio"]),
        ("it", "Nome: Luca Cognome: De Luca Sesso: M", ["Luca", "De Luca"]),
        ("it", "l'avv. Maria De Luca, nata il 12 marzo 1967", ["Maria De Luca", "12 marzo 1967"]),
        ("nl", "De heer J. van den Berg en mevrouw De Vries", ["J. van den Berg", "De Vries"]),
        ("pl", "z panem Jackiem Dudą, Szanowny Panie Mecenasie, 3 maja 2020", ["Jackiem Dudą", "3 maja 2020"]),
        ("pt", "O Sr. João da Silva, em 3 de maio de 2020", ["João da Silva", "3 de maio de 2020"]),
        ("pt", "Nome completo: Ana Sousa\nMorada: Rua X", ["Ana Sousa"]),
        ("pt", "o seu Osvaldo e a vereadora Leonor Barata", ["Osvaldo", "Leonor Barata"]),
        ("nl", "Keeper Bijlow en tante Truus zwegen.", ["Bijlow", "Truus"]),
        ("de", "Torwart Kobel hielt, Schiedsrichter Zwayer pfiff.", ["Kobel", "Zwayer"]),
        ("fr", "le juge Cordier, la députée Aurore Vidal, le ministre de la Culture", ["Cordier", "Aurore Vidal"]),
        ("pl", "zastąpiła przewodniczącego Pakułę", ["Pakułę"]),
        (
            "it",
            "re Egetmanno II, il cognato Brambati, il papa Pio IX, la figlia",
            ["Egetmanno II", "Brambati", "Pio IX"],
        ),
        # who speaks
        ("it", "Se ciò non avvenisse, ha detto Brambati in conferenza, e disse il sindaco.", ["Brambati"]),
        ("fr", "« Non », a déclaré Kervella hier, et a dit la mairie.", ["Kervella"]),
        ("es", "No hay prisa, dijo Etxarri, y dijo El Gobierno.", ["Etxarri"]),
        ("nl", "Dat klopt niet, zei Hoekzema, en dat zei de raad.", ["Hoekzema"]),
        ("pl", "To nieprawda, powiedział Wrzecionko, i powiedział sąd.", ["Wrzecionko"]),
        ("pt", "Não há pressa, disse Figueira, e disse o governo.", ["Figueira"]),
        # surnames that are words as well, behind a title
        ("pl", "3. Pani Król zgłosiła wniosek, Pani Doktor nie", ["Król"]),
        ("es", "Ausentes: Sr. Rey, Sra. Ionescu", ["Rey", "Ionescu"]),
        # who chats does not care for capitals
        ("de", "frag den uwe wegen der wohnung, nicht die linde", ["uwe"]),
        ("es", "oye, me lo dijo raúl ayer, ¿y la flora?", ["raúl"]),
        ("pl", "ola i kasia były z tomkiem", ["ola", "kasia", "tomkiem"]),
        ("it", "un bacio, vale. quel suo amico di bologna", ["vale"]),
    ],
)
def test_what_a_language_writes_around_a_name(language, text, values):
    found = LocaleDetector(LanguageGate([language])).detect(text)
    assert [text[entity.start : entity.end] for entity in found] == values


@pytest.mark.parametrize(
    ("language", "text", "found", "completed"),
    [
        ("nl", "door R.J. ter Horst", ["Horst"], ["R.J. ter Horst"]),
        ("nl", "Partijen: Van den Broek", ["den Broek"], ["Van den Broek"]),
        ("nl", "de auto van Jansen en van der Berg", ["Jansen", "Berg"], ["Jansen", "van der Berg"]),
        (
            "nl",
            "Marieke van der Heijden zwijgt. Van der Heijden was er, zei Heijden.",
            ["Marieke van der Heijden"],
            ["Marieke van der Heijden", "Van der Heijden", "Heijden"],
        ),
        ("pl", "Widział Agatę Kuleszę. Z Agatą i z Agatem", ["Agatę Kuleszę"], ["Agatę Kuleszę", "Agatą"]),
        # at the beginning of a sentence a capital says nothing of a word that stands in small letters as well
        ("it", "Chiara Conti è qui. Chiara è la cosa, chiara.", ["Chiara Conti"], ["Chiara Conti"]),
        ("it", "Chiara Conti è qui, con Chiara, chiara.", ["Chiara Conti"], ["Chiara Conti", "Chiara"]),
        ("es", "Gerente Vidal firma. El Gerente y Vidal", ["Gerente Vidal"], ["Gerente Vidal", "Vidal"]),
        ("fr", "Anne Morel\nMorel", ["Anne Morel\nMorel"], ["Anne Morel\nMorel"]),
        ("fr", "Merci à Sylvie D. pour ses photos, à Luc. A. Morel aussi", ["Sylvie", "Luc"], ["Sylvie D.", "Luc"]),
        ("fr", "Anne Morel, Morelle, MOREL", ["Anne Morel"], ["Anne Morel", "MOREL"]),
        # what a model left of a name beside it, but no words of the language
        ("it", "però Marco Tronchetti Provera smentì", ["Marco Tronchetti"], ["Marco Tronchetti Provera"]),
        ("pt", "o surgimento de Tancredo Neves como alternativa", ["Neves"], ["Tancredo Neves"]),
        ("fr", "Le chef Sadeq al-Mahdi fut assigné", ["Sadeq"], ["Sadeq al-Mahdi"]),
        ("it", "Il Signor Bergamaschi Presidente", ["Bergamaschi"], ["Bergamaschi"]),
        ("de", "Gestern hat Marlene Brandstetter Kuchen gebacken", ["Brandstetter"], ["Brandstetter"]),
        # rulers have numbers and realms
        ("it", "di Francesco Giuseppe I d'Austria, e Umberto I.", ["Francesco Giuseppe", "Umberto"], RULERS),
        ("it", "gli allievi di Anselmo di Laon", ["Anselmo", "Laon"], ["Anselmo di Laon"]),
        ("it", "con Marco Conti di Laon", ["Marco Conti", "Laon"], ["Marco Conti", "Laon"]),
        ("en", "Jane Hollis left. Hollis, by J. Hollis", ["Jane Hollis"], ["Jane Hollis", "Hollis", "Hollis"]),
    ],
)
def test_names_are_completed_by_the_rules_of_their_language(language, text, found, completed):
    entities, at = [], 0
    for value in found:
        at = text.index(value, at)
        entities.append(Entity("PERSON", at, at + len(value), 0.9))
    names = NamesOfText(LanguageGate([language]))(text, entities)
    assert [text[entity.start : entity.end] for entity in names] == completed


@given(st.text("Ab. vandeVé\n-'"), st.lists(st.integers(0, 60), max_size=8))
def test_completed_names_hold_all_that_was_found_in_order(text, ends):
    ends = sorted({min(end, len(text)) for end in ends})
    entities = [Entity("PERSON", a, b, 0.9) for a, b in zip(ends[::2], ends[1::2], strict=False)]
    names = NamesOfText(LanguageGate(["nl"]))(text, entities)
    assert all(one.end <= other.start for one, other in pairwise(names))
    assert all(any(name.start <= e.start and e.end <= name.end for name in names) for e in entities)


@pytest.mark.parametrize("language", sorted(set(LANGUAGES) - {"en"}))
@pytest.mark.parametrize(
    "text",
    ["Nome: " * 20_000, "Frau " * 20_000, "Jan de la " * 10_000, "3. " * 40_000, "\n" * 100_000, "Anna-" * 20_000],
)
def test_the_rules_take_linear_time(language, text):
    gate = LanguageGate([language])
    detector = LocaleDetector(gate)
    detector.warm_up()
    started = time.thread_time()
    detector.detect(text)
    NamesOfText(gate)(text, [Entity("PERSON", at, at + 4, 0.9) for at in range(0, len(text) - 4, 50)])
    assert time.thread_time() - started < 3


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_are_kept_in_small_letters(language):
    known = locale(language)
    for words in (known.function_words, known.ordinary, known.labels, frozenset(known.name_labels)):
        assert all(word == word.lower() for word in words)


def test_every_language_with_a_model_has_words():
    assert set(LANGUAGES) >= multilingual_ner.LANGUAGES


def test_small_words_are_no_names_in_a_text_with_capitals():
    class Uncased:
        def detect(self, text):
            return [
                Entity("PERSON", m.start(), m.end(), 0.9)
                for m in re.finditer(r"marlene wagner|Zögernd Fet- scher kam|meist", text)
            ]

    found = lambda text: [text[e.start : e.end] for e in without_small_words(text, Uncased().detect(text))]  # noqa: E731
    assert found("hier kam marlene wagner") == ["marlene wagner"]
    assert found("Da kam marlene wagner, sagt Olaf") == ["marlene wagner"]
    assert found("Da war meist Olaf") == []
    assert found("Dort hat Zögernd Fet- scher kam") == ["Zögernd Fet- scher"]


def test_small_words_around_a_name_are_no_part_of_it_but_elided_ones_are():
    def left(text, value):
        start = text.index(value)
        kept = without_small_words(text, [Entity("PERSON", start, start + len(value), 0.9)])
        return [text[entity.start : entity.end] for entity in kept]

    assert left("Ecco, tutti i boschi del Gargano", "boschi del Gargano") == ["del Gargano"]
    assert left("Hier, Ségolène d'Harcourt parle", "Ségolène d'Harcourt parle") == ["Ségolène d'Harcourt"]
    assert left("Le préfet M. lfillerand, du Var", "lfillerand") == ["lfillerand"]


@pytest.mark.parametrize(
    ("language", "word", "plain"),
    [("it", "Provate", True), ("it", "Benedetti", False), ("pl", "Przepraszamy", True), ("es", "Clemente", False)],
)
def test_endings_of_verbs_tell_ordinary_words(language, word, plain):
    assert plain_words(frozenset([language]))[0](word) is plain


def test_small_words_are_a_name_only_if_a_list_has_one():
    assert is_small_name("ola przyjechała")
    assert not is_small_name("resztę ogarnę")


@pytest.mark.parametrize(
    "text",
    [
        'func (s *Server) Handle(ctx context.Context) error {\n\treturn fmt.Errorf("bad %w", ErrClosed)\n}',
        "Dept. heads, govt. staff, est. 40 people. Univ. rules apply",
        "Hahaha yesss!! Ohhh nooo. Yikes. Meh.",
    ],
)
def test_code_and_an_accident_tell_no_language(text):
    assert not LanguageGate().of(text)


def test_words_beside_code_do():
    assert LanguageGate().of("@anna bist du da und hast du das auch gehört?") == {"de"}
    assert LanguageGate().of("x = len(rows);\nBitte prüfen Sie, ob das so richtig ist.\nreturn x;") == {"de"}
