"""What the vault commands are given: the vault, a value that nobody else may see, a yes."""

from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from lc_guard.cli.inputs import CommandError

if TYPE_CHECKING:
    from lc_guard.vaults import EncryptedVault
    from lc_guard.vaults.stored import StoredVault

URL = "LC_GUARD_VAULT_URL"
KEYS = "LC_GUARD_VAULT_KEYS"

_FORMS = "sqlite:///vault.db, postgresql://user:password@host/database, redis://host:6379/0"


def open_vault(url: str | None, *, prefix: str | None = None) -> StoredVault | EncryptedVault:
    """Open the vault at a URL, encrypted if keys are set.

    Args:
        url: Of a database; None takes that of the environment.
        prefix: What its tables or keys begin with; None for what they begin with by default.

    Raises:
        CommandError: There is no URL, or not one of a vault.
        GuardError: A package is missing, or a key is not usable.
    """
    url = url or os.environ.get(URL, "").strip()
    if not url:
        raise CommandError(f"no vault is named: give --url, or set {URL} (one of {_FORMS})")
    scheme = url.partition(":")[0].partition("+")[0].lower()
    try:
        vault = _stored(scheme, url, prefix)
    except ValueError as error:  # of our own constructors: they quote no URL, which may hold a password
        raise CommandError(str(error)) from None
    if not os.environ.get(KEYS, "").strip():
        return vault
    from lc_guard.vaults import EncryptedVault  # noqa: PLC0415 - a light import of this module

    return EncryptedVault(vault)


def _stored(scheme: str, url: str, prefix: str | None) -> StoredVault:
    if scheme in ("sqlite", "postgresql", "postgres"):
        from lc_guard.vaults import SQLVault  # noqa: PLC0415

        if scheme == "sqlite":
            _require_file(url)
        return SQLVault(url, table_prefix=prefix) if prefix else SQLVault(url)
    if scheme in ("redis", "rediss"):
        from lc_guard.vaults import RedisVault  # noqa: PLC0415

        # how durable its writes must be is the application's decision: what it refuses has nothing to look after
        if prefix:
            return RedisVault(url, durability="warn", prefix=prefix)
        return RedisVault(url, durability="warn")
    raise CommandError(f"the URL of the vault begins with none of the known schemes: give one of {_FORMS}")


def _require_file(url: str) -> None:
    """Refuse a file that is not there: SQLite would make an empty one."""
    name = url.partition("://")[2].partition("?")[0].removeprefix("/")
    if not Path(name).is_file():
        raise CommandError(
            f"there is no file {name!r}: sqlite:///name.db is relative, sqlite:////path/name.db absolute"
        )


def read_value(*, confirmed: bool) -> str:
    """Ask for a value without showing it, or read it from a pipe (one line end at its end is dropped).

    Args:
        confirmed: Whether nothing will be asked any more: standard input can't be both value and answer.

    Raises:
        CommandError: It is empty, no UTF-8 text, or comes from a pipe that is needed for an answer.
    """
    if sys.stdin.isatty():
        value = getpass.getpass("Value to forget (not shown): ")
    elif not confirmed:
        raise CommandError("a value from a pipe needs --yes: standard input can't be asked for an answer as well")
    else:
        try:
            value = sys.stdin.buffer.read().decode("utf-8")
        except UnicodeDecodeError:
            raise CommandError("the value on standard input is not UTF-8 text") from None
        value = value.removesuffix("\n").removesuffix("\r")
    if not value:
        raise CommandError("no value was given")
    return value


def confirm(question: str, *, yes: bool) -> None:
    """Ask a question that must be answered with yes.

    Raises:
        CommandError: Nobody can be asked, or the answer is another.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise CommandError("nobody can be asked here: say --yes")
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise CommandError("nothing was changed", status=1)
