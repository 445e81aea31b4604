"""spaCy pipelines of other languages, whose labels are not those of the English ones."""

from __future__ import annotations

import pytest
import spacy
from spacy.training import Example

from lc_guard import ModelUnavailable
from lc_guard.detectors import SpacyDetector
from lc_guard.detectors.spacy_ner import load_pipeline

SENTENCES = ("Anna wohnt hier.", "Heute kommt Anna.", "Das sagt Anna immer.")


@pytest.fixture
def make_pipeline(tmp_path):
    def make(label):
        """A German pipeline that has learnt one name."""
        nlp = spacy.blank("de")
        nlp.add_pipe("ner").add_label(label)
        examples = []
        for text in SENTENCES:
            start = text.index("Anna")
            examples.append(Example.from_dict(nlp.make_doc(text), {"entities": [(start, start + 4, label)]}))
        optimizer = nlp.initialize(lambda: examples)
        for _ in range(40):
            nlp.update(examples, sgd=optimizer, drop=0.0)
        nlp.to_disk(tmp_path / label)
        return tmp_path / label

    return make


def test_the_label_of_german_and_french_pipelines_is_a_person(make_pipeline):
    found = SpacyDetector(make_pipeline("PER")).detect(SENTENCES[1])
    assert [(entity.kind, entity.start, entity.end) for entity in found] == [("PERSON", 12, 16)]


def test_a_pipeline_that_knows_no_persons_is_refused(make_pipeline):
    pipeline = make_pipeline("ORG")
    assert [entity.kind for entity in SpacyDetector(pipeline, kinds=["ORGANIZATION"]).detect(SENTENCES[1])]
    with pytest.raises(ModelUnavailable, match="no label for persons"):
        SpacyDetector(pipeline).warm_up()
    with pytest.raises(ModelUnavailable, match="no label for persons"):
        SpacyDetector(pipeline).detect("Anna")


@pytest.mark.parametrize("listens", [True, False])
def test_a_shared_component_runs_only_where_the_ner_listens_to_it(tmp_path, listens):
    nlp = spacy.blank("en")
    nlp.add_pipe("tok2vec")
    layers = {"@architectures": "spacy.Tok2VecListener.v1", "width": 96, "upstream": "tok2vec"}
    own = {
        "@architectures": "spacy.HashEmbedCNN.v2",
        "pretrained_vectors": None,
        "width": 96,
        "depth": 1,
        "embed_size": 50,
        "window_size": 1,
        "maxout_pieces": 3,
        "subword_features": True,
    }
    model = {
        "@architectures": "spacy.TransitionBasedParser.v2",
        "state_type": "ner",
        "extra_state_tokens": False,
        "hidden_width": 8,
        "maxout_pieces": 2,
        "use_upper": True,
        "tok2vec": layers if listens else own,
    }
    nlp.add_pipe("ner", config={"model": model}).add_label("PERSON")
    nlp.initialize()
    nlp.to_disk(tmp_path / "pipe")
    assert load_pipeline(str(tmp_path / "pipe"))._nlp.pipe_names == (["tok2vec", "ner"] if listens else ["ner"])
    assert SpacyDetector(tmp_path / "pipe").detect("Jane Doe came.") is not None
