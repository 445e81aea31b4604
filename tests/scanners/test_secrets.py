"""Credentials by their formats and by what they are called; none in code that only speaks of them."""

import random
import string

import pytest

from benchmarks.credential_corpus import VENDORS, corpus, fill
from lc_guard._text.credential_formats import SECRET_FORMATS
from lc_guard._text.credentials import entropy_of
from lc_guard.errors import GuardError
from lc_guard.scanners import ScanRequest, Secrets

_RANDOM = random.Random(20)
ALNUM = string.ascii_letters + string.digits


def letters(count, alphabet=ALNUM):
    return "".join(_RANDOM.choice(alphabet) for _ in range(count))


HEX, URL_SAFE, BASE32 = "0123456789abcdef", ALNUM + "_-", string.ascii_uppercase + "234567"
# Put together here, so that no scanner of repositories takes this file for a leak.
KEYS = [
    ("AWS", "API_KEY", "AKIA" + letters(16, BASE32)),
    ("AWS", "API_KEY", letters(40), "aws_secret_access_key = {}"),
    ("Google", "API_KEY", "AIza" + letters(35)),
    ("Google", "API_KEY", "GOCSPX-" + letters(28)),
    ("Google", "ACCESS_TOKEN", "ya29." + letters(60)),
    ("Azure", "API_KEY", letters(86) + "==",
     "DefaultEndpointsProtocol=https;AccountName=x;AccountKey={};EndpointSuffix=y"),
    ("Azure", "API_KEY", letters(3) + "8Q~" + letters(34)),
    ("Azure", "ACCESS_TOKEN", letters(43) + "%3D", "https://x.blob.core.windows.net/c?sv=2023-01-03&se=2026-01-01&sig={}"),
    ("GitHub", "ACCESS_TOKEN", "ghp_" + letters(36)),
    ("GitHub", "ACCESS_TOKEN", "github_pat_" + letters(22) + "_" + letters(59)),
    ("GitLab", "ACCESS_TOKEN", "glpat-" + letters(20)),
    ("Slack", "ACCESS_TOKEN", "xoxb-" + letters(12, string.digits) + "-" + letters(24)),
    ("Slack", "WEBHOOK_URL", "https://hooks.slack.com/services/T" + letters(10) +
     "/B" + letters(10) + "/" + letters(24)),
    ("Discord", "WEBHOOK_URL", "https://discord.com/api/webhooks/" + letters(18, "123456789") + "/" + letters(68)),
    ("Telegram", "ACCESS_TOKEN", letters(10, "123456789") + ":AA" + letters(33)),
    ("Stripe", "API_KEY", "sk_live_" + letters(24)),
    ("Stripe", "API_KEY", "whsec_" + letters(32)),
    ("Anthropic", "API_KEY", "sk-ant-api03-" + letters(93, URL_SAFE) + "AA"),
    ("OpenAI", "API_KEY", "sk-proj-" + letters(60) + "T3BlbkFJ" + letters(40)),
    ("OpenAI", "API_KEY", "sk-" + letters(48)),
    ("OpenRouter", "API_KEY", "sk-or-v1-" + letters(64, HEX)),
    ("Langfuse", "API_KEY", "sk-lf-" + "-".join(letters(n, HEX) for n in (8, 4, 4, 4, 12))),
    ("LangSmith", "API_KEY", "lsv2_pt_" + letters(32, HEX) + "_" + letters(10, HEX)),
    ("Hugging Face", "ACCESS_TOKEN", "hf_" + letters(34, string.ascii_letters)),
    ("Groq", "API_KEY", "gsk_" + letters(52)),
    ("xAI", "API_KEY", "xai-" + letters(80)),
    ("Perplexity", "API_KEY", "pplx-" + letters(48)),
    ("Replicate", "API_KEY", "r8_" + letters(37)),
    ("npm", "ACCESS_TOKEN", "npm_" + letters(36)),
    ("Google", "ACCESS_TOKEN", "1//0" + letters(60)),
    ("Clojars", "ACCESS_TOKEN", "CLOJARS_" + letters(60).lower()),
    ("PyPI", "ACCESS_TOKEN", "pypi-AgEIcHlwaS5vcmc" + letters(120)),
    ("Docker", "ACCESS_TOKEN", "dckr_pat_" + letters(27)),
    ("Twilio", "API_KEY", "SK" + letters(32, HEX)),
    ("SendGrid", "API_KEY", "SG." + letters(22) + "." + letters(43)),
    ("Mailgun", "API_KEY", "key-" + letters(32, HEX)),
    ("Mailchimp", "API_KEY", letters(32, HEX) + "-us12"),
    ("DigitalOcean", "ACCESS_TOKEN", "dop_v1_" + letters(64, HEX)),
    ("Shopify", "ACCESS_TOKEN", "shpat_" + letters(32, HEX)),
    ("Databricks", "ACCESS_TOKEN", "dapi" + letters(32, HEX)),
    ("HashiCorp Vault", "ACCESS_TOKEN", "hvs." + letters(90)),
    ("Terraform", "ACCESS_TOKEN", letters(14) + ".atlasv1." + letters(67)),
    ("Postman", "API_KEY", "PMAK-" + letters(24, HEX) + "-" + letters(34, HEX)),
    ("Linear", "API_KEY", "lin_api_" + letters(40)),
    ("Notion", "API_KEY", "ntn_" + letters(46)),
    ("Grafana", "ACCESS_TOKEN", "glsa_" + letters(32) + "_" + letters(8, HEX)),
    ("New Relic", "API_KEY", "NRAK-" + letters(27, string.ascii_uppercase + string.digits)),
    ("age", "PRIVATE_KEY", "AGE-SECRET-KEY-1" + letters(58, "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L")),
    ("PEM", "PRIVATE_KEY",
     f"-----BEGIN RSA PRIVATE KEY-----\n{letters(64)}\n{letters(40)}==\n-----END RSA PRIVATE KEY-----"),
    ("PEM", "PRIVATE_KEY", f"-----BEGIN OPENSSH PRIVATE KEY-----\n{letters(70)}\n{letters(30)}"),
    ("PuTTY", "PRIVATE_KEY", letters(64) + "\n" + letters(40) + "==", "Private-Lines: 2\n{}\nPrivate-MAC: 00"),
    ("JWK", "PRIVATE_KEY", letters(43), '{{"kty": "EC", "crv": "P-256", "d": "{}"}}'),
    ("JWT", "ACCESS_TOKEN", "eyJ" + letters(33) + ".eyJ" + letters(60) + "." + letters(43)),
    ("JWT", "ACCESS_TOKEN", "eyJ" + letters(24) + ".eyJ" + letters(40) + "."),
    ("JWT", "ACCESS_TOKEN", "eyJ" + letters(33) + "." + ".".join(letters(n) for n in (60, 16, 80, 22))),
    ("URL", "PASSWORD", "S3cr-t!x", "postgresql://admin:{}@db.example.com:5432/app"),
    ("Authorization", "ACCESS_TOKEN", letters(40), 'curl -H "Authorization: Bearer {}" https://x'),
    ("Authorization", "PASSWORD", letters(20) + "==", "Authorization: Basic {}"),
    ("setting", "PASSWORD", "hunter2", "my password is {}, can you log in?"),
    ("setting", "PASSWORD", "correcthorse", "DB_PASSWORD={}"),
    ("setting", "PASSWORD", "Tr0ub4dor&3", 'login(user="bob", password="{}")'),
    ("setting", "PASSWORD", "geheim123", "Passwort: {}"),
    ("setting", "PASSWORD", "geheim123", "Mein Passwort ist {}."),
    ("setting", "API_KEY", "x9Kq2LmZ81vTnB4w", "api_key: {}"),
    ("setting", "API_KEY", "a81bc81b-dead-4e5d-abff-90865d1e13b1", '{{"client_secret": "{}"}}'),
]  # fmt: skip
HARMLESS = [
    "How do I rotate an AWS access key without downtime?",
    "What is an access token and where is it stored?",
    "My password is wrong, what can I do?",
    "The password is required.",
    "Your password is too short and must contain a digit.",
    "Password: ********",
    "password = os.environ['DB_PASSWORD']",
    "password=${DB_PASSWORD}",
    "token: <your token>",
    "api_key=YOUR_API_KEY",
    "secret = get_secret(name)",
    "def login(user: str, password: str) -> Token: ...",
    "const token = request.headers.authorization;",
    "token = tokenizer.encode(text)",
    "The secret is patience.",
    "The key is under the mat.",
    "Tokens: 1024, price: 0.02",
    "max_tokens=4096",
    "sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "commit 3eca3858f2d1c0f7b2f3e2c81d0f2b5e7c6a9d10",
    "550e8400-e29b-41d4-a716-446655440000",
    "https://user@example.com/path and http://localhost:8080/x@y",
    "postgresql://user:password@localhost/db",
    "https://<user>:<password>@host/",
    "Install sk-learn, not sk-image.",
    "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----",
    "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQC7 user@host",
    "Passwords should be hashed with bcrypt or argon2.",
    "Is 'password123' a good password?",
    "The bearer of this letter is my brother.",
]


@pytest.mark.parametrize("case", KEYS, ids=lambda case: f"{case[0]}-{case[1]}")
def test_keys(case):
    issuer, kind, key, *frame = case
    text = (frame[0] if frame else "here it is: {} , use it").format(key)
    result = Secrets().scan(ScanRequest(text))
    assert not result.valid
    assert result.risk_score >= 0.7
    assert issuer in result.categories
    assert [(entity.kind, text[entity.start : entity.end]) for entity in result.entities] == [(kind, key)]
    assert key not in repr(result)


@pytest.mark.parametrize("text", HARMLESS)
def test_harmless(text):
    result = Secrets().scan(ScanRequest(text))
    assert result.valid, result.categories


@pytest.mark.parametrize(("issuer", "kind", "form"), VENDORS, ids=lambda part: str(part)[:24])
def test_the_keys_of_vendors(issuer, kind, form):
    key = fill(form, _RANDOM)
    text = f"here it is: {key} , use it"
    result = Secrets(generic=False).scan(ScanRequest(text))
    assert [(entity.kind, text[entity.start : entity.end]) for entity in result.entities] == [(kind, key)]
    assert issuer in result.categories


def test_every_format_has_a_case():
    told = {issuer for issuer, *_ in KEYS} | {issuer for issuer, *_ in VENDORS}
    assert {item.issuer for item in SECRET_FORMATS} == told - {"setting", "URL", "Authorization"}


@pytest.mark.parametrize("group", ["passwords", "tokens", "private keys", "harmless"])
def test_the_generated_corpus(group):
    for sample in (sample for sample in corpus(seed=3, each=4) if sample.group == group):
        found = [(e.kind, sample.text[e.start : e.end]) for e in Secrets().scan(ScanRequest(sample.text)).entities]
        if sample.credential is None:
            assert found == [], sample.text
        else:
            assert [value for _, value in found] == [sample.credential], sample.text
            assert sample.kind in ("", found[0][0]), sample.text


STAND_INS = (
    "ghp_" + "x" * 36, "sk-" + "X" * 48, "AKIA" + "0" * 16, "sk-proj-your_key_here_0000000000000",
    "xoxb-your-token-goes-here-1234", "glpat-xxxxxxxxxxxxxxxxxxxx", "hf_" + "a" * 34,
)  # fmt: skip


@pytest.mark.parametrize("value", STAND_INS)
@pytest.mark.parametrize("frame", ["use {}", "export TOKEN={}", 'api_key = "{}"', "Authorization: Bearer {}"])
def test_stand_ins_are_no_credentials(frame, value):
    assert Secrets().scan(ScanRequest(frame.format(value))).valid


def test_settings_can_be_left_out():
    assert Secrets(generic=False).scan(ScanRequest("password=hunter22")).valid


def test_entropy():
    assert entropy_of("") == 0
    assert entropy_of("aaaa") == 0
    assert entropy_of("abcd") == 2
    assert Secrets(entropy=8).scan(ScanRequest("api_key: x9Kq2LmZ81vTnB4w")).valid
    with pytest.raises(GuardError, match="entropy"):
        Secrets(entropy=-1)


@pytest.mark.parametrize(
    "frame",
    [
        'env:\n  - name: DB_PASSWORD\n    value: "{}"\n',
        '{{"name": "DB_PASSWORD", "value": "{}"}}',
        '<property name="db.password" value="{}"/>',
        'key = "SECRET_KEY"\nvalue = "{}"',
    ],
)
def test_a_setting_may_have_its_name_and_its_value_apart(frame):
    assert not Secrets().scan(ScanRequest(frame.format("hJ8topaz21kQ"))).valid
    assert Secrets().scan(ScanRequest(frame.format("${TOKEN}"))).valid
    assert Secrets().scan(ScanRequest("- name: LOG_LEVEL\n  value: hJ8topaz21kQ")).valid
