"""LLM Guard's PII detection with LLM Guard's own keywords: code ports by moving the keywords of ``Anonymize`` here.

Spans come from LLM Guard's helpers (``get_analyzer``, ``get_transformers_recognizer``, ``get_regex_patterns``); its
vault, its placeholders and its rewriting of the text are not used. ``llm-guard`` 0.3.16 and ``gorget`` 0.5, which
carries the same import name, both work.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from lc_guard._forks import ForkLock
from lc_guard._progress import part_done
from lc_guard.detectors.llm_guard_loading import (
    ModelConfs,
    NERConf,
    build_analyzer,
    default_regex_groups,
    load_recognizers,
)
from lc_guard.detectors.presidio import Engine
from lc_guard.detectors.shapes import SHAPES, find_shapes
from lc_guard.detectors.spans import clean, one_kind_per_value, resolve
from lc_guard.detectors.windows import fits_all, fitting_windows, readable, shifted
from lc_guard.errors import GuardError, MissingExtra
from lc_guard.records import Entity, normalize_kind

if TYPE_CHECKING:
    from presidio_analyzer import EntityRecognizer

DEFAULT_ENTITY_TYPES = (
    # LLM Guard's own defaults…
    *("CREDIT_CARD", "CRYPTO", "EMAIL_ADDRESS", "IBAN_CODE", "IP_ADDRESS", "PERSON", "PHONE_NUMBER", "US_SSN"),
    *("US_BANK_NUMBER", "CREDIT_CARD_RE", "UUID", "EMAIL_ADDRESS_RE", "US_SSN_RE"),
    # …and what they leave out although its model and its patterns find it.
    *("LOCATION", "ORGANIZATION", "NRP", "DATE_TIME", "DATE_RE", "URL", "URL_RE", "PHONE_NUMBER_WITH_EXT"),
    *("PHONE_NUMBER_ZH", "BTC_ADDRESS", "PO_BOX_RE", "CUSTOM"),
)
"""Kinds looked for when the caller names none; kinds of his own recognizer and patterns come on top."""

REPAIRED = {
    # DATE_RE cuts "29 November 1996" after "Nov" and eats half of an ISO date; URL_RE takes "no.So" for a host; the
    # phone pattern begins inside longer numbers; UUID knows no capitals; US_SSN_RE no blanks.
    "DATE_RE": ("DATE_TIME",),
    "URL_RE": ("URL",),
    "PHONE_NUMBER_WITH_EXT": ("PHONE_NUMBER",),
    "US_SSN_RE": ("US_SSN",),
    "UUID": ("UUID",),
    "CREDIT_CARD_RE": ("CREDIT_CARD",),
    "EMAIL_ADDRESS_RE": ("EMAIL_ADDRESS",),
    "PO_BOX_RE": ("PO_BOX_RE",),
}
"""LLM Guard's faulty pattern → our shapes that find the same kind; they come out under LLM Guard's name."""

_REPLACED = frozenset({"DATE_RE", "URL_RE"})
_WINDOW, _OVERLAP = 480, 96
LANGUAGES = ("en", "zh")


class LLMGuardDetector:
    """Finds what LLM Guard's ``Anonymize`` finds, without its defects; takes the same keywords, all optional.

    The model loads at the first text or in `warm_up`, once per process and configuration. Without `recognizer` it is
    LLM Guard's own: from its hub, or from a local path in `recognizer_conf`.

    Args:
        hidden_names: Names always found, as kind CUSTOM, whatever their case.
        allowed_names: Values never reported: exact, case-sensitive.
        entity_types: Kinds to give (CUSTOM always is one); None or empty for `DEFAULT_ENTITY_TYPES`.
        preamble: Text to put before an anonymized prompt; kept in the attribute `preamble` for the step that rewrites.
        regex_patterns: Pattern groups in LLM Guard's form in place of its defaults; None or empty for the defaults,
            repaired.
        use_faker: Whether placeholders should be fakes; kept in the attribute `use_faker` for the step that rewrites.
        recognizer_conf: LLM Guard's configuration of its model, or (gorget) several; None for its default.
        threshold: Least score, 0…1; 0 gives everything.
        use_onnx: Whether LLM Guard's model runs in onnxruntime (needs ``optimum[onnxruntime]`` with llm-guard).
        language: ``"en"`` or ``"zh"``.
        recognizer: A Presidio recognizer in the place of LLM Guard's model; no model is loaded then.

    Raises:
        MissingExtra: Neither llm-guard nor gorget is installed.
        GuardError: A keyword has a value that can't be used.
    """

    name = "llm_guard"

    def __init__(
        self,
        *,
        hidden_names: Sequence[str] | None = None,
        allowed_names: Sequence[str] | None = None,
        entity_types: Sequence[str] | None = None,
        preamble: str = "",
        regex_patterns: Sequence[Mapping[str, Any]] | None = None,
        use_faker: bool = False,
        recognizer_conf: NERConf | Sequence[NERConf] | None = None,
        threshold: float = 0.5,
        use_onnx: bool = False,
        language: str = "en",
        recognizer: EntityRecognizer | None = None,
    ) -> None:
        if importlib.util.find_spec("llm_guard") is None:
            raise MissingExtra("LLMGuardDetector", "llm-guard")
        _check_settings(threshold, language, recognizer)
        for keyword, names in (("hidden_names", hidden_names), ("allowed_names", allowed_names)):
            if isinstance(names, str) or not all(isinstance(name, str) for name in names or ()):
                raise GuardError(f"{keyword} must be a list of names")
        self.preamble = preamble
        self.use_faker = use_faker
        self._hidden = tuple(dict.fromkeys(name for name in hidden_names or () if name.strip()))
        self._allowed = frozenset(_plain(name) for name in allowed_names or ())
        self._entity_types = tuple(entity_types or ())
        self._groups = tuple(dict(group) for group in regex_patterns or ())
        self._conf = ModelConfs(recognizer_conf)
        self._threshold = threshold
        self._use_onnx = use_onnx
        self._language = language
        self._recognizer = recognizer
        self._lock = ForkLock()
        self._loaded: _Loaded | None = None

    def __repr__(self) -> str:
        # Hidden and allowed names are personal data: their number only.
        return (
            f"{type(self).__name__}(hidden_names={len(self._hidden)}, allowed_names={len(self._allowed)}, "
            f"threshold={self._threshold}, language={self._language!r})"
        )

    def warm_up(self) -> None:
        """Load LLM Guard and its model now.

        Raises:
            ModelUnavailable: The model is neither on this machine nor in reach.
        """
        self._load()

    def detect(self, text: str) -> list[Entity]:
        """Return the entities of a text, ordered by offset, without overlaps."""
        if not text.strip():
            return []
        loaded = self._load()
        seen = readable(text)
        found: list[Entity] = []
        for start, end in fitting_windows(seen, loaded.fits, size=_WINDOW, overlap=_OVERLAP):
            piece = seen[start:end]
            found += shifted(loaded.engine.entities(piece, threshold=self._threshold, kinds=loaded.asked), start)
            found += shifted(self._repaired(piece, loaded), start)
            part_done()
        kept = self._kept(seen, clean(seen, found), loaded)
        # Names hidden by the user stand against anything else: their source comes first.
        hidden = [entity for entity in kept if entity.kind == "CUSTOM"]
        others = [entity for entity in kept if entity.kind != "CUSTOM"]
        return self._kept(seen, one_kind_per_value(seen, resolve(seen, [hidden, others])), loaded)

    def _kept(self, text: str, entities: Sequence[Entity], loaded: _Loaded) -> list[Entity]:
        return [
            entity
            for entity in entities
            if entity.kind in loaded.wanted and _plain(text[entity.start : entity.end]) not in self._allowed
        ]

    def _repaired(self, text: str, loaded: _Loaded) -> list[Entity]:
        """Find the kinds of LLM Guard's faulty patterns by our shapes, under LLM Guard's and Presidio's names."""
        entities = []
        for entity in find_shapes(text, loaded.shapes):
            if entity.score < self._threshold:
                continue
            names = [entity.kind, *loaded.renamed.get(entity.kind, ())]
            entities += [
                Entity(kind, entity.start, entity.end, entity.score) for kind in names if kind in loaded.wanted
            ]
        return entities

    def _load(self) -> _Loaded:
        if self._loaded is None:
            with self._lock:
                if self._loaded is None:
                    self._loaded = self._build()
        return self._loaded

    def _build(self) -> _Loaded:
        defaults = not self._groups
        recognizers = (
            [self._recognizer]
            if self._recognizer is not None
            else load_recognizers(self._conf, use_onnx=self._use_onnx, language=self._language)
        )
        groups = [g for g in default_regex_groups() if g["name"] not in _REPLACED] if defaults else list(self._groups)
        analyzer = build_analyzer(
            recognizers=recognizers,
            groups=groups,
            # The longest first: of "Ann" and "Ann Lee" the regular expression takes the first that matches.
            hidden=sorted((readable(name) for name in self._hidden), key=len, reverse=True),
            language=self._language,
        )
        supported = {kind: normalize_kind(kind) for kind in analyzer.get_supported_entities(self._language)}
        own = [kind for item in recognizers for kind in item.supported_entities]
        own += [str(group["name"]).upper() for group in self._groups]
        wanted = {normalize_kind(k) for k in (self._entity_types or (*DEFAULT_ENTITY_TYPES, *own))} | {"CUSTOM"}
        renamed = _renamed() if defaults else {}
        asked = [kind for kind, normal in supported.items() if normal in wanted]
        return _Loaded(
            Engine(analyzer, self._language),
            asked,
            frozenset(wanted),
            _shapes(wanted, renamed, defaults=defaults),
            renamed,
            _fits(recognizers),
        )


def _check_settings(threshold: float, language: str, recognizer: EntityRecognizer | None) -> None:
    if not 0 <= threshold <= 1:
        raise GuardError(f"threshold={threshold!r} is no score: give 0…1")
    if language not in LANGUAGES:
        raise GuardError(f"language={language!r} is not one LLM Guard knows: give one of {', '.join(LANGUAGES)}")
    if recognizer is not None and recognizer.supported_language != language:
        raise GuardError(
            f"the recognizer is for {recognizer.supported_language!r} and would never be asked in {language!r}: "
            "give it the same supported_language"
        )


def _shapes(wanted: Collection[str], renamed: Mapping[str, Sequence[str]], *, defaults: bool) -> tuple[Any, ...]:
    # Patterns of the caller stand in the place of LLM Guard's: then its kinds are not ours to find.
    return tuple(
        shape
        for shape in SHAPES
        if not {shape.kind, *renamed.get(shape.kind, ())}.isdisjoint(wanted)
        and (defaults or shape.kind not in REPAIRED)
    )


def _fits(recognizers: Sequence[EntityRecognizer]) -> Callable[[str], bool]:
    pipelines = (getattr(item, "pipeline", None) for item in recognizers)
    return fits_all([pipeline for pipeline in pipelines if pipeline is not None])


def _renamed() -> dict[str, list[str]]:
    """Return the names of LLM Guard's faulty patterns by the kind of our shapes."""
    renamed: dict[str, list[str]] = {}
    for name, kinds in REPAIRED.items():
        for kind in kinds:
            renamed.setdefault(kind, []).append(name)
    return renamed


class _Loaded(NamedTuple):
    """What a detector needs once LLM Guard is there."""

    engine: Engine
    asked: list[str]
    wanted: frozenset[str]
    shapes: tuple[Any, ...]
    renamed: Mapping[str, Sequence[str]]
    fits: Callable[[str], bool]


def _plain(value: str) -> str:
    """Return a value as it is compared with `allowed_names`: one blank for each gap, plain apostrophes."""
    return " ".join(readable(value).split())
