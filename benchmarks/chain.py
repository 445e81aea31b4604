"""What a chain of Anonymize and Deanonymize costs by itself, next to the same chain of two RunnableLambdas."""

from __future__ import annotations

from langchain_core.runnables import RunnableLambda

from benchmarks.table import Row, best, show, told
from lc_guard import Anonymize, Deanonymize, Guard


def run(*, repeats: int = 20, number: int = 50) -> list[Row]:
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
    return [Row(what, told(seconds), other, max(0.0, seconds - others) * 1e3, 1, unit="ms")]


if __name__ == "__main__":
    show(run())
