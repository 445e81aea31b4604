"""The mutants can all be placed: whoever moves or changes a seam keeps its mutants up."""

from __future__ import annotations

from tests.mutants.mutants import MUTANTS, Mutant
from tests.mutants.run import ROOT, misplaced, put_in


def test_each_mutant_has_its_place():
    assert len(MUTANTS) >= 24
    assert len({(mutant.seam, mutant.fault) for mutant in MUTANTS}) == len(MUTANTS)
    assert list(misplaced(MUTANTS)) == []


def test_the_tests_that_are_to_notice_exist():
    for test in (test for mutant in MUTANTS for test in mutant.tests):
        path, *names = test.split("[")[0].split("::")
        text = (ROOT / path).read_text(encoding="utf-8")
        assert all(f"def {name}(" in text or f"class {name}(" in text for name in names), test


def test_a_snippet_that_is_gone_is_told():
    gone = Mutant("seam", "fault", "lc_guard/errors.py", "stands nowhere", "", ())
    assert list(misplaced([gone])) == ["lc_guard/errors.py: seam, fault: the snippet stands there 0 times"]
    moved = Mutant("seam", "fault", "lc_guard/no_such_file.py", "x", "", ())
    assert list(misplaced([moved])) == ["lc_guard/no_such_file.py: seam, fault: the snippet stands there 0 times"]


def test_a_mutant_is_taken_out_again(tmp_path):
    (tmp_path / "code.py").write_text("return hidden\n", encoding="utf-8")
    with put_in(Mutant("seam", "fault", "code.py", "hidden", "text", ()), tmp_path):
        assert (tmp_path / "code.py").read_text(encoding="utf-8") == "return text\n"
    assert (tmp_path / "code.py").read_text(encoding="utf-8") == "return hidden\n"
