"""A Langfuse with 200,000 scores and their checks, made page by page; a program, so that its memory is its own.

Prints its address; ends when its standard input is closed.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from .langfuse_reads import OBSERVATIONS, SCORES, Row, observation_row, score_row
from .langfuse_server import LangfuseServer
from .loopback import Exchange

CHECKS = ("prompt.pii", "output.toxicity")


class Flood:
    """Answers reads with as many rows as it is told, without keeping one.

    Args:
        scores: Number of scores: a risk and a verdict for each check of each trace.
        until: Time of the latest.
    """

    def __init__(self, scores: int, until: float) -> None:
        self._scores, self._until = scores, until

    def answer(self, exchange: Exchange, _: int) -> bool:
        path, _, query = exchange.path.partition("?")
        params = dict(part.split("=", 1) for part in query.split("&"))
        count, make = self._scores, self._score
        if params.get("source") == "ANNOTATION":
            count, make = 200, self._annotation
        elif path == OBSERVATIONS:
            guardrails = params.get("type") == "GUARDRAIL"
            count, make = (self._scores // 2, self._check) if guardrails else (self._scores // 4, self._root)
        begin = int(params.get("cursor", "c0")[1:])
        end = min(count, begin + int(params["limit"]))
        meta: dict[str, Any] = {"limit": 100} if path == SCORES else {}
        if end < count:
            meta["cursor"] = f"c{end}"
        exchange.send_json(200, {"data": [make(n) for n in range(begin, end)], "meta": meta})
        return True

    def _at(self, trace: int) -> float:
        return self._until - 60 - trace * 6 * 86_400 / self._scores * 4

    def _score(self, number: int) -> Row:
        trace, place = divmod(number, 4)
        name, risk = CHECKS[place // 2], (trace * 7919 % 1000) / 1000
        more = {"trace": f"{trace:032x}", "observation": f"{number // 2:016x}", "at": self._at(trace)}
        if place % 2:
            return score_row(f"{trace:032x}-v-{number}", f"{name}.valid", risk < 0.9, **more)
        return score_row(f"{trace:032x}-r-{number}", name, risk, **more)

    def _annotation(self, number: int) -> Row:
        trace = number * 11
        label = (trace * 7919 % 1000) / 1000 > 0.6
        return score_row(f"h-{number}", CHECKS[0], label, trace=f"{trace:032x}", at=self._at(trace),
                         source="ANNOTATION")  # fmt: skip

    def _check(self, number: int) -> Row:
        trace, place = divmod(number, 2)
        stage, name = CHECKS[place].split(".")
        decision = {"stage": stage, "check": name, "valid": True, "entities": {"PERSON": 1}, "error": None}
        return observation_row(f"{number:016x}", trace=f"{trace:032x}", start=self._at(trace) - 1, seconds=0.02,
                               type="GUARDRAIL", name=name, output=json.dumps({"decision": decision}))  # fmt: skip

    def _root(self, number: int) -> Row:
        return observation_row(f"r{number}", trace=f"{number:032x}", start=self._at(number) - 1, seconds=1.0)


def main() -> None:
    """Serve until standard input ends."""
    with LangfuseServer() as server:
        server.reads.interfere = Flood(int(sys.argv[1]), time.time()).answer
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
