"""A simulated worker of `benchmarks.scale`: recorded answers instead of detectors, all else as a worker does it."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from lc_guard import Guard, Policy
from lc_guard.distributed.column_hider import ColumnHider
from lc_guard.distributed.partition_task import BATCH
from lc_guard.records import Entity
from lc_guard.vaults.urls import vault_of_url

_WORDS = (
    "the claim was received in the morning and sent on to the office that deals with such matters it says "
    "that the delivery came late and that two of the boxes were wet so the customer asks for a refund or "
    "for new ones "
).split()
_FIRST = ("Anna Boris Clara Dario Elena Fabian Greta Hannes Irina Jonas Katrin Lukas Maria Nadia Oscar Paula ").split()
_LAST = (
    "Abel Brandt Castro Dorn Engel Fuchs Gruber Hahn Ivanov Jansen Keller Lorenz Moser Neumann Ortega Pohl "
).split()
_WRITTEN = re.compile(
    r"(?P<PERSON>[A-Z][a-z]+ [A-Z][a-z]+-[A-Z][a-z]+)|(?P<EMAIL_ADDRESS>[a-z.-]+\.[0-9]+@example\.com)"
    r"|(?P<PHONE_NUMBER>\+49 30 [0-9]{8})"
)


class Document(NamedTuple):
    """A text of about a kilobyte, and where its values are."""

    text: str
    entities: tuple[Entity, ...]


def paragraphs(chance: random.Random, number: int = 400) -> list[str]:
    """Return paragraphs of which documents are made: making them anew would take more time than hiding them."""
    return [" ".join(chance.choices(_WORDS, k=60)) for _ in range(number)]


def document(number: int, chance: random.Random, parts: Sequence[str]) -> Document:
    """Make a document: a person of a few thousand, whose e-mail address is known as well, and a new phone number."""
    person = int(chance.paretovariate(1.1)) % 20_000
    name = f"{_FIRST[person % 16]} {_LAST[person // 16 % 16]}-{_LAST[person // 256 % 16]}"
    values = [
        ("PERSON", name),
        ("EMAIL_ADDRESS", f"{name.replace(' ', '.').lower()}.{person}@example.com"),
        ("PHONE_NUMBER", f"+49 30 {number % 90_000_000 + 10_000_000}"),
    ]
    written = ""
    entities = []
    for part, (kind, value) in zip(chance.choices(parts, k=3), values, strict=True):
        written += f"{part}. {value} "
        entities.append(Entity(kind, len(written) - len(value) - 1, len(written) - 1, 1.0))
    return Document(f"{written}{chance.choice(parts)}.", tuple(entities))


class Recorded:
    """A detector that knows its answers."""

    name = "recorded"

    def __init__(self) -> None:
        self.answers: dict[str, tuple[Entity, ...]] = {}

    def detect(self, text: str) -> tuple[Entity, ...]:
        """Return what was recorded."""
        return self.answers[text]


class _Read:
    """A detector that reads its answers off documents of `document`, for workers of their own."""

    name = "read"

    def detect(self, text: str) -> list[Entity]:
        """Return what `document` wrote."""
        return [Entity(found.lastgroup or "", *found.span(), 1.0) for found in _WRITTEN.finditer(text)]


def recorded_answers() -> _Read:
    """Return a detector that knows the answers of `document` in no time."""
    return _Read()


class Spent(NamedTuple):
    """The seconds of a call: all, of its thread's processor, and in which that thread waited for a processor."""

    wall: float
    cpu: float
    queued: float


def now() -> Spent:
    """Return the clocks of this thread (https://docs.kernel.org/scheduler/sched-stats.html)."""
    try:
        with open("/proc/thread-self/schedstat", encoding="ascii") as told:
            cpu, queued, _ = (int(number) / 1e9 for number in told.read().split())
    except OSError:  # no Linux
        cpu, queued = time.thread_time(), 0.0
    return Spent(time.perf_counter(), cpu, queued)


class Timed:
    """Calls something, and notes how long each call took and whether it gave nothing."""

    def __init__(self, inner: Any, *names: str) -> None:
        self._inner = inner
        self.spent: dict[str, list[Spent]] = {name: [] for name in names}
        self.lost = 0

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._inner, name)
        if name not in self.spent:
            return call

        def timed(*args: Any, **options: Any) -> Any:
            begun = now()
            given = call(*args, **options)
            self.spent[name].append(Spent(*(after - before for after, before in zip(now(), begun, strict=True))))
            self.lost += given is None
            return given

        return timed


class Work(NamedTuple):
    """What a simulated worker is told: which one it is, its vault, and how long a batch's detection takes."""

    number: int
    url: str
    pause: float
    seconds: float
    start: float


class Done(NamedTuple):
    """What a simulated worker tells: `calls` of its vault and `trips` to the store, by name."""

    batches: int
    calls: dict[str, list[Spent]]
    trips: dict[str, list[Spent]]
    lost: int
    began: float
    ended: float
    cpu: float


def simulated(work: Work, answers: Any) -> None:
    """Be a worker until the time is over."""
    chance = random.Random(work.number)
    parts = paragraphs(chance)
    vault = vault_of_url(work.url, ttl=None, timeout=120.0, cache_values=1_000_000, cache_seconds=3600.0)
    vault.check()  # connected, as a worker is that works for hours
    store = vault.store = Timed(vault.store, "read", "append")  # type: ignore[assignment]
    outer = Timed(vault, "look", "allocate", "items")
    outer.blocking = True  # type: ignore[attr-defined]
    detector = Recorded()
    guard = Guard(detector, vault=outer, policy=Policy(timeout=None), cache_size=0)  # type: ignore[arg-type]
    hider = ColumnHider(guard, "corpus", ["text"])
    batches = 0
    time.sleep(max(0.0, work.start - time.time()))
    began = time.time()
    until = time.monotonic() + work.seconds
    pause = work.pause * chance.random()  # they are not in step
    while time.monotonic() < until:
        made = [document(work.number * 1_000_000 + batches * BATCH + n, chance, parts) for n in range(BATCH)]
        detector.answers = {each.text: each.entities for each in made}
        time.sleep(pause)
        pause = work.pause * chance.uniform(0.5, 1.5)
        hider.hide([[each.text] for each in made])
        batches += 1
    answers.put(Done(batches, outer.spent, store.spent, store.lost, began, time.time(), time.process_time()))
    vault.close()


def warmed() -> None:
    """Load what the first batch of a process loads, for the processes that are forked from this one."""
    made = document(1, random.Random(), paragraphs(random.Random()))
    detector = Recorded()
    detector.answers = {made.text: made.entities}
    ColumnHider(Guard(detector), "corpus", ["text"]).hide([[made.text]])
