"""Put each mutant into a copy of the tree, run its tests there, and show what catches it.

    python -m tests.mutants.run [--write] [WORD ...]

WORDs choose the mutants whose seam, fault or file holds one of them. Exit status 1 if one survives, if a snippet does
not stand exactly once in its file, or if a test fails without a mutant.
"""

from __future__ import annotations

import argparse
import importlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.mutants.mutants import MUTANTS, Mutant

ROOT = Path(__file__).parents[2]
PAGE = Path("docs/design/mutants.md")
SECONDS = 120  # for the tests of one mutant; one that makes them hang is caught, too
_COPIES = 2
_FAILED = re.compile(r"^FAILED (.+?)(?: - .*)?$", re.MULTILINE)
_LIBRARIES = (
    "pytest", "hypothesis", "httpx", "nbclient", "langchain.agents", "langchain_openai", "langfuse",
    "langfuse.langchain", "opentelemetry.sdk.trace", "langgraph.checkpoint.sqlite",
)  # fmt: skip
_HEAD = """\
# Mutants: what catches a fault in each seam

Written by `make mutants MUTANTS=--write`. Each line is a fault put into a copy of the package on purpose
(`tests/mutants/mutants.py`), and the first test that failed of those named there. None may survive. CI does not run
this: it takes minutes, and says more of the tests than of the package.

| seam | fault | in | caught by | s |
| --- | --- | --- | --- | ---: |
"""


@dataclass(frozen=True)
class Caught:
    """What became of a mutant.

    Attributes:
        mutant: The mutant.
        by: The first test that failed, or None.
        trouble: Why nothing can be said, or None.
        seconds: Time of its tests.
    """

    mutant: Mutant
    by: str | None
    trouble: str | None
    seconds: float

    @property
    def told(self) -> str:
        """What stands in the table."""
        return self.by or self.trouble or "SURVIVED"


def copy_of_the_tree(to: Path) -> None:
    """Copy what git knows or would add: the package, the tests and what the tests read."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, to / name)


def misplaced(mutants: Sequence[Mutant]) -> Iterator[str]:
    """Tell which mutants have no place: their snippet must stand exactly once."""
    for mutant in mutants:
        path = ROOT / mutant.file
        count = path.read_text(encoding="utf-8").count(mutant.old) if path.is_file() else 0
        if count != 1:
            yield f"{mutant.file}: {mutant.seam}, {mutant.fault}: the snippet stands there {count} times"


@contextmanager
def put_in(mutant: Mutant, tree: Path) -> Iterator[None]:
    """Put a mutant into a copy of the tree, and take it out again."""
    path = tree / mutant.file
    before = path.read_text(encoding="utf-8")
    _write(path, before.replace(mutant.old, mutant.new))
    try:
        yield
    finally:
        _write(path, before)


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    # Compiled files are told apart by size and second: too coarse for a change there and back.
    for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"):
        compiled.unlink()


Look = Callable[[Mutant, Path], int]
"""Looks for a mutant in a copy of the tree; prints ``FAILED`` with what sees it, and gives an exit status."""


class Run:
    """The tests of one mutant in a copy of the tree, in a process of their own that is forked off this one."""

    def __init__(self, mutant: Mutant, tree: Path, look: Look, seconds: float) -> None:
        self.mutant, self.tree, self._seconds = mutant, tree, seconds
        self._started = time.monotonic()
        self._output = tree.parent / f"{tree.name}.txt"
        self._putting = put_in(mutant, tree)
        self._putting.__enter__()
        self._process = forked(tree, partial(look, mutant), self._output)

    def caught(self) -> Caught | None:
        """Give what became of the mutant, None as long as its tests run."""
        process, status = os.waitpid(self._process, os.WNOHANG)
        spent = time.monotonic() - self._started
        if not process and spent < self._seconds:
            return None
        if not process:
            os.killpg(self._process, signal.SIGKILL)
            os.waitpid(self._process, 0)
        self._putting.__exit__(None, None, None)
        if not process:
            return Caught(self.mutant, f"no end within {self._seconds:g} s", None, spent)
        told, code = self._output.read_text(encoding="utf-8", errors="replace"), os.waitstatus_to_exitcode(status)
        if failed := _FAILED.search(told):
            return Caught(self.mutant, failed[1], None, spent)
        # An error is a module that can't be imported, or a fixture: the tests have not looked.
        trouble = f"pytest ended in {code}: {' '.join(told.split())[-200:]}" if code else None
        return Caught(self.mutant, None, trouble, spent)


def forked(tree: Path, look: Callable[[Path], int], output: Path) -> int:
    """Look at a copy of the tree in a child that has the libraries already; gives its process id."""
    process = os.fork()
    if process:
        return process
    code = 98
    try:
        os.setsid()
        with output.open("w", encoding="utf-8") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
        os.chdir(tree)
        os.environ["PYTHONPATH"] = str(tree)  # for processes that tests start
        os.environ["COLUMNS"] = "300"
        sys.path = [str(tree), *(place for place in sys.path if Path(place or ".").resolve() not in (ROOT, tree))]
        for name in [name for name in sys.modules if name.split(".")[0] in ("tests", "lc_guard")]:
            del sys.modules[name]
        code = look(tree)
        package = sys.modules.get("lc_guard")
        if package is None or not Path(str(package.__file__)).is_relative_to(tree):
            code = 99  # what was tested is not the copy
        sys.stdout.flush()
    finally:
        os._exit(code)


def its_tests(mutant: Mutant, tree: Path) -> int:
    """Run the tests of a mutant up to the first that fails."""
    return _tested(["-x", *mutant.tests], tree)


def _tested(arguments: Sequence[str], tree: Path) -> int:
    import pytest

    return int(pytest.main(["-q", "-rf", "--tb=no", "-p", "no:cacheprovider", *arguments]))


def _named(test: str) -> str:
    """Give a test as pytest takes it: parameters of odd characters are shown cut, so that all of them are run."""
    return test if re.fullmatch(r"[\w./:\[\]-]+", test) else test.partition("[")[0]


def load_libraries() -> None:
    """Load what nearly all tests need, once for all children; nothing of the package."""
    for name in _LIBRARIES:
        with suppress(ImportError):
            importlib.import_module(name)
    if threading.active_count() > 1:
        raise SystemExit("a library started a thread while it was loaded: a fork would lose it")


def table(every: Sequence[Caught]) -> str:
    """Give the rows of the page."""
    rows = (
        f"| {each.mutant.seam} | {each.mutant.fault} | `{each.mutant.file.removeprefix('lc_guard/')}` "
        f"| `{each.told.removeprefix('tests/')}` | {each.seconds:.0f} |\n"
        for each in every
    )
    return "".join(rows)


def run_all(
    mutants: Sequence[Mutant], trees: Sequence[Path], look: Look = its_tests, *, seconds: float = SECONDS
) -> Iterator[tuple[Caught, int]]:
    """Run all mutants, one at a time in each tree; gives each with its number."""
    left = list(enumerate(mutants))
    free, running = list(trees), dict[int, Run]()
    while left or running:
        while left and free:
            number, mutant = left.pop(0)
            running[number] = Run(mutant, free.pop(), look, seconds)
        for number, run in list(running.items()):
            if (caught := run.caught()) is not None:
                print(
                    f"{caught.seconds:5.1f} s  {caught.mutant.seam}: {caught.mutant.fault}: {caught.told}", flush=True
                )
                free.append(running.pop(number).tree)
                yield caught, number
        time.sleep(0.05)


def chosen(words: Sequence[str]) -> list[Mutant]:
    """Give the mutants that hold one of some words, all without one."""
    return [
        mutant
        for mutant in MUTANTS
        if not words or any(word in f"{mutant.seam} {mutant.fault} {mutant.file}" for word in words)
    ]


def main() -> int:
    """Run the mutants."""
    parser = argparse.ArgumentParser(description="Mutate the package and show which tests notice.")
    parser.add_argument("--write", action="store_true", help=f"write the table to {PAGE}")
    parser.add_argument("words", nargs="*", help="only mutants whose seam, fault or file holds one of these")
    arguments = parser.parse_args()
    mutants = chosen(arguments.words)
    lost = list(misplaced(mutants))
    for line in lost:
        print(line)
    if lost or not mutants:
        return 1

    load_libraries()
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        trees = [Path(folder).resolve() / str(number) for number in range(_COPIES)]
        for tree in trees:
            copy_of_the_tree(tree)
        every = [caught for caught, _ in sorted(run_all(mutants, trees), key=lambda pair: pair[1])]
        # Whatever fails without a mutant proves nothing with one.
        by = sorted({_named(each.by) for each in every if each.by and "::" in each.by})
        output = trees[0].parent / "without.txt"
        _, status = os.waitpid(forked(trees[0], partial(_tested, by), output), 0)
        told = output.read_text(encoding="utf-8", errors="replace")
        spoilt = _FAILED.findall(told) or [told[-500:]] * (status != 0)

    survived = [each for each in every if each.by is None]
    for name in spoilt:
        print(f"fails without a mutant: {name}")
    print(f"{len(every) - len(survived)} of {len(every)} mutants caught")
    if arguments.write:
        (ROOT / PAGE).write_text(_HEAD + table(every), encoding="utf-8")
    return 1 if survived or spoilt else 0


if __name__ == "__main__":
    raise SystemExit(main())
