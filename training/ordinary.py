"""Ordinary sentences without names, of languages that have no corpus: the translations of Django and JupyterLab."""

from __future__ import annotations

import gettext
import importlib.util
from functools import cache
from pathlib import Path

PACKAGES = {
    "it": ("django", "jupyterlab_language_pack_it_IT"),
    "pl": ("django", "jupyterlab_language_pack_pl_PL"),
}
"""Language → packages that ship translations (BSD-3-Clause)."""


@cache
def ordinary(lang: str) -> tuple[str, ...]:
    """Return the translated sentences of a language, without those that hold variables or markup.

    Args:
        lang: A key of `PACKAGES`; others have none.
    """
    found: set[str] = set()
    for package in PACKAGES.get(lang, ()):
        spec = importlib.util.find_spec(package)
        if spec is None or spec.origin is None:
            raise SystemExit(f"training needs the package {package}: see training/requirements.txt")
        for path in Path(spec.origin).parent.rglob("*.mo"):
            if path.parts[-3].split("_")[0] == lang:
                with path.open("rb") as file:
                    found |= {str(text) for text in gettext.GNUTranslations(file)._catalog.values()}  # noqa: SLF001
    return tuple(sorted(" ".join(t.split()) for t in found if len(t.split()) > 3 and not set(t) & set("%{}<>_@\\")))
