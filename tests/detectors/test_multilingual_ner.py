"""The weights for seven languages: what they find, that they are the pinned ones, that English never meets them."""

import hashlib
import json
import re
import shutil
from pathlib import Path

import pytest

from lc_guard.detectors import JoinedDetector, MultilingualDetector, default_detector, multilingual_ner, ordinary_forms
from lc_guard.detectors.german_nouns import is_noun
from lc_guard.detectors.in_languages import InLanguages, without_ordinary
from lc_guard.detectors.languages import LanguageGate
from lc_guard.detectors.weights import LoadOnce, package_folder
from lc_guard.errors import ModelUnavailable
from lc_guard.records import Entity

PACKAGE = Path(__file__).parents[2] / "packages" / "lc-guard-ner-xx"
FOLDER = PACKAGE / multilingual_ner.PACKAGE

LETTERS = {
    "de": (
        "Gestern hat mich Jürgen Brandstetter aus Rosenheim angerufen, weil die Heizung nicht geht.",
        "Brandstetter",
    ),
    "es": ("Ayer me llamó Ramiro Echevarría desde Zaragoza porque no funciona la caldera.", "Echevarría"),
    "fr": ("Hier j'ai eu Mathilde Kervella au téléphone, elle habite maintenant à Quimper.", "Kervella"),
    "it": ("Ieri mi ha telefonato Ottavio Bergamaschi da Cremona perché la caldaia non funziona.", "Bergamaschi"),
    "nl": ("Gisteren belde Willemijn Hoekstra uit Leeuwarden omdat de verwarming het niet doet.", "Hoekstra"),
    "pl": ("Wczoraj zadzwoniła do mnie Grażyna Wieczorkowska z Radomia, bo nie działa ogrzewanie.", "Wieczorkowska"),
    "pt": ("Ontem telefonou-me a Benedita Figueiredo, de Coimbra, porque o aquecimento não funciona.", "Figueiredo"),
}
ORDINARY = {
    "de": "Der Mieter hat dem Vermieter die Kaution vor dem Einzug zu zahlen. Die Heizung wird im Herbst gewartet.",
    "es": "El arrendatario debe pagar la fianza antes de la entrega. La caldera se revisa cada otoño.",
    "fr": "Le Locataire doit verser le dépôt de garantie avant son entrée. La chaudière est entretenue en automne.",
    "it": "Il Conduttore deve versare la cauzione prima della consegna. La caldaia si controlla ogni autunno.",
    "nl": "De Huurder betaalt de waarborgsom vóór de sleuteloverdracht. De ketel wordt in de herfst nagekeken.",
    "pl": "Najemca wpłaca kaucję przed wydaniem lokalu. Co roku jesienią sprawdza się ogrzewanie.",
    "pt": "O Arrendatário paga a caução antes da entrega. A caldeira é revista todos os outonos.",
}


@pytest.fixture(scope="module")
def weights():
    """The weights of this checkout, whether the wheel is installed or not."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(multilingual_ner, "package_folder", lambda *_: FOLDER)
        patch.setattr(multilingual_ner, "load", LoadOnce(multilingual_ner.load._loader))
        patch.setattr("lc_guard.detectors.in_languages.installed", lambda: True)
        patch.setattr(ordinary_forms, "installed", lambda: True)
        ordinary_forms.forms_of.cache_clear()
        yield
    ordinary_forms.forms_of.cache_clear()


@pytest.fixture(scope="module")
def everything(weights):
    return default_detector()


@pytest.mark.parametrize("language", LETTERS)
def test_a_name_and_its_place_are_found(everything, found, language):
    text, surname = LETTERS[language]
    assert any(kind == "PERSON" and value.endswith(surname) for kind, value in found(everything, text))


@pytest.mark.parametrize("language", ORDINARY)
def test_ordinary_sentences_stay_as_they_are(everything, found, language):
    assert [value for kind, value in found(everything, ORDINARY[language]) if kind == "PERSON"] == []


def test_english_is_read_by_the_english_models(everything, weights, monkeypatch):
    asked = []
    monkeypatch.setattr(
        MultilingualDetector, "detect_batch", lambda _, texts: asked.extend(texts) or [[] for _ in texts]
    )
    german = LETTERS["de"][0]
    everything.detect_batch(["The witness was Jane O'Brien, and she was there.", german])
    assert asked == [german]
    asked.clear()
    default_detector(languages=["en"]).detect(german)
    assert asked == []
    default_detector(languages=["de"]).detect("The witness was there.")
    assert asked == ["The witness was there."]


def test_what_stands_in_a_batch_changes_no_answer(everything):
    texts = [*(text for text, _ in LETTERS.values()), "Jan Kowalski", *ORDINARY.values()]
    assert everything.detect_batch(texts) == [everything.detect(text) for text in texts]


def test_each_source_tells_its_time(everything):
    answers = everything.detect_batch([LETTERS["de"][0]])
    assert isinstance(everything, JoinedDetector)
    assert {"ner_xx", "spacy", "rampart", "locales"} <= set(answers.latency_ms)


def test_the_pinned_files_are_those_of_the_package():
    shipped = {path.name for path in FOLDER.iterdir() if path.suffix in {".json", ".msgpack"}}
    assert shipped == set(multilingual_ner.PINNED)
    for name, digest in multilingual_ner.PINNED.items():
        assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == digest
    assert sum(path.stat().st_size for path in FOLDER.iterdir() if path.is_file()) < 25_000_000


def test_the_configuration_is_that_of_the_training_script():
    from training.pipeline import CONFIG

    assert json.loads((FOLDER / "config.json").read_text(encoding="utf-8")) == CONFIG


def test_the_lists_are_the_pinned_ones_and_hold_words_not_names(weights):
    shipped = {path.name for path in FOLDER.glob("words_*.zlib")}
    assert shipped == set(ordinary_forms.PINNED) == set(map(ordinary_forms.file_name, ordinary_forms.LANGUAGES))
    (italian, small), (polish, _) = map(ordinary_forms.ordinary_forms, ("it", "pl"))
    assert {"amore", "amici"} <= small
    assert small.isdisjoint({"rossi", "luca", *italian})
    assert {"nacque", "situato", "tornò", "pochi", "infine"} <= italian
    assert {"przepływa", "największe", "obecnie", "stacja"} <= polish
    assert italian.isdisjoint({"rossi", "ferrari", "luca", "colombo", "berlusconi"})
    assert polish.isdisjoint({"zając", "wilk", "kowalski", "maja", "wałęsa"})


@pytest.mark.parametrize(
    ("language", "text", "guess", "stays"),
    [
        # the capital is that of the sentence
        ("it", "Nacque a Torino. Divenne medico.", "Nacque", False),
        ("it", "Nacque a Torino. Divenne medico.", "Divenne", False),
        ("it", "Pochi uomini lo sanno.", "Pochi uomini", False),
        ("pl", "Przepływa tędy rzeka.", "Przepływa", False),
        ("nl", "Verzekerden wachten op antwoord.", "Verzekerden", False),
        ("pt", "Gravado em Lisboa, saiu em maio.", "Gravado", False),
        # there is none
        ("it", "non so, il passeggero rimasto illeso", "rimasto illeso", False),
        ("it", "sono nato nel 1872 a torino", "nato nel 1872", False),
        ("it", "abito in via garibaldi 12", "via garibaldi 12", True),
        ("it", "via della pace 12", "via della pace 12", True),
        # inside a sentence somebody bears the word, as before a verb of what he did, and behind an initial
        ("it", "Ieri ha parlato Profumo a Genova.", "Profumo", True),
        ("es", "Allende murió en Santiago.", "Allende", True),
        ("pt", "Folha marcou em Chaves.", "Folha", True),
        ("pt", "Folha de papel.", "Folha", False),
        ("es", "Con S. Allende en Chile.", "Allende", True),
        ("it", "Rossi aspetta.", "Rossi", True),
    ],
)
def test_words_of_the_lists_are_names_only_where_a_capital_says_so(weights, language, text, guess, stays):
    start = text.index(guess)
    found = without_ordinary(text, [Entity("PERSON", start, start + len(guess), 0.85)], {language})
    assert bool(found) is stays


@pytest.mark.parametrize("file", sorted(multilingual_ner.PINNED))
def test_an_altered_file_is_refused_and_named(file, tmp_path, monkeypatch):
    folder = tmp_path / multilingual_ner.PACKAGE
    shutil.copytree(FOLDER, folder)
    content = bytearray((folder / file).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / file).write_bytes(bytes(content))
    monkeypatch.setattr(multilingual_ner, "package_folder", lambda *_: folder)
    monkeypatch.setattr(multilingual_ner, "load", LoadOnce(multilingual_ner.load._loader))
    with pytest.raises(ModelUnavailable, match=file):
        MultilingualDetector().warm_up()


def test_where_the_package_is_missing_its_install_line_is_told(monkeypatch):
    monkeypatch.setattr(multilingual_ner, "load", LoadOnce(multilingual_ner.load._loader))
    monkeypatch.setattr(multilingual_ner, "package_folder", package_folder)
    monkeypatch.setattr("importlib.util.find_spec", lambda *_: None)
    with pytest.raises(ModelUnavailable, match=r"pip install '\./packages/lc-guard-ner-xx'"):
        MultilingualDetector().warm_up()


@pytest.mark.parametrize("word", ["Mietvertrag", "Umsatz", "Versicherungen", "Oberbürgermeister", "Kundendienst"])
def test_german_nouns_are_known_and_compounds_of_them(weights, word):
    assert is_noun(word)


@pytest.mark.parametrize(
    "name", ["Huber", "Rosenberg", "Steinbach", "Hans", "Marie", "Kuhn", "Brandstetter", "Goldschmidt"]
)
def test_a_german_name_is_no_noun(weights, name):
    assert not is_noun(name)


def test_an_office_before_a_german_name_stays(everything, found):
    values = [value for _, value in found(everything, "Gestern hat der Sportdirektor Hans Brandstetter angerufen.")]
    assert "Hans Brandstetter" in values


@pytest.mark.parametrize("name", ["Gene Kelly", "Pep Guardiola"])
def test_a_given_name_that_is_a_german_noun_as_well_is_no_office(weights, name):
    text = f"Gestern hat {name} angerufen, und er war sehr froh."
    found = without_ordinary(text, [Entity("PERSON", 12, 12 + len(name), 0.9)], {"de"})
    assert [text[entity.start : entity.end] for entity in found] == [name]


def test_german_nouns_in_a_text_of_both_languages_are_no_names(weights):
    class Capitals:
        def detect(self, text):
            return [Entity("PERSON", *match.span(), 0.9) for match in re.finditer(r"\b[A-Z]\w+", text)]

    english = "The tenant has told us that the heating was out of order for a week and that nobody came. "
    text = english * 8 + ORDINARY["de"] * 8 + " Okafor, Park, Kaffeemühlen und Unterlagen."
    gate = LanguageGate()
    assert gate.of(text) == {"de", "en"}
    found = {text[entity.start : entity.end] for entity in InLanguages(Capitals(), gate, {"en"}).detect(text)}
    assert {"Okafor", "Park"} <= found
    assert not {"Kaffeemühlen", "Unterlagen", "Mieter"} & found
