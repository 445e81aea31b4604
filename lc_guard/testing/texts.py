"""Texts that break careless code."""

from __future__ import annotations

HOSTILE_TEXTS: tuple[str, ...] = (
    "",
    " \t\n\u00a0",
    "\x00 NUL \x00",
    "lone \ud800 and \udfff surrogates",
    "\u202eright to left\u202c שלום مرحبا 123",
    "e\u0301 combining \u0301\u0323 marks",
    "👩\u200d👩\u200d👧 joined 🦓",
    "ｆｕｌｌ－ｗｉｄｔｈ １２３",
    "王小明住在北京市",
    "[REDACTED_PERSON_1] <PERSON_1> [PERSON_1] \\[REDACTED\\_PERSON\\_1\\]",
    r"\1 \g<0> .* [a-z]+ (?P<x>",
    "a" * 5_000,
    "line\r\nbreak\u2028and\u2029more",
)
"""Texts that break careless code; every vault, detector and scanner must bear them."""
