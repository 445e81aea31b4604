"""The report's page: escaped everywhere, whole in one file, and looked at in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from lc_guard.evals.monitoring import Monitor
from lc_guard.evals.monitoring_report import CheckHistory, Disagreement, MonitoringReport
from lc_guard.langfuse.rows import observation, score
from tests.support.browser import Browser
from tests.support.langfuse_traffic import DAY, Traffic

UNTIL = 20_700 * DAY
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</style><script>alert(1)</script>",
    "' onmouseover='alert(1)",
    "</title><svg onload=alert(1)>",
    "\ud800 lone \x00\x1b[31m",
    "&lt;b&gt;",
)


def report(traces: int = 400, *, annotated: float = 0.4, days: float = 7) -> MonitoringReport:
    traffic = Traffic(traces, until=UNTIL, days=days, annotated=annotated)
    scores = [score(row) for row in traffic.scores]
    rows = [observation(row) for row in traffic.observations]
    monitor = Monitor(
        UNTIL - days * DAY,
        UNTIL,
        annotations=[each for each in scores if each.source == "ANNOTATION"],
        source="https://langfuse.example",
        link=lambda project, trace, check: f"https://langfuse.example/project/{project}/traces/{trace}?o={check}",
    )
    for each in scores:
        if each.source == "API":
            monitor.add_score(each)
    for row in rows:
        if row.type == "GUARDRAIL":
            monitor.add_check(row)
    for row in rows:
        if row.type != "GUARDRAIL":
            monitor.add_trace(row)
    return monitor.report(passed_over={"a score of text": 3}, notes=["This machine's clock is behind."])


def hostile_report() -> MonitoringReport:
    """A report whose every word is an attack: more than `Monitor` lets in."""
    whole = report(150)
    checks = []
    for number, check in enumerate(whole.checks):
        words = HOSTILE[number]
        found = check.agreement
        assert found is not None
        disagreements = (
            Disagreement(words, words, 0.1, label=True, url="javascript:alert(1)"),
            Disagreement("t", None, 0.1, label=True, url=" jAvAsCrIpT:alert(1)"),
            Disagreement("t", None, 0.1, label=True, url="data:text/html,<script>alert(1)</script>"),
            Disagreement("t" * 400, "o", 0.1, label=False, url=f'https://x/"{words}'),
        )
        checks.append(
            replace(
                check,
                name=words,
                entities={**check.entities, **dict.fromkeys(HOSTILE, 2)},
                errors={**check.errors, **dict.fromkeys(HOSTILE, 1)},
                agreement=replace(found, disagreements=disagreements, too_few=words, best=None),
            )
        )
    return replace(
        whole,
        source=HOSTILE[0],
        checks=tuple(checks),
        actions={**whole.actions, **dict.fromkeys(HOSTILE, 3)},
        passed_over=dict.fromkeys(HOSTILE, 1),
        notes=HOSTILE,
    )


class Elements(HTMLParser):
    """The elements of a page, with their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with Browser() as running:
        yield running


def written(page: str, folder: Path) -> Path:
    file = folder / "report.html"
    file.write_text(page, encoding="utf-8")
    return file


@pytest.mark.parametrize("make", [report, hostile_report], ids=["usual", "hostile"])
def test_the_page_is_whole_and_holds_no_script(make: Any) -> None:
    page = make().to_html(title=HOSTILE[4])
    page.encode("utf-8")
    elements = Elements(page).found
    assert {"script", "link", "iframe", "img", "object", "form", "base"}.isdisjoint(tag for tag, _ in elements)
    for _, attributes in elements:
        assert not any(name.startswith("on") for name in attributes)
        assert not {"src", "action", "xlink:href"} & set(attributes)
        if "href" in attributes:
            assert attributes["href"].startswith("https://")
            assert attributes["rel"] == "noopener noreferrer"
    assert "url(" not in page.partition("</style>")[0]
    assert "@import" not in page
    assert re.search(r'http-equiv="Content-Security-Policy" content="default-src \'none\'', page)


def test_every_plot_says_what_it_shows() -> None:
    pictures = [attributes for tag, attributes in Elements(report().to_html()).found if tag == "svg"]
    labelled = [attributes["aria-label"] for attributes in pictures if attributes.get("role") == "img"]
    assert len(labelled) == len(set(labelled)) == 3 + 3 * 2 + 1 + 3 * 4
    assert all(labelled)


def test_a_page_without_anything() -> None:
    page = MonitoringReport(UNTIL - DAY, UNTIL, "https://langfuse.example", 3600).to_html()
    assert "No check&#x27;s score" in page
    assert "<svg" not in page


@pytest.mark.parametrize("annotated", [0.0, 0.03])
def test_a_page_with_few_annotations_says_so(annotated: float) -> None:
    page = report(200, annotated=annotated).to_html()
    assert ("No annotation speaks of this check." in page) == (annotated == 0)
    assert ("No threshold can be recommended: too few annotations" in page) == (annotated > 0)


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_in_a_browser(width: int, dark: bool, browser: Browser, tmp_path: Path) -> None:
    loaded = browser.open(written(report().to_html(), tmp_path), width=width, dark=dark)
    assert loaded.console == []
    assert [url.partition(":")[0] for url in loaded.requests] == ["file"]
    assert browser.run("document.documentElement.scrollWidth") <= width
    assert browser.run("window.innerWidth") == width
    drawn = browser.run(
        """[...document.querySelectorAll('svg[role=img]')].map(svg => {
             const box = svg.getBoundingClientRect();
             const shapes = [...svg.querySelectorAll('polyline,polygon,rect.bar,circle')];
             const seen = shapes.filter(s => { const b = s.getBoundingClientRect(); return b.width + b.height > 0 });
             return [svg.getAttribute('aria-label'), box.width, box.height, seen.length];
           })"""
    )
    assert len(drawn) == 22
    for label, wide, high, shapes in drawn:
        assert wide > 120, label
        assert high > 60, label
        assert shapes > 0, label
    assert browser.run(_UNREADABLE) == []


@pytest.mark.parametrize("width", [1280, 390])
def test_a_hostile_report_in_a_browser(width: int, browser: Browser, tmp_path: Path) -> None:
    page = hostile_report().to_html(title=HOSTILE[0])
    # also what the policy would stop must not be there to be stopped
    bare = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page)
    for text in (page, bare):
        loaded = browser.open(written(text, tmp_path), width=width)
        assert loaded.console == []
        assert len(loaded.requests) == 1
        assert browser.run("document.documentElement.scrollWidth") <= width
        assert browser.run("document.querySelectorAll('script,img,[onload],[onerror],[onmouseover]').length") == 0
        assert browser.run("[...document.links].every(a => a.protocol === 'https:')")
        assert browser.run("document.title") == HOSTILE[0]


def test_one_lonely_decision_in_a_browser(browser: Browser, tmp_path: Path) -> None:
    whole = report(1, annotated=0)
    check = whole.checks[0]
    lonely = [check, replace(check, name="prompt.none", risk=()), CheckHistory("output.empty")]
    loaded = browser.open(written(replace(whole, checks=tuple(lonely)).to_html(), tmp_path), width=390)
    assert loaded.console == []
    assert browser.run("document.documentElement.scrollWidth") <= 390
    assert "NaN" not in browser.run("document.documentElement.outerHTML")


_UNREADABLE = """
[...document.querySelectorAll('h1,h2,h3,p,td,th,summary,figcaption,small,strong,svg text,li,span')].flatMap(node => {
  const text = node.textContent.trim();
  const box = node.getBoundingClientRect();
  if (!text || (box.width === 0 && node.closest('details:not([open])'))) return [];
  const style = getComputedStyle(node);
  const size = parseFloat(style.fontSize);
  const light = colour => {
    const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3)
      .map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  let behind = node;
  while (behind && /rgba\\(0, 0, 0, 0\\)|transparent/.test(getComputedStyle(behind).backgroundColor))
    behind = behind.parentElement;
  const ink = light(node.ownerSVGElement ? style.fill : style.color);
  const paper = light(behind ? getComputedStyle(behind).backgroundColor : 'rgb(255,255,255)');
  const contrast = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
  const outside = !node.closest('.scroll') && (box.left < -1 || box.right > innerWidth + 1);
  return size < 11 || contrast < 4.5 || outside ? [[text.slice(0, 40), size, contrast, box.right]] : [];
})
"""
