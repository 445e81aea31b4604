import ast
import inspect
import pickle
import re
from pathlib import Path

import pytest

from lc_guard import _engine, errors
from lc_guard.errors import (
    Blocked,
    DetectorError,
    DetectorTimeout,
    GuardError,
    LangfuseError,
    LeakPrevented,
    MissingExtra,
    ModelUnavailable,
    SeamBroken,
    SessionMissing,
    UnsupportedInput,
    VaultError,
    VaultFull,
    WrongOrder,
)
from lc_guard.records import Decision

DECISION = Decision("output", "pii", "block", False, 1.0, 2.0, {"US_SSN": 1, "PERSON": 2}, "DetectorTimeout", "ab")
SAMPLES = [
    GuardError("x"),
    Blocked(DECISION),
    Blocked(DECISION, "no answer within 1 s"),
    LeakPrevented({"PERSON": 2, "EMAIL_ADDRESS": 1}),
    SeamBroken("GuardMiddleware", "langchain", "a hook is gone"),
    SeamBroken("GuardMiddleware", "no-such-library", "a hook is gone", "Put it first"),
    SessionMissing(),
    SessionMissing("an empty one was given"),
    UnsupportedInput("x"),
    WrongOrder(),
    DetectorError("x"),
    DetectorTimeout("x"),
    ModelUnavailable("x"),
    LangfuseError("x", status=404),
    VaultError("x"),
    VaultFull("x"),
    MissingExtra("LLMGuardDetector", "llm-guard"),
]


def test_the_tree_is_the_one_drawn():
    """The docstring's picture, read as indentation, equals the classes."""
    drawn: dict[str, str] = {}
    path: list[str] = []
    for line in re.search(r"```\n(.*?)```", errors.__doc__, re.DOTALL)[1].splitlines():
        match = re.match(r"([│├└─ ]*)(\w+)", line)
        depth = len(match[1]) // 4
        path[depth:] = [match[2]]
        drawn[match[2]] = path[depth - 1] if depth else "Exception"
    classes = {name: kind for name, kind in vars(errors).items() if inspect.isclass(kind)}
    assert {name: kind.__mro__[1].__name__ for name, kind in classes.items()} == drawn


def test_some_are_also_what_python_has():
    assert issubclass(UnsupportedInput, TypeError)
    assert issubclass(MissingExtra, ImportError)
    assert not issubclass(DetectorTimeout, TimeoutError)


@pytest.mark.parametrize("error", SAMPLES, ids=lambda error: type(error).__name__)
def test_errors_are_pickled(error):
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert vars(again) == vars(error)


def test_blocked_tells_the_check_the_cause_and_where_to_look():
    assert Blocked(DECISION, "no answer within 1 s").decision is DECISION
    text = str(Blocked(DECISION, "no answer within 1 s"))
    assert "the check 'pii' could not be done, which lets nothing pass, on the output (" in text
    assert "on_error" in text
    assert "DetectorTimeout; no answer within 1 s; 2 PERSON, 1 US_SSN" in text
    assert ".decision" in text
    found = str(Blocked(Decision("prompt", "pii", "block", False, 1.0, 0.0)))
    assert "'pii' blocked the prompt (not valid)" in found


def test_session_missing_names_three_remedies():
    text = str(SessionMissing("one of type dict was given"))
    assert "one of type dict was given" in text
    assert all(remedy in text for remedy in ('"configurable"', "Anonymize(guard, session_id=", "with_config("))


def test_missing_extra_says_what_to_install():
    assert "pip install 'lc-guard[llm-guard]'" in str(MissingExtra("LLMGuardDetector", "llm-guard"))


def test_leak_prevented_tells_kinds_only():
    assert LeakPrevented({"PERSON": 2}).kinds == {"PERSON": 2}
    assert "2 PERSON" in str(LeakPrevented({"PERSON": 2}))


def test_no_message_in_the_core_is_made_of_a_text():
    """No error is raised with an f-string that shows something by its value except names and bounds."""
    allowed = re.compile(
        r"type\(|__name__|\blen\(|count|found|extra|what|kind|number|start|end|length|_MAX|_max|told|describe_error|timeout|"
        r"decision\.(check|stage)|name|PII_CHECK|map\(repr, (get_args|allowed)"
    )
    engine = [f"_engine.{path.stem}" for path in Path(_engine.__file__).parent.glob("[!_]*.py")]
    engine.remove("_engine.scanner_registry")  # it tells of a policy, and sees no text
    assert "_engine.pipeline" in engine
    for module in ("guard", "policy.policy", "_placeholders.restorer", "sessions", "vaults.memory", *engine):
        source = inspect.getsource(__import__(f"lc_guard.{module}", fromlist=["x"]))
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Raise) and node.exc is not None:
                for value in (part for part in ast.walk(node.exc) if isinstance(part, ast.FormattedValue)):
                    assert allowed.search(ast.unparse(value.value)), (module, node.lineno)
