"""What a chain of Anonymize and Deanonymize costs by itself, next to the same chain of two RunnableLambdas."""

from __future__ import annotations

from collections.abc import Iterator

from langchain_core.runnables import RunnableLambda

from benchmarks.table import Row, best, show, told
from lc_guard import Anonymize, Deanonymize, Guard
from lc_guard.testing import ExactDetector


def run(*, repeats: int = 20, number: int = 50) -> Iterator[Row]:
    """Measure 2 kB of text, without detectors and without callbacks."""
    guard = Guard([])
    config = {"configurable": {"session_id": "benchmark"}}
    ours = Anonymize(guard) | Deanonymize(guard)
    plain = RunnableLambda(str) | RunnableLambda(str)
    value = "The witness said that it was so, on that day. " * 44
    seconds, others = [
        best(lambda: chain.invoke(value, config), repeats=repeats, number=number)  # noqa: B023
        for chain in (ours, plain)
    ]
    what = "Chain's own cost, 2 kB, no detectors"
    other = f"two RunnableLambdas {told(others)}"
    yield Row(what, told(seconds), other, max(0.0, seconds - others) * 1e3, 1, unit="ms")
    yield _short_prompt(repeats, number)


def _short_prompt(repeats: int, number: int) -> Row:
    """Measure a prompt of 200 characters that was seen before: detection is what the cache knows."""
    step = Anonymize(Guard(ExactDetector({"PERSON": ["Jane Doe"]})), session_id="benchmark")
    plain = RunnableLambda(str)
    prompt = ("Jane Doe asked what was said on the day in question, and nobody in the room knew. " * 3)[:200]
    if "Jane" in step.invoke(prompt):
        raise AssertionError("something was not hidden")
    seconds, other = [best(lambda: each.invoke(prompt), repeats=repeats, number=number) for each in (step, plain)]  # noqa: B023
    what = "Anonymize, 200 characters, warm cache"
    return Row(what, told(seconds), f"a RunnableLambda {told(other)}", seconds * 1e3, 0.3, unit="ms")


if __name__ == "__main__":
    show(run())
