"""Spark: data frames through `mapInPandas`, one guard for each Python worker; and the partitions of a corpus."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from lc_guard.distributed.corpus_rows import Partition
from lc_guard.distributed.guard_spec import GuardSpec
from lc_guard.distributed.ray_data import engine_error
from lc_guard.distributed.table_pass import TablePass, both_passes, text_or_null
from lc_guard.errors import MissingExtra

if TYPE_CHECKING:
    import pandas as pd
    from pyspark.sql import DataFrame, SparkSession

    from lc_guard.distributed.partition_task import PartitionTask


def hide_dataframe(frame: DataFrame, spec: GuardSpec, *, columns: Iterable[str], session: str) -> DataFrame:
    """Hide the text columns of a Spark data frame: what is found in one row in all of them.

    The first pass runs now, and its result is persisted, the texts and the hidden ones (`DataFrame.persist`; what is
    lost of it is made again); the second one when the frame is read.

    Args:
        frame: Any data frame; other columns go on as they are.
        spec: What the workers build their guards from; its vault must be reachable from all of them.
        columns: Names of the text columns; they become strings.
        session: Session id of the corpus.

    Returns:
        The frame with hidden texts and the column ``lc_guard_error``, which says why a row could not be hidden: its
        text columns are null then.

    Raises:
        GuardError: If a check fails on every row, or the vault fails.
    """
    from pyspark.sql.types import StringType, StructField, StructType

    collect, write = both_passes(spec, session, columns)
    texts = {name: StructField(name, StringType()) for name in (*collect.columns, *collect.added)}
    fields = [texts.get(field.name, field) for field in frame.schema.fields]
    ours = [StructField(name, StringType()) for name in collect.added]
    staged = frame.mapInPandas(partial(_pass, collect), StructType([*fields, *ours])).persist()
    staged.foreachPartition(_read_all)
    return staged.mapInPandas(partial(_pass, write), StructType([*fields, ours[-1]]))


def run_on_spark(task: PartitionTask, partitions: Sequence[Partition], *, workers: int | None) -> None:
    """Have Spark do the partitions of a corpus, one task for each; it does those again that fail.

    Args:
        task: The pass.
        partitions: Its partitions.
        workers: Number of cores, where no session is active and none is configured; None takes all of this machine.

    Raises:
        CorpusError: If one can't be done.
    """
    spark = _session(workers)
    from pyspark.errors import PySparkException

    rows = [(pickle.dumps(partition),) for partition in partitions]
    frame = spark.createDataFrame(rows, "partition binary").repartitionByRange(len(rows), "partition")
    try:
        frame.mapInPandas(partial(_partitions, task), "number long").count()
    except PySparkException as error:
        raise engine_error("Spark", error) from None


def _pass(work: TablePass, frames: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    read = (*work.columns, *work.added) if work.phase == "write" else work.columns
    for frame in frames:
        hidden = work({name: [text_or_null(cell) for cell in frame[name]] for name in read})
        left = [name for name in work.added if work.phase == "write" and name not in hidden]
        yield frame.assign(**hidden).drop(columns=left)


def _partitions(task: PartitionTask, frames: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    import pandas as pd

    for frame in frames:
        for pickled in frame["partition"]:
            partition: Partition = pickle.loads(pickled)  # noqa: S301 - the driver's own
            task(partition)
            yield pd.DataFrame({"number": [partition.number]})


def _read_all(rows: Iterable[Any]) -> None:
    for _ in rows:
        pass


def _session(workers: int | None) -> SparkSession:
    """Return the session that is active or configured, else one of this machine, which does a task again as well."""
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise MissingExtra("the engine 'spark'", "spark") from None
    active = SparkSession.getActiveSession()
    if active is not None:
        return active
    builder = SparkSession.builder.appName("lc-guard corpus")
    from pyspark import SparkConf

    if SparkConf().get("spark.master") is None:
        builder = builder.master(f"local[{workers or '*'},4]").config("spark.ui.enabled", "false")
    return builder.getOrCreate()
