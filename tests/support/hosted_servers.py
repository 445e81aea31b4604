"""Strict stand-ins for the hosted services that judge texts, one for each.

They refuse what the real ones refuse: other paths and methods, a missing or wrong key, fields that are not known, texts
over the limit. What fails echoes the request, in reason phrase, header and body, as the worst of services would.
Shapes follow the vendors' documentation (see each class).
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from .loopback import Exchange, LoopbackServer, Refusal

KEY = "key-5up3r-secret"
ATTACK = "ATTACK"
EMAIL = re.compile(r"\b[a-z.]{1,64}@[a-z.]{1,64}[a-z]")


@dataclass(frozen=True)
class Request:
    """What arrived."""

    path: str
    headers: dict[str, str]
    body: Any
    raw: bytes


Fault = Callable[["HostedServer", Exchange, bytes], None]


def status(code: int, **headers: str) -> Fault:
    """Fails with a status; reason phrase, header and body echo the request."""

    def act(_: HostedServer, exchange: Exchange, body: bytes) -> None:
        echo = body.decode("ascii").replace("\n", " ")
        exchange.send_response(code, f"{exchange.headers} {echo}".replace("\n", " "))
        page = json.dumps({"error": {"message": f"{exchange.headers} {echo}"}}).encode()
        exchange.send_header("Content-Type", "application/json")
        exchange.send_header("X-Echo", echo)
        exchange.send_header("Content-Length", str(len(page)))
        for name, value in headers.items():
            exchange.send_header(name.replace("_", "-"), value)
        exchange.end_headers()
        exchange.wfile.write(page)

    return act


def page(_: HostedServer, exchange: Exchange, body: bytes) -> None:
    """A page of some proxy, with status 200."""
    exchange.send_bytes(200, b"<html>" + body + b"</html>", "text/html")


def lying_page(_: HostedServer, exchange: Exchange, body: bytes) -> None:
    """The same, said to be JSON."""
    exchange.send_bytes(200, b"<html>" + body + b"</html>", "application/json")


def mislabelled(server: HostedServer, exchange: Exchange, body: bytes) -> None:
    """The right answer, said to be no JSON."""
    answer = server.answer(Request(exchange.path, dict(exchange.headers.items()), json.loads(body), body))
    exchange.send_bytes(200, json.dumps(answer).encode(), "text/plain")


def nothing(_: HostedServer, exchange: Exchange, body: bytes) -> None:
    """An empty body."""
    exchange.send_bytes(200, b"", "application/json")


def cut(_: HostedServer, exchange: Exchange, body: bytes) -> None:
    """Half a body, then the connection is lost."""
    exchange.send_response(200)
    exchange.send_header("Content-Type", "application/json")
    exchange.send_header("Content-Length", "1000")
    exchange.end_headers()
    exchange.wfile.write(b'{"flagged": false, ' + body[:100])
    exchange.close_connection = True


def hang_up(_: HostedServer, exchange: Exchange, body: bytes) -> None:
    """No answer at all."""
    exchange.close_connection = True


def huge(server: HostedServer, exchange: Exchange, body: bytes) -> None:
    """Forty megabytes of JSON; the server notes how much of it was taken."""
    exchange.send_response(200)
    exchange.send_header("Content-Type", "application/json")
    exchange.send_header("Content-Length", str(40_000_002))
    exchange.end_headers()
    exchange.wfile.write(b'"')
    for _ in range(400):
        exchange.wfile.write(b"x" * 100_000)
        server.written += 100_000
    exchange.wfile.write(b'"')


def zipped(_: HostedServer, exchange: Exchange, body: bytes) -> None:
    """A compressed body, which nobody asked for."""
    exchange.send_bytes(200, b"\x1f\x8b", "application/json", {"Content-Encoding": "gzip"})


def silence(server: HostedServer, exchange: Exchange, body: bytes) -> None:
    """Nothing, until the server closes or a minute has passed."""
    server.arrived.set()
    server.closing.wait(60)
    exchange.close_connection = True


def dripping(server: HostedServer, exchange: Exchange, body: bytes) -> None:
    """A byte now and then."""
    exchange.send_response(200)
    exchange.send_header("Content-Type", "application/json")
    exchange.send_header("Content-Length", "1000")
    exchange.end_headers()
    while not server.closing.wait(0.05):
        exchange.wfile.write(b" ")
        exchange.wfile.flush()


def value(reply: Any) -> Fault:
    """Some JSON value."""
    return lambda _, exchange, body: exchange.send_json(200, reply)


class HostedServer(LoopbackServer):
    """A service on loopback.

    Args:
        faults: What happens to the first requests that the service would answer; the later ones are answered.
        always: What happens to all of them.
    """

    key_header: ClassVar[tuple[str, str]] = ("Authorization", f"Bearer {KEY}")

    def __init__(self, *faults: Fault, always: Fault | None = None) -> None:
        super().__init__()
        self.faults, self.always = list(faults), always
        self.requests: list[Request] = []
        self.refused: list[Request] = []
        self.written = 0
        self.closing, self.arrived = threading.Event(), threading.Event()
        self.open = 0
        self._lock = threading.Lock()

    def handle(self, exchange: Exchange, body: bytes) -> None:
        request = Request(exchange.path, dict(exchange.headers.items()), None, body)
        try:
            name, wanted = self.key_header
            if exchange.headers.get(name) != wanted:
                raise Refusal(401, {"error": {"message": f"bad key {exchange.headers.get(name)!r}"}})
            request = Request(exchange.path, request.headers, self._parsed(exchange, body), body)
            reply = self.answer(request)
        except Refusal:
            with self._lock:
                self.refused.append(request)
            raise
        with self._lock:
            self.requests.append(request)
            fault = self.faults.pop(0) if self.faults else self.always
        if fault is not None:
            fault(self, exchange, body)
        else:
            exchange.send_json(200, reply, {"Set-Cookie": f"seen={KEY}; Path=/"})

    def _parsed(self, exchange: Exchange, body: bytes) -> Any:
        if exchange.command != "POST":
            raise Refusal(405, {"error": "method not allowed"})
        if exchange.headers.get("Content-Type") != "application/json":
            raise Refusal(415, {"error": "unsupported media type"})
        try:
            return json.loads(body.decode("utf-8"))
        except ValueError:
            raise Refusal(400, {"error": "no JSON"}) from None

    def answer(self, request: Request) -> Any:
        """Validate a request and give the answer."""
        raise NotImplementedError

    def __exit__(self, *exc: object) -> None:
        self.closing.set()
        super().__exit__(*exc)


def need(condition: object, detail: str, code: int = 400) -> None:
    """Refuse unless a condition holds."""
    if not condition:
        raise Refusal(code, {"error": {"code": "InvalidRequest", "message": detail}})


def known(body: Any, required: set[str], optional: frozenset[str] | set[str] = frozenset(), code: int = 400) -> None:
    """Refuse a body that lacks fields or has others."""
    need(isinstance(body, dict), "an object is expected", code)
    need(required <= set(body), f"missing {sorted(required - set(body))}", code)
    need(set(body) <= required | optional, f"unknown {sorted(set(body) - required - optional)}", code)


def _chat(messages: Any, roles: set[str], code: int = 400) -> None:
    need(isinstance(messages, list) and messages, "messages must not be empty", code)
    for message in messages:
        known(message, {"role", "content"}, code=code)
        need(message["role"] in roles and isinstance(message["content"], str), "bad message", code)


class LakeraServer(HostedServer):
    """POST /v2/guard (https://docs.lakera.ai/docs/api/guard): the last message decides.

    Args:
        inclusive: Whether ``end`` is the last character's offset instead of the one after it.
    """

    limit = 20_000
    inclusive = False

    def answer(self, request: Request) -> Any:
        need(request.path == "/v2/guard", "not found", 404)
        known(request.body, {"messages"}, {"project_id", "payload", "breakdown", "metadata", "dev_info"})
        messages = request.body["messages"]
        _chat(messages, {"system", "user", "assistant", "tool"})
        need(sum(len(message["content"]) for message in messages) <= self.limit, "too long")
        text, last = messages[-1]["content"], len(messages) - 1
        attack, emails = ATTACK in text, list(EMAIL.finditer(text))
        reply: dict[str, Any] = {"flagged": attack or bool(emails), "metadata": {"request_uuid": "0"}}
        common = {"project_id": "p", "policy_id": "q", "detector_id": "d", "message_id": last}
        if request.body.get("breakdown"):
            reply["breakdown"] = [
                {
                    **common,
                    "detector_type": "prompt_attack",
                    "detected": attack,
                    "result": "l2_very_likely" if attack else "l5_unlikely",
                },
                {**common, "detector_type": "pii/email", "detected": bool(emails), "result": "no_level"},
            ]
        if request.body.get("payload"):
            reply["payload"] = [
                {
                    "start": found.start(),
                    "end": found.end() - self.inclusive,
                    "text": found[0],
                    "detector_type": "pii/email",
                    "labels": [],
                    "message_id": last,
                }
                for found in emails
            ]
        return reply


class AzureServer(HostedServer):
    """text:analyze and text:shieldPrompt (https://learn.microsoft.com/rest/api/contentsafety)."""

    key_header = ("Ocp-Apim-Subscription-Key", KEY)
    limit = 10_000

    def answer(self, request: Request) -> Any:
        url = urlsplit(request.path)
        need(parse_qs(url.query) == {"api-version": ["2024-09-01"]}, "unsupported api-version")
        if url.path == "/contentsafety/text:analyze":
            return self._analyze(request.body)
        need(url.path == "/contentsafety/text:shieldPrompt", "not found", 404)
        return self._shield(request.body)

    def _analyze(self, body: Any) -> Any:
        optional = {"categories", "blocklistNames", "haltOnBlocklistHit", "outputType"}
        known(body, {"text"}, optional)
        need(isinstance(body["text"], str) and 0 < len(body["text"]) <= self.limit, "text length")
        eight = body.get("outputType", "FourSeverityLevels") == "EightSeverityLevels"
        need(eight or body.get("outputType") == "FourSeverityLevels", "outputType")
        need(set(body["categories"]) <= {"Hate", "SelfHarm", "Sexual", "Violence"}, "categories")
        need(set(body["blocklistNames"]) <= {"rivals"}, "no such blocklist", 404)
        worst = 7 if eight else 6
        return {
            "blocklistsMatch": [
                {"blocklistName": name, "blocklistItemId": "1", "blocklistItemText": "Globex"}
                for name in body["blocklistNames"]
                if "Globex" in body["text"]
            ],
            "categoriesAnalysis": [
                {
                    "category": category,
                    "severity": worst if f"{category} {ATTACK}" in body["text"] else 2 if "grim" in body["text"] else 0,
                }
                for category in body["categories"]
            ],
        }

    def _shield(self, body: Any) -> Any:
        known(body, set(), {"userPrompt", "documents"})
        documents = body.get("documents", [])
        need("userPrompt" in body or documents, "one of them is needed")
        need(len(documents) <= 5 and sum(map(len, documents)) <= self.limit, "documents too long")
        need(len(body.get("userPrompt", "")) <= self.limit, "userPrompt too long")
        reply: dict[str, Any] = {"documentsAnalysis": [{"attackDetected": ATTACK in item} for item in documents]}
        if "userPrompt" in body:
            reply["userPromptAnalysis"] = {"attackDetected": ATTACK in body["userPrompt"]}
        return reply


class PromptArmorServer(HostedServer):
    """POST /v1/analyze/input (https://docs.promptarmor.com)."""

    key_header = ("PromptArmor-Auth", f"Bearer {KEY}")
    limit = 20_000

    def answer(self, request: Request) -> Any:
        need(request.path in {"/v1/analyze/input", "/v1/analyze/output"}, "not found", 404)
        session = request.headers.get("PromptArmor-Session-ID", "")
        need(re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", session), "no session")
        known(request.body, {"content"}, {"source", "destination"})
        need(isinstance(request.body["content"], str) and len(request.body["content"]) <= self.limit, "content")
        attack = ATTACK in request.body["content"]
        return {
            "detection": attack,
            "info": {
                "Jailbreak": {"detection": attack},
                "Code": {"detection": False, "metadata": {}},
                "InvisibleUnicode": {"detection": False, "metadata": None},
            },
        }


class NeMoServer(HostedServer):
    """POST /v1/checks of nemoguardrails 0.24.1's server."""

    limit = 1_000_000

    def answer(self, request: Request) -> Any:
        need(request.path == "/v1/checks", "not found", 404)
        known(request.body, {"model", "messages", "guardrails"}, code=422)
        options = request.body["guardrails"]
        known(options, set(), {"config_id", "config_ids", "rail_types", "context", "options"}, code=422)
        need(not {"config_id", "config_ids"} <= set(options), "both config_id and config_ids", 422)
        need(set(options.get("config_ids", ["good"])) <= {"good"}, "no such config", 422)
        need(set(options["rail_types"]) <= {"input", "output"}, "rail types", 422)
        _chat(request.body["messages"], {"system", "user", "assistant", "tool"}, 422)
        role = "user" if options["rail_types"] == ["input"] else "assistant"
        text = next(item["content"] for item in reversed(request.body["messages"]) if item["role"] == role)
        if ATTACK in text:
            return {"status": "blocked", "content": "I can't talk about that.", "rail": "self check input"}
        masked = EMAIL.sub("<EMAIL>", text)
        return {"status": "passed" if masked == text else "modified", "content": masked}


class LLMGuardServer(HostedServer):
    """POST /analyze/prompt and /analyze/output of llm-guard's API server."""

    limit = 1_000_000

    def answer(self, request: Request) -> Any:
        field = request.path.removeprefix("/analyze/")
        need(field in {"prompt", "output"}, "not found", 404)
        known(request.body, {"prompt"} | {field}, {"scanners_suppress"}, 422)
        need(all(isinstance(request.body[name], str) for name in ("prompt", field)), "strings", 422)
        text = request.body[field]
        scanners = {"Anonymize": 0.0, "PromptInjection": 0.9 if ATTACK in text else -1.0, "Secrets": -1.0}
        for name in request.body.get("scanners_suppress", []):
            scanners.pop(name, None)
        return {"is_valid": ATTACK not in text, "scanners": scanners, f"sanitized_{field}": EMAIL.sub("******", text)}


class ModerationServer(HostedServer):
    """POST /v1/moderations (https://platform.openai.com/docs/api-reference/moderations)."""

    limit = 20_000

    def answer(self, request: Request) -> Any:
        need(request.path == "/v1/moderations", "not found", 404)
        known(request.body, {"input"}, {"model"})
        need(request.body["model"] == "omni-moderation-latest", "no such model")
        text = request.body["input"]
        need(isinstance(text, str) and len(text) <= self.limit, "input")
        scores = {"hate": 0.01, "self-harm/intent": 0.02, "violence": 0.91 if ATTACK in text else 0.03}
        categories = {name: score > 0.5 for name, score in scores.items()}
        result = {"flagged": any(categories.values()), "categories": categories, "category_scores": scores}
        return {"id": "modr-1", "model": request.body["model"], "results": [result]}


class AnalyzerServer(HostedServer):
    """POST /analyze of ``lc-guard serve``."""

    def answer(self, request: Request) -> Any:
        need(request.path == "/analyze", "not found", 404)
        known(request.body, {"text"}, set(), 400)
        return [
            [
                {"analysis_explanation": None, "entity_type": "EMAIL_ADDRESS", "score": 1.0}
                | {"start": found.start(), "end": found.end()}
                for found in EMAIL.finditer(text)
            ]
            for text in request.body["text"]
        ]


class PresidioServer(HostedServer):
    """POST /analyze of Presidio's analyzer."""

    limit = 10_000

    def answer(self, request: Request) -> Any:
        need(request.path == "/analyze", "not found", 404)
        known(request.body, {"text", "language"}, {"entities", "ad_hoc_recognizers", "score_threshold"}, 500)
        need(request.body["language"] == "en", "no recognizer", 400)
        need(len(request.body["text"]) <= self.limit, "too long", 413)
        return [
            {"entity_type": "EMAIL_ADDRESS", "start": found.start(), "end": found.end(), "score": 1.0}
            for found in EMAIL.finditer(request.body["text"])
        ]
