"""spaCy without its command line: a third of its import and 11 MB are for commands that nobody here calls.

spaCy imports ``spacy.cli`` for the one function `spacy.info`. While this package imports spaCy an empty module stands
there. Whoever asks for the command line afterwards gets it as ever, by ``import spacy.cli`` or ``spacy.cli.download``.
"""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

_COMMANDS, _INFO = "spacy.cli", "spacy.cli.info"


class _Left:
    """Gives one thread modules that import the real ones when something in them is used."""

    def __init__(self) -> None:
        self._thread = threading.get_ident()

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Know the command line, and nothing else."""
        if fullname not in (_COMMANDS, _INFO) or threading.get_ident() != self._thread:
            return None
        return ModuleSpec(fullname, self, is_package=fullname == _COMMANDS)  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> None:
        """Leave that to Python."""

    def exec_module(self, module: ModuleType) -> None:
        """Fill a module."""
        if module.__name__ == _INFO:
            module.info = _info  # type: ignore[attr-defined]
        else:
            module.__getattr__ = _of_commands  # type: ignore[method-assign]

    def forget(self) -> None:
        """Make room for the real ones."""
        sys.meta_path.remove(self)  # type: ignore[arg-type]
        for name in (_INFO, _COMMANDS):
            if getattr(sys.modules.get(name), "__loader__", None) is self:
                del sys.modules[name]


def _info(*args: Any, **kwargs: Any) -> Any:
    return importlib.import_module(_INFO).info(*args, **kwargs)


def _of_commands(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    return getattr(importlib.import_module(_COMMANDS), name)


@contextmanager
def commands_left_out() -> Iterator[None]:
    """Import spaCy without its command line within this block, if it is not imported yet."""
    if "spacy" in sys.modules:
        yield
        return
    left = _Left()
    sys.meta_path.insert(0, left)
    try:
        yield
    finally:
        left.forget()
