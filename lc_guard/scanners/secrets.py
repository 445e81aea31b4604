"""API keys, tokens, passwords and private keys in a text.

Formats of our own instead of the library detect-secrets, which LLM Guard builds on: its settings and plugins are held
by the process, not by a scanner, it reads files and lines, needs 0.7 ms for a prompt for which this needs 0.02, and its
last release is of May 2024, before many keys of model providers had their present form.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

from lc_guard.errors import GuardError
from lc_guard.records import Entity, ScanResult
from lc_guard.scanners.base import Cost, ScanRequest
from lc_guard.scanners.secret_formats import SECRET_FORMATS

_WORDS = (
    "pass", "pwd", "secret", "token", "key", "credential", "auth", "kennwort", "contrase", "clave", "mot de passe",
)  # fmt: skip
# The name of a setting, a sign, a value: in code, in .env and YAML files, in JSON, in command lines.
_SETTING = re.compile(
    r"(?i)(?<![A-Za-z0-9])(?P<name>(?:[a-z0-9]{1,20}[_.-]){0,4}(?:password|passwd|pwd|passphrase|passwort|kennwort"
    r"|secret|token|api[_-]?key"
    r"|apikey|access[_-]?key|secret[_-]?key|private[_-]?key|encryption[_-]?key|client[_-]?secret|auth[_-]?token"
    r"|credentials?"
    r"|contraseña|mot de passe)(?:[_-][a-z0-9]{1,12})?)(?P<sign>[\"']?\s{0,3}(?::=|=>|=|:)\s{0,3}|\s(?:is|ist|est"
    r"|es|lautet)\s{1,3}:?\s{0,2})"
    r"(?P<quote>[\"'`]?)(?P<value>[^\s\"'`,;<>]{4,200})"
)
_PASSWORD_NAME = re.compile(r"(?i)pass|pwd|kennwort|contrase")
# Stands for a value: a variable, a call, a mask, an example.
_STAND_IN = re.compile(
    r"(?i)^(?:[$%{\[(*#.]|x{3,}|\.{3}|none\b|null\b|true\b|false\b|undefined\b|nil\b|string\b|str\b|optional\b"
    r"|required\b"
    r"|your[_-]|my[_-]?(?:password|secret|token|key)|changeme|example|placeholder|redacted|dummy|test$|todo"
    r"|input\(|os\.|env\."
    r"|process\.|getenv|self\.|config\.|settings\.|request\.|secrets?\.|st\.|var\.|data\.|args\.|props\.|https?:)"
    r"|[({]|\*{3}|^\w{1,40}\.\w{1,40}$"
)
_DIGITS, _SIGNS = re.compile("[0-9]"), re.compile(r"[^\w\s]")
_TRAILING = ".!?)]}"


class Secrets:
    """Finds credentials by the formats of their issuers, and by the name of the setting that they are the value of.

    Args:
        entropy: Least Shannon entropy of the value of a generic ``secret=`` or ``token=``, in bits a character, 0…8;
            words and names have about 3 and less.
        generic: Whether settings such as ``password=`` are looked at; without it only documented formats are.
        name: The check's name.

    Raises:
        GuardError: The entropy is out of range.
    """

    cost: Cost = "instant"

    def __init__(self, *, entropy: float = 3.0, generic: bool = True, name: str = "Secrets") -> None:
        if not 0 <= entropy <= 8:
            raise GuardError(f"entropy={entropy!r} is no number of bits that a character can have: give 0…8")
        self.name = name
        self._entropy = entropy
        self._generic = generic

    def __repr__(self) -> str:
        return f"{type(self).__name__}(entropy={self._entropy}, generic={self._generic})"

    @property
    def details(self) -> dict[str, Any]:
        """Number of formats and the settings, for the trace."""
        return {"formats": len(SECRET_FORMATS), "entropy": self._entropy, "generic": self._generic}

    def scan(self, request: ScanRequest) -> ScanResult:
        """Judge a text.

        Args:
            request: The text.

        Returns:
            Not valid, if there is a credential; entities of the kinds ``API_KEY``, ``ACCESS_TOKEN``, ``PASSWORD``,
            ``PRIVATE_KEY`` and ``WEBHOOK_URL``; issuers as categories.
        """
        text = request.text
        found = list(_by_format(text))
        if self._generic:
            lower = text.lower()
            if any(word in lower for word in _WORDS):
                found += self._by_setting(text)
        if not found:
            return ScanResult(valid=True, risk_score=0.0)
        entities: list[Entity] = []
        categories: dict[str, float] = {}
        # Formats come first: what a setting's value is, is known better from its form.
        for issuer, entity in sorted(found, key=lambda item: item[1].start):
            if entities and entity.start < entities[-1].end:
                last = entities[-1]
                entities[-1] = Entity(last.kind, last.start, max(last.end, entity.end), max(last.score, entity.score))
            else:
                entities.append(entity)
            categories[issuer] = max(categories.get(issuer, 0.0), entity.score)
        return ScanResult(
            valid=False, risk_score=max(categories.values()), entities=tuple(entities), categories=categories
        )

    def _by_setting(self, text: str) -> Iterator[tuple[str, Entity]]:
        for match in _SETTING.finditer(text):
            value = match["value"] if match["quote"] else match["value"].rstrip(_TRAILING)
            start = match.start("value")
            password = _PASSWORD_NAME.search(match["name"]) is not None
            if len(value) < 4 or _STAND_IN.search(value):
                continue
            told = match["sign"][:1].isspace() and match["sign"].strip()[:1].isalpha()
            if password:
                # "my password is wrong" is about a password; "my password is hunter2" tells it.
                if told and not match["quote"] and not _mixed(value):
                    continue
                yield "setting", Entity("PASSWORD", start, start + len(value), 0.8)
            elif len(value) >= 12 and _DIGITS.search(value) and entropy_of(value) >= self._entropy:
                yield "setting", Entity("API_KEY", start, start + len(value), 0.7)


def _by_format(text: str) -> Iterator[tuple[str, Entity]]:
    for item in SECRET_FORMATS:
        for anchor in item.anchors:
            if anchor in text:
                break
        else:
            continue
        for match in item.compiled.finditer(text):
            group = "value" if "value" in item.compiled.groupindex else 0
            value = match[group]
            if item.issuer == "URL" and (_STAND_IN.search(value) or value.lower() in {"password", "pass", "pw", "pwd"}):
                continue
            yield (
                item.issuer,
                Entity(item.kind, *match.span(group), 0.9 if item.issuer in {"URL", "Authorization"} else 1.0),
            )


def _mixed(value: str) -> bool:
    """Whether a word has digits or signs, as passwords have and words of a sentence have not."""
    inner = value.strip("-_.:/")
    return bool(_DIGITS.search(inner) or _SIGNS.search(inner))


def entropy_of(value: str) -> float:
    """Give the Shannon entropy of a string in bits a character, 0 for an empty one."""
    counts = [value.count(letter) for letter in set(value)]
    return -sum(count / len(value) * math.log2(count / len(value)) for count in counts) if value else 0.0
