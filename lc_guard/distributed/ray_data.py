"""Ray Data: tables through a pool of actors, each with one guard; and the partitions of a corpus."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from lc_guard.distributed.corpus_rows import Partition
from lc_guard.distributed.guard_spec import GuardSpec
from lc_guard.distributed.partition_task import BATCH
from lc_guard.distributed.table_pass import TablePass, both_passes
from lc_guard.errors import CorpusError, MissingExtra

if TYPE_CHECKING:
    import pyarrow as pa
    import ray.data

    from lc_guard.distributed.partition_task import PartitionTask

_OURS = re.compile(r"lc_guard\.errors\.\w+: (.+)")


def hide_dataset(
    dataset: ray.data.Dataset, spec: GuardSpec, *, columns: Iterable[str], session: str, workers: int = 2
) -> ray.data.Dataset:
    """Hide the text columns of a Ray dataset: what is found in one row in all of them.

    The first pass runs now, and its result is kept in Ray's object store (`Dataset.materialize`), the texts and the
    hidden ones; the second one when the dataset is read.

    Args:
        dataset: Any dataset; other columns go on as they are.
        spec: What the actors build their guards from; its vault must be reachable from all of them.
        columns: Names of the text columns; they become texts.
        session: Session id of the corpus.
        workers: Number of actors, of a core each, at most.

    Returns:
        The dataset with hidden texts and the column ``lc_guard_error``, which says why a row could not be hidden: its
        text columns are null then.

    Raises:
        MissingExtra: If Ray is not installed.
        GuardError: If a check fails on every row, or the vault fails.
    """
    collect, write = both_passes(spec, session, columns)
    options = {**_pool(workers), "batch_format": "pyarrow", "batch_size": BATCH}
    staged = dataset.map_batches(_Actor, fn_constructor_args=(collect,), **options).materialize()
    return staged.map_batches(_Actor, fn_constructor_args=(write,), **options)


def run_on_ray(task: PartitionTask, partitions: Sequence[Partition], *, workers: int | None) -> None:
    """Have a pool of actors do the partitions of a corpus; Ray does those again whose actor dies.

    Args:
        task: The pass.
        partitions: Its partitions.
        workers: Number of actors, at most; None takes one for each core of the cluster.

    Raises:
        CorpusError: If one can't be done.
    """
    pool = _pool(workers)  # connects first, so that the cluster is known
    import ray

    items = [{"partition": partition} for partition in partitions]
    dataset = ray.data.from_items(items, override_num_blocks=len(items))
    try:
        done = dataset.map_batches(_PartitionActor, fn_constructor_args=(task,), batch_size=1, **pool)
        for _ in done.iter_rows():
            pass
    except ray.exceptions.RayError as error:
        raise engine_error("Ray", error) from None


def engine_error(engine: str, error: Exception) -> CorpusError:
    """Return what is told of an engine's error: the words of ours in it, which hold no text of a row, or its type."""
    said = _OURS.findall(str(error))
    return CorpusError(said[-1] if said else f"{engine} failed ({type(error).__name__}): see its own log")


class _Actor:
    """One guard, for all parts of a table that its actor is given."""

    def __init__(self, work: TablePass) -> None:
        self._work = work
        work.spec.guard()

    def __call__(self, part: pa.Table) -> pa.Table:
        import pyarrow as pa

        work = self._work
        read = (*work.columns, *work.added) if work.phase == "write" else work.columns
        hidden = work({name: list(map(_text, part.column(name).to_pylist())) for name in read})
        for name, cells in hidden.items():
            place = part.schema.get_field_index(name)
            column = pa.array(cells, pa.string())
            part = part.append_column(name, column) if place < 0 else part.set_column(place, name, column)
        left = [name for name in work.added if name not in hidden]
        return part.drop_columns(left) if work.phase == "write" else part


class _PartitionActor:
    """One guard, for all partitions that its actor is given."""

    def __init__(self, task: PartitionTask) -> None:
        self._task = task

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        for partition in batch["partition"]:
            self._task(partition)
        return {"number": [partition.number for partition in batch["partition"]]}


def _pool(workers: int | None) -> dict[str, Any]:
    """Return what makes `map_batches` use a pool of actors; connects to a cluster, or starts one here."""
    try:
        import ray.data
    except ImportError:
        raise MissingExtra("the engine 'ray'", "ray") from None
    if not ray.is_initialized():
        ray.init(log_to_driver=False, logging_level="warning")
    ray.data.DataContext.get_current().enable_progress_bars = False
    most = workers or max(1, int(ray.cluster_resources().get("CPU", 1)))
    # one that grows: a pool that takes all cores at once would wait for ever for the tasks that read its input
    return {"compute": ray.data.ActorPoolStrategy(min_size=1, max_size=most), "num_cpus": 1}


def _text(cell: Any) -> Any:
    """Return a number as the text that its column will hold; a list is left, and its row is a bad one."""
    return cell if cell is None or isinstance(cell, list | dict | bytes) else str(cell)
