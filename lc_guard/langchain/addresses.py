"""Addresses in messages and options: what one says, and the text that encoded bytes are.

A file of text is often sent as base64, or in an address that holds its own data (RFC 2397): it is read there like any
other text, and encoded again where something is hidden in it.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, unquote, unquote_plus

_SIGNED = re.compile(r"(?i)(?:^|[?&])(?:x-(?:amz|goog)-[^=&]*|sig|signature|key-pair-id|policy)=[^&]*")
_DATA = re.compile(r"(?i)data:([^,;]*)([^,]*),")
_TEXTUAL = re.compile(
    r"(?i)(?:text/[\w.+-]+|application/(?:json|xml|csv|sql|yaml|x-yaml|rtf|javascript|x-ndjson)|[\w.-]+/[\w.-]+\+(?:json|xml))"
    r"\s*(?:;|\Z)"
)
_URL_SAFE = str.maketrans("-_", "+/")


def read_address(address: str) -> str:
    """Return what an address says beside its host, without signatures; what names no scheme has no host."""
    scheme, there, rest = address.partition("://")
    host, _, path = rest.partition("/") if there else ("", "", scheme)
    user = host.rpartition("@")[0]
    return unquote_plus(" ".join(filter(None, (user, _SIGNED.sub("", path)))))


def map_encoded(item: Any, mime: Any, change: Callable[[str], str]) -> Any:
    """Return encoded bytes in which the text is changed; what is no text is the same object.

    Args:
        item: Base64, an address that holds its data, or bytes; anything else is left.
        mime: Its media type, where something beside it says so.
        change: Gives the new text for a text.
    """
    if isinstance(item, str) and (head := _DATA.match(item)):
        body, mime = item[head.end() :], head[1] or "text/plain"
        if head[2].lower().endswith(";base64"):
            new = map_encoded(body, mime, change)
        else:
            said = unquote(body)
            changed = change(said) if said else said
            new = body if changed == said else quote(changed)
        return item if new == body else item[: head.end()] + new
    if not isinstance(mime, str) or not _TEXTUAL.match(mime) or not isinstance(item, str | bytes | bytearray):
        return item
    data = _decoded(item) if isinstance(item, str) else bytes(item)
    said, codec = _read(data)
    changed = change(said) if said else said
    if changed == said:
        return item
    written = changed.encode(codec, "replace")
    return base64.b64encode(written).decode("ascii") if isinstance(item, str) else type(item)(written)


def _decoded(text: str) -> bytes:
    """Return what base64 of any alphabet, padded or not, stands for; nothing if it is none."""
    plain = "".join(text.split()).translate(_URL_SAFE).rstrip("=")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except ValueError:
        return b""


def _read(data: bytes) -> tuple[str, str]:
    """Return what bytes of text say, and in which encoding."""
    codec = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
    try:
        return data.decode(codec), codec
    except UnicodeDecodeError:
        return data.decode("latin-1"), "latin-1"
