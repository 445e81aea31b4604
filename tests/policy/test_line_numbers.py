"""On which line a setting stands: the standard library does not tell, so this is held against generated texts."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lc_guard.policy.line_numbers import Place, dotted, read_toml, read_yaml, toml_lines

from ..support.policies import toml_texts


def places(values: dict, base: Place = ()) -> set[Place]:
    found = {(*base, key) for key in values}
    return found.union(*(places(each, (*base, key)) for key, each in values.items() if isinstance(each, dict)))


class TestTomlLines:
    @settings(max_examples=300, deadline=None)
    @given(toml_texts(), st.sampled_from(["\n", "\r\n"]))
    def test_of_generated_texts(self, written, end):
        text, lines = written
        source = read_toml(text.replace("\n", end))
        assert source.problems == []
        assert source.lines == lines
        assert set(source.lines) == places(tomllib.loads(text))

    def test_of_all_forms(self):
        text = '''\
# [fake]
version = """
[stages]
default = "x"
"""
kinds.CREDIT_CARD = "redact"
kinds . "US.SSN" = [ # ]
  "[checks]",
]

[stages.document.checks.'a.b']  # [x]
threshold = 0.5
[stages]
prompt = { checks = { A = { sample = 1 } }, action = "warn" }
[[list]]
inside = 1
[list.below]
x = 1
[checks]'''
        assert toml_lines(text) == {
            ("version",): 2,
            ("kinds",): 6,
            ("kinds", "CREDIT_CARD"): 6,
            ("kinds", "US.SSN"): 7,
            ("stages",): 11,
            ("stages", "document"): 11,
            ("stages", "document", "checks"): 11,
            ("stages", "document", "checks", "a.b"): 11,
            ("stages", "document", "checks", "a.b", "threshold"): 12,
            ("stages", "prompt"): 14,
            ("stages", "prompt", "checks"): 14,
            ("stages", "prompt", "checks", "A"): 14,
            ("stages", "prompt", "checks", "A", "sample"): 14,
            ("stages", "prompt", "action"): 14,
            ("list",): 15,
            ("checks",): 19,
        }

    def test_after_a_value_that_is_too_long_are_not_known(self):
        text = "a = 1\nb = '''" + "\n" * 250 + "'''\nc = 1"
        assert toml_lines(text) == {("a",): 1}
        assert toml_lines(text.replace("\n" * 250, "\n" * 150))["c",] == 153


class TestYaml:
    @settings(deadline=None)
    @given(
        st.recursive(st.just("1"), lambda inner: st.dictionaries(st.sampled_from("abc"), inner, min_size=1)), st.data()
    )
    def test_lines_of_generated_texts(self, tree, data):
        rows: list[str] = []
        lines: dict[Place, int] = {}

        def write(values: dict | str, base: Place) -> None:
            for key, each in values.items():
                rows.extend([""] * data.draw(st.integers(0, 2)))
                inner = (
                    each
                    if isinstance(each, dict)
                    else data.draw(st.sampled_from([" 1", ' "x: 1"', " |\n  a: 1\n  b: 2"]))
                )
                lines[*base, key] = len(rows) + 1
                indent = "  " * len(base)
                if isinstance(inner, dict):
                    rows.append(f"{indent}{key}: # a: 1")
                    write(inner, (*base, key))
                else:
                    rows.extend(f"{indent}{row}" for row in f"{key}:{inner}".split("\n"))

        write(tree if isinstance(tree, dict) else {"a": tree}, ())
        source = read_yaml("\n".join(rows))
        assert source.problems == []
        assert source.lines == lines
        assert set(source.lines) == places(source.values)


@pytest.mark.parametrize(
    ("place", "written"),
    [
        (("checks", "A", "threshold"), "checks.A.threshold"),
        (("checks", "a.b"), "checks.'a.b'"),
        (("kinds", "ü"), "kinds.'ü'"),
        (("kinds", ""), "kinds.''"),
        (("kinds", "K" * 100), f"kinds.'{'K' * 40}…'"),
    ],
)
def test_dotted(place, written):
    assert dotted(place) == written
