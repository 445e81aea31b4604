"""The benchmark of retrieval counts what it says that it counts."""

from __future__ import annotations

import json
from pathlib import Path

from langchain_core.embeddings import Embeddings

from benchmarks import retrieval

from .support.rag import HashingEmbeddings


def test_it_runs_on_both_sets(tmp_path: Path) -> None:
    told = [{"context": f"Ann Lee has {n} bees", "qas": [{"question": f"Who has {n} bees?"}] * 2} for n in range(3)]
    (tmp_path / "set.json").write_text(json.dumps({"data": [{"title": "x", "paragraphs": told}]}))
    model = HashingEmbeddings()
    rows = retrieval.run(model, people=2, xquad=tmp_path / "set.json", every=2)
    assert [row.what.split(", ")[1:] for row in rows] == [
        [name, kinds] for name in ("8 notes on people", "XQuAD") for kinds in ("all kinds hidden", "persons hidden")
    ]
    assert all(row.met and row.unit == "points" for row in rows)
    asked = retrieval.read_xquad(tmp_path / "set.json", every=2)
    assert [number for _, number in asked.questions] == [0, 1, 2]


class Counting(Embeddings):
    """The n-th passage is at angle n; each question is at that of passage 0."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [[1.0 - number / 100] for number in range(len(texts))]

    def embed_query(self, text: str) -> list[float]:
        return [1.0]


def test_recall_counts_those_that_are_nearer() -> None:
    passages = [str(number) for number in range(30)]
    for numbers, expected in (([0], 1.0), ([9], 1.0), ([10], 0.0), ([0, 9, 10, 29], 0.5)):
        asked = retrieval.Questions("x", passages, [("?", number) for number in numbers])
        assert retrieval.recall(Counting(), asked) == expected


def test_notes_name_their_person_in_question_and_passage() -> None:
    made = retrieval.notes(5)
    assert (len(made.passages), len(made.questions)) == (20, 20)
    for question, number in made.questions:
        words = [word for word in question.rstrip("?").split() if word[0].isupper() and word in made.passages[number]]
        assert words
