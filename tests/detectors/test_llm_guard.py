"""LLM Guard's keywords with their meaning, and each of its detection defects that ours must not have."""

import contextlib
import io
import logging
import os
import subprocess
import sys
import threading
import time
from types import ModuleType

import pytest
import structlog

from lc_guard._vendors import hub
from lc_guard._vendors.llm_guard import quiet_loggers
from lc_guard.detectors import LLMGuardDetector, llm_guard_loading
from lc_guard.errors import GuardError, MissingExtra, ModelUnavailable


@pytest.fixture(scope="session")
def names():
    """A Presidio recognizer in the place of LLM Guard's model: capitalized words from a closed list."""
    from presidio_analyzer import Pattern, PatternRecognizer

    word = r"\b(?:Jane|John|Mary|Bob|Emily|Doe|Smith|Jones|O'Brien|Clark)\b"
    return PatternRecognizer(
        "PERSON",
        name="names",
        patterns=[Pattern("full", rf"(?-i:{word} {word})", 0.85), Pattern("one", rf"(?-i:{word})", 0.6)],
    )


@pytest.fixture(scope="session")
def make(names):
    def build(**keywords):
        return LLMGuardDetector(recognizer=names, **keywords)

    return build


@pytest.fixture(scope="session")
def plain(make):
    return make()


def test_finds_what_its_recognizer_and_patterns_find(plain, found):
    pairs = found(plain, "Jane Doe, jane@example.com, 4111 1111 1111 1111")
    assert pairs == [
        ("PERSON", "Jane Doe"),
        ("EMAIL_ADDRESS", "jane@example.com"),
        ("CREDIT_CARD", "4111 1111 1111 1111"),
    ]


def test_defect_6_one_value_has_one_kind(plain, found):
    pairs = found(plain, "a@example.com and a@example.com, 123-45-6789 and 123-45-6789")
    assert len({kind for kind, value in pairs if "@" in value}) == 1
    assert len({kind for kind, value in pairs if "-" in value}) == 1


def test_defect_8_two_persons_side_by_side_stay_two(plain, found):
    assert found(plain, "Jane Doe Mary Jones left") == [("PERSON", "Jane Doe"), ("PERSON", "Mary Jones")]


def test_defect_8_fragments_of_a_word_become_the_word(found):
    from presidio_analyzer import Pattern, PatternRecognizer

    pieces = PatternRecognizer("PERSON", patterns=[Pattern("a", "Whom", 0.9), Pattern("b", "sley", 0.9)])
    assert found(LLMGuardDetector(recognizer=pieces), "Mr Whomersley left") == [("PERSON", "Whomersley")]


@pytest.mark.parametrize("text", ["we met O'Brien there", "we met O’Brien there", "it was O'Brien's car"])
def test_defect_9_apostrophes_in_names(plain, found, text):
    assert [value.replace("’", "'") for _, value in found(plain, text)] == ["O'Brien"]


@pytest.mark.parametrize("text", ["at O'Neil Corp now", "at O’Neil Corp now", "at o'neil corp now", "O'Neil Corp"])
def test_defect_9_hidden_names_with_apostrophe(make, found, text):
    pairs = found(make(hidden_names=["O'Neil Corp"]), text)
    assert [(kind, value.replace("’", "'").lower()) for kind, value in pairs] == [("CUSTOM", "o'neil corp")]


def test_defect_9_url_with_apostrophe(plain, found):
    assert [value for _, value in found(plain, "see http://x.com/o'hara now")] == ["http://x.com/o'hara"]


@pytest.mark.parametrize("filler", ["word ", "x", "e\u0301 "])
def test_defect_10_long_texts(plain, found, filler):
    text = "Jane Doe " + filler * 3_000 + " Mary Jones"
    values = [value for kind, value in found(plain, text) if kind == "PERSON"]
    assert "Jane Doe" in values
    assert "Mary Jones" in values


def test_defect_10_windows_respect_the_models_token_limit(found):
    from types import SimpleNamespace

    from presidio_analyzer import EntityRecognizer, RecognizerResult

    class Model(EntityRecognizer):
        longest = 0
        pipeline = SimpleNamespace(
            tokenizer=type("T", (), {"model_max_length": 10**30, "__call__": lambda _, t: {"input_ids": list(t)}})(),
            model=SimpleNamespace(config=SimpleNamespace(max_position_embeddings=102)),
        )

        def load(self):
            pass

        def analyze(self, text, entities, nlp_artifacts=None):
            type(self).longest = max(self.longest, len(text))
            at = text.find("Jane Doe")
            return [RecognizerResult("PERSON", at, at + 8, 0.9)] if at >= 0 else []

    text = "and so on " * 40 + "Jane Doe" + " and so on" * 40
    assert ("PERSON", "Jane Doe") in found(LLMGuardDetector(recognizer=Model(["PERSON"])), text)
    assert 0 < Model.longest <= 100


def test_defect_11_overlaps_leave_no_half(plain, found):
    pairs = found(plain, "card 4111-1111-1111-1111, mail john.smith@example.com, call 415-555-0100 x9")
    assert [value for _, value in pairs] == ["4111-1111-1111-1111", "john.smith@example.com", "415-555-0100 x9"]


def test_defect_13_lists_of_the_caller_are_not_mutated(make):
    hidden, allowed, kinds, groups = ["Ann"], ["Bob"], ["PERSON"], [{"name": "A", "expressions": ["a"]}]
    detector = make(hidden_names=hidden, allowed_names=allowed, entity_types=kinds, regex_patterns=groups)
    detector.detect("Ann and Bob")
    assert (hidden, allowed, kinds) == (["Ann"], ["Bob"], ["PERSON"])
    assert groups == [{"name": "A", "expressions": ["a"]}]


def test_defect_13_default_kinds_have_places_and_organizations(found):
    from presidio_analyzer import Pattern, PatternRecognizer

    for kind in ("LOCATION", "ORGANIZATION", "MY_KIND"):
        own = PatternRecognizer(kind, patterns=[Pattern("a", "Acme", 0.9)])
        assert found(LLMGuardDetector(recognizer=own), "at Acme now") == [(kind, "Acme")]


def test_defect_13_threshold_zero(make, found):
    assert ("PERSON", "Jane Doe") in found(make(threshold=0), "Jane Doe")


@pytest.mark.parametrize("text", ["Jane\u00a0Doe", "by Jane\nDoe, who", "Jane\u202fDoe"])
def test_defect_14_odd_blanks_inside_names(plain, found, text):
    assert [" ".join(value.split()) for _, value in found(plain, text)] == ["Jane Doe"]


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("On 29 November 1996 he", "DATE_RE", "29 November 1996"),
        ("due 2024-03-05 noon", "DATE_RE", "2024-03-05"),
        ("reach 415-555-0100 now", "PHONE_NUMBER", "415-555-0100"),
        ("so 020 7946 0958 then", "PHONE_NUMBER", "020 7946 0958"),
        ("no 123 45 6789 there", "US_SSN", "123 45 6789"),
        ("id 550E8400-E29B-41D4-A716-446655440000", "UUID", "550E8400-E29B-41D4-A716-446655440000"),
        ("from 2001:db8::1 on", "IP_ADDRESS", "2001:db8::1"),
    ],
)
def test_faulty_patterns_are_repaired_under_their_kind(plain, found, text, kind, value):
    assert found(plain, text) == [(kind, value)]


def test_faulty_url_pattern(plain, found):
    assert not found(plain, "I said no.So we went.")


def test_hidden_names_of_which_one_begins_another(make, found):
    detector = make(hidden_names=["Ann", "Ann Lee", " "])
    assert found(detector, "Ann Lee met ann, not Anna") == [("CUSTOM", "Ann Lee"), ("CUSTOM", "ann")]


def test_allowed_names_are_exact(make, found):
    detector = make(allowed_names=["Jane Doe", "O'Brien", "a@example.com"])
    pairs = found(detector, "Jane Doe, John Doe, O’Brien's, a@example.com, b@example.com")
    assert [value for _, value in pairs] == ["John Doe", "b@example.com"]


def test_entity_types_limit_what_is_found_but_hidden_names_stay(make, found):
    detector = make(entity_types=["EMAIL_ADDRESS"], hidden_names=["Acme"])
    assert found(detector, "Jane Doe of Acme, a@example.com") == [
        ("CUSTOM", "Acme"),
        ("EMAIL_ADDRESS", "a@example.com"),
    ]


def test_entity_types_by_llm_guards_own_name(make, found):
    assert found(make(entity_types=["EMAIL_ADDRESS_RE"]), "to a@example.com") == [("EMAIL_ADDRESS_RE", "a@example.com")]


def test_threshold(make, found):
    assert found(make(threshold=0.7), "Jane met Jane Doe") == [("PERSON", "Jane Doe")]
    assert len(found(make(threshold=0.5), "Jane met Jane Doe")) == 2


def test_regex_patterns_take_the_place_of_the_defaults(make, found):
    groups = [{"name": "ticket", "expressions": [r"T-\d+"], "examples": [], "context": [], "score": 0.9,
               "languages": ["en"]}]  # fmt: skip
    detector = make(regex_patterns=groups)
    assert found(detector, "T-42 on PO Box 12") == [("TICKET", "T-42")]


def test_preamble_and_use_faker_are_kept_for_the_step_that_rewrites(make):
    detector = make(preamble="Keep placeholders. ", use_faker=True)
    assert (detector.preamble, detector.use_faker) == ("Keep placeholders. ", True)
    assert (make().preamble, make().use_faker) == ("", False)


def test_chinese(found):
    from presidio_analyzer import Pattern, PatternRecognizer

    own = PatternRecognizer("PERSON", patterns=[Pattern("a", "王小明", 0.9)], supported_language="zh")
    detector = LLMGuardDetector(recognizer=own, language="zh")
    kinds = [kind for kind, _ in found(detector, "我叫 王小明 , 电话 13011112222")]
    assert kinds[0] == "PERSON"
    assert len(kinds) == 2


@pytest.mark.parametrize(
    "keywords", [{"language": "fr"}, {"threshold": 2}, {"hidden_names": "Ann"}, {"allowed_names": [1]}]
)
def test_keywords_that_can_not_be_used(make, keywords):
    with pytest.raises(GuardError, match=next(iter(keywords))):
        make(**keywords)


def test_a_recognizer_of_another_language_would_never_be_asked(names):
    with pytest.raises(GuardError, match="supported_language"):
        LLMGuardDetector(recognizer=names, language="zh")


def test_repr_holds_no_names(make):
    assert "Ann" not in repr(make(hidden_names=["Ann"], allowed_names=["Anna"]))


def test_missing_llm_guard_names_the_extra(monkeypatch):
    import importlib.util

    monkeypatch.setattr(importlib.util, "find_spec", lambda *_: None)
    with pytest.raises(MissingExtra, match=r"lc-guard\[llm-guard\]"):
        LLMGuardDetector()


def test_a_hub_out_of_reach_is_an_error_within_seconds(monkeypatch, tmp_path):
    from huggingface_hub import constants

    # An address that never answers (RFC 5737, TEST-NET-1), and an empty cache.
    monkeypatch.setattr(constants, "ENDPOINT", "https://192.0.2.1")
    monkeypatch.setattr(llm_guard_loading, "cached", lambda _: False)
    began = time.monotonic()
    with pytest.raises(ModelUnavailable, match="recognizer_conf"):
        LLMGuardDetector().warm_up()
    assert time.monotonic() - began < 8


def test_a_hub_that_answers_is_in_reach(monkeypatch):
    import http.server

    from huggingface_hub import constants

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    try:
        assert hub.hub_in_reach()
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory):
    """A tiny random BERT token classifier on disk: LLM Guard's real loading path without its hub."""
    import torch
    from transformers import BertConfig, BertForTokenClassification, BertTokenizerFast

    folder = tmp_path_factory.mktemp("checkpoint")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "jane", "doe", "met"]
    (folder / "vocab.txt").write_text("\n".join(words))
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(words), hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8,
        id2label={0: "O", 1: "PER"}, label2id={"O": 0, "PER": 1}, max_position_embeddings=64,
    )  # fmt: skip
    model = BertForTokenClassification(config)
    with torch.no_grad():
        # Everything is a person: what is tested is the path, not the model.
        model.classifier.bias[:] = torch.tensor([-9.0, 9.0])
    model.save_pretrained(folder)
    BertTokenizerFast(str(folder / "vocab.txt"), model_max_length=64).save_pretrained(folder)
    return folder


def conf_for(path):
    from llm_guard.model import Model

    return {
        "PRESIDIO_SUPPORTED_ENTITIES": ["PERSON"],
        "DEFAULT_MODEL": Model(path=str(path), pipeline_kwargs={"aggregation_strategy": "first"}),
        "LABELS_TO_IGNORE": ["O"],
        "DEFAULT_EXPLANATION": "{}",
        "MODEL_TO_PRESIDIO_MAPPING": {"PER": "PERSON"},
        "CHUNK_OVERLAP_SIZE": 4,
        "CHUNK_SIZE": 32,
        "ID_SCORE_MULTIPLIER": 0.4,
        "ID_ENTITY_NAME": "ID",
    }


def test_a_local_checkpoint_loads_through_llm_guards_own_path(checkpoint, found):
    conf = conf_for(checkpoint)
    before = repr(conf)
    detector = LLMGuardDetector(recognizer_conf=conf)
    assert found(detector, "jane doe") == [("PERSON", "jane doe")]
    assert all(kind == "PERSON" for kind, _ in found(detector, "jane met doe " * 200))
    assert repr(conf) == before


def test_equal_configurations_share_one_model(checkpoint):
    first, second = (
        llm_guard_loading.load_recognizers(
            llm_guard_loading.ModelConfs(conf_for(checkpoint)), use_onnx=False, language="en"
        )
        for _ in range(2)
    )
    assert first[0] is second[0]


def test_a_broken_checkpoint_is_an_error_that_names_it(tmp_path):
    with pytest.raises(ModelUnavailable, match="could not load"):
        LLMGuardDetector(recognizer_conf=conf_for(tmp_path)).warm_up()


def test_llm_guards_logging_is_quiet_and_the_users_stays():
    code = (
        "import logging, structlog, sys\n"
        "from presidio_analyzer import PatternRecognizer, Pattern\n"
        "from lc_guard.detectors import LLMGuardDetector\n"
        "own = PatternRecognizer('PERSON', patterns=[Pattern('a', 'Jane Doe', 0.9)])\n"
        "assert LLMGuardDetector(recognizer=own).detect('Jane Doe a@example.com')\n"
        "assert not structlog.is_configured()\n"
        "assert not logging.getLogger().handlers and logging.getLogger().level == logging.WARNING\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ}, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout == ""
    assert "Jane" not in done.stderr


@pytest.mark.parametrize("text", ["", "   ", "\ud800", "\x00", "\u202eeoD enaJ", "👨\u200d👩", "1" * 5000])
def test_awkward_text_never_crashes(plain, text):
    assert all(0 <= e.start < e.end <= len(text) for e in plain.detect(text))


def test_warnings_go_to_where_standard_error_is_then(monkeypatch, capsys):
    module = ModuleType("llm_guard.made_up")
    module.LOGGER = structlog.get_logger()
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(structlog, "is_configured", lambda: False)
    with io.StringIO() as closed, contextlib.redirect_stderr(closed):
        quiet_loggers()
    module.LOGGER.warning("later")
    assert "later" in capsys.readouterr().err
    monkeypatch.setattr(sys, "stderr", None)  # as without a console on Windows
    module.LOGGER.warning("nobody reads it")


def test_nothing_is_logged_with_values(plain, caplog):
    with caplog.at_level(logging.DEBUG):
        plain.detect("Jane Doe, a@example.com")
    assert "Jane" not in caplog.text
    assert "a@example" not in caplog.text
