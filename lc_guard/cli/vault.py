"""``lc-guard vault``: what a vault holds, what is to be forgotten, and its keys.

What the vault commands are given: the vault, a value that nobody else may see, a yes.
"""

from __future__ import annotations

import argparse
import getpass
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from lc_guard.cli.arguments import CommandError, add_command, print_json, print_out, show_done
from lc_guard.vaults.urls import FORMS, KEYS, URL, file_of_url, vault_of_url

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from lc_guard.vaults import Progress
    from lc_guard.vaults.stored import StoredVault


def open_vault(url: str | None, *, prefix: str | None = None) -> StoredVault:
    """Open the vault at a URL, encrypted if keys are set."""
    url = url or os.environ.get(URL, "").strip()
    if not url:
        raise CommandError(f"no vault is named: give --url, or set {URL} (one of {FORMS})")
    file = file_of_url(url)
    if file is not None and not file.is_file():  # SQLite would make an empty one
        raise CommandError(
            f"there is no file {str(file)!r}: sqlite:///name.db is relative, sqlite:////path/name.db absolute"
        )
    try:
        return vault_of_url(url, prefix=prefix)
    except ValueError as error:  # of our own constructors: they quote no URL, which may hold a password
        raise CommandError(str(error)) from None


def read_value(*, confirmed: bool) -> str:
    """Ask for a value without showing it, or read it from a pipe (one line end at its end is dropped)."""
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
    """Ask a question that must be answered with yes."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise CommandError("nobody can be asked here: say --yes")
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise CommandError("nothing was changed", status=1)


_PIPED_WIDTH = 120

_DESCRIPTION = f"""\
Look after a vault in a database: list its sessions, forget one or a value in all of them, export what is held of one,
drop what has expired, bring it under a new key. Only ids and counts are shown; ids may be personal data themselves.

The vault is named by --url or {URL} (better: other users of the machine see arguments), such as
sqlite:///vault.db, postgresql://user:password@host/database or redis://:password@host:6379/0. For an encrypted vault
set {KEYS}: base64 keys separated by commas, the newest first."""

_EPILOG = """\
Exit status: 0 done; 1 the vault could not be read, or there was nothing to forget or export; 2 wrong usage."""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    about = "list, forget, export, purge and re-encrypt what a vault holds"
    parser = add_command(commands, "vault", None, about=about, description=_DESCRIPTION, epilog=_EPILOG)
    actions = parser.add_subparsers(title="actions", required=True, metavar="ACTION")

    def add(name: str, run: Callable[[argparse.Namespace], int], told: str, more: str = "") -> argparse.ArgumentParser:
        action = actions.add_parser(name, help=told, description=f"{told[0].upper()}{told[1:]}. {more}".strip(),
                                    allow_abbrev=False)  # fmt: skip
        action.add_argument("--url", metavar="URL", help=f"the database (default: {URL})")
        action.add_argument("--prefix", metavar="NAME", help="what its tables or keys begin with, if you chose it")
        action.add_argument("--json", action="store_true", help="print JSON, one object a line")
        action.set_defaults(run=run)
        return action

    add("list", _list, "list sessions: id, number of values, created, last used")
    add("stats", _stats, "count sessions and values, and sessions that have expired")
    forget = add(
        "forget", _forget, "forget a session, or a value in all sessions, for good",
        "Placeholders of what was forgotten are never given again.",
    )  # fmt: skip
    forget.add_argument("session", nargs="?", metavar="SESSION", help="id of the session")
    forget.add_argument(
        "--value",
        action="store_true",
        help="forget a value in all sessions; it is asked for, or read from standard input: arguments are seen by all",
    )
    forget.add_argument("--yes", action="store_true", help="don't ask")
    export = add(
        "export", _export, "export all placeholders of a session with their RAW VALUES (right of access)",
        "It does not count as a use of the session.",
    )  # fmt: skip
    export.add_argument("session", metavar="SESSION", help="id of the session")
    export.add_argument("--show-values", action="store_true", help="needed: the raw values are printed")
    add("purge", _purge, "drop the values of all sessions whose time is over")
    add(
        "reencrypt", _reencrypt, "wrap all data keys with the newest key",
        f"{KEYS} names the new key first, then the old ones. It may be stopped and begun again, beside workers that "
        "have both keys; afterwards the old ones are needed for older backups only.",
    )  # fmt: skip


def _list(args: argparse.Namespace) -> int:
    with _vault(args) as vault:
        infos = sorted(vault.sessions(), key=lambda info: -info.last_used) if _holds_any(vault) else []
    if args.json:
        for info in infos:
            _print_json(
                session=info.session,
                values=info.values,
                created=_time(info.created),
                last_used=_time(info.last_used),
            )
        return 0
    rows = [(_shown(info.session), f"{info.values:,}", _time(info.created), _time(info.last_used)) for info in infos]
    _print(_table(("session", "values", "created (UTC)", "last used (UTC)"), rows) if infos else "no sessions")
    return 0


def _stats(args: argparse.Namespace) -> int:
    with _vault(args) as vault:
        counts = dict(vault.stats())
    if args.json:
        _print_json(**counts)
    else:
        _print(f"{_counted(counts['sessions'], 'session')}, {_counted(counts['values'], 'value')}; "
               f"{_counted(counts['expired'], 'session')} expired")  # fmt: skip
    return 0


def _forget(args: argparse.Namespace) -> int:
    if bool(args.session) is bool(args.value):
        raise CommandError("forget takes either a SESSION or --value")
    with _vault(args) as vault:
        if args.value:
            value = read_value(confirmed=args.yes)
            confirm("Forget this value in all sessions, for good?", yes=args.yes)
            with show_done("looking into sessions") as update:
                count = vault.forget_value(value, progress=_progress(update)) if _holds_any(vault) else 0
            missing = "no session holds this value (it must be written exactly as it was hidden)"
        else:
            confirm(f"Forget session {_shown(args.session)} for good?", yes=args.yes)
            count = int(_holds_any(vault) and vault.forget(args.session))
            missing = f"there is no session {_shown(args.session)}"
    if args.json:
        _print_json(forgotten=count)
    elif count:
        _print(f"forgotten in {_counted(count, 'session')}" if args.value else "forgotten")
    if not count:
        raise CommandError(missing, status=1)
    return 0


def _export(args: argparse.Namespace) -> int:
    if not args.show_values:
        raise CommandError("export prints raw values: say --show-values if that is what you want")
    with _vault(args) as vault:
        values = dict(vault.export(args.session)) if _holds_any(vault) else {}
    if not values:
        raise CommandError(f"there is no session {_shown(args.session)}", status=1)
    if args.json:
        _print_json(session=args.session, values=values)
        return 0
    _print(_table(("placeholder", "raw value"), [(_shown(name), _shown(value)) for name, value in values.items()]))
    return 0


def _purge(args: argparse.Namespace) -> int:
    with _vault(args) as vault:
        count = vault.purge()
    if args.json:
        _print_json(purged=count)
    else:
        _print(f"purged {_counted(count, 'session')}")
    return 0


def _reencrypt(args: argparse.Namespace) -> int:
    from lc_guard.vaults import EncryptedVault  # noqa: PLC0415

    with _vault(args) as vault:
        if not isinstance(vault, EncryptedVault):
            raise CommandError(f"set {KEYS}: base64 keys separated by commas, the newest first")
        with show_done("wrapping keys") as update:
            count = vault.reencrypt(progress=_progress(update))
    if args.json:
        _print_json(reencrypted=count)
    else:
        _print(f"{_counted(count, 'session')} brought under the newest key")
    return 0


@contextmanager
def _vault(args: argparse.Namespace) -> Iterator[StoredVault]:
    with closing(open_vault(args.url, prefix=args.prefix)) as vault:
        yield vault


def _holds_any(vault: StoredVault) -> bool:
    """Return whether there are sessions, live or not: an empty store is left as it is, neither plain nor encrypted."""
    counts = vault.stats()
    return counts["sessions"] + counts["expired"] > 0


def _progress(update: Callable[..., object] | None) -> Progress | None:
    if update is None:
        return None

    def show(done: int, total: int) -> None:
        update(completed=done, total=total)

    return show


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    from rich.table import Column, Table  # noqa: PLC0415

    table = Table(*(Column(head, overflow="fold") for head in heads), box=None, header_style="")  # nothing is cut off
    for row in rows:
        table.add_row(*row)
    return table


def _print(what: RenderableType) -> None:
    print_out(what, piped_width=_PIPED_WIDTH)


def _print_json(**fields: object) -> None:
    print_json(fields, indent=None)


def _shown(text: str) -> str:
    """Return a text that came from outside in a form that can't steer a terminal."""
    return text if text.isprintable() and text == text.strip() else json.dumps(text)


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
