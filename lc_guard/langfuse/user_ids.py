"""User ids as keyed hashes: traces of one user stay together, and nobody reads from them who it is."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

USER_KEYS = ("langfuse_user_id", "user_id")
"""Metadata keys that name the user: Langfuse's, and the one that LangChain copies from ``configurable``."""

_SHORTEST_KEY = 16


class UserIdHasher:
    """Replaces user ids by keyed hashes (HMAC-SHA256, cut to 128 bits).

    The same key gives the same hash in every process. Who has the key can tell whether a hash is a given user's.

    Args:
        key: The secret, at least 16 bytes, such as ``secrets.token_bytes(32)``; a str is taken as UTF-8.

    Raises:
        TypeError: If the key is neither bytes nor str.
        ValueError: If it is too short.
    """

    def __init__(self, key: bytes | str) -> None:
        if not isinstance(key, bytes | str):
            raise TypeError(f"user_id_key must be bytes or str, got {type(key).__name__}")
        self._key = key.encode() if isinstance(key, str) else key
        if len(self._key) < _SHORTEST_KEY:
            raise ValueError(
                f"user_id_key must have at least {_SHORTEST_KEY} bytes: make one with secrets.token_hex(32) and keep it"
            )

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def of(self, user_id: str) -> str:
        """Return the hash of a user id: 32 hexadecimal digits."""
        return hmac.new(self._key, user_id.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:32]

    def replace(self, metadata: Mapping[str, Any]) -> dict[str, Any]:
        """Return a copy of a run's metadata with hashes where it names the user; ids that are no str become one."""
        named = {key: self.of(str(metadata[key])) for key in USER_KEYS if metadata.get(key) is not None}
        return {**metadata, **named}
