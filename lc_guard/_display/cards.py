"""What a notebook shows of decisions, a policy and a guard."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from lc_guard._display.colours import GOOD, colour_of, colour_of_action
from lc_guard._display.html import card, chip, kind_chips, quiet, rows, text


def decisions(given: Iterable[Any]) -> str:
    """Return decisions as a table."""
    given = list(given)
    failed = ("error",) if any(each.error for each in given) else ()
    head = ("stage", "check", "action", "risk", "ms", "findings", *failed)
    body = [
        (
            text(each.stage),
            text(each.check),
            chip(each.action, colour_of_action(each.action if each.valid else "block")),
            f"{each.risk_score:.2f}",
            f"{each.latency_ms:,.1f}",
            kind_chips(sorted(each.entities.items())) or quiet("none"),
            *(text(each.error or "") for _ in failed),
        )
        for each in given
    ]
    return rows(head, body) if body else quiet("no decision: nothing looked at this text")


def policy(given: Any) -> str:
    """Return a policy: what happens to which kind, and to the findings of which check."""
    return card(f"Policy {given.version or ''}".strip(), *policy_tables(given))


def policy_tables(given: Any) -> Iterator[str]:
    """Yield the tables of a policy."""
    values = given.as_dict()
    plain = ("on_invalid", "on_error", "timeout", "streaming", "fail_fast")
    yield rows((), [(quiet(name), text(_word(values[name]))) for name in plain])
    kinds = dict.fromkeys((*given.kinds, *given.thresholds))
    yield rows(
        ("kind", "action", "counts from score"),
        [
            (chip(kind, colour_of(kind)), _action(given.kinds.get(kind, given.default)), _score(given, kind))
            for kind in kinds
        ]
        + [(quiet("any other" if kinds else "any"), _action(given.default), "0")],
    )
    settings = [*_settings("", values["checks"])]
    for stage, each in values["stages"].items():
        own = {name: value for name, value in each.items() if name != "checks"}
        settings += [(f"every check at {stage}", own)] if own else []
        settings += _settings(f" at {stage}", each.get("checks", {}))
    if settings:
        yield rows(("check", "settings"), [(text(name), text(_listed(each))) for name, each in settings])
    if values["restore"]:
        where = ((text(name), text(put if isinstance(put, str) else _listed(put))) for name, put in _put(values))
        yield rows(("restored at", ""), where)


def guard(given: Any, detectors: Mapping[str, Sequence[str]], style: str) -> str:
    """Return a guard: who looks, who remembers, what follows.

    Args:
        given: The guard.
        detectors: Its detectors with the names of what they are joined of.
        style: How its placeholders look.
    """
    found = [text(name) + (quiet(f" of {', '.join(parts)}") if parts else "") for name, parts in detectors.items()]
    parts = [
        ("detectors", "<br>".join(found) or quiet("none: nothing is found by itself")),
        ("prompt scanners", text(", ".join(given.scanners.prompt)) or quiet("none")),
        ("output scanners", text(", ".join(given.scanners.output)) or quiet("none")),
        ("vault", text(repr(given.vault))),
        ("placeholders", chip(style, GOOD)),
    ]
    return card("Guard", rows((), [(quiet(name), told) for name, told in parts]), *policy_tables(given.policy))


def _settings(where: str, checks: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, Mapping[str, Any]]]:
    return [(f"{name}{where}", settings) for name, settings in checks.items()]


def _put(values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, put in values["restore"].items():
        yield name, put["default"] if set(put) == {"default"} else put


def _listed(settings: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {_word(value)}" for name, value in settings.items())


def _word(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + _listed(value) + "}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _action(action: str) -> str:
    return chip(action, colour_of_action(action))


def _score(given: Any, kind: str) -> str:
    return f"{given.thresholds.get(kind, 0):g}"
