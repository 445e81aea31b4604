"""``lc-guard completion``: what a shell completes of the commands, printed for it to read."""

from __future__ import annotations

import argparse
import sys
from functools import partial

from lc_guard.cli.arguments import Parser, add_command

_SHELLS = ("bash", "zsh", "tcsh")

_DESCRIPTION = """\
Print what a shell has to know to complete the commands, their options and file names."""

_EPILOG = """\
Once, for all later shells:
  bash: a file lc-guard in ~/.local/share/bash-completion/completions
  zsh:  a file _lc-guard in a folder of $fpath
  tcsh: a file that ~/.tcshrc sources
or for this one:
  eval "$(lc-guard completion bash)"

Exit status: 0 done; 2 wrong usage."""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser], *, of: Parser) -> None:
    """Add the command to the parser whose commands are completed."""
    about = "what a shell completes, for bash, zsh and tcsh"
    parser = add_command(
        commands, "completion", partial(run, of), about=about, description=_DESCRIPTION, epilog=_EPILOG
    )
    parser.add_argument("shell", choices=_SHELLS, metavar="SHELL", help=", ".join(_SHELLS))


def run(parser: Parser, args: argparse.Namespace) -> int:
    """Run the command; return the exit status."""
    import shtab  # noqa: PLC0415 - a light import of this module

    for action in parser.arguments():
        if action.metavar == "FILE":
            action.complete = shtab.FILE  # type: ignore[attr-defined]  # where shtab looks for it
    sys.stdout.write(shtab.complete(parser, args.shell) + "\n")
    return 0
