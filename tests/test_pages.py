"""The pages for contributors: what they point to is there, and the commit hooks are ones that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PAGES = ["CONTRIBUTING.md", "SECURITY.md", "docs/glossary.md", "docs/design/layout.md"]
MOVED = (ROOT / "lc_guard/_engine/pipeline.py").exists() and (ROOT / "lc_guard/langchain").is_dir()
if MOVED:  # docs/architecture.md is written for the layout of docs/design/layout.md
    PAGES.append("docs/architecture.md")
HOOKS = {
    "https://github.com/pre-commit/pre-commit-hooks": {"check-merge-conflict", "check-toml", "end-of-file-fixer"},
    "https://github.com/astral-sh/ruff-pre-commit": {"ruff-check", "ruff-format"},
    "https://github.com/codespell-project/codespell": {"codespell"},
}


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?://|#)([^)#]+)", text):
        assert ((ROOT / page).parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES)
def test_tests_that_are_named_are_there(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    for target in re.findall(r"`(tests/[\w./-]+\.\w+)`", text):
        assert (ROOT / target).exists(), target


def test_every_module_of_the_architecture_page_is_there() -> None:
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?!tests/)[a-z_]+(?:/[a-z_]+)*(?:\.py|/))`", page))
    assert len(named) > 50
    missing = sorted(each for each in named if not (ROOT / "lc_guard" / each).exists())
    assert missing == [] or not MOVED


def test_a_word_has_one_meaning_in_the_glossary() -> None:
    page = (ROOT / "docs/glossary.md").read_text(encoding="utf-8")
    words = [word.strip() for row in re.findall(r"^\| (\*\*.+?\*\*)", page, re.M) for word in row.strip("*").split(",")]
    assert len(words) > 50
    assert sorted({word for word in words if words.count(word) > 1}) == []


def test_commit_hooks_are_known_and_pinned() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    hooks = {repo["repo"]: [hook["id"] for hook in repo["hooks"]] for repo in config["repos"]}
    assert {repo: set(ids) for repo, ids in hooks.items()} == HOOKS
    assert all(len(ids) == len(set(ids)) for ids in hooks.values())
    assert all(re.fullmatch(r"v\d+\.\d+\.\d+", repo["rev"]) for repo in config["repos"])
    for repo in config["repos"]:
        for hook in repo["hooks"]:
            assert re.compile(hook.get("exclude", "^$"))
