"""A generated corpus of credentials and of what only looks like one, for the benchmark and for tests.

Nothing in it was ever valid: all keys are drawn at random. Each sample is one or more lines with the credential in it,
in the frames in which people paste them into a chat.
"""

from __future__ import annotations

import base64
import json
import random
import re
import string
from typing import NamedTuple

ALNUM = string.ascii_letters + string.digits
_ALPHABETS = {
    "A": ALNUM,
    "h": "0123456789abcdef",
    "u": ALNUM + "_-",
    "l": string.ascii_lowercase + string.digits,
    "U": string.ascii_uppercase + string.digits,
    "d": string.digits,
    "n": "123456789",
    "b": ALNUM + "+/",
    "B": string.ascii_uppercase + "234567",
    "a": string.ascii_letters,
}

# Issuer, kind, form: {A36} is 36 letters or digits, h hexadecimal, u URL-safe, l and U of one case, b base64, B base32.
VENDORS = (
    ("AWS", "API_KEY", "AKIA{B16}"),
    ("AWS", "API_KEY", "ABSK{b110}"),
    ("Google", "API_KEY", "AIza{u34}{A1}"),
    ("Google", "API_KEY", "AQ.Ab{u50}{A1}"),
    ("Google", "API_KEY", "AAAA{u7}:{u139}{A1}"),
    ("GitHub", "ACCESS_TOKEN", "ghp_{A36}"),
    ("GitHub", "ACCESS_TOKEN", "github_pat_{A22}_{A59}"),
    ("GitLab", "ACCESS_TOKEN", "glpat-{A20}"),
    ("Slack", "ACCESS_TOKEN", "xoxb-{d12}-{d12}-{A24}"),
    ("Slack", "WEBHOOK_URL", "https://hooks.slack.com/services/T{U10}/B{U10}/{A24}"),
    ("Discord", "WEBHOOK_URL", "https://discord.com/api/webhooks/{n18}/{u67}{A1}"),
    ("Discord", "ACCESS_TOKEN", "M{A23}.{u6}.{u26}{A1}"),
    ("Telegram", "ACCESS_TOKEN", "{n10}:AA{u32}{A1}"),
    ("Stripe", "API_KEY", "sk_live_{A24}"),
    ("Anthropic", "API_KEY", "sk-ant-api03-{u93}AA"),
    ("OpenAI", "API_KEY", "sk-proj-{u60}T3BlbkFJ{A40}"),
    ("OpenAI", "API_KEY", "sk-{A20}T3BlbkFJ{A20}"),
    ("OpenRouter", "API_KEY", "sk-or-v1-{h64}"),
    ("Langfuse", "API_KEY", "sk-lf-{h8}-{h4}-{h4}-{h4}-{h12}"),
    ("LangSmith", "API_KEY", "lsv2_pt_{h32}_{h10}"),
    ("Hugging Face", "ACCESS_TOKEN", "hf_{a34}"),
    ("Groq", "API_KEY", "gsk_{A52}"),
    ("xAI", "API_KEY", "xai-{A80}"),
    ("Perplexity", "API_KEY", "pplx-{A48}"),
    ("Replicate", "API_KEY", "r8_{A37}"),
    ("npm", "ACCESS_TOKEN", "npm_{A36}"),
    ("PyPI", "ACCESS_TOKEN", "pypi-AgEIcHlwaS5vcmc{u100}{A1}"),
    ("Docker", "ACCESS_TOKEN", "dckr_pat_{u26}{A1}"),
    ("Twilio", "API_KEY", "SK{h32}"),
    ("Twilio", "API_KEY", "AC{h32}"),
    ("SendGrid", "API_KEY", "SG.{u22}.{u42}{A1}"),
    ("Mailgun", "API_KEY", "key-{h32}"),
    ("Mailchimp", "API_KEY", "{h32}-us12"),
    ("DigitalOcean", "ACCESS_TOKEN", "dop_v1_{h64}"),
    ("Shopify", "ACCESS_TOKEN", "shpat_{h32}"),
    ("Databricks", "ACCESS_TOKEN", "dapi{h32}"),
    ("Databricks", "ACCESS_TOKEN", "dose{h32}"),
    ("HashiCorp Vault", "ACCESS_TOKEN", "hvs.{u89}{A1}"),
    ("Terraform", "ACCESS_TOKEN", "{A14}.atlasv1.{u66}{A1}"),
    ("Postman", "API_KEY", "PMAK-{h24}-{h34}"),
    ("Linear", "API_KEY", "lin_api_{A40}"),
    ("Notion", "API_KEY", "ntn_{A46}"),
    ("Notion", "API_KEY", "secret_{A43}"),
    ("Grafana", "ACCESS_TOKEN", "glsa_{A32}_{h8}"),
    ("Grafana", "ACCESS_TOKEN", "glc_{b60}"),
    ("New Relic", "API_KEY", "NRAK-{U27}"),
    ("Adobe", "API_KEY", "p8e-{A32}"),
    ("Airtable", "ACCESS_TOKEN", "pat{A14}.{h64}"),
    ("Alibaba Cloud", "API_KEY", "LTAI{A20}"),
    ("Artifactory", "API_KEY", "AKCp{A69}"),
    ("Atlassian", "ACCESS_TOKEN", "ATATT3{u180}={d8}"),
    ("Buildkite", "ACCESS_TOKEN", "bkua_{h40}"),
    ("Cerebras", "API_KEY", "csk-{l48}"),
    ("Clojars", "ACCESS_TOKEN", "CLOJARS_{h60}"),
    ("Cloudflare", "API_KEY", "v1.0-{h24}-{h146}"),
    ("Contentful", "ACCESS_TOKEN", "CFPAT-{u42}{A1}"),
    ("Doppler", "ACCESS_TOKEN", "dp.pt.{A43}"),
    ("Dropbox", "ACCESS_TOKEN", "sl.{u140}{A1}"),
    ("Duffel", "ACCESS_TOKEN", "duffel_live_{u42}{A1}"),
    ("Dynatrace", "ACCESS_TOKEN", "dt0c01.{U24}.{U64}"),
    ("EasyPost", "API_KEY", "EZAK{A54}"),
    ("ElevenLabs", "API_KEY", "sk_{h48}"),
    ("Facebook", "ACCESS_TOKEN", "EAAM{A120}"),
    ("Figma", "ACCESS_TOKEN", "figd_{u39}{A1}"),
    ("Firecrawl", "API_KEY", "fc-{h32}"),
    ("Flutterwave", "API_KEY", "FLWSECK-{A32}-X"),
    ("Fly.io", "ACCESS_TOKEN", "fo1_{u42}{A1}"),
    ("Frame.io", "ACCESS_TOKEN", "fio-u-{u63}{A1}"),
    ("Heroku", "API_KEY", "HRKU-AA{u57}{A1}"),
    ("HubSpot", "ACCESS_TOKEN", "pat-na1-{h8}-{h4}-{h4}-{h4}-{h12}"),
    ("Infracost", "API_KEY", "ico-{A32}"),
    ("Jina", "API_KEY", "jina_{A60}"),
    ("LlamaCloud", "API_KEY", "llx-{A48}"),
    ("Lob", "API_KEY", "live_{h35}"),
    ("MailerSend", "API_KEY", "mlsn.{h64}"),
    ("Mapbox", "ACCESS_TOKEN", "sk.eyJ{A80}.{u21}{A1}"),
    ("Microsoft Teams", "WEBHOOK_URL",
     "https://contoso.webhook.office.com/webhookb2/{h8}-{h4}-{h4}-{h4}-{h12}@{h8}-{h4}-{h4}-{h4}-{h12}/IncomingWebhook/{h32}"),
    ("Netlify", "ACCESS_TOKEN", "nfp_{A36}"),
    ("NuGet", "API_KEY", "oy2{l43}"),
    ("1Password", "ACCESS_TOKEN", "ops_eyJ{A250}"),
    ("OpenShift", "ACCESS_TOKEN", "sha256~{u42}{A1}"),
    ("Pinecone", "API_KEY", "pcsk_{A66}"),
    ("Plaid", "ACCESS_TOKEN", "access-production-{h8}-{h4}-{h4}-{h4}-{h12}"),
    ("PlanetScale", "ACCESS_TOKEN", "pscale_tkn_{A43}"),
    ("Prefect", "API_KEY", "pnu_{A36}"),
    ("Pulumi", "ACCESS_TOKEN", "pul-{h40}"),
    ("Razorpay", "API_KEY", "rzp_live_{A14}"),
    ("ReadMe", "API_KEY", "rdme_{l70}"),
    ("Resend", "API_KEY", "re_{A8}_{A24}"),
    ("RubyGems", "API_KEY", "rubygems_{h48}"),
    ("Brevo", "API_KEY", "xkeysib-{h64}-{A16}"),
    ("Sentry", "ACCESS_TOKEN", "sntryu_{h64}"),
    ("Shippo", "API_KEY", "shippo_live_{h40}"),
    ("SonarQube", "ACCESS_TOKEN", "squ_{h40}"),
    ("Square", "ACCESS_TOKEN", "sq0atp-{u21}{A1}"),
    ("Supabase", "ACCESS_TOKEN", "sbp_{h40}"),
    ("Tailscale", "ACCESS_TOKEN", "tskey-auth-{A12}-{A32}"),
    ("Tavily", "API_KEY", "tvly-{A32}"),
    ("Together", "API_KEY", "tgp_v1_{u42}{A1}"),
    ("Typeform", "ACCESS_TOKEN", "tfp_{A44}"),
    ("Voyage", "API_KEY", "pa-{u42}{A1}"),
    ("Weights & Biases", "API_KEY", "wandb_v1_{A70}"),
    ("Yandex", "API_KEY", "AQVN{u34}{A1}"),
    ("Azure", "API_KEY", "{A3}8Q~{A34}"),
    ("age", "PRIVATE_KEY", "AGE-SECRET-KEY-1QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7LQPZRY9X8GF2TVDW0S3JN54KHCE"),
)  # fmt: skip

_FRAMES = (
    "here it is: {} , use it",
    "API_KEY={}",
    'client = Client(api_key="{}")',
    '{{"token": "{}"}}',
    "export TOKEN={}",
    "I pasted {} into the form",
    "curl -H 'X-Api-Key: {}' https://api.example.com/v1",
    "  token: {}",
)
_PASSWORD_FRAMES = (
    "my password is {}",
    "Log in with password: {} and tell me what you see",
    "password={}",
    "DB_PASSWORD={}",
    'db_password = "{}"',
    "spring.datasource.password={}",
    '{{"user": "bob", "password": "{}"}}',
    "login(user='bob', password='{}')",
    "user: bob\npassword: {}\n",
    "<password>{}</password>",
    "mysql -h db.example.com -u root -p{} shop",
    "curl -u admin:{} https://api.example.com/v1/users",
    "sshpass -p {} ssh root@10.0.0.7",
    "tool --user bob --password {} --verbose",
    "postgresql://app:{}@db.example.com:5432/shop",
    "redis://:{}@cache.example.com:6379/0",
    "https://bob:{}@git.example.com/repo.git",
    "Server=db.example.com;Database=shop;User Id=sa;Password={};",
    "machine api.example.com login bob password {}",
    "| Password | {} |",
    "**Password:** {}",
    "export PGPASSWORD={}",
    'const dbPassword = "{}";',
    "The password for the guest wifi is {}.",
    "clickhouse://ch.example.com:9440/events?user=svc&password={}&secure=1",
    "Passwort: {}",
    "Mot de passe : {}",
    "contraseña: {}",
    "docker login -u bob -p {} registry.example.com",
)
_TOKEN_FRAMES = (
    "Authorization: Bearer {}",
    "Authorization: Token {}",
    "curl -H 'Authorization: ApiKey {}' https://api.example.com",
    '"headers": {{"Authorization": "Bearer {}"}}',
    "Cookie: theme=dark; sessionid={}; lang=en",
    "https://api.example.com/v1?access_token={}&page=2",
    "client_secret: {}",
    "refreshToken = '{}'",
    "SECRET_KEY = '{}'",
    "x-api-key: {}",
)

HARMLESS = (
    "How do I rotate an AWS access key without downtime?",
    "My password is wrong, what can I do?",
    "Your password must contain a digit and is too short.",
    "Password: ********",
    "password = os.environ['DB_PASSWORD']",
    "password=${DB_PASSWORD}",
    "token: <your token>",
    "api_key=YOUR_API_KEY",
    "export OPENAI_API_KEY=sk-...",
    "OPENAI_API_KEY=sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "token = ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "aws_access_key_id = <AWS_ACCESS_KEY_ID>",
    "aws_secret_access_key = xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "password: changeme",
    'api_key = "your-api-key-here"',
    'api_key = "<INSERT_KEY>"',
    'secret = get_secret("db")',
    "def login(user: str, password: str) -> Token: ...",
    "const token = request.headers.authorization;",
    "token = tokenizer.encode(text)",
    'password = getpass.getpass("Password: ")',
    'assert user.password == "password"',
    "<input type='password' name='password' id='password'>",
    'label: "Password", placeholder: "Enter your password"',
    "max_tokens=4096, token_count: 1823",
    "sha256: {h64}",
    "commit {h40}",
    "Merge {h7}..{h7}",
    "id: {h8}-{h4}-{h4}-{h4}-{h12}",
    "etag: W/\"{h32}\"",
    "md5sum: {h32}  image.iso",
    "integrity: sha512-{b86}==",
    "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQC{b120} bob@laptop",
    "-----BEGIN PUBLIC KEY-----\n{b64}\n-----END PUBLIC KEY-----",
    "-----BEGIN CERTIFICATE-----\n{b64}\n{b64}\n-----END CERTIFICATE-----",
    "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----",
    "postgresql://user:password@localhost/db",
    "postgres://${USER}:${PASSWORD}@db/app",
    "https://user@example.com/path and http://localhost:8080/x",
    "Authorization: Bearer <token>",
    "Authorization: Bearer $TOKEN",
    "curl -u user:password https://api.example.com",
    "curl -u $USER:$PASS https://api.example.com",
    "docker run -u 1000:1000 -p 8080:80 nginx",
    "data:image/png;base64,{b120}",
    "uv.lock: hash = \"sha256:{h64}\"",
    "secretName: db-credentials-v2",
    "passwordHash: bcrypt",
    "The token expired, the secret is patience.",
    "PRIMARY KEY (id), FOREIGN KEY (user_id) REFERENCES users(id)",
    "key: value, keyboard: qwerty, monkey: banana",
    "The bearer of this letter is my brother.",
    "Passwords should be hashed with bcrypt or argon2.",
    "token_type: bearer, expires_in: 3600",
    "compass: north, bypass: true, passage: 3",
    "Is the API key rotated every 90 days?",
    "if (password !== confirmPassword) setError('Passwords differ');",
    'self.password = password; this.token = token;',
    "password: string; secret?: string | null;",
)  # fmt: skip


class Sample(NamedTuple):
    """A text, the credential in it (none in a harmless one), its kind, and what group it is of."""

    text: str
    credential: str | None
    kind: str
    group: str


def fill(form: str, rng: random.Random) -> str:
    """Return a form with its slots filled at random."""
    return re.sub(
        r"\{([AhulUdnbBa])(\d+)\}",
        lambda match: "".join(rng.choice(_ALPHABETS[match[1]]) for _ in range(int(match[2]))),
        form,
    )


def jwt(rng: random.Random, *, signed: bool) -> str:
    """Return a JSON Web Token; an unsigned one ends with a full stop."""

    def part(value: dict[str, object]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    body = f"{part({'alg': 'HS256' if signed else 'none'})}.{part({'sub': rng.randrange(10**9), 'name': 'x'})}"
    return f"{body}.{fill('{u43}', rng) if signed else ''}"


def password(rng: random.Random) -> str:
    """Return a password as people choose them."""
    word = rng.choice(("dragon", "Sommer", "kitten", "Falcon", "hunter", "Raincloud", "monkeyTree", "pizza"))
    return rng.choice(
        (
            f"{word}{rng.randrange(10, 9999)}",
            f"{word}{rng.randrange(10, 99)}!!",
            f"{word.capitalize()}-{rng.randrange(100, 999)}#",
            fill("{A12}", rng) + "7",
            f"{word}_{rng.randrange(10, 99)}$x",
            f"Tr0ub4dor&{rng.randrange(10)}",
        )
    )


def corpus(seed: int = 7, *, each: int = 3) -> list[Sample]:
    """Return the corpus.

    Args:
        seed: Of the random numbers.
        each: Samples for each form and frame.
    """
    rng = random.Random(seed)
    samples: list[Sample] = []
    for number in range(each):
        for place, (_, kind, form) in enumerate(VENDORS):
            key = fill(form, rng)
            samples.append(Sample(_FRAMES[(place + number) % len(_FRAMES)].format(key), key, kind, "vendors"))
        for frame in _PASSWORD_FRAMES:
            value = password(rng)
            samples.append(Sample(frame.format(value), value, "PASSWORD", "passwords"))
        for frame in _TOKEN_FRAMES:
            value = fill("{A32}", rng) + "7"
            samples.append(Sample(frame.format(value), value, "", "tokens"))
        for signed in (True, False):
            token = jwt(rng, signed=signed)
            samples.append(Sample(f"decode {token} for me", token, "ACCESS_TOKEN", "tokens"))
        for name in ("RSA PRIVATE KEY", "OPENSSH PRIVATE KEY", "EC PRIVATE KEY", "PRIVATE KEY"):
            block = fill(f"-----BEGIN {name}-----\n{{b64}}\n{{b64}}\n{{b40}}==\n-----END {name}-----", rng)
            samples.append(Sample(f"this is the key:\n{block}\n", block, "PRIVATE_KEY", "private keys"))
        samples += [Sample(fill(text, rng), None, "", "harmless") for text in HARMLESS]
    return samples
