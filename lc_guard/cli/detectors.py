"""The detectors that the command line knows by name, and those that a user names by where they are defined."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from lc_guard.cli.arguments import CommandError, split_names
from lc_guard.detectors.base import Detector, load_models
from lc_guard.errors import GuardError, ModelUnavailable
from lc_guard.records import Entity


class Deferred:
    """A detector that is built when it is loaded, so that one that can't be built does not stop the others."""

    def __init__(self, build: Callable[[], Detector]) -> None:
        self._build = build
        self._detector: Detector | None = None

    def warm_up(self) -> None:
        """Build the detector and load its models."""
        detector = self._built()
        load_models(detector)

    def detect(self, text: str) -> Sequence[Entity]:
        """Return the entities of `text`."""
        return self._built().detect(text)

    def _built(self) -> Detector:
        if self._detector is None:
            self._detector = self._build()
        return self._detector


TEXT_KINDS = ("any", "chat", "code", "logs", "legal", "clinical")
"""What ``--text-kind`` takes: `lc_guard.detectors.surroundings.TextKind`."""

_TUNED = ("default", "rules")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what the default detector may be told of the texts."""
    parser.add_argument(
        "--text-kind",
        choices=TEXT_KINDS,
        help="what the texts are, for the default detector (default: told by what stands around a word)",
    )
    parser.add_argument(
        "--languages",
        metavar="CODES",
        help="languages that occur, separated by commas, such as de,en (default: told by each text)",
    )
    parser.add_argument(
        "--countries",
        metavar="CODES",
        help="countries whose identifiers and phone numbers are looked for, such as DE,FR (default: all known)",
    )


def read_options(args: argparse.Namespace) -> dict[str, Any]:
    """Return what the default detector was told, as its keywords; wrong usage is told before any model is loaded."""
    given: dict[str, Any] = {"text": args.text_kind} if args.text_kind else {}
    for name in ("languages", "countries"):
        codes = getattr(args, name)
        if codes is None:
            continue
        given[name] = split_names(codes)
        if not given[name]:
            raise CommandError(f"--{name} names none: give codes separated by commas, or leave it out")
    if given:
        from lc_guard.detectors import default_detector  # noqa: PLC0415 - here and below: a light import of this module

        try:
            default_detector(ner=False, **given)
        except ModelUnavailable:
            raise
        except GuardError as error:
            raise CommandError(str(error)) from None
    return given


def choose(names: str, options: Mapping[str, Any] | None = None) -> dict[str, Detector]:
    """Return detectors by their names, separated by commas, each once and in this order, built when they are loaded.

    A name with a colon, such as ``my_package.pii:Detector``, is a detector, or what makes one, in a module that can be
    imported from the current directory. The default detector, with models or without, takes `options`.
    """
    chosen: dict[str, Detector] = {}
    listed = split_names(names)
    if options and not any(name in _TUNED for name in listed):
        raise CommandError(f"--text-kind, --languages and --countries are for the detectors {' and '.join(_TUNED)}")
    for name in listed:
        build = _imported(name) if ":" in name else _BUILDERS.get(name)
        if build is not None and options and name in _TUNED:
            build = partial(build, **options)
        if build is None:
            raise CommandError(
                f"there is no detector {name!r}: take {', '.join(_BUILDERS)}, or module:name for one of your own"
            )
        chosen[name] = Deferred(build)
    if not chosen:
        raise CommandError(f"no detector is named: take some of {', '.join(_BUILDERS)}")
    return chosen


def _of(name: str, **options: Any) -> Callable[..., Detector]:
    def build(**more: Any) -> Detector:
        from lc_guard import detectors  # noqa: PLC0415

        made: Detector = getattr(detectors, name)(**options, **more)
        return made

    return build


def _llm_guard_patterns() -> Detector:
    from presidio_analyzer import EntityRecognizer  # noqa: PLC0415

    from lc_guard.detectors import LLMGuardDetector  # noqa: PLC0415

    class NoModel(EntityRecognizer):  # type: ignore[misc]  # presidio is not followed
        """Stands in the place of LLM Guard's model and finds nothing."""

        def load(self) -> None:
            """Load nothing."""

        def analyze(self, text: str, entities: object, nlp_artifacts: object = None) -> list[object]:  # noqa: ARG002
            """Find nothing."""
            return []

    return LLMGuardDetector(recognizer=NoModel(supported_entities=["PERSON"], supported_language="en"))


_BUILDERS: dict[str, Callable[..., Detector]] = {
    "default": _of("default_detector"),
    "rules": _of("default_detector", ner=False),
    "patterns": _of("PatternDetector"),
    "spacy": _of("SpacyDetector"),
    "rampart": _of("RampartDetector"),
    "llm-guard": _of("LLMGuardDetector"),
    "llm-guard-patterns": _llm_guard_patterns,
}


def _imported(name: str) -> Callable[[], Detector]:
    module, _, attribute = name.partition(":")

    def build() -> Detector:
        if "" not in sys.path:
            sys.path.insert(0, "")  # as `python -m` does
        try:
            found = getattr(importlib.import_module(module), attribute)
            made = found() if isinstance(found, type) or not hasattr(found, "detect") else found
        except Exception as error:  # noqa: BLE001 - a user's module may raise anything
            raise ModelUnavailable(
                f"{name!r} can't be loaded ({type(error).__name__}): it must be module:name of a detector, or of what "
                "makes one without arguments, importable from the current directory"
            ) from None
        if not isinstance(made, Detector):
            raise ModelUnavailable(f"{name!r} gives {type(made).__name__}, which has no method detect(text)")
        return made

    return build
