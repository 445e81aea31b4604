"""What stands for a credential and is none: variables, masks, examples, calls in code."""

from __future__ import annotations

import re

# A variable, a template, a mask, an example, by how it begins.
_BEGINS = re.compile(
    r"(?i)(?:[$%][\w{(]|\{\{|[{\[<(*#•●…]|\.{3}|-{3}|your|my[_-]|insert|replace|enter[_-]|change|placeholder|example"
    r"|redacted|dummy|sample|todo|fixme|tbd|fake|https?:|/(?:run|etc|var|secrets)/|process\.|os\.|env[.:]|getenv|self\.|config\."
    r"|settings\.|request\.|secrets?\.|vault:|st\.|var\.|data\.|args\.|props\.|input\(|\[?redacted)"
)
_WORDS = frozenset(
    [
        *("none", "null", "nil", "true", "false", "undefined", "string", "str", "bytes", "int", "integer", "bool"),
        *("boolean", "text", "optional", "required", "required.", "any", "object", "secretstr", "varchar", "char"),
        *("password", "passwd", "pass", "pwd", "passwort", "secret", "token", "key", "apikey", "api_key", "user"),
        *("username", "test", "testing", "foo", "bar", "baz", "foobar", "abc", "n/a", "na", "empty", "missing"),
        *("wrong", "invalid", "incorrect", "expired", "reset", "changed", "hidden", "weak", "strong", "correct"),
        *(
            "must",
            "should",
            "will",
            "can",
            "cannot",
            "has",
            "was",
            "are",
            "not",
            "only",
            "with",
            "from",
            "this",
            "that",
        ),
        *("the", "for", "and", "you", "your", "please", "yes", "basic", "bearer", "digest", "hash", "hashed", "auth"),
    ]
)
_FILLER = re.compile(r"(?i)([x*.0•_-])\1{4,}|([^\W_])\2{9,}|x{4,}|\.{3}|your[_-]?|placeholder|redacted|changeme|dummy")
_CODE = re.compile(
    r"[A-Za-z_][\w.]*[(\[{]|[A-Za-z_]\w*(?:(?:\.|::|->)[A-Za-z_]\w*)+$|[A-Z]\w*\[|\(|[!=<>]=|&&|\|\|"
    r"|[A-Z][a-z]+(?:[A-Z][a-z]+)+$"
)
_HASHED = re.compile(r"\$(?:2[abxy]|5|6|y|argon2\w{0,2}|pbkdf2[\w-]{0,12})\$")


def is_stand_in(value: str, *, code: bool = False) -> bool:
    """Return whether a value stands for a credential: ``<your-key>``, ``${TOKEN}``, ``ghp_xxxx``, ``changeme``.

    Args:
        value: What stands where a credential would.
        code: Whether it stands without quotes, so that it may be a call or a variable: ``get_password()``, ``a.b``.
    """
    if _HASHED.match(value):
        return False
    if _BEGINS.match(value) or value.lower().strip(".!") in _WORDS or is_filler(value):
        return True
    return code and _CODE.match(value) is not None


def is_filler(value: str) -> bool:
    """Return whether the form of a credential is filled with no key: ``sk-xxxxxxxx``, ``xoxb-your-token``."""
    letters = {char for char in value.lower() if char.isalnum()}
    return _FILLER.search(value) is not None or len(letters) < 3
