"""Software that a text shows to be software."""

from __future__ import annotations

import pytest

from lc_guard import Entity
from lc_guard.detectors import default_detector
from lc_guard.detectors.plausible import plausible
from lc_guard.detectors.software_names import shown_software


def stands(text: str, value: str, kind: str = "PERSON") -> bool:
    start = text.index(value)
    return bool(plausible(text, [Entity(kind, start, start + len(value), 0.9)]))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Zubrit compresses tables.\n\n    pip install --upgrade zubrit", "Zubrit"),
        ("Zubrit compresses tables: npm install zubrit", "Zubrit"),
        ("Use Zubrit:\n\nimport zubrit\n", "Zubrit"),
        ("Use Zubrit:\n\nimport zubrit.core as z, sys\n", "Zubrit"),
        (">>> from zubrit.core import Zubritter\n\nA Zubritter is safe for threads", "Zubritter"),
        ("from .core import (\n    Apron,\n    Zubrit,\n)\n\ndef of(zubrit: Zubrit): ...", "Zubrit"),
        ("from core import Apron, Zubrit as Z\n\n# what a Zubrit does", "Zubrit"),
        ("class Zubrit(Enum):\n    A = 0\n\nZubrit.A", "Zubrit"),
        ("Zubrit (https://github.com/acme/zubrit) compresses tables", "Zubrit"),
        ("[Zubrit](https://pypi.org/project/zubrit/) compresses tables", "Zubrit"),
        ("Zubrit, see https://zubrit.readthedocs.io/", "Zubrit"),
    ],
)
def test_it_is_installed_imported_or_linked(text: str, name: str) -> None:
    assert not stands(text, name)
    assert stands("Zubrit asked for the file", "Zubrit")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Okafor (https://github.com/okafor/tables) asked for the file", "Okafor"),
        ("Okafor (https://github.com/okafor/okafor) asked for the file", "Okafor"),
        ("Okafor (https://github.com/Okafor/okafor.git) asked for the file", "Okafor"),
        ("Harriet wrote it: pip install harriet", "Harriet"),
        ("Mr Zubrit wrote it", "Zubrit"),
        ("to do:\nimport Okafor's contacts\ncall Okafor", "Okafor"),
        ("to do:\nimport Okafor contacts first", "Okafor"),
        ("okafor:all good", "okafor"),
        ("Jane Zubrit asked: pip install zubrit", "Jane Zubrit"),
    ],
)
def test_persons_stay_hidden(text: str, name: str) -> None:
    assert stands(text, name)


@pytest.mark.parametrize(
    ("value", "kind", "hidden"),
    [
        ("Scores API v3", "PERSON", False),
        ("URIs", "PERSON", False),
        ("pathlib.Path", "PERSON", False),
        ("jane.doe", "PERSON", True),
        ("A*B - B*A", "ORGANIZATION", False),
        ("Olmo2Config", "GOVERNMENT_ID", False),
        ("W84213B", "DRIVERS_LICENSE", True),
        ("252.38-1", "DRIVERS_LICENSE", False),
        ("123.456.789-01", "GOVERNMENT_ID", True),
        ("12.345.678-9", "TAX_ID", True),
        ("AUTHORS.md", "ORGANIZATION", False),
        ("test_sample.py", "LOCATION", False),
        ("jane_hollister.md", "PERSON", True),
    ],
)
def test_interfaces_members_of_modules_and_files(value: str, kind: str, hidden: bool) -> None:
    assert stands(f"see {value} for it", value, kind) is hidden


def test_the_words_of_a_guess_that_falls_are_no_surnames() -> None:
    text = "Jupyter Client is a part of it. The Jupyter project began in 2014."
    again = text.index("Jupyter project")
    assert not plausible(text, [Entity("PERSON", 0, 14, 0.9), Entity("PERSON", again, again + 7, 0.9)])


def test_a_text_without_a_sign_of_it_shows_none() -> None:
    assert shown_software("Zubrit asked Okafor to import tea") == frozenset()


def test_links_of_markdown_end_where_they_end() -> None:
    text = (
        "[![build](https://a.example.org/b.svg?token=yenl5fzxxr)](https://c.example.org/d) [x](https://e.example.org)"
    )
    found = {text[entity.start : entity.end] for entity in default_detector(languages=["en"]).detect(text)}
    assert found == {
        "https://a.example.org/b.svg?token=yenl5fzxxr",
        "https://c.example.org/d",
        "https://e.example.org",
    }


@pytest.mark.parametrize("value", ["s3", "v2"])
def test_two_characters_are_no_licence(value: str) -> None:
    text = f"License: MIT. Driver: {value}://bucket/license"
    assert all(entity.kind != "US_DRIVER_LICENSE" for entity in default_detector(languages=["en"]).detect(text))


LINES = [
    "2025-06-24 14:36:29 install libgdbm-compat4:amd64 <none> 1.23-3",
    "Install: xauth:amd64 (1:1.1.2-1, automatic), librtmp1:amd64 (2.4+20151223.gitfa8646d.1-2+b2, automatic)",
    "tmpfs on /dev/shm type tmpfs (rw,relatime,size=24684084k)",
    "cgroup on /sys/fs/cgroup/cpu type cgroup (rw,relatime,cpu)",
    "daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin",
    "      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683  # v4.2.2",
    "E   assert (14980.864906163 - 14973.718517861) < 6",
]


@pytest.mark.parametrize("line", LINES)
def test_lines_of_packages_mounts_accounts_and_actions(line: str) -> None:
    around = "\n".join(LINES)
    found = [around[entity.start : entity.end] for entity in default_detector(languages=["en"]).detect(around)]
    assert [value for value in found if value in line and not value.startswith("2025-06-24")] == []
