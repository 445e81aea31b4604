"""Policies from files: the same policy as from the records, or every mistake with its line."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings

from lc_guard import CheckPolicy, Guard, Policy, PolicyError, StagePolicy
from lc_guard.policy.files import MAX_BYTES, examine

from ..support.policies import as_toml, policies

EXPECTED = Policy(
    version="2026-11",
    timeout=10.0,
    max_characters=5_000,
    fail_fast=True,
    streaming="window",
    default="anonymize",
    kinds={"CREDIT_CARD": "redact"},
    thresholds={"PERSON": 0.5},
    checks={"PromptInjection": CheckPolicy(action="block", threshold=0.9, timeout=2.0), "Other": CheckPolicy()},
    stages={
        "document": StagePolicy(action="replace", checks={"PromptInjection": CheckPolicy(threshold=0.7)}),
        "prompt": StagePolicy(),
    },
)
TOML = """\
version = "2026-11"
timeout = 10.0
max_characters = 5000
fail_fast = true
streaming = "window"
default = "anonymize"

[kinds]
credit-card = "redact"

[thresholds]
PERSON = 0.5

[checks.PromptInjection]
action = "block"
threshold = 0.9
timeout = 2.0

[checks.Other]

[stages.document]
action = "replace"

[stages.document.checks.PromptInjection]
threshold = 0.7

[stages.prompt]
"""
YAML = """\
version: 2026-11
timeout: 10
max_characters: 5_000
fail_fast: yes
streaming: window
default: !!str anonymize
kinds: {credit-card: redact}
thresholds:
  PERSON: 0.5
checks:
  PromptInjection: {action: block, threshold: 0.9, timeout: 2.0, sample: null, on_error: }
  Other: {timeout: }
stages:
  document:
    action: replace
    checks:
      PromptInjection:
        threshold: 0.7
  prompt:
"""


@pytest.fixture
def write(tmp_path: Path):
    def write(content: str | bytes, name: str = "policy.toml") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def mistakes(path: Path) -> list[tuple[int | None, str]]:
    """What is wrong with a file, as told to whoever checks it and to whoever loads it."""
    policy, problems = examine(Policy, path)
    assert policy is None
    with pytest.raises(PolicyError) as caught:
        Policy.from_file(path)
    told = str(caught.value)
    assert told.startswith(str(path))
    assert all(str(problem) in told for problem in problems)
    assert caught.value.__cause__ is caught.value.__context__ is None
    return [(problem.line, problem.text) for problem in problems]


class TestRightFiles:
    @pytest.mark.parametrize(
        ("name", "text"), [("p.toml", TOML), ("p.yaml", YAML), ("p.yml", YAML), ("P.TOML", TOML.replace("\n", "\r\n"))]
    )
    def test_both_forms(self, write, name, text):
        path = write("\ufeff" + text, name)
        assert Policy.from_file(path) == Policy.from_file(str(path)) == EXPECTED

    @pytest.mark.parametrize("name", ["p.toml", "p.yaml"])
    def test_a_guard_holds_it(self, write, name):
        text = {"p.toml": 'kinds.US_SSN = "redact"', "p.yaml": "kinds: {US_SSN: redact}"}[name]
        guard = Guard(policy=Policy.from_file(write(text, name)))
        assert guard.session("s").anonymize("SSN 536-90-4399.") == "SSN [REDACTED_US_SSN]."

    @pytest.mark.parametrize(
        ("name", "text", "seconds"),
        [
            ("p.toml", 'timeout = "none"', None),
            ("p.yaml", "timeout: none", None),
            ("p.yaml", "version: a", 10.0),
            ("p.toml", "timeout = 3", 3),
        ],
    )
    def test_no_timeout_is_said(self, write, name, text, seconds):
        assert Policy.from_file(write(text, name)).timeout == seconds

    def test_what_is_empty_in_yaml_is_not_set(self, write):
        text = "version: null\nkinds:\nthresholds: ~\nchecks:\nstages: {prompt: {checks: , action: null}}"
        assert Policy.from_file(write(text, "p.yaml")) == Policy(stages={"prompt": StagePolicy()})

    @settings(deadline=None)
    @given(policies())
    def test_round_trip(self, tmp_path_factory, policy):
        path = tmp_path_factory.mktemp("policies", numbered=True)
        (path / "p.yaml").write_text(yaml.safe_dump(policy.as_dict()), encoding="utf-8")
        (path / "p.toml").write_text(as_toml(policy.as_dict()), encoding="utf-8", newline="")
        assert Policy.from_file(path / "p.yaml") == Policy.from_file(path / "p.toml") == policy


ALL_WRONG_TOML = '''\
version = 2026-11-01
timout = 10.0
fail_fast = "yes"
default = "anonymise"
kinds.US_SSN = "delete"
thresholds = { PERSON = 5, CITY = true }
checks.PromptInjection.action = "BLOCK"
checks.PromptInjection.replacement = """
[stages.nowhere]
timeout = -1
"""
checks.PromptInjection."thre shold" = 1
checks.pii = { on_error = "allow", action = "block", sample = 0.5 }
[stages.documents]
action = "replace"
[stages.output.checks.A]
timeout = "none"
sample = nan
checks = {}
[stages.output.checks.B]
monitor = [ ]
[[stages.prompt]]
action = "block"
'''
KEYS = "enabled, action, threshold, on_error, timeout, sample, monitor, replacement"


class TestAllMistakesAtOnce:
    def test_toml(self, write):
        assert mistakes(write(ALL_WRONG_TOML)) == [
            (1, "version must be a text, not a date or time; put it in quotes if it is a text"),
            (
                2,
                "timout is not known (did you mean 'timeout'?); taken here are default, kinds, thresholds, on_invalid, "
                "on_error, timeout, max_characters, checks, stages, fail_fast, streaming, restore, version",
            ),
            (3, "fail_fast must be true or false, not the text 'yes'"),
            (
                4,
                "default must be one of 'anonymize', 'redact', 'allow', 'warn', 'block', not the text 'anonymise' "
                "(did you mean 'anonymize'?)",
            ),
            (
                5,
                "kinds.US_SSN must be one of 'anonymize', 'redact', 'allow', 'warn', 'block', not the text 'delete'",
            ),
            (6, "thresholds.PERSON must be a number from 0 to 1, not the number 5"),
            (6, "thresholds.CITY must be a number from 0 to 1, not true"),
            (
                7,
                "checks.PromptInjection.action must be one of 'allow', 'warn', 'redact', 'anonymize', 'replace', "
                "'block', not the text 'BLOCK' (did you mean 'block'?)",
            ),
            (
                12,
                f"checks.PromptInjection.'thre shold' is not known (did you mean 'threshold'?); taken here are {KEYS}",
            ),
            (
                13,
                "checks.pii: the check 'pii' takes on_error and timeout only, not action, sample: what entities lead "
                "to is said by default, kinds and thresholds",
            ),
            (
                14,
                "stages.documents is not known (did you mean 'document'?); taken here are prompt, output, tool_call, "
                "tool_result, document",
            ),
            (17, "stages.output.checks.A.timeout must be a positive number of seconds, not the text 'none'"),
            (18, "stages.output.checks.A.sample must be a number from 0 to 1, not the number nan"),
            (19, f"stages.output.checks.A.checks is not known; taken here are {KEYS}"),
            (21, "stages.output.checks.B.monitor must be true or false, not a list"),
            (22, "stages.prompt must be a table of names and settings, not a list"),
        ]

    def test_yaml(self, write):
        text = """\
version: 1.0
timeout:
timeout: 3
kinds: [PERSON]
on: 3
? [a]
: 1
thresholds: {PERSON: , CITY: .inf, US_SSN: 0xffffffffffffffff}
checks:
  A: {threshold: null, action: !!python/name:os.system x}
  A: 3
  "": {}
  B: !!set {x, y}
  C: {<<: {sample: 1}, on_error: !!int x, sample: 2026-13-45, enabled: !!bool x, timeout: !!int ""}
  D: !mine {sample: 0.5}
stages: !!seq
  - prompt
on_error: !!binary YQ==
"""
        assert mistakes(write(text, "p.yaml")) == [
            (1, "version must be a text, not the number 1.0"),
            (2, "timeout must be a positive number of seconds, or 'none' to wait for ever, not nothing"),
            (3, "timeout stands here again, first on line 2: keep one of them"),
            (4, "kinds must be a table of names and settings, not a list"),
            (5, "the key 'on' is no text: put it in quotes"),
            (6, "a key that is no text: put it in quotes"),
            (8, "thresholds.PERSON must be a number from 0 to 1, not nothing"),
            (8, "thresholds.CITY must be a number from 0 to 1, not the number inf"),
            (8, "thresholds.US_SSN must be a number from 0 to 1, not a number that large"),
            (
                10,
                "checks.A.action can't be read as '!!python/name:os.system': take a plain text, number, true or false",
            ),
            (11, "checks.A stands here again, first on line 10: keep one of them"),
            (12, "checks.'': checks must be a mapping of names to CheckPolicy"),
            (13, "checks.B must be a table of names and settings, not set"),
            (14, "merge keys (<<) are not taken: write each setting where it holds"),
            (14, "checks.C.on_error can't be read as '!!int': take a plain text, number, true or false"),
            (14, "checks.C.sample can't be read as '!!timestamp': take a plain text, number, true or false"),
            (14, "checks.C.enabled can't be read as '!!bool': take a plain text, number, true or false"),
            (14, "checks.C.timeout can't be read as '!!int': take a plain text, number, true or false"),
            (15, "checks.D can't be read as '!mine': take a plain text, number, true or false"),
            (16, "stages must be a table of names and settings, not a list"),
            (18, "on_error must be one of 'block', 'allow', not bytes"),
        ]

    def test_nothing_is_run_by_a_tag(self, write, tmp_path):
        flag = tmp_path / "flag"
        mistakes(write(f"version: !!python/object/apply:os.mkdir ['{flag}']", "p.yaml"))
        assert not flag.exists()

    @pytest.mark.parametrize("key", ["kinds", "thresholds"])
    def test_one_kind_in_two_spellings(self, write, key):
        value = {"kinds": '"block"', "thresholds": "0.5"}[key]
        text = f'[{key}]\nUS_SSN = {value}\n\n"us ssn" = {value}\n'
        assert mistakes(write(text)) == [
            (4, f"{key}.'us ssn' is the same kind as {key}.US_SSN on line 2: keep one of them")
        ]

    def test_a_kind_named_as_a_setting(self, write):
        ((_, told),) = mistakes(write("kinds.kinds = 'x'"))
        assert told.startswith("kinds.kinds must be one of")

    def test_a_name_that_is_none(self, write):
        ((line, told),) = mistakes(write("\nkinds.' ' = 'block'"))
        assert line == 2
        assert told.startswith("kinds.' ': kinds must be a mapping of names")

    def test_many_are_cut(self, write):
        path = write("".join(f"a{number} = 1\n" for number in range(200)))
        policy, problems = examine(Policy, path)
        assert policy is None
        assert [problem.line for problem in problems] == [*range(1, 201)]
        with pytest.raises(PolicyError) as caught:
            Policy.from_file(path)
        rows = str(caught.value).split("\n")
        assert rows[0] == f"{path} holds 200 mistakes:"
        assert len(rows) == 52
        assert rows[-1] == "  and 150 more"

    def test_one_is_told_in_one_line(self, write):
        path = write("\nfail_fast = 1")
        with pytest.raises(PolicyError) as caught:
            Policy.from_file(path)
        assert str(caught.value) == f"{path}, line 2: fail_fast must be true or false, not the number 1"

    def test_long_words_are_cut(self, write):
        path = write(f'{"k" * 5000} = 1\ndefault = "{"v" * 5000}"\ntimeout = 0x{"f" * 5000}')
        assert max(len(text) for _, text in mistakes(path)) < 250

    def test_a_line_that_is_not_known_is_not_told(self, write):
        text = "checks.A.replacement = '''" + "\n" * 300 + "'''\ndefault = 1"
        ((line, told),) = mistakes(write(text))
        assert line is None
        assert told.startswith("default must be")
        kinds = "\nkinds = { A = 'block', a = 'block' }"
        assert mistakes(write(text.replace("\ndefault = 1", kinds))) == [
            (None, "kinds.a is the same kind as kinds.A: keep one of them")
        ]


class TestFilesThatCannotBeRead:
    @pytest.mark.parametrize(
        ("text", "line", "told"),
        [
            ("default = 'block'\ndefault = 'warn'\n", 2, "can't be read as TOML: Cannot overwrite a value"),
            ("[kinds]\nA = 'block'\n[kinds]\n", 3, "can't be read as TOML: Cannot declare ('kinds',) twice"),
            ("[checks.A]\n\n[checks.A]\n", 3, "can't be read as TOML: Cannot declare ('checks', 'A') twice"),
            ("default = \n", 1, "can't be read as TOML: Invalid value"),
            ("a = 1\nb = '''\n\n", 2, "can't be read as TOML: Expected"),
            ("a = 1\n\0", 2, "can't be read as TOML: "),
            ("timeout = " + "1" * 5000, None, "can't be read as TOML: Exceeds the limit"),
            ("a = " + "[" * 50_000, None, "the values are nested too deep to be read"),
        ],
    )
    def test_toml(self, write, text, line, told):
        ((found, text),) = mistakes(write(text))
        assert text.startswith(told)
        assert found == line

    @pytest.mark.parametrize(
        ("text", "line", "told"),
        [
            ("a: 1\nb: [", 2, "can't be read as YAML: expected the node content"),
            ("a: 1\n\tb: 2", 2, "can't be read as YAML: found character '\\t' that cannot start any token"),
            ("a: 1\n\nb: \0", 3, "can't be read as YAML: the character U+0000 in it"),
            ("a: 1\n---\nb: 2", 2, "can't be read as YAML: but found another document"),
            ("a: 1\nb: &x {c: 1}\nd: *x", 2, "can't be read as YAML: anchors and aliases are not taken"),
            ("a: 1\nb: *x", 2, "can't be read as YAML: anchors and aliases are not taken"),
            ("a: &a [*a]", 1, "can't be read as YAML: anchors and aliases are not taken"),
            ("%YAML 9.9\n---\na: 1", 1, "can't be read as YAML: found incompatible YAML document"),
            ("\n- a", 2, "a policy is a mapping of names to settings"),
            ("text", 1, "a policy is a mapping of names to settings"),
            ("!!python/dict {a: 1}", 1, "a policy is a mapping of names to settings"),
            ("a: " + "[" * 1_500, None, "the values are nested too deep to be read"),
        ],
    )
    def test_yaml(self, write, text, line, told):
        ((found, text),) = mistakes(write(text, "p.yaml"))
        assert text.startswith(told)
        assert found == line

    @pytest.mark.parametrize("name", ["p.toml", "p.yaml"])
    @pytest.mark.parametrize("text", ["", "\n\n", "# default = 1\n", "\ufeff"])
    def test_empty(self, write, name, text):
        ((line, told),) = mistakes(write(text, name))
        assert line is None
        assert told.startswith("holds no setting: write at least one")

    @pytest.mark.parametrize("text", ["null", "---\n...", "{}"])
    def test_empty_yaml(self, write, text):
        ((_, told),) = mistakes(write(text, "p.yaml"))
        assert told.startswith("holds no setting")

    def test_no_utf_8(self, write):
        path = write("version = 'é'".encode("latin-1"))
        assert mistakes(path) == [(1, "not UTF-8 text (byte 11): convert the file, for instance with iconv")]
        ((line, _),) = mistakes(write(b"\n\n\n\xff", "p.yaml"))
        assert line == 4
        mistakes(write(TOML.encode("utf-16")))

    def test_too_large(self, write):
        exact = b"version = 'a'\n#" + b"x" * (MAX_BYTES - 15)
        assert Policy.from_file(write(exact)).version == "a"
        assert mistakes(write(exact + b"x")) == [(None, "is too large for a policy: more than 1,000,000 bytes")]

    @pytest.mark.parametrize("name", ["policy", "policy.json", "policy.toml.bak", ".toml"])
    def test_of_another_format(self, write, name):
        assert mistakes(write(TOML, name)) == [
            (None, "has no format that is known by its end: name it .toml or .yaml or .yml")
        ]

    def test_none(self, tmp_path):
        (tmp_path / "folder.toml").mkdir()
        assert mistakes(tmp_path / "none.toml") == [(None, "can't be read: No such file or directory")]
        assert mistakes(tmp_path / "folder.toml") == [(None, "can't be read: Is a directory")]
        assert mistakes(tmp_path / "a\0b.toml") == [(None, "can't be read: not a file name")]

    def test_a_large_file_takes_seconds(self, write):
        path = write("\n".join(f"k{number} = 1" for number in range(5_000)))
        started = time.process_time()
        _, problems = examine(Policy, path)
        assert len(problems) == 5_000
        assert time.process_time() - started < 10
