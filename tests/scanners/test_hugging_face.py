"""Text classifiers by path: really loaded, really run, on a checkpoint that the test trains."""

import importlib.util
import json
import shutil
import threading

import pytest

from lc_guard.errors import GuardError, MissingExtra, ModelUnavailable
from lc_guard.scanners import HuggingFaceClassifier, Scanner, ScanRequest, hugging_face
from tests.scanners.checkpoints import Checkpoints

pytest.importorskip("torch")
LIMIT = 20
ODD = [ScanRequest(text) for text in ("", " \n", "\ud800 bad", "bad" * 3_000, "you can help", "İ bad ﬁ")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A BERT that fires on the word "bad", and takes 20 tokens."""
    root = tmp_path_factory.mktemp("hf")
    made = root / "tiny-guard"
    shutil.copytree(Checkpoints(root).folder("bad", ("SAFE", "INJECTION")), made)
    settings = json.loads((made / "tokenizer_config.json").read_text())
    settings["model_max_length"] = LIMIT
    (made / "tokenizer_config.json").write_text(json.dumps(settings))
    return made


@pytest.fixture(scope="module")
def scanner(folder):
    made = HuggingFaceClassifier(folder, labels=["INJECTION"])
    made.warm_up()
    return made


FILLED = "you can help with this example "


def test_it_tells_two_kinds_of_text_apart(scanner):
    good, bad = (scanner.scan(ScanRequest(text)) for text in ("you can help with this", "you can bad with this"))
    assert good.valid
    assert good.risk_score < 0.2
    assert not bad.valid
    assert bad.risk_score > 0.8
    assert bad.categories == {"INJECTION": pytest.approx(bad.risk_score)}
    assert not bad.entities
    assert isinstance(scanner, Scanner)
    assert scanner.cost == "model"


def test_nothing_is_cut_off(scanner):
    assert scanner.scan(ScanRequest(FILLED * 50)).valid
    for at in (0, 25, 49):
        text = FILLED * at + "bad " + FILLED * (50 - at)
        assert not scanner.scan(ScanRequest(text)).valid


def test_sentences_and_chunks_say_where(folder):
    text = "You can help. This is bad, so far! We see it now."
    result = HuggingFaceClassifier(folder, labels=["injection"], match_type="sentence").scan(ScanRequest(text))
    (entity,) = result.entities
    assert entity.kind == "INJECTION"
    assert text[entity.start : entity.end].strip() == "This is bad, so far!"
    long = FILLED * 20 + "bad " + FILLED * 20
    chunks = HuggingFaceClassifier(folder, labels=["INJECTION"], match_type="chunks", chunk_tokens=10)
    entities = chunks.scan(ScanRequest(long)).entities
    assert entities
    assert all("bad" in long[e.start : e.end] for e in entities[:1])
    assert sum(e.end - e.start for e in entities) < 200


def test_a_batch_is_the_same_one_by_one(scanner):
    requests = [*ODD, ScanRequest(FILLED * 40 + "bad"), ScanRequest("bad"), ScanRequest("we see it now")]
    batch = scanner.scan_batch(requests)
    assert len(batch) == len(requests)
    for request, result in zip(requests, batch, strict=True):
        alone = scanner.scan(request)
        assert (alone.valid, alone.risk_score) == (result.valid, pytest.approx(result.risk_score, abs=1e-4))
    assert scanner.scan_batch([]) == []
    assert batch[0].valid
    assert batch[0].risk_score == 0
    assert [result.valid for result in batch[-3:]] == [False, False, True]


def test_a_tokenizer_without_a_padding_token(folder, scanner):
    made = HuggingFaceClassifier(folder, labels=["INJECTION"])
    made.warm_up()
    made._loaded.tokenizer.pad_token = None
    requests = [ScanRequest("you can help"), ScanRequest("bad"), ScanRequest(FILLED * 9 + "bad")]
    assert [result.valid for result in made.scan_batch(requests)] == [True, False, False]


def test_labels_that_do_not_exclude_each_other(folder):
    import torch

    text = "you can bad with this"
    exclusive = HuggingFaceClassifier(folder, labels=["INJECTION"]).scan(ScanRequest(text)).risk_score
    every = HuggingFaceClassifier(folder, labels=["SAFE", "INJECTION"])
    assert every.scan(ScanRequest(text)).risk_score == pytest.approx(1)
    several = HuggingFaceClassifier(folder, labels=["SAFE", "INJECTION"], multi_label=True).scan(ScanRequest(text))
    # Softmax of two logits is the sigmoid of their difference.
    logit = {
        label: torch.logit(torch.tensor(score, dtype=torch.float64)) for label, score in several.categories.items()
    }
    assert torch.sigmoid(logit["INJECTION"] - logit["SAFE"]).item() == pytest.approx(exclusive, abs=1e-3)


def test_what_the_checkpoint_says_of_its_labels_counts(folder, tmp_path):
    several = tmp_path / "several"
    shutil.copytree(folder, several)
    config = json.loads((several / "config.json").read_text())
    (several / "config.json").write_text(json.dumps({**config, "problem_type": "multi_label_classification"}))
    request = ScanRequest("you can bad with this")
    told = HuggingFaceClassifier(several, labels=["INJECTION"]).scan(request)
    forced = HuggingFaceClassifier(folder, labels=["INJECTION"], multi_label=True).scan(request)
    assert told.risk_score == pytest.approx(forced.risk_score)


def test_threshold(folder, scanner):
    request = ScanRequest("you can bad with this")
    score = scanner.scan(request).risk_score
    assert HuggingFaceClassifier(folder, labels=["INJECTION"], threshold=min(1.0, score + 1e-6)).scan(request).valid
    assert not HuggingFaceClassifier(folder, labels=["INJECTION"], threshold=score).scan(request).valid


def test_threads_at_once_load_once(folder, monkeypatch):
    loads = []
    made = HuggingFaceClassifier(folder, labels=["INJECTION"])
    load = made._load
    monkeypatch.setattr(made, "_load", lambda: loads.append(1) or load())
    results = []
    threads = [
        threading.Thread(target=lambda: results.append(made.scan(ScanRequest(FILLED * 9 + "bad")).valid))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [False] * 6
    assert loads == [1]


def test_a_path_is_told_by_its_last_part(scanner, folder):
    for told in (repr(scanner), str(scanner.details)):
        assert "tiny-guard" in told
        assert str(folder.parent) not in told


def test_unknown_labels_are_told_with_the_known(folder):
    with pytest.raises(ModelUnavailable, match=r"no label 'JAILBREAK'.*'SAFE', 'INJECTION'"):
        HuggingFaceClassifier(folder, labels=["JAILBREAK"]).warm_up()


def test_a_folder_without_a_model(tmp_path):
    (tmp_path / "empty").mkdir()
    made = HuggingFaceClassifier(tmp_path / "empty", labels=["x"])
    with pytest.raises(ModelUnavailable, match="'empty'") as caught:
        made.scan(ScanRequest("some secret text"))
    assert str(tmp_path) not in str(caught.value)
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_model_of_the_hub_that_is_not_here(monkeypatch):
    with pytest.raises(ModelUnavailable, match="nobody/nothing"):
        HuggingFaceClassifier("nobody/nothing", labels=["x"], local_files_only=True).warm_up()
    monkeypatch.setattr("lc_guard._vendors.hub.hub_in_reach", lambda: False)
    with pytest.raises(ModelUnavailable, match="nobody/nothing"):
        HuggingFaceClassifier("nobody/nothing", labels=["x"]).warm_up()


def test_without_the_extra(monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(hugging_face.importlib.util, "find_spec", lambda name: None if name == "torch" else find(name))
    with pytest.raises(MissingExtra, match=r"lc-guard\[hf\]"):
        HuggingFaceClassifier("x/y", labels=["x"])


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"labels": "INJECTION"}, "labels"),
        ({"labels": []}, "labels"),
        ({"labels": ["x"], "threshold": 0}, "threshold"),
        ({"labels": ["x"], "match_type": "truncate"}, "match_type"),
        ({"labels": ["x"], "chunk_tokens": 2}, "chunk_tokens"),
    ],
)
def test_bad_options(options, told):
    with pytest.raises(GuardError, match=told):
        HuggingFaceClassifier("x/y", **options)
