"""Labelled cases: what is read, what is named as bad, and that nothing of a line is told."""

import json
import logging

import pytest

from lc_guard.evals import Case, Mention, read_cases

GOOD = {"id": "a", "text": "Call Jane Doe.", "ents": [{"start": 5, "end": 13, "label": "PER"}]}


def line(**changes):
    return json.dumps({**GOOD, **changes})


def entity(**changes):
    return line(ents=[{**GOOD["ents"][0], **changes}])


def test_reads_a_file(tmp_path):
    path = tmp_path / "cases.jsonl"
    with_type = entity(identifier_type="DIRECT", value="Jane Doe", raw="PER")
    path.write_bytes(b"\xef\xbb\xbf" + line().encode() + b"\r\n\n  \n" + with_type.encode())
    assert list(read_cases(path)) == list(read_cases(str(path)))
    assert list(read_cases(path)) == [
        Case("a", "Call Jane Doe.", (Mention(5, 13, "PER"),)),
        Case("a", "Call Jane Doe.", (Mention(5, 13, "PER", "DIRECT"),)),
    ]


def test_reads_as_a_stream():
    def lines():
        yield line()
        raise RuntimeError("read too far")

    assert next(read_cases(lines())).id == "a"


def test_offsets_count_characters():
    (case,) = read_cases([json.dumps({"id": 7, "text": "😀é\u2028Jo", "ents": [{"start": 3, "end": 5, "label": "P"}]})])
    assert case.id == "7"
    assert case.text[case.mentions[0].start : case.mentions[0].end] == "Jo"


def test_a_case_may_have_neither_id_nor_mentions():
    assert list(read_cases(["", '{"text": ""}'])) == [Case("line 2", "")]


SECRET = "Jane"
BAD = [
    ("Jane Doe", "not JSON"),
    ('{"text": "Jane"', "not JSON"),
    ("[" * 100_000 + '"Jane"', "not JSON"),
    ('{"text": ' + "9" * 5_000 + ', "id": "Jane"}', "not JSON"),
    (b'{"text": "Jane \xff"}', "not UTF-8"),
    ('"Jane"', "not a JSON object"),
    ("null", "not a JSON object"),
    (line(text=["Jane"]), "'text'"),
    (line(text=None), "'text'"),
    (line(ents={"Jane": 1}), "'ents'"),
    (line(ents=None), "'ents'"),
    (line(ents=["Jane"]), "entity 1 is no object"),
    (line(id=["Jane"]), "'id'"),
    (line(id=True), "'id'"),
    (entity(start="5"), "whole numbers"),
    (entity(start=True), "whole numbers"),
    (entity(end=13.0), "whole numbers"),
    (entity(start=None), "whole numbers"),
    (entity(start=-1), "outside the text of 14 characters"),
    (entity(end=15), "outside"),
    (entity(start=13), "empty"),
    (entity(label=""), "'label'"),
    (entity(label=None), "'label'"),
    (entity(label=["Jane"]), "'label'"),
    (entity(identifier_type="Jane"), "'identifier_type' must be one of DIRECT, QUASI, NO_MASK"),
    (entity(identifier_type=["DIRECT"]), "'identifier_type'"),
]


@pytest.mark.parametrize(("bad", "reason"), BAD, ids=range(len(BAD)))
def test_a_bad_line_is_named_and_does_not_stop_the_rest(bad, reason):
    told = []
    cases = list(read_cases([line(), bad, line(id="b")], on_bad=told.append))
    assert [case.id for case in cases] == ["a", "b"]
    (only,) = told
    assert only.number == 2
    assert reason in only.reason
    assert SECRET not in str(only)
    assert str(only).startswith("line 2: ")


def test_a_bad_line_is_logged_without_its_content(caplog):
    with caplog.at_level(logging.WARNING, "lc_guard"):
        assert list(read_cases(["Jane"])) == []
    assert caplog.messages == ["labelled cases: line 1: not JSON"]
    assert not any(record.exc_info for record in caplog.records)


def test_names_from_a_file_are_safe_to_show():
    (case,) = read_cases([json.dumps({**GOOD, "id": "\x1b[31m\ud800" + "x" * 500})])
    assert case.id.isprintable()
    assert len(case.id) == 80
    (case,) = read_cases([entity(label=" \x07<b> ")])
    assert case.mentions[0].label == "\ufffd<b>"


def test_a_case_does_not_show_its_text():
    assert "Jane" not in repr(next(read_cases([line()])))


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        list(read_cases(tmp_path / "none.jsonl"))
