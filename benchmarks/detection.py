"""The default detector next to LLM Guard's pipeline with the same two models; batches; the start; memory.

LLM Guard's pipeline is its analyzer with its patterns, spaCy as its NLP engine (all components, as LLM Guard loads it)
and Rampart. With ``optimum[onnxruntime]`` installed, Rampart runs as LLM Guard runs it, through ``recognizer_conf``;
without, our code runs the same file for it, which is faster and so favours LLM Guard.

``python -m benchmarks.detection FILES...`` measures what is found instead, beside other tools: see `benchmarks.peers`.
"""

from __future__ import annotations

import argparse
import copy
import importlib
import importlib.util
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.resources import files
from typing import Any

from benchmarks import peers
from benchmarks.table import Row, best, show, told, tried
from lc_guard.detectors import Detector, default_detector, rampart_model, spacy_ner
from lc_guard.detectors.rampart import merged
from lc_guard.detectors.windows import windows

FIRST = (
    "import time; began = time.perf_counter(); from lc_guard.detectors import default_detector; "
    "default_detector().detect('Jane Doe called 415-555-0100.'); took = time.perf_counter() - began; "
    # not ru_maxrss: a process takes over that of the one that started it
    "import sys; lines = open('/proc/self/status'); peak = next(line for line in lines if line.startswith('VmHWM')); "
    "print(took, peak.split()[1], 'torch' in sys.modules)"
)


def run(*, characters: int = 10_000, texts: int = 64, repeats: int = 9) -> Iterator[Row]:
    """Measure the demo's court transcript, with the same characters for both sides."""
    # First, while this process is small: a child's peak counts what it was forked from.
    yield from tried("From nothing to the first result", lambda: _start(repeats))
    transcript = files("lc_guard.demo").joinpath("transcript.txt").read_text(encoding="utf-8")[:characters]
    detector = default_detector()
    detector.warm_up()
    yield from tried("Detection beside LLM Guard's pipeline", lambda: _beside_llm_guard(detector, transcript, repeats))
    lines = [line for line in transcript.splitlines() if line.strip()][:texts]
    single, batch = _in_turns(
        lambda: [detector.detect(line) for line in lines], lambda: detector.detect_batch(lines), repeats
    )
    what = f"Batch of {len(lines)} lines"
    yield Row(what, told(batch), f"one by one {told(single)}", single / batch, 1.5, at_least=True)


def _start(repeats: int) -> Iterator[Row]:
    seconds, kilobytes, torch = _first_result(repeats)
    yield Row("From nothing to the first result", told(seconds), torch, seconds, 1, unit="s")
    yield Row("Memory of that process at most", f"{kilobytes / 1e3:.0f} MB", "", kilobytes / 1e3, 250, unit="MB")


def _beside_llm_guard(detector: Detector, transcript: str, repeats: int) -> Iterator[Row]:
    beside = llm_guards_pipeline()
    ours, others = _in_turns(lambda: detector.detect(transcript), lambda: beside(transcript), repeats)
    what = f"Detection, all sources, {len(transcript) / 1000:.1f} kB"
    yield Row(what, told(ours), f"LLM Guard's pipeline {told(others)}", ours / others, 0.7)


def _in_turns(one: Callable[[], Any], two: Callable[[], Any], repeats: int) -> tuple[float, float]:
    """Time two calls in turns, so that what else runs on the machine hits both; the fastest of each."""
    pairs = [(best(one, repeats=1), best(two, repeats=1)) for _ in range(repeats)]
    first, second = (min(column) for column in zip(*pairs, strict=True))
    return first, second


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

    folder = str(rampart_model.FOLDER)
    model = Model(
        path=folder, onnx_path=folder, onnx_filename="model_q4.onnx",
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
    import onnxruntime
    from presidio_analyzer import EntityRecognizer, RecognizerResult

    class Rampart(EntityRecognizer):  # type: ignore[misc]
        """Rampart as its authors made it, with four-bit weights, under Presidio's interface."""

        def load(self) -> None:
            model = rampart_model.load_model(os.getpid())
            self.model = copy.copy(model)
            self.model._session = onnxruntime.InferenceSession(str(rampart_model.FOLDER / "model_q4.onnx"))

        def analyze(self, text: str, entities: list[str], nlp_artifacts: Any = None) -> Any:  # noqa: ARG002
            found = []
            for start, end in windows(text, size=600, overlap=40):
                words = self.model.words([text[start:end]])[0]
                named = merged(text[start:end], [word for word in words if word.score >= 0.5])
                found += [RecognizerResult(e.kind, e.start + start, e.end + start, e.score) for e in named]
            return [result for result in found if result.entity_type in entities]

    return Rampart(supported_entities=sorted(set(rampart_model.KIND_OF_LABEL.values())))


def main() -> None:
    """Print what tools find in labelled files, or without files how fast detection is."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.detection", description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", help="labelled texts, JSON Lines as lc-guard eval takes them")
    files = parser.parse_args().files
    if not files:
        show(run())
    for number, file in enumerate(files):
        print("\n" * bool(number) + peers.measured(file), flush=True)


if __name__ == "__main__":
    main()
