"""What tests need beside Python: put on as markers, by their fixtures, by their code, and by their files.

``pytest -m "not servers and not models and not browser and not slow" tests/<package>`` runs in less than a minute.
A marker is seldom written by hand. What the rules of this module do not see stands in the lists below.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import CodeType
from typing import Any

import pytest

from .browser import Browser
from .servers import Server

# A fixture that a test takes, or asks for by its name.
FIXTURES = {
    "postgres_server": "servers",
    "redis_server": "servers",
    "redis_cluster": "servers",
    "joined": "models",
    "spacy_ner": "models",
    "rampart": "models",
    "make_pipeline": "models",
    "gliner_model": "models",
}

# A name that the code of a test, or of a fixture that it takes, uses.
NAMES = {
    "PostgresServer": "servers",
    "RedisServer": "servers",
    "sentinel_of": "servers",
    "Browser": "browser",
}

# A member that a test is parametrized with, or its class is for (tests/vaults/members.py).
MEMBERS = {"postgres": "servers", "redis": "servers", "cluster": "servers", "sentinel": "servers"}

# A file, or a test or a class in it. A guard that is told of no detectors takes the default ones, which are models.
PLACES = {
    "tests/contracts/test_scanners.py::TestHuggingFace": "models",
    "tests/contracts/test_scanners.py::TestNeMo": "models",
    "tests/detectors/test_checkpoints.py": "models",
    "tests/detectors/test_default.py": "models",
    "tests/detectors/test_llm_guard.py": "models",
    "tests/detectors/test_tuning.py": "models",
    "tests/detectors/test_weights.py": "models",
    "tests/cli/test_eval.py": "models",
    "tests/evals/test_synthetic.py": "models",
    "tests/properties/test_event_loop.py": "slow",
    "tests/properties/test_linear_time.py": "slow",
    "tests/test_forks.py": "slow",
    "tests/scanners/test_builtin.py": "slow",
    "tests/scanners/test_hugging_face.py": "models",
    "tests/scanners/test_llm_guard.py": "models",
    "tests/scanners/test_llm_guard_in_a_guard.py": "models",
    "tests/scanners/test_llm_guard_named.py": "models",
    "tests/scanners/test_nemo.py": "models",
    "tests/langfuse/test_audits.py": "models",
    "tests/playground/test_page.py": "models",
    "tests/test_benchmarks.py": "models servers slow",
    "tests/test_retrieval_benchmark.py::test_it_runs_on_both_sets": "models slow",
    "tests/cli/test_commands.py::TestDemo": "models",
    "tests/cli/test_commands.py::TestRealClients": "models",
    "tests/cli/test_commands.py::TestScan": "models",
    "tests/test_import_cost.py::test_loads_nothing_heavy": "slow",
    "tests/text/test_phrases.py::test_every_hit_is_a_value_and_every_whole_value_is_covered": "slow",
    "tests/langchain/test_messages.py::test_any_json_stays_as_it_is": "slow",
    "tests/test_notebooks.py::test_runs": "models slow",
    "tests/policy/test_line_numbers.py::TestTomlLines::test_of_generated_texts": "slow",
    "tests/policy/test_line_numbers.py::TestYaml::test_lines_of_generated_texts": "slow",
    "tests/test_guides.py::test_each": "models",
    "tests/test_guides.py::test_langsmith": "models",
    "tests/test_migrations.py": "models",
    "tests/test_quickstart.py": "models slow",
    "tests/test_readme.py::test_the_examples": "models slow",
    "tests/test_readme.py::test_the_picture": "models",
    "tests/demo/test_stand_in.py": "models",
    "tests/cli/test_report.py::test_200_000_scores_in_less_than_500_mb": "slow",
    "tests/verify/test_verify.py::TestOwnApplications": "models",
    "tests/verify/test_verify.py::TestTheBoundary": "models slow",
}


def markers_of(item: pytest.Function) -> set[str]:
    """Return the markers that a test's fixtures, code, parameters and file stand for."""
    found = {FIXTURES[name] for name in item.fixturenames if name in FIXTURES}
    for code in _codes(item):
        used = {*code.co_names, *code.co_freevars}
        found |= {marker for name, marker in NAMES.items() if name in used}
        found |= {marker for name, marker in FIXTURES.items() if name in code.co_consts}
    given = [getattr(item.cls, "member", None), *(item.callspec.params.values() if hasattr(item, "callspec") else ())]
    for value in given:
        if isinstance(value, str):
            found |= {table[value] for table in (MEMBERS, FIXTURES) if value in table}
        elif getattr(value, "__name__", "") in NAMES:
            found.add(NAMES[value.__name__])
    for place, markers in PLACES.items():
        if item.nodeid.startswith(place):
            found.update(markers.split())
    return found


def _codes(item: pytest.Function) -> Iterator[CodeType]:
    functions: list[Any] = [item.function]
    for name in item.fixturenames:
        functions += [definition.func for definition in item._fixtureinfo.name2fixturedefs.get(name, ())]
    for function in functions:
        code = getattr(function, "__code__", None)
        if code is not None and Path(code.co_filename).name != "members.py":
            yield code


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the markers on, before pytest chooses by them; files with slow tests come first.

    One that begins last, beside others that have ended, would be waited for.
    """
    for item in items:
        if isinstance(item, pytest.Function):
            for marker in sorted(markers_of(item)):
                item.add_marker(getattr(pytest.mark, marker))
    slow = {item.path for item in items if item.get_closest_marker("slow") is not None}
    items.sort(key=lambda item: item.path not in slow)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Refuse servers and browsers to tests that are not marked: no marker can be missing."""
    with pytest.MonkeyPatch.context() as patch:
        for marker, kind in (("servers", Server), ("browser", Browser)):
            if item.get_closest_marker(marker) is None:
                patch.setattr(kind, "__enter__", _refuse)
        return (yield)


def _refuse(unmarked: object) -> None:
    pytest.fail(f"{type(unmarked).__name__} is started by a test without its marker: see tests/support/markers.py")
