"""spaCy pipelines of other languages, whose labels are not those of the English ones."""

from __future__ import annotations

import pytest
import spacy
from spacy.training import Example

from lc_guard import ModelUnavailable
from lc_guard.detectors import SpacyDetector

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
