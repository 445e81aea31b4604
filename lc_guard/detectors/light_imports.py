"""spaCy without torch: its numeric library imports torch wherever that is installed, for layers that we never load."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import threading
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

# With one of these installed, the user's own pipelines may have layers in torch.
_NEED_TORCH = ("spacy_transformers", "spacy_curated_transformers", "curated_transformers", "spacy_llm")

_IMPORTING = threading.RLock()


class _NoTorch:
    """An import hook that hides torch from one thread; others may import it meanwhile."""

    def __init__(self) -> None:
        self._thread = threading.get_ident()

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Refuse torch, know nothing of all else."""
        if fullname == "torch" and threading.get_ident() == self._thread:
            raise ModuleNotFoundError("torch is hidden while thinc is imported", name="torch")
        return None


def import_alone(*names: str) -> None:
    """Import modules while no other thread imports any through here.

    Packages whose modules import each other break when two threads come to them first at the same time; so do NumPy's.

    Args:
        names: Of modules.
    """
    with _IMPORTING:
        for name in names:
            importlib.import_module(name)


def import_spacy() -> None:
    """Import spaCy as `import_alone` does, without torch."""
    with _IMPORTING:
        import_thinc()
        import_alone("spacy")


def import_thinc() -> None:
    """Import thinc, spaCy's numeric library, without torch: that saves a second and about 180 MB.

    thinc asks once, at its import, whether there is torch, and has no switch. Torch is hidden for that one import; it
    can be imported before and afterwards as ever. Only spaCy pipelines with layers in torch would miss it, so nothing
    is hidden where a package for such pipelines is installed, nor where thinc or torch is imported already: who has
    torch layers of his own in a pipeline imports torch first.
    """
    if "thinc" in sys.modules or "torch" in sys.modules or any(map(importlib.util.find_spec, _NEED_TORCH)):
        return
    hook = _NoTorch()
    sys.meta_path.insert(0, hook)
    try:
        importlib.import_module("thinc.compat")
    finally:
        sys.meta_path.remove(hook)
