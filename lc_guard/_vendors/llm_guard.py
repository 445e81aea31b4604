"""LLM Guard, or gorget which carries its import name: found without importing it, imported quietly."""

from __future__ import annotations

import ast
import contextlib
import importlib
import importlib.util
import logging
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lc_guard._forks import ForkLock
from lc_guard._vendors.presidio import blank_nlp_engine
from lc_guard._vendors.quiet_logs import silent
from lc_guard.errors import ModelUnavailable

ROOTS = frozenset({"llm_guard", "gorget"})
"""Top-level names of its modules: gorget's ``llm_guard`` only points to ``gorget``."""

_INPUT = "input_scanners"
_BUILDING = ForkLock()


def is_engine(kind: type) -> bool:
    """Return whether a class is LLM Guard's or gorget's, or derived from one of theirs."""
    return any(base.__module__.partition(".")[0] in ROOTS for base in kind.__mro__)


def installed() -> bool:
    """Return whether LLM Guard or gorget can be imported, without importing it."""
    return "llm_guard" in sys.modules or importlib.util.find_spec("llm_guard") is not None


@dataclass(frozen=True, slots=True)
class Signature:
    """What the constructor of a scanner takes: the keywords without a default, and all."""

    required: tuple[str, ...]
    keywords: tuple[str, ...]


def scanner_names(folder: str) -> Mapping[str, str]:
    """Return the module of each scanner in a folder, read from the engine's source: an import takes seconds."""
    tree = _parsed(folder, "__init__")
    return {
        alias.name: node.module
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module and node.module.rpartition(".")[2] != "util"
        for alias in node.names
    }


def signature(folder: str, module: str, name: str) -> Signature:
    """Return what the constructor of a folder's scanner takes, read from the installed engine's source."""
    for node in _parsed(folder, module).body:
        if isinstance(node, ast.ClassDef) and node.name == name:
            for item in node.body:
                if isinstance(item, ast.FunctionDef) and item.name == "__init__":
                    if item.args.kwarg and folder != _INPUT:
                        # It hands all on to its namesake for prompts.
                        return signature(_INPUT, module, name)
                    return _signature(item.args)
    return Signature((), ())


def _signature(arguments: ast.arguments) -> Signature:
    positional = [argument.arg for argument in arguments.args[1:]]
    required = positional[: len(positional) - len(arguments.defaults)]
    required += [
        argument.arg
        for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
        if default is None
    ]
    return Signature(tuple(required), (*positional, *(argument.arg for argument in arguments.kwonlyargs)))


def _parsed(folder: str, module: str) -> ast.Module:
    # gorget's llm_guard has no files of its own.
    for root in ("gorget", "llm_guard"):
        spec = importlib.util.find_spec(root)
        for place in (spec.submodule_search_locations or ()) if spec else ():
            path = Path(place, folder, f"{module}.py")
            if path.is_file():
                return ast.parse(path.read_bytes())
    return ast.Module(body=[], type_ignores=[])


def imported(name: str) -> Any:
    """Import a module of LLM Guard and make its loggers quiet, or raise ModelUnavailable."""
    try:
        module = importlib.import_module(name)
    except Exception as error:
        # An import of LLM Guard pulls in torch, transformers and NLTK: whatever breaks there, it can't be used.
        raise ModelUnavailable(
            f"llm_guard is installed but can't be imported ({type(error).__name__}): "
            "reinstall 'lc-guard[llm-guard]' or 'lc-guard[gorget]'"
        ) from error
    quiet_loggers()
    return module


class _Logger:
    """Silent where `quiet` names LLM Guard, as its warnings tell what it found; else the logger it stands for."""

    def __init__(self, logger: Any) -> None:
        self._logger = logger

    def __getattr__(self, name: str) -> Any:
        return _say_nothing if silent("llm_guard", logging.WARNING) else getattr(self._logger, name)


def _say_nothing(*_: Any, **__: Any) -> None:
    pass


class _StandardError:
    """Standard error as it is when something is written: what it was at an import may be closed by then."""

    def write(self, text: str) -> int:
        return 0 if sys.stderr is None else sys.stderr.write(text)

    def flush(self) -> None:
        if sys.stderr is not None:
            sys.stderr.flush()


def quiet_loggers() -> None:
    """Give LLM Guard's modules loggers that `quiet` silences; to be called after each import of more of them.

    Unconfigured, structlog prints every debug line, values included, to stdout: then they log warnings to stderr.
    Only the ``LOGGER`` of LLM Guard's own modules is replaced: structlog's and logging's settings stay as they are.
    """
    import structlog

    unset = None
    if not structlog.is_configured():
        stderr: Any = _StandardError()
        unset = structlog.wrap_logger(
            structlog.PrintLogger(stderr), wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING)
        )
    modules: list[tuple[str, Any]] = list(sys.modules.items())
    for name, module in modules:
        if name.partition(".")[0] in ROOTS and not isinstance(getattr(module, "LOGGER", _SILENT), _Logger):
            module.LOGGER = _Logger(unset or module.LOGGER)


_SILENT = _Logger(None)


@contextlib.contextmanager
def blank_engine() -> Iterator[None]:
    """Let LLM Guard build on an engine that only splits words: its own downloads spaCy packages for two languages.

    One thread at a time is in here: LLM Guard has no public way to give it an engine, its module is changed meanwhile.
    """
    module = imported("llm_guard.input_scanners.anonymize_helpers.analyzer")
    with _BUILDING:
        original = module._get_nlp_engine  # noqa: SLF001
        module._get_nlp_engine = blank_nlp_engine  # noqa: SLF001
        try:
            yield
        finally:
            module._get_nlp_engine = original  # noqa: SLF001
