"""API keys, tokens, passwords and private keys in a text: what the `Secrets` scanner and the default detector find.

They are found by the formats of their issuers (`credential_formats`), and by where they stand: behind the name of a
setting, in a header, a URL, a command line.

Formats of our own instead of the library detect-secrets: its settings and plugins are held by the process, not by a
scanner, it reads files and lines, and its last release is of May 2024, before many keys of model providers had their
present form. `benchmarks/credentials.py` compares the two.

Sources: RFC 9110, section 11.6.2 (Authorization), RFC 7617 (Basic), RFC 6750 (Bearer), RFC 6265 (cookies), RFC 3986
(userinfo), the manuals of curl, mysql, redis-cli, sshpass, Docker and of ``.netrc``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator

from lc_guard._text.credential_formats import SECRET_FORMATS, Credential, SecretKind
from lc_guard._text.stand_ins import is_filler, is_stand_in

ENTROPY = 3.0
"""Least entropy of the value of a ``secret=`` or ``token=``, in bits a character; words have about 3 and less."""

_KEY_CHARS = re.compile(r"[A-Za-z0-9+/]")
_LEAST_KEY = 16
# Many anchors at once: most texts hold none, and a single search tells so.
_ANCHORS = sorted({anchor for item in SECRET_FORMATS for anchor in item.anchors})


def find_credentials(text: str, *, generic: bool = True, entropy: float = ENTROPY) -> list[Credential]:
    """Find credentials by the formats of their issuers, and by where they stand.

    Args:
        text: Any text.
        generic: Whether settings, headers, URLs and command lines are looked at; without it only documented formats.
        entropy: Least entropy of the value of a ``secret=`` or ``token=``, in bits a character.

    Returns:
        Credentials in order of offset, none overlapping. Of two for one stretch the one by its format gives the kind.
    """
    found = [*_by_format(text), *(_by_setting(text, entropy=entropy) if generic else ())]
    return list(_apart(found))


def _by_format(text: str) -> Iterator[Credential]:
    present = {anchor for anchor in _ANCHORS if anchor in text}
    if not present:
        return
    for item in SECRET_FORMATS:
        if present.isdisjoint(item.anchors):
            continue
        group = "value" if "value" in item.compiled.groupindex else 0
        for match in item.compiled.finditer(text):
            if not _filled(match[group], item.kind):
                yield Credential(item.issuer, item.kind, *match.span(group), 1.0)


def _filled(value: str, kind: str) -> bool:
    if kind == "PRIVATE_KEY" and "-----" in value:
        body = re.sub(r"-----[A-Z0-9 ]+-----", "", value)
        return len(_KEY_CHARS.findall(body)) < _LEAST_KEY
    return is_filler(value)


def _apart(found: Iterable[Credential]) -> Iterator[Credential]:
    """Join what overlaps; where two begin at once, the earlier of `found` names them."""
    last: Credential | None = None
    for item in sorted(found, key=lambda item: item.start):
        if last is None or item.start >= last.end:
            if last is not None:
                yield last
            last = item
        else:
            last = last._replace(end=max(last.end, item.end), score=max(last.score, item.score))
    if last is not None:
        yield last


WORDS = (
    "pass", "pwd", "secret", "token", "key", "credential", "auth", "kennwort", "contrase", "clave", "wachtwoord",
    "hasł", "haslo", "senha", "curl", "wget", "://", "earer ", "cookie", "pin", "redis-cli", "smbclient", "mysql",
    "login", "otp", " code", "cvv", "cvc",
)  # fmt: skip
"""One of these stands, in small letters, where a credential is found by where it stands."""

ANCHORS = tuple(anchor for anchor in _ANCHORS if anchor not in ("AC", "SK", "sq", "."))
"""One of these, or what `SHORT_ANCHORS` finds, stands where a credential is found by its format."""

SHORT_ANCHORS = re.compile(r"(?:AC|SK)[0-9a-f]{4}|sq[upa]_|\.[A-Za-z0-9_-]{6}\.")
"""Those of Twilio, SonarQube and Discord, of which nearly every text holds one: with what stands behind them."""

_PASSWORD_NAMES = (
    "pass(?:words?|wd|phrase|code|wort)|pwd|kennwort|contraseña|contrasena|mot[ _-]de[ _-]passe|wachtwoord|hasło|haslo"  # noqa: S105 - names of settings
    "|senha|palavra-passe|pass"
)
_KEY_NAMES = (
    "(?:api|app|access|secret|private|encryption|signing|auth|account|shared|master|licen[cs]e|service|ssh)[ _-]?key"
    "|(?:client|webhook|app)[ _-]?secret|secret|(?:access|auth|refresh|session|bearer|id)[ _-]?token|token|credentials?"
)
_SIGN = (
    r"(?:_?(?:key|value|prod|dev|old|new|live|staging|\d{1,2}))?"
    r"(?:[\"'`]?\]?\*{0,2}\s{0,3}(?::=|=>|==?|:|\|)\*{0,2}\s{0,3}|(?<=\w)>(?!@)"
    r"|(?:[ ](?:for|to|of)[ ][\w' -]{1,40}?)?\s(?:is|was|ist|est|es|è|é|lautet|jest)\s{1,3}:?\s{0,2})"
)
# No further than a link of Markdown: [![coverage](https://a.example/b.svg?token=…)](https://c.example)
_VALUE = (
    r"(?:(?P<quote>[\"'`])(?P<quoted>[^\"'`\n]{3,200})(?P=quote)|[\"'`]?(?P<value>(?:(?!\)?\]\()[^\s\"'`<>|]){3,200}))"
)
# The name of a setting, a sign, a value: in code, in .env and YAML files, in JSON and XML, in command lines, in prose.
_SETTING = re.compile(rf"(?i)(?P<name>(?P<password>{_PASSWORD_NAMES})|(?P<key>{_KEY_NAMES}))(?P<sign>{_SIGN}){_VALUE}")
_OPTION = re.compile(
    rf"(?i)(?<!\S)--?[a-z-]{{0,20}}?(?P<name>(?P<password>{_PASSWORD_NAMES})|(?P<key>{_KEY_NAMES}))"
    rf"(?P<sign> {{1,2}}){_VALUE}"
)
# A list of settings, each with its name and its value: Kubernetes' and ECS' environments, Spring's and Maven's XML.
_NAMED = re.compile(
    rf"(?i)\b(?:name|key)[\"']?\s{{0,2}}[:=]\s{{0,2}}[\"']?[\w.-]{{0,40}}?"
    rf"(?P<name>(?P<password>{_PASSWORD_NAMES})|(?P<key>{_KEY_NAMES}))[\"']?,?"
    rf"(?P<sign>\s{{1,40}}[\"']?value[\"']?\s{{0,2}}[:=]\s{{0,2}}){_VALUE}"
)
_PIN = re.compile(
    r"(?i)\b(?:(?:pin|otp|one-time (?:code|passcode|password)|passcode"
    r"|(?:verification|security|authentication|confirmation|2fa|sms) code)(?: ?(?:code|number|no\.?))?"
    r"(?: is|:|=| is:| )\s{0,2}(?P<value>\d{4,8})"
    r"|(?:cvv2?|cvc2?|cid|security code)(?: ?(?:code|number))?(?: is|:|=| is:| )\s{0,2}(?P<card>\d{3,4}))"
    r"(?![\w.-]\d|\w)"
)
_HEADER = re.compile(
    r"(?i)\b(?:proxy-)?authorization[\"']?\s{0,3}[:=]\s{0,3}[\"']?(?:(?P<scheme>[a-z][a-z-]{2,20}) {1,4})?"
    r"(?:token=|apikey=)?[\"']?(?P<value>[^\s\"',;<>]{8,4000})"
)
_BEARER = re.compile(r"\b(?i:bearer) {1,4}(?P<value>[A-Za-z0-9._~+/-]{20,2000}={0,2})(?![\w.])")
_COOKIES = re.compile(r"(?i)\b(?:set-)?cookie[\"']?\s?:\s?[\"']?(?P<pairs>[^\r\n\"']{1,4000})")
_COOKIE = re.compile(r"(?i)(?:sess|sid|auth|token|login|jwt)[\w.-]{0,20}=(?P<value>[^\s;,]{8,2000})")
_USERINFO = re.compile(
    r"(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s:/@\"'<>]{0,80}:(?P<value>[^\s/@\"'<>]{3,120})@[^\s/@]"
)
_COMMANDS = (
    re.compile(
        r"\b(?:curl|wget|https?)\b[^\n]{0,150}?\s(?:-u|-U|-a|--user|--proxy-user|--auth)[ =]?[\"']?"
        r"[^\s:\"']{0,40}:(?P<value>[^\s\"']{3,200})"
    ),
    re.compile(r"\b(?:mysql|mysqldump|mysqladmin|mariadb)\b[^\n]{0,120}?\s-p(?P<value>[^\s\"'-][^\s\"']{3,100})"),
    re.compile(r"\bsshpass\s+-p\s{0,2}[\"']?(?P<value>[^\s\"']{3,100})"),
    re.compile(
        r"\b(?:docker|podman|helm|az|oc) (?:registry )?login\b[^\n]{0,120}?\s-p[ =][\"']?(?P<value>[^\s\"']{3,100})"
    ),
    re.compile(r"\bredis-cli\b[^\n]{0,120}?\s-a[ =][\"']?(?P<value>[^\s\"']{3,100})"),
    re.compile(r"\bsmbclient\b[^\n]{0,120}?\s-U[ =]?[\"']?[^\s%\"']{1,60}%(?P<value>[^\s\"']{3,100})"),
    re.compile(r"\blogin\s+\S{1,80}\s+password\s+(?P<value>\S{3,100})"),
)  # fmt: skip
_PAIR = re.compile(r"[,;&]\s?[\w.-]{1,40}[\"']?[:=]")
_DIGIT, _LETTER, _SIGN_CHAR = re.compile("[0-9]"), re.compile(r"[^\W\d_]"), re.compile(r"[^\w\s]")
_NEXT_PARAMETER = re.compile(r"[&#;](?=[\w.-]{1,40}=|$)|[&#;]$")
_IN_URL = re.compile(r"[?&;][\w.%-]{0,40}$")
# More words in small letters behind: the sentence is about a password and tells none.
_SENTENCE_GOES_ON = re.compile(r"[,.]?[ \t]+[a-z]")
_SLUG = re.compile(r"[a-z]{1,40}\d{0,3}(?:[-_./][a-z]{0,40}\d{0,3}){0,20}")


def _by_setting(text: str, *, entropy: float) -> Iterator[Credential]:
    """Yield credentials by where they stand.

    Args:
        text: Any text.
        entropy: Least Shannon entropy of the value of a ``secret=`` or ``token=``, in bits a character, 0…8.
    """
    lower = text.lower()
    if not any(word in lower for word in WORDS):
        return
    for pattern in (_SETTING, _OPTION, _NAMED):
        for match in pattern.finditer(text):
            credential = _of_setting(text, match, entropy)
            if credential is not None:
                yield credential
    for match in _PIN.finditer(text):
        yield Credential("setting", "PASSWORD", *match.span("card" if match["value"] is None else "value"), 0.7)
    yield from _headers(text)
    for match in _USERINFO.finditer(text):
        if not is_stand_in(match["value"]):
            yield Credential("URL", "PASSWORD", *match.span("value"), 0.9)
    for command in _COMMANDS:
        for match in command.finditer(text):
            if not is_stand_in(match["value"]) and not match["value"].isdigit():
                yield Credential("command", "PASSWORD", *match.span("value"), 0.9)


def _headers(text: str) -> Iterator[Credential]:
    for match in _HEADER.finditer(text):
        value, scheme = match["value"], (match["scheme"] or "").lower()
        if not is_stand_in(value) and (_DIGIT.search(value) or len(value) >= 20) and "(" not in value:
            kind: SecretKind = "PASSWORD" if scheme == "basic" else "ACCESS_TOKEN"
            yield Credential("Authorization", kind, *match.span("value"), 0.9)
    for match in _BEARER.finditer(text):
        if not is_stand_in(match["value"]):
            yield Credential("Authorization", "ACCESS_TOKEN", *match.span("value"), 0.9)
    for match in _COOKIES.finditer(text):
        for pair in _COOKIE.finditer(text, *match.span("pairs")):
            if not is_stand_in(pair["value"]):
                yield Credential("Cookie", "ACCESS_TOKEN", *pair.span("value"), 0.8)


def _of_setting(text: str, match: re.Match[str], entropy: float) -> Credential | None:
    if not _name_begins(text, match):
        return None
    quoted = match["quoted"] is not None
    if "==" in match["sign"] and not quoted:
        return None  # compared, not set
    start, end = match.span("quoted" if quoted else "value")
    if not quoted:
        end = _unquoted_end(text, match.start(), start, end)
    value = text[start:end]
    if is_stand_in(value, code=not quoted) or _same_word(match["name"], value):
        return None
    if match["password"] is not None:
        if len(value) < 4 or not (quoted or _is_told(text, match, value, end)):
            return None
        return Credential("setting", "PASSWORD", start, end, 0.8)
    return Credential("setting", "API_KEY", start, end, 0.7) if _is_key(value, entropy) else None


def _name_begins(text: str, match: re.Match[str]) -> bool:
    """Return whether the name is a word, or the last one of a longer name: ``DB_PASSWORD``, ``dbPassword``."""
    start = match.start("name")
    before = text[start - 1] if start else " "
    if not before.isalpha():
        return True
    return len(match["name"]) > 6 if before.isupper() else text[start].isupper()


def _unquoted_end(text: str, name: int, start: int, end: int) -> int:
    """Return where a value without quotes ends: before the next pair, before what closes a sentence."""
    if _IN_URL.search(text, max(0, name - 60), name):
        cut = _NEXT_PARAMETER.search(text, start, end)
    else:
        cut = _PAIR.search(text, start, end)
    end = cut.start() if cut else end
    while end > start and (
        text[end - 1] in ".,;:?*\\" or (text[end - 1] in ")]}" and not _opened(text[start : end - 1], text[end - 1]))
    ):
        end -= 1
    return end


def _opened(value: str, closing: str) -> bool:
    return value.count({")": "(", "]": "[", "}": "{"}[closing]) > value.count(closing)


def _is_told(text: str, match: re.Match[str], value: str, end: int) -> bool:
    """Return whether a value without quotes is one: "my password is wrong" is about a password and tells none."""
    mixed = bool(_DIGIT.search(value) or _SIGN_CHAR.search(value.strip("-_.:/!")))
    sign = match["sign"].strip()
    if sign[-1:].isalpha() or not sign or match["name"].lower() == "pass":
        return mixed or (bool(sign) and not sign[-1:].isalpha() and not _SENTENCE_GOES_ON.match(text, end))
    return mixed or "=" in sign or not _SENTENCE_GOES_ON.match(text, end)


def _is_key(value: str, entropy: float) -> bool:
    """Return whether the value of a ``token=`` or ``secret=`` is one: letters and digits without an order."""
    if len(value) < 8 or not _DIGIT.search(value) or not _LETTER.search(value) or _SLUG.fullmatch(value):
        return False
    return entropy_of(value) >= min(entropy, 0.8 * math.log2(len(value)) if entropy <= 4 else entropy)


def _same_word(name: str, value: str) -> bool:
    """Return whether a value only says the name again, as variables do: ``password=userPassword``."""
    plain = re.sub(r"[^a-z]", "", name.lower())
    return value.isidentifier() and not _DIGIT.search(value) and plain in value.lower().replace("_", "")


def entropy_of(value: str) -> float:
    """Return the Shannon entropy of a string in bits a character, 0 for an empty one."""
    counts = [value.count(letter) for letter in set(value)]
    return -sum(count / len(value) * math.log2(count / len(value)) for count in counts) if value else 0.0
