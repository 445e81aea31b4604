"""Requests that arrive together are answered together: one pass of a detector over the texts of all."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import anyio
import anyio.to_thread

from lc_guard._engine.analyzer import checked_entities
from lc_guard._progress import REPORT
from lc_guard.detectors.base import Detector
from lc_guard.detectors.joined import ask
from lc_guard.errors import DetectorTimeout, GuardError
from lc_guard.records import Entity

Found = Sequence[Entity]

_TELL = 0.1  # seconds between two times that a request is told of parts that are done


class Busy(GuardError):
    """More characters are waiting than may; nothing was taken."""


@dataclass(eq=False, slots=True)
class _Asked:
    """What one request wants to know."""

    texts: Sequence[str]
    answer: asyncio.Future[list[Found]]
    part_done: Callable[[], object]
    characters: int = field(init=False)

    def __post_init__(self) -> None:
        self.characters = sum(map(len, self.texts))

    def tell(self) -> None:
        """Tell the request that a part of its batch is done, if it still waits."""
        if not self.answer.done():
            self.part_done()


class Batcher:
    """Asks a detector in threads, for several requests at once where several wait.

    No request waits for others to come: a thread that is free takes what is there, up to a size. So a single one is
    answered at once, and the busier the service the larger the batches. They stay small: detectors gain nothing by more
    than a few texts, and all of a batch wait for its last one.

    Args:
        detector: Who finds.
        threads: How many batches are at work at the same time, 1 or more.
        most_texts: Different texts in a batch of several requests.
        most_characters: Characters in a batch of several requests.
        most_waiting: Characters that may wait; more are refused.
    """

    def __init__(
        self,
        detector: Detector,
        *,
        threads: int,
        most_waiting: int,
        most_texts: int = 8,
        most_characters: int = 20_000,
    ) -> None:
        self._detector = detector
        self._most_texts, self._most_characters, self._most_waiting = most_texts, most_characters, most_waiting
        self._waiting: deque[_Asked] = deque()
        self._characters = 0
        self._closed = False
        self._come = asyncio.Event()
        self._limiter = anyio.CapacityLimiter(threads)
        self._workers = [asyncio.create_task(self._work()) for _ in range(threads)]

    async def detect(self, texts: Sequence[str], part_done: Callable[[], object] = lambda: None) -> list[Found]:
        """Return the entities of each text.

        Args:
            texts: The texts.
            part_done: Called on the loop, every now and then, while the detector gets on with them.

        Raises:
            Busy: Too much is waiting.
            Exception: What the detector raised.
        """
        asked = _Asked(texts, asyncio.get_running_loop().create_future(), part_done)
        # one that is too long by itself is taken while nothing else waits
        if self._characters and self._characters + asked.characters > self._most_waiting:
            raise Busy("too many characters are waiting")
        self._waiting.append(asked)
        self._characters += asked.characters
        self._come.set()
        try:
            return await asked.answer
        finally:
            if asked in self._waiting:
                self._waiting.remove(asked)
                self._characters -= asked.characters

    async def close(self) -> None:
        """End the workers; what they are asked about is given up, and threads end at their next part."""
        self._closed = True
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)

    async def _work(self) -> None:
        while True:
            await self._come.wait()
            batch = self._take()
            if not batch:
                self._come.clear()
                continue
            await self._answer(batch)

    def _take(self) -> list[_Asked]:
        """Take what waits, the longest waiting first, as far as it goes into one batch."""
        batch: list[_Asked] = []
        texts: set[str] = set()
        characters = 0
        while self._waiting:
            texts.update(self._waiting[0].texts)
            characters += self._waiting[0].characters
            if batch and (len(texts) > self._most_texts or characters > self._most_characters):
                break
            asked = self._waiting.popleft()
            self._characters -= asked.characters
            batch.append(asked)
        return batch

    async def _answer(self, batch: Sequence[_Asked]) -> None:
        try:
            found = await self._found(batch)
        except Exception as error:  # noqa: BLE001 - raised again where the request waits
            if len(batch) > 1:  # one text may have failed all: each request is asked again, so that it fails alone
                for asked in batch:
                    if not asked.answer.done():
                        await self._answer([asked])
            elif not batch[0].answer.done():
                batch[0].answer.set_exception(error)
            return
        answers = iter(found)
        for asked in batch:
            own = [next(answers) for _ in asked.texts]
            if not asked.answer.done():
                asked.answer.set_result(own)

    async def _found(self, batch: Sequence[_Asked]) -> list[Found]:
        call = partial(self._detect, batch, asyncio.get_running_loop())
        return await anyio.to_thread.run_sync(call, abandon_on_cancel=True, limiter=self._limiter)

    def _detect(self, batch: Sequence[_Asked], loop: asyncio.AbstractEventLoop) -> list[Found]:
        told = time.monotonic()

        def report() -> None:
            nonlocal told
            if self._closed or all(asked.answer.done() for asked in batch):
                raise DetectorTimeout("nobody waits for the answer any longer")
            if time.monotonic() - told > _TELL:
                told = time.monotonic()
                for asked in batch:
                    loop.call_soon_threadsafe(asked.tell)

        REPORT.set(report)
        texts = [text for asked in batch for text in asked.texts]
        different = list(dict.fromkeys(texts))
        answers = ask(self._detector, different)
        found = {text: checked_entities(answer, len(text)) for text, answer in zip(different, answers, strict=True)}
        return [found[text] for text in texts]
