"""Corpora on many workers: the speed-up of a second one, and one vault beneath 64 of them.

``python -m benchmarks.scale [--documents N] [--recorded N] [--workers N] [--seconds N] [--vaults NAMES]``. Each row is
printed when it is measured. The 64 workers are simulated: processes that wait as long as a detector would need, and
then bring its recorded answers to the vault, with all that a worker does between. They share this machine's cores, and
with them the servers; on a cluster each has its own, so that latencies there are lower, but for the network's. What
was waiting for a processor is told apart, and as many batches a second come from a few processes too.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import multiprocessing
import os
import random
import resource
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.scale_worker import Done, Spent, Work, document, paragraphs, recorded_answers, simulated, warmed
from benchmarks.table import Row, show, told, tried
from lc_guard.distributed import GuardSpec, hide_corpus
from lc_guard.distributed.partition_task import BATCH
from lc_guard.vaults.urls import vault_of_url
from tests.support.servers import PostgresServer, RedisServer

_FEW = 8
VAULTS = ("PostgreSQL", "Redis", "SQLite")


def speed_up(documents: int, *, recorded: bool = False, size: int = 1024 * 1024) -> Iterator[Row]:
    """Measure a corpus on one worker and on two, less what it takes to start them.

    A worker's detectors run side by side, so that one alone uses a part of a second core. Beside two workers on two
    cores stands one that has one core, and in a row of its own one that has both.

    Args:
        documents: Their number.
        recorded: Whether a pattern knows the answers, instead of the default detectors.
        size: Bytes of a partition, at most.
    """
    two, cores = _taken(documents, 2, None, recorded=recorded, size=size), _cores()
    one = _taken(documents, 1, cores[:1], recorded=recorded, size=size)
    what = f"{documents:,} documents of 1 kB, {'recorded answers' if recorded else 'default detectors'}, two workers"
    rate = f"{documents / two.wall:,.1f}/s"
    bound = "bound to one core" if cores else "not bound: this platform can't"
    yield Row(what, rate, f"one, {bound}: {documents / one.wall:,.1f}/s", one.wall / two.wall, 1.7, at_least=True)
    by_cpu = [f"{each.cpu / documents * 1e3:,.2f} ms of CPU each" for each in (two, one)]
    yield Row(f"{what}, by their CPU time", by_cpu[0], f"one: {by_cpu[1]}", 2 * one.cpu / two.cpu, 1.7, at_least=True)
    if cores:
        free = _taken(documents, 1, None, recorded=recorded, size=size)
        told_of = f"one, with all {len(cores)}: {documents / free.wall:,.1f}/s on {free.cpu / free.wall:.2f} of them"
        yield Row(f"{what}, beside one that is not bound", rate, told_of, free.wall / two.wall, 1.0, at_least=True)


class _Taken(NamedTuple):
    """The seconds of a corpus, and those of the processors."""

    wall: float
    cpu: float


def _taken(documents: int, workers: int, cores: Sequence[int] | None, *, recorded: bool, size: int) -> _Taken:
    """Return what a corpus takes, less what a small one takes: workers start, and load their models, in both."""
    chance = random.Random(1)
    parts = paragraphs(chance)
    taken: list[_Taken] = []
    with tempfile.TemporaryDirectory() as folder, _bound_to(cores):
        for count in (2 * workers, documents):
            lines = (json.dumps({"text": document(number, chance, parts).text}) + "\n" for number in range(count))
            source = Path(folder) / f"{count}.jsonl"
            with source.open("w") as file:
                file.writelines(lines)
            spec = GuardSpec(vault=f"sqlite:///{source}.db", detectors=recorded_answers if recorded else None)
            # each worker has many partitions, so that none waits long for the last one
            each = min(size, source.stat().st_size // (workers if count < documents else 8 * workers))
            begun, before = time.perf_counter(), _children_cpu()
            done = hide_corpus(
                source, f"{source}.out", spec, columns=["text"], session="s", workers=workers, partition_bytes=each
            )
            assert (done.rows, done.bad_rows) == (count, 0)
            taken.append(_Taken(time.perf_counter() - begun, _children_cpu() - before))
    small, whole = taken
    return _Taken(whole.wall - small.wall, whole.cpu - small.cpu)


def _cores() -> list[int]:
    """Return the cores of this process; none where the platform binds no process to some."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_setaffinity") else []


@contextlib.contextmanager
def _bound_to(cores: Sequence[int] | None) -> Iterator[None]:
    """Have this process, and those that it starts, run on some cores; None and none: on all."""
    before = _cores()
    if cores:
        os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        if cores:
            os.sched_setaffinity(0, before)


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def beneath(name: str, workers: int, *, pause: float, seconds: float) -> tuple[list[Done], list[int]]:
    """Run simulated workers on one vault; gives what they tell, and how many waited for a lock when it was looked."""
    context = multiprocessing.get_context("fork")
    warmed()
    with ExitStack() as stack:
        url, locks = _served(name, stack)
        made = vault_of_url(url, ttl=None)
        made.check()  # makes the tables
        made.close()
        answers = context.Queue()
        start = time.time() + 1 + workers / 16
        processes = [
            context.Process(target=simulated, args=(Work(number, url, pause, seconds, start), answers), daemon=True)
            for number in range(workers)
        ]
        for process in processes:
            process.start()
        waiting: list[int] = []
        stop = threading.Event()
        watcher = threading.Thread(target=_watch, args=(locks, waiting, stop), daemon=True)
        watcher.start()
        done = [answers.get(timeout=seconds + 300) for _ in processes]
        stop.set()
        watcher.join()
        for process in processes:
            process.join(60)
    return done, waiting


class _RoomyPostgres(PostgresServer):
    """PostgreSQL with a connection for each worker."""

    def prepare(self) -> None:
        super().prepare()
        with (self.folder / "data" / "postgresql.conf").open("a") as config:
            config.write("max_connections = 200\n")


def _served(name: str, stack: ExitStack) -> tuple[str, Any]:
    if name == "SQLite":
        return f"sqlite:///{stack.enter_context(tempfile.TemporaryDirectory())}/vault.db", None
    if name == "Redis":
        return stack.enter_context(RedisServer()).url, None
    server = stack.enter_context(_RoomyPostgres())
    return server.url, server


def _watch(server: Any, waiting: list[int], stop: threading.Event) -> None:
    """Note how many of the server's sessions wait for a lock, twenty times a second."""
    if server is None:
        return
    import psycopg

    query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    with contextlib.suppress(psycopg.Error), psycopg.connect(server.url, autocommit=True) as connection:
        while not stop.wait(0.05):
            waiting.append(int(connection.execute(query).fetchone()[0]))


def many_workers(name: str, workers: int, *, seconds: float, detection: float) -> Iterator[Row]:
    """Measure a vault beneath many workers: at the pace of real detection, and without any.

    A worker's time in the vault is what its calls took. Of this, the system tells how long they computed, and how long
    they were ready but had no processor: with fewer processors than workers that is most, and none of it is the
    vault's. What is left is the vault: the server, its disk, the wire, and stepping back for others.
    """
    done, waiting = beneath(name, workers, pause=BATCH * detection, seconds=seconds)
    whole = sum(each.ended - each.began for each in done)
    calls = [spent for call in done[0].calls for spent in _all(done, call)]
    asking, cpu, queued = (sum(seconds) for seconds in zip(*calls, strict=True))
    locks = f", {statistics.fmean(waiting):.2f} waiting for a lock" if waiting else ""
    batches = sum(each.batches for each in done)
    what = f"{name}, {workers} workers of {1 / detection:,.0f} documents/s: share of their time in the vault"
    ours = f"{batches / whole * workers:.1f} batches/s, {_lost(done)} appends repeated{locks}"
    yield Row(what, ours, f"a call of a batch: {_shown(calls)}", asking / whole, 0.1)
    split = f"of all their time {cpu / whole:.1%} computing, {queued / whole:.1%} waiting for a processor"
    rest = asking - cpu - queued
    own = f"{rest / whole:.1%} waiting for the vault, {rest / batches * 1e3:,.0f} ms for a batch"
    yield Row("  the same, less their waiting for a processor", split, own, (cpu + rest) / (whole - queued), 0.1)


def no_detection(name: str, workers: int, *, seconds: float, detection: float) -> Iterator[Row]:
    """Measure what a vault takes from workers that do nothing else."""
    done, waiting = beneath(name, workers, pause=0.0, seconds=seconds)
    rate = sum(each.batches / (each.ended - each.began) for each in done) * BATCH
    locks = f", {statistics.fmean(waiting):.2f} waiting for a lock" if waiting else ""
    what = f"{name}, {workers} workers that detect in no time: documents/s, beside what 64 real ones bring"
    ours = f"{rate:,.0f}/s, {_lost(done)} appends repeated{locks}"
    trips = f"read {_shown(_all(done, 'read'))}; append {_shown(_all(done, 'append'))}"
    yield Row(what, ours, trips, rate / (64 / detection), 1.0, at_least=True)


def _all(done: Sequence[Done], name: str) -> list[Spent]:
    """Return the calls of that name, of all workers."""
    return [spent for each in done for spent in (*each.calls.get(name, ()), *each.trips.get(name, ()))]


def _lost(done: Sequence[Done]) -> str:
    appends = len(_all(done, "append"))
    return f"{sum(each.lost for each in done) / max(1, appends):.1%} of {appends:,}"


def _shown(spent: Sequence[Spent]) -> str:
    seconds = [each.wall for each in spent]
    if len(seconds) < 2:
        return "too few"
    parts = statistics.quantiles(seconds, n=100, method="inclusive")
    return f"p50 {told(parts[49])}, p95 {told(parts[94])}, p99 {told(parts[98])}"


def run(
    *,
    documents: int = 300,
    recorded: int = 0,
    workers: int = 64,
    seconds: float = 60.0,
    detection: float = 0.1,
    vaults: Sequence[str] = VAULTS,
) -> Iterator[Row]:
    """Measure everything, and give each row when it is known."""
    for name in vaults:
        for each in dict.fromkeys((min(_FEW, workers), workers)):  # the same batches a second, from fewer processes
            pace = detection * each / workers
            measure = partial(many_workers, name, each, seconds=seconds, detection=pace)
            yield from tried(f"{name}, {each} workers", measure)
        few = partial(no_detection, name, min(_FEW, workers), seconds=seconds, detection=detection)
        yield from tried(f"{name}, no detection", few)
    for count, known in ((recorded, True), (documents, False)):
        if count:
            yield from tried(f"{count:,} documents", partial(speed_up, count, recorded=known))


def main() -> int:
    """Print the rows; the exit status says whether every target was met."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("--documents", type=int, default=300, help="with the default detectors; 0 for none")
    parser.add_argument("--recorded", type=int, default=0, help="documents with recorded answers; 0 for none")
    parser.add_argument("--workers", type=int, default=64, help="simulated workers")
    parser.add_argument("--seconds", type=float, default=60.0, help="seconds for each measurement of a vault")
    parser.add_argument("--detection", type=float, default=0.1, help="seconds that the detectors need for a document")
    parser.add_argument("--vaults", default=",".join(VAULTS), help="their names; empty for none")
    arguments = parser.parse_args()
    chosen = {**vars(arguments), "vaults": [name for name in arguments.vaults.split(",") if name]}
    return 0 if show(run(**chosen)) else 1


if __name__ == "__main__":
    sys.exit(main())
