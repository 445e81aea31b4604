"""Measures the package itself: its size, how far a prompt walks through it, and its most complex functions.

``python -m benchmarks.measure`` (or ``make measure``); ``--suite`` runs the tests as well. The exit status says whether
every bound was kept.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import lc_guard
from lc_guard import Anonymize, Guard, protect
from lc_guard.scanners import builtin_scanners
from lc_guard.testing import ExactDetector

HOUSE = Path(lc_guard.__file__).parent

ANONYMIZE_BOUND = 18  # modules that one prompt of one name enters, guard without scanners
STREAM_BOUND = 30  # modules that a streamed answer enters, built-in scanners on both sides
COMPLEXITY_BOUND = 15  # of a function, as radon counts
SUITE_BOUND = 480  # seconds on two quiet cores

_PROMPT = "Ask John Roe."
_CONFIG = {"configurable": {"session_id": "measured"}}


def entered(call: Callable[[], Any]) -> tuple[set[str], int]:
    """Return the modules of the package that a call enters, in whichever thread, and how often it changes module."""
    modules: set[str] = set()
    last, changes, house = "", 0, f"{HOUSE}/"

    def profile(frame: FrameType, event: str, _: Any) -> None:
        nonlocal last, changes
        if event == "call" and (name := frame.f_code.co_filename).startswith(house):
            modules.add(name.removeprefix(house))
            changes += name != last
            last = name

    while any(thread.name == "lc-guard" for thread in threading.enumerate()):
        time.sleep(0.05)  # only threads that start now are followed
    threading.setprofile(profile)
    sys.setprofile(profile)
    try:
        call()
    finally:
        sys.setprofile(None)
        threading.setprofile(None)  # type: ignore[arg-type]
    return modules, changes


def anonymize_walk() -> Callable[[], Any]:
    """Return the walk of one prompt with one new name in a new session, guard without scanners, warm."""
    step = Anonymize(Guard(ExactDetector({"PERSON": ["John Roe", "Jane Doe"]})))
    step.invoke("Ask Jane Doe.", {"configurable": {"session_id": "warm"}})
    return lambda: step.invoke(_PROMPT, _CONFIG)


def stream_walk() -> Callable[[], Any]:
    """Return the walk of one streamed answer of a protected model, guard with the built-in scanners, warm."""
    from langchain_core.language_models import GenericFakeChatModel
    from langchain_core.messages import AIMessage

    detector = ExactDetector({"PERSON": ["John Roe", "Jane Doe"]})
    guard = Guard(detector, prompt_scanners=builtin_scanners(), output_scanners=builtin_scanners())
    answers = (AIMessage("[REDACTED_PERSON_1] was asked.") for _ in range(2))
    model = protect(GenericFakeChatModel(messages=answers), guard)
    list(model.stream("Ask Jane Doe.", {"configurable": {"session_id": "warm"}}))
    return lambda: list(model.stream(_PROMPT, _CONFIG))


def complexities() -> Iterator[tuple[int, str]]:
    """Give the complexity of each function by radon, with its place."""
    from radon.complexity import cc_visit
    from radon.visitors import Class

    for path in HOUSE.rglob("*.py"):
        for block in cc_visit(path.read_text(encoding="utf-8")):
            if not isinstance(block, Class):
                yield block.complexity, f"{path.relative_to(HOUSE)}:{block.lineno} {block.fullname}"


def own(modules: set[str]) -> set[str]:
    """Return modules without what stands for a user's detector."""
    return {name for name in modules if not name.startswith("testing/")}


def main() -> int:
    """Print what was measured; the exit status says whether every bound was kept."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.measure", description=__doc__)
    parser.add_argument("--suite", action="store_true", help="run all tests and tell their time")
    parser.add_argument("--walks", action="store_true", help="name the modules that are entered")
    arguments = parser.parse_args()
    paths = list(HOUSE.rglob("*.py"))
    print(f"lines            {sum(path.read_text(encoding='utf-8').count(chr(10)) for path in paths):,}")
    print(f"modules          {len(paths)}, {len(list(HOUSE.glob('*.py')))} of them flat")
    kept = True
    for name, walk, bound in (
        ("Anonymize.invoke", anonymize_walk, ANONYMIZE_BOUND),
        ("protect().stream", stream_walk, STREAM_BOUND),
    ):
        modules, changes = entered(walk())
        kept &= len(own(modules)) <= bound
        print(f"{name} enters {len(own(modules))} modules (at most {bound}), changes {changes} times")
        if arguments.walks:
            print("    " + "\n    ".join(sorted(own(modules))))
    ranked = sorted(complexities(), reverse=True)
    above = [line for line in ranked if line[0] > COMPLEXITY_BOUND]
    kept &= not above
    print(f"complexity       {ranked[0][0]} at most (bound {COMPLEXITY_BOUND}), {len(above)} functions above it")
    for complexity, place in above:
        print(f"    {complexity:3} {place}")
    if arguments.suite:
        started = time.perf_counter()
        kept &= subprocess.run(["make", "test"], cwd=HOUSE.parent, check=False).returncode == 0
        seconds = time.perf_counter() - started
        kept &= seconds <= SUITE_BOUND
        print(f"suite            {seconds:.0f} s (at most {SUITE_BOUND})")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
