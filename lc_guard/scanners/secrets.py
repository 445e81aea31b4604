"""API keys, tokens, passwords and private keys in a text.

Formats of our own instead of the library detect-secrets, which LLM Guard builds on: its settings and plugins are held
by the process, not by a scanner, it reads files and lines, needs 0.7 ms for a prompt for which this needs 0.02, and its
last release is of May 2024, before many keys of model providers had their present form.

Formats of API keys and credentials, as their issuers document them.

Sources: AWS, "IAM identifiers" (prefixes AKIA, ASIA…); GitHub, "Behind GitHub's new authentication token formats"
(2021); GitLab, "Token overview"; Slack, "Token types"; Stripe, "API keys"; PyPI's macaroons (``pypi-`` and
the base64 of ``pypi.org``); npm's and Hugging Face's announced prefixes; RFC 7468 (PEM), RFC 7519 (JWT), RFC 3986
(userinfo), RFC 7617 and RFC 6750 (Authorization). Formats of other issuers are those of the keys that they hand out.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from lc_guard.errors import GuardError
from lc_guard.records import Entity, ScanResult
from lc_guard.scanners.base import Cost, ScanRequest

SecretKind = Literal["API_KEY", "ACCESS_TOKEN", "PASSWORD", "PRIVATE_KEY", "WEBHOOK_URL"]
"""What a credential is."""


@dataclass(frozen=True, slots=True)
class SecretFormat:
    """A documented format.

    Attributes:
        issuer: Who hands it out: the category of what is found.
        kind: What it is.
        anchors: Strings one of which is in every such credential; searched for first.
        pattern: Regular expression; a group ``value``, if it has one, is the credential.
    """

    issuer: str
    kind: SecretKind
    anchors: tuple[str, ...]
    pattern: str
    compiled: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "compiled", re.compile(self.pattern))


_B64URL = "[A-Za-z0-9_-]"
_APART, _ENDS = r"(?<![A-Za-z0-9_])", r"(?![A-Za-z0-9_])"


def _prefixed(issuer: str, kind: SecretKind, prefix: str, rest: str) -> SecretFormat:
    return SecretFormat(issuer, kind, (prefix,), f"{_APART}{re.escape(prefix)}{rest}(?![A-Za-z0-9])")


SECRET_FORMATS: tuple[SecretFormat, ...] = (
    SecretFormat(
        "AWS", "API_KEY", ("AKIA", "ASIA", "ABIA", "ACCA"), rf"{_APART}(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{{16}}{_ENDS}"
    ),
    SecretFormat(
        "AWS", "API_KEY", ("aws", "AWS", "ecret"),
        r"(?i:aws.{0,20}|secret.{0,3}access.{0,3}key.{0,6})['\"\s:=>]{1,6}(?P<value>[A-Za-z0-9/+]{40}"
        r")(?![A-Za-z0-9/+=])",
    ),
    _prefixed("Google", "API_KEY", "AIza", f"{_B64URL}{{35}}"),
    _prefixed("Google", "API_KEY", "GOCSPX-", f"{_B64URL}{{28}}"),
    _prefixed("Google", "ACCESS_TOKEN", "ya29.", f"{_B64URL}{{20,512}}"),
    SecretFormat(
        "Azure", "API_KEY", ("AccountKey=", "SharedAccessKey="),
        r"(?:AccountKey|SharedAccessKey)=(?P<value>[A-Za-z0-9+/]{43,86}={1,2})",
    ),
    SecretFormat("Azure", "API_KEY", ("Q~",), rf"{_APART}[A-Za-z0-9_~.-]{{3}}\dQ~[A-Za-z0-9_~.-]{{31,34}}"),
    SecretFormat(
        "Azure", "ACCESS_TOKEN", ("sig=",),
            r"[?&]sv=\d{4}-\d\d-\d\d[^\s\"']{0,300}?&sig=(?P<value>[A-Za-z0-9%/+]{40,60}(?:%3D|=)?)"
    ),
    SecretFormat(
        "GitHub", "ACCESS_TOKEN", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"),
            rf"{_APART}gh[pousr]_[A-Za-z0-9]{{36,255}}{_ENDS}"
    ),
    _prefixed("GitHub", "ACCESS_TOKEN", "github_pat_", "[A-Za-z0-9]{22}_[A-Za-z0-9]{59}"),
    SecretFormat(
        "GitLab", "ACCESS_TOKEN", ("glpat-", "gldt-", "glrt-", "glptt-", "gloas-", "glft-", "glsoat-", "glcbt-",
        "glagent-"),
        rf"{_APART}gl(?:pat|dt|rt|ptt|oas|ft|soat|cbt|agent)-[A-Za-z0-9_.=-]{{20,300}}",
    ),
    SecretFormat("Slack", "ACCESS_TOKEN", ("xox", "xapp-"), rf"{_APART}(?:xox[abeoprs]|xapp)-[A-Za-z0-9-]{{10,250}}"),
    SecretFormat(
        "Slack", "WEBHOOK_URL", ("hooks.slack.com/",),
            r"https://hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9+/]{40,120}"
    ),
    SecretFormat(
        "Discord", "WEBHOOK_URL", ("/api/webhooks/",),
            r"https://(?:\w{1,10}\.)?discord(?:app)?\.com/api/webhooks/\d{16,20}/[\w-]{60,80}"
    ),
    SecretFormat("Telegram", "ACCESS_TOKEN", (":AA",), rf"{_APART}\d{{8,10}}:AA{_B64URL}{{33}}(?![\w-])"),
    SecretFormat(
        "Stripe", "API_KEY", ("_live_", "_test_"), rf"{_APART}[rsp]k_(?:live|test)_[A-Za-z0-9]{{16,128}}{_ENDS}"
    ),
    _prefixed("Stripe", "API_KEY", "whsec_", "[A-Za-z0-9+/=]{32,64}"),
    SecretFormat("Anthropic", "API_KEY", ("sk-ant-",), rf"{_APART}sk-ant-[a-z]{{3,8}}\d\d-{_B64URL}{{20,120}}"),
    SecretFormat("OpenRouter", "API_KEY", ("sk-or-",), rf"{_APART}sk-or-v1-[0-9a-f]{{64}}{_ENDS}"),
    SecretFormat("Langfuse", "API_KEY", ("sk-lf-",),
        rf"{_APART}sk-lf-[0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}{_ENDS}"),
    SecretFormat(
        "OpenAI", "API_KEY", ("sk-",),
            rf"{_APART}sk-(?:(?:proj|svcacct|admin|None)-{_B64URL}{{20,200}}|[A-Za-z0-9]{{20,64}}{_ENDS})"
    ),
    SecretFormat("LangSmith", "API_KEY", ("lsv2_",), rf"{_APART}lsv2_(?:pt|sk)_[0-9a-f]{{32}}_[0-9a-f]{{10}}{_ENDS}"),
    SecretFormat("Hugging Face", "ACCESS_TOKEN", ("hf_", "api_org_"),
        rf"{_APART}(?:hf|api_org)_[A-Za-z0-9]{{34}}{_ENDS}"),
    _prefixed("Groq", "API_KEY", "gsk_", "[A-Za-z0-9]{52}"),
    _prefixed("xAI", "API_KEY", "xai-", "[A-Za-z0-9]{70,90}"),
    _prefixed("Perplexity", "API_KEY", "pplx-", "[A-Za-z0-9]{40,60}"),
    _prefixed("Replicate", "API_KEY", "r8_", "[A-Za-z0-9]{37}"),
    _prefixed("npm", "ACCESS_TOKEN", "npm_", "[A-Za-z0-9]{36}"),
    _prefixed("PyPI", "ACCESS_TOKEN", "pypi-AgE", f"{_B64URL}{{50,300}}"),
    _prefixed("Docker", "ACCESS_TOKEN", "dckr_pat_", f"{_B64URL}{{27,40}}"),
    SecretFormat("Twilio", "API_KEY", ("SK",), rf"{_APART}SK[0-9a-f]{{32}}{_ENDS}"),
    _prefixed("SendGrid", "API_KEY", "SG.", rf"{_B64URL}{{22}}\.{_B64URL}{{43}}"),
    SecretFormat("Mailgun", "API_KEY", ("key-",), rf"{_APART}key-[0-9a-f]{{32}}{_ENDS}"),
    SecretFormat("Mailchimp", "API_KEY", ("-us",), rf"{_APART}[0-9a-f]{{32}}-us\d{{1,2}}{_ENDS}"),
    SecretFormat("DigitalOcean", "ACCESS_TOKEN", ("_v1_",), rf"{_APART}do[opr]_v1_[0-9a-f]{{64}}{_ENDS}"),
    SecretFormat(
        "Shopify", "ACCESS_TOKEN", ("shpat_", "shpca_", "shppa_", "shpss_"),
            rf"{_APART}shp(?:at|ca|pa|ss)_[0-9a-fA-F]{{32}}{_ENDS}"
    ),
    _prefixed("Databricks", "ACCESS_TOKEN", "dapi", r"[0-9a-f]{32}(?:-\d)?"),
    SecretFormat("HashiCorp Vault", "ACCESS_TOKEN", ("hvs.", "hvb."), rf"{_APART}hv[sb]\.{_B64URL}{{24,300}}"),
    SecretFormat("Terraform", "ACCESS_TOKEN", (".atlasv1.",),
        rf"{_APART}[A-Za-z0-9]{{14}}\.atlasv1\.{_B64URL}{{60,80}}"),
    _prefixed("Postman", "API_KEY", "PMAK-", "[0-9a-f]{24}-[0-9a-f]{34}"),
    _prefixed("Linear", "API_KEY", "lin_api_", "[A-Za-z0-9]{40}"),
    _prefixed("Notion", "API_KEY", "ntn_", "[A-Za-z0-9]{40,60}"),
    _prefixed("Grafana", "ACCESS_TOKEN", "glsa_", "[A-Za-z0-9]{32}_[0-9a-f]{8}"),
    _prefixed("New Relic", "API_KEY", "NRAK-", "[A-Z0-9]{27}"),
    _prefixed("age", "PRIVATE_KEY", "AGE-SECRET-KEY-1", "[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}"),
    # A block that was cut off, or whose lines were joined, is as secret as a whole one.
    SecretFormat(
        "PEM", "PRIVATE_KEY", ("PRIVATE KEY",),
        r"-----BEGIN (?:[A-Z0-9]{2,10} ){0,2}PRIVATE KEY(?: BLOCK"
        r")?-----(?:(?:[A-Za-z0-9+/=\s\\:,.()]|-(?!-)){0,16000}?-----END (?:[A-Z0-9]{2,10} )"
        r"{0,2}PRIVATE KEY(?: BLOCK)?-----|(?:[A-Za-z0-9+/=\s\\]{0,16000}[A-Za-z0-9+/=])?)",
    ),
    SecretFormat(
        "JWT", "ACCESS_TOKEN", ("eyJ",),
            rf"{_APART}eyJ{_B64URL}{{10,2000}}\.eyJ{_B64URL}{{10,8000}}\.{_B64URL}{{10,2000}}"
    ),
    SecretFormat(
        "URL", "PASSWORD", ("://",),
        r"(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s:/@\"'<>]{0,80}:(?P<value>[^\s/@\"'<>]{3,120})@[^\s/@]",
    ),
    SecretFormat(
        "Authorization", "ACCESS_TOKEN", ("earer ", "EARER "),
            r"\b(?i:bearer) {1,4}(?P<value>[A-Za-z0-9._~+/-]{20,2000}={0,2})(?![\w.])"
    ),
    SecretFormat(
        "Authorization", "PASSWORD", ("asic ",),
            r"(?i:authorization)[\"']?\s{0,3}[:=]\s{0,3}[\"']?(?i:basic) {1,4}(?P<value>[A-Za-z0-9+/]{8,400}={0,2}"
            r")"
    ),
)  # fmt: skip
"""All formats: where two find the same stretch, the earlier one names it."""


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
        self.details = {"formats": len(SECRET_FORMATS), "entropy": entropy, "generic": generic}

    def __repr__(self) -> str:
        return f"{type(self).__name__}(entropy={self._entropy}, generic={self._generic})"

    def scan(self, request: ScanRequest) -> ScanResult:
        """Judge a text.

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
    """Return the Shannon entropy of a string in bits a character, 0 for an empty one."""
    counts = [value.count(letter) for letter in set(value)]
    return -sum(count / len(value) * math.log2(count / len(value)) for count in counts) if value else 0.0
