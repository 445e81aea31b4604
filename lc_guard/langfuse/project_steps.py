"""What becomes of one thing that lc-guard makes in a Langfuse project, and what a server's version does not have."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from lc_guard.errors import LangfuseError
from lc_guard.langfuse.api import LangfuseApi

Do = Literal["create", "update", "restore", "keep", "remove", "archive", "leave", "skip", "conflict", "fail"]

_NOT_THERE, _NO_MODEL = 404, 422


@dataclass(frozen=True, slots=True)
class Step:
    """What becomes of one thing.

    Attributes:
        do: ``"leave"``: it stays although it was to be removed. ``"skip"``: it can't be here. ``"conflict"`` and
            ``"fail"``: it was to be here and is not.
        what: What it is, and its name.
        why: The reason, where one has to be told.
    """

    do: Do
    what: str
    why: str = ""


@contextmanager
def lacking(api: LangfuseApi, what: str) -> Iterator[list[Step]]:
    """Take a 404 on what is read inside for a version that has no such thing; then the list holds the step for it."""
    found: list[Step] = []
    try:
        yield found
    except LangfuseError as error:
        if error.status != _NOT_THERE:
            raise
        version = f" {api.server_version}" if api.server_version else ""
        found.append(Step("skip", what.split(" in ", 1)[0], f"this Langfuse{version} has no {what}"))


@contextmanager
def refused_step(what: str) -> Iterator[list[Step]]:
    """Take a refusal of what is written inside for this one thing, and let the others go on."""
    found: list[Step] = []
    try:
        yield found
    except LangfuseError as error:
        if error.status is None:
            raise  # Langfuse is gone
        if error.status == _NO_MODEL:
            why = "Langfuse has no model to judge with: set its default evaluation model, then run this again"
            found.append(Step("skip", what, why))
        elif error.status == 409:
            why = "Langfuse holds it fast: it stands somewhere else as well; take it out there, then run this again"
            found.append(Step("fail", what, why))
        else:
            found.append(Step("fail", what, str(error)))
