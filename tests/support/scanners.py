"""Scanners for tests: they say what they are told to say, and note what they were asked."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

from lc_guard.records import Entity, ScanResult
from lc_guard.scanners.base import ScanRequest

BAD = "grandmother"


class Watcher:
    """Finds fault with texts that hold a word; notes each request."""

    def __init__(
        self,
        name: str = "watcher",
        *,
        word: str = BAD,
        seconds: float = 0.0,
        risk: float = 0.8,
        redacts: bool = False,
        locates: bool = False,
        **attributes: Any,
    ) -> None:
        self.name = name
        self.requests: list[ScanRequest] = []
        self.threads: set[str] = set()
        self._word, self._seconds, self._risk = word, seconds, risk
        self._redacts, self._locates = redacts, locates
        for attribute, value in attributes.items():
            setattr(self, attribute, value)

    @property
    def texts(self) -> list[str]:
        return [request.text for request in self.requests]

    def scan(self, request: ScanRequest) -> ScanResult:
        self.requests.append(request)
        self.threads.add(threading.current_thread().name)
        if self._seconds:
            time.sleep(self._seconds)
        return self._result(request.text)

    def _result(self, text: str) -> ScanResult:
        start = text.find(self._word)
        if start < 0:
            return ScanResult(valid=True, risk_score=-1.0)
        found = (Entity("BAD_WORD", start, start + len(self._word), self._risk),) if self._locates else ()
        changed = text.replace(self._word, "***") if self._redacts else None
        return ScanResult(
            valid=False, risk_score=self._risk, sanitized=changed, entities=found, categories={"bad": 0.5}
        )


class RemoteWatcher(Watcher):
    """The same behind a slow line; an event loop awaits it."""

    cost = "remote"
    sees = "hidden"

    def __init__(self, name: str = "remote", **kwargs: Any) -> None:
        super().__init__(name, **kwargs)
        self.under_way = 0
        self.cancelled = 0

    async def ascan(self, request: ScanRequest) -> ScanResult:
        self.requests.append(request)
        self.under_way += 1
        try:
            await asyncio.sleep(self._seconds)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.under_way -= 1
        return self._result(request.text)


class Answers:
    """Gives the same answer to everything, or raises it."""

    def __init__(self, answer: Any, name: str = "answers", **attributes: Any) -> None:
        self.name = name
        self._answer = answer
        for attribute, value in attributes.items():
            setattr(self, attribute, value)

    def scan(self, request: ScanRequest) -> Any:
        if isinstance(self._answer, BaseException):
            raise self._answer
        return self._answer
