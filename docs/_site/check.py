"""Follows every link of the built site: ``python -m docs._site.check FOLDER``.

Each leads to a page and a place in it that are there; nothing is loaded from elsewhere; the search knows each page.
"""

from __future__ import annotations

import json
import posixpath
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

_LOADS = {"script": "src", "img": "src", "iframe": "src", "source": "src"}
_LINKED = {"stylesheet", "icon", "preload", "preconnect", "dns-prefetch", "manifest"}


class Page(HTMLParser):
    """What a page links to, loads, and can be linked to at.

    Attributes:
        links: Targets of its links, as written.
        loaded: What a browser fetches for it, as written.
        places: Ids in it.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.places: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        given = {name: value for name, value in attrs if value is not None}
        self.places.update(given[name] for name in ("id", "name") if name in given)
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif tag == "link" and "href" in given and _LINKED & set(given.get("rel", "").split()):
            self.loaded.append(given["href"])
        elif tag in _LOADS and _LOADS[tag] in given:
            self.loaded.append(given[_LOADS[tag]])


def faults(folder: Path) -> list[str]:
    """Return what is wrong with a built site, a line each."""
    pages = {
        path.relative_to(folder).as_posix(): Page(path.read_text(encoding="utf-8")) for path in folder.rglob("*.html")
    }
    pages.pop("404.html", None)  # it is shown at any address: its links begin at the root of the host
    found = []
    for name, page in sorted(pages.items()):
        found += [f"{name} loads {each}" for each in page.loaded if urlsplit(each).netloc]
        for link in [*page.links, *page.loaded]:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            near = posixpath.join(posixpath.dirname(name), unquote(parts.path)) if parts.path else name
            target = posixpath.normpath(near)
            if (folder / target).is_dir():
                target = posixpath.normpath(f"{target}/index.html")
            if not (folder / target).is_file():
                found.append(f"{name} links to {link}, which is not there")
            elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].places:
                found.append(f"{name} links to {link}: the page has no such place")
    index = json.loads((folder / "search/search_index.json").read_text(encoding="utf-8"))
    known = {each["location"].partition("#")[0] for each in index["docs"]}
    found += [f"the search does not know {name}" for name in pages if name.removesuffix("index.html") not in known]
    return found


if __name__ == "__main__":
    told = faults(Path(sys.argv[1]))
    print(
        "\n".join(told) or "every link leads somewhere, nothing is loaded from elsewhere, the search knows every page"
    )
    sys.exit(bool(told))
