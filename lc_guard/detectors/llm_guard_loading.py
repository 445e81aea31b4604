"""How LLM Guard's analyzer and model are brought up: quietly, within seconds, without downloads nobody asked for.

LLM Guard's regular expressions, read as data: importing ``llm_guard`` itself costs seconds, torch and 500 MB.
"""

from __future__ import annotations

import ast
import copy
import importlib.util
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lc_guard._vendors.hub import cached, hub_in_reach
from lc_guard._vendors.llm_guard import blank_engine, imported
from lc_guard._vendors.presidio import quiet, without_network
from lc_guard.detectors.weights import LoadOnce
from lc_guard.errors import ModelUnavailable

if TYPE_CHECKING:
    from presidio_analyzer import AnalyzerEngine, EntityRecognizer


NERConf = Mapping[str, Any]
"""LLM Guard's ``NERConfig``."""


class ModelConfs:
    """Model configurations as a key: equal ones share one loaded model.

    Args:
        confs: One configuration, several, or None for LLM Guard's default.
    """

    def __init__(self, confs: NERConf | Sequence[NERConf] | None) -> None:
        # LLM Guard writes into the configuration it is given: it gets a copy.
        items = None if confs is None else [confs] if isinstance(confs, Mapping) else list(confs)
        self.items: list[dict[str, Any]] | None = copy.deepcopy(items)  # type: ignore[assignment]
        self._key = repr(None if items is None else [sorted(item.items(), key=lambda pair: pair[0]) for item in items])

    def __hash__(self) -> int:
        return hash(self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ModelConfs) and self._key == other._key


def helpers() -> Any:
    """Import LLM Guard's helpers and make their loggers quiet.

    Returns:
        The module ``llm_guard.input_scanners.anonymize_helpers``.

    Raises:
        ModelUnavailable: The installed package can't be imported.
    """
    return imported("llm_guard.input_scanners.anonymize_helpers")


def default_regex_groups() -> list[dict[str, Any]]:
    """Return LLM Guard's default pattern groups, in the form that `build_analyzer` takes."""
    groups: list[dict[str, Any]] = helpers().get_regex_patterns()
    return groups


def build_analyzer(
    *,
    recognizers: Sequence[EntityRecognizer],
    groups: Sequence[Mapping[str, Any]],
    hidden: Sequence[str],
    language: str,
) -> AnalyzerEngine:
    """Build LLM Guard's analyzer with `get_analyzer`, without the spaCy packages it would download.

    Args:
        recognizers: What stands in the place of LLM Guard's transformers recognizer.
        groups: Pattern groups.
        hidden: Names found as CUSTOM.
        language: ``"en"`` or ``"zh"``.

    Returns:
        The analyzer.
    """
    module = helpers()
    languages = list(dict.fromkeys(["en", language]))
    with blank_engine(), quiet(logging.ERROR):
        analyzer = module.get_analyzer(
            recognizer=recognizers[0],
            regex_groups=module.get_regex_patterns(list(groups)) if groups else [],
            custom_names=list(hidden),
            supported_languages=languages,
        )
    for recognizer in recognizers[1:]:
        analyzer.registry.add_recognizer(recognizer)
    # Presidio's default for URLs takes the end of one sentence and the begin of the next for a host.
    analyzer.registry.remove_recognizer("UrlRecognizer")
    for code in languages:
        without_network(analyzer.registry, code)
    built: AnalyzerEngine = analyzer
    return built


@LoadOnce
def load_recognizers(confs: ModelConfs, *, use_onnx: bool, language: str) -> list[EntityRecognizer]:
    """Load LLM Guard's model (or models) through LLM Guard's own path.

    Args:
        confs: Which.
        use_onnx: Whether in onnxruntime.
        language: Language it is asked in.

    Returns:
        Presidio recognizers.

    Raises:
        ModelUnavailable: A model is neither on this machine nor in reach, or can't be loaded.
    """
    module = helpers()
    items = confs.items if confs.items is not None else [_default_conf(language)]
    return [_load(module, copy.deepcopy(dict(item)), use_onnx=use_onnx, language=language) for item in items]


def _default_conf(language: str) -> dict[str, Any]:
    """Return the configuration that LLM Guard's (or gorget's) own ``Anonymize`` takes for a language."""
    anonymize = imported("llm_guard.input_scanners.anonymize")
    by_language: Mapping[str, Any] = getattr(anonymize, "LANGUAGE_DEFAULT_RECOGNIZER_CONF", {})
    conf: dict[str, Any] = by_language.get(language) or anonymize.DEBERTA_AI4PRIVACY_v2_CONF
    return conf


def _load(module: Any, conf: dict[str, Any], *, use_onnx: bool, language: str) -> EntityRecognizer:
    model = conf["DEFAULT_MODEL"]
    paths = {path for path in (model.path, model.onnx_path if use_onnx else None) if path}
    remote = sorted(path for path in paths if not Path(path).is_dir())
    if remote and not hub_in_reach():
        if not any(cached(path) for path in remote):
            raise ModelUnavailable(
                f"the model {remote[0]!r} is not on this machine and its hub does not answer. Do one of: connect and "
                "try again; give recognizer_conf a model with a local path; give recognizer= a Presidio recognizer; "
                "or take lc_guard.detectors.default_detector(), whose models are packages"
            )
        # Without this the loaders ask the hub for each file, several times, before they look into their cache.
        model.kwargs = {**model.kwargs, "local_files_only": True}
        model.tokenizer_kwargs = {**model.tokenizer_kwargs, "local_files_only": True}
    try:
        recognizer: EntityRecognizer = module.get_transformers_recognizer(
            recognizer_conf=conf, use_onnx=use_onnx, supported_language=language
        )
    except ImportError as error:
        raise ModelUnavailable(
            f"LLM Guard needs a package that is missing to load {model.path!r} ({type(error).__name__}, module "
            f"{error.name!r}): for use_onnx=True install 'optimum[onnxruntime]'"
        ) from error
    except Exception as error:
        # transformers, huggingface_hub and onnxruntime each raise types of their own: all mean that there is no model.
        raise ModelUnavailable(
            f"LLM Guard could not load the model {model.path!r} ({type(error).__name__}): check the path, its files, "
            "the revision in recognizer_conf"
        ) from error
    recognizer.supported_language = language
    return recognizer


_FILE = Path("input_scanners", "anonymize_helpers", "regex_patterns.py")
_CONSTANT = "DEFAULT_REGEX_PATTERNS"

SUPERSEDED = frozenset(
    {
        # Cut names of months in half and eat half of an ISO date.
        "DATE_RE",
        # Takes the end of one sentence and the begin of the next for a host name.
        "URL_RE",
        # Needs an extension in practice, and begins inside longer runs of digits.
        "PHONE_NUMBER_WITH_EXT",
        # No personal data by themselves.
        "TIME_RE",
        "HEX_COLOR",
        "PRICE_RE",
    }
)
"""Groups left out of the default detector: our own shapes find the same kinds without their faults."""


@LoadOnce
def llm_guard_patterns() -> tuple[dict[str, Any], ...]:
    """Read ``DEFAULT_REGEX_PATTERNS`` of the installed LLM Guard or gorget, without running any of its code.

    Returns:
        The groups in LLM Guard's form (``name``, ``expressions``, ``context``, ``score``, ``languages``); none if
        neither package is installed or the constant is not found in it.
    """
    for package in ("llm_guard", "gorget"):
        spec = importlib.util.find_spec(package)
        for folder in (spec.submodule_search_locations or []) if spec else []:
            file = Path(folder) / _FILE
            if file.is_file():
                return tuple(_literal(file.read_text(encoding="utf-8")))
    return ()


def _literal(source: str) -> list[dict[str, Any]]:
    for node in ast.parse(source).body:
        target = node.target if isinstance(node, ast.AnnAssign) else None
        if isinstance(target, ast.Name) and target.id == _CONSTANT and isinstance(node, ast.AnnAssign) and node.value:
            groups: list[dict[str, Any]] = ast.literal_eval(node.value)
            return groups
    return []
