"""Asking the detectors: all of them for many texts at once, each text only once, nothing believed unchecked."""

from __future__ import annotations

import hashlib
import logging
import os
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from lc_guard.detectors.adapters import adapted
from lc_guard.detectors.base import Answers, Detector, DetectorLike, name_of
from lc_guard.errors import DetectorError, DetectorTimeout
from lc_guard.findings import checked_entities, listed
from lc_guard.foreign_errors import holds_no_text, where
from lc_guard.plans import Plan, Together
from lc_guard.records import Entity

logger = logging.getLogger("lc_guard")

Texts = Sequence[str]


@dataclass(slots=True)
class Detected:
    """What the detectors said of some texts.

    Attributes:
        entities: Findings by text; a text that no detector answered for is missing.
        failures: By text, the first error of a detector that was asked for it.
        latency_ms: By detector, or by its sources if it tells them, the wall time of the answer in milliseconds.
    """

    entities: dict[str, tuple[Entity, ...]] = field(default_factory=dict)
    failures: dict[str, Exception] = field(default_factory=dict)
    latency_ms: dict[str, float] = field(default_factory=dict)


class Detection:
    """The detectors of a guard, with a cache of their answers.

    The cache is keyed by a keyed hash of the text and holds only value-free entities, so that the turns of a
    conversation cost what is new in them.

    Args:
        detectors: The detectors, asked at the same time.
        cache_size: Number of texts plus entities that the cache holds; 0 switches it off.
    """

    def __init__(self, detectors: Iterable[DetectorLike], *, cache_size: int) -> None:
        self.detectors: Mapping[str, Detector] = _by_name(detectors)
        self._cache = _Cache(cache_size)
        self._warm = False
        self._cold_here()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(self.detectors)})"

    @property
    def cold(self) -> bool:
        """Whether a detector has yet to load its models."""
        return not self._is_warm() and any(hasattr(detector, "warm_up") for detector in self.detectors.values())

    def warm_up(self) -> None:
        """Load the models of all detectors now; does nothing the second time.

        Raises:
            DetectorError: If a model can't be loaded.
        """
        if self._is_warm():
            return
        with self._warm_lock:
            if self._warm:
                return
            for detector in self.detectors.values():
                load = getattr(detector, "warm_up", None)
                if load is not None:
                    load()
            self._warm = True

    def _is_warm(self) -> bool:
        # A forked process loads anew: some models do not live on there, and the lock may be held by a thread that
        # did not either.
        if self._process != os.getpid():
            self._cold_here()
        return self._warm

    def _cold_here(self) -> None:
        self._warm_lock = threading.Lock()
        self._warm = False
        self._process = os.getpid()

    def plan(self, batches: Sequence[Texts], timeout: float | None) -> Plan[Detected]:
        """Have all texts looked at that the cache does not know.

        Args:
            batches: Texts that belong together; one batch's failure is not to spoil another.
            timeout: Seconds for all detectors together; loading models does not count.
        """
        detected = Detected()
        open_batches = [self._cache.sift(batch, detected.entities) for batch in batches]
        texts = list(dict.fromkeys(text for batch in open_batches for text in batch))
        if not texts or not self.detectors:
            detected.entities.update((text, ()) for text in texts)
            return detected
        if self.cold:
            (failure,) = yield Together([self.warm_up])
            if failure is not None:
                self._fail(detected, texts, "warm-up", failure)
                return detected
        yield from self._ask_all(texts, timeout, detected)
        if detected.failures and len(open_batches) > 1 and not _timed_out(detected.failures.values()):
            # One text can fail a whole batch: ask again for each, so that it fails alone. A text that stands in several
            # (a system prompt) is fine if it was answered with one of them.
            detected.failures.clear()
            answered: set[str] = set()
            for batch in open_batches:
                left = [text for text in batch if text not in answered]
                if left and (yield from self._ask_all(left, timeout, detected)):
                    answered.update(left)
            for text in answered:
                detected.failures.pop(text, None)
        self._cache.keep({t: detected.entities[t] for t in texts if t not in detected.failures})
        return detected

    def _ask_all(self, texts: Texts, timeout: float | None, detected: Detected) -> Plan[bool]:
        """Ask all detectors for all texts; tells whether all of them answered."""
        answers = yield Together([partial(_ask, d, texts) for d in self.detectors.values()], timeout)
        found: dict[str, tuple[Entity, ...]] = dict.fromkeys(texts, ())
        for name, answer in zip(self.detectors, answers, strict=True):
            if isinstance(answer, Exception):
                self._fail(detected, texts, name, answer)
                continue
            entities, latency_ms = answer
            for source, spent in latency_ms.items():
                whole = f"{name}.{source}" if source else name
                detected.latency_ms[whole] = detected.latency_ms.get(whole, 0.0) + spent
            for text, more in zip(texts, entities, strict=True):
                found[text] += more
        detected.entities.update(found)
        return not any(isinstance(answer, Exception) for answer in answers)

    @staticmethod
    def _fail(detected: Detected, texts: Texts, name: str, failure: Exception) -> None:
        # the message of a foreign error may hold user text: only its type and place are told
        told = f"{type(failure).__name__}: {failure}" if holds_no_text(failure) else where(failure)
        logger.warning("detector %r failed: %s", name, told)
        for text in texts:
            detected.failures.setdefault(text, failure)
            detected.entities.setdefault(text, ())


def _timed_out(failures: Iterable[Exception]) -> bool:
    return any(isinstance(failure, DetectorTimeout) for failure in failures)


def _by_name(detectors: Iterable[DetectorLike]) -> dict[str, Detector]:
    named: dict[str, Detector] = {}
    for detector in map(adapted, detectors):
        name = name_of(detector)
        number = 2
        unique = name
        while unique in named:
            unique = f"{name}_{number}"
            number += 1
        named[unique] = detector
    return named


def _ask(detector: Detector, texts: Texts) -> tuple[list[tuple[Entity, ...]], Mapping[str, float]]:
    """Give the checked answers, and the latency in milliseconds by source: the detector itself is the source ""."""
    started = time.perf_counter()
    batch: Callable[[Texts], Any] | None = getattr(detector, "detect_batch", None)
    given = batch(texts) if batch is not None else [detector.detect(text) for text in texts]
    answers = listed(given)
    if len(answers) != len(texts):
        raise DetectorError(f"{len(answers)} answers for {len(texts)} texts")
    checked = [checked_entities(answer, len(text)) for answer, text in zip(answers, texts, strict=True)]
    if isinstance(given, Answers):
        return checked, given.latency_ms
    return checked, {"": (time.perf_counter() - started) * 1000}


class _Cache:
    """Least-recently-used answers, bounded by the number of texts plus entities."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._held = 0
        self._key = secrets.token_bytes(16)
        self._lock = threading.Lock()
        self._answers: OrderedDict[bytes, tuple[Entity, ...]] = OrderedDict()

    def sift(self, texts: Texts, found: dict[str, tuple[Entity, ...]]) -> list[str]:
        """Put what is known into `found` and give the texts that are not; blank ones have no entities."""
        unknown: list[str] = []
        for text in texts:
            if not text or text.isspace():
                found[text] = ()
                continue
            digest = self._digest(text)
            with self._lock:
                answer = self._answers.get(digest)
                if answer is not None:
                    self._answers.move_to_end(digest)
            if answer is None:
                unknown.append(text)
            else:
                found[text] = answer
        return unknown

    def keep(self, answers: Mapping[str, tuple[Entity, ...]]) -> None:
        """Remember answers, dropping the ones unused for longest."""
        if not self._size:
            return
        digests = {self._digest(text): entities for text, entities in answers.items()}
        with self._lock:
            for digest, entities in digests.items():
                known = self._answers.pop(digest, None)
                self._held += len(entities) - (len(known) if known is not None else -1)
                self._answers[digest] = entities
            while self._held > self._size and self._answers:
                _, dropped = self._answers.popitem(last=False)
                self._held -= 1 + len(dropped)

    def _digest(self, text: str) -> bytes:
        return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16, key=self._key).digest()
