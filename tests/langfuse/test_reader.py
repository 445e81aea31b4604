"""Streams of scores and observations from an API that may page for ever, repeat itself, break off or talk nonsense."""

from __future__ import annotations

import json
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lc_guard.errors import LangfuseError
from lc_guard.langfuse.api import LangfuseApi
from lc_guard.langfuse.paging import cursor_pages, numbered_pages
from lc_guard.langfuse.reader import Reader
from lc_guard.langfuse.resume import Spool
from lc_guard.langfuse.rows import Window
from tests.support.langfuse_reads import OBSERVATIONS, SCORES, Row, observation_row, score_row
from tests.support.langfuse_server import LangfuseServer
from tests.support.langfuse_traffic import Traffic
from tests.support.loopback import Exchange

NOW = 1_790_000_000.0
WEEK = Window(NOW - 7 * 86_400, NOW)


def scores(count: int) -> list[Row]:
    return [score_row(f"s-{n}", "prompt.pii", n / count, trace=f"t-{n}", at=NOW - 10 - n) for n in range(count)]


def reader(api: LangfuseApi, **options: Any) -> Reader:
    return Reader(api, **options)


def test_reads_what_the_real_sdk_wrote(langfuse_server: LangfuseServer, make_langfuse: Any, api: LangfuseApi) -> None:
    client = make_langfuse()
    with client.start_as_current_observation(
        name="pii", as_type="guardrail", output={"decision": {"check": "pii", "texts": ["raw"]}}
    ) as span:
        span.update(metadata={"entities": {"PERSON": 2}, "prompt": "raw"}, level="ERROR", status_message="told")
        span.score(name="prompt.pii", value=0.25, data_type="NUMERIC")
        span.score(name="prompt.pii.valid", value=0, data_type="BOOLEAN")
        span.score_trace(name="guard.action", value="block", data_type="CATEGORICAL")
    client.flush()
    window = Window(time.time() - 60, time.time() + 60)
    read = {score.name: score for score in reader(api).scores(window)}
    assert {name: score.value for name, score in read.items()} == {
        "prompt.pii": 0.25,
        "prompt.pii.valid": False,
        "guard.action": "block",
    }
    assert read["guard.action"].observation_id is None
    (check,) = reader(api).checks(window)
    assert check.id == read["prompt.pii"].observation_id
    assert (check.name, check.type, check.level) == ("pii", "GUARDRAIL", "ERROR")
    assert check.decision == {"check": "pii"}
    assert check.metadata == {"entities": {"PERSON": 2}}
    assert "raw" not in repr(check)
    assert check.seconds is not None
    assert [root.id for root in reader(api).roots(window)] == [check.id]


def test_all_pages_once_and_in_order(langfuse_server: LangfuseServer, api: LangfuseApi) -> None:
    langfuse_server.stored[:] = scores(251)
    told: list[tuple[str, int]] = []
    found = list(reader(api, progress=lambda label, count: told.append((label, count))).scores(WEEK))
    assert [score.id for score in found] == [f"s-{n}" for n in range(251)]
    assert told == [("scores", 100), ("scores", 200), ("scores", 251)]
    assert len(langfuse_server.reads.requests) == 3


def test_the_window_and_the_source_are_asked_for(langfuse_server: LangfuseServer, api: LangfuseApi) -> None:
    langfuse_server.stored[:] = [
        score_row("old", "n", 0.1, trace="t", at=WEEK.since - 1),
        score_row("in", "n", 0.1, trace="t", at=WEEK.since),
        score_row("human", "n", True, trace="t", at=NOW - 1, source="ANNOTATION"),
        score_row("late", "n", 0.1, trace="t", at=NOW),
    ]
    assert [score.id for score in reader(api).scores(WEEK)] == ["in"]
    assert [score.id for score in reader(api).scores(WEEK, source="ANNOTATION")] == ["human"]
    assert [score.id for score in reader(api).scores(WEEK, names=["m"])] == []


def test_nothing_to_read(api: LangfuseApi) -> None:
    each = reader(api)
    assert [*each.scores(WEEK), *each.checks(WEEK), *each.roots(WEEK)] == []
    assert not each.passed_over


def scripted(*pages: tuple[list[Any], Any]) -> Callable[[Exchange, int], bool]:
    """Answer with these pages and cursors, the last for ever."""

    def answer(exchange: Exchange, number: int) -> bool:
        rows, cursor = pages[min(number, len(pages)) - 1]
        exchange.send_json(200, {"data": rows, "meta": {"limit": 100, "cursor": cursor}})
        return True

    return answer


def test_a_repeated_cursor_is_not_followed(langfuse_server: LangfuseServer, api: LangfuseApi) -> None:
    langfuse_server.reads.interfere = scripted((scores(5), "same"))
    with pytest.raises(LangfuseError, match="repeats its pages"):
        list(reader(api).scores(WEEK))
    assert len(langfuse_server.reads.requests) == 2


def test_pages_that_repeat_under_new_cursors_end(langfuse_server: LangfuseServer, api: LangfuseApi) -> None:
    def answer(exchange: Exchange, number: int) -> bool:
        exchange.send_json(200, {"data": scores(5), "meta": {"cursor": f"c-{number}"}})
        return True

    langfuse_server.reads.interfere = answer
    found = []
    with pytest.raises(LangfuseError, match="repeats its pages"):
        found += [score.id for score in reader(api).scores(WEEK)]
    assert len(langfuse_server.reads.requests) == 4


def test_empty_pages_for_ever_end(langfuse_server: LangfuseServer, api: LangfuseApi) -> None:
    langfuse_server.reads.interfere = lambda exchange, number: (
        exchange.send_json(200, {"data": [], "meta": {"cursor": f"c-{number}"}}) or True
    )
    with pytest.raises(LangfuseError, match="repeats its pages"):
        list(reader(api).scores(WEEK))


def test_new_rows_for_ever_end(langfuse_server: LangfuseServer, api: LangfuseApi) -> None:
    def answer(exchange: Exchange, number: int) -> bool:
        rows = [score_row(f"{number}-{n}", "x", 0.1, trace="t", at=NOW - 1) for n in range(100)]
        exchange.send_json(200, {"data": rows, "meta": {"cursor": f"c-{number}"}})
        return True

    langfuse_server.reads.interfere = answer
    with pytest.raises(LangfuseError, match=r"more than 1,000 rows.*--since"):
        list(reader(api, most=1000).scores(WEEK))
    assert len(langfuse_server.reads.requests) == 11


def test_a_page_that_comes_twice_counts_once(langfuse_server: LangfuseServer, api: LangfuseApi) -> None:
    first, second = scores(4)[:2], scores(4)[2:]
    langfuse_server.reads.interfere = scripted((first, "a"), (first, "b"), (first + second, None))
    assert [score.id for score in reader(api).scores(WEEK)] == ["s-0", "s-1", "s-2", "s-3"]


@pytest.mark.parametrize("answer", [[], {"data": None}, {"rows": []}, "text", None])
def test_what_is_no_list_of_rows(answer: Any, langfuse_server: LangfuseServer, api: LangfuseApi) -> None:
    langfuse_server.reads.interfere = lambda exchange, _: exchange.send_json(200, answer) or True
    with pytest.raises(LangfuseError, match="is it Langfuse"):
        list(reader(api).scores(WEEK))


def test_rows_that_cannot_be_taken_are_counted_by_reason(langfuse_server: LangfuseServer, api: LangfuseApi) -> None:
    good = scores(1)[0]
    bad = [
        {**good, "id": "1", "dataType": "PERCENT"},
        {**good, "id": "2", "dataType": None},
        {**good, "id": "3", "value": None},
        {**good, "id": "4", "value": "high"},
        {**good, "id": "5", "value": float("nan")},
        {**good, "id": "6", "value": float("inf")},
        {**good, "id": "7", "value": 10**400},
        {**good, "id": "8", "value": True},
        {**good, "id": "9", "dataType": "BOOLEAN", "value": 2},
        {**good, "id": "a", "dataType": "CATEGORICAL", "value": ""},
        {**good, "id": "b", "dataType": "TEXT", "value": "words"},
        {**good, "id": "c", "subject": None},
        {**good, "id": "d", "subject": {"kind": "session", "id": "s"}},
        {**good, "id": "e", "subject": {"kind": "observation", "id": "o"}},
        {**good, "id": "f", "timestamp": None},
        {**good, "id": "g", "timestamp": "yesterday"},
        {**good, "id": "h", "name": ""},
        {**good, "id": "i", "source": 7},
        {**good, "id": "j", "timestamp": "0001-01-01T00:00:00Z"},
        {**good, "id": None},
        None,
        "row",
    ]
    langfuse_server.reads.interfere = scripted(([*bad, good], None))
    each = reader(api)
    assert [score.id for score in each.scores(WEEK)] == ["s-0"]
    assert sum(each.passed_over.values()) == len(bad)
    assert each.passed_over["a score of an unknown type"] == 2
    assert each.passed_over["a score without a value of its type"] == 8
    assert each.passed_over["a score of no trace"] == 3
    assert each.passed_over["a row without an id"] == 3
    assert not any("yesterday" in reason or "high" in reason for reason in each.passed_over)


def test_observations_with_odd_times_and_texts(langfuse_server: LangfuseServer, api: LangfuseApi) -> None:
    langfuse_server.observed[:] = [
        observation_row("open", trace="t", start=NOW - 5, seconds=None, type="GUARDRAIL"),
        observation_row("skewed", trace="t", start=NOW - 6, seconds=-3, type="GUARDRAIL"),
        observation_row("odd", trace="t", start=NOW - 7, seconds=1, type="GUARDRAIL", output="{", metadata=[1]),
        observation_row("null", trace="t", start=NOW - 8, seconds=1, type="GUARDRAIL", level=None, name=None),
        observation_row("lost", trace="", start=NOW - 9, seconds=1, type="GUARDRAIL"),
        observation_row("deep", trace="t", start=NOW - 9, seconds=1, type="GUARDRAIL", output="[" * 100_000),
    ]
    each = reader(api)
    found = {row.id: row for row in each.checks(WEEK)}
    assert (found["open"].seconds, found["skewed"].seconds) == (None, None)
    assert (found["odd"].decision, found["odd"].metadata) == ({}, {})
    assert (found["null"].level, found["null"].name) == ("DEFAULT", "")
    assert "lost" not in found
    assert found["deep"].decision == {}
    assert each.passed_over == {"a row without traceId": 1}


def test_a_server_that_ignores_the_window(langfuse_server: LangfuseServer, api: LangfuseApi) -> None:
    rows = [score_row("far", "n", 0.1, trace="t", at=NOW + 86_400), *scores(1)]
    langfuse_server.reads.interfere = scripted((rows, None))
    each = reader(api)
    assert [score.id for score in each.scores(WEEK)] == ["s-0"]
    assert each.passed_over == {"a row outside the time asked for": 1}


def test_a_read_that_broke_off_goes_on(langfuse_server: LangfuseServer, api: LangfuseApi, tmp_path: Path) -> None:
    langfuse_server.stored[:] = [*scores(450), score_row("odd", "n", 0.1, trace="t", at=NOW - 5, dataType="PERCENT")]
    whole = list(reader(api).scores(WEEK))
    file, about = tmp_path / "spool", {"project": "p"}
    langfuse_server.reads.requests.clear()

    def broken(exchange: Exchange, number: int) -> bool:
        if number < 3:
            return False
        exchange.close_connection = True
        return True

    langfuse_server.reads.interfere = broken
    first = Spool(file, about=about, window=WEEK)
    with pytest.raises(LangfuseError, match="broke off"):
        list(reader(api, spool=first).scores(WEEK))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with file.open("ab") as half:
        half.write(b'{"read": "scores", "next": "x", "ro')  # a crash in the middle of a line
    langfuse_server.reads.interfere = None
    langfuse_server.reads.requests.clear()
    again = Spool(file, about=about, window=Window(WEEK.since + 99, NOW + 99))
    assert again.window == WEEK
    each = reader(api, spool=again)
    assert list(each.scores(again.window)) == whole
    assert len(langfuse_server.reads.requests) == 3
    assert each.passed_over == {"a score of an unknown type": 1}
    langfuse_server.reads.requests.clear()
    complete = reader(api, spool=Spool(file, about=about, window=WEEK))
    assert list(complete.scores(WEEK)) == whole
    assert langfuse_server.reads.requests == []
    again.remove()
    again.remove()
    assert not file.exists()


def test_every_stream_comes_back_from_the_spool(
    langfuse_server: LangfuseServer, api: LangfuseApi, tmp_path: Path
) -> None:
    traffic = Traffic(20, until=NOW, annotated=0.5)
    langfuse_server.stored[:], langfuse_server.observed[:] = traffic.scores, traffic.observations

    def everything() -> list[Any]:
        each = reader(api, spool=Spool(tmp_path / "spool", about={}, window=WEEK))
        streams = (each.scores(WEEK), each.scores(WEEK, source="ANNOTATION"), each.checks(WEEK), each.roots(WEEK))
        return [row for stream in streams for row in stream]

    first = everything()
    asked = len(langfuse_server.reads.requests)
    assert everything() == first
    assert len(langfuse_server.reads.requests) == asked
    assert len(first) > 200


@pytest.mark.parametrize("content", [b"text\n", b'{"a": 1}\n', b"\xff\xfe\n", b"[]\n", b"half"])
def test_a_file_of_something_else_is_left_alone(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_bytes(content)
    with pytest.raises(LangfuseError, match="another file"):
        Spool(file, about={}, window=WEEK)
    assert file.read_bytes() == content


def test_a_spool_of_another_project_is_left_alone(tmp_path: Path) -> None:
    Spool(tmp_path / "s", about={"key": "a"}, window=WEEK)
    with pytest.raises(LangfuseError, match="another project"):
        Spool(tmp_path / "s", about={"key": "b"}, window=WEEK)
    with pytest.raises(LangfuseError, match="another file"):
        Spool(tmp_path, about={}, window=WEEK)


def test_a_head_that_was_cut_off_begins_again(tmp_path: Path) -> None:
    file = tmp_path / "s"
    file.write_bytes(b'{"lc_guard_spool": 1, "abo')
    assert Spool(file, about={}, window=WEEK).window == WEEK
    assert json.loads(file.read_bytes())["lc_guard_spool"] == 1


def test_numbered_pages(langfuse_server: LangfuseServer, api: LangfuseApi, monkeypatch: Any) -> None:
    rows = [{"id": f"c-{n}"} for n in range(5)]

    def get(path: str, params: dict[str, Any]) -> Any:
        begin = (params["page"] - 1) * params["limit"]
        return {"data": rows[begin : begin + params["limit"]], "meta": {"page": 1, "totalPages": 3, "totalItems": 5}}

    monkeypatch.setattr(api, "get", get)
    pages = list(numbered_pages(api, "/x", limit=2))
    assert [row["id"] for page in pages for row in page.rows] == [f"c-{n}" for n in range(5)]
    assert [(page.next, page.total) for page in pages] == [(2, 5), (3, 5), (None, 5)]
    monkeypatch.setattr(api, "get", lambda *_: {"data": rows, "meta": {"totalPages": 10**9}})
    with pytest.raises(LangfuseError, match="repeats its pages"):
        list(numbered_pages(api, "/x"))
    monkeypatch.setattr(api, "get", lambda *_: {"data": rows})
    assert len(list(numbered_pages(api, "/x"))) == 1


@pytest.mark.parametrize("path", [SCORES, OBSERVATIONS])
def test_the_stand_in_refuses_what_langfuse_refuses(path: str, api: LangfuseApi) -> None:
    most = 100 if path == SCORES else 1000
    assert api.get(path, {"limit": most})["data"] == []
    bad: list[dict[str, Any]] = [
        {"limit": most + 1},
        {"limit": 0},
        {"limit": "x"},
        {"cursor": "nonsense"},
        {"fields": "core,everything"},
        {"page": 1},
        {"fromTimestamp" if path == SCORES else "fromStartTime": "2026-01-01"},
        {"toTimestamp" if path == SCORES else "toStartTime": "later"},
    ]
    for params in bad:
        with pytest.raises(LangfuseError, match="400"):
            api.get(path, params)


def test_the_sdks_own_client_reads_the_stand_in(langfuse_server: LangfuseServer, make_langfuse: Any) -> None:
    traffic = Traffic(8, until=NOW, annotated=1.0)
    langfuse_server.stored[:], langfuse_server.observed[:] = traffic.scores, traffic.observations
    api = make_langfuse().api
    reads = getattr(api, "scores_v3", api.scores)  # of SDK 4, of SDK 5
    get_many = getattr(reads, "get_many_v3", None) or reads.get_many
    read = get_many(fields="subject,details", limit=100)
    assert {type(score.value).__name__ for score in read.data} == {"float", "bool", "str"}
    assert read.data[0].subject is not None
    found = api.observations.get_many(type="GUARDRAIL", fields="core,basic,io,metadata", limit=5)
    assert len(found.data) == 5
    following = api.observations.get_many(type="GUARDRAIL", limit=5, cursor=found.meta.cursor)
    assert {row.id for row in found.data}.isdisjoint(row.id for row in following.data)


def test_pages_stream(langfuse_server: LangfuseServer, api: LangfuseApi) -> None:
    langfuse_server.stored[:] = scores(300)
    pages = cursor_pages(api, SCORES, {}, limit=100)
    next(pages)
    assert len(langfuse_server.reads.requests) == 1
