"""Every scanner of LLM Guard (or gorget, whichever is installed), run for real: by name, and as the object it is."""

import http.server
import logging
import sys
import threading
import types
import zipfile

import pytest

from lc_guard._vendors.llm_guard import scanner_names
from lc_guard.records import normalize_kind
from lc_guard.scanners import LLMGuardScanner
from lc_guard.scanners.adapters import as_scanner
from lc_guard.scanners.base import CONTEXT_STAGES, ScanRequest
from lc_guard.testing import ScannerContract
from tests.scanners.checkpoints import NER_LABELS, TORCH, Checkpoints

FOLDERS = {"prompt": "input_scanners", "output": "output_scanners"}
TORN = "[REDACTED]"
BAD, CALM = "this is bad here", "so far here"
FIGHT = "now we fight here"
KEY, OTHER = "AKIAIOSFODNN7EXAMPLE", "AKIAI44QH8DHBEXAMPLE"

# Scanner: keywords, kind of model and labels, what fires, what does not, what stays of what fires.
BOTH = {
    "BanCode": ({}, ("bad", ("NL", "CODE")), BAD, CALM, None),
    "BanCompetitors": ({"competitors": ["acme"]}, ("ner", NER_LABELS), "see acme now", "see bolt", f"see {TORN} now"),
    "BanSubstrings": ({"substrings": ["botnet"], "redact": True}, None, "a Botnet x", CALM, f"a {TORN} x"),
    "BanTopics": (
        {"topics": ["violence", "sport"], "threshold": 0.9}, ("nli", ("entailment", "not")), FIGHT, CALM, None,
    ),
    "Code": ({"languages": ["Python"]}, ("bad", ("Java", "Python")), f"`x=1` ```\n{BAD}\n```", CALM, None),
    "EmotionDetection": ({}, ("bad", ("neutral", "anger")), BAD, CALM, None),
    "Gibberish": ({}, ("bad", ("clean", "noise")), BAD, CALM, None),
    "Language": ({"valid_languages": ["en"]}, ("bad", ("en", "fr")), BAD, CALM, None),
    "Regex": ({"patterns": [r"T-\d{3}", "abc"]}, None, "of T-123 and abc", CALM, f"of {TORN} and {TORN}"),
    "Sentiment": ({}, None, "I hate this, it is terrible", "I love this, it is great", None),
    "Toxicity": ({}, ("bad", ("neutral", "toxicity")), BAD, CALM, None),
}  # fmt: skip
PROMPT = {
    "InvisibleText": ({}, None, "so\u200b far\u202e", "so far é", "so far"),
    "PromptInjection": ({"threshold": 0.9, "match_type": "full"}, ("bad", ("SAFE", "INJECTION")), BAD, CALM, None),
    "Secrets": ({}, None, f"key {KEY} and {OTHER} and {KEY}.", CALM, "key ****** and ****** and ******."),
    "TokenLimit": ({"limit": 8, "encoding_name": "tiny"}, None, "so far here", "so far", "so far h"),
}
OUTPUT = {
    "Bias": ({}, ("bad", ("NEUTRAL", "BIASED")), BAD, CALM, None),
    "FactualConsistency": ({}, ("nli", ("entailment", "not")), CALM, FIGHT, None),
    "JSON": ({"required_elements": 1}, None, "no object", '{"a": 1}', None),
    "LanguageSame": ({}, ("bad", ("en", "fr")), BAD, CALM, None),
    "MaliciousURLs": ({}, ("bad", ("benign", "phishing")), "see http://bad.example/", "see http://so.example/", None),
    "NoRefusal": ({}, ("bad", ("NORMAL", "REJECTION")), BAD, CALM, None),
    "NoRefusalLight": ({}, None, "I'm sorry, but I cannot say", CALM, None),
    "ReadingTime": ({"max_time": 0.01, "truncate": True}, None, "so far here now", "so far", "so far"),
    "Relevance": ({}, ("bad", ("0", "1")), BAD, CALM, None),
    "Sensitive": ({"redact": True}, None, "ask jane now", CALM, "ask <PERSON> now"),
    "URLReachability": ({"timeout": 2}, None, "{server}/gone", "{server}/here", None),
}
CASES = {("prompt", name): case for name, case in (BOTH | PROMPT).items()}
CASES |= {("output", name): case for name, case in (BOTH | OUTPUT).items()}
ALL = sorted((side, name) for side, folder in FOLDERS.items() for name in scanner_names(folder))
WITH_VAULT = {"Anonymize", "Deanonymize"}
JUDGING = [(side, name) for side, name in ALL if name not in WITH_VAULT]
SPANS = {"BanCompetitors", "BanSubstrings", "InvisibleText", "Regex", "Secrets", "Sensitive"}
PROMPTS = {"FactualConsistency": "this example is violence .", "LanguageSame": "so far", "Relevance": CALM}


def ask(scanner, side, text, prompt=CALM):
    request = ScanRequest(text, "prompt") if side == "prompt" else ScanRequest(text, "output", prompt)
    return scanner.scan(request)


@pytest.fixture(scope="session")
def checkpoints(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scanners")
    if not TORCH:
        yield Checkpoints(folder)
        return
    import torch

    # Models this small only wait for one another's threads.
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield Checkpoints(folder)
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def lexicon(tmp_path_factory):
    """NLTK data with a small lexicon in VADER's format, where Sentiment looks for it."""
    import nltk

    root = tmp_path_factory.mktemp("nltk_data")
    (root / "sentiment").mkdir()
    means = {"hate": -2.7, "terrible": -2.1, "love": 3.2, "great": 3.1}
    lines = [f"{word}\t{mean}\t0.5\t[1, 2, 3]" for word, mean in means.items()]
    with zipfile.ZipFile(root / "sentiment" / "vader_lexicon.zip", "w") as packed:
        packed.writestr("vader_lexicon/vader_lexicon.txt", "\n".join(lines))
    nltk.data.path.insert(0, str(root))
    yield
    nltk.data.path.remove(str(root))


@pytest.fixture(scope="session")
def encoding():
    """A tokenizer of bytes, as a plugin of tiktoken: the real ones are downloaded."""
    import tiktoken.registry
    import tiktoken_ext

    plugin = types.ModuleType("tiktoken_ext.tiny")
    plugin.ENCODING_CONSTRUCTORS = {
        "tiny": lambda: {
            "name": "tiny", "pat_str": r"[\s\S]", "mergeable_ranks": {bytes([n]): n for n in range(256)},
            "special_tokens": {},
        },
    }  # fmt: skip
    sys.modules[plugin.__name__] = tiktoken_ext.tiny = plugin
    tiktoken.registry._find_constructors()
    tiktoken.registry.ENCODING_CONSTRUCTORS |= plugin.ENCODING_CONSTRUCTORS
    yield
    del sys.modules[plugin.__name__], tiktoken.registry.ENCODING_CONSTRUCTORS["tiny"]


@pytest.fixture(scope="session")
def server():
    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200 if self.path == "/here" else 404)
            self.end_headers()

        def log_message(self, *_):
            pass

    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()
    running.server_close()


@pytest.fixture(scope="session")
def built(checkpoints, lexicon, encoding):
    """Give a scanner by side and name, loaded once."""
    made = {}

    def make(side, name):
        if (side, name) not in made:
            keywords, model, *_ = CASES[side, name]
            keywords = dict(keywords)
            if model:
                keywords["model"] = checkpoints.folder(*model)
            if name == "Sensitive":
                keywords["recognizer_conf"] = conf_for(checkpoints.folder("ner", NER_LABELS))
            made[side, name] = LLMGuardScanner(name, side=side, **keywords)
            made[side, name].warm_up()
        return made[side, name]

    return make


def conf_for(path):
    from llm_guard.model import Model

    return {
        "PRESIDIO_SUPPORTED_ENTITIES": ["PERSON"],
        "DEFAULT_MODEL": Model(path=path, onnx_path=path, pipeline_kwargs={"aggregation_strategy": "simple"}),
        "LABELS_TO_IGNORE": ["O", "ORG"],
        "DEFAULT_EXPLANATION": "{}",
        "MODEL_TO_PRESIDIO_MAPPING": {"PER": "PERSON"},
        "CHUNK_OVERLAP_SIZE": 4,
        "CHUNK_SIZE": 32,
        "ID_SCORE_MULTIPLIER": 0.4,
        "ID_ENTITY_NAME": "ID",
    }


def test_there_is_a_case_for_every_scanner_of_the_installed_engine():
    assert set(JUDGING) <= set(CASES)
    assert {name for side, name in ALL if side == "prompt"} >= {*PROMPT, *BOTH, "Anonymize"} - {"EmotionDetection"}
    assert {name for side, name in ALL if side == "output"} >= {*OUTPUT, *BOTH, "Deanonymize"} - {"EmotionDetection"}


@pytest.mark.parametrize(("side", "name"), JUDGING, ids=str)
def test_by_name_and_as_the_object_it_is(side, name, built, server, capfd, caplog):
    _, _, fires, calm, left = CASES[side, name]
    fires, calm = fires.replace("{server}", server), calm.replace("{server}", server)
    prompt = PROMPTS.get(name, CALM)
    named = built(side, name)
    given = as_scanner(named._loaded._scanner, side=side)
    capfd.readouterr()
    with caplog.at_level(logging.DEBUG):
        for scanner in (named, given):
            found, quiet = ask(scanner, side, fires, prompt), ask(scanner, side, calm, prompt)
            assert not found.valid
            assert 0 < found.risk_score <= 1
            assert found.sanitized == left
            assert quiet.valid
            assert quiet.sanitized is None
            assert not quiet.entities
            assert bool(found.entities) == (name in SPANS)
            assert {entity.kind for entity in found.entities} <= {kind_of(name)}
    assert (named.name, given.name) == (name, name)
    assert named.stages == given.stages == (CONTEXT_STAGES if side == "prompt" else ("output",))
    assert named.cost == given.cost
    # Of what they find, LLM Guard's scanners tell much in warnings; only an HTTP client may say where it went.
    logged = "".join(
        [*capfd.readouterr(), *(item.getMessage() for item in caplog.records if "urllib3" not in item.name)]
    )
    assert not any(word in logged for word in (fires, calm, KEY, "botnet", "acme", "jane", "T-123"))


def kind_of(name):
    return {
        "BanCompetitors": "BAN_COMPETITORS",
        "BanSubstrings": "BAN_SUBSTRINGS",
        "InvisibleText": "INVISIBLE_TEXT",
    }.get(name, normalize_kind(name))


@pytest.mark.parametrize(
    ("side", "name", "values"),
    [
        ("prompt", "BanCompetitors", ["acme"]),
        ("output", "BanCompetitors", ["acme"]),
        ("prompt", "BanSubstrings", ["Botnet"]),
        ("prompt", "InvisibleText", ["\u200b", "\u202e"]),
        ("prompt", "Regex", ["T-123", "abc"]),
        ("output", "Regex", ["T-123", "abc"]),
        ("prompt", "Secrets", [KEY, OTHER, KEY]),
        ("output", "Sensitive", ["jane"]),
    ],
)
def test_entities_tell_where_it_was(side, name, values, built):
    fires = CASES[side, name][2]
    found = ask(built(side, name), side, fires)
    assert [fires[entity.start : entity.end] for entity in found.entities] == values


@pytest.mark.parametrize("name", ["Sensitive", "LanguageSame"])
def test_an_empty_output_is_not_replaced_by_the_prompt(name, built):
    assert ask(built("output", name), "output", " ", "a prompt").sanitized is None
    assert ask(built("output", name), "output", "so far", "").sanitized is None


def test_json_is_repaired_and_nothing_is_at_fault(built):
    said = ask(built("output", "JSON"), "output", "so {'a': 1,} far")
    assert said.valid
    assert said.sanitized == 'so {"a": 1} far'
    assert not said.entities


def test_secrets_from_several_threads_and_objects(built):
    """Its library keeps its settings in the process: without one lock for all, some texts pass."""
    from llm_guard.input_scanners import Secrets

    scanners = [as_scanner(Secrets(), side="prompt") for _ in range(4)]
    assert len({id(scanner._lock) for scanner in scanners}) == 1
    in_threads(
        [lambda s=scanner, n=n: ask(s, "prompt", f"key {KEY}" if n % 2 else CALM).valid == (n % 2 == 0)
         for n in range(6) for scanner in scanners]
    )  # fmt: skip


@pytest.mark.parametrize("name", ["PromptInjection", "Toxicity", "BanTopics", "BanCompetitors"])
def test_models_from_several_threads(name, built):
    """The tokenizers of transformers fail when two threads use one at once ("Already borrowed")."""
    _, _, fires, calm, _ = CASES["prompt", name]
    named = built("prompt", name)
    given = as_scanner(named._loaded._scanner, side="prompt")
    assert given._lock is named._loaded._lock
    in_threads(
        [lambda s=scanner, n=n: ask(s, "prompt", (fires if n % 2 else calm)).valid == (n % 2 == 0)
         for n in range(6) for scanner in (named, given)]
    )  # fmt: skip


def test_prompt_injection_by_head_and_tail_from_several_threads_and_objects(checkpoints):
    """Its objects share the last one's tokenizer; without one lock for all, a third of the calls fail."""
    folder = checkpoints.folder("bad", ("SAFE", "INJECTION"))
    made = [LLMGuardScanner("PromptInjection", model=folder, match_type="truncate_token_head_tail") for _ in range(2)]
    for scanner in made:
        scanner.warm_up()
    in_threads(
        [lambda s=scanner, n=n: [ask(s, "prompt", BAD + " a" * (n * k)).valid for k in range(12)] == [False] * 12
         for n in range(4) for scanner in made]
    )  # fmt: skip


def in_threads(jobs):
    went_well = []
    threads = [threading.Thread(target=lambda job=job: went_well.append(job())) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert went_well == [True] * len(jobs)


class TestContract(ScannerContract):
    """The public contract on one of each kind; those that need neither model nor data are in tests/contracts."""

    @pytest.fixture(
        autouse=True,
        params=[("prompt", "BanCompetitors"), ("prompt", "PromptInjection"), ("prompt", "TokenLimit"),
                ("output", "BanTopics"), ("output", "LanguageSame"), ("output", "Sentiment")],
        ids="-".join,
    )  # fmt: skip
    def member(self, request, built):
        side, name = request.param
        if (name, request.node.originalname) == ("TokenLimit", "test_changes_only_what_is_at_fault"):
            reason = "LLM Guard cuts a text to as many tokens as it takes for too many"
            request.applymarker(pytest.mark.xfail(reason=reason, strict=True))
        _, _, fires, calm, _ = CASES[side, name]
        self.bad, self.good = [fires], [calm]
        self.prompt = PROMPTS.get(name, CALM)
        self.make_scanner = lambda: built(side, name)
