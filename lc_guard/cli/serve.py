"""``lc-guard serve``: detection as a service, with the API of Presidio's analyzer."""

from __future__ import annotations

import argparse
import ipaddress
import os
import socket
import sys
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from lc_guard.cli.arguments import CommandError, add_command, number, read_text, whole_number
from lc_guard.cli.detectors import add_options, choose, read_options
from lc_guard.errors import MissingExtra

if TYPE_CHECKING:
    from lc_guard.detectors.base import Detector

TOKEN_VARIABLE = "LC_GUARD_SERVE_TOKEN"  # noqa: S105 - the name of the variable
"""Environment variable of the token."""

_DESCRIPTION = """\
Hold the models in one process and answer detection over HTTP: POST /analyze, GET /recognizers, /supportedentities and
/health, as Presidio's analyzer does; "text" may be a list of texts. Requests that arrive together are answered
together. lc_guard.detectors.RemoteDetector is the client."""

_EPILOG = f"""\
It listens on the loopback interface unless --host says otherwise, and then it needs a token: {TOKEN_VARIABLE} of the
environment, or --token-file. TLS is for the proxy in front of it. No text and no value is logged, nor is any request.

SIGTERM and Ctrl-C end it: no new request is taken, those under way have --grace seconds.

Exit status: 0 ended; 1 a model can't be loaded; 2 wrong usage, or the address can't be had."""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    about = "detection as a service, with the API of Presidio's analyzer"
    parser = add_command(commands, "serve", run, about=about, description=_DESCRIPTION, epilog=_EPILOG)
    seconds = number(0.001, 86_400, "a number of seconds above 0")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=whole_number(0, 65_535), default=5002, help="0 takes any (default: %(default)s)")
    parser.add_argument("--token-file", metavar="FILE", help="a file with the token that requests must bring")
    parser.add_argument(
        "--detector", default="default", metavar="NAME", help="one by name, or module:name (default: %(default)s)"
    )
    add_options(parser)
    parser.add_argument("--threads", type=whole_number(1, 256), help="batches at work at once (default: one a core)")
    parser.add_argument(
        "--max-body",
        type=whole_number(1),
        default=4_000_000,
        metavar="BYTES",
        help="of a request (default: %(default)s)",
    )
    parser.add_argument(
        "--max-waiting",
        type=whole_number(1),
        default=4_000_000,
        metavar="CHARACTERS",
        help="that may wait; more requests get 503 (default: %(default)s)",
    )
    parser.add_argument("--timeout", type=seconds, default=30.0, help="seconds for a request (default: %(default)g)")
    parser.add_argument("--grace", type=seconds, default=10.0, help="seconds at the end (default: %(default)g)")


def run(args: argparse.Namespace) -> int:
    """Run the command; return the exit status."""
    token = _token(args.token_file)
    if not token and not _is_loopback(args.host):
        raise CommandError(
            f"--host {args.host} can be reached from elsewhere: set {TOKEN_VARIABLE} or --token-file, so that only who "
            "knows the token is answered"
        )
    options = read_options(args)
    (detector, *more) = choose(args.detector, options).values()
    if more:
        raise CommandError("--detector takes one: join several in a module of your own")
    try:
        import uvicorn  # noqa: PLC0415 - here and below: a light import of this module

        from lc_guard.serve.app import create_app  # noqa: PLC0415
    except ImportError:
        raise MissingExtra("lc-guard serve", "serve") from None
    app = create_app(
        _loaded(detector),
        token=token,
        kinds=_kinds(args.detector),
        languages=_languages(args.detector, options),
        max_body=args.max_body,
        max_waiting=args.max_waiting,
        timeout=args.timeout,
        threads=args.threads,
    )
    config = uvicorn.Config(
        app,
        log_config=None,
        log_level="warning",
        access_log=False,  # addresses may hold anything
        server_header=False,
        timeout_graceful_shutdown=max(1, round(args.grace)),
    )
    with _listening(args.host, args.port) as listening:
        host, port = listening.getsockname()[:2]
        sys.stderr.write(f"lc-guard: serving on http://{f'[{host}]' if ':' in host else host}:{port}\n")
        uvicorn.Server(config).run(sockets=[listening])
    return 0


def _token(file: str | None) -> str:
    token = os.environ.get(TOKEN_VARIABLE, "").strip() if file is None else read_text(file).strip()
    if file is not None and not token:
        raise CommandError(f"{file!r} holds no token")
    return token


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _loaded(detector: Detector) -> Detector:
    """Load the models before anything listens: who connects is answered."""
    from lc_guard.detectors.base import load_models  # noqa: PLC0415

    load_models(detector)
    return detector


def _kinds(name: str) -> Collection[str]:
    from lc_guard.detectors.default import default_kinds  # noqa: PLC0415

    return default_kinds() if name in ("default", "rules") else ()


def _languages(name: str, options: dict[str, Any]) -> Collection[str]:
    from lc_guard.detectors import LanguageGate  # noqa: PLC0415

    return LanguageGate(options.get("languages")).languages if name in ("default", "rules") else ()


def _listening(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=2048
        )
    except OSError as error:
        raise CommandError(f"can't listen on {host}:{port}: {error.strerror or 'no such address'}") from None
