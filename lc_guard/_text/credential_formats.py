"""Formats of API keys and other credentials, as their issuers document them.

Sources: AWS, "IAM identifiers" (prefixes AKIA, ASIA…); GitHub, "Behind GitHub's new authentication token formats"
(2021); GitLab, "Token overview"; Slack, "Token types"; Stripe, "API keys"; PyPI's macaroons (``pypi-`` and
the base64 of ``pypi.org``); npm's and Hugging Face's announced prefixes; RFC 7468 (PEM), RFC 7517 (JWK), RFC 7519
(JWT; section 6 for unsigned ones), RFC 7516 (JWE), RFC 3986 (userinfo). Formats of other issuers are those of the keys
that they hand out; which issuers are here follows the public rule sets of gitleaks, detect-secrets and GitHub's secret
scanning partners.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, get_args

SecretKind = Literal["API_KEY", "ACCESS_TOKEN", "PASSWORD", "PRIVATE_KEY", "WEBHOOK_URL"]
"""What a credential is."""

CREDENTIAL_KINDS = frozenset(get_args(SecretKind))
"""The kinds of entities that credentials are."""


class Credential(NamedTuple):
    """A credential in a text, without the text.

    Attributes:
        issuer: Who hands it out, or where it stands: ``"setting"``, ``"URL"``, ``"Authorization"``…
        kind: What it is.
        start: Offset of its first character.
        end: Offset after its last character.
        score: How sure that is, 0…1.
    """

    issuer: str
    kind: SecretKind
    start: int
    end: int
    score: float


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


_BY_PREFIX: tuple[tuple[str, SecretKind, str, str], ...] = (
    ("AWS", "API_KEY", "ABSK", "[A-Za-z0-9+/]{109,269}={0,2}"),
    ("Adobe", "API_KEY", "p8e-", "[A-Za-z0-9]{32}"),
    ("Airtable", "ACCESS_TOKEN", "pat", r"[A-Za-z0-9]{14}\.[0-9a-f]{64}"),
    ("Alibaba Cloud", "API_KEY", "LTAI", "[A-Za-z0-9]{12,20}"),
    ("Artifactory", "API_KEY", "AKCp", "[A-Za-z0-9]{10,80}"),
    ("Atlassian", "ACCESS_TOKEN", "ATATT3", f"{_B64URL}{{50,250}}=?[0-9A-F]{{0,8}}"),
    ("Atlassian", "ACCESS_TOKEN", "ATCTT3", f"{_B64URL}{{50,250}}=?[0-9A-F]{{0,8}}"),
    ("Buildkite", "ACCESS_TOKEN", "bkua_", "[0-9a-f]{40}"),
    ("Cerebras", "API_KEY", "csk-", "[a-z0-9]{48}"),
    ("Clojars", "ACCESS_TOKEN", "CLOJARS_", "[0-9a-z]{60}"),
    ("Cloudflare", "API_KEY", "v1.0-", "[0-9a-f]{24}-[0-9a-f]{146}"),
    ("Contentful", "ACCESS_TOKEN", "CFPAT-", f"{_B64URL}{{43}}"),
    ("Databricks", "ACCESS_TOKEN", "dose", "[0-9a-f]{32}"),
    ("Doppler", "ACCESS_TOKEN", "dp.pt.", "[A-Za-z0-9]{40,44}"),
    ("Doppler", "ACCESS_TOKEN", "dp.st.", r"(?:[a-z0-9_-]{1,35}\.)?[A-Za-z0-9]{40,44}"),
    ("Dropbox", "ACCESS_TOKEN", "sl.", f"(?:u\\.)?{_B64URL}{{120,1400}}"),
    ("Duffel", "ACCESS_TOKEN", "duffel_", f"(?:test|live)_{_B64URL}{{43}}"),
    ("Dynatrace", "ACCESS_TOKEN", "dt0", r"[a-z]\d\d\.[A-Z0-9]{24}\.[A-Z0-9]{64}"),
    ("EasyPost", "API_KEY", "EZAK", "[A-Za-z0-9]{54}"),
    ("EasyPost", "API_KEY", "EZTK", "[A-Za-z0-9]{54}"),
    ("ElevenLabs", "API_KEY", "sk_", "[0-9a-f]{48}"),
    ("Figma", "ACCESS_TOKEN", "figd_", f"{_B64URL}{{40}}"),
    ("Firecrawl", "API_KEY", "fc-", "[0-9a-f]{32}"),
    ("Flutterwave", "API_KEY", "FLWSECK", "(?:_TEST)?-[0-9A-Za-z]{12,32}(?:-X)?"),
    ("Fly.io", "ACCESS_TOKEN", "fo1_", f"{_B64URL}{{43}}"),
    ("Fly.io", "ACCESS_TOKEN", "fm2_", "[A-Za-z0-9+/]{100,1000}={0,3}"),
    ("Frame.io", "ACCESS_TOKEN", "fio-u-", f"{_B64URL}{{64}}"),
    ("Google", "API_KEY", "AQ.Ab", f"{_B64URL}{{40,90}}"),
    ("Google", "ACCESS_TOKEN", "1//0", f"{_B64URL}{{40,200}}"),
    ("Grafana", "ACCESS_TOKEN", "glc_", "[A-Za-z0-9+/]{32,400}={0,3}"),
    ("Heroku", "API_KEY", "HRKU-AA", f"{_B64URL}{{58}}"),
    ("HubSpot", "ACCESS_TOKEN", "pat-", r"[a-z]{2}\d-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    ("Infracost", "API_KEY", "ico-", "[A-Za-z0-9]{32}"),
    ("Jina", "API_KEY", "jina_", f"{_B64URL}{{50,80}}"),
    ("LlamaCloud", "API_KEY", "llx-", "[A-Za-z0-9]{40,60}"),
    ("MailerSend", "API_KEY", "mlsn.", "[0-9a-f]{64}"),
    ("Mapbox", "ACCESS_TOKEN", "sk.eyJ", rf"{_B64URL}{{40,200}}\.{_B64URL}{{20,30}}"),
    ("Netlify", "ACCESS_TOKEN", "nfp_", "[A-Za-z0-9]{36}"),
    ("Notion", "API_KEY", "secret_", "[A-Za-z0-9]{43}"),
    ("NuGet", "API_KEY", "oy2", "[a-z0-9]{43}"),
    ("1Password", "ACCESS_TOKEN", "ops_eyJ", f"{_B64URL}{{200,1200}}={{0,2}}"),
    ("OpenShift", "ACCESS_TOKEN", "sha256~", f"{_B64URL}{{43}}"),
    ("Pinecone", "API_KEY", "pcsk_", f"{_B64URL}{{50,80}}"),
    ("PlanetScale", "ACCESS_TOKEN", "pscale_", r"(?:tkn|oauth|pw)_[\w.=-]{32,64}"),
    ("Prefect", "API_KEY", "pnu_", "[A-Za-z0-9]{36}"),
    ("Pulumi", "ACCESS_TOKEN", "pul-", "[0-9a-f]{40}"),
    ("Razorpay", "API_KEY", "rzp_live_", "[A-Za-z0-9]{14,24}"),
    ("ReadMe", "API_KEY", "rdme_", "[a-z0-9]{70}"),
    ("Resend", "API_KEY", "re_", "[A-Za-z0-9]{8}_[A-Za-z0-9]{24}"),
    ("RubyGems", "API_KEY", "rubygems_", "[0-9a-f]{48}"),
    ("Brevo", "API_KEY", "xkeysib-", "[0-9a-f]{64}-[A-Za-z0-9]{16}"),
    ("Brevo", "API_KEY", "xsmtpsib-", "[0-9a-f]{64}-[A-Za-z0-9]{16}"),
    ("Sentry", "ACCESS_TOKEN", "sntrys_", f"{_B64URL}{{60,400}}"),
    ("Sentry", "ACCESS_TOKEN", "sntryu_", "[0-9a-f]{64}"),
    ("Shippo", "API_KEY", "shippo_", "(?:live|test)_[0-9a-f]{40}"),
    ("SonarQube", "ACCESS_TOKEN", "sq", "[upa]_[0-9a-f]{40}"),
    ("Square", "ACCESS_TOKEN", "sq0", f"(?:atp|csp|idp)-{_B64URL}{{22,43}}"),
    ("Square", "ACCESS_TOKEN", "EAAA", f"{_B64URL}{{60}}"),
    ("Supabase", "ACCESS_TOKEN", "sbp_", "[0-9a-f]{40}"),
    ("Supabase", "API_KEY", "sb_secret_", f"{_B64URL}{{31,36}}"),
    ("Tailscale", "ACCESS_TOKEN", "tskey-", "(?:auth|api|client|webhook)-[A-Za-z0-9]{8,32}-[A-Za-z0-9]{20,48}"),
    ("Tavily", "API_KEY", "tvly-", "(?:dev-|prod-)?[A-Za-z0-9]{32}"),
    ("Together", "API_KEY", "tgp_v1_", f"{_B64URL}{{43}}"),
    ("Twilio", "API_KEY", "AC", "[0-9a-f]{32}"),
    ("Typeform", "ACCESS_TOKEN", "tfp_", r"[\w.=-]{40,60}"),
    ("Voyage", "API_KEY", "pa-", f"{_B64URL}{{43}}"),
    ("Weights & Biases", "API_KEY", "wandb_v1_", f"{_B64URL}{{60,100}}"),
    ("Yandex", "API_KEY", "AQVN", f"{_B64URL}{{35,38}}"),
)
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
    # The signature of an unsigned one is empty; an encrypted one has five parts.
    SecretFormat(
        "JWT", "ACCESS_TOKEN", ("eyJ",),
        rf"{_APART}eyJ{_B64URL}{{8,2000}}\.(?:eyJ{_B64URL}{{4,8000}}\.(?:{_B64URL}{{10,2000}}|(?!{_B64URL}))"
        rf"|{_B64URL}{{0,2000}}(?:\.{_B64URL}{{4,8000}}){{3}})",
    ),
    SecretFormat(
        "JWK", "PRIVATE_KEY", ('"kty"',), rf'"(?:d|k)"\s{{0,3}}:\s{{0,3}}"(?P<value>{_B64URL}{{22,1400}})"'
    ),
    SecretFormat(
        "PuTTY", "PRIVATE_KEY", ("Private-Lines:",),
        r"Private-Lines: \d{1,3}\r?\n(?P<value>[A-Za-z0-9+/=]{1,80}(?:\r?\n[A-Za-z0-9+/=]{1,80}(?=\s|$)){0,100})",
    ),
    *(_prefixed(*row) for row in _BY_PREFIX),
    SecretFormat(
        "Discord", "ACCESS_TOKEN", (".",),
        rf"{_APART}[MNO][A-Za-z0-9_-]{{23,27}}\.[A-Za-z0-9_-]{{6}}\.{_B64URL}{{27,38}}(?![\w-])",
    ),
    SecretFormat("Facebook", "ACCESS_TOKEN", ("EAA",), rf"{_APART}EAA[MC][A-Za-z0-9]{{80,400}}{_ENDS}"),
    SecretFormat(
        "Google", "API_KEY", ("AAAA",), rf"{_APART}AAAA{_B64URL}{{7}}:{_B64URL}{{140}}(?![\w-])"
    ),
    SecretFormat(
        "Lob", "API_KEY", ("live_", "test_"), rf"{_APART}(?:live|test)_[0-9a-f]{{35}}{_ENDS}"
    ),
    SecretFormat(
        "Plaid", "ACCESS_TOKEN", ("access-",),
        rf"{_APART}access-(?:sandbox|development|production)-[0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}{_ENDS}",
    ),
    SecretFormat(
        "Microsoft Teams", "WEBHOOK_URL", ("webhook.office.com/",),
        r"https://[a-z0-9-]{1,60}\.webhook\.office\.com/webhookb2/[\w@/-]{60,260}",
    ),
)  # fmt: skip
"""All formats: where two find the same stretch, the earlier one names it."""
