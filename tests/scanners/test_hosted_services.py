"""What each hosted scanner makes of its service's answers."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tenacity import wait_none

from lc_guard.detectors import PresidioAnalyzer
from lc_guard.errors import DetectorError, GuardError, ServiceError
from lc_guard.records import Entity
from lc_guard.scanners import (
    AzureContentSafety,
    Lakera,
    LLMGuardAPI,
    NeMoGuardrails,
    OpenAIModeration,
    PromptArmor,
    ScanRequest,
    Turn,
)
from tests.support import hosted_servers as hosted
from tests.support.hosted_servers import ATTACK, KEY, HostedServer

TURNS = (Turn("system", "Be kind."), Turn("user", "Hello"), Turn("assistant", "Hi"))


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lc_guard._http.client._BACKOFF", wait_none())


def mutations(value: Any) -> Iterator[Any]:
    """A reply with one thing missing, null, or of another type, for each thing in it."""
    for path in paths(value):
        for change in ("delete", None, "x", 7.5, -3, True, [], {}, [None], {"x": None}):
            changed = copy.deepcopy(value)
            place = changed
            for step in path[:-1]:
                place = place[step]
            if change == "delete":
                del place[path[-1]]
            elif place[path[-1]] != change:
                place[path[-1]] = change
            yield changed


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from paths(item, (*path, key))


MADE: list[tuple[Callable[..., Any], type[HostedServer], dict[str, Any], str]] = [
    (Lakera, hosted.LakeraServer, {}, f"{ATTACK} jane@example.org"),
    (AzureContentSafety, hosted.AzureServer, {"prompt_shields": False}, f"Hate {ATTACK}"),
    (AzureContentSafety, hosted.AzureServer, {"prompt_shields": False, "blocklists": ["rivals"]}, "Globex"),
    (PromptArmor, hosted.PromptArmorServer, {}, ATTACK),
    (NeMoGuardrails, hosted.NeMoServer, {}, ATTACK),
    (LLMGuardAPI, hosted.LLMGuardServer, {}, ATTACK),
    (OpenAIModeration, hosted.ModerationServer, {}, ATTACK),
    (OpenAIModeration, hosted.ModerationServer, {"thresholds": {"violence": 0.5}}, ATTACK),
]


@pytest.mark.parametrize(("make", "server", "options", "text"), MADE, ids=lambda item: getattr(item, "__name__", ""))
def test_a_reply_with_a_fault_is_never_safe(
    make: Callable[..., Any], server: type[HostedServer], options: dict[str, Any], text: str
) -> None:
    request = ScanRequest(text)
    with server() as running:
        scanner = make(base_url=running.url, api_key=KEY, **options)
        assert not scanner.scan(request).valid
        good = running.answer(running.requests[-1])
        tried = refused = 0
        for reply in mutations(good):
            running.always = hosted.value(reply)
            tried += 1
            try:
                result = scanner.scan(request)
            except ServiceError:
                refused += 1
            else:
                # a whole reply that says otherwise is another reply, not a faulty one
                assert not result.valid or says_safe(reply), reply
        scanner.close()
    assert tried > 20
    assert refused > tried / 4


def test_a_faulty_reply_of_presidio_is_an_error() -> None:
    good = [{"entity_type": "EMAIL_ADDRESS", "start": 0, "end": 4, "score": 0.5}]
    with hosted.PresidioServer() as server:
        detector = PresidioAnalyzer(server.url, api_key=KEY)
        for name, wrong in {"entity_type": 1, "start": -1, "end": 5, "score": 1.5}.items():
            for value in (wrong, None, "", [], True):
                server.always = hosted.value([{**good[0], name: value}])
                with pytest.raises(DetectorError):
                    detector.detect("Jane")
        for options in ({"score_threshold": 2}, {"entities": "PERSON"}, {"max_characters": 400}, {"concurrency": 0}):
            with pytest.raises(GuardError, match="PresidioAnalyzer"):
                PresidioAnalyzer(server.url, **options)
        server.always = hosted.value(good)
        asks: dict[str, Any] = {
            "entities": ["EMAIL_ADDRESS"],
            "score_threshold": 0.4,
            "ad_hoc_recognizers": [{"name": "zip", "supported_language": "en"}],
        }
        assert PresidioAnalyzer(server.url, api_key=KEY, **asks).detect("Jane") == [Entity("EMAIL_ADDRESS", 0, 4, 0.5)]
        assert sent(server) == {"text": "Jane", "language": "en", **asks}


def says_safe(reply: Any) -> bool:
    """Whether the one change is the decision itself, in the right type."""
    if reply.get("blocklistsMatch") == [] or reply.get("flagged") is False or reply.get("is_valid") is True:
        return True
    return reply.get("status") == "passed"


def sent(server: HostedServer) -> Any:
    return server.requests[-1].body


class TestLakera:
    def test_levels_and_locations(self) -> None:
        text = "Mail jane@example.org or jane@example.org, not 🦓 zoe@example.org"
        for inclusive in (False, True):
            with hosted.LakeraServer() as server:
                server.inclusive = inclusive
                result = Lakera(api_key=KEY, base_url=server.url, project_id="project-1").scan(ScanRequest(text))
            assert not result.valid
            assert result.risk_score == 1.0
            assert dict(result.categories) == {"prompt_attack": 0.2, "pii/email": 1.0}
            assert {text[entity.start : entity.end] for entity in result.entities} == {
                "jane@example.org",
                "zoe@example.org",
            }
            assert len(result.entities) == 3
            assert {entity.kind for entity in result.entities} == {"EMAIL"}
            assert sent(server)["project_id"] == "project-1"

    def test_no_entities_where_hiding_them_would_not_mend_it(self) -> None:
        with hosted.LakeraServer() as server:
            result = Lakera(api_key=KEY, base_url=server.url).scan(ScanRequest(f"{ATTACK} jane@example.org"))
        assert not result.valid
        assert result.entities == ()
        assert result.risk_score == 1.0
        assert result.categories["prompt_attack"] == 0.8

    @pytest.mark.parametrize(
        "change",
        [
            {"start": 3},
            {"start": 0, "end": 0},
            {"start": 10**6, "end": 10**6},
            {"message_id": None},
        ],
    )
    def test_offsets_are_not_believed(self, change: dict[str, Any]) -> None:
        text = "🦓 write to jane@example.org"
        with hosted.LakeraServer() as server:
            scanner = Lakera(api_key=KEY, base_url=server.url)
            scanner.scan(ScanRequest(text))
            reply = server.answer(server.requests[-1])
            reply["payload"][0].update(change)
            server.always = hosted.value(reply)
            (entity,) = scanner.scan(ScanRequest(text)).entities
        assert text[entity.start : entity.end] == "jane@example.org"

    @pytest.mark.parametrize("change", [{"text": "somebody@else.org"}, {"text": ""}, {"message_id": 7}])
    def test_what_is_not_in_the_text_is_not_located(self, change: dict[str, Any]) -> None:
        with hosted.LakeraServer() as server:
            scanner = Lakera(api_key=KEY, base_url=server.url)
            scanner.scan(ScanRequest("jane@example.org and zoe@example.org"))
            reply = server.answer(server.requests[-1])
            reply["payload"][0].update(change)
            server.always = hosted.value(reply)
            result = scanner.scan(ScanRequest("jane@example.org and zoe@example.org"))
        assert not result.valid
        assert result.entities == ()

    @pytest.mark.parametrize(
        ("stage", "role"),
        [
            ("prompt", "user"),
            ("output", "assistant"),
            ("tool_call", "assistant"),
            ("tool_result", "tool"),
            ("document", "tool"),
        ],
    )
    def test_the_conversation_is_sent(self, stage: Any, role: str) -> None:
        with hosted.LakeraServer() as server:
            scanner = Lakera(api_key=KEY, base_url=server.url, max_characters=40)
            scanner.scan(ScanRequest("the text", stage=stage, turns=TURNS))
            assert sent(server)["messages"] == [
                {"role": "system", "content": "Be kind."},
                {"role": "user", "content": "Hello"},
                {"role": "assistant", "content": "Hi"},
                {"role": role, "content": "the text"},
            ]
            scanner.scan(ScanRequest("a text of thirty two characters.", stage=stage, turns=TURNS))
            assert [message["role"] for message in sent(server)["messages"]] == ["user", "assistant", role]
            scanner.scan(ScanRequest("short", stage=stage, prompt="Why?"))
            spoken = [{"role": "user", "content": "Why?"}] if role == "assistant" else []
            assert sent(server)["messages"] == [*spoken, {"role": role, "content": "short"}]

    def test_entities_of_pieces(self) -> None:
        text = "ok " * 200 + "jane@example.org " + "ok " * 200 + "zoe@example.org"
        with hosted.LakeraServer() as server:
            result = Lakera(api_key=KEY, base_url=server.url, max_characters=100).scan(ScanRequest(text))
            assert len(server.requests) > 10
        assert [text[entity.start : entity.end] for entity in result.entities] == [
            "jane@example.org",
            "zoe@example.org",
        ]

    def test_no_key_for_a_self_hosted_one(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("LAKERA_API_KEY", raising=False)
        monkeypatch.setenv("LAKERA_GUARD_API_KEY", KEY)
        with hosted.LakeraServer() as server:
            assert Lakera(base_url=server.url).scan(ScanRequest("x")).valid
            with pytest.raises(ServiceError):
                Lakera(base_url=server.url, api_key="").scan(ScanRequest("x"))
        assert "Authorization" not in server.refused[0].headers

    def test_a_category_is_a_short_name(self) -> None:
        with hosted.LakeraServer() as server:
            scanner = Lakera(api_key=KEY, base_url=server.url)
            for name in ("a" * 65, "what the user\nwrote", "", "Zoë"):
                server.always = hosted.value(
                    {"flagged": True, "breakdown": [{"detector_type": name, "detected": True, "result": "no_level"}]}
                )
                with pytest.raises(ServiceError, match="short category names") as raised:
                    scanner.scan(ScanRequest("x"))
                assert "wrote" not in str(raised.value)

    def test_flagged_alone_decides(self) -> None:
        with hosted.LakeraServer() as server:
            scanner = Lakera(api_key=KEY, base_url=server.url)
            found = {"detector_type": "prompt_attack", "detected": True, "result": "l1_confident"}
            server.always = hosted.value({"flagged": False, "breakdown": [found], "payload": None})
            assert scanner.scan(ScanRequest("x")).valid
            server.always = hosted.value({"flagged": True, "breakdown": []})
            result = scanner.scan(ScanRequest("x"))
            assert (result.valid, result.risk_score) == (False, 1.0)


class TestAzure:
    def test_severities(self) -> None:
        with hosted.AzureServer() as server:
            common: dict[str, Any] = {"api_key": KEY, "base_url": server.url, "prompt_shields": False}
            grim = ScanRequest("a grim tale")
            result = AzureContentSafety(**common).scan(grim)
            assert result.valid
            assert result.risk_score == pytest.approx(2 / 6)
            assert AzureContentSafety(**common, eight_levels=True).scan(grim).risk_score == pytest.approx(2 / 7)
            assert not AzureContentSafety(**common, severity=2).scan(grim).valid
            assert not AzureContentSafety(**common, severity={"Hate": 2}).scan(grim).valid
            assert AzureContentSafety(**common, severity={"Hate": 3}).scan(grim).valid
            one = AzureContentSafety(**common, categories=["Violence"], severity={"Hate": 1}).scan(grim)
            assert one.valid
            assert set(one.categories) == {"Violence"}

    def test_blocklists(self) -> None:
        with hosted.AzureServer() as server:
            scanner = AzureContentSafety(api_key=KEY, base_url=server.url, blocklists=["rivals"])
            assert scanner.scan(ScanRequest("we like Acme")).valid
            result = scanner.scan(ScanRequest("we like Globex"))
            assert (result.valid, result.risk_score) == (False, 1.0)
            assert result.categories["blocklist/rivals"] == 1.0
            assert "Globex" not in repr(result)
            with pytest.raises(ServiceError, match="404"):
                AzureContentSafety(api_key=KEY, base_url=server.url, blocklists=["none"]).scan(ScanRequest("x"))

    @pytest.mark.parametrize(
        ("stage", "shielded", "category"),
        [
            ("prompt", {"userPrompt": ATTACK}, "UserPromptAttack"),
            ("document", {"documents": [ATTACK]}, "DocumentAttack"),
            ("tool_result", {"documents": [ATTACK]}, "DocumentAttack"),
            ("output", None, None),
            ("tool_call", None, None),
        ],
    )
    def test_shields(self, stage: Any, shielded: Any, category: str | None) -> None:
        with hosted.AzureServer() as server:
            scanner = AzureContentSafety(api_key=KEY, base_url=server.url)
            result = scanner.scan(ScanRequest(ATTACK, stage=stage))
            assert result.valid is (category is None)
            if category:
                assert result.categories[category] == 1.0
                assert sent(server) == shielded
            else:
                assert len(server.requests) == 1
            for answer in ({"documentsAnalysis": []}, {"userPromptAnalysis": None}, {"documentsAnalysis": [{}, {}]}):
                good = server.answer(server.requests[0])
                server.faults = [hosted.value(good), hosted.value(answer)]
                if category:
                    with pytest.raises(ServiceError):
                        scanner.scan(ScanRequest(ATTACK, stage=stage))

    def test_endpoint_of_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with hosted.AzureServer() as server:
            monkeypatch.setenv("CONTENT_SAFETY_ENDPOINT", f"{server.url}/")
            monkeypatch.setenv("CONTENT_SAFETY_KEY", KEY)
            assert AzureContentSafety().scan(ScanRequest("x")).valid
            with pytest.raises(ServiceError, match="400"):
                AzureContentSafety(api_version="2019-01-01").scan(ScanRequest("x"))

    @pytest.mark.parametrize(
        "options",
        [
            {"severity": 0},
            {"severity": 8},
            {"severity": {"Fun": 1}},
            {"categories": []},
            {"categories": ["Fun"]},
            {"blocklists": "rivals"},
        ],
    )
    def test_bad_options(self, options: Any) -> None:
        with pytest.raises(GuardError, match="AzureContentSafety"):
            AzureContentSafety(api_key=KEY, base_url="https://h", **options)


class TestPromptArmor:
    def test_session_and_paths(self) -> None:
        with hosted.PromptArmorServer() as server:
            scanner = PromptArmor(api_key=KEY, base_url=server.url, source="web", max_characters=50)
            result = scanner.scan(ScanRequest("fine " * 20 + ATTACK))
            assert dict(result.categories) == {"Jailbreak": 1.0, "Code": 0.0, "InvisibleUnicode": 0.0}
            assert sent(server)["source"] == "web"
            scanner.scan(ScanRequest("x", stage="output"))
            assert server.requests[-1].path == "/v1/analyze/output"
            sessions = [request.headers["PromptArmor-Session-ID"] for request in server.requests]
            assert len(set(sessions)) == 2  # the pieces of a text share one
            assert len(sessions) > 3
        with pytest.raises(GuardError, match="output_path"):
            PromptArmor(api_key=KEY, output_path="v1")

    def test_a_reply_that_contradicts_itself(self) -> None:
        with hosted.PromptArmorServer(
            always=hosted.value({"detection": False, "info": {"Code": {"detection": True}}})
        ) as server:
            assert not PromptArmor(api_key=KEY, base_url=server.url).scan(ScanRequest("x")).valid


class TestNeMo:
    def test_modified_and_blocked(self) -> None:
        with hosted.NeMoServer() as server:
            scanner = NeMoGuardrails(base_url=server.url, api_key=KEY, config_ids=["good"], model="m")
            result = scanner.scan(ScanRequest("to jane@example.org", turns=TURNS))
            assert (result.valid, result.risk_score, result.sanitized) == (True, 0.5, "to <EMAIL>")
            assert sent(server)["guardrails"] == {"config_ids": ["good"], "rail_types": ["input"]}
            assert [message["role"] for message in sent(server)["messages"]] == ["system", "user", "assistant", "user"]
            result = scanner.scan(ScanRequest(ATTACK, stage="output", prompt="Why?"))
            assert (result.valid, result.risk_score, result.sanitized) == (False, 1.0, None)
            assert sent(server)["messages"] == [
                {"role": "user", "content": "Why?"},
                {"role": "assistant", "content": ATTACK},
            ]
            assert sent(server)["guardrails"]["rail_types"] == ["output"]
            scanner.warm_up()
            server.always = hosted.value({"status": "unsure", "content": "x"})
            with pytest.raises(ServiceError, match="status"):
                scanner.scan(ScanRequest("x"))
            with pytest.raises(ServiceError, match="422"):
                NeMoGuardrails(base_url=server.url, api_key=KEY, config_ids=["bad"]).scan(ScanRequest("x"))

    @pytest.mark.parametrize(
        "options",
        [{}, {"base_url": "https://h", "config_path": "x"}, {"base_url": "https://h", "config_ids": "a"}, {"rails": 1}],
    )
    def test_bad_options(self, options: Any) -> None:
        with pytest.raises(GuardError, match="NeMoGuardrails"):
            NeMoGuardrails(**options)

    def test_the_extra_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
        with pytest.raises(ImportError, match=r"lc-guard\[nemo\]"):
            NeMoGuardrails(config_path="x")


class TestLLMGuardAPI:
    def test_scores_and_sanitized(self) -> None:
        with hosted.LLMGuardServer() as server:
            scanner = LLMGuardAPI(base_url=server.url, api_key=KEY, suppress=["Toxicity"])
            result = scanner.scan(ScanRequest("to jane@example.org"))
            assert (result.valid, result.risk_score, result.sanitized) == (True, 0.0, "to ******")
            assert dict(result.categories) == {"PromptInjection": 0.0, "Secrets": 0.0}
            assert sent(server)["scanners_suppress"] == ["Anonymize", "Deanonymize", "Toxicity"]
            result = scanner.scan(ScanRequest(ATTACK, stage="output", prompt="Why?"))
            assert (result.valid, result.risk_score, result.sanitized) == (False, 0.9, None)
            assert sent(server) == {
                "prompt": "Why?",
                "output": ATTACK,
                "scanners_suppress": ["Anonymize", "Deanonymize", "Toxicity"],
            }

    def test_a_server_that_anonymizes_is_refused(self) -> None:
        answer = {"is_valid": True, "scanners": {"Anonymize": 0.5}, "sanitized_prompt": "x"}
        with hosted.LLMGuardServer(always=hosted.value(answer)) as server, pytest.raises(ServiceError, match="vault"):
            LLMGuardAPI(base_url=server.url, api_key=KEY).scan(ScanRequest("x"))

    def test_not_valid_is_a_risk(self) -> None:
        answer = {"is_valid": False, "scanners": {"Language": -1.0}, "sanitized_prompt": "x"}
        with hosted.LLMGuardServer(always=hosted.value(answer)) as server:
            assert LLMGuardAPI(base_url=server.url, api_key=KEY).scan(ScanRequest("x")).risk_score == 1.0

    def test_its_timeout_is_one(self) -> None:
        with hosted.LLMGuardServer(always=hosted.status(408)) as server, pytest.raises(Exception, match="408"):
            LLMGuardAPI(base_url=server.url, api_key=KEY).scan(ScanRequest("x"))


class TestOpenAIModeration:
    def test_thresholds(self) -> None:
        with hosted.ModerationServer() as server:
            common: dict[str, Any] = {"api_key": KEY, "base_url": f"{server.url}/v1"}
            scanner = OpenAIModeration(**common)
            assert scanner.scan(ScanRequest(ATTACK)).risk_score == 0.91
            assert not scanner.scan(ScanRequest(ATTACK)).valid
            assert (
                OpenAIModeration(**common, thresholds={"violence": 0.95, "hate": 0.5}).scan(ScanRequest(ATTACK)).valid
            )
            assert not OpenAIModeration(**common, thresholds={"hate": 0.01}).scan(ScanRequest("x")).valid
            with pytest.raises(ServiceError, match="'hatred'"):
                OpenAIModeration(**common, thresholds={"hatred": 0.5}).scan(ScanRequest("x"))
            for thresholds in ({}, {"hate": 2}):
                with pytest.raises(GuardError, match="thresholds"):
                    OpenAIModeration(**common, thresholds=thresholds)


def test_entities_are_those_of_every_piece_that_is_not_valid() -> None:
    from lc_guard.records import ScanResult
    from lc_guard.scanners.hosted import worst

    entity, other = Entity("EMAIL", 3, 5), Entity("EMAIL", 0, 1)
    located = [
        ScanResult(False, 0.5, entities=(entity,), categories={"a": 0.5}),
        ScanResult(True, 0.9, categories={"a": 0.9}),
    ]
    assert worst([*located, ScanResult(False, 0.1, entities=(other, entity))]).entities == (other, entity)
    assert worst(located).risk_score == 0.9
    assert worst(located).categories["a"] == 0.9
    assert worst([*located, ScanResult(False, 0.1)]).entities == ()


def test_two_services_that_rewrite_keep_one_anothers_work() -> None:
    from lc_guard import Guard
    from lc_guard._engine.requests import GuardRequest, ScanTarget

    class Repairs(hosted.LLMGuardServer):
        def answer(self, request: hosted.Request) -> Any:
            return {**super().answer(request), "sanitized_prompt": request.body["prompt"].replace("{'a'}", '["a"]')}

    text = "{'a'} of jane@example.org"
    with hosted.NeMoServer() as nemo, Repairs() as api:
        scanners = [make(base_url=at.url, api_key=KEY) for make, at in ((NeMoGuardrails, nemo), (LLMGuardAPI, api))]
        for order in (scanners, scanners[::-1]):
            guard = Guard([], prompt_scanners=order)
            (outcome,) = guard.check([GuardRequest((text,), "s", "prompt", asks=[ScanTarget(text, "prompt")])])
            assert outcome.hide(text) == '["a"] of <EMAIL>'
        for scanner in scanners:
            scanner.close()


@pytest.mark.parametrize("make", [Lakera, PromptArmor, OpenAIModeration])
def test_a_size_is_above_0(make: Callable[..., Any]) -> None:
    with pytest.raises(GuardError, match="max_characters"):
        make(api_key=KEY, max_characters=0)


def test_no_thread_is_left() -> None:
    # Those of guards have no more than this name, and end by themselves; one waits for the end of the process.
    ours = {thread.name for thread in threading.enumerate() if thread.name.startswith("lc-guard-")}
    assert ours <= {"lc-guard-exit"}
