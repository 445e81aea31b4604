"""A pasted text as the turns of a conversation."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from lc_guard.records import Stage

Role = Literal["user", "assistant", "system", "tool", "document"]

STAGES: dict[Role, Stage] = {
    "user": "prompt",
    "assistant": "prompt",
    "system": "prompt",
    "tool": "tool_result",
    "document": "document",
}
"""Where in an application what somebody says is looked at."""

_ROLES: dict[str, Role] = {
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "ai": "assistant",
    "system": "system",
    "tool": "tool",
    "document": "document",
}
_BEGIN = re.compile(rf"^(?P<role>{'|'.join(_ROLES)}):[ \t]*\n?", re.IGNORECASE | re.MULTILINE)
_MOST = 200


@dataclass(frozen=True, slots=True)
class Spoken:
    """A turn: who speaks, what is said, and how the text writes who speaks."""

    role: Role
    text: str = field(repr=False)
    label: str = field(default="", repr=False)

    @property
    def asked_about(self) -> bool:
        """Whether prompt scanners judge it: what the application or its model said is not what attacks it."""
        return self.role in ("user", "tool", "document")


def turns(text: str) -> list[Spoken]:
    """Return the turns of a text in which ``User:``, ``Assistant:``, … begin lines; any other text is one turn.

    Labels and texts joined again are the text.
    """
    found = list(_BEGIN.finditer(text))
    if len({_ROLES[each["role"].lower()] for each in found}) < 2 or len(found) > _MOST:
        return [Spoken("user", text)]
    spoken = [Spoken("user", text[: found[0].start()])] if text[: found[0].start()].strip() else []
    skipped = "" if spoken else text[: found[0].start()]
    ends = [each.start() for each in found[1:]] + [len(text)]
    for number, (each, end) in enumerate(zip(found, ends, strict=True)):
        label = each.group() if number or not skipped else skipped + each.group()
        spoken.append(Spoken(_ROLES[each["role"].lower()], text[each.end() : end], label))
    return spoken
