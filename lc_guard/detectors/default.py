"""The detector that a guard uses when it is told nothing else."""

from __future__ import annotations

import importlib.util
from collections.abc import Collection, Iterable, Mapping

from lc_guard.detectors.base import Detector, DetectorLike
from lc_guard.detectors.columns import ColumnDetector
from lc_guard.detectors.credentials import CredentialDetector
from lc_guard.detectors.encoded_words import EncodedWordDetector
from lc_guard.detectors.file_names import FileNameDetector
from lc_guard.detectors.in_languages import models_by_language
from lc_guard.detectors.joined import JoinedDetector
from lc_guard.detectors.labels import KINDS, kind_of
from lc_guard.detectors.languages import LanguageGate
from lc_guard.detectors.llm_guard_loading import SUPERSEDED, llm_guard_patterns
from lc_guard.detectors.locale_rules import LocaleDetector
from lc_guard.detectors.names_of_text import NamesOfText
from lc_guard.detectors.national_ids import NationalIdDetector
from lc_guard.detectors.onnx_device import Device
from lc_guard.detectors.patterns import PatternDetector
from lc_guard.detectors.phone_numbers import PhoneNumberDetector
from lc_guard.detectors.rampart_model import RUNTIME
from lc_guard.detectors.record_fields import RecordFieldDetector
from lc_guard.detectors.script_names import ScriptNameDetector
from lc_guard.detectors.spacy_ner import DISTRIBUTION as SPACY_DISTRIBUTION
from lc_guard.detectors.spacy_ner import OFFICIAL
from lc_guard.detectors.spacy_ner import PACKAGE as SPACY_PACKAGE
from lc_guard.detectors.surroundings import TextKind
from lc_guard.detectors.text_kinds import InText, known_kind
from lc_guard.detectors.titles import TitleDetector
from lc_guard.detectors.tuning import Terms, TunedDetector
from lc_guard.detectors.usernames import UsernameDetector
from lc_guard.errors import ModelUnavailable


def default_detector(
    *,
    ner: bool = True,
    text: TextKind = "any",
    kinds: Collection[str] | None = None,
    threshold: float | None = None,
    thresholds: Mapping[str, float] | None = None,
    allow: Terms = (),
    deny: Terms = (),
    extra: Iterable[DetectorLike] = (),
    countries: Collection[str] | None = None,
    languages: Collection[str] | None = None,
    device: Device = "cpu",
) -> JoinedDetector | TunedDetector:
    """Return the best detector that runs on a laptop without a network.

    It joins rules (credentials, fields of records, columns of tables, user names, national identifiers, phone numbers,
    titles before names, shapes with checksums, Presidio's recognizers, LLM Guard's patterns where it is installed) and
    two models whose weights are ordinary dependencies: a spaCy pipeline (the user's official ``en_core_web_lg``,
    ``_md`` or ``_sm`` when installed, else the packaged one) and Rampart. Models load at the first text, once per
    process. With the extra ``en-md`` installed a second spaCy pipeline is asked as well.
    English; with the weights of ``lc-guard-ner-xx`` installed German, French, Spanish, Italian, Dutch, Polish and
    Portuguese as well, each text by the language it is written in.

    Args:
        ner: False gives **rules only, which mask almost no name**: an explicit choice for logs and forms, never a
            fallback.
        text: What the texts are. ``"any"`` tells code, logs, contracts and medicine by what stands around a guess;
            ``"code"``, ``"logs"``, ``"legal"`` and ``"clinical"`` take it for granted: a command's words, the time
            that begins a line, ``the Maturity Date``, ``Foley catheter`` stay readable. ``"chat"`` believes more names
            in small letters.
        kinds: Kinds to give; None for all. What `deny` and `extra` find is always given.
        threshold: Least score of rules and of Rampart's words, 0…1; None for 0.5, and 0.3 for Rampart's names.
        thresholds: Kind → least score, where it is not `threshold`.
        allow: Values to leave readable; see `TunedDetector`.
        deny: Values to hide; see `TunedDetector`.
        extra: More detectors, Presidio recognizers or callables ``text -> Iterable[Entity]``.
        countries: ISO 3166-1 codes, such as ``("DE", "FR")``, whose national identifiers and phone formats are looked
            for, by their checksum alone. None: all that are known, where a number that could be anything counts only
            behind its name.
        languages: ISO 639-1 codes of the languages that occur (``de``, ``en``, ``es``, ``fr``, ``it``, ``nl``, ``pl``,
            ``pt``); one alone is taken for every text. None: told by each text; too few words to tell count as English.
        device: Where Rampart runs: ``"cpu"``; ``"cuda"``, an error where there is no GPU that onnxruntime-gpu can use;
            ``"auto"``, which takes one where there is one. spaCy's pipelines run on the processor.

    Returns:
        The detector, ready for all threads.

    Raises:
        ModelUnavailable: A model's package is not installed; the message holds the install line.
        GuardError: A threshold is out of range, the device, a country or a language is not known, a list of terms is a
            single string, or `text` is no kind of text.
        TypeError: Something in `extra` is nothing that finds entities.
    """
    groups = [group for group in llm_guard_patterns() if group["name"] not in SUPERSEDED]
    gate = LanguageGate(languages)
    guessing: list[Detector] = []
    rules: list[Detector] = [
        CredentialDetector(),
        RecordFieldDetector(),
        ColumnDetector(),
        UsernameDetector(),
        NationalIdDetector(countries),
        PatternDetector(
            threshold=0.5 if threshold is None else threshold,
            thresholds=thresholds,
            regex_patterns=groups,
            national_ids=False,
        ),
        PhoneNumberDetector(countries),
        TitleDetector(),
        LocaleDetector(gate),
        ScriptNameDetector(),
    ]
    if ner:
        _require_models()
        fixed = languages is not None
        guessing = models_by_language(gate, fixed=fixed, threshold=threshold, thresholds=thresholds, device=device)
        rules += [FileNameDetector(), EncodedWordDetector()]
    if known_kind(text) != "any":
        rules = [InText(each, text, guesses=False) for each in rules]
        guessing = [InText(each, text) for each in guessing]
    joined = JoinedDetector([*rules, *guessing], complete=NamesOfText(gate))
    if kinds is None and not (thresholds or allow or deny or extra):
        return joined
    return TunedDetector(joined, kinds=kinds, thresholds=thresholds, allow=allow, deny=deny, extra=extra)


def default_kinds() -> list[str]:
    """Return the kinds that `default_detector` gives without `extra` and patterns of the user."""
    from lc_guard._text.credential_formats import CREDENTIAL_KINDS
    from lc_guard.detectors.national_ids import KINDS as NATIONAL
    from lc_guard.detectors.presidio import pattern_engine
    from lc_guard.detectors.rampart_model import KIND_OF_LABEL
    from lc_guard.detectors.shapes import SHAPES

    presidio = pattern_engine("en", national_ids=False).analyzer.get_supported_entities("en")
    labels = (*KIND_OF_LABEL.values(), *presidio, *(shape.kind for shape in SHAPES))
    return sorted({*KINDS, *CREDENTIAL_KINDS, *NATIONAL, *map(kind_of, labels)})


def _require_models() -> None:
    """Refuse at once, and not at the first text, when names could not be found."""
    missing = []
    if not any(importlib.util.find_spec(name) for name in (*OFFICIAL, SPACY_PACKAGE)):
        missing.append(SPACY_DISTRIBUTION)
    missing += [name for name in RUNTIME if not importlib.util.find_spec(name)]
    if missing:
        raise ModelUnavailable(
            f"nothing here finds names: pip install {' '.join(missing)} "
            "(dependencies of lc-guard), or say default_detector(ner=False) for rules only, which mask almost no name"
        )
