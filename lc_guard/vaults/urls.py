"""The vault that a URL names: what commands and workers are given instead of an object."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lc_guard.vaults.stored import StoredVault

URL = "LC_GUARD_VAULT_URL"
KEYS = "LC_GUARD_VAULT_KEYS"
FORMS = "sqlite:///vault.db, postgresql://user:password@host/database, redis://host:6379/0"

_SQLITE = "sqlite:///"
_SQL = ("sqlite", "postgresql", "postgres")
_REDIS = ("redis", "rediss")


def vault_of_url(url: str, *, prefix: str | None = None, **options: Any) -> StoredVault:
    """Make the vault at a URL, encrypted if `KEYS` is set in the environment; nothing is connected yet.

    Args:
        url: One of `FORMS`, with the options of `SQLVault` or `RedisVault`.
        prefix: What its tables or keys begin with, if it was chosen.
        options: Keywords that both take, such as ``ttl``, ``timeout`` and ``max_values``.

    Raises:
        ValueError: If the URL or a bound is not usable; nothing of the URL is told, it may hold a password.
        VaultError: If a key is not usable.
        MissingExtra: If the vault's client is not installed.
    """
    scheme = _scheme(url)
    vault: StoredVault
    if scheme in _SQL:
        from lc_guard.vaults.sql import SQLVault

        named: dict[str, Any] = {"table_prefix": prefix} if prefix else {}
        vault = SQLVault(url, **options, **named)
    else:
        from lc_guard.vaults.redis import RedisVault

        # how durable its writes must be was decided where the server was set up: here a doubt goes to the log
        named = {"prefix": prefix} if prefix else {}
        vault = RedisVault(url, durability="warn", **options, **named)
    if not os.environ.get(KEYS, "").strip():
        return vault
    from lc_guard.vaults.encrypted import EncryptedVault

    return EncryptedVault(vault)


def file_of_url(url: str) -> Path | None:
    """Return the file of a URL of SQLite, None for a server's."""
    if not url.startswith("sqlite"):
        return None
    return Path(url.partition("://")[2].partition("?")[0].removeprefix("/"))


def absolute_url(url: str) -> str:
    """Return a URL that means the same in every working folder of this machine.

    Raises:
        ValueError: If its scheme is not known, or it names a database in memory, which no other process sees.
    """
    _scheme(url)
    if not url.startswith("sqlite"):
        return url
    name, mark, options = url.removeprefix(_SQLITE).partition("?")
    if not url.startswith(_SQLITE) or name in ("", ":memory:"):
        raise ValueError(f"a vault that workers share lies in a file or on a server: give one of {FORMS}")
    return url if name.startswith(("/", "file:")) else f"{_SQLITE}{Path(name).absolute()}{mark}{options}"


def shown_url(url: str) -> str:
    """Return a URL without user, password and options."""
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"


def _scheme(url: str) -> str:
    scheme = url.partition(":")[0].partition("+")[0].lower()
    if scheme not in (*_SQL, *_REDIS):
        raise ValueError(f"the URL of the vault begins with none of the known schemes: give one of {FORMS}")
    return scheme
