"""API keys, tokens, passwords and private keys in a text: what the `Secrets` scanner and the default detector find.

Formats of our own instead of the library detect-secrets: its settings and plugins are held by the process, not by a
scanner, it reads files and lines, and its last release is of May 2024, before many keys of model providers had their
present form. `benchmarks/credentials.py` compares the two.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from lc_guard._text.credential_formats import SECRET_FORMATS, Credential
from lc_guard._text.credential_settings import by_setting
from lc_guard._text.stand_ins import is_filler

ENTROPY = 3.0
"""Least entropy of the value of a ``secret=`` or ``token=``, in bits a character; words have about 3 and less."""

_KEY_CHARS = re.compile(r"[A-Za-z0-9+/]")
_LEAST_KEY = 16
# Many anchors at once: most texts hold none, and a single search tells so.
_ANCHORS = sorted({anchor for item in SECRET_FORMATS for anchor in item.anchors})


def find_credentials(text: str, *, generic: bool = True, entropy: float = ENTROPY) -> list[Credential]:
    """Find credentials by the formats of their issuers, and by where they stand.

    Args:
        text: Any text.
        generic: Whether settings, headers, URLs and command lines are looked at; without it only documented formats.
        entropy: Least entropy of the value of a ``secret=`` or ``token=``, in bits a character.

    Returns:
        Credentials in order of offset, none overlapping. Of two for one stretch the one by its format gives the kind.
    """
    found = [*_by_format(text), *(by_setting(text, entropy=entropy) if generic else ())]
    return list(_apart(found))


def _by_format(text: str) -> Iterator[Credential]:
    present = {anchor for anchor in _ANCHORS if anchor in text}
    if not present:
        return
    for item in SECRET_FORMATS:
        if present.isdisjoint(item.anchors):
            continue
        group = "value" if "value" in item.compiled.groupindex else 0
        for match in item.compiled.finditer(text):
            if not _filled(match[group], item.kind):
                yield Credential(item.issuer, item.kind, *match.span(group), 1.0)


def _filled(value: str, kind: str) -> bool:
    if kind == "PRIVATE_KEY" and "-----" in value:
        body = re.sub(r"-----[A-Z0-9 ]+-----", "", value)
        return len(_KEY_CHARS.findall(body)) < _LEAST_KEY
    return is_filler(value)


def _apart(found: Iterable[Credential]) -> Iterator[Credential]:
    """Join what overlaps; where two begin at once, the earlier of `found` names them."""
    last: Credential | None = None
    for item in sorted(found, key=lambda item: item.start):
        if last is None or item.start >= last.end:
            if last is not None:
                yield last
            last = item
        else:
            last = last._replace(end=max(last.end, item.end), score=max(last.score, item.score))
    if last is not None:
        yield last
