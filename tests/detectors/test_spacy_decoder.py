"""The decoder that stands in the place of a spaCy pipeline's NER finds what spaCy finds."""

from __future__ import annotations

from typing import Any

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st

from lc_guard.demo.hidden import transcript
from lc_guard.detectors import spacy_ner, spacy_tok2vec
from lc_guard.detectors.spacy_decoder import EntityDecoder, Span
from lc_guard.detectors.weights import import_spacy

pytestmark = pytest.mark.models
TEXTS = [
    "Jane Doe of Acme Ltd met Ana in London on 4 May 2021.",
    "x",
    "",
    " ",
    "Über 王 😀 \n\n ...",
    transcript()[:3_000],
]
PARTS = [
    *("Jane", "Doe", "Dr.", "Acme", "Ltd", "the", "Bank", "of", "England", "London", "-", "May", "4", "2021", "$", "%"),
    *("O'Brien", "(", ")", ",", ".", "\n", "\n\n", "  ", "\t", "王", "é", "mary@x.org", "UK", "and", "Tuesday", "at"),
]
sentences = st.lists(st.sampled_from(PARTS) | st.text(max_size=3), max_size=30).map(" ".join)


def packaged() -> Any:
    return spacy.load(
        spacy_ner.packaged_or_official(), exclude=["tok2vec", "tagger", "parser", "attribute_ruler", "lemmatizer"]
    )


@pytest.fixture(scope="module")
def nlp() -> Any:
    return packaged()


@pytest.fixture(scope="module")
def decoder(nlp: Any) -> EntityDecoder:
    found = EntityDecoder.of(nlp)
    assert found is not None
    return found


def told(nlp: Any, text: str) -> list[Span]:
    return [Span(span.start_char, span.end_char, span.label_) for span in nlp(text).ents]


def test_entities_are_those_of_the_pipeline(nlp: Any, decoder: EntityDecoder) -> None:
    expected = [told(nlp, text) for text in TEXTS]
    assert Span(0, 8, "PERSON") in expected[0]
    assert {"PERSON", "DATE", "GPE", "ORG"} <= {span.label for spans in expected for span in spans}
    words = [decoder.words(nlp.make_doc(text)) for text in TEXTS]
    assert decoder.entities(words) == expected  # texts side by side, and alone
    assert [decoder.entities([each])[0] for each in words] == expected
    assert decoder.entities([]) == []


@given(text=sentences)
def test_entities_of_any_text_are_those_of_the_pipeline(nlp: Any, decoder: EntityDecoder, text: str) -> None:
    assert decoder.entities([decoder.words(nlp.make_doc(text))]) == [told(nlp, text)]


def test_the_default_pipeline_runs_by_it() -> None:
    assert spacy_ner.load_pipeline(None)._decoder is not None


def test_what_is_of_another_form_is_left_to_spacy(monkeypatch: pytest.MonkeyPatch) -> None:
    nlp = packaged()
    ner = nlp.get_pipe("ner")
    layers = next(node for node in ner.model.walk() if {"embed", "encode"} <= {*node.ref_names})
    with monkeypatch.context() as other:
        other.setattr(layers.get_ref("encode"), "name", "another encoder")
        assert EntityDecoder.of(nlp) is None
    with monkeypatch.context() as other:
        other.setitem(ner.model.attrs, "has_upper", False)
        assert EntityDecoder.of(nlp) is None
    with monkeypatch.context() as other:
        other.setitem(ner.cfg, "beam_width", 4)
        assert EntityDecoder.of(nlp) is None
    with monkeypatch.context() as other:  # one that does not find what the pipeline finds
        other.setattr(spacy_tok2vec, "_EPSILON", 100.0)
        assert EntityDecoder.of(nlp) is None
    assert EntityDecoder.of(nlp) is not None
    ner.add_label("GADGET")  # never trained
    assert EntityDecoder.of(nlp) is None


def test_what_is_left_out_of_a_pipeline_changes_nothing() -> None:
    """Its tokenizer is the stored one, and its words get the same numbers as with all of its strings."""
    import_spacy()
    whole, ours = packaged(), spacy_ner._read(spacy_ner.packaged_or_official())
    assert ours.pipe_names == ["ner"]
    assert len(ours.vocab.strings) < 5_000 < len(whole.vocab.strings)
    assert ours.tokenizer.to_bytes(exclude=["vocab"]) == whole.tokenizer.to_bytes(exclude=["vocab"])
    for text in TEXTS:
        assert [(token.text, token.norm) for token in ours(text)] == [(token.text, token.norm) for token in whole(text)]
        assert told(ours, text) == told(whole, text)
