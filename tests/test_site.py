"""What the site is made of holds together: pages of members, costs, links, order; its checker finds faults."""

from __future__ import annotations

import importlib
import json
import re
from pathlib import Path

import pytest
import yaml

from benchmarks.members import COSTS, DETECTORS, SCANNERS
from docs._site.check import faults
from tests.support.pages import blocks

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
GENERATED = {"changelog.md"}
COLUMNS = 92  # docs/_site/site.css
# What a family has beside its members, and shows in the API reference.
NO_MEMBERS = {
    "detectors": {"Detector", "LanguageGate", "CaseFolded", "part_done"},
    "scanners": {"Scanner", "ScanRequest", "Turn", "Rule", "builtin_scanners", "builtin_output_scanners"},
}


@pytest.mark.parametrize("family", NO_MEMBERS)
def test_each_member_has_a_page_that_the_overview_names(family: str) -> None:
    members = set(importlib.import_module(f"lc_guard.{family}").__all__) - NO_MEMBERS[family]
    pages = {path: path.read_text(encoding="utf-8") for path in (DOCS / family).glob("*.md")}
    shown = {name: path for path, text in pages.items() for name in re.findall(rf"::: lc_guard.{family}.(\w+)", text)}
    assert set(shown) == members
    overview = pages[DOCS / family / "index.md"]
    assert [name for name, path in shown.items() if f"[{name}]({path.name})" not in overview] == []


def test_what_a_page_says_of_costs_was_measured() -> None:
    measured = json.loads(COSTS.read_text(encoding="utf-8"))["ms"]
    assert set(measured) == {*DETECTORS, *SCANNERS}
    asked = {name for page in PAGES for name in re.findall(r"<!-- (?:cost|ms): (\w+) -->", page.read_text())}
    assert asked == set(measured)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(DOCS).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\((?!https?://|mailto:|#)([^)#\s]+)", text):
        made = target.rpartition("/")[2] in GENERATED or "reference/" in target
        assert made or (page.parent / target).exists(), target


def test_lists_in_lists_stand_in_by_four_blanks() -> None:
    """Else Python-Markdown makes one list of both."""
    texts = {str(page): re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL) for page in PAGES}
    assert [name for name, text in texts.items() if re.search(r"^ {1,3}(?:[-*]|\d+\.) ", text, re.MULTILINE)] == []


@pytest.mark.parametrize(
    "page",
    [path for path in PAGES if path.parent.name not in ("design", "extending")],
    ids=lambda path: path.relative_to(DOCS).as_posix(),
)
def test_code_stands_whole_on_a_screen_of_1280_pixels(page: Path) -> None:
    """What is printed may be longer."""
    lines = [line for block in blocks(page.read_text(encoding="utf-8")) for line in block.splitlines()]
    assert [line for line in lines if len(line) > COLUMNS and not line.lstrip().startswith("# →")] == []


def test_the_order_of_pages_names_those_that_are_there() -> None:
    def named(item: object) -> list[str]:
        if isinstance(item, dict):
            return [] if "glob" in item else [name for value in item.values() for name in named(value)]
        return [name for each in item for name in named(each)] if isinstance(item, list) else [str(item)]

    for file in DOCS.rglob(".nav.yml"):
        for name in named(yaml.safe_load(file.read_text(encoding="utf-8"))["nav"]):
            made = name in GENERATED or name.startswith("reference")
            assert made or list(file.parent.glob(name)), f"{file}: {name}"


def test_the_checker_finds_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "search").mkdir()
    (tmp_path / "index.html").write_text(
        '<h1 id="top">x</h1><a href="a/#there">good</a><a href="a/#nowhere">bad place</a><a href="b/">bad page</a>'
        '<a href="https://example.org/">not followed</a><script src="https://cdn.example.org/x.js"></script>'
    )
    (tmp_path / "a/index.html").write_text('<p id="there"></p><img src="../picture.svg">')
    (tmp_path / "search/search_index.json").write_text(json.dumps({"docs": [{"location": ""}]}))
    assert faults(tmp_path) == [
        "a/index.html links to ../picture.svg, which is not there",
        "index.html loads https://cdn.example.org/x.js",
        "index.html links to a/#nowhere: the page has no such place",
        "index.html links to b/, which is not there",
        "the search does not know a/index.html",
    ]
    (tmp_path / "index.html").write_text('<h1 id="top">x</h1><a href="a/#there">good</a>')
    (tmp_path / "a/index.html").write_text('<p id="there"></p>')
    (tmp_path / "search/search_index.json").write_text(json.dumps({"docs": [{"location": ""}, {"location": "a/#x"}]}))
    assert faults(tmp_path) == []
