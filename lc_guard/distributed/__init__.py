"""Corpora on many workers: what each builds its guard from, and the engines that hand out the work.

It imports `Guard` and what lies below. Ray, Spark, pandas and pyarrow are imported where they are used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lc_guard._lazy import attach

if TYPE_CHECKING:
    from lc_guard.distributed.corpus_run import CorpusSummary as CorpusSummary
    from lc_guard.distributed.corpus_run import hide_corpus as hide_corpus
    from lc_guard.distributed.guard_spec import GuardSpec as GuardSpec
    from lc_guard.distributed.processes import hide_rows as hide_rows
    from lc_guard.distributed.ray_data import hide_dataset as hide_dataset
    from lc_guard.distributed.spark import hide_dataframe as hide_dataframe

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "corpus_run": ("CorpusSummary", "hide_corpus"),
        "guard_spec": ("GuardSpec",),
        "processes": ("hide_rows",),
        "ray_data": ("hide_dataset",),
        "spark": ("hide_dataframe",),
    },
)
