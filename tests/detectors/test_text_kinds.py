"""What the texts are, said by the user: ``default_detector(text="logs")``."""

from typing import get_args

import pytest

from lc_guard import Guard
from lc_guard.detectors import default_detector
from lc_guard.detectors.surroundings import TextKind
from lc_guard.errors import GuardError

NAMES = ["Amina Yusuf", "Piotr Zielinski", "Harriet Winslow"]


@pytest.fixture(scope="module", params=get_args(TextKind))
def detector(request):
    made = default_detector(text=request.param)
    made.warm_up()
    return made


def hidden(detector, text):
    return [text[entity.start : entity.end] for entity in detector.detect(text)]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "text",
    [
        "2026-05-01 10:00:00 INFO login of {} succeeded",
        "# reviewed by {}\ntotal = price * 2",
        "The Borrower, {}, shall pay the Lender.",
        "Patient {} was seen for edema.",
        "hi, this is {} again",
    ],
)
def test_people_are_hidden_whatever_the_text_is(detector, text, name):
    assert name in " ".join(hidden(detector, text.format(name)))


@pytest.mark.parametrize(
    ("kind", "text", "kept"),
    [
        ("logs", "2026-05-01 10:00:00,233 ERROR [main] Timeout on port 8443, pid 4412", "2026-05-01 10:00:00"),
        ("logs", "[2026-05-01 10:00:00] worker restarted", "2026-05-01 10:00:00"),
        ("code", "let cache: Vec<Basket> = Vec::new();", "Vec<Basket> = Vec::new()"),
        ("legal", "Interest accrues until the Maturity Date or Event of Default.", "the Maturity Date"),
        ("clinical", "Romberg negative. CBC, BMP and LFT normal.", "CBC, BMP and LFT"),
    ],
)
def test_what_is_ordinary_in_such_a_text_stays(kind, text, kept):
    out = Guard(detectors=[default_detector(text=kind)]).session("t").anonymize(text)
    assert kept in out


def test_a_date_that_a_log_tells_of_is_hidden():
    assert "3 May 1984" in hidden(default_detector(text="logs"), "INFO patient born on 3 May 1984 was admitted")


@pytest.mark.parametrize("text", ["", "log", "CODE", None])
def test_an_unknown_kind_is_refused_and_the_known_ones_are_named(text):
    with pytest.raises(GuardError, match="'chat', 'code', 'logs', 'legal', 'clinical'"):
        default_detector(text=text)


def test_sources_keep_their_names_for_the_latency():
    names = {source.name for source in default_detector(text="code").detectors}
    assert names == {source.name for source in default_detector().detectors}
