"""Children of the test's own process."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable


def in_a_child(work: Callable[[], bool]) -> int:
    """Return the exit status of a forked process that does something: 0 if that says True; 9 if it does not end."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            status = 0 if work() else 2
        finally:
            os._exit(status)
    timer = threading.Timer(60, lambda: os.kill(child, 9))
    timer.start()
    try:
        return abs(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    finally:
        timer.cancel()
