"""How a scanner of LLM Guard is built by name: its own loading code, no download nobody asked for, no long wait."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import importlib
import importlib.util
import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from lc_guard._forks import ForkLock
from lc_guard._vendors.hub import cached, hub_in_reach
from lc_guard._vendors.llm_guard import ROOTS, blank_engine, imported
from lc_guard._vendors.presidio import without_network
from lc_guard._vendors.quiet_logs import quiet
from lc_guard.errors import GuardError, ModelUnavailable, ScannerError

_DOWNLOAD_SECONDS = 30.0
_PATCHING = ForkLock()

DEFAULT_MODELS: Mapping[str, str] = {
    "BanCode": "MODEL_SM",
    "BanCompetitors": "MODEL_V1",
    "BanTopics": "MODEL_ROBERTA_BASE_C_V2",
    "FactualConsistency": "MODEL_DEBERTA_BASE_V2",
    "PromptInjection": "V2_MODEL",
    "Relevance": "MODEL_EN_BGE_BASE",
}
"""Name of the default model in a scanner's module, where it is not ``DEFAULT_MODEL``."""


def build(name: str, folder: str, keywords: tuple[str, ...], settings: Mapping[str, Any]) -> Any:
    """Build a scanner object of LLM Guard from settings; `keywords` are what its constructor takes.

    ``model`` may be a path, a name on the hub, or a mapping of ``Model``'s fields.

    Raises:
        ModelUnavailable: What it needs is neither on this machine nor in reach.
        GuardError: A setting has a value that can't be used.
        ScannerError: Its constructor failed.
    """
    with quiet(*ROOTS):
        kind = getattr(imported(f"llm_guard.{folder}"), name)
        # LLM Guard writes into lists that it is given.
        given = {key: copy.copy(value) if isinstance(value, list) else value for key, value in settings.items()}
        _check_match_type(kind, given.get("match_type"))
        if given.get("match_type") == "sentence" and kind.__module__.startswith("llm_guard"):
            _need_sentences(name)
        if "model" in keywords and given.get("classifier") is None:
            given["model"] = _model(kind, given.get("model"))
            given["model"] = _placed(name, kind, given["model"], use_onnx=bool(given.get("use_onnx")))
        if name == "Sensitive":
            return _sensitive(kind, given)
        if name == "Sentiment":
            return _sentiment(kind, given)
        if name == "TokenLimit":
            encoding = given.get("model_name") or given.get("encoding_name") or "cl100k_base"
            return _bounded(
                lambda: kind(**given),
                f"LLM Guard's {name} could not load tiktoken's encoding {encoding!r}: connect, or set the "
                "environment's TIKTOKEN_CACHE_DIR to a folder that holds it",
            )
        return _made(name, kind, given)


def _made(name: str, kind: Any, given: Mapping[str, Any]) -> Any:
    model = given.get("model")
    try:
        return kind(**given)
    except ImportError as error:
        raise ModelUnavailable(
            f"LLM Guard's {name} needs a package that is missing (module {error.name!r}): install it; for "
            "use_onnx=True with llm-guard 'optimum[onnxruntime]'"
        ) from None
    except Exception as error:  # noqa: BLE001 - transformers, onnxruntime, re… each raise types of their own
        # The message may quote a setting, such as a competitor's name.
        told = f"({type(error).__name__})"
        if model is None:
            raise ScannerError(
                f"LLM Guard's {name} could not be built {told}: check the values of {', '.join(given) or 'nothing'}"
            ) from None
        raise ModelUnavailable(
            f"LLM Guard's {name} could not be built with the model {shown(model.path)!r} {told}: check that its files "
            "are complete and of this scanner's task, and the other keywords' values; with use_onnx=True or gorget an "
            "ONNX export is needed"
        ) from None


def _check_match_type(kind: Any, match_type: Any) -> None:
    types = getattr(sys.modules[kind.__module__], "MatchType", None)
    if isinstance(match_type, str) and types is not None and match_type not in {item.value for item in types}:
        known = ", ".join(repr(item.value) for item in types)
        raise GuardError(f"match_type={match_type!r} is not one {kind.__name__} knows: give one of {known}")


def default_model(kind: Any) -> Any:
    """Return the model that a scanner's class loads if it is given none."""
    constant = DEFAULT_MODELS.get(kind.__name__, "DEFAULT_MODEL")
    # A scanner of outputs may hand over to its namesake for prompts.
    for module in (kind.__module__, kind.__module__.replace(".output_scanners.", ".input_scanners.")):
        if model := getattr(sys.modules.get(module), constant, None):
            return model
    raise GuardError(f"LLM Guard's {kind.__name__} of this version has another default model: give model=")


def _model(kind: Any, given: Any) -> Any:
    """Return the model that a setting means, with the default model's settings of the pipeline."""
    default = default_model(kind)
    if given is None:
        return default
    if isinstance(given, str | os.PathLike):
        given = {"path": os.fspath(given)}
    if not isinstance(given, Mapping):
        return given
    fields = {item.name for item in dataclasses.fields(default)}
    if "path" not in given or not set(given) <= fields:
        raise GuardError(f"model= as a mapping needs a path, and may have {', '.join(sorted(fields - {'path'}))}")
    chosen = dict(given)
    if not chosen.keys() & {"onnx_path", "onnx_subfolder", "onnx_filename"}:
        for subfolder in ("", "onnx"):
            if Path(chosen["path"], subfolder, "model.onnx").is_file():
                chosen |= {"onnx_path": chosen["path"], "onnx_subfolder": subfolder, "onnx_filename": "model.onnx"}
                break
    plain = {"subfolder": "", "revision": None, "onnx_path": None, "onnx_revision": None, "onnx_subfolder": ""}
    for key in ("kwargs", "tokenizer_kwargs", "pipeline_kwargs"):
        chosen[key] = {**getattr(default, key), **chosen.get(key, {})}
    return dataclasses.replace(default, **{**plain, "onnx_filename": "model.onnx", **chosen})


def _placed(name: str, kind: Any, model: Any, *, use_onnx: bool) -> Any:
    """Return a copy of a model that loads from this machine while its hub is out of reach; else ModelUnavailable."""
    paths = {model.path, *([model.onnx_path] if use_onnx and model.onnx_path else [])}
    if kind.__module__.startswith("gorget") and (use_onnx or importlib.util.find_spec("torch") is None):
        paths = {model.onnx_path or model.path}
    remote = sorted(str(path) for path in paths if not Path(path).is_dir())
    if not remote or hub_in_reach():
        return model
    if missing := [path for path in remote if not cached(path)]:
        raise ModelUnavailable(
            f"LLM Guard's {name} needs the model {shown(missing[0])!r}: it is not on this machine and its hub does "
            "not answer. Do one of: connect and try again; download it ahead (huggingface_hub's snapshot_download); "
            "or give model= the path of a folder that holds it"
        )
    # Without this the loaders ask the hub for each file, several times, before they look into their cache.
    local = {"local_files_only": True}
    return dataclasses.replace(
        model, kwargs={**model.kwargs, **local}, tokenizer_kwargs={**model.tokenizer_kwargs, **local}
    )


def shown(path: str) -> str:
    """Return a model's name; of a path, which may hold a user's name, the last part."""
    return Path(path).name if str(path).startswith((".", "/", "~", "\\")) else str(path)


def _sensitive(kind: Any, given: dict[str, Any]) -> Any:
    """Build ``Sensitive`` without the spaCy packages and the suffix list that it would download."""
    confs = given.get("recognizer_conf")
    if confs is None:
        confs = imported("llm_guard.input_scanners.anonymize_helpers").DEBERTA_AI4PRIVACY_v2_CONF
    onnx = bool(given.get("use_onnx"))
    placed = [
        {**conf, "DEFAULT_MODEL": _placed("Sensitive", kind, conf["DEFAULT_MODEL"], use_onnx=onnx)}
        for conf in ([confs] if isinstance(confs, Mapping) else confs)
    ]
    given["recognizer_conf"] = placed[0] if isinstance(confs, Mapping) else placed
    with blank_engine(), quiet("presidio-analyzer", below=logging.ERROR):
        scanner = _made("Sensitive", kind, given)
    registry = scanner._analyzer.registry  # noqa: SLF001 - LLM Guard has no public way to it
    registry.remove_recognizer("UrlRecognizer")
    for language in dict.fromkeys(("en", given.get("language", "en"))):
        without_network(registry, language)
    return scanner


def _sentiment(kind: Any, given: Mapping[str, Any]) -> Any:
    """Build ``Sentiment``; LLM Guard's asks NLTK's server for the lexicon each time, even if it is there."""
    told = (
        "LLM Guard's Sentiment needs NLTK's vader_lexicon: connect, or download it ahead with "
        "python -m nltk.downloader vader_lexicon"
    )
    if not kind.__module__.startswith("llm_guard"):
        return _made("Sentiment", kind, given)
    if not _in_nltk("sentiment/vader_lexicon.zip/vader_lexicon/vader_lexicon.txt"):
        return _bounded(lambda: kind(**given), told)
    module = sys.modules["llm_guard.input_scanners.sentiment"]
    with _without_download(module):
        return _made("Sentiment", kind, given)


@contextlib.contextmanager
def _without_download(module: Any) -> Iterator[None]:
    """Let one module of LLM Guard see an NLTK whose data is complete."""
    load = module.lazy_load_dep

    def loaded(name: str, package: str | None = None) -> Any:
        return SimpleNamespace(download=lambda _: True) if name == "nltk" else load(name, package)

    with _PATCHING:
        module.lazy_load_dep = loaded
        try:
            yield
        finally:
            module.lazy_load_dep = load


def _need_sentences(name: str) -> None:
    """See that NLTK can split sentences: LLM Guard would download what it needs at the first text."""
    if not _in_nltk("tokenizers/punkt_tab"):
        told = (
            f"LLM Guard's {name} with match_type=\"sentence\" needs NLTK's punkt_tab: connect, or download it ahead "
            "with python -m nltk.downloader punkt_tab"
        )

        def download() -> None:
            if not importlib.import_module("nltk").download("punkt_tab", quiet=True):
                raise ModelUnavailable(told)

        _bounded(download, told)


def _in_nltk(resource: str) -> bool:
    try:
        importlib.import_module("nltk").data.find(resource)
    except LookupError:
        return False
    return True


def _bounded(load: Callable[[], Any], told: str) -> Any:
    """Return what a loader gives that has no time limit of its own; ModelUnavailable if it failed or took too long."""
    answers: list[Any] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            with quiet(*ROOTS):
                answers.append(load())
        except BaseException as error:  # noqa: BLE001 - told where the answer is collected
            errors.append(error)

    thread = threading.Thread(target=run, name="lc-guard-llm-guard", daemon=True)
    thread.start()
    thread.join(_DOWNLOAD_SECONDS)
    if answers:
        return answers[0]
    told_type = type(errors[0]).__name__ if errors else f"no answer in {_DOWNLOAD_SECONDS:g} seconds"
    raise ModelUnavailable(f"{told} ({told_type})")
