"""The package's applications and promises, several at once: in processes forked before anything runs.

Of an application of somebody's own, and with detectors of models, all is done in this process, one after the other:
what they hold (threads, connections, a loaded model) may not live through a fork.
"""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from lc_guard.detectors.base import Detector
from lc_guard.verify import applications, areas
from lc_guard.verify.modes import Mode
from lc_guard.verify.promises import Proved, prove
from lc_guard.verify.run import Cell, run_mode

Each = Callable[[Callable[..., Any], Iterable[Any]], Iterator[Any]]

_MOST = 4


def usual_processes() -> int:
    """Return how many processes are taken where none say: as many as there are processors, up to four."""
    forks = sys.platform == "linux" and threading.active_count() == 1
    return min(_MOST, len(os.sched_getaffinity(0))) if forks else 1


@contextlib.contextmanager
def workers(processes: int) -> Iterator[Each]:
    """Give what calls a function for each argument, in order, in that many processes; 1 forks none.

    Args:
        processes: Their number. With more than one, functions and arguments are pickled.
    """
    frozen = gc.get_freeze_count() == 0
    if frozen:
        gc.freeze()  # what was imported is no garbage, and is looked through at every collection else
    try:
        if processes == 1:
            yield map
        else:
            with ProcessPoolExecutor(processes, multiprocessing.get_context("fork")) as pool:
                yield pool.map
    finally:
        if frozen:
            gc.unfreeze()


def cell_of(
    run: tuple[int, Mode], *, own: Sequence[applications.Application] = (), detectors: Sequence[Detector] = ()
) -> Cell:
    """Run an application in a mode.

    Args:
        run: Its number, and the mode.
        own: The user's; the package's, if there are none.
        detectors: Detectors beside the one that knows the planted values.
    """
    number, mode = run
    with contextlib.redirect_stdout(sys.stderr):  # what an application prints is no part of the report
        return run_mode((own or applications.applications())[number], mode, detectors=detectors)


def area_of(number: int) -> Proved:
    """Put the promises of an area, by number, to the test."""
    return prove(areas.every_area()[number])
