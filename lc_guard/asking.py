"""Asking a scanner: one call about some texts, nothing believed unchecked, stopped when nobody waits any longer."""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from lc_guard.errors import DetectorError, DetectorTimeout, ScannerError, ScannerTimeout
from lc_guard.findings import checked_entities
from lc_guard.foreign_errors import is_control_flow
from lc_guard.records import ScanResult
from lc_guard.scanners.base import Scanner, ScanRequest

Answer = ScanResult | Exception
"""What a scanner said of one text, or what it raised."""

_PARALLEL = 8  # requests to a service that are under way at the same time, for one step


class Asking:
    """One call that asks a scanner about some texts, one after the other or all in one pass.

    Args:
        scanner: The scanner.
        requests: What it is asked.
        timeout: Seconds it has.

    Attributes:
        answers: What it said so far, in the order of the requests.
    """

    def __init__(self, scanner: Scanner, requests: Sequence[ScanRequest], timeout: float | None) -> None:
        self.answers: list[Answer] = []
        self.timeout = timeout
        self._scanner = scanner
        self._requests = requests
        self._stopped = False
        if hasattr(scanner, "ascan"):
            self.acall = self._aask  # an event loop awaits it instead of running it in a thread

    def __call__(self) -> None:
        """Ask about all texts."""
        batch = getattr(self._scanner, "scan_batch", None)
        if batch is not None and len(self._requests) > 1:
            self.answers += self._all_at_once(batch)
            return
        for request in self._requests:
            if self._stopped:
                return
            try:
                self.answers.append(_checked(self._scanner.scan(request), request))
            except Exception as error:
                if is_control_flow(error):
                    raise
                self.answers.append(error)

    def stop(self) -> None:
        """Ask about no further text: nobody waits for it."""
        self._stopped = True

    def answer(self, number: int, failure: Exception | None) -> Answer:
        """Give what was said of one text.

        Args:
            number: Number of the request.
            failure: What became of the whole call, None if it ended by itself.
        """
        if number < len(self.answers):
            return self.answers[number]
        if isinstance(failure, DetectorTimeout):
            return ScannerTimeout(str(failure))
        return failure or ScannerError("no answer was given")

    async def _aask(self) -> None:
        scanner: Any = self._scanner
        for request in self._requests:
            try:
                self.answers.append(_checked(await scanner.ascan(request), request))
            except Exception as error:
                if is_control_flow(error):
                    raise
                self.answers.append(error)

    def _all_at_once(self, batch: Any) -> list[Answer]:
        try:
            answers = list(batch(self._requests))
            if len(answers) != len(self._requests):
                raise ScannerError(f"{len(answers)} answers for {len(self._requests)} texts")  # noqa: TRY301
            return [_checked(answer, request) for answer, request in zip(answers, self._requests, strict=True)]
        except Exception as error:
            if is_control_flow(error):
                raise
            return [error] * len(self._requests)


def askings(scanner: Scanner, requests: Sequence[ScanRequest], timeout: float | None) -> list[Asking]:
    """Give the calls that ask a scanner about some texts: several at the same time where each waits for a service."""
    if getattr(scanner, "cost", "model") != "remote":
        return [Asking(scanner, requests, timeout)]
    count = min(_PARALLEL, len(requests))
    return [Asking(scanner, requests[first::count], timeout) for first in range(count)]


def in_order(calls: Sequence[Asking], results: Sequence[Any], count: int) -> list[Answer]:
    """Give the answers of `askings` in the order of the requests.

    Args:
        calls: The calls.
        results: What became of each: None, or what it raised.
        count: Number of requests.
    """
    failures = [result if isinstance(result, Exception) else None for result in results]
    return [calls[n % len(calls)].answer(n // len(calls), failures[n % len(calls)]) for n in range(count)]


def _checked(answer: Any, request: ScanRequest) -> ScanResult:
    if not isinstance(answer, ScanResult):
        raise ScannerError(f"an answer is {type(answer).__name__} where ScanResult is expected")
    if not answer.entities:
        return answer
    try:
        entities = checked_entities(answer.entities, len(request.text))
    except DetectorError as error:
        raise ScannerError(str(error)) from None
    return answer if entities == answer.entities else replace(answer, entities=entities)


class Verdicts:
    """What scanners said of texts, so that the history of a conversation is judged once.

    Keyed by a keyed hash of the text and what belongs to it; answers that hold text are not kept.

    Args:
        size: Number of answers that are kept; 0 keeps none.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._key = secrets.token_bytes(16)
        self._lock = threading.Lock()
        self._kept: OrderedDict[bytes, ScanResult] = OrderedDict()

    def get(self, check: str, scanner: Scanner, request: ScanRequest) -> ScanResult | None:
        """Give what a scanner said of such a request, or None."""
        if not self._size:
            return None
        key = self._digest(check, scanner, request)
        with self._lock:
            result = self._kept.get(key)
            if result is not None:
                self._kept.move_to_end(key)
            return result

    def keep(self, check: str, scanner: Scanner, request: ScanRequest, answer: Answer) -> None:
        """Remember an answer, dropping the one unused for longest."""
        if not self._size or not isinstance(answer, ScanResult) or answer.sanitized is not None:
            return
        key = self._digest(check, scanner, request)
        with self._lock:
            self._kept[key] = answer
            self._kept.move_to_end(key)
            if len(self._kept) > self._size:
                self._kept.popitem(last=False)

    def _digest(self, check: str, scanner: Scanner, request: ScanRequest) -> bytes:
        turns = request.turns if getattr(scanner, "uses_turns", False) else ()
        parts = [
            check,
            request.stage,
            request.text,
            request.prompt,
            *(part for t in turns for part in (t.role, t.text)),
        ]
        digest = hashlib.blake2b(digest_size=16, key=self._key)
        for part in parts:
            encoded = part.encode("utf-8", "surrogatepass")
            digest.update(len(encoded).to_bytes(8, "big"))
            digest.update(encoded)
        return digest.digest()
