"""The promises of ``lc-guard verify``: each is broken by a fault of its field, and what is told holds no value.

All 31 faults that it is to see are in tests/mutants/verify_faults.py; `make verify-faults` tries each.
"""

from __future__ import annotations

import threading
from typing import Any

import pytest

from lc_guard.langchain.masked_tracer import _EventMask
from lc_guard.sessions import session_key
from lc_guard.verify.areas import documents, every_area, failures, sessions, tracers
from lc_guard.verify.promises import Area, PromiseBroken, prove, refusal, require
from lc_guard.verify.time_limit import within
from tests.mutants.run import misplaced
from tests.mutants.verify_faults import FAULTS


def _folded(session_id: Any, remedy: Any = None) -> str:
    return session_key(session_id, remedy).casefold()


def _as_told(self: Any, event: str, args: Any, kwargs: Any) -> Any:
    return args, kwargs


FEW: list[tuple[str, Any, Area]] = [
    ("lc_guard.guard.session_key", _folded, sessions.SESSION_IDS),
    ("lc_guard.langchain.document_marks._is_sealed", lambda *_: True, documents.TENANTS),
    ("lc_guard.langchain.masked_tracer._EventMask.arguments", _as_told, tracers.TRACERS),
    ("lc_guard.langchain.chat_model_call.without_refused", list, failures.REFUSALS),
]


@pytest.mark.parametrize(("name", "fault", "area"), FEW, ids=[area.name for *_, area in FEW])
def test_a_fault_breaks_a_promise(name: str, fault: Any, area: Area, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(name, fault)
    proved = prove(area)
    assert not proved.holds
    assert "Canary" not in "".join(proved.broken)
    monkeypatch.undo()
    assert _EventMask.arguments is not _as_told


def test_the_faults_have_their_places_and_are_31() -> None:
    assert len({(fault.seam, fault.fault) for fault in FAULTS}) == len(FAULTS) == 31
    assert list(misplaced(FAULTS)) == []


def test_every_promise_says_what_it_promises() -> None:
    areas = every_area()
    assert len({area.name for area in areas}) == len(areas)
    said = [promise.__doc__ for area in areas for promise in area.promises]
    assert len(said) == len(set(said)) >= 50
    assert all(text and text.splitlines()[0].endswith(".") for text in said)


def test_an_error_of_another_library_is_told_by_its_type_alone() -> None:
    def quotes() -> None:
        """It answers."""
        raise LookupError("Ada")

    assert prove(Area("a", (quotes,))).broken == ["It answers. Not so: it ended in LookupError"]


def test_what_never_ends_is_told() -> None:
    release = threading.Event()

    def hangs() -> None:
        """It ends."""
        release.wait(60)

    try:
        assert prove(Area("a", (hangs,)), seconds=0.05).broken == ["It ends. Not so: no end within 0.05 s"]
    finally:
        release.set()
    assert within(60, lambda: 7) == 7


def test_what_is_not_refused_is_told() -> None:
    with pytest.raises(PromiseBroken, match="here: it was not refused"):
        refusal(dict, "here")
    require(True, "nowhere")
