"""Where in a text something is sent on by being shown or run: addresses, link targets, markup, code that fetches.

A text is read up to a point, and what stands there is told by what was read alone: not by what follows, and not by how
the text was cut into pieces. It is meant to be wrong in one direction: what only looks like an address is one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import Literal, NamedTuple

from lc_guard._text.words import LONGEST_SIGN, has_sign

Kind = Literal["address", "mail", "target", "markup", "code"]

Key = tuple[str, str]
"""What two places have in common where a value goes to the same host, or stands behind the same words."""

_LONGEST_HOST = 300

_START = re.compile(
    r"""
    (?P<address>
        (?<![a-z0-9+.-])(?:(?!(?:mailto|tel|sms|smsto|sip|xmpp):)[a-z][a-z0-9+.-]{1,30}:[/\\]
            |(?:https?|ftp|wss?|blob):(?=\S|\Z)|data:[\w.+-]{0,40}[/;,])
        |(?<![\w:/\\])//(?=[\w\[]|\Z)
    )
    |(?P<bare>(?<![\w.])www\.|[a-z0-9-]\.[a-z]{2,24}(?::[0-9]{1,5})?[/?\#])
    |(?P<mail>(?<![a-z0-9+.-])(?:mailto|tel|sms|smsto|sip|xmpp):)
    |(?P<target>\]\(|\burl\()
    |(?P<angle>\]:\s{0,3}<)
    |(?P<brace>\\(?:href|url|includegraphics(?:\[[^\]\n]{0,60}\])?)\s?\{)
    |(?P<tag><(?:(?P<raw>script|style)\b|/?[a-z][a-z0-9-]{0,40}(?=[\s/>]|\Z)|[!?]))
    |(?P<call>
        (?<![\w$])(?:fetch|axios(?:\.\w{1,20})?|importScripts|sendBeacon|(?:new\s{1,3})(?:Image|WebSocket|EventSource)
            |(?:requests|httpx|aiohttp|http|https|session|client|urllib3?|urllib\.request|\$)\.\w{1,20}
            |urlopen|urlretrieve|file_get_contents|fopen|UrlFetchApp\.fetch|gethostbyname)\s{0,3}\(
        |(?<=\.)(?:sendBeacon|open|urlopen|urlretrieve|gethostbyname|getJSON|ajax|fetch|postMessage)\s{0,3}\(
    )
    |(?P<line>
        (?<![\w-])(?:curl|wget|iwr|irm|Invoke-(?:WebRequest|RestMethod)|nslookup)[ \t]{1,3}(?:\\\r?\n\s{0,9})?
            (?=[-'"$]|[\w-]{1,60}[.:/]|\Z)
        |(?<![\w-])(?:dig|ping|ncat?|telnet|ssh|scp|s?ftp|rsync)[ \t]{1,3}(?=-[\w-]|[\w-]{1,60}[.@]\w)
        |(?:(?<![\w.])location(?:\.href)?|\.(?:src|href|action))\s{0,3}=(?!=)
        |(?<![a-z0-9+.-])(?:javascript|vbscript):
    )
    """,
    re.IGNORECASE | re.VERBOSE,
)
_ADDRESS_ENDS = re.compile(r"[\s<>\"`\x00-\x1f]")
_RUN_ENDS = re.compile(r"[\s<>\"'`()\x00-\x1f]")
_HOST = re.compile(
    r"(?:[\w:.-]{1,40}=)?(?:(?:https?:)?//)?(?P<host>[a-z0-9-]+(?:\.[a-z0-9-]+)*(?::[0-9]{1,5})?)[/?#]", re.IGNORECASE
)
_HOST_BEGUN = re.compile(r"(?:[\w:.-]{1,40}=)?(?:[a-z][a-z0-9+.-]{0,30}:)?[/\\]{2}[^/?#\\]*", re.IGNORECASE)
_BARE_BEGUN = re.compile(r"[^/?#\\]*")
_MAIL = re.compile(r"(?:mailto|tel|sms|smsto|sip|xmpp):[^?]*", re.IGNORECASE)
_HOST_GOES_ON = re.compile(r"[^/?#\\\s<>\"'`()]*")
_NO_HOST = re.compile(r"[^a-z0-9.@:-]", re.IGNORECASE)
_TARGET_MARKS = re.compile(r"\\.|[()<>]|\n[ \t]*\n", re.DOTALL)
_BRACE_MARKS = re.compile(r"\\.|[{}]|\n[ \t]*\n", re.DOTALL)
_TAG_MARKS = re.compile(r"=\s*[\"']|[\"'>]|\n[ \t]*\n")
_CODE_MARKS = re.compile(r"\\.|[()\"'`\n]", re.DOTALL)
_VALUE_BEGINS = re.compile(r"(?:\]\(|\]:\s{0,3}|url\(|\{)\s*[<\"']?\Z|=\s*[\"']?\Z")


class Place(NamedTuple):
    """Where a stretch stands.

    Attributes:
        kind: What it is part of.
        begins: Whether a link target or an attribute begins there.
        key: What it has in common with other such places; None where nothing tells where it goes.
        waits: Whether the name of the host it goes to may go on behind it.
    """

    kind: Kind
    begins: bool = False
    key: Key | None = None
    waits: bool = False


class Places:
    """Reads one text, piece by piece.

    The end of what was read is looked at only when somebody asks, so that nothing depends on the pieces.
    """

    def __init__(self) -> None:
        self._unread: list[str] = []
        self._before = ""  # the last characters read, outside of any place
        self._kind: Kind | None = None
        self._form = ""  # which pattern it began with
        self._consume: Callable[[str], int] = self._in_address
        self._digest = hashlib.blake2b(digest_size=16)
        self._run = ""  # from the last blank, quote or bracket on
        self._last = ""  # the last characters read of it
        self._depth = 0
        self._asks = self._assigns = False
        self._quote = ""
        self._raw = ""

    def read(self, text: str) -> None:
        """Take the next piece of the text."""
        if text:
            self._unread.append(text)

    def here(self) -> Place | None:
        """Return the place at the end of what was read, or None where nothing is sent anywhere."""
        text, self._unread = "".join(self._unread), []
        while text:
            text = self._outside(text) if self._kind is None else self._inside(text)
        if self._kind is None or self._is_shown():
            return None
        if self._kind == "code":  # where it sends anything may be said anywhere in it
            return Place(self._kind)
        host = _HOST.match(self._run)
        if host is not None and ("//" in host[0] or self._form == "bare"):
            return Place(self._kind, key=("host", host["host"].lower()))
        begins = _VALUE_BEGINS.search(self._last) is not None and self._kind in ("target", "markup")
        begun = _BARE_BEGUN if self._form == "bare" else _HOST_BEGUN
        waits = len(self._run) < _LONGEST_HOST and begun.fullmatch(self._run) is not None
        words = f"{self._form} {self._digest.hexdigest()}"
        return Place(self._kind, begins=begins, key=("words", words), waits=waits)

    def _is_shown(self) -> bool:
        """Return whether what stands here is only shown: the address of a letter, an attribute's name at most."""
        if self._form == "tag" and self._kind == "markup":
            return not self._assigns or _MAIL.fullmatch(self._run) is not None
        return (self._kind == "mail" and not self._asks) or _MAIL.fullmatch(self._run) is not None

    def _outside(self, text: str) -> str:
        whole = self._before + text
        start = max(0, len(self._before) - LONGEST_SIGN)
        # where `SIGNS` finds nothing no place begins: the quick look for them is a twentieth of this search
        found = _START.search(whole, start) if has_sign(whole[start:]) else None
        while found is not None and found.end() <= len(self._before):
            found = _START.search(whole, found.start() + 1)
        if found is None:
            self._before = whole[-2 * LONGEST_SIGN :]
            return ""
        self._begin(found, whole)
        return whole[found.end() :]

    def _begin(self, found: re.Match[str], whole: str) -> None:
        form = self._form = next(name for name in _CONSUME if found[name] is not None)
        self._kind, self._consume = _CONSUME[form][0], getattr(self, _CONSUME[form][1])
        self._digest = hashlib.blake2b(digest_size=16)
        self._depth, self._asks = 1, False
        self._assigns = found[0].endswith(("!", "?"))  # a comment has no attributes
        self._quote, self._raw = "", (found["raw"] or "").lower()
        self._run = self._last = ""
        start = found.start()
        if form == "bare":
            near = max(0, start - _LONGEST_HOST)
            start = max((cut.end() for cut in _NO_HOST.finditer(whole, near, start)), default=near)
        begun = whole[start : found.end()]
        self._take(begun if form in ("address", "bare", "mail") else "")
        self._last = begun[-20:]
        self._digest.update(begun.encode("utf-8", "surrogatepass"))

    def _inside(self, text: str) -> str:
        """Read on in a place; returns what stands behind it."""
        end = self._consume(text)
        self._take(text[:end])
        if self._kind is None:
            self._before = (self._last + text[:end])[-2 * LONGEST_SIGN :]
        return text[end:]

    def _take(self, text: str) -> None:
        self._digest.update(text.encode("utf-8", "surrogatepass"))
        self._last = (self._last + text)[-20:]
        run = self._run + text
        cuts = [found.end() for found in _RUN_ENDS.finditer(run, len(self._run))]
        run = run[cuts[-1] :] if cuts else run
        self._run = run[: _LONGEST_HOST + 1]
        self._asks = self._asks or "?" in text
        self._assigns = self._assigns or "=" in text

    def _end(self, at: int) -> int:
        self._kind = None
        return at

    def _in_address(self, text: str) -> int:
        end = _ADDRESS_ENDS.search(text)
        return len(text) if end is None else self._end(end.start())

    def _in_target(self, text: str) -> int:
        for mark in _TARGET_MARKS.finditer(text):
            sign = mark[0]
            if sign == "<" and self._last.endswith("(") and not text[: mark.start()].strip():
                self._quote = ">"
            elif sign == ">":
                self._quote = ""
            elif sign[0] == "\n":
                return self._end(mark.end())
            elif not self._quote and sign in "()":
                self._depth += 1 if sign == "(" else -1
                if not self._depth:
                    return self._after_target(text, mark.end())
        return len(text)

    def _after_target(self, text: str, end: int) -> int:
        """Leave a link's target; where links are found in plain text, an address in it may go on."""
        if "//" not in self._run + text[:end]:
            return self._end(end)
        self._kind, self._form, self._consume = "address", "address", self._in_address
        return end

    def _in_angle(self, text: str) -> int:
        end = re.search(r"[>\n]", text)
        return len(text) if end is None else self._end(end.end())

    def _in_brace(self, text: str) -> int:
        for mark in _BRACE_MARKS.finditer(text):
            if mark[0] in "{}":
                self._depth += 1 if mark[0] == "{" else -1
            if not self._depth or mark[0][0] == "\n":
                return self._end(mark.end())
        return len(text)

    def _in_tag(self, text: str) -> int:
        for mark in _TAG_MARKS.finditer(text):
            sign = mark[0]
            if self._quote:
                self._quote = "" if sign[-1] == self._quote else self._quote
            elif sign[0] == "=" or (sign in "\"'" and self._last_is_equals(text, mark.start())):
                self._quote = sign[-1]
            elif sign == ">" and self._raw:
                self._kind, self._consume = "code", self._in_raw
                return mark.end()
            elif sign in ">" or sign[0] == "\n":
                return self._end(mark.end())
        return len(text)

    def _last_is_equals(self, text: str, at: int) -> bool:
        return not text[:at].strip() and self._last.rstrip().endswith("=")

    def _in_raw(self, text: str) -> int:
        known = self._last + text
        end = re.search(rf"</{self._raw}", known, re.IGNORECASE)
        if end is None:
            return len(text)
        return self._end(max(0, end.end() - len(self._last)))

    def _in_call(self, text: str) -> int:
        for mark in _CODE_MARKS.finditer(text):
            sign = mark[0]
            if sign == "\n":
                if _fence_follows(text, mark.end()):
                    return self._end(mark.end())
            elif sign in "()":
                self._depth += 0 if self._quote else 1 if sign == "(" else -1
                if not self._depth:
                    return self._end(mark.end())
            elif sign in "\"'`":
                self._quote = sign if not self._quote else "" if sign == self._quote else self._quote
        return len(text)

    def _in_line(self, text: str) -> int:
        for mark in _CODE_MARKS.finditer(text):
            sign = mark[0]
            if sign == "\n" and (not self._quote or _fence_follows(text, mark.end())):
                return self._end(mark.end())
            if sign in "\"'":
                self._quote = sign if not self._quote else "" if sign == self._quote else self._quote
        return len(text)


def host_goes_on(rest: str) -> str:
    """Return how a host's name goes on at the beginning of a text; all of it where its end is not in sight."""
    found = _HOST_GOES_ON.match(rest)
    return found[0] if found is not None else ""


def _fence_follows(text: str, at: int) -> bool:
    return text.startswith("```", at)


_CONSUME: dict[str, tuple[Kind, str]] = {
    "address": ("address", "_in_address"),
    "bare": ("address", "_in_address"),
    "mail": ("mail", "_in_address"),
    "target": ("target", "_in_target"),
    "angle": ("target", "_in_angle"),
    "brace": ("target", "_in_brace"),
    "tag": ("markup", "_in_tag"),
    "call": ("code", "_in_call"),
    "line": ("code", "_in_line"),
}
