"""LLM Guard's scanners by name and with their own keywords: built when the first text comes, or in `warm_up`."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from lc_guard._forks import ForkLock
from lc_guard._vendors.llm_guard import Signature, installed, scanner_names, signature
from lc_guard.errors import GuardError, MissingExtra
from lc_guard.records import ScanResult, Stage
from lc_guard.scanners.base import Cost, ScanRequest, Sees
from lc_guard.scanners.llm_guard import AdaptedScanner, adapted, cost_of, needs_whole, stages_of
from lc_guard.scanners.llm_guard_loading import build, shown

Side = Literal["prompt", "output"]

_FOLDERS: Mapping[Side, str] = {"prompt": "input_scanners", "output": "output_scanners"}
_WITH_VAULT = {"Anonymize", "Deanonymize"}
_NO_RETRY_SECONDS = 30.0


class LLMGuardScanner:
    """A scanner of LLM Guard, or of gorget, by name: ``LLMGuardScanner("PromptInjection", threshold=0.9)``.

    Its import, which takes seconds, and its model wait for the first text, or for `warm_up`. A scanner that can't be
    loaded is an error at each text, and is tried again after half a minute.

    Args:
        scanner: Name of the class in ``llm_guard.input_scanners`` or ``llm_guard.output_scanners``.
        side: Which of the two, where both have it; None for the one of the guard's list that it stands in.
        name: Name of the check; None for the class's.
        stages: Where it judges; None for all that a model is given to read, or for the model's output.
        settings: The scanner's own keywords, checked against its signature. ``match_type`` is a string. ``model`` may
            be the path of a folder, a name on the hub, or a mapping of the fields of LLM Guard's ``Model``; what it
            leaves out of the pipeline's settings is the default model's.

    Raises:
        MissingExtra: Neither llm-guard nor gorget is installed.
        GuardError: There is no such scanner, it takes no such keyword, or lacks one.
    """

    sees: Sees = "original"

    def __init__(
        self,
        scanner: str,
        *,
        side: Side | None = None,
        name: str | None = None,
        stages: Sequence[Stage] | None = None,
        **settings: Any,
    ) -> None:
        if not installed():
            raise MissingExtra("LLMGuardScanner", "llm-guard")
        self._class = scanner
        self._given_side = side
        self._given_stages = None if stages is None else tuple(stages)
        self._settings = settings
        self._modules = _modules_of(scanner, side)
        self.side: Side = next(iter(self._modules))
        self._signature = _accepted(scanner, self.side, self._modules[self.side], settings)
        self.name = name or scanner
        self.name_given = name is not None
        self.needs_whole = needs_whole(scanner)
        self.rewrites = scanner == "JSON"
        self.stages = self._given_stages or stages_of(self.side)
        self.details: Mapping[str, str] = {"scanner": scanner, **_told(settings.get("model"))}
        self._lock = ForkLock()
        self._loaded: AdaptedScanner | None = None
        self._failed: tuple[float, GuardError] | None = None

    def __repr__(self) -> str:
        # Settings may be names of people and firms.
        return f"{type(self).__name__}({self._class!r}, side={self.side!r}, settings={sorted(self._settings)})"

    @property
    def cost(self) -> Cost:
        """What a call costs: until it is loaded never ``"instant"``."""
        return "model" if self._loaded is None else cost_of(self._class)

    def for_side(self, side: Side) -> LLMGuardScanner:
        """Return the scanner for one of a guard's lists.

        Args:
            side: ``"prompt"`` or ``"output"``.

        Raises:
            TypeError: It is a scanner of the other side only.
        """
        if side not in self._modules:
            raise TypeError(
                f"LLMGuardScanner({self._class!r}) is a scanner of {self.side}s: put it into {self.side}_scanners"
            )
        if self._given_side is not None or len(self._modules) == 1:
            return self
        name = self.name if self.name_given else None
        return LLMGuardScanner(self._class, side=side, name=name, stages=self._given_stages, **self._settings)

    def warm_up(self) -> None:
        """Import LLM Guard and load the scanner's model now.

        Raises:
            ModelUnavailable: What it needs is neither on this machine nor in reach.
            GuardError: A setting has a value that can't be used.
        """
        self._load()

    def scan(self, request: ScanRequest) -> ScanResult:
        """Return what the scanner says of one text; see `AdaptedScanner.scan`.

        Raises:
            ScannerError: It failed, or gave something that is no result.
            ModelUnavailable: What it needs is neither on this machine nor in reach.
        """
        return self._load().scan(request)

    def _load(self) -> AdaptedScanner:
        if self._loaded is None:
            with self._lock:
                if self._loaded is None:
                    self._loaded = self._build()
        return self._loaded

    def _build(self) -> AdaptedScanner:
        if self._failed is not None and time.monotonic() < self._failed[0]:
            raise type(self._failed[1])(*self._failed[1].args)
        try:
            scanner = build(self._class, _FOLDERS[self.side], self._signature.keywords, self._settings)
        except GuardError as error:
            self._failed = time.monotonic() + _NO_RETRY_SECONDS, error
            raise
        return adapted(scanner, side=self.side, name=self.name if self.name_given else None, stages=self.stages)


def _modules_of(scanner: str, side: Side | None) -> Mapping[Side, str]:
    if side is not None and side not in _FOLDERS:
        raise GuardError(f"side={side!r} is not one of 'prompt', 'output'")
    names = {at: scanner_names(folder) for at, folder in _FOLDERS.items()}
    if scanner in _WITH_VAULT:
        raise GuardError(
            f"{scanner} keeps values in LLM Guard's Vault, which one user's answer can read another's from: give its "
            "keywords to a detector, Guard(detectors=[LLMGuardDetector(...)]), and put Anonymize(guard) and "
            "Deanonymize(guard) into the chain"
        )
    found: dict[Side, str] = {at: names[at][scanner] for at in _FOLDERS if scanner in names[at]}
    if side is not None and found and side not in found:
        raise GuardError(f"{scanner} is no scanner of {side}s: give side={next(iter(found))!r}")
    if not found:
        known = {at: ", ".join(sorted(set(names[at]) - _WITH_VAULT)) for at in _FOLDERS}
        raise GuardError(
            f"the installed LLM Guard has no scanner {scanner!r}. For prompts: {known['prompt']}. "
            f"For outputs: {known['output']}"
        )
    return found if side is None else {side: found[side]}


def _accepted(scanner: str, side: Side, module: str, settings: Mapping[str, Any]) -> Signature:
    """Return what a scanner takes, or raise GuardError if it does not take these settings."""
    taken = signature(_FOLDERS[side], module, scanner)
    if unknown := sorted(set(settings) - set(taken.keywords)):
        raise GuardError(
            f"{scanner} takes no {', '.join(unknown)}: its keywords are {', '.join(taken.keywords) or 'none'}"
        )
    if lacking := [keyword for keyword in taken.required if keyword not in settings]:
        raise GuardError(f"{scanner} needs {', '.join(f'{keyword}=' for keyword in lacking)}")
    return taken


def _told(model: Any) -> Mapping[str, str]:
    path = model.get("path") if isinstance(model, Mapping) else getattr(model, "path", model)
    return {"model": shown(os.fspath(path))} if isinstance(path, str | os.PathLike) else {}
