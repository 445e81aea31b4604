"""Pages whose Python is run: as one program or block by block, what they print, the contract suites they define."""

from __future__ import annotations

import contextlib
import inspect
import io
import os
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType
from typing import Any
from unittest.mock import patch

from lc_guard.testing import DetectorContract, ScannerContract, VaultContract

_BLOCK = re.compile(r"^( *)```python\n(.*?)^\1```$", flags=re.DOTALL | re.MULTILINE)
_EXPECTED = re.compile(r"# → (.*)$", flags=re.MULTILINE)
_CONTRACTS = (DetectorContract, ScannerContract, VaultContract)


def blocks(text: str) -> list[str]:
    """Return the Python blocks of a page or a docstring, without their indent."""
    return [textwrap.dedent(block) for _, block in _BLOCK.findall(text)]


def expected(block: str) -> list[str]:
    """Return the lines that a block says it prints: its comments ``# → ...``."""
    return _EXPECTED.findall(block)


def run(text: str, what: str, **given: object) -> dict[str, Any]:
    """Run the blocks of a page, one after the other as one program.

    Where a block has comments ``# → ...``, it must print these lines and no others.

    Args:
        text: The page.
        what: Its name, for tracebacks.
        given: Names that the blocks find set.

    Returns:
        The names that are set at the end.
    """
    module = ModuleType(re.sub(r"\W", "_", what))
    names = module.__dict__
    names.update(given)
    for number, block in enumerate(blocks(text)):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), patch.dict(os.environ):
            exec(compile(block, f"{what}, block {number}", "exec", dont_inherit=True), names)
        assert printed.getvalue().splitlines() == expected(block), f"{what}, block {number}:\n{block}"
    return names


def run_alone(block: str, what: str) -> None:
    """Run one block as somebody who pastes only this one: nothing of the blocks before is there.

    It must print the lines of its comments ``# → ...``, and no others.
    """
    printed = io.StringIO()
    module = ModuleType(re.sub(r"\W", "_", what))
    with contextlib.redirect_stdout(printed), patch.dict(os.environ):
        exec(compile(block, what, "exec", dont_inherit=True), module.__dict__)
    lines = printed.getvalue().splitlines()
    assert lines == expected(block), f"{what} printed {lines} for\n{block}"


def contracts(names: Mapping[str, Any]) -> dict[str, type]:
    """Return the contract suites that a page defines: name → class."""
    return {
        name: value
        for name, value in names.items()
        if inspect.isclass(value) and issubclass(value, _CONTRACTS) and value not in _CONTRACTS
    }


def rules(suite: type) -> Iterator[tuple[str, Callable[[], None]]]:
    """Give the rules of a contract suite, each bound to an instance of its own, as pytest would make it."""
    for name in dir(suite):
        if name.startswith("test_"):
            yield name, getattr(suite(), name)
