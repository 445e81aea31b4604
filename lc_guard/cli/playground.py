"""``lc-guard playground``: a page on this machine on which texts, policies and detectors can be tried."""

from __future__ import annotations

import argparse
import contextlib
import socket
import sys
import webbrowser
from threading import Timer

from lc_guard.cli.arguments import CommandError, add_command, read_text, whole_number
from lc_guard.errors import MissingExtra

_HOST = "127.0.0.1"
_PORT = 8723
_DELAY = 0.4  # seconds until the browser is opened

_DESCRIPTION = """\
Open a page in the browser: paste a text or a conversation, and see in colours what is hidden, what a model would see,
what would come back, which detector found what and why, and what each check says. Change policy, detectors and
languages with the effect at once, and take the policy's file and the lines of Python with you."""

_EPILOG = """\
The page is served to this machine only. Nothing leaves it; texts are neither stored nor logged. A text in which lines
begin with User:, Assistant:, System:, Tool: or Document: is taken for a conversation.

Needs the extra: pip install 'lc-guard[playground]'

Exit status: 0 ended (Ctrl-C); 1 the extra is missing; 2 wrong usage, or a port that is taken."""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    about = "try texts, policies and detectors on a page of this machine"
    parser = add_command(commands, "playground", run, about=about, description=_DESCRIPTION, epilog=_EPILOG)
    parser.add_argument("--text", metavar="FILE", help='begin with this UTF-8 text; "-" is stdin')
    parser.add_argument(
        "--port", type=whole_number(0, 65_535), default=_PORT, metavar="N", help="default: %(default)s; 0: any free one"
    )
    parser.add_argument("--no-browser", action="store_true", help="only tell the address")


def run(args: argparse.Namespace) -> int:
    """Run the command; return the exit status."""
    text = None if args.text is None else read_text(args.text)
    try:
        import uvicorn  # noqa: PLC0415 - an extra

        from lc_guard.playground.application import application  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if error.name not in ("uvicorn", "starlette"):
            raise
        raise MissingExtra("lc-guard playground", "playground") from None
    with _listening(args.port) as listening:
        port = listening.getsockname()[1]
        address = f"http://{_HOST}:{port}/"
        # no access log, and no traceback in the other one: see `lc_guard.playground.application`
        config = uvicorn.Config(
            application(port, text), access_log=False, log_level="error", server_header=False, ws="none"
        )
        sys.stdout.write(f"lc-guard playground: {address} (Ctrl-C ends it)\n")
        sys.stdout.flush()
        opening = Timer(_DELAY, webbrowser.open, (address,))
        if not args.no_browser:
            opening.start()
        with contextlib.suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[listening])
        opening.cancel()
    return 0


def _listening(port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((_HOST, port))
    except OSError as error:
        listening.close()
        raise CommandError(f"can't listen on port {port} ({error.strerror}): take another one, --port 0 any") from None
    return listening
