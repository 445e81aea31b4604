"""``lc-guard doctor``: what it tells of an installation, and its exit status."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lc_guard import GuardMiddleware, ModelUnavailable
from lc_guard.cli import main
from lc_guard.testing import ExactDetector


@pytest.fixture(autouse=True)
def _light(monkeypatch: pytest.MonkeyPatch) -> None:
    """The default detector is tried by its own tests; here a light one stands in its place."""
    known = ExactDetector({"PERSON": ["Katherine Johnson"]})
    monkeypatch.setattr("lc_guard.detectors.default_detector", lambda: known)
    for variable in ("LANGFUSE_PUBLIC_KEY", "LANGSMITH_TRACING", "OPENAI_LOG"):
        monkeypatch.delenv(variable, raising=False)


def examined(capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any]]:
    status = main(["doctor", "--json"])
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return status, found


def test_a_healthy_installation(capsys: pytest.CaptureFixture[str]) -> None:
    status, found = examined(capsys)
    assert (status, found["healthy"], found["models"]) == (0, True, "loaded")
    assert {"langchain", "langchain-core", "langfuse"} <= {each["distribution"] for each in found["versions"]}
    assert all(each["passed"] for each in found["seams"])
    assert found["extras"]["openai"] is True
    assert found["inconsistencies"] == found["traps"] == found["warnings"] == []


def test_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    told = capsys.readouterr().out
    for words in ("GuardMiddleware", "langchain-core", "Python 3.", "every seam is whole"):
        assert words in told


def test_a_broken_seam(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for hook in ("wrap_model_call", "awrap_model_call"):
        monkeypatch.setattr(GuardMiddleware, hook, lambda self, request, handler: handler(request))
    status, found = examined(capsys)
    assert (status, found["healthy"]) == (1, False)
    assert {each["seam"] for each in found["seams"] if not each["passed"]} == {
        "GuardMiddleware",
        "GuardMiddleware (async)",
    }
    assert main(["doctor"]) == 1
    told = " ".join(capsys.readouterr().out.split())
    assert "FAIL" in told
    assert "invoke:" in told
    assert "not safe as it is" in told


@pytest.mark.parametrize(
    ("mask", "does_nothing", "seam"),
    [
        ("lc_guard.observability.span_mask.SpanMask.mask", lambda *_, **__: ({}, []), "mask_otel_spans"),
        ("lc_guard.langsmith.run_mask.RunMask.mask", lambda self, run, *args: run, "langsmith_client"),
    ],
)
def test_a_mask_that_hides_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], mask: str, does_nothing: Any, seam: str
) -> None:
    monkeypatch.setattr(mask, does_nothing)
    status, found = examined(capsys)
    assert status == 1
    broken = {each["seam"]: each["error"] for each in found["seams"] if not each["passed"]}
    assert seam in broken
    assert "the value was let through" in broken[seam]


def test_no_models(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def missing() -> None:
        raise ModelUnavailable("no weights that find names: pip install them")

    monkeypatch.setattr("lc_guard.detectors.default_detector", missing)
    status, found = examined(capsys)
    assert (status, found["models"]) == (1, "no weights that find names: pip install them")
    assert all(each["passed"] for each in found["seams"])
    assert main(["doctor"]) == 1
    assert "no weights that find names" in capsys.readouterr().out


def test_libraries_that_do_not_fit_together(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fault = "langchain 1.5.2 needs langgraph>=1.2, but 1.0.1 is installed: upgrade both together"
    monkeypatch.setattr("lc_guard._vendors.versions.inconsistencies", lambda: (fault,))
    status, found = examined(capsys)
    assert (status, found["inconsistencies"]) == (1, [fault])
    assert main(["doctor"]) == 1
    assert "upgrade both together" in " ".join(capsys.readouterr().out.split())


def test_traps(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest
) -> None:
    monkeypatch.setenv("OPENAI_LOG", "debug")
    status, found = examined(capsys)
    assert (status, [each["name"] for each in found["traps"]]) == (0, ["OPENAI_LOG"])
    request.getfixturevalue("langsmith_on")
    status, found = examined(capsys)
    assert (status, found["healthy"]) == (1, False)


def test_wrong_usage() -> None:
    with pytest.raises(SystemExit) as ended:
        main(["doctor", "everything"])
    assert ended.value.code == 2
