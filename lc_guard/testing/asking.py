"""Asking a scanner, and what holds for its answers."""

# ruff: noqa: S101 - asserts are what a test suite is made of

from __future__ import annotations

import asyncio
import time
from typing import Any

from lc_guard.errors import ScannerError
from lc_guard.records import ScanResult
from lc_guard.scanners.base import Scanner, ScanRequest
from lc_guard.testing.entities import check_entities

_RISK_TOLERANCE = 1e-3  # a model's numbers depend a little on what else is in the batch


def asked(scanner: Scanner, request: ScanRequest) -> ScanResult | ScannerError:
    """Give what a scanner says, or the `ScannerError` that it raises."""
    try:
        return _result(scanner.scan(request))
    except ScannerError as error:
        return error


async def aasked(scanner: Any, request: ScanRequest) -> ScanResult | ScannerError:
    """Give what ``ascan`` says, or the `ScannerError` that it raises."""
    try:
        return _result(await scanner.ascan(request))
    except ScannerError as error:
        return error


def _result(answer: object) -> ScanResult:
    assert isinstance(answer, ScanResult), f"{type(answer).__name__} where ScanResult is expected"
    return answer


def check_result(answer: object, text: str) -> None:
    """Check that an answer is a result about a text."""
    answer = _result(answer)
    check_entities(answer.entities, text)
    assert isinstance(answer.sanitized, str | None), f"sanitized is {type(answer.sanitized).__name__}, not a text"


def check_same(one: ScanResult | ScannerError, other: ScanResult | ScannerError, told: str) -> None:
    """Check that two answers say the same; `told` begins the message of a failure."""
    assert type(one) is type(other), f"{told}: {type(one).__name__}, then {type(other).__name__}"
    if isinstance(one, ScanResult) and isinstance(other, ScanResult):
        assert one.valid == other.valid, f"{told}: valid"
        assert abs(one.risk_score - other.risk_score) < _RISK_TOLERANCE, f"{told}: risk_score"
        assert one.sanitized == other.sanitized, f"{told}: sanitized"
        assert _places(one) == _places(other), f"{told}: entities"
        assert set(one.categories) == set(other.categories), f"{told}: categories"


def _places(answer: ScanResult) -> set[tuple[str, int, int]]:
    return {(entity.kind, entity.start, entity.end) for entity in answer.entities}


async def longest_pause() -> float:
    """Watch the running event loop until cancelled; gives the longest time in seconds between two of its turns."""
    longest, last = 0.0, time.monotonic()
    try:
        while True:
            await asyncio.sleep(0.001)
            longest, last = max(longest, time.monotonic() - last), time.monotonic()
    except asyncio.CancelledError:
        return max(longest, time.monotonic() - last)
