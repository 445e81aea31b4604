"""The forms of a report: a table, a picture, a page that needs nothing and believes nothing."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest

from lc_guard.evals import BadLine, Case, Counts, DetectorReport, Latency, Mention, Miss, Report, evaluate
from lc_guard.evals.render.style import decimal, milliseconds
from lc_guard.records import Entity

EVIL = "<script>alert(1)</script>"


class Nothing:
    name = EVIL

    def detect(self, text):
        return [Entity("PERSON", 0, 2)]


@pytest.fixture
def evil():
    case = Case(f"id{EVIL}", f"Jo said {EVIL}", (Mention(8, 33, EVIL, "DIRECT"), Mention(0, 2, "PER")))
    report = evaluate([case], {EVIL: Nothing(), "absent": Nothing()}, show_values=True)
    absent = DetectorReport("absent", unavailable=f"get {EVIL}")
    return replace(report, detectors=(report.detectors[0], absent), bad_lines=(BadLine(2, EVIL),))


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open = []
        self.seen = set()
        self.attributes = set()

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in ("meta", "rect", "line", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen.add(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_escapes_everything_and_loads_nothing(evil):
    page = evil.to_html(title=EVIL)
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 6
    tags = Tags()
    tags.feed(page)
    tags.close()
    assert tags.open == []
    assert tags.seen.isdisjoint({"script", "link", "img", "iframe", "object", "base", "form", "a"})
    assert not any(name.startswith("on") or name in ("href", "src") for name in tags.attributes)
    assert "url(" not in page
    assert "@import" not in page
    # the only address is the name of SVG's namespace
    assert set(re.findall(r"https?://[^\"'<\s]+", page)) == {"http://www.w3.org/2000/svg"}
    assert 'name="viewport"' in page
    page.encode()


def test_the_picture_is_well_formed(evil):
    picture = ET.fromstring(evil.to_svg())
    assert picture.tag == "{http://www.w3.org/2000/svg}svg"
    bars = [float(rect.get("width").rstrip("%")) for rect in picture.iter() if (rect.get("width") or "").endswith("%")]
    assert bars
    assert all(0 <= width <= 100 for width in bars)
    told = "".join(picture.itertext())
    assert "All PII" in told
    assert "absent" not in told


def test_the_table_has_no_markup_and_no_control_characters():
    case = Case("[bold]id[/]", "Jo\x1b[31m\n", (Mention(0, 8, "[red]X", "QUASI"),))
    table = evaluate([case], {"[link]d": Nothing()}, show_values=True).as_table(width=120)
    for told in ("[bold]id[/]", "[red]X", "[link]d", r"'Jo\x1b[31m\n'"):
        assert told in table
    assert "\x1b" not in table


@pytest.mark.parametrize("width", [60, 80, 100, 200])
def test_the_table_keeps_to_its_width(evil, width):
    assert max(map(len, evil.as_table(width=width).splitlines())) <= width


def test_many_bad_lines_are_counted():
    report = Report(1, 2, 0, (DetectorReport("d"),), tuple(BadLine(n, "not JSON") for n in range(1, 31)))
    table = report.as_table()
    assert "30 bad lines left out" in table
    assert "line 10: not JSON" in table
    assert "line 11" not in table
    assert "and 20 more" in table
    assert "line 30: not JSON" in report.to_html()


def test_lone_surrogates_do_not_break_the_page_or_the_json():
    miss = Miss("a", 0, 1, "PER", None, 1, "\ud800")
    report = Report(1, 1, 1, (DetectorReport("d", Counts("ALL", 1), missed=1, worst=(miss,)),))
    report.to_html().encode()
    report.to_json().encode()


def test_numbers_are_not_made_better_than_they_are():
    assert [decimal(value) for value in (None, 0.0, 0.5, 0.9996, 1.0)] == ["–", "0.000", "0.500", "0.999", "1.000"]
    assert [milliseconds(value) for value in (None, 0.123, 4.56, 1234.5)] == ["–", "0.12", "4.6", "1,234"]


def test_a_report_without_a_measured_detector_has_every_form():
    report = Report(3, 10, 2, (DetectorReport("d", unavailable="pip install it", latency=Latency()),))
    assert "d: not measured: pip install it" in report.as_table()
    assert "<svg" not in report.to_html()
    ET.fromstring(report.to_svg())
