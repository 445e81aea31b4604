"""Every Python block of the README runs alone in a fresh process, prints what it says, and sends models no value."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.support.openai_server import OpenAIServer
from tests.support.pages import blocks, expected
from tests.support.received import PLACEHOLDER, found_in
from tests.test_guides import LOOKS_REAL, NOT_HIDDEN, VALUES

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PYTHON = blocks(README)
SITE = "https://lc-guard.github.io/lc-guard/"
REPOSITORY = "https://github.com/lc-guard/lc-guard/"
RAW = "https://raw.githubusercontent.com/lc-guard/lc-guard/main/"

# How often each block asks a model, and what it prints among other things.
ASKS = (1, 1, 2)
SHOWN = (
    "Ms. Jane O'Hara of 12 Elm Street, Springfield moved.\nWrite to jane.ohara@example.org.",
    "Ms. Jane O'Hara of 12 Elm Street, Springfield testified.\nHer e-mail is jane.ohara@example.org.",
    "Sean O'Brien: docket 22-CV-0417",
)


@pytest.mark.parametrize("number", range(len(ASKS)))
def test_the_examples_print_what_the_readme_says_and_send_no_value(number: int, tmp_path: Path) -> None:
    block, requests = tmp_path / "block.py", tmp_path / "requests.json"
    block.write_text(PYTHON[number], encoding="utf-8")
    words = ("LANGFUSE_", "LANGSMITH_", "LANGCHAIN_", "OPENAI_", "LC_GUARD_")
    env = {name: value for name, value in os.environ.items() if not name.startswith(words)}
    with OpenAIServer() as server:
        asks_openai = "import ChatOpenAI" in PYTHON[number]
        if asks_openai:
            env |= {"OPENAI_API_KEY": server.api_key, "OPENAI_BASE_URL": server.base_url}
        command = [sys.executable, "-m", "tests.support.fresh", str(block), str(requests)]
        ran = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=150, check=False)
        bodies = [body.decode() for body in server.raw]
    assert ran.returncode == 0, ran.stderr
    inside = json.loads(requests.read_text(encoding="utf-8"))
    assert len(bodies if asks_openai else inside) == ASKS[number]
    assert found_in(bodies + inside, VALUES) == []
    assert all(map(PLACEHOLDER.search, bodies + inside))
    assert SHOWN[number] in ran.stdout
    assert not expected(PYTHON[number]) or ran.stdout.splitlines() == expected(PYTHON[number])


def test_all_blocks_are_run_and_the_page_stays_short() -> None:
    assert len(PYTHON) == len(ASKS)
    assert len(README.splitlines()) < 250
    assert README.index("pip install") < README.index("```python") < 1_500


def test_whatever_looks_like_a_value_in_the_examples_is_looked_for() -> None:
    shown = {found for block in PYTHON for found in LOOKS_REAL.findall(block)}
    assert {found for found in shown if found not in VALUES} <= NOT_HIDDEN


def test_the_links_are_absolute_and_lead_somewhere() -> None:
    links = re.findall(r"(?:\]\(|src=\"|srcset=\")([^)\"]+)[)\"]", README)
    assert len(links) > 30
    assert [link for link in links if not link.startswith("https://")] == []
    for link in links:
        path = link.partition("#")[0]
        if path.startswith(SITE):
            made = path.removeprefix(SITE).rstrip("/")
            generated = made == "changelog" or made.startswith("reference")
            pages = [ROOT / f"docs/{made}.md", ROOT / f"docs/{made}/index.md"]
            assert generated or any(page.exists() for page in pages), link
        elif path.startswith((REPOSITORY, RAW)):
            inside = re.sub(r"^(?:tree|blob)/main/", "", path.removeprefix(REPOSITORY).removeprefix(RAW))
            assert (ROOT / inside).exists(), link
        else:
            assert path == "https://langfuse.com"


def test_the_addresses_are_those_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["urls"]["Documentation"] == SITE
    assert project["urls"]["Repository"] + "/" == REPOSITORY


def test_the_extras_exist() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    rows = re.findall(r"^\| (`.*?) \|", README, re.MULTILINE)
    named = {extra for row in rows for extra in re.findall(r"`([a-z-]+)`", row)}
    assert {"openai", "postgres", "llm-guard"} <= named <= set(extras)


def test_the_picture_is_drawn_anew_and_holds_nothing_of_the_machine() -> None:
    from docs._site.pictures import PICTURES

    for name, draw in PICTURES.items():
        picture = (ROOT / "docs/pictures" / name).read_text(encoding="utf-8")
        assert picture == draw(), "python -m docs._site.pictures"
        assert not re.search(r"/(?:root|home|tmp|work|opt)/", picture)
