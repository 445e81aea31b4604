"""What is chosen on the page as files: a policy in YAML, and lines of Python that make the same guard with it."""

from __future__ import annotations

from typing import Any

import yaml

from lc_guard.playground.settings import Settings
from lc_guard.policy.policy import Policy
from lc_guard.scanners import builtin_output_scanners, builtin_scanners
from lc_guard.scanners.base import scanner_name

POLICY_FILE = "policy.yaml"


def policy_table(policy: Policy) -> dict[str, Any]:
    """Return the settings of a policy that are not the default's, in the form of its file."""
    usual = Policy().as_dict()
    return {name: value for name, value in policy.as_dict().items() if value != usual[name]}


def policy_file(settings: Settings) -> str:
    """Return the file of the policy; a file holds at least one setting."""
    table = policy_table(settings.used_policy) or {"version": "playground"}
    return str(yaml.safe_dump(table, sort_keys=False, allow_unicode=True))


def python(settings: Settings) -> str:
    """Return lines of Python that make the guard, with the policy's file beside them."""
    imports = ["from lc_guard import Guard, Policy"]
    needed, lines = _detector(settings)
    if needed:
        imports.append(f"from lc_guard.detectors import {', '.join(needed)}")
    arguments = ["detector"] if lines else _given(settings, "languages", "countries", "text")
    scanners = _scanners(settings)
    if scanners:
        names = sorted({name for made in scanners.values() for name in made})
        imports.append(f"from lc_guard.scanners import {', '.join(names)}")
    arguments += [f"{side}=[{', '.join(f'{name}()' for name in made)}]" for side, made in scanners.items()]
    if settings.style != "llm_guard":
        arguments.append(f'placeholder_style="{settings.style}"')
    arguments.append(f'policy=Policy.from_file("{POLICY_FILE}")')
    body = "".join(f"    {each},\n" for each in arguments)
    return "\n".join([*imports, "", *lines, f"guard = Guard(\n{body})"]) + "\n"


def _detector(settings: Settings) -> tuple[list[str], list[str]]:
    """Return what to import, and the lines that make the detector; none where the guard's own keywords say it."""
    options = _given(settings, "languages", "countries", "text")
    tuned = _given(settings, "allow", "deny")
    if not settings.off:
        if not tuned:
            return [], []
        return ["default_detector"], [f"detector = default_detector({', '.join(options + tuned)})"]
    lines = [
        f"off = {{{', '.join(map(repr, settings.off))}}}",
        f"sources = default_detector({', '.join(options)}).detectors",
        "detector = JoinedDetector([each for each in sources if each.name not in off])",
    ]
    if not tuned:
        return ["JoinedDetector", "default_detector"], lines
    lines.append(f"detector = TunedDetector(detector, {', '.join(tuned)})")
    return ["JoinedDetector", "TunedDetector", "default_detector"], lines


def _given(settings: Settings, *names: str) -> list[str]:
    """Return keywords for what is chosen and not the default."""
    usual = Settings()
    chosen = ((name, getattr(settings, name)) for name in names if getattr(settings, name) != getattr(usual, name))
    return [f"{name}={list(value) if isinstance(value, tuple) else value!r}" for name, value in chosen]


def _scanners(settings: Settings) -> dict[str, list[str]]:
    sides = {"prompt_scanners": builtin_scanners(), "output_scanners": builtin_output_scanners()}
    made = {
        side: [type(each).__name__ for each in every if scanner_name(each) in settings.scanners]
        for side, every in sides.items()
    }
    return {side: names for side, names in made.items() if names}
