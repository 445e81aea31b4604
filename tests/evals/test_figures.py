"""Each plot of a report alone: a picture that needs nothing around it, in a notebook and in a file."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from lc_guard.evals.monitoring_report import MonitoringReport
from tests.evals.test_monitoring_page import HOSTILE, hostile_report, report

OF_ALL = ("latency", "share", "actions")
OF_ONE = ("risk", "block_rate", "findings", "roc", "precision_recall", "calibration", "threshold")
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def whole() -> MonitoringReport:
    return report()


@pytest.mark.parametrize("name", [*OF_ALL, *OF_ONE])
def test_a_picture_of_its_own(name: str, whole: MonitoringReport, tmp_path: Path) -> None:
    figure = whole.figure(name, check="prompt.pii" if name in OF_ONE else None)
    picture = figure._repr_svg_()
    root = ET.fromstring(picture)
    assert (root.tag, root.get("width"), root.get("role")) == (f"{SVG}svg", "640", "img")
    assert root.get("aria-label")
    assert figure.title in {"".join(text.itertext()) for text in root.iter(f"{SVG}text")}
    assert any(root.iter(f"{SVG}{tag}") for tag in ("polyline", "circle", "rect"))
    # nothing of the page is needed, and nothing reaches the notebook around it
    assert "var(" not in picture
    assert not re.search(r"<script|@import|url\(|href", picture)
    for rule in re.findall(r"([^{}]+)\{", root.find(f"{SVG}style").text or ""):
        assert all(part.startswith(".lc-guard-figure ") for part in rule.split(","))
    file = tmp_path / "figure.svg"
    figure.save(file, width=300)
    assert 'width="300"' in file.read_text(encoding="utf-8")
    assert repr(figure) == f"Figure({figure.title!r})"


def test_a_hostile_report_makes_no_hostile_picture() -> None:
    hostile = hostile_report()
    names = [(name, None) for name in OF_ALL] + [(name, each.name) for name in OF_ONE for each in hostile.checks]
    for name, check in names:
        picture = hostile.figure(name, check=check).to_svg()
        picture.encode()
        root = ET.fromstring(picture)
        tags = {node.tag.removeprefix(SVG) for node in root.iter()}
        assert tags <= {"svg", "style", "rect", "text", "g", "line", "title", "polyline", "polygon", "circle"}
        assert not any(key.startswith("on") for node in root.iter() for key in node.attrib)
    assert HOSTILE[0] in hostile.figure("risk", check=HOSTILE[0]).title


def test_what_can_not_be_drawn_is_said(whole: MonitoringReport) -> None:
    with pytest.raises(ValueError, match="no figure 'pie'; there are 'latency', 'share'"):
        whole.figure("pie")
    with pytest.raises(ValueError, match="say check="):
        whole.figure("risk")
    with pytest.raises(KeyError, match="no check"):
        whole.figure("risk", check="prompt.x")
    with pytest.raises(ValueError, match="needs annotations"):
        report(50, annotated=0).figure("roc", check="prompt.pii")
    with pytest.raises(ValueError, match="200 or more"):
        whole.figure("share").to_svg(width=10)
