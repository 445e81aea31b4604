"""``lc-guard checkpoints``: hides the threads that an application stored before its checkpointer hid them."""

from __future__ import annotations

import argparse
import importlib
import sys
from contextlib import AbstractContextManager, ExitStack
from typing import TYPE_CHECKING, Any

from lc_guard.cli.arguments import CommandError, add_command, print_json, show_done
from lc_guard.cli.vault import confirm

if TYPE_CHECKING:
    from lc_guard.langchain.checkpointer import GuardCheckpointer

_DESCRIPTION = """\
Store the threads of a checkpointer anew with placeholders: those that were stored before the application had a
GuardCheckpointer hold real text until then. A thread is hidden as a whole before any of it is changed; what is hidden
already stays so.

CHECKPOINTER is module:name of a GuardCheckpointer, or of a function that gives one or a context manager of one:

  def checkpointer():
      connection = sqlite3.connect("agent.db", check_same_thread=False)
      return GuardCheckpointer(SqliteSaver(connection), guard=guard)

Its guard needs the vault that the application uses. Stop what writes the threads, and have a backup: a thread is
deleted and written again."""

_EPILOG = """\
Exit status: 0 done; 1 a thread could not be hidden, which is then as it was; 2 wrong usage."""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    parser = add_command(
        commands,
        "checkpoints",
        run,
        about="hide threads that were stored raw",
        description=_DESCRIPTION,
        epilog=_EPILOG,
    )
    parser.add_argument("checkpointer", metavar="CHECKPOINTER", help="module:name")
    parser.add_argument("--thread", action="append", metavar="ID", help="a thread; may be repeated (default: all)")
    parser.add_argument("--yes", action="store_true", help="don't ask")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    """Hide threads."""
    with ExitStack() as stack:
        checkpointer = _load(args.checkpointer, stack)
        threads = args.thread or _threads(checkpointer)
        confirm(f"Delete and write {len(threads):,} threads anew, with placeholders?", yes=args.yes)
        count = 0
        with show_done("hiding threads", len(threads)) as update:
            for number, thread in enumerate(threads, 1):
                count += checkpointer.rehide(thread)
                if update is not None:
                    update(completed=number)
    if args.json:
        print_json({"threads": len(threads), "checkpoints": count}, indent=None)
    else:
        sys.stdout.write(f"{len(threads):,} threads hidden, {count:,} checkpoints\n")
    return 0


def _threads(checkpointer: GuardCheckpointer) -> list[str]:
    ids = (found.config["configurable"]["thread_id"] for found in checkpointer.saver.list(None))
    return list(dict.fromkeys(map(str, ids)))


def _load(name: str, stack: ExitStack) -> GuardCheckpointer:
    from lc_guard.langchain.checkpointer import GuardCheckpointer  # noqa: PLC0415 - a light import of this module

    module, _, attribute = name.partition(":")
    if not module or not attribute:
        raise CommandError("CHECKPOINTER is written module:name, such as my_app.agents:checkpointer")
    if "" not in sys.path:
        sys.path.insert(0, "")  # modules of the working folder, as with python -m
    try:
        found: Any = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise CommandError(f"{name!r} can't be imported ({type(error).__name__})") from None
    if callable(found) and not isinstance(found, GuardCheckpointer):
        found = found()
    if isinstance(found, AbstractContextManager):
        found = stack.enter_context(found)
    if not isinstance(found, GuardCheckpointer):
        raise CommandError(f"{name!r} gives a {type(found).__name__}: a GuardCheckpointer is needed")
    return found
