"""Values as parts of SQL, shell lines, markup and JSON: no value ends what it is put into."""

from __future__ import annotations

import json
import shlex
import sqlite3
import subprocess
from html import unescape
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lc_guard._text.json_strings import JsonStrings
from lc_guard._text.places import Places
from lc_guard._text.syntaxes import JSON, SQL, WRITERS, ShellText, SqlText, in_json

VALUES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20) | st.text(
    alphabet="'\"\\;-/*$` ax", max_size=12
)


def written(syntax, before, value):
    syntax.read(before)
    return syntax.write(value)


@given(VALUES)
def test_sql_reads_what_was_written(value):
    database = sqlite3.connect(":memory:")
    for before, after in [
        ("select '", "'"),
        ("select 'it''s ' || '", "'"),
        ("select /* ' */ '", "' -- x"),
        ("select ", ""),
    ]:
        got = written(SqlText("sql"), before, value)
        if before == "select " and got == value:
            continue  # a word or a number: what it means is the statement's own
        (row,) = database.execute(before + got + after)
        assert row[0].endswith(value)
    got = written(SqlText(), "select * from c where n = '", value)
    assert (got is None) == ("\\" in value)
    if got is not None:
        assert database.execute(f"select '{got}'").fetchone() in ((value,), (value.replace("''", "'"),))


@pytest.mark.parametrize(
    ("dialect", "before", "value", "expected"),
    [
        (None, "select * from c where n = '", "O'Hara", "O''Hara"),
        (None, "select * from c where n = '", "O''Hara", "O''Hara"),
        (None, "select * from c where n = '", "O'''Hara", "O''''''Hara"),
        (None, 'select * from c where n = "', 'J"J', 'J""J'),
        (None, "select * from c where n = '", "O\\'Hara", None),
        (None, "select * from c where n = 'a\\'b' and m = '", "O'Hara", None),
        (None, "select it, it's ", "O'Hara", "O'Hara"),
        (None, "select n from c where n = ", "O'Hara", "O'Hara"),
        ("sql", "select n from c where n = ", "O'Hara", "'O''Hara'"),
        ("sql", "select n from c where n = ", "42", "42"),
        ("sql", "select n -- it's ", "a\nb", None),
        ("sql", "select n /* ", "*/ drop", None),
        ("sql", "select `", "a`b", "a``b"),
        ("sql", "select $x$", "$x$;", None),
        ("mysql", "select 'a\\'b", "O\\'H", "O\\\\''H"),
        ("sql", "select 'a\\", "O\\'H", "O\\''H"),
        ("sql", "x", "\0", None),
    ],
)
def test_sql(dialect, before, value, expected):
    assert written(SqlText(dialect), before, value) == expected


@given(VALUES)
def test_a_shell_reads_what_was_written(value):
    for before, after in [("echo '", "'"), ("echo ", "")]:
        assert shlex.split(before + written(ShellText(), before, value) + after) == ["echo", value]


@pytest.mark.parametrize("value", ["$(id)", "`id`", "a$b", 'say "x"', "back\\slash", "it's", "a\nb", "!", "-n x"])
def test_a_real_shell_reads_what_was_written_between_double_quotes(value):
    line = 'printf %s "' + written(ShellText(), 'printf %s "', value) + '"'
    assert subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True, check=True).stdout == value


def test_a_shell_in_a_shell_takes_words_only():
    assert written(ShellText(), "echo $(cat '", "O'Hara") is None
    assert written(ShellText(), "echo `", "a.txt") == "a.txt"


@given(VALUES)
def test_what_needs_not_know_what_stands_before(value):
    assert json.loads(f'"{WRITERS["json"](value)}"') == value
    assert unquote(WRITERS["url"](value)) == value
    assert unescape(WRITERS["html"](value)) == value
    assert not set(WRITERS["html"](value)) & set("<>\"'")
    assert "\n" not in WRITERS["markdown"](value)
    assert WRITERS["none"](value) == value


@given(VALUES | st.text(alphabet='\\u00e9"/n x', max_size=12))
def test_a_value_stays_in_its_string_of_json_and_one_that_was_typed_in_json_as_it_was(value):
    read = json.loads(f'"{in_json(value)}"')
    assert read == value or (in_json(value) == value and "\\" in value)
    assert in_json("Zo\\u00eb O\\u2019Brien") == "Zo\\u00eb O\\u2019Brien"
    assert in_json(r"C:\new\u00e9") == r"C:\\new\\u00e9"


def test_what_a_text_is_by_its_beginning():
    for text in [
        "SELECT a",
        " insert into t",
        "```sql\nselect 1",
        "SQLQuery: select 1",
        "with x as (",
        "-- all\nselect 1",
    ]:
        assert SQL.match(text)
    for text in ["Selected", "update: done", "With best", "Please select a"]:
        assert not SQL.match(text)
    for text in ['{"a', "[{", '["a', "{}", '```json\n{\n "a']:
        assert JSON.match(text)
    for text in ["{name}", "[REDACTED", "[[x", "a {"]:
        assert not JSON.match(text)


@given(
    st.recursive(
        st.text(max_size=5), lambda v: st.lists(v, max_size=3) | st.dictionaries(st.text(max_size=3), v, max_size=3)
    )
)
def test_json_is_read_in_its_strings(value):
    text = json.dumps({"first": value, "second": "x"})
    made = []

    def make(argument):
        made.append(argument)
        return Places()

    strings = JsonStrings(make)
    for letter in text[: text.rindex("x") + 1]:
        strings.read(letter)
    assert strings.string is not None
    assert made[-1] == "second"
    assert made[0] is None
    strings.read('"}')
    assert strings.string is None
    assert not strings.between
