"""The command line: ``lc-guard demo | scan | serve | doctor | verify | eval | check-policy | report | audit | ...``.

Exit status: 0 done; 1 the command ran and failed, or found a leak; 2 wrong usage, or an input that can't be read;
130 interrupted; 141 nobody reads the output any more.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence

from lc_guard.cli import (
    audit,
    check_policy,
    checkpoints,
    completion,
    corpus,
    demo,
    doctor,
    langfuse,
    playground,
    report,
    scan,
    serve,
    vault,
    verify,
)
from lc_guard.cli import eval as evaluation
from lc_guard.cli.arguments import NO_ROOM, CommandError, Parser
from lc_guard.errors import GuardError, installed_version

_SIGNALLED = 128


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        argv: The arguments; None takes those of the process.

    Returns:
        The exit status.
    """
    # Where gorget comes without torch, transformers says so at each import; none of the commands needs torch.
    os.environ.setdefault("TRANSFORMERS_NO_ADVISORY_WARNINGS", "1")
    try:
        args = _parser().parse_args(argv)
        status: int = args.run(args)
        sys.stdout.flush()
    except CommandError as error:
        return _fail(str(error), error.status)
    except GuardError as error:
        return _fail(str(error), 1)
    except BrokenPipeError:
        _drop_output()
        return _SIGNALLED + getattr(signal, "SIGPIPE", 13)
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        _drop_output()
        return _fail(f"standard output can't be written, its disk is full or out of order: {error.strerror}", 1)
    except KeyboardInterrupt:
        return _SIGNALLED + signal.SIGINT
    return status


def _parser() -> Parser:
    parser = Parser(
        prog="lc-guard",
        description="The privacy and safety boundary for LangChain, on the command line.",
        allow_abbrev=False,
    )
    ours = installed_version("lc-guard") or "(not installed: run from its source)"
    parser.add_argument("--version", action="version", version=f"lc-guard {ours}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    parser.set_defaults(run=lambda _: _show_commands(parser))
    first = (demo, playground, scan, serve, doctor, verify, evaluation, check_policy)
    for command in (*first, report, audit, langfuse, vault, checkpoints, corpus):
        command.add_parser(commands)
    completion.add_parser(commands, of=parser)
    return parser


def _show_commands(parser: Parser) -> int:
    parser.print_help(sys.stderr)
    return 2


def _fail(message: str, status: int) -> int:
    sys.stderr.write(f"lc-guard: {message}\n")
    return status


def _drop_output() -> None:
    # The interpreter flushes stdout once more at its end: what it can't deliver must have somewhere to go.
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        return  # stdout is no file, as under a test
