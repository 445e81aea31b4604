"""hide_corpus: files in, files with placeholders out, by any number of workers, in two passes."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any, Literal, get_args

from lc_guard.distributed.corpus_plan import CorpusFiles, CorpusPlan, columns_of
from lc_guard.distributed.corpus_rows import Partition, disk_error, whole_file
from lc_guard.distributed.corpus_state import PHASES, CorpusState, Phase
from lc_guard.distributed.guard_spec import GuardSpec
from lc_guard.distributed.line_formats import json_line
from lc_guard.distributed.partition_task import PartitionTask
from lc_guard.distributed.processes import cores, run_on_processes
from lc_guard.errors import CorpusError
from lc_guard.sessions import session_key
from lc_guard.vaults.urls import URL, absolute_url, shown_url

EngineName = Literal["local", "ray", "spark"]

Told = Callable[[Phase, int, int], None]
"""Is told how far a pass is: the pass, rows done and rows in all, those of earlier runs included."""

_LOOK = 0.5


@dataclass(frozen=True, slots=True)
class CorpusSummary:
    """What became of a corpus, without anything of its texts.

    Attributes:
        rows: Number of rows that were written.
        bad_rows: Number of rows that were set aside.
        reasons: Why, with their numbers.
        found: What was found in the first pass, by kind; equal texts beside each other count once.
        again: Rows that the second pass hid once more, for what was found elsewhere.
        left_out: Files whose ending is none of those that are read.
        bad_rows_file: Where files and numbers of the bad rows stand, or None.
    """

    rows: int
    bad_rows: int
    reasons: Mapping[str, int] = field(default_factory=dict)
    found: Mapping[str, int] = field(default_factory=dict)
    again: int = 0
    left_out: int = 0
    bad_rows_file: Path | None = None


def hide_corpus(
    source: str | PathLike[str],
    output: str | PathLike[str],
    spec: GuardSpec,
    *,
    columns: Sequence[str] = (),
    session: str,
    engine: EngineName = "local",
    workers: int | None = None,
    partition_bytes: int | None = None,
    told: Told | None = None,
) -> CorpusSummary:
    """Hide the text columns of files: what is found in any row of the corpus is hidden in all of them.

    The first pass hides each row and brings its values into the vault; the second one looks for what became known
    later, hides those rows once more, and writes. A run that was stopped goes on where it was when it is called again
    with the same arguments; one that was complete does nothing.

    Args:
        source: A file, or a folder of files, that end in ``.parquet``, ``.jsonl``, ``.ndjson``, ``.csv``, ``.txt``,
            ``.md`` or ``.log``. With Ray and Spark all workers see it, and the output, under the same path.
        output: A folder that is empty or not there; in ``.lc-guard`` it keeps notes.
        spec: What the workers build their guards from.
        columns: Names of the text columns; for texts ``text`` and ``name``, which none names both of.
        session: Session id of the corpus.
        engine: What hands out the work: processes of this machine, Ray, or Spark.
        workers: Number of workers; None takes one for each core. 0 works in this process (engine ``"local"``).
        partition_bytes: Bytes of the input that a worker does in one go, about; None takes a megabyte, or more of a
            large corpus.
        told: Is told how far it is, about twice a second, in a thread of its own.

    Raises:
        CorpusError: If the input can't be read, the output can't be written, or another run writes to it.
        GuardError: If the vault fails, or a check fails on every row.
        ValueError: If there is no such engine.
    """
    if engine not in get_args(EngineName):
        raise ValueError(f"engine must be one of {', '.join(get_args(EngineName))}")
    state = CorpusState(Path(output).absolute())
    if state.output.is_relative_to(Path(source).absolute()):
        raise CorpusError("the output's folder is inside the input: it would be read as well", usage=True)
    files = CorpusFiles.of(Path(source))
    names = columns_of(files, columns)
    settings = _settings(files, names, spec, session_key(session))
    with state.locked():
        plan = _plan(state, files, names, settings, partition_bytes)
        state.sweep()
        for phase in PHASES:
            task = PartitionTask(spec, session_key(session), names, Path(plan.root), state.output, phase)
            todo = [each for each in plan.partitions if not state.is_marked(phase, each.number)]
            with _watched(state, plan, phase, told):
                if todo:
                    _run(engine, task, todo, workers)
        state.sweep()
        return _summary(state, plan)


def _plan(
    state: CorpusState, files: CorpusFiles, columns: tuple[str, ...], settings: dict[str, Any], size: int | None
) -> CorpusPlan:
    """Return the plan of the run that is to be gone on with, or make one."""
    known = state.plan()
    if known is None:
        plan = CorpusPlan(str(files.root), settings, columns, files.partitions(columns, size), files.left_out)
        try:
            state.keep_plan(plan.as_dict())
        except OSError as error:
            raise disk_error(error, "writing the plan") from None
        return plan
    plan = CorpusPlan.from_dict(known)
    if plan.settings != settings:
        other = ", ".join(sorted(name for name in settings if plan.settings.get(name) != settings[name]))
        raise CorpusError(f"the output belongs to a run with another {other}: give another folder")
    return plan


def _settings(files: CorpusFiles, columns: Sequence[str], spec: GuardSpec, session: str) -> dict[str, Any]:
    """Return what must be the same when a run goes on."""
    vault = spec.vault or os.environ.get(URL, "").strip()
    policy = None if spec.policy is None else spec.policy.as_dict()
    guard = [policy, spec.placeholder_style, spec.link_persons, spec.languages, spec.countries, spec.text]
    return {
        "input": _digest(files.state()),
        "columns": list(columns),
        "session": _digest(session),  # ids are often personal data
        "vault": shown_url(absolute_url(vault)) if isinstance(vault, str) else getattr(vault, "__qualname__", type(vault).__name__),
        "guard": _digest(guard),
    }


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, default=str).encode()).hexdigest()


def _run(engine: EngineName, task: PartitionTask, todo: Sequence[Partition], workers: int | None) -> None:
    if engine == "ray":
        from lc_guard.distributed.ray_data import run_on_ray

        run_on_ray(task, todo, workers=workers)
    elif engine == "spark":
        from lc_guard.distributed.spark import run_on_spark

        run_on_spark(task, todo, workers=workers)
    else:
        for _ in run_on_processes(task, todo, workers=min(cores() if workers is None else workers, len(todo))):
            pass


@contextmanager
def _watched(state: CorpusState, plan: CorpusPlan, phase: Phase, told: Told | None) -> Iterator[None]:
    """Tell how far a pass is, by what its workers noted: all engines alike."""
    if told is None:
        yield
        return
    total = sum(each.rows for each in plan.partitions)
    stop = threading.Event()
    known: dict[int, Any] = {}

    def tell() -> None:
        known.update(state.facts(phase, known))
        told(phase, sum(facts["planned"] for facts in known.values()), total)

    def watch() -> None:
        while not stop.wait(_LOOK):
            tell()

    tell()
    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
        stop.set()
        thread.join()
        tell()
    finally:
        stop.set()


def _summary(state: CorpusState, plan: CorpusPlan) -> CorpusSummary:
    found: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    bad: list[Any] = []
    collected, written = (state.facts(phase, {}) for phase in PHASES)
    for number in sorted(collected):
        found.update(collected[number]["found"])
        bad += [*collected[number]["bad"], *written[number]["bad"]]
    reasons.update(reason for *_, reason in bad)
    path = state.folder / "bad_rows.jsonl"
    if bad:
        with whole_file(path) as file:
            file.writelines(json_line({"file": name, "row": row, "reason": why}) for name, row, why in bad)
    return CorpusSummary(
        rows=sum(facts["rows"] for facts in written.values()),
        bad_rows=len(bad),
        reasons=dict(reasons.most_common()),
        found=dict(found.most_common()),
        again=sum(facts["again"] for facts in written.values()),
        left_out=plan.left_out,
        bad_rows_file=path if bad else None,
    )
