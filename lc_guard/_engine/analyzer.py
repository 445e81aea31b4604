"""Asking the detectors: all of them for many texts at once, each text only once, nothing believed unchecked."""

from __future__ import annotations

import hashlib
import logging
import os
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from math import isfinite
from typing import Any

from lc_guard._engine.failures import describe_error, has_safe_message
from lc_guard._engine.flow import Flow, Gather, Skipped
from lc_guard._engine.text_state import TextState
from lc_guard._forks import ForkLock
from lc_guard.detectors.adapters import adapted
from lc_guard.detectors.base import BatchResult, Detector, DetectorLike, load_models, name_of, one_by_one, parts_of
from lc_guard.errors import DetectorError, DetectorTimeout
from lc_guard.records import Entity, normalize_kind, unit_interval

logger = logging.getLogger("lc_guard")

Texts = Sequence[str]
Found = tuple[Entity, ...]


class Analyzer:
    """The detectors of a guard, with a cache of their answers.

    The cache is keyed by a keyed hash of the text and holds only value-free entities, so that the turns of a
    conversation cost what is new in them.

    Args:
        detectors: The detectors, asked at the same time.
        cache_size: Number of texts plus entities that the cache holds; 0 switches it off.
    """

    def __init__(self, detectors: Iterable[DetectorLike], *, cache_size: int) -> None:
        self.detectors: Mapping[str, Detector] = _by_name(detectors)
        self.cache = DetectionCache(cache_size)
        self._warm = False
        self._cold_here()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(self.detectors)})"

    def sources(self) -> dict[str, list[str]]:
        """Return the names of the detectors, and of those that each of them is joined of."""
        return {name: [name_of(part) for part in parts_of(each)] for name, each in self.detectors.items()}

    @property
    def loads(self) -> list[Callable[[], None]]:
        """What loads the models of the detectors; nothing if none has to."""
        cold = not self._is_warm() and any(hasattr(detector, "warm_up") for detector in self.detectors.values())
        return [self.warm_up] if cold else []

    def warm_up(self) -> None:
        """Load the models of all detectors now; does nothing the second time."""
        if self._is_warm():
            return
        with self._warm_lock:
            if self._warm:
                return
            for detector in self.detectors.values():
                load_models(detector)
            self._warm = True

    def _is_warm(self) -> bool:
        # A forked process loads anew: some models do not live on there, and the lock may be held by a thread that
        # did not either.
        if self._process != os.getpid():
            self._cold_here()
        return self._warm

    def _cold_here(self) -> None:
        self._warm_lock = ForkLock()
        self._warm = False
        self._process = os.getpid()

    def analyze(self, batches: Sequence[Texts], timeout: float | None) -> Flow[DetectorRun]:
        """Have texts looked at beside no scanner; see `DetectorRun`."""
        not_loaded = (yield Gather([self.warm_up]))[0] if self.loads else None
        run = DetectorRun(self, batches, timeout, not_loaded=not_loaded)
        yield from run.alone()
        return run


class DetectorRun:
    """The check run of all detectors over batches of texts: one batch's failure is not to spoil another.

    Args:
        analyzer: Who knows the detectors.
        batches: The texts of each request.
        timeout: Seconds that a detector has for each part; None for no limit.
        most: Characters of one batch that they are asked about at most; None for no limit.
        not_loaded: What kept them from loading their models.

    Attributes:
        calls: What is to be called; nothing if the cache knew all.
        entities: Findings by text; a text that no detector answered for is missing.
        failures: By text, the first error of a detector that was asked for it.
        latency_ms: By detector, or by its sources if it tells them, the wall time of the answer in milliseconds.
        seconds: Wall time of the whole run.
        skipped: Whether it was given up because scanners had said enough.
    """

    instant = False
    characters = 0

    def __init__(
        self,
        analyzer: Analyzer,
        batches: Iterable[Texts],
        timeout: float | None,
        *,
        most: int | None = None,
        not_loaded: Exception | None = None,
    ) -> None:
        self.entities: dict[str, Found] = {}
        self.failures: dict[str, Exception] = {}
        self.latency_ms: dict[str, float] = {}
        self.seconds = 0.0
        self.skipped = False
        self._detectors = analyzer.detectors
        self._cache = analyzer.cache
        self._timeout = timeout
        sifted = [self._cache.sift(batch, self.entities) for batch in batches]
        self._batches = [batch if most is None or _characters(batch) <= most else [] for batch in sifted]
        self._unknown = list(dict.fromkeys(text for batch in self._batches for text in batch))
        # one that stands in another request as well, such as a system prompt, is asked about there
        self._refused = {text for batch in sifted for text in batch} - set(self._unknown)
        if self._refused:
            self._fail(self._refused, "length", DetectorError(f"a request is longer than max_characters={most:,}"))
        if self._unknown and not_loaded is not None:
            self._fail(self._unknown, "warm-up", not_loaded)
        self._ask(self._unknown if not_loaded is None else ())

    def take(self, number: int, result: Any) -> Iterable[Any]:
        """Take a detector's answer; decided is once values are hidden."""
        self._results[number] = result
        if isinstance(result, Skipped):
            self.skipped = True
        if len(self._results) == len(self.calls) and not self.skipped:
            self._join()
        return ()

    def alone(self) -> Flow[None]:
        """Ask beside no scanner."""
        if self.calls:
            yield Gather(self.calls, on_result=self.take)
        yield from self.finish()

    def finish(self) -> Flow[None]:
        """Ask again for each batch if one text may have failed them all, so that it fails alone; remember the rest.

        A text that stands in several batches, such as a system prompt, is fine if it was answered with one of them.
        """
        late = any(isinstance(failure, DetectorTimeout) for failure in self.failures.values())
        again = self.failures.keys() - self._refused
        if again and self.calls and len(self._batches) > 1 and not late:
            for text in again:
                del self.failures[text]
            for text in (yield from self._ask_each()):
                self.failures.pop(text, None)
        self._cache.keep({text: self.entities[text] for text in self._unknown if text not in self.failures})

    def _ask_each(self) -> Flow[set[str]]:
        """Ask for each batch by itself; returns the texts that were answered."""
        answered: set[str] = set()
        for batch in self._batches:
            self._ask([text for text in batch if text not in answered])
            if self.calls:
                results = yield Gather(self.calls, on_result=self.take)
                if not any(isinstance(result, Exception) for result in results):
                    answered.update(self._texts)
        return answered

    def failure(self, text: TextState) -> Exception | None:
        """Return what a detector raised that was asked for a text, or None."""
        return next((self.failures[form] for form in text.forms if form in self.failures), None)

    def knows(self, text: TextState) -> bool:
        """Return whether all detectors answered for a text, and for what it reads as."""
        return all(form in self.entities and form not in self.failures for form in text.forms)

    def of(self, text: TextState) -> list[Entity]:
        """Return what was found in a text and in what it reads as, all with offsets in the text."""
        found = list(self.entities.get(text.current, ()))
        for form, offsets in text.unescaped:
            found += [Entity(e.kind, offsets[e.start], offsets[e.end], e.score) for e in self.entities.get(form, ())]
        return [entity for entity in found if text.counts(entity)] if text.words else found

    def _ask(self, texts: Texts) -> None:
        """Make the calls for some texts."""
        self._texts = texts
        self._results: dict[int, Any] = {}
        self._since = time.perf_counter()
        self.calls = [_call(d, texts, self._timeout) for d in self._detectors.values()] if texts else []
        if not self._detectors:
            self.entities.update((text, ()) for text in texts)

    def _join(self) -> None:
        self.seconds += time.perf_counter() - self._since
        found: dict[str, Found] = dict.fromkeys(self._texts, ())
        for number, name in enumerate(self._detectors):
            answer = self._results[number]
            if isinstance(answer, Exception):
                self._fail(self._texts, name, answer)
                continue
            entities, latency_ms = answer
            for source, spent in latency_ms.items():
                whole = f"{name}.{source}" if source else name
                self.latency_ms[whole] = self.latency_ms.get(whole, 0.0) + spent
            for text, more in zip(self._texts, entities, strict=True):
                found[text] += more
        self.entities.update(found)

    def _fail(self, texts: Iterable[str], name: str, failure: Exception) -> None:
        # the message of a foreign error may hold user text: only its type and place are told
        told = f"{type(failure).__name__}: {failure}" if has_safe_message(failure) else describe_error(failure)
        logger.warning("detector %r failed: %s", name, told)
        for text in texts:
            self.failures.setdefault(text, failure)
            self.entities.setdefault(text, ())


def _characters(texts: Iterable[str]) -> int:
    return sum(map(len, dict.fromkeys(texts)))


def _by_name(detectors: Iterable[DetectorLike]) -> dict[str, Detector]:
    named: dict[str, Detector] = {}
    for detector in map(adapted, detectors):
        name = name_of(detector)
        others = (f"{name}_{number}" for number in count(2))
        named[name if name not in named else next(other for other in others if other not in named)] = detector
    return named


@dataclass(slots=True)
class _DetectorCall:
    """Asks one detector: its checked answers, and the latency in milliseconds by source; itself is the source ""."""

    detector: Detector
    texts: Texts
    timeout: float | None

    def __call__(self) -> tuple[list[Found], Mapping[str, float]]:
        started = time.perf_counter()
        batch: Callable[[Texts], Any] | None = getattr(self.detector, "detect_batch", None)
        if batch is not None:
            given = batch(self.texts)
        elif len(self.texts) == 1:
            given = [self.detector.detect(self.texts[0])]
        else:
            given = one_by_one(self.detector, self.texts)
        return self._checked(given, started)

    def _checked(self, given: Any, started: float) -> tuple[list[Found], Mapping[str, float]]:
        answers = _listed(given)
        if len(answers) != len(self.texts):
            raise DetectorError(f"{len(answers)} answers for {len(self.texts)} texts")
        checked = [checked_entities(answer, len(text)) for answer, text in zip(answers, self.texts, strict=True)]
        if isinstance(given, BatchResult):
            return checked, given.latency_ms
        return checked, {"": (time.perf_counter() - started) * 1000}


class _AsyncDetectorCall(_DetectorCall):
    """The same on an event loop, which waits for no thread."""

    async def acall(self) -> tuple[list[Found], Mapping[str, float]]:
        """Ask the detector."""
        started = time.perf_counter()
        return self._checked(await self.detector.adetect_batch(self.texts), started)  # type: ignore[attr-defined]


def _call(detector: Detector, texts: Texts, timeout: float | None) -> _DetectorCall:
    kind = _AsyncDetectorCall if hasattr(detector, "adetect_batch") else _DetectorCall
    return kind(detector, texts, timeout)


def _listed(answer: Any) -> list[Any]:
    if not isinstance(answer, Iterable):
        raise DetectorError(f"an answer is {type(answer).__name__} where a sequence is expected")
    return list(answer)


def checked_entities(answer: Any, length: int) -> tuple[Entity, ...]:
    """Return what was found in a text of a length, kinds and scores in their one form; empty stretches are left out.

    Raises:
        DetectorError: If something is no entity, or lies outside the text.
    """
    entities: list[Entity] = []
    for entity in _listed(answer):
        if not isinstance(entity, Entity):
            raise DetectorError(f"an answer holds {type(entity).__name__} where Entity is expected")
        start, end, score = entity.start, entity.end, entity.score
        whole = isinstance(start, int) and isinstance(end, int) and isinstance(score, int | float)
        if not whole or not isinstance(entity.kind, str):
            raise DetectorError("an entity needs a kind of type str, whole offsets and a number as score")
        if not 0 <= start <= end <= length:
            raise DetectorError(f"an entity at {start}:{end} lies outside the text of {length} characters")
        if start < end:
            kind = normalize_kind(entity.kind)
            score = unit_interval(score)
            same = kind == entity.kind and score == entity.score and isfinite(entity.score)
            entities.append(entity if same else Entity(kind, start, end, score))
    return tuple(entities)


class DetectionCache:
    """Least-recently-used answers, bounded by the number of texts plus entities."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._held = 0
        self._key = secrets.token_bytes(16)
        self._lock = ForkLock()
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
