"""JSON inside a text, such as the arguments of a tool call: walked in its strings, so that it stays valid."""

from __future__ import annotations

import json
import re
from typing import Any

_TOKEN = re.compile(r'("(?:[^"\\]|\\.)*")(\s*:)?|(?<![\w.+-])(\d{6,})(?![\w.])|[{}\[\]]')
_DIGITS = 40  # Python refuses to read numbers of some thousand


def walk_json(whole: Any, text: str, *, tool: str | None = None) -> str:
    """Walk JSON in its strings, so that it stays valid and all else in it as it is; other text is taken whole.

    Args:
        whole: The walk of the value that the text stands in: see `lc_guard.langchain.messages`.
        text: The text.
        tool: Name of the tool whose arguments it holds.
    """
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError):
        parsed = None
    walk = whole.at(tool, None)
    if not isinstance(parsed, dict | list | str):
        return str(walk.data(text, 0)) if text else text
    level = 0

    def token(match: re.Match[str]) -> str:
        nonlocal level, walk
        string, colon, number = match.groups()
        if number is not None:
            new = whole.number(int(number)) if len(number) <= _DIGITS else number
            return json.dumps(new) if isinstance(new, str) and new != number else number
        if string is None:
            level += 1 if match[0] in "{[" else -1
            return match[0]
        old = json.loads(string)
        if colon and level == 1:
            walk = whole.at(tool, old)
        if not old:
            return match[0]
        new = whole.key(old) if colon else walk.data(old, 0)
        return match[0] if new == old else json.dumps(new, ensure_ascii="\\u" in string) + (colon or "")

    changed = _TOKEN.sub(token, text)
    return text if changed == text else changed
