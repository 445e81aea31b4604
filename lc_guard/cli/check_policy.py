"""``lc-guard check-policy``: what is wrong in the file of a policy, and what holds by it."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lc_guard.cli.helps import Paragraphs
from lc_guard.cli.inputs import CommandError
from lc_guard.records import PII_CHECK

if TYPE_CHECKING:
    from rich.table import Table

    from lc_guard.policy.checks import Rule
    from lc_guard.policy.line_numbers import Problem
    from lc_guard.policy.policy import Policy

_PIPED_WIDTH = 200

_DESCRIPTION = """\
Read the policy in a TOML or YAML file as a guard would, and show what holds for each check at each stage, all settings
taken together. What is wrong is told with its line; what is likely a mistake is told as a warning."""

_EPILOG = """\
With --json the output is one object: "file", "problems" (each with "line" and "text"), and where there are none
"policy", "rules" (one for each check and stage; the check null is any that the file does not name) and "warnings".

Whether the names of the checks are those of your guard is said when it is built: Guard(policy=Policy.from_file(...)).

Exit status: 0 the policy can be taken, with warnings or without; 1 it can't; 2 wrong usage, or no such file."""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "check-policy",
        help="check the file of a policy, and show what holds by it",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=Paragraphs,
        allow_abbrev=False,
    )
    parser.add_argument("file", metavar="FILE", help="a policy: .toml, .yaml or .yml")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the command.

    Returns:
        The exit status.

    Raises:
        CommandError: There is no such file.
    """
    if not Path(args.file).is_file():
        raise CommandError(f"can't read {args.file!r}: there is no such file")
    from lc_guard.policy.files import examine  # noqa: PLC0415
    from lc_guard.policy.policy import Policy  # noqa: PLC0415 - here and below: a light import of this module

    policy, problems = examine(Policy, args.file)
    if args.json:
        _print_json(args.file, policy, problems)
    elif policy is not None:
        _print(args.file, policy)
    for problem in problems:
        sys.stderr.write(f"lc-guard: {args.file}{'' if problem.line is None else ','} {problem}\n")
    return int(policy is None)


def _print_json(file: str, policy: Policy | None, problems: list[Problem]) -> None:
    from lc_guard.cli.policy_advice import advice, checks, rules  # noqa: PLC0415

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
    sys.stdout.write(json.dumps(record, indent=2) + "\n")


def _settings(check: str, rule: Rule) -> dict[str, Any]:
    settings = asdict(rule)
    return {name: settings[name] for name in ("on_error", "timeout")} if check == PII_CHECK else settings


def _print(file: str, policy: Policy) -> None:
    utf8 = getattr(sys.stdout, "reconfigure", None)
    if utf8 is not None:
        utf8(encoding="utf-8", errors="replace")
    from rich.console import Console  # noqa: PLC0415

    from lc_guard.cli.policy_advice import advice  # noqa: PLC0415

    class Output(Console):
        def on_broken_pipe(self) -> None:
            raise  # noqa: PLE0704 - rich calls this while it handles the error; `main` knows what to do

    console = Output(highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = _PIPED_WIDTH
    version = "" if policy.version is None else f", version {policy.version}"
    given = policy.as_dict()
    console.print(f"{file}{version}", style="bold")
    console.print(
        "  ".join(
            f"{name} {_word(given[name])}" for name in ("on_invalid", "on_error", "timeout", "fail_fast", "streaming")
        )
    )
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
    from lc_guard.cli.policy_advice import checks, rules, where  # noqa: PLC0415

    table = _table("check", "at", "action", "threshold", "on_error", "timeout", "sample")
    for check in checks(policy):
        for rule, stages in rules(policy, check).items():
            table.add_row(check or "any other", where(stages), *_cells(check, rule))
    return table


def _cells(check: str, rule: Rule) -> Iterator[str]:
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
    return "-" if value is None else f"{value:g}" if isinstance(value, int | float) else str(value)
