"""Authors as scholars cite them."""

from __future__ import annotations

import pytest

from lc_guard.detectors.cited_names import cited


def authors(text: str) -> list[str]:
    return [text[entity.start : entity.end] for entity in cited(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("as shown (Okafor & Lindqvist, 2014).", ["Okafor", "Lindqvist"]),
        ("as shown (see also Okafor, Boot, & de Vries, 2014a, p. 3)", ["Okafor", "Boot", "de Vries"]),
        ("(Okafor 1994, 6; Ruse [1986] 1998, 253)", ["Okafor", "Ruse"]),
        ("Okafor et al. (2017) agree", ["Okafor"]),
        ("by Okafor and Lindqvist (2010), who", ["Okafor", "Lindqvist"]),
        (
            "Lindqvist, Sven. A Long Walk\nTwain, Mark. A Connecticut Yankee\nOkafor, J. (1999). On things",
            ["Lindqvist, Sven", "Twain, Mark", "Okafor, J."],
        ),
        ("[3] Okafor, N. B. “On things”", ["Okafor, N. B."]),
    ],
)
def test_authors_are_found_by_the_style_of_a_citation(text, expected):
    assert authors(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "The film Inception (2010) was great.",
        "We met (Spring, 2020) and again (June, 2021).",
        "Windows (2019) and Python (2020)",
        "Dallas, Texas. A nice town.",
        "Thanks, Anna. The report is fine.",
        "according to (WHO, 2020) and (OECD, 2021)",
        "",
    ],
)
def test_what_stands_before_a_year_may_be_something_else(text):
    assert authors(text) == []
