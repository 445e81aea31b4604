"""Local clusters of Ray and Spark, and Parquet: ``nox -s distributed``, in an environment of their own.

The name keeps this file out of the suite's run, whose environment has none of these.
"""

from __future__ import annotations

import datetime
import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import ray
from pyspark.sql import SparkSession

from lc_guard import CorpusError
from lc_guard.distributed import hide_dataframe, hide_dataset

from .corpora import ADA, BERT, VALUES, bad_rows, every_byte, hidden, placeholders, read_lines, spec, write_lines

ROOT = str(Path(__file__).parents[2])
ENGINES = ("ray", "spark")


@pytest.fixture(scope="module", autouse=True)
def clusters():
    """One of each, on this machine; workers import the detectors of the tests."""
    os.environ["PYTHONPATH"] = ROOT
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="error")
    builder = SparkSession.builder.master("local[2,4]").appName("tests")
    for name, value in {
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "2",
        "spark.driver.memory": "512m",
        "spark.log.level": "OFF",
    }.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    yield spark
    spark.stop()
    ray.shutdown()


def table() -> pa.Table:
    """300 rows, of which the last one shows who is in the others; in three row groups."""
    rows: dict[str, list[Any]] = {
        "id": list(range(300)),
        "text": [f"row {number}: {ADA} came" for number in range(299)] + [f"{ADA}! and {BERT}!"],
        "number": [None if number % 2 else number for number in range(300)],
        "when": [datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)] * 300,
        "tags": [["a", ADA]] * 300,
    }
    rows["text"][7] = None
    return pa.table(rows)


class TestParquet:
    def test_rows_types_and_other_columns_stay(self, tmp_path):
        read = table().append_column("coded", table().column("text").dictionary_encode())
        pq.write_table(read, tmp_path / "in.parquet", row_group_size=100)
        columns = ("text", "number", "coded")
        done = hidden(tmp_path / "in.parquet", tmp_path / "out", spec(tmp_path), columns=columns, partition_bytes=900)
        parts = sorted((tmp_path / "out").glob("*.parquet"))
        written = pq.read_table(tmp_path / "out")
        known = placeholders(tmp_path)
        assert len(parts) > 3
        assert done.rows == 300
        assert written.schema.names == read.schema.names
        for name in ("id", "when", "tags"):
            assert written.column(name).equals(read.column(name)), name
        expected = [None if text is None else text.replace(ADA, known[ADA]).replace(BERT, known[BERT])
                    for text in read.column("text").to_pylist()]  # fmt: skip
        assert written.column("text").to_pylist() == written.column("coded").to_pylist() == expected
        assert written.column("number").to_pylist()[:3] == ["0", None, "2"]

    def test_columns_that_can_not_be_hidden_are_refused(self, tmp_path):
        pq.write_table(table(), tmp_path / "in.parquet")
        for column, told in (("tags", "only texts and numbers can be hidden"), ("txet", "column 'txet' is missing")):
            with pytest.raises(CorpusError, match=told):
                hidden(tmp_path / "in.parquet", tmp_path / "out", spec(tmp_path), columns=(column,))
        (tmp_path / "in.parquet").write_bytes(b"PAR1 and no more")
        with pytest.raises(CorpusError, match="it is no Parquet file"):
            hidden(tmp_path / "in.parquet", tmp_path / "out", spec(tmp_path))


@pytest.mark.parametrize("engine", ENGINES)
class TestCorpus:
    def test_as_in_this_process(self, tmp_path, engine):
        rows = [*({"text": f"{value}: {number}"} for number in range(30) for value in VALUES), b"bad"]
        rows += [{"text": f"{value}!"} for value in VALUES]
        source = write_lines(tmp_path / "in.jsonl", rows)
        done = hidden(source, tmp_path / "out", spec(tmp_path), engine=engine, workers=2, partition_bytes=1_500)
        known = placeholders(tmp_path)
        written = [row["text"] for row in read_lines(tmp_path / "out")]
        assert written[:-5] == [f"{known[value]}: {number}" for number in range(30) for value in VALUES]
        assert len(list((tmp_path / "out").glob("part-*"))) > 2
        assert bad_rows(done) == [("in.jsonl", 151, "not JSON")]
        assert not [value for value in VALUES if value.encode() in every_byte(tmp_path / "out")]
        assert hidden(source, tmp_path / "out", spec(tmp_path), engine=engine) == done

    def test_a_worker_that_is_killed_is_replaced(self, tmp_path, engine):
        rows = [{"text": f"{ADA} {number}"} for number in range(40)] + [{"text": f"KILL {ADA}!"}]
        source = write_lines(tmp_path / "in.jsonl", rows)
        made = spec(tmp_path, killed=tmp_path / "killed")
        done = hidden(source, tmp_path / "out", made, engine=engine, workers=2, partition_bytes=400)
        assert (tmp_path / "killed").exists()
        known = placeholders(tmp_path)
        assert [row["text"] for row in read_lines(tmp_path / "out")] == [
            *(f"{known[ADA]} {number}" for number in range(40)),
            f"KILL {known[ADA]}!",
        ]
        assert done.bad_rows == 0

    def test_what_a_worker_raises_is_told_without_a_text(self, tmp_path, engine):
        source = write_lines(tmp_path / "in.jsonl", [{"text": f"{ADA}! RAISE {number}"} for number in range(5)])
        with pytest.raises(CorpusError, match="no row of a batch could be checked") as caught:
            hidden(source, tmp_path / "out", spec(tmp_path), engine=engine, workers=1)
        assert ADA not in str(caught.value)


class TestTables:
    def test_ray_data(self, tmp_path):
        dataset = ray.data.from_arrow(table()).repartition(4)
        done = hide_dataset(dataset, spec(tmp_path), columns=["text", "number"], session="corpus")
        self.look_at(sorted(done.take_all(), key=lambda row: row["id"]), tmp_path)

    def test_spark(self, tmp_path, clusters):
        frame = clusters.createDataFrame(table().to_pylist()).repartition(4)
        done = hide_dataframe(frame, spec(tmp_path), columns=["text", "number"], session="corpus")
        self.look_at([row.asDict() for row in done.orderBy("id").collect()], tmp_path)

    def test_bad_rows_have_a_reason(self, tmp_path):
        items = [{"text": f"{ADA}! RAISE"}, {"text": f"{ADA}!"}]
        done = hide_dataset(ray.data.from_items(items), spec(tmp_path), columns="text", session="corpus")
        known = placeholders(tmp_path)
        assert sorted(done.take_all(), key=lambda row: row["text"] or "") == [
            {"text": None, "lc_guard_error": "the check 'pii' failed with RuntimeError"},
            {"text": f"{known[ADA]}!", "lc_guard_error": None},
        ]

    @staticmethod
    def look_at(rows: list[dict[str, Any]], folder: Path) -> None:
        known = placeholders(folder)
        texts = [None if text is None else text.replace(ADA, known[ADA]) for text in table().column("text").to_pylist()]
        texts[-1] = f"{known[ADA]}! and {known[BERT]}!"
        assert [row["text"] for row in rows] == texts
        assert [row["lc_guard_error"] for row in rows] == [None] * 300
        assert set(rows[0]) == {"id", "text", "number", "when", "tags", "lc_guard_error"}
        assert rows[1]["number"] is None
        assert float(rows[2]["number"]) == 2


