"""Put each fault of `verify_faults` into a copy of the tree, and see whether ``lc-guard verify`` tells of it there.

    python -m tests.mutants.verify [--write] [--every] [WORD ...]

WORDs choose the faults whose seam, fault or file holds one of them; --every takes the tests' own table of mutants as
well. Exit status 1 if fewer than 28 of 31 are seen, if a snippet does not stand exactly once in its file, or if the
command tells of something without a fault.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.mutants.mutants import MUTANTS, Mutant
from tests.mutants.run import ROOT, Caught, copy_of_the_tree, forked, load_libraries, misplaced, run_all
from tests.mutants.verify_faults import FAULTS

PAGE = Path("docs/design/verify.md")
LEAST = 28 / 31
_COPIES = 2
_SECONDS = 600  # for one fault
_PATIENCE = 30.0  # seconds for one promise; a fault may make it wait for ever
_MARK = "<!-- the table: make verify-faults VERIFY_FAULTS=--write -->\n"


def look(mutant: Mutant, tree: Path) -> int:
    """Verify the copy until something is told; prints what tells of the fault."""
    told = next(_told(), None)
    if told is not None:
        print(f"FAILED {told}", flush=True)
    return int(told is not None)


def _told() -> Iterator[str]:
    """Yield what the command would tell: the areas first, since they are quick."""
    from lc_guard.verify.applications import applications
    from lc_guard.verify.areas import every_area
    from lc_guard.verify.modes import MODES
    from lc_guard.verify.promises import prove
    from lc_guard.verify.report import Verified
    from lc_guard.verify.run import run_mode

    warnings.simplefilter("ignore")
    for area in every_area():
        yield from (f"{area.name}: {broken}" for broken in prove(area, seconds=_PATIENCE).broken)
    for application in applications():
        for mode in MODES:
            cell = run_mode(application, mode)
            places = sorted({place for (_, place), status in cell.found.items() if status == "LEAK"})
            if places or cell.failed or not Verified(application.name, [cell]).watched:
                yield f"{application.name}, {mode}: {', '.join(places) or cell.failed or 'nothing watched'}"


def table(every: Sequence[Caught]) -> str:
    """Give the rows of the page."""
    rows = (
        f"| {each.mutant.seam} | {each.mutant.fault} | `{each.mutant.file.removeprefix('lc_guard/')}` "
        f"| {_cell(each.by) if each.by else '**nothing**'} |\n"
        for each in every
    )
    return "| seam | fault | in | what tells of it |\n| --- | --- | --- | --- |\n" + "".join(rows)


def _cell(told: str) -> str:
    return told.partition(" Not so: ")[0].replace("|", "\\|")


def main() -> int:
    """Run the faults."""
    parser = argparse.ArgumentParser(description="Mutate the package and show what lc-guard verify tells.")
    parser.add_argument("--write", action="store_true", help=f"write the table into {PAGE}")
    parser.add_argument("--every", action="store_true", help="the tests' own mutants as well")
    parser.add_argument("words", nargs="*", help="only faults whose seam, fault or file holds one of these")
    arguments = parser.parse_args()
    known = dict.fromkeys((*FAULTS, *MUTANTS) if arguments.every else FAULTS)
    faults = [
        fault
        for fault in known
        if not arguments.words or any(word in f"{fault.seam} {fault.fault} {fault.file}" for word in arguments.words)
    ]
    lost = list(misplaced(faults))
    print(*lost, sep="\n", end="\n" if lost else "")
    if lost or not faults:
        return 1

    load_libraries()
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        trees = [Path(folder).resolve() / str(number) for number in range(_COPIES)]
        for tree in trees:
            copy_of_the_tree(tree)
        done = sorted(run_all(faults, trees, look, seconds=_SECONDS), key=lambda pair: pair[1])
        output = trees[0].parent / "without.txt"
        _, status = os.waitpid(forked(trees[0], lambda tree: look(faults[0], tree), output), 0)
        print(output.read_text(encoding="utf-8", errors="replace"), end="")
    every = [caught for caught, _ in done]
    seen = sum(each.by is not None for each in every)
    print(f"{seen} of {len(every)} faults seen; {'clean' if status == 0 else 'NOT CLEAN'} without one")
    if arguments.write and not arguments.words and not arguments.every:
        text, mark, _ = (ROOT / PAGE).read_text(encoding="utf-8").partition(_MARK)
        (ROOT / PAGE).write_text(f"{text}{mark}\n{table(every)}", encoding="utf-8")
    return int(seen < LEAST * len(every) or status != 0)


if __name__ == "__main__":
    raise SystemExit(main())
