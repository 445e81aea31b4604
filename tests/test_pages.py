"""The pages for contributors: what they point to is there, and the commit hooks are ones that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PAGES = ["CONTRIBUTING.md", "SECURITY.md", "docs/glossary.md", "docs/design/layout.md", "docs/architecture.md"]
DESIGN = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").glob("**/*.md"))
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
    assert sorted(each for each in named if not (ROOT / "lc_guard" / each).exists()) == []


def test_modules_that_any_page_names_with_their_folder_are_there() -> None:
    folders = "|".join(path.name for path in (ROOT / "lc_guard").iterdir() if path.is_dir() and path.name[0] != ".")
    named = {
        (page, module)
        for page in DESIGN
        for module in re.findall(
            rf"`(?:lc_guard/)?((?:{folders})/[\w/]+\.py)`", (ROOT / page).read_text(encoding="utf-8")
        )
    }
    assert len(named) > 100
    assert sorted((page, module) for page, module in named if not (ROOT / "lc_guard" / module).exists()) == []


def test_a_word_of_the_glossary_was_another_one_before() -> None:
    rows = re.findall(
        r"^\| \*\*.+?\*\* \| (.+?) \| (.*?)\|$", (ROOT / "docs/glossary.md").read_text(encoding="utf-8"), re.M
    )
    assert len(rows) > 40
    names = re.compile(r"`(\w+)`")
    same = [set(names.findall(means)) & set(names.findall(before)) for means, before in rows]
    assert not any(same), same


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
