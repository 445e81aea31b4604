"""The embedded engine: processes of this machine, by `concurrent.futures`."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from lc_guard.distributed.guard_spec import GuardSpec
from lc_guard.distributed.partition_task import BATCH
from lc_guard.distributed.table_pass import ERROR, both_passes
from lc_guard.errors import CorpusError

Job = TypeVar("Job")
Result = TypeVar("Result")

_DEATHS = 3
_AHEAD = 2
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def hide_rows(
    rows: Iterable[Mapping[str, Any]],
    spec: GuardSpec,
    *,
    columns: Iterable[str],
    session: str,
    workers: int | None = None,
) -> list[dict[str, Any]]:
    """Hide the text columns of rows in processes of this machine: what is found in one row in all of them.

    Args:
        rows: Rows with the columns in them, all in memory; `hide_corpus` takes files that are larger.
        spec: What the workers build their guards from.
        columns: Names of the text columns.
        session: Session id of the corpus.
        workers: Number of processes; None takes one for each core, 0 works in this process.

    Returns:
        The rows in order; each has the key ``lc_guard_error``, which says why a row could not be hidden. Its text
        columns are None then.

    Raises:
        KeyError: If a row lacks a column.
        GuardError: If a check fails on every row, or the vault fails.
    """
    collect, write = both_passes(spec, session, columns)
    rows = list(rows)
    parts = [_table(part, collect.columns) for part in _cut(rows, BATCH)]
    workers = cores() if workers is None else workers
    staged = dict(run_on_processes(collect, parts, workers=workers))
    parts = [{**part, **staged[number]} for number, part in enumerate(parts)]
    written = dict(run_on_processes(write, parts, workers=workers))
    done: list[dict[str, Any]] = []
    for number, part in enumerate(_cut(rows, BATCH)):
        hidden = written[number]
        done += [{**row, **{name: hidden[name][at] for name in (*write.columns, ERROR)}} for at, row in enumerate(part)]
    return done


def run_on_processes(
    task: Callable[[Job], Result], jobs: Iterable[Job], *, workers: int
) -> Iterator[tuple[int, Result]]:
    """Have processes do jobs; a job whose process dies is done again.

    The processes are started anew, not forked, and end with this one, however it ends.

    Args:
        task: What is done; it must be importable, and may be repeated.
        jobs: What it is given, one at a time.
        workers: Number of processes; 0 does the jobs in this one.

    Yields:
        The number of each job, counted from 0, and what it gave, as they are done.

    Raises:
        CorpusError: If processes keep dying.
        Exception: What the task raises.
    """
    todo = iter(enumerate(jobs))
    if not workers:
        yield from ((number, task(job)) for number, job in todo)
        return
    again: list[tuple[int, Job]] = []
    deaths = 0
    while True:
        with _pool(workers) as pool:
            running: dict[Future[Result], tuple[int, Job]] = {}
            try:
                while True:
                    while len(running) < workers + _AHEAD and (job := again.pop() if again else next(todo, None)):
                        running[pool.submit(task, job[1])] = job
                    if not running:
                        return
                    done, _ = wait(running, return_when=FIRST_COMPLETED)
                    for future in done:
                        result = future.result()
                        number, _ = running.pop(future)
                        deaths = 0
                        yield number, result
            except BrokenProcessPool:
                deaths += 1
                again += running.values()
        if deaths == _DEATHS:
            raise CorpusError(
                f"worker processes were ended {deaths} times in a row, nothing was done between: is there enough "
                "memory for so many? A script calls this beneath if __name__ == '__main__':, for workers import it. "
                "What is done stays done"
            )


class _pool:  # noqa: N801 - used like the function it stands for
    """A pool of processes that end at once when the pool is left by an error, or this process dies."""

    def __init__(self, workers: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._theirs, self._ours = context.Pipe(duplex=False)
        self._pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_begin, initargs=(self._theirs,))

    def __enter__(self) -> ProcessPoolExecutor:
        return self._pool

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self._ours.close()
        self._pool.shutdown(cancel_futures=True)
        self._ours.close()
        self._theirs.close()


def _begin(parent: Connection) -> None:
    """Begin a worker: one thread for each, since there is one for each core."""
    for name in _ONE_THREAD:
        os.environ.setdefault(name, "1")
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: Connection) -> None:
    """End this process when nobody holds the other end of a pipe any more."""
    try:
        parent.recv_bytes()
    except (EOFError, OSError):
        os._exit(1)


def cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _cut(rows: Sequence[Mapping[str, Any]], size: int) -> Iterator[list[Mapping[str, Any]]]:
    source = iter(rows)
    while part := list(islice(source, size)):
        yield part


def _table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> dict[str, list[Any]]:
    return {name: [row[name] for row in rows] for name in columns}
