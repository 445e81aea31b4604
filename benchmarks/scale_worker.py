"""A simulated worker of `benchmarks.scale`: recorded answers instead of detectors, all else as a worker does it."""

from __future__ import annotations

import random
import time
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


class Document(NamedTuple):
    """A text of about a kilobyte, and where its values are."""

    text: str
    entities: tuple[Entity, ...]


def document(number: int, chance: random.Random) -> Document:
    """Make a document: a person of a few thousand, whose e-mail address is known as well, and a new phone number."""
    person = int(chance.paretovariate(1.1)) % 20_000
    name = f"{_FIRST[person % 16]} {_LAST[person // 16 % 16]}-{_LAST[person // 256 % 16]}"
    values = [
        ("PERSON", name),
        ("EMAIL_ADDRESS", f"{name.replace(' ', '.').lower()}.{person}@example.com"),
        ("PHONE_NUMBER", f"+49 30 {number % 90_000_000 + 10_000_000}"),
    ]
    parts = [" ".join(chance.choices(_WORDS, k=60)) for _ in range(4)]
    written = ""
    entities = []
    for part, (kind, value) in zip(parts, values, strict=False):
        written += f"{part}. {value} "
        entities.append(Entity(kind, len(written) - len(value) - 1, len(written) - 1, 1.0))
    return Document(f"{written}{parts[3]}.", tuple(entities))


class Recorded:
    """A detector that knows its answers."""

    name = "recorded"

    def __init__(self) -> None:
        self.answers: dict[str, tuple[Entity, ...]] = {}

    def detect(self, text: str) -> tuple[Entity, ...]:
        """Return what was recorded."""
        return self.answers[text]


class Timed:
    """Calls something, and notes how long each call took and whether it gave nothing."""

    def __init__(self, inner: Any, *names: str) -> None:
        self._inner = inner
        self.seconds: dict[str, list[float]] = {name: [] for name in names}
        self.lost = 0

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._inner, name)
        if name not in self.seconds:
            return call

        def timed(*args: Any, **options: Any) -> Any:
            begun = time.perf_counter()
            given = call(*args, **options)
            self.seconds[name].append(time.perf_counter() - begun)
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
    """What a simulated worker tells."""

    batches: int
    asked: list[float]
    read: list[float]
    appended: list[float]
    lost: int
    busy: float
    began: float
    ended: float


def simulated(work: Work, answers: Any) -> None:
    """Be a worker until the time is over."""
    chance = random.Random(work.number)
    vault = vault_of_url(work.url, ttl=None, timeout=120.0, cache_values=1_000_000, cache_seconds=3600.0)
    store = vault.store = Timed(vault.store, "read", "append")  # type: ignore[assignment]
    outer = Timed(vault, "look", "allocate", "items")
    outer.blocking = True  # type: ignore[attr-defined]
    detector = Recorded()
    guard = Guard(detector, vault=outer, policy=Policy(timeout=None), cache_size=0)  # type: ignore[arg-type]
    hider = ColumnHider(guard, "corpus", ["text"])
    batches, busy = 0, 0.0
    time.sleep(max(0.0, work.start - time.time()))
    began = time.time()
    until = time.monotonic() + work.seconds
    while time.monotonic() < until:
        made = [document(work.number * 1_000_000 + batches * BATCH + place, chance) for place in range(BATCH)]
        detector.answers = {each.text: each.entities for each in made}
        time.sleep(work.pause * chance.uniform(0.5, 1.5))
        begun = time.perf_counter()
        hider.hide([[each.text] for each in made])
        busy += time.perf_counter() - begun
        batches += 1
    asked = [seconds for each in outer.seconds.values() for seconds in each]
    answers.put(
        Done(batches, asked, store.seconds["read"], store.seconds["append"], store.lost, busy, began, time.time())
    )
    vault.close()
