"""Checkpoints of the user's own: loaded by path or name, mapped to kinds, refused within seconds and with a remedy."""

import importlib.util
import inspect
import sys
import time
import types
from itertools import pairwise
from pathlib import Path

import pytest

from lc_guard.detectors import GLiNERDetector, HuggingFaceDetector
from lc_guard.errors import DetectorError, GuardError, MissingExtra, ModelUnavailable

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "jane", "do", "##e", "acme", "said", "to", ".", "seven"]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """A BERT without layers whose embeddings are chosen: jane, doe are PER, acme is ORG, seven is CARDINAL."""
    import torch
    from tokenizers import BertWordPieceTokenizer
    from transformers import BertConfig, BertForTokenClassification, BertTokenizerFast

    folder = tmp_path_factory.mktemp("hf") / "tiny-ner"
    labels = ["O", "B-PER", "I-PER", "B-ORG", "B-CARDINAL"]
    config = BertConfig(
        vocab_size=len(WORDS), hidden_size=8, num_hidden_layers=0, num_attention_heads=1, intermediate_size=8,
        max_position_embeddings=64, id2label=dict(enumerate(labels)),
        label2id={name: i for i, name in enumerate(labels)},
    )  # fmt: skip
    model = BertForTokenClassification(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
        model.bert.embeddings.LayerNorm.weight.fill_(1.0)
        model.classifier.bias[0] = 3.0
        for word, label in {"jane": 1, "do": 2, "##e": 2, "acme": 3, "seven": 4}.items():
            model.bert.embeddings.word_embeddings.weight[WORDS.index(word), label] = 1.0
            model.classifier.weight[label, label] = 4.0
    model.save_pretrained(folder)
    vocabulary = folder / "vocab.txt"
    vocabulary.write_text("\n".join(WORDS))
    BertTokenizerFast(
        tokenizer_object=BertWordPieceTokenizer(str(vocabulary))._tokenizer, model_max_length=64
    ).save_pretrained(folder)
    return folder


def test_labels_become_kinds_and_words_stay_whole(checkpoint, found):
    detector = HuggingFaceDetector(checkpoint)
    detector.warm_up()
    text = "Acme said seven to Jane Doe."
    assert found(detector, text) == [("ORGANIZATION", "Acme"), ("PERSON", "Jane Doe")]
    assert all(0.9 < entity.score <= 1 for entity in detector.detect(text))


def test_own_labels_choose_and_name(checkpoint, found):
    chosen = HuggingFaceDetector(checkpoint, labels={"PER": "witness", "CARDINAL": "QUANTITY"})
    assert found(chosen, "Acme said seven to Jane.") == [("QUANTITY", "seven"), ("WITNESS", "Jane")]


def test_threshold(checkpoint):
    assert not HuggingFaceDetector(checkpoint, threshold=1.0).detect("Jane")


def test_a_text_longer_than_the_model_and_a_batch(checkpoint, found):
    detector = HuggingFaceDetector(checkpoint)
    text = "said to acme. " * 300 + "Jane Doe " + "." * 400 + " Jane"
    pairs = found(detector, text)
    assert pairs.count(("PERSON", "Jane Doe")) == 1
    assert pairs.count(("ORGANIZATION", "acme")) == 300
    assert pairs[-1] == ("PERSON", "Jane")
    texts = [text, "", "Jane", " \n", "acme \ud800"]
    assert detector.detect_batch(texts) == [detector.detect(t) for t in texts]
    assert detector.detect_batch([]) == []
    assert all(a.end <= b.start for a, b in pairwise(detector.detect(text)))


def test_loaded_once(checkpoint):
    one, two = HuggingFaceDetector(checkpoint), HuggingFaceDetector(str(checkpoint))
    assert one._loaded() is two._loaded()
    assert str(checkpoint.parent) not in repr(one)
    assert "tiny-ner" in repr(one)


def test_a_folder_without_a_model_is_named_without_its_path(tmp_path):
    (tmp_path / "empty-model").mkdir()
    with pytest.raises(ModelUnavailable, match="empty-model") as caught:
        HuggingFaceDetector(tmp_path / "empty-model").warm_up()
    assert str(tmp_path) not in str(caught.value)


# What `gliner` 0.2.29 accepts: where the package itself is not installed its double refuses everything else.
FROM_PRETRAINED = {"model_id", "revision", "cache_dir", "local_files_only", "token", "map_location"}
INFERENCE = {"self", "texts", "labels", "flat_ner", "threshold", "multi_label", "batch_size"}


class DoubleGLiNER:
    """Stands in for GLiNER: finds the words of its labels, in texts of no more words than the real one reads."""

    def __init__(self):
        self.config = types.SimpleNamespace(max_len=24)

    @classmethod
    def from_pretrained(cls, model_id, revision=None, local_files_only=False, map_location="cpu"):
        assert map_location == "cpu"
        if not (Path(model_id) / "gliner_config.json").is_file():
            raise FileNotFoundError(f"No config file found in {model_id}")
        assert local_files_only
        return cls()

    def inference(self, texts, labels, threshold=0.5, batch_size=8):
        assert isinstance(texts, list)
        assert isinstance(labels, list)
        finds = {"person": ("Jane", 0.9), "member number": ("M-1", 0.6)}
        answers = []
        for text in texts:
            assert len(text.split()) <= self.config.max_len
            spans = [(label, *finds[label]) for label in labels if label in finds]
            answers.append(
                [
                    {"start": at, "end": at + len(word), "text": word, "label": label, "score": score}
                    for label, word, score in spans
                    for at in range(len(text))
                    if text.startswith(word, at) and score >= threshold
                ]
            )
        return answers


def test_the_double_takes_no_more_than_the_real_one():
    for method, accepted in ((DoubleGLiNER.from_pretrained, FROM_PRETRAINED), (DoubleGLiNER.inference, INFERENCE)):
        assert set(inspect.signature(method).parameters) <= accepted


@pytest.fixture
def gliner_model(monkeypatch, tmp_path):
    from lc_guard.detectors import gliner
    from lc_guard.detectors.weights import LoadOnce

    module = types.ModuleType("gliner")
    module.GLiNER = DoubleGLiNER
    module.__spec__ = importlib.util.spec_from_loader("gliner", None)
    monkeypatch.setitem(sys.modules, "gliner", module)
    monkeypatch.setattr(gliner, "load_gliner", LoadOnce(gliner.load_gliner._loader))
    folder = tmp_path / "tiny-gliner"
    folder.mkdir()
    (folder / "gliner_config.json").write_text("{}")
    return folder


def test_gliner_labels_become_kinds(gliner_model, found):
    text = "Jane has M-1. " * 40
    detector = GLiNERDetector(gliner_model, labels=["person", "member number"])
    detector.warm_up()
    pairs = found(detector, text)
    assert pairs[:2] == [("PERSON", "Jane"), ("MEMBER_NUMBER", "M-1")]
    assert len(pairs) == 80
    assert found(GLiNERDetector(gliner_model, labels={"member number": "ID"}, threshold=0.6), "M-1 Jane") == [
        ("ID", "M-1")
    ]
    assert not GLiNERDetector(gliner_model, labels=["member number"], threshold=0.7).detect("M-1")
    assert detector.detect_batch(["", "Jane", " "]) == [[], detector.detect("Jane"), []]
    assert "tiny-gliner" in repr(detector)
    assert str(gliner_model) not in repr(detector)


def test_a_folder_that_is_no_gliner_model(gliner_model, tmp_path):
    with pytest.raises(ModelUnavailable, match="gliner could not load") as caught:
        GLiNERDetector(tmp_path, labels=["person"]).warm_up()
    assert str(tmp_path) not in str(caught.value)


def test_gliner_that_answers_too_little(gliner_model, monkeypatch):
    monkeypatch.setattr(DoubleGLiNER, "inference", lambda *_, **__: [])
    with pytest.raises(DetectorError, match="0 answers for 1"):
        GLiNERDetector(gliner_model, labels=["person"]).detect("Jane")


@pytest.mark.parametrize("labels", [[], "person", {}])
def test_gliner_needs_labels(gliner_model, labels):
    with pytest.raises(GuardError, match="labels"):
        GLiNERDetector(gliner_model, labels=labels)


@pytest.mark.usefixtures("gliner_model")
@pytest.mark.parametrize("make", [HuggingFaceDetector, lambda m: GLiNERDetector(m, labels=["person"])])
def test_a_hub_out_of_reach_is_told_within_seconds_with_a_remedy(make, monkeypatch):
    from huggingface_hub import constants

    # A port of the machine itself where nothing listens.
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    started = time.perf_counter()
    with pytest.raises(ModelUnavailable, match="path of a folder") as caught:
        make("someone/some-model").detect("Jane")
    assert time.perf_counter() - started < 10
    assert "someone/some-model" in str(caught.value)
    with pytest.raises(ModelUnavailable) as caught:
        make("/home/jane/model").detect("Jane")
    assert "jane" not in str(caught.value)


@pytest.mark.usefixtures("gliner_model")
@pytest.mark.parametrize("make", [HuggingFaceDetector, lambda m, **k: GLiNERDetector(m, labels=["person"], **k)])
def test_keywords_are_checked_at_once(make, monkeypatch):
    with pytest.raises(GuardError, match="threshold"):
        make("any", threshold=2)
    real = importlib.util.find_spec
    absent = {"transformers", "gliner"}
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *a: None if name in absent else real(name, *a))
    with pytest.raises(MissingExtra, match=r"lc-guard\[(hf|gliner)\]"):
        make("any")
