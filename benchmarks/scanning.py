"""What judging costs: judges at the same time, the policy itself, the built-in checks, and LLM Guard's scanners."""

from __future__ import annotations

import importlib.util
import logging
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.table import Row, best, show, told
from lc_guard import Guard, ScanResult
from lc_guard.scanners import ScanRequest, builtin_scanners

_WORDS = [
    "the",
    "witness",
    "said",
    "it",
    "was",
    "so",
    "on",
    "this",
    "day",
    "and",
    "nobody",
    "else",
    "in",
    "court",
    "had",
    "seen",
    "anything",
    "of",
    "the",
    "kind",
    "before",
]
_FINE = ScanResult(valid=True, risk_score=0.0)


class _Sleeper:
    """A judge that waits, as one does for a service."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def scan(self, request: ScanRequest) -> ScanResult:  # noqa: ARG002
        time.sleep(self._seconds)
        return _FINE


class _Nothing:
    """A judge that costs nothing: what is left is the policy's."""

    cost = "instant"

    def scan(self, request: ScanRequest) -> ScanResult:  # noqa: ARG002
        return _FINE


def run(
    *, seconds: float = 0.05, prompts: int = 1_000, repeats: int = 5, layers: int = 4, hidden: int = 256
) -> Iterator[Row]:
    """Measure.

    Args:
        seconds: What each of five judges waits.
        prompts: How many prompts the built-in checks judge.
        repeats: How often each is measured; the best counts.
        layers: Layers of the model that LLM Guard's scanners run.
        hidden: Its width.
    """
    yield _together(seconds, repeats)
    yield _policy(repeats, number=min(prompts, 200))
    yield _builtin(prompts, repeats)
    if importlib.util.find_spec("llm_guard") and importlib.util.find_spec("torch"):
        yield from _beside_llm_guard(repeats, layers, hidden)


def _together(seconds: float, repeats: int) -> Row:
    guard = Guard([], prompt_scanners=[_Sleeper(seconds) for _ in range(5)], cache_size=0)
    spent = best(lambda: guard.scan("text"), repeats=repeats)
    what = f"Five judges of {seconds * 1e3:g} ms each"
    return Row(what, told(spent), f"the slowest {told(seconds)}", spent / seconds, 1.2)


def _policy(repeats: int, number: int) -> Row:
    guard = Guard([], prompt_scanners=[_Nothing()], cache_size=0)
    spent = best(lambda: guard.scan("text"), repeats=repeats, number=number)
    return Row("The policy's own cost, a text", told(spent), "a judge that costs nothing", spent * 1e6, 100, unit="µs")


def _builtin(prompts: int, repeats: int) -> Row:
    guard = Guard([], prompt_scanners=builtin_scanners(), cache_size=0)
    spoken = [" ".join(_WORDS[(number + at) % len(_WORDS)] for at in range(60)) for number in range(prompts)]
    texts = [f"{text} {number}." for number, text in enumerate(spoken)]
    spent = best(lambda: [guard.scan(text) for text in texts], repeats=repeats)
    names = len(builtin_scanners())
    what = f"{prompts:,} prompts of {len(texts[0])} characters, all {names} built-in checks"
    return Row(what, told(spent), "one thread", prompts / spent, 2_000, at_least=True, unit="a second")


def _beside_llm_guard(repeats: int, layers: int, hidden: int) -> Iterator[Row]:
    """Measure with one thread of torch for each model, as servers set it, and with torch's own choice: all cores.

    In processes of their own: the threads that are there when torch starts keep their number.
    """
    for environment, target, named in (
        ({"OMP_NUM_THREADS": "1"}, 1.5, "one torch thread each"),
        ({}, 1.0, "all cores each"),
    ):
        code = f"from benchmarks.scanning import classify; print(*classify({repeats}, {layers}, {hidden}))"
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=True)
        ours, theirs = map(float, done.stdout.splitlines()[-1].split())
        what = f"Four of LLM Guard's classifiers, 300 words, {named}"
        yield Row(what, told(ours), f"scan_prompt {told(theirs)}", theirs / ours, target, at_least=True)


def classify(repeats: int, layers: int, hidden: int) -> tuple[float, float]:
    """Give the seconds that four classifiers take in a guard, and in LLM Guard's ``scan_prompt``."""
    logging.disable(logging.CRITICAL)
    from llm_guard import scan_prompt

    with tempfile.TemporaryDirectory() as folder:
        scanners = _classifiers(Path(folder), layers, hidden)
        guard = Guard([], prompt_scanners=scanners, cache_size=0)
        prompt = " ".join(_WORDS[at % len(_WORDS)] for at in range(300))
        guard.scan(prompt)
        return _in_turns(lambda: guard.scan(prompt), lambda: scan_prompt(scanners, prompt), repeats)


def _in_turns(ours: Any, theirs: Any, repeats: int) -> tuple[float, float]:
    pairs = [(best(ours, repeats=1), best(theirs, repeats=1)) for _ in range(repeats)]
    return min(pair[0] for pair in pairs), min(pair[1] for pair in pairs)


def _classifiers(folder: Path, layers: int, hidden: int) -> list[Any]:
    """Give four of LLM Guard's scanners on a model of random weights: their speed does not depend on what it knows."""
    from llm_guard.input_scanners import Gibberish, Language, PromptInjection, Toxicity
    from llm_guard.model import Model
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *dict.fromkeys(_WORDS)]
    (folder / "vocab.txt").write_text("\n".join(vocabulary))
    BertTokenizerFast(str(folder / "vocab.txt"), model_max_length=512).save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=hidden,
        num_hidden_layers=layers,
        num_attention_heads=4,
        intermediate_size=4 * hidden,
        id2label={0: "clean", 1: "other"},
        label2id={"clean": 0, "other": 1},
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    model = Model(path=str(folder), pipeline_kwargs={"max_length": 512, "truncation": True})
    scores = Model(path=str(folder), pipeline_kwargs={"max_length": 512, "truncation": True, "top_k": None})
    languages = Language(valid_languages=["other"], model=scores)
    return [PromptInjection(model=model), Toxicity(model=scores), Gibberish(model=model), languages]


if __name__ == "__main__":
    show(run())
