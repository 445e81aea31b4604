"""A conversation whose whole history goes through Anonymize each turn: what the detectors are given."""

from __future__ import annotations

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from benchmarks.table import Row, show
from lc_guard import Anonymize, Deanonymize, Entity, Guard
from lc_guard.testing import ExactDetector


class _Reader(ExactDetector):
    """Counts the characters it reads."""

    def __init__(self, values: dict[str, list[str]]) -> None:
        super().__init__(values)
        self.characters = 0

    def detect(self, text: str) -> list[Entity]:
        self.characters += len(text)
        return super().detect(text)


def run(*, turns: int = 50) -> list[Row]:
    """Measure the characters read, next to those of rescanning everything."""
    people = [f"Firstname{number} Lastname{number}" for number in range(turns)]
    reader = _Reader({"PERSON": people})
    guard = Guard(reader)
    config = {"configurable": {"session_id": "benchmark"}}
    history: list[BaseMessage] = [SystemMessage("You take down what a witness says. " * 5)]
    rescanned = 0
    for number, person in enumerate(people):
        history.append(HumanMessage(f"In turn {number} I saw {person} and {people[number // 2]} in the court. " * 4))
        rescanned += sum(len(message.text) for message in history)
        hidden = Anonymize(guard).invoke(history, config)
        if any(name in message.text for message in hidden for name in people[: number + 1]):
            raise AssertionError("something was not hidden")
        answer = AIMessage(f"So you saw this: {hidden[-1].text}")
        history.append(Deanonymize(guard).invoke(answer, config))
    said = sum(len(message.text) for message in history)
    what = f"{turns} turns, characters read by detectors / said"
    return [Row(what, f"{reader.characters:,}", f"rescanning {rescanned / said:.1f}×", reader.characters / said, 1.2)]


if __name__ == "__main__":
    show(run())
