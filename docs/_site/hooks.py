"""What the site has beside the pages of docs/: the API reference, the changelog, and links that lead out of docs/.

MkDocs calls the functions ``on_...`` (https://www.mkdocs.org/user-guide/configuration/#hooks).
"""

from __future__ import annotations

import importlib
import json
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocs.plugins import event_priority
from mkdocs.structure.files import File, Files

_FOR_CONTRIBUTORS = ("design/", "changelog", "architecture", "threat-model")
ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
_FILE_WORDS = re.compile(r"\[[\w./-]*?([\w-]+)\.md\](?=\()")
_LINK = re.compile(r"(?<=\]\()(?!https?://|mailto:|#|/)([^)#\s]+)")
_CODE = re.compile(r"^( *)```.*?^\1```$|`(?:[^`\n]|\n(?!\n))+`", re.DOTALL | re.MULTILINE)
_COST = re.compile(r"<!-- (cost|ms): (\w+) -->")
_CHAIN = re.compile(r"^```mermaid\nflowchart TD\n(.+?)^```$", re.DOTALL | re.MULTILINE)
_TABLE = re.compile(r"<table>.*?</table>", re.DOTALL)
_NAME = re.compile(r"(?<=<code>)[^<]{12,}(?=</code>)")
_SHOWN = re.compile(r"^::: (lc_guard[\w.]+)$", re.MULTILINE)


@event_priority(100)  # before the navigation is made
def on_files(files: Files, config: Any) -> Files:
    """Add the pages that are made of the package and of the changelog."""
    pages = {"changelog.md": (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), **reference()}
    for name, text in pages.items():
        files.append(File.generated(config, name, content=text))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, **_: Any) -> str:
    """Let links that leave docs/ lead to the repository, and put in what a member costs."""
    source = page.file.src_uri
    if source.startswith(_FOR_CONTRIBUTORS):
        page.meta.setdefault("search", {"boost": 0.3})  # who searches a word wants the guide first
    folder = "" if source == "changelog.md" else posixpath.dirname(f"docs/{source}")

    def outside(link: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(folder, link[1]))
        if target.startswith("docs/") and Path(target).suffix:
            return posixpath.relpath(target, folder) if folder.startswith("docs") else target.removeprefix("docs/")
        return f"{config.extra['repository']}/{'tree' if (ROOT / target).is_dir() else 'blob'}/main/{target}"

    def prose(text: str) -> str:
        return _LINK.sub(outside, _FILE_WORDS.sub(lambda name: f"[{name[1].replace('-', ' ')}]", text))

    parts, end = [], 0
    for code in _CODE.finditer(markdown):
        parts += [prose(markdown[end : code.start()]), code[0]]
        end = code.end()
    text = "".join([*parts, prose(markdown[end:])])
    return _COST.sub(cost, _CHAIN.sub(boxes, text))


def on_page_content(html: str, **_: Any) -> str:
    """Say where long names in tables may break: between their parts, and nowhere else; no bar keeps its backslash."""
    return _TABLE.sub(lambda table: _NAME.sub(breakable, table[0].replace(r"\|", "|")), html)


def breakable(name: re.Match[str]) -> str:
    """Mark the places between the parts of a name or a path."""
    text = re.sub(r"[/,=(]|::", r"\g<0><wbr>", name[0])
    return re.sub(r"[^\s/<>]{18,}", lambda long: re.sub(r"[._]|(?<=[a-z])(?=[A-Z])", r"\g<0><wbr>", long[0]), text)


def boxes(diagram: re.Match[str]) -> str:
    """Draw a Mermaid flowchart that is one chain as boxes one under the other: no script of others is loaded."""
    drawn = "".join(f"<li>{text}</li>" for text in re.findall(r"\w\[\"(.+?)\"\]", diagram[1]))
    return f'<ol class="chain">{drawn}</ol>'


def cost(asked: re.Match[str]) -> str:
    """Say what a member costs, as `python -m benchmarks.members` measured it: in a sentence, or the number alone."""
    measured = json.loads((DOCS / "_site" / "costs.json").read_text(encoding="utf-8"))
    number = f"{measured['ms'][asked[2]]:g}"
    told = f"**Cost**: {number} ms of one core for 1,000 characters ({measured['told']}, two shared cores)."
    return told if asked[1] == "cost" else number


def reference() -> dict[str, str]:
    """Return the pages of the API reference by their paths: one for each public package."""
    shown = {name: path for path in DOCS.glob("*/*.md") for name in _SHOWN.findall(path.read_text(encoding="utf-8"))}
    pages, overview = {}, ["# API reference\n", "| package | what |", "|---|---|"]
    for package in packages():
        about = (importlib.import_module(package).__doc__ or "").strip()
        if "```" not in about:
            about = about.partition("\n\n")[0]  # what follows is of layers, for who works on the package
        overview.append(f"| [`{package}`]({package}.md) | {about.partition(chr(10))[0]} |")
        own, elsewhere = [], []
        for name in importlib.import_module(package).__all__:
            path = shown.get(f"{package}.{name}")
            if path is None:
                own.append(f"::: {package}.{name}\n")
            else:
                elsewhere.append(f"[{name}](../{path.relative_to(DOCS).as_posix()})")
        listed = ["On pages of their own: " + ", ".join(elsewhere) + ".\n"] if elsewhere else []
        pages[f"reference/{package}.md"] = "\n".join([f"# {package}\n", about, "", *listed, *own])
    return {"reference/index.md": "\n".join(overview) + "\n", **pages}


def packages() -> Iterator[str]:
    """Yield the packages with public names."""
    yield "lc_guard"
    for init in sorted((ROOT / "lc_guard").glob("[a-z]*/__init__.py")):
        package = f"lc_guard.{init.parent.name}"
        if getattr(importlib.import_module(package), "__all__", None):
            yield package
