"""Scanners and detectors as evaluators of the Langfuse SDK: past traces and experiments are judged by new checks.

```python
langfuse.run_experiment(name="...", data=items, task=task, evaluators=[as_evaluator(scanner)])
langfuse.run_batched_evaluation(mapper=observation_texts, evaluators=[as_evaluator(default_detector())])
```

SDK 4 also wants ``scope="observations"`` in the second call.
"""

from __future__ import annotations

import asyncio
import inspect
import re
from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, Literal, get_args

from lc_guard.detectors.adapters import adapted
from lc_guard.detectors.base import DetectorLike
from lc_guard.errors import DetectorError, ScannerError
from lc_guard.observability.span_texts import placeholder_spans, traced_texts
from lc_guard.records import PII_CHECK, Entity, ScanResult, Stage, normalize_kind
from lc_guard.scanners.base import Scanner, ScanRequest, scanner_name

if TYPE_CHECKING:
    from langfuse import Evaluation
    from langfuse.batch_evaluation import EvaluatorInputs

Side = Literal["input", "output"]
"""Which side of an item is judged."""

Evaluator = Callable[..., Coroutine[Any, Any, "list[Evaluation]"]]

_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_.-]")
_LONGEST_NAME = 200


def as_evaluator(
    check: Scanner | DetectorLike,
    *,
    of: Side = "output",
    stage: Stage | None = None,
    name: str | None = None,
    threshold: float = 0.5,
) -> Evaluator:
    """Make an evaluator for the SDK's ``run_experiment`` and ``run_batched_evaluation``.

    It gives two evaluations, as a live check gives two scores: NUMERIC ``<stage>.<check>``, the risk, and BOOLEAN
    ``<stage>.<check>.valid``. Comment and metadata are free of values. It judges every text of the item, through JSON
    and messages, in a thread or with the scanner's ``ascan``, and counts the worst. `lc-guard report` counts these
    scores apart from the decisions of calls.

    Args:
        check: A scanner (an object with ``scan(request)``), or what finds entities: a detector, a Presidio recognizer
            or a callable ``text -> Iterable[Entity]``.
        of: The side of an item that is judged.
        stage: Where the text is said to come from; None takes ``"output"`` for outputs and ``"prompt"`` for inputs.
        name: Name of the check in the scores; None takes the live check's: a scanner's own, and ``pii`` for what finds
            entities.
        threshold: Risk, 0…1, from which entities make a text not valid; a scanner says that itself.

    Returns:
        An async function with the SDK's keywords.

    Raises:
        TypeError: If the check is none.
        ValueError: If an argument is not one of those named here.
    """
    if of not in get_args(Side):
        raise ValueError(f"of must be one of {', '.join(map(repr, get_args(Side)))}")
    if stage is not None and stage not in get_args(Stage):
        raise ValueError(f"stage must be one of {', '.join(map(repr, get_args(Stage)))}")
    if not 0 <= threshold <= 1:
        raise ValueError("threshold must be from 0 to 1")
    at: Stage = stage or ("output" if of == "output" else "prompt")
    judge: _Judge
    if callable(getattr(check, "scan", None)) and not isinstance(check, type):
        judge = _Scanning(check, at)
    else:
        judge = _Detecting(check, threshold)
    score = _NOT_IN_NAMES.sub("_", f"{at}.{name or judge.check}")[:_LONGEST_NAME]

    async def evaluate(
        *,
        input: Any = None,  # noqa: A002 - the SDK's name
        output: Any = None,
        expected_output: Any = None,  # noqa: ARG001 - the SDK's name
        metadata: Any = None,  # noqa: ARG001 - the SDK's name
        **_: Any,
    ) -> list[Evaluation]:
        judged, other = (input, output) if of == "input" else (output, input)
        prompt = "\n".join(_texts(other)) if of == "output" else ""
        results = [await judge.judge(text, prompt) for text in _texts(judged)]
        return _evaluations(score, results)

    evaluate.__name__ = evaluate.__qualname__ = score
    return evaluate


def observation_texts(*, item: Any, **_: Any) -> EvaluatorInputs:
    """Map an observation for ``run_batched_evaluation``: its input and output as they are, and its ids.

    Args:
        item: The observation that the SDK has fetched.
    """
    from langfuse.batch_evaluation import EvaluatorInputs  # noqa: PLC0415 - the vendor, where it is needed

    return EvaluatorInputs(input=item.input, output=item.output, metadata={"observation_id": item.id})


class _Judge:
    """Judges one text; what fails is told by its type, since the SDK logs what an evaluator raises."""

    check: str

    async def judge(self, text: str, prompt: str) -> ScanResult:
        raise NotImplementedError


class _Scanning(_Judge):
    def __init__(self, scanner: Any, stage: Stage) -> None:
        self.check = scanner_name(scanner)
        self._scanner, self._stage = scanner, stage

    async def judge(self, text: str, prompt: str) -> ScanResult:
        request = ScanRequest(text, self._stage, prompt=prompt if self._stage in ("output", "tool_call") else "")
        try:
            if inspect.iscoroutinefunction(getattr(self._scanner, "ascan", None)):
                result = await self._scanner.ascan(request)
            else:
                result = await asyncio.to_thread(self._scanner.scan, request)
        except Exception as error:  # noqa: BLE001 - a scanner may raise anything, and quote the text
            raise ScannerError(f"the scanner {self.check!r} failed with {type(error).__name__}") from None
        if not isinstance(result, ScanResult):
            raise ScannerError(f"the scanner {self.check!r} gave {type(result).__name__}, not a ScanResult")
        return result


class _Detecting(_Judge):
    def __init__(self, detector: DetectorLike, threshold: float) -> None:
        self._detector = adapted(detector)
        self.check = PII_CHECK
        self._name = str(getattr(self._detector, "name", "") or type(self._detector).__name__)
        self._threshold = threshold

    async def judge(self, text: str, prompt: str) -> ScanResult:  # noqa: ARG002 - a detector reads the text alone
        try:
            entities = await asyncio.to_thread(found_in, self._detector, text)
        except Exception as error:  # noqa: BLE001 - a detector may raise anything, and quote the text
            raise DetectorError(f"the detector {self._name!r} failed with {type(error).__name__}") from None
        risk = max((entity.score for entity in entities), default=0.0)
        return ScanResult(not entities or risk < self._threshold, risk, entities=tuple(entities))


def found_in(detector: Any, text: str) -> list[Entity]:
    """Return what a detector finds in a traced text, without what stands in a placeholder."""
    hidden = placeholder_spans(text)
    return [
        entity
        for entity in detector.detect(text)
        if not any(entity.start < end and start < entity.end for start, end in hidden)
    ]


def _texts(value: Any) -> list[str]:
    try:
        return traced_texts(value)
    except (TypeError, ValueError) as error:
        raise ScannerError(
            f"an item can't be looked into ({type(error).__name__}): give text, or JSON values"
        ) from None


def _evaluations(name: str, results: Sequence[ScanResult]) -> list[Evaluation]:
    from langfuse import Evaluation  # noqa: PLC0415 - the vendor, where it is needed

    kinds: dict[str, int] = {}
    categories: dict[str, float] = {}
    for result in results:
        for entity in result.entities:
            kind = normalize_kind(entity.kind)
            kinds[kind] = kinds.get(kind, 0) + 1
        for category, risk in result.categories.items():
            categories[category] = max(risk, categories.get(category, 0.0))
    risk = max((result.risk_score for result in results), default=0.0)
    valid = all(result.valid for result in results)
    comment = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())) or None
    metadata: dict[str, Any] = {"texts": len(results)}
    metadata |= {"entities": kinds} if kinds else {}
    metadata |= {"categories": categories} if categories else {}
    return [
        Evaluation(name=name, value=risk, data_type="NUMERIC", comment=comment, metadata=metadata),
        Evaluation(name=f"{name}.valid", value=int(valid), data_type="BOOLEAN"),
    ]
