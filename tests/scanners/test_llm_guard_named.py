"""LLM Guard's scanners by name: what is checked when, what can't be loaded is told within seconds."""

import importlib.util
import subprocess
import sys
import threading
import time

import pytest

from lc_guard._vendors.llm_guard import imported, scanner_names, signature
from lc_guard.errors import GuardError, MissingExtra, ModelUnavailable, ScannerError
from lc_guard.scanners import LLMGuardScanner
from lc_guard.scanners import llm_guard_loading as loading
from lc_guard.scanners.adapters import as_scanner, by_unique_name
from lc_guard.scanners.base import CONTEXT_STAGES, ScanRequest

FOLDERS = {"prompt": "input_scanners", "output": "output_scanners"}
GORGET = importlib.util.find_spec("gorget") is not None
ALL = [(folder, name) for folder in FOLDERS.values() for name in scanner_names(folder)]


@pytest.fixture
def no_hub(monkeypatch):
    """A hub that never answers (RFC 5737, TEST-NET-1), and nothing of it on this machine."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "ENDPOINT", "https://192.0.2.1")
    monkeypatch.setattr(loading, "cached", lambda _: False)


@pytest.mark.parametrize(("folder", "name"), ALL, ids=str)
def test_names_and_keywords_read_from_the_source_are_the_real_ones(folder, name):
    import inspect

    real = inspect.signature(getattr(imported(f"llm_guard.{folder}"), name)).parameters
    if any(item.kind is item.VAR_KEYWORD for item in real.values()):
        real = inspect.signature(getattr(imported("llm_guard.input_scanners"), name)).parameters
    read = signature(folder, scanner_names(folder)[name], name)
    assert read.keywords == tuple(real)
    assert read.required == tuple(key for key, item in real.items() if item.default is item.empty)


@pytest.mark.parametrize("side", FOLDERS)
def test_all_names_of_the_engine_are_there(side):
    public = set(imported(f"llm_guard.{FOLDERS[side]}").__all__) - {"get_scanner_by_name"}
    assert set(scanner_names(FOLDERS[side])) == public


WITH_MODEL = [
    (folder, name) for folder, name in ALL if "model" in signature(folder, scanner_names(folder)[name], name).keywords
]


@pytest.mark.parametrize(("folder", "name"), WITH_MODEL, ids=str)
def test_the_default_models_are_those_that_the_scanners_own_code_loads(folder, name, monkeypatch):
    kind = getattr(imported(f"llm_guard.{folder}"), name)
    asked = []

    def load(model, **_):
        asked.append(model)
        raise InterruptedError

    places = {kind.__module__, kind.__module__.replace(".output_scanners.", ".input_scanners.")}
    for place in [sys.modules[place] for place in places if place in sys.modules]:
        for loader in [key for key in vars(place) if key.startswith("get_tokenizer")]:
            monkeypatch.setattr(place, loader, load)
    if name == "Relevance" and not GORGET:
        import transformers

        # It loads the tokenizer last.
        monkeypatch.setattr(transformers.AutoModel, "from_pretrained", load)
    required = signature(folder, scanner_names(folder)[name], name).required
    with pytest.raises(InterruptedError):
        kind(**{key: ["Python"] for key in required})
    default = loading.default_model(kind)
    assert asked in ([default], [default.path])


def test_a_name_that_there_is_not_is_told_with_those_that_there_are():
    with pytest.raises(
        GuardError, match=r"no scanner 'Nope'\. For prompts: .*PromptInjection.* For outputs: .*NoRefusal"
    ):
        LLMGuardScanner("Nope")


@pytest.mark.parametrize("name", ["Anonymize", "Deanonymize"])
def test_what_holds_llm_guards_vault_is_refused(name):
    with pytest.raises(GuardError, match=r"Guard\(detectors=\[LLMGuardDetector"):
        LLMGuardScanner(name)


def test_objects_that_hold_llm_guards_vault_are_refused():
    vault = imported("llm_guard.vault").Vault()
    restoring = imported("llm_guard.output_scanners").Deanonymize(vault)
    holding = type("Mine", (), {"scan": lambda _, prompt: (prompt, True, 0.0)})()
    holding.values = vault
    for side, thing in (("output", restoring), ("prompt", restoring), ("prompt", holding), ("prompt", ("a", holding))):
        with pytest.raises(TypeError, match=r"Guard\(detectors=\[LLMGuardDetector"):
            as_scanner(thing, side=side)


@pytest.mark.parametrize(
    ("keywords", "told"),
    [
        ({"scanner": "PromptInjection", "treshold": 0.9}, "takes no treshold: its keywords are model, threshold"),
        ({"scanner": "InvisibleText", "threshold": 0.9}, "its keywords are none"),
        ({"scanner": "Regex"}, "needs patterns="),
        ({"scanner": "NoRefusal", "side": "prompt"}, "side='output'"),
        ({"scanner": "Regex", "side": "input", "patterns": ["a"]}, "'prompt', 'output'"),
    ],
)
def test_keywords_are_checked_when_it_is_made(keywords, told):
    with pytest.raises(GuardError, match=told):
        LLMGuardScanner(**keywords)


def test_values_are_checked_when_it_is_loaded():
    with pytest.raises(GuardError, match="give one of 'sentence', 'full', 'truncate_token_head_tail'"):
        LLMGuardScanner("PromptInjection", match_type="fulll").warm_up()
    with pytest.raises(GuardError, match="needs a path, and may have"):
        LLMGuardScanner("Toxicity", model={"folder": "x"}).warm_up()
    with pytest.raises(ScannerError, match="check the values of patterns") as caught:
        LLMGuardScanner("Regex", patterns=["(secret"]).warm_up()
    assert "secret" not in str(caught.value)


def test_neither_engine_is_installed(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda *_: None)
    monkeypatch.delitem(sys.modules, "llm_guard", raising=False)
    with pytest.raises(MissingExtra, match=r"lc-guard\[llm-guard\]"):
        LLMGuardScanner("PromptInjection")


def test_making_one_imports_nothing_of_llm_guard():
    code = (
        "import sys\n"
        "from lc_guard.scanners import LLMGuardScanner\n"
        "from lc_guard.scanners.adapters import as_scanner\n"
        "as_scanner(LLMGuardScanner('PromptInjection', threshold=0.9, match_type='full'), side='prompt')\n"
        "heavy = {'llm_guard', 'gorget', 'torch', 'transformers', 'presidio_analyzer', 'nltk'}\n"
        "assert not heavy & sys.modules.keys(), heavy & sys.modules.keys()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


def test_the_side_is_that_of_the_list_where_both_have_the_scanner():
    both = LLMGuardScanner("Regex", patterns=["a"])
    assert (both.side, both.stages) == ("prompt", CONTEXT_STAGES)
    of_outputs = as_scanner(both, side="output")
    assert (of_outputs.side, of_outputs.stages) == ("output", ("output",))
    assert not of_outputs.scan(ScanRequest("a", "output", "b")).valid
    assert of_outputs.scan(ScanRequest("b", "output", "a")).valid
    assert not as_scanner(both, side="prompt").scan(ScanRequest("a")).valid
    with pytest.raises(TypeError, match="prompt_scanners"):
        as_scanner(LLMGuardScanner("PromptInjection"), side="output")
    with pytest.raises(TypeError, match="output_scanners"):
        as_scanner(LLMGuardScanner("Regex", side="output", patterns=["a"]), side="prompt")


def test_name_and_stages_of_ones_own():
    scanner = LLMGuardScanner("Regex", name="tickets", stages=["document"], patterns=["a"])
    for given in (scanner, as_scanner(scanner, side="output")):
        assert (given.name, given.name_given, given.stages) == ("tickets", True, ("document",))
    two = [LLMGuardScanner("Regex", patterns=["a"]) for _ in range(2)]
    assert list(by_unique_name([*two, scanner])) == ["Regex", "Regex_2", "tickets"]


def test_repr_holds_no_settings():
    assert "Acme" not in repr(LLMGuardScanner("BanCompetitors", competitors=["Acme"]))


@pytest.mark.parametrize(
    ("model", "told"), [("me/mine", "me/mine"), ("/home/jane/mine", "mine"), ({"path": "a/b"}, "a/b")]
)
def test_the_trace_is_told_the_model_but_no_folders(model, told):
    assert LLMGuardScanner("Toxicity", model=model).details == {"scanner": "Toxicity", "model": told}


def test_lists_of_the_caller_stay_as_they_are():
    patterns = ["a"]
    LLMGuardScanner("Regex", patterns=patterns).warm_up()
    assert patterns == ["a"]


def test_cost_is_never_instant_before_it_is_loaded():
    scanner = LLMGuardScanner("Regex", patterns=["a"])
    assert scanner.cost == "model"
    scanner.warm_up()
    assert scanner.cost == "instant"


@pytest.mark.parametrize("name", ["PromptInjection", "Relevance", "Sensitive"])
def test_a_model_that_can_not_be_loaded_is_told_within_seconds(name, no_hub):
    scanner = LLMGuardScanner(name)
    began = time.monotonic()
    with pytest.raises(
        ModelUnavailable, match=rf"{name} needs the model '.+/.+': .* download it ahead .* model= the path"
    ):
        scanner.scan(ScanRequest("a text"))
    took = time.monotonic() - began
    assert took < 12
    # The next texts don't wait for the hub again.
    began = time.monotonic()
    with pytest.raises(ModelUnavailable):
        scanner.scan(ScanRequest("a text"))
    assert time.monotonic() - began < max(0.1, took / 2)


def test_a_folder_without_a_model_is_told_by_its_last_name(tmp_path):
    folder = tmp_path / "private" / "mine"
    folder.mkdir(parents=True)
    with pytest.raises(ModelUnavailable, match="could not be built with the model 'mine'") as caught:
        LLMGuardScanner("Toxicity", model=folder).warm_up()
    assert "private" not in str(caught.value)


def test_an_encoding_that_is_not_there(monkeypatch, tmp_path):
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    with pytest.raises(ModelUnavailable, match="TIKTOKEN_CACHE_DIR"):
        LLMGuardScanner("TokenLimit", encoding_name="r50k_base").warm_up()


@pytest.mark.skipif(GORGET, reason="gorget brings its own lexicon and splits sentences itself")
@pytest.mark.parametrize(
    ("keywords", "told"),
    [({"scanner": "Sentiment"}, "nltk.downloader vader_lexicon"),
     ({"scanner": "Toxicity", "match_type": "sentence"}, "nltk.downloader punkt_tab")],
)  # fmt: skip
def test_data_of_nltk_that_is_not_there(monkeypatch, tmp_path, keywords, told):
    import nltk

    nltk.data.clear_cache()
    monkeypatch.setattr(nltk.data, "path", [str(tmp_path)])
    monkeypatch.setattr(nltk, "download", lambda *_, **__: False)
    with pytest.raises(ModelUnavailable, match=told):
        LLMGuardScanner(**keywords).warm_up()


def test_a_download_that_never_ends_is_given_up(monkeypatch):
    monkeypatch.setattr(loading, "_DOWNLOAD_SECONDS", 0.1)
    waiting = threading.Event()
    with pytest.raises(ModelUnavailable, match=r"told \(no answer in 0.1 seconds\)"):
        loading._bounded(waiting.wait, "told")
    waiting.set()


def test_a_cached_model_is_loaded_without_asking_the_hub(monkeypatch, no_hub):
    monkeypatch.setattr(loading, "cached", lambda _: True)
    kind = imported("llm_guard.input_scanners").PromptInjection
    default = loading.default_model(kind)
    placed = loading._placed("PromptInjection", kind, default, use_onnx=False)
    assert placed.kwargs["local_files_only"]
    assert placed.tokenizer_kwargs["local_files_only"]
    assert "local_files_only" not in default.kwargs


def test_models_by_path_name_mapping_and_object(tmp_path):
    kind = imported("llm_guard.input_scanners").Toxicity
    default = loading.default_model(kind)
    by_path = loading._model(kind, tmp_path)
    assert (by_path.path, by_path.revision, by_path.onnx_path) == (str(tmp_path), None, None)
    assert by_path.pipeline_kwargs == default.pipeline_kwargs
    (tmp_path / "onnx").mkdir()
    (tmp_path / "onnx" / "model.onnx").write_bytes(b"")
    assert loading._model(kind, str(tmp_path)).onnx_subfolder == "onnx"
    by_mapping = loading._model(kind, {"path": "me/mine", "revision": "abc", "pipeline_kwargs": {"max_length": 64}})
    assert (by_mapping.path, by_mapping.revision) == ("me/mine", "abc")
    assert by_mapping.pipeline_kwargs == {**default.pipeline_kwargs, "max_length": 64}
    assert loading._model(kind, by_mapping) is by_mapping
