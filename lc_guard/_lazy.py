"""Public names of a package that are loaded when they are first used."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from types import ModuleType
from typing import Any

from lc_guard.errors import GuardError, SeamBroken


def attach(
    package: str, homes: Mapping[str, Iterable[str]]
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Make the lazy names of a package; its ``__init__`` imports them once more for type checkers.

    ```python
    if TYPE_CHECKING:
        from lc_guard.vaults.memory import MemoryVault as MemoryVault

    __getattr__, __dir__, __all__ = attach(__name__, {"memory": ("MemoryVault",)})
    ```

    Args:
        package: The package's ``__name__``.
        homes: Names by the module of the package that defines them.

    Returns:
        The package's ``__getattr__``, ``__dir__`` and ``__all__``: constants first, each part in order of its names.
    """
    home_of = {name: home for home, names in homes.items() for name in names}
    public = sorted(home_of, key=lambda name: (not name.isupper(), name))

    def load(name: str) -> Any:
        if name not in home_of:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(_imported(package, home_of[name], name), name)
        setattr(sys.modules[package], name, value)  # the next use is a plain attribute
        return value

    return load, lambda: list(public), public


def _imported(package: str, home: str, name: str) -> ModuleType:
    """Import a module; where a library lacks a name that it imports, say so as SeamBroken: it is half upgraded, say."""
    try:
        return import_module(f"{package}.{home}")
    except ImportError as error:
        if isinstance(error, GuardError) or not error.name:
            raise
        library = error.name.partition(".")[0].replace("_", "-")
        raise SeamBroken(name, library, f"{error.msg}; is it half upgraded?") from error
