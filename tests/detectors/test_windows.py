"""Long and awkward texts: windows cover everything, never cut a word, keep offsets."""

import threading
from contextvars import copy_context
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lc_guard._progress import REPORT
from lc_guard.detectors import RampartDetector, SpacyDetector
from lc_guard.detectors.parallel import at_once
from lc_guard.detectors.windows import readable, windows


@given(st.text(max_size=300))
def test_readable_keeps_every_offset(text):
    assert len(readable(text)) == len(text)
    readable(text).encode()


@given(st.text(alphabet="ab \n", max_size=800), st.integers(20, 120))
def test_windows_cover_the_text(text, size):
    found = windows(text, size=size, overlap=size // 5)
    covered = {i for start, end in found for i in range(start, end)}
    assert covered == set(range(len(text)))
    assert all(a.start < b.start and a.end < b.end for a, b in pairwise(found))
    assert all(end - start <= size + 512 for start, end in found)


@given(st.lists(st.text(alphabet="abc", min_size=1, max_size=8), min_size=1, max_size=200))
def test_no_word_is_cut(words):
    text = " ".join(words)
    for start, end in windows(text, size=64, overlap=16):
        assert start == 0 or text[start - 1] == " "
        assert end == len(text) or text[end - 1] == " "


@pytest.mark.parametrize("text", ["a" * 100_000, "a." * 50_000, "1" * 100_000])
def test_an_endless_word_is_cut_into_bounded_windows(text):
    found = windows(text, size=4_000, overlap=300)
    assert found[0].start == 0
    assert found[-1].end == len(text)
    assert max(end - start for start, end in found) <= 1_024


def test_a_wrapped_name_reads_as_one_and_a_list_of_names_as_many():
    assert readable("Dr. Emily\nClark said") == "Dr. Emily Clark said"
    assert readable("John Smith\nMary Jones") == "John Smith\nMary Jones"
    assert readable("a\n\nb") == "a\n\nb"
    assert readable("Jane\u00a0O’Brien") == "Jane O'Brien"


def test_a_name_between_letters_of_a_script_without_blanks_reads_as_a_word():
    assert readable("联系Emily Clark先生") == "联 Emily Clark 生"
    assert readable("\x1b[1;31mEmily Clark\x1b[0m") == "       Emily Clark    "


NAMES = [
    f"{first} {last} met {last} in Oslo on Monday."
    for first in ("Jane", "Otto", "Ines")
    for last in ("Doe", "Frost", "Kent", "Lund", "Marsh", "North")
]


def reported(call, *, left_after=None):
    """Call something as a guard does; gives its answer and how often it said that a part was done."""
    parts = []

    def report():
        parts.append(threading.get_ident())
        if left_after is not None and len(parts) >= left_after:
            raise TimeoutError

    def called():
        REPORT.set(report)
        return call()

    return copy_context().run(called), parts


class TestParts:
    def test_batches_find_what_all_windows_together_find(self, monkeypatch):
        detector = SpacyDetector()
        found, parts = reported(lambda: detector.detect_batch(NAMES))
        assert len(parts) >= 2 + 2 * len(NAMES)
        monkeypatch.setattr(SpacyDetector, "_batch", None)
        assert detector.detect_batch(NAMES) == found
        assert all(found)

    def test_each_window_of_a_model_is_one_in_whatever_thread(self):
        _, parts = reported(lambda: RampartDetector().detect_batch(NAMES))
        assert len(parts) >= len(NAMES) + 2

    def test_nothing_is_begun_for_nobody(self):
        begun = []
        with pytest.raises(TimeoutError):
            reported(lambda: at_once(begun.append, range(1_000), threads=3, name="x"), left_after=5)
        assert len(begun) < 20

    def test_a_short_text_goes_before_the_rest_of_a_long_one(self):
        detector = SpacyDetector()
        detector.warm_up()
        begun, ended = threading.Event(), []

        def long():
            REPORT.set(begun.set)
            detector.detect_batch(NAMES * 12)
            ended.append("long")

        thread = threading.Thread(target=long)
        thread.start()
        assert begun.wait(20)
        detector.detect("Jane Doe")
        ended.append("short")
        thread.join(20)
        assert ended == ["short", "long"]
