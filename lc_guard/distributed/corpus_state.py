"""What a run over a corpus keeps beside its output: the plan, what is done, and a lock."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from lc_guard.distributed.corpus_rows import UNFINISHED, disk_error, whole_file
from lc_guard.errors import CorpusError

FOLDER = ".lc-guard"
"""The folder in the output that holds it; names with a dot are left out by the engines' readers."""

Phase = Literal["collect", "write"]
PHASES: tuple[Phase, ...] = ("collect", "write")
"""The two passes: all values go into the vault; then the rows are written."""


class CorpusState:
    """The folder in which a run notes how far it is; each note is a small file that is there as a whole or not at all.

    Args:
        output: The folder of the output.
    """

    def __init__(self, output: Path) -> None:
        self.output = output
        self.folder = output / FOLDER

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the output; a process that is killed holds it no longer.

        Raises:
            CorpusError: If another run holds it, or it can't be written to.
        """
        from filelock import FileLock, Timeout

        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = FileLock(self.folder / "lock", timeout=0)
            lock.acquire()
        except Timeout:
            raise CorpusError("another run is writing to this output: wait for it, or give another folder") from None
        except OSError as error:
            raise disk_error(error, "making the output's folder") from None
        try:
            yield
        finally:
            lock.release()

    def sweep(self) -> None:
        """Remove what killed workers left unfinished."""
        for path in self.output.rglob(f".*{UNFINISHED}"):
            path.unlink(missing_ok=True)

    def plan(self) -> dict[str, Any] | None:
        """Return the plan of an earlier run, None if there was none.

        Raises:
            CorpusError: If it can't be read, or the folder holds something else.
        """
        path = self.folder / "plan.json"
        try:
            plan: dict[str, Any] = json.loads(path.read_bytes())
        except FileNotFoundError:
            if any(each.name != FOLDER for each in self.output.iterdir()):
                raise CorpusError("the output's folder holds files of something else: give an empty one") from None
            return None
        except (OSError, ValueError):
            raise CorpusError(f"the notes of an earlier run can't be read: remove {FOLDER} in the output") from None
        return plan

    def keep_plan(self, plan: Mapping[str, Any]) -> None:
        """Write the plan down."""
        with whole_file(self.folder / "plan.json") as file:
            file.write(json.dumps(plan).encode())

    def staged(self, partition: int) -> Path:
        """Return where the hidden texts of a partition wait for the second pass."""
        return self.folder / "staged" / f"{partition}.jsonl"

    def mark(self, phase: Phase, partition: int, facts: Mapping[str, Any]) -> None:
        """Note that a pass is done with a partition, and value-free facts about it."""
        with whole_file(self._mark(phase, partition)) as file:
            file.write(json.dumps(facts).encode())

    def is_marked(self, phase: Phase, partition: int) -> bool:
        """Return whether a pass is done with a partition."""
        return self._mark(phase, partition).is_file()

    def facts(self, phase: Phase, known: Mapping[int, Any]) -> dict[int, Any]:
        """Return the facts of all partitions that a pass is done with.

        Args:
            phase: The pass.
            known: Those that were read before; they are not read again.
        """
        found = dict(known)
        for path in (self.folder / phase).glob("[0-9]*.json"):
            number = int(path.stem)
            if number not in found:
                found[number] = json.loads(path.read_bytes())
        return found

    def _mark(self, phase: Phase, partition: int) -> Path:
        return self.folder / phase / f"{partition}.json"
