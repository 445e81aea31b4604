"""What the worker processes of tests do; they share nothing with the test but a database."""

from __future__ import annotations

import multiprocessing
import random
import threading
from typing import Any

from lc_guard.testing import NumberedMint
from lc_guard.vaults import RedisVault, SQLVault
from lc_guard.vaults.stored import StoredVault

BATCH = 40

# A fork server: each worker is a fork of a process that has imported this module and nothing of the test.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload([__name__])


def opened(url: str, name: str, **options: Any) -> StoredVault:
    if url.startswith("redis"):
        return RedisVault(url, prefix=name, **options)
    return SQLVault(url, table_prefix=name, **options)


def shared_values(count: int) -> list[str]:
    return [f"Firstname{number} Lastname{number}" for number in range(count)]


def allocate_shared(url: str, name: str, seed: int, calls: int, values: int, answers: Any) -> None:
    """Allocate values that others allocate too, and tell every answer that was given for each."""
    try:
        vault = opened(url, name, timeout=60)
        chance = random.Random(seed)
        texts = shared_values(values)
        given: dict[str, set[str]] = {}
        for _ in range(calls):
            value = chance.choice(texts)
            (placeholder,) = vault.allocate("shared", [("PERSON", value)], NumberedMint())
            given.setdefault(value, set()).add(placeholder)
        asked = [placeholder for told in given.values() for placeholder in told]
        restored = dict(vault.values("shared", asked))
        vault.close()
        answers.put((given, restored))
    except BaseException as error:
        answers.put(error)
        raise


def write_batches(url: str, name: str, start: int, told: Any) -> None:
    """Write batches of new values, for ever, and tell of each when it is acknowledged."""
    vault = opened(url, name)
    number = start
    while True:
        batch = [("PERSON", f"batch {number} value {place}") for place in range(BATCH)]
        told.send((number, vault.allocate("s", batch, NumberedMint())))
        number += 1


def write_in_threads(vault: StoredVault, stop: threading.Event, threads: int) -> tuple[dict[str, str], list[str]]:
    """Write new values from several threads until told to stop; give what was acknowledged, and the errors' names."""
    acknowledged: dict[str, str] = {}
    errors: list[str] = []

    def write(thread: int) -> None:
        number = 0
        while not stop.is_set():
            number += 1
            wanted = [("PERSON", f"{thread} {number} {place}") for place in range(5)]
            try:
                given = vault.allocate(f"session {thread % 2}", wanted, NumberedMint())
            except Exception as error:
                errors.append(type(error).__name__)
            else:
                acknowledged.update({value: placeholder for (_, value), placeholder in zip(wanted, given, strict=True)})

    workers = [threading.Thread(target=write, args=(thread,)) for thread in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return acknowledged, errors
