"""Software that a text itself shows to be software: it installs it, imports it, or links to where it is kept.

A project may be called anything ("Blis", "Parso"), so that no list has them all. An interface stands beside its name:
``Scores API v3``.
"""

from __future__ import annotations

import re
import sys

from lc_guard.detectors.guess import Guess
from lc_guard.detectors.name_lists import load_names

# Commands of installers, imports and classes of Python, registries, and repositories, but for their owners, who may be
# persons, and those that are called as their owners are.
_SHOWN = re.compile(
    r"\b(?:pip3?|pipx|uvx?|conda|npm|yarn|pnpm|brew|apt(?:-get)?|cargo|gem|poetry)[ ](?:install|add|i)[ ]"
    r"(?:-{1,2}[\w-]{1,30}[ ]){0,4}[\"']?(?P<installed>[A-Za-z][\w-]{1,40})"
    r"|^[ \t>.]{0,12}import[ ](?P<module>[A-Za-z]\w{1,40})(?=[ \t]{0,8}(?:$|[.,;#\r]|as\b))"
    r"|^[ \t>.]{0,12}from[ ](?P<package>[A-Za-z]\w{1,40})?[\w.]{0,80}[ ]import[ ]"
    r"(?:\((?P<members>[\w\s,#]{1,2000})|(?P<member>[\w ,]{1,300}))"
    r"|^[ \t>.]{0,40}class[ ](?P<class>[A-Z]\w{1,60})[:(]"
    r"|\bpypi\.org/(?:project|simple)/(?P<registered>[\w-]{2,40})"
    r"|\b(?P<documented>[\w-]{2,40})\.readthedocs\.(?:io|org)"
    r"|\b(?:github|gitlab)\.com/(?P<owner>[\w.-]{1,40})/(?!(?i:(?P=owner))(?![\w-]))(?P<repository>[A-Za-z][\w-]{1,40})",
    re.MULTILINE,
)
_WORD = re.compile(r"\w+")
# Who offers it: RFC 3986 (URI), PEP 3333 (WSGI), the ASGI specification.
_INTERFACES = frozenset(["API", "APIs", "ASGI", "CLI", "CLIs", "SDK", "SDKs", "URI", "URIs", "URL", "URLs", "WSGI"])
_MEMBER = re.compile(r"([a-z_]\w{1,30})(?:\.[A-Za-z_]\w{0,40})+")
_FILE = re.compile(
    r"[\w-]{1,60}\.(?:py|pyi|ipynb|js|ts|tsx|go|rs|java|rb|php|sh|c|h|cpp|toml|ya?ml|cfg|ini|lock|md|rst|txt)"
)


def shown_software(text: str) -> frozenset[str]:
    """Return the names of software, in small letters, that a text shows to be software; one pass."""
    if "import " not in text and "://" not in text and "install " not in text and " add " not in text:
        return frozenset()
    return frozenset(
        word.lower()
        for shown in _SHOWN.finditer(text)
        for key, names in shown.groupdict().items()
        if names and key != "owner"
        for word in (_WORD.findall(names) if key.startswith("member") else (names,))
    )


def is_software(guess: Guess, shown: frozenset[str]) -> bool:
    """Return whether a guess is software that its text shows, an interface, a module's member, or a file of a program.

    Args:
        guess: What a model found.
        shown: What `shown_software` gives for its text.
    """
    if guess.kind == "PERSON" and not _INTERFACES.isdisjoint(guess.words):
        return True
    member = _MEMBER.fullmatch(guess.value)
    if member is not None and member[1] in sys.stdlib_module_names:
        return True
    if guess.kind != "PERSON" and _FILE.fullmatch(guess.value) is not None:
        return True
    return guess.lone and guess.words[0].lower() in shown and guess.words[0].capitalize() not in load_names()
