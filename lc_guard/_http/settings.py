"""What a service is reached with: its address and its key."""

from __future__ import annotations

import os
from collections.abc import Sequence
from urllib.parse import urlsplit

from lc_guard.errors import GuardError


def find_key(what: str, given: str | None, variables: Sequence[str], *, required: bool = True) -> str:
    """Return the key of a service: the given one, else that of the first environment variable that is set.

    Args:
        what: Who needs it, for errors.
        given: What the constructor was given; an empty string says that the service asks for none.
        variables: Environment variables, the preferred one first.
        required: Whether it is an error to have none.

    Returns:
        The key without white space around it; ``""`` for none.

    Raises:
        GuardError: There is none, or it can't stand in a header.
    """
    key = given if given is not None else next(filter(None, map(os.environ.get, variables)), None)
    if key is None:
        if required:
            raise GuardError(f"{what} needs a key: set {' or '.join(variables)}, or pass api_key=")
        return ""
    key = key.strip()
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise GuardError(f"the key of {what} holds a character that no header takes: check {variables[0]} or api_key=")
    return key


def checked_url(what: str, url: str) -> str:
    """Return a service's base URL without a slash at its end; a bad one is not told, as it may hold a password."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        good = False
    if not good or parts.username is not None or parts.query or parts.fragment or not url.isprintable() or " " in url:
        raise GuardError(
            f"the base_url of {what} must be like 'https://host' or 'https://host/path': "
            "no user, password, query or fragment"
        )
    return url.rstrip("/")


def host_of(url: str) -> str:
    """Return host and port of a URL that `checked_url` gave."""
    return urlsplit(url).netloc
