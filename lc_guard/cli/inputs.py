"""What the commands read: files and standard input, as UTF-8 text, with errors that a user can act on."""

from __future__ import annotations

import sys
from pathlib import Path

STDIN = "-"
"""The name that stands for standard input."""


class CommandError(Exception):
    """A command can't do what was asked; its message is for the user, without a traceback.

    Attributes:
        status: Exit status: 2 for wrong usage and inputs that can't be read, 1 for what failed later.
    """

    def __init__(self, message: str, *, status: int = 2) -> None:
        self.status = status
        super().__init__(message)


def read_text(name: str) -> str:
    """Read a file, or standard input if its name is ``-``.

    Args:
        name: Path of the file.

    Returns:
        Its text, line ends untouched; a byte-order mark at the beginning is dropped.

    Raises:
        CommandError: It is missing, can't be read, or holds no UTF-8 text.
    """
    shown = "standard input" if name == STDIN else repr(name)
    try:
        data = sys.stdin.buffer.read() if name == STDIN else Path(name).read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise CommandError(f"can't read {shown}: {getattr(error, 'strerror', None) or 'not a file name'}") from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CommandError(
            f"{shown} is not UTF-8 text (byte {error.start}); convert it first, for instance with iconv"
        ) from None
    if "\0" in text:
        raise CommandError(f"{shown} is binary: it holds NUL characters (the first at {text.index(chr(0))})")
    return text
