"""``lc-guard check-policy``: what is wrong in the file of a policy, and what holds by it.

What is likely a mistake in a policy, though it is one that can be taken.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from lc_guard.cli.arguments import CommandError, add_command, open_console, print_json
from lc_guard.detectors.labels import KINDS, kind_of
from lc_guard.policy.checks import REPLACEMENT, CheckPolicy, EffectivePolicy
from lc_guard.policy.policy import Policy
from lc_guard.records import PII_CHECK, Stage
from lc_guard.scanners.base import CONTEXT_STAGES

if TYPE_CHECKING:
    from rich.table import Table

    from lc_guard.policy.line_numbers import Problem


_PIPED_WIDTH = 200

_DESCRIPTION = """\
Read the policy in a TOML or YAML file as a guard would, and show what holds for each check at each stage, all settings
taken together. What is wrong is told with its line; what is likely a mistake is told as a warning."""

_EPILOG = """\
With --json the output is one object: "file", "problems" (each with "line" and "text"), and where there are none
"policy", "rules" (one for each check and stage; the check null is any that the file does not name) and "warnings".

An editor that knows the schema completes and explains the settings while you write: save what --schema prints as
policy.schema.json, and begin a YAML policy with "# yaml-language-server: $schema=policy.schema.json", a TOML one with
"#:schema ./policy.schema.json".

Whether the names of the checks are those of your guard is said when it is built: Guard(policy=Policy.from_file(...)).

Exit status: 0 the policy can be taken, with warnings or without; 1 it can't; 2 wrong usage, or no such file."""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    about = "check the file of a policy, and show what holds by it"
    parser = add_command(commands, "check-policy", run, about=about, description=_DESCRIPTION, epilog=_EPILOG)
    parser.add_argument("file", nargs="?", metavar="FILE", help="a policy: .toml, .yaml or .yml")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--schema", action="store_true", help="print the JSON schema of such files, for an editor")


def run(args: argparse.Namespace) -> int:
    """Run the command; return the exit status."""
    if args.schema:
        from lc_guard.policy.schema import policy_schema  # noqa: PLC0415

        print_json(policy_schema())
        return 0
    if args.file is None:
        raise CommandError("give the file of a policy, or --schema")
    if not Path(args.file).is_file():
        raise CommandError(f"can't read {args.file!r}: there is no such file")
    from lc_guard.policy.files import examine  # noqa: PLC0415 - here and above: a light import of this module

    policy, problems = examine(Policy, args.file)
    if args.json:
        _print_json(args.file, policy, problems)
    elif policy is not None:
        _print(args.file, policy)
    for problem in problems:
        sys.stderr.write(f"lc-guard: {args.file}{'' if problem.line is None else ','} {problem}\n")
    return int(policy is None)


def _print_json(file: str, policy: Policy | None, problems: list[Problem]) -> None:
    record: dict[str, Any] = {"file": file, "problems": [asdict(problem) for problem in problems]}
    if policy is not None:
        record["policy"] = policy.as_dict()
        record["rules"] = [
            {"check": check or None, "stage": stage, **_settings(check, rule)}
            for check in checks(policy)
            for rule, stages in rules(policy, check).items()
            for stage in stages
        ]
        record["warnings"] = list(advice(policy))
    print_json(record)


def _settings(check: str, rule: EffectivePolicy) -> dict[str, Any]:
    settings = asdict(rule)
    return {name: settings[name] for name in ("on_error", "timeout")} if check == PII_CHECK else settings


def _print(file: str, policy: Policy) -> None:
    console = open_console(piped_width=_PIPED_WIDTH)
    version = "" if policy.version is None else f", version {policy.version}"
    given = policy.as_dict()
    console.print(f"{file}{version}", style="bold")
    settings = ("on_invalid", "on_error", "timeout", "max_characters", "fail_fast", "streaming")
    console.print("  ".join(f"{name} {_word(given[name])}" for name in settings))
    console.print(_kinds(policy))
    console.print(_checks(policy))
    for told in advice(policy):
        console.print(f"warning: {told}", style="yellow", soft_wrap=not console.is_terminal)


def _kinds(policy: Policy) -> Table:
    table = _table("kind", "action", "counts from score")
    for kind in dict.fromkeys([*policy.kinds, *policy.thresholds]):
        table.add_row(kind, policy.kinds.get(kind, policy.default), _word(policy.thresholds.get(kind, 0)))
    table.add_row("any other", policy.default, "0")
    return table


def _checks(policy: Policy) -> Table:
    table = _table("check", "at", "action", "threshold", "on_error", "timeout", "sample")
    for check in checks(policy):
        for rule, stages in rules(policy, check).items():
            table.add_row(check or "any other", where(stages), *_cells(check, rule))
    return table


def _cells(check: str, rule: EffectivePolicy) -> Iterator[str]:
    if check == PII_CHECK:
        yield from ("by kind", "by kind", rule.on_error, _word(rule.timeout), "1")
        return
    action = "only scores" if rule.monitor else rule.action
    yield action if rule.enabled else "off"
    yield "its own" if rule.threshold is None else _word(rule.threshold)
    yield "allow" if rule.monitor else rule.on_error  # a check that only scores stops nothing by failing
    yield _word(rule.timeout)
    yield _word(rule.sample)


def _table(*columns: str) -> Table:
    from rich.box import SIMPLE_HEAD  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column)
    return table


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return "-" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


STAGES: tuple[Stage, ...] = get_args(Stage)

UNNAMED = ""
"""Stands for all checks that a policy does not name; no check has this name."""


def checks(policy: Policy) -> list[str]:
    """Return the detectors' check, those with settings, in its order, and what stands for all others."""
    stages = (stage.checks for stage in policy.stages.values())
    named = (name for settings in (policy.checks, *stages) for name in settings)
    return list(dict.fromkeys((PII_CHECK, *named, UNNAMED)))


def rules(policy: Policy, check: str) -> dict[EffectivePolicy, list[Stage]]:
    """Return what holds for a check, with the stages at which it does."""
    found: dict[EffectivePolicy, list[Stage]] = {}
    for stage in STAGES:
        rule = policy.rule(stage, check)
        if check == PII_CHECK:  # all else is said by kind
            rule = replace(Policy().rule(stage, check), on_error=rule.on_error, timeout=rule.timeout)
        found.setdefault(rule, []).append(stage)
    return found


def where(stages: Sequence[Stage]) -> str:
    """Name stages for a reader."""
    return "all stages" if len(stages) == len(STAGES) else ", ".join(stages)


def advice(policy: Policy) -> Iterator[str]:
    """Return what is likely not meant."""
    scanners = [rule for name in checks(policy) if name not in (PII_CHECK, UNNAMED) for rule in rules(policy, name)]
    if policy.on_invalid == "warn":
        yield "on_invalid is 'warn': nothing is blocked, and all scanners only score"
    if policy.on_invalid != "warn" and scanners and all(_watches(rule) for rule in scanners):
        yield "every scanner named here only watches: what they find changes nothing"
    if policy.default in ("allow", "warn"):
        yield f"default is {policy.default!r}: the model reads all entities whose kind is not under kinds"
    yield from _of_kinds(policy)
    if policy.streaming == "audit":
        yield "streaming is 'audit': a streamed answer is shown before it is judged, so nothing in it can be stopped"
    if policy.timeout is None:
        yield "timeout is 'none': a check that hangs holds its call for ever"
    yield from _of_stages(policy)
    yield from _of_checks(policy)


def _of_checks(policy: Policy) -> Iterator[str]:
    for name in checks(policy):
        told: dict[str, list[Stage]] = {}
        for rule, stages in rules(policy, name).items():
            for each in _of_rule(policy, name, rule, stages):
                told.setdefault(each, []).extend(stages)
        subject = f"check {name!r}" if name else "checks that are not named"
        yield from (f"{subject} at {where(stages)}: {each}" for each, stages in told.items())


def _of_kinds(policy: Policy) -> Iterator[str]:
    for kind in dict.fromkeys((*policy.kinds, *policy.thresholds)):
        meant = kind_of(kind)
        if meant != kind:
            yield f"kind {kind}: the package's detectors say {meant}; this holds for detectors of your own only"
        elif close := _misspelt(kind):
            yield f"kind {kind} may be misspelt (did you mean {close}?): a kind that nobody finds leads to nothing"
    for kind, threshold in policy.thresholds.items():
        if threshold == 1:
            yield f"thresholds.{kind} is 1: whatever a detector is not wholly sure of stays as it is"


def _misspelt(kind: str) -> str | None:
    close = [] if kind in KINDS else get_close_matches(kind, KINDS, n=1, cutoff=0.8)
    country = kind[:3] if kind[2:3] == "_" else ""  # Presidio's kinds of single countries, such as UK_PASSPORT
    return close[0] if close and close[0].startswith(country) else None


def _of_stages(policy: Policy) -> Iterator[str]:
    for stage, settings in policy.stages.items():
        actions = {settings.action, *(check.action for check in settings.checks.values())}
        if stage not in CONTEXT_STAGES and "anonymize" in actions:
            yield f"stages.{stage} anonymizes: a guard refuses that, what a model says is restored; take 'redact'"
        own = [name for name, check in policy.checks.items() if check.action not in (None, settings.action)]
        kept = [name for name in own if settings.checks.get(name, CheckPolicy()).action is None]
        if settings.action is not None and kept:
            named = ", ".join(map(repr, kept))
            yield f"stages.{stage}.action does not hold for {named}: a check's own action comes first"


def _of_rule(policy: Policy, name: str, rule: EffectivePolicy, stages: Sequence[Stage]) -> Iterator[str]:
    detectors = name == PII_CHECK
    acts = detectors or not _watches(rule)
    if acts and rule.on_error == "allow" and not {*CONTEXT_STAGES}.isdisjoint(stages):
        lost = "with the personal data that was not found" if detectors else "without being judged"
        yield f"on_error is 'allow': where it fails, a text reaches the model {lost}"
    if rule.timeout is not None and policy.timeout is not None and rule.timeout > policy.timeout:
        yield f"timeout is {rule.timeout:g} s, but all checks together have {policy.timeout:g} s"
    if detectors or not acts:
        return
    if rule.sample < 1:
        yield f"sample is {rule.sample:g} and action {rule.action!r}: what is not sampled goes through unjudged"
    if rule.threshold == 0:
        yield f"threshold is 0: {rule.action!r} for every text, whatever the check says"
    if rule.replacement != REPLACEMENT and rule.action != "replace":
        yield f"replacement is not used: action is {rule.action!r}, not 'replace'"


def _watches(rule: EffectivePolicy) -> bool:
    return not rule.enabled or rule.monitor or rule.action in ("allow", "warn")
