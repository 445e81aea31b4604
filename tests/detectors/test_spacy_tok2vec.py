"""The graph that stands in the place of a spaCy pipeline's own layers gives what these give."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import spacy

from lc_guard.demo.hidden import transcript
from lc_guard.detectors import spacy_ner, spacy_tok2vec
from lc_guard.detectors.spacy_tok2vec import run_by_onnx
from lc_guard.detectors.weights import import_spacy

pytestmark = pytest.mark.models
TEXTS = ["Jane Doe of Acme Ltd met Ana in London on 4 May 2021.", "x", "Über 王 😀 \n\n ...", transcript()[:3_000]]


def packaged() -> Any:
    return spacy.load(
        spacy_ner.packaged_or_official(), exclude=["tok2vec", "tagger", "parser", "attribute_ruler", "lemmatizer"]
    )


def layers_of(nlp: Any) -> Any:
    return next(node for node in nlp.get_pipe("ner").model.walk() if {"embed", "encode"} <= {*node.ref_names})


def test_vectors_and_entities_are_those_of_the_pipeline() -> None:
    nlp = packaged()
    ner = nlp.get_pipe("ner")
    docs = [nlp.make_doc(text) for text in TEXTS]
    vectors = layers_of(nlp).predict(docs)
    told = [[(span.text, span.label_) for span in nlp(text).ents] for text in TEXTS]
    assert run_by_onnx(ner.model, docs[0])
    (new,) = (node for node in ner.model.walk() if node.name == "lc_guard_tok2vec")
    for some in (docs, docs[:1], docs[1:3]):  # texts side by side, and alone
        for doc, given in zip(some, new.predict(some), strict=True):
            assert given.shape == vectors[docs.index(doc)].shape
            assert np.abs(given - vectors[docs.index(doc)]).max() < 1e-4
    assert [[(span.text, span.label_) for span in doc.ents] for doc in nlp.pipe(TEXTS)] == told
    assert ("Jane Doe", "PERSON") in told[0]


def test_the_default_pipeline_runs_by_it() -> None:
    nlp = spacy_ner.load_pipeline(None)._nlp
    assert [node.name for node in nlp.get_pipe("ner").model.walk()].count("lc_guard_tok2vec") == 1


def test_what_is_of_another_form_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    nlp = spacy.blank("en")
    other = packaged().get_pipe("ner").model
    layers = next(node for node in other.walk() if {"embed", "encode"} <= {*node.ref_names})
    layers.get_ref("encode").name = "another encoder"
    names = [node.name for node in other.walk()]
    assert not run_by_onnx(other, nlp.make_doc("Jane"))
    assert [node.name for node in other.walk()] == names

    # a graph that does not agree with the layers is not taken
    wrong = packaged().get_pipe("ner").model
    monkeypatch.setattr(spacy_tok2vec, "_EPSILON", 1.0)
    assert not run_by_onnx(wrong, nlp.make_doc("Jane"))


def test_what_is_left_out_of_a_pipeline_changes_nothing() -> None:
    """Its tokenizer is the stored one, and its words get the same numbers as with all of its strings."""
    import_spacy()
    whole, ours = packaged(), spacy_ner._read(spacy_ner.packaged_or_official())
    assert ours.pipe_names == ["ner"]
    assert len(ours.vocab.strings) < 5_000 < len(whole.vocab.strings)
    assert ours.tokenizer.to_bytes(exclude=["vocab"]) == whole.tokenizer.to_bytes(exclude=["vocab"])
    for text in TEXTS:
        told, told_by_whole = ours(text), whole(text)
        assert [token.text for token in told] == [token.text for token in told_by_whole]
        assert [token.norm for token in told] == [token.norm for token in told_by_whole]
        assert [(s.text, s.label_) for s in told.ents] == [(s.text, s.label_) for s in told_by_whole.ents]
