"""``lc-guard scan``: anonymize texts, or list the entities in them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lc_guard.cli.arguments import STDIN, CommandError, add_command, print_json, read_text
from lc_guard.cli.detectors import add_options, read_options
from lc_guard.records import PII_CHECK

if TYPE_CHECKING:
    from lc_guard import Blocked
    from lc_guard.detectors import Detector
    from lc_guard.policy.checks import CheckPolicy
    from lc_guard.policy.policy import Policy

_SESSION = "scan"

_DESCRIPTION = """\
Write texts to standard output with placeholders where personal data stood, or list the entities as JSON Lines.
All files of one call are one session: the same value has the same placeholder in each."""

_EPILOG = """\
With --entities each line is an object: "file" (the name as given; "-" is standard input), "kind", "start" and "end"
(offsets in characters), "score" (0 to 1), and with --show-values also "value", the raw text.

Exit status: 0 done; 1 a check failed or blocked, nothing of that text was written; 2 wrong usage, a policy that can't
be taken, or a file that could not be read. What is wrong with one text does not stop the others. The placeholders'
values are forgotten when the command ends: for a way back use lc_guard.Guard in a program."""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    about = "anonymize texts, or list the entities in them"
    parser = add_command(commands, "scan", run, about=about, description=_DESCRIPTION, epilog=_EPILOG)
    parser.add_argument("files", nargs="*", default=[STDIN], metavar="FILE", help='UTF-8 text; "-" or none is stdin')
    parser.add_argument("--entities", action="store_true", help="list the entities instead, as JSON Lines")
    parser.add_argument("--show-values", action="store_true", help="with --entities: the raw values as well")
    parser.add_argument(
        "--style",
        choices=["llm_guard", "angle", "square", "fake"],
        help="placeholders: [REDACTED_PERSON_1] (the default), <PERSON_1>, [PERSON_1], or realistic fakes",
    )
    parser.add_argument(
        "--detector",
        choices=["default", "patterns"],
        default="default",
        help="default: rules and models; patterns: structured data only, quick to start, masks no name",
    )
    add_options(parser)
    parser.add_argument(
        "--policy",
        metavar="FILE",
        help="a policy in TOML or YAML: kinds, thresholds and what an error means (its scanners are not run)",
    )


def run(args: argparse.Namespace) -> int:
    """Run the command; return the exit status."""
    if args.show_values and not args.entities:
        raise CommandError("--show-values belongs to --entities")
    if args.style and args.entities:
        raise CommandError("--style belongs to anonymized text, not to --entities")
    if args.policy and args.entities:
        raise CommandError("--policy belongs to anonymized text, not to --entities")
    options = read_options(args)
    if options and args.detector != "default":
        raise CommandError("--text-kind, --languages and --countries belong to the default detector")
    policy = _policy(args.policy)
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(encoding="utf-8", newline="")  # the text goes out as it came in, whatever the locale
    texts = _Texts(args.files)
    detector = _detector(args.detector, options)
    if args.entities:
        _list_entities(texts, detector, show_values=args.show_values)
    else:
        _anonymize(texts, detector, args.style, policy)
    return texts.status


class _Texts:
    """The texts of the files that can be read; the others are told on stderr, like ``cat`` does."""

    def __init__(self, names: list[str]) -> None:
        self.status = 0
        self._names = names

    def __iter__(self) -> Iterator[tuple[str, str]]:
        for name in self._names:
            try:
                text = read_text(name)
            except CommandError as error:
                self.status = error.status
                sys.stderr.write(f"lc-guard: {error}\n")
            else:
                yield name, text


def _detector(name: str, options: Mapping[str, Any]) -> Detector:
    from lc_guard.detectors import PatternDetector, default_detector  # noqa: PLC0415 - a light import of this module

    return PatternDetector() if name == "patterns" else default_detector(**options)


def _policy(file: str | None) -> Policy:
    from lc_guard import Policy, PolicyError  # noqa: PLC0415 - a light import of this module

    if file is None:
        return Policy(timeout=None)  # a text may be long, and nobody waits behind this call
    try:
        policy = Policy.from_file(file)
    except PolicyError as error:
        raise CommandError(str(error)) from None
    return _of_detectors(policy)


def _of_detectors(policy: Policy) -> Policy:
    """Leave out the settings of scanners: a guard without them would refuse the policy."""
    stages = {name: replace(stage, checks=_pii(stage.checks)) for name, stage in policy.stages.items()}
    return replace(policy, checks=_pii(policy.checks), stages=stages)


def _pii(checks: Mapping[str, CheckPolicy]) -> dict[str, CheckPolicy]:
    return {name: settings for name, settings in checks.items() if name == PII_CHECK}


def _anonymize(texts: _Texts, detector: Detector, style: Any, policy: Policy) -> None:
    from lc_guard import Blocked, Guard  # noqa: PLC0415 - a light import of this module

    session = Guard(detector, policy=policy, placeholder_style=style).session(_SESSION)
    for name, text in texts:
        try:
            hidden = session.anonymize(text)
        except Blocked as blocked:
            texts.status = texts.status or 1
            sys.stderr.write(f"lc-guard: {name}: {_told(blocked)}\n")
            continue
        sys.stdout.write(hidden)
        sys.stdout.flush()


def _told(blocked: Blocked) -> str:
    """Tell of a block without what only a program can look at."""
    return str(blocked).partition(". See .decision")[0]


def _list_entities(texts: _Texts, detector: Detector, *, show_values: bool) -> None:
    for name, text in texts:
        for entity in detector.detect(text):
            record: dict[str, Any] = {
                "file": name,
                "kind": entity.kind,
                "start": entity.start,
                "end": entity.end,
                "score": round(entity.score, 4),
            }
            if show_values:
                record["value"] = text[entity.start : entity.end]
            print_json(record, indent=None)
        sys.stdout.flush()
