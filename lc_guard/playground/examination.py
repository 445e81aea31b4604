"""What the page shows of a text: what is hidden, by whom and why, what a model would see, what would come back."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lc_guard._display.colours import colour_of, colour_of_action
from lc_guard._engine.requests import GuardRequest, GuardResult, ScanTarget
from lc_guard._placeholders.aliases import base_kind
from lc_guard.demo.hidden import align
from lc_guard.demo.summarizer import summarize
from lc_guard.guard import Guard
from lc_guard.playground.conversation import STAGES, Spoken, turns
from lc_guard.playground.export import policy_file, policy_table, python
from lc_guard.playground.settings import Heard, Settings, Sources
from lc_guard.policy.policy import Policy
from lc_guard.records import ACTIONS, Decision, Mark

_SESSION = "playground"
_SENTENCES = 4

Segment = dict[str, Any]
"""A piece of a text: ``t``, and where it is marked ``k`` (kind), ``c`` (name of the colour) and ``i`` (finding)."""


def examine(text: str, settings: Settings, sources: Sources, *, answer: str | None = None) -> dict[str, Any]:
    """Look at a text with a guard of its own, which is forgotten afterwards.

    Args:
        text: A text, or a conversation; see `lc_guard.playground.conversation`.
        settings: What is chosen.
        sources: What looks at it; shared by all looks.
        answer: What the model is to have said, with placeholders; None takes what a stand-in would.

    Returns:
        Plain JSON values; texts in pieces.

    Raises:
        GuardError: The settings can't be taken, or a model can't be loaded.
    """
    heard = Heard()
    guard = settings.guard(heard, sources)
    guard.warm_up()  # models are loaded once, and no part of the time
    started = time.perf_counter()
    spoken = turns(text)
    results = guard.check([_request(each) for each in spoken])
    blocked = next((decision for result in results if (decision := result.blocking) is not None), None)
    findings = _Findings(settings.policy, heard)
    shown, hidden = [], []
    for each, result in zip(spoken, results, strict=True):
        sent = None if blocked else result.texts.get(each.text, each.text)
        marks = [(mark, findings.add(each.text, mark, result)) for mark in result.marks.get(each.text, [])]
        shown.append(_turn(each, sent, marks))
        hidden.append(sent or "")
    decisions = [decision for result in results for decision in result.decisions]
    back, judged = (None, []) if blocked else _back(guard, spoken, hidden, answer)
    return {
        "turns": shown,
        "answer": back,
        "findings": findings.rows,
        "checks": _checks([*decisions, *judged]),
        "detectors": _latencies(results, findings.rows),
        "blocked": None if blocked is None else {"check": blocked.check, "stage": blocked.stage},
        "policy": policy_table(settings.policy),
        "export": {"policy": policy_file(settings), "python": python(settings)},
        "ms": round((time.perf_counter() - started) * 1000, 1),
    }


def _request(said: Spoken) -> GuardRequest:
    stage = STAGES[said.role]
    asks = [ScanTarget(said.text, stage)] if said.asked_about else []
    return GuardRequest((said.text,), _SESSION, stage, asks=asks, explain=True)


def _turn(said: Spoken, hidden: str | None, marks: Sequence[tuple[Mark, int]]) -> dict[str, Any]:
    """Return a turn as it was said and as a model would see it; marks come with the numbers of their findings."""
    original = _pieces(said.text, [(mark.start, mark.end, mark.kind, number) for mark, number in marks])
    seen = None
    if hidden is not None:
        seen = _pieces(hidden, [(*mark.put, mark.kind, number) for mark, number in marks if mark.put is not None])
    return {"role": said.role, "label": said.label, "original": original, "hidden": seen}


class _Findings:
    """What was found in all turns, each value once.

    Attributes:
        rows: The findings, as plain JSON values.
    """

    def __init__(self, policy: Policy, heard: Heard) -> None:
        self.rows: list[dict[str, Any]] = []
        self._policy, self._heard = policy, heard
        self._numbers: dict[tuple[str, str], int] = {}

    def add(self, text: str, mark: Mark, result: GuardResult) -> int:
        """Add what is marked in a text; return its number."""
        value = text[mark.start : mark.end]
        number = self._numbers.setdefault((value, mark.kind), len(self.rows))
        if number == len(self.rows):
            self.rows.append(
                {
                    "value": value,
                    "kind": mark.kind,
                    "c": colour_of(mark.kind).name,
                    "action": mark.action,
                    "score": 0.0,
                    "count": 0,
                    "placeholder": _put(mark, result.texts.get(text)),
                    "why": _why(mark, self._policy),
                    "by": [],
                }
            )
        row = self.rows[number]
        row["count"] += 1
        row["score"] = max(row["score"], round(mark.score, 2))
        seen = {(by["name"], by["kind"]) for by in row["by"]}
        row["by"] += [by for by in _by(mark, self._heard.of(text)) if (by["name"], by["kind"]) not in seen]
        return number


def _by(mark: Mark, heard: Mapping[str, Sequence[Any]]) -> Iterator[dict[str, Any]]:
    """Yield the sources that found something in a stretch: name, kind and score of the best."""
    for source, entities in heard.items():
        best: dict[str, float] = {}
        for entity in entities:
            if entity.start < mark.end and mark.start < entity.end:
                best[entity.kind] = max(best.get(entity.kind, 0.0), entity.score)
        yield from ({"name": source, "kind": kind, "score": round(score, 2)} for kind, score in best.items())


def _put(mark: Mark, hidden: str | None) -> str | None:
    return None if mark.put is None or hidden is None else hidden[slice(*mark.put)]


def _why(mark: Mark, policy: Policy) -> str:
    """Say which setting led to what was done."""
    kind = base_kind(mark.kind)
    return f"kinds.{kind}" if kind in policy.kinds else "default"


def _back(
    guard: Guard, spoken: Sequence[Spoken], hidden: Sequence[str], answer: str | None
) -> tuple[dict[str, Any], list[Decision]]:
    """Return what the model says and what a reader would get, and what judged it."""
    users = [text for each, text in zip(spoken, hidden, strict=True) if each.role == "user"]
    asked = users[-1] if users else ""
    said = answer if answer is not None else summarize(asked, _SENTENCES) or asked
    request = GuardRequest(
        [said], _SESSION, "output", asks=[ScanTarget(said, "output")], prompt=asked, hide=False, preamble=False
    )
    (outcome,) = guard.check([request])
    told: dict[str, Any] = {"said": said, "stand_in": answer is None, "restored": None}
    if outcome.blocking is None:
        passed = outcome.texts.get(said, said)
        session = guard.session(_SESSION)
        restorer = session.restorer()
        restored = restorer.feed(passed) + restorer.flush()
        values = session.placeholders()
        placed = align(restored, passed, values)
        kinds = guard.session_values.kinds_of(_SESSION, values)
        read = [(p.start, p.end, values.get(p.placeholder, "")) for p in placed if p.placeholder is not None]
        marks = [(start, end, kinds.get(value, ""), None) for start, end, value in read]
        told["restored"] = _pieces(restored, marks)
    return told, list(outcome.decisions)


def _pieces(text: str, marks: Sequence[tuple[int, int, str, int | None]]) -> list[Segment]:
    pieces: list[Segment] = []
    last = 0
    for start, end, kind, finding in marks:
        pieces += [{"t": text[last:start]}] if last < start else []
        pieces.append({"t": text[start:end], "k": kind, "c": colour_of(kind).name, "i": finding})
        last = end
    return [*pieces, {"t": text[last:]}] if last < len(text) else pieces


def _checks(decisions: Sequence[Decision]) -> list[dict[str, Any]]:
    """Return one row a check and stage: the strongest action, the highest risk, the time of all its texts."""
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for each in decisions:
        row = rows.setdefault(
            (each.stage, each.check),
            {"stage": each.stage, "check": each.check, "action": each.action, "valid": True, "risk": 0.0, "ms": 0.0,
             "entities": Counter(), "error": None},
        )  # fmt: skip
        row["action"] = max(row["action"], each.action, key=ACTIONS.index)
        row["valid"] = row["valid"] and each.valid
        row["risk"] = max(row["risk"], round(each.risk_score, 2))
        row["ms"] = round(max(row["ms"], each.latency_ms), 1)
        row["entities"].update(each.entities)
        row["error"] = row["error"] or each.error
    for row in rows.values():
        row["c"] = colour_of_action(row["action"] if row["valid"] else "block").name
        row["entities"] = [{"k": k, "c": colour_of(k).name, "n": n} for k, n in row["entities"].most_common()]
    # what did something comes first; else in the order of the texts
    return sorted(rows.values(), key=lambda row: (row["valid"], -ACTIONS.index(row["action"])))


def _latencies(results: Sequence[GuardResult], findings: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return by source how long it took, and how many values it found."""
    ms: dict[str, float] = {}
    for result in results[:1]:  # all texts were looked at together
        for name, spent in result.latency_ms.items():
            ms[name.rpartition(".")[2]] = round(spent, 1)
    found = Counter(name for each in findings for name in {by["name"] for by in each["by"]})
    return {name: {"ms": spent, "found": found[name]} for name, spent in ms.items()}
