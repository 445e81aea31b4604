"""Restoring a text of 8 kB with 200 placeholders, against LLM Guard's `Deanonymize`, and against the vault's size."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from functools import partial
from itertools import cycle, islice

from benchmarks.table import Row, best, show, told
from lc_guard import Guard
from lc_guard.testing import NumberedMint

SESSION = "benchmark"
ADDRESS = "Found at https://court.example/transcript?day=2 in the archive: "


class _Mint(NumberedMint):
    def __call__(self, kind: str, index: int) -> str:
        return f"[REDACTED_{kind}_{index}]"


def filled(entries: int) -> Guard:
    """Give a guard whose session knows this many people."""
    guard = Guard([])
    guard.vault.allocate(SESSION, [("PERSON", value_of(number)) for number in range(entries)], _Mint())
    return guard


def value_of(number: int) -> str:
    """Give the name of a person."""
    return f"Firstname{number} Lastname{number}"


def answer(placeholders: list[str], *, used: int = 200, size: int = 8_000) -> str:
    """Give an answer of a model with placeholders spread over it."""
    step = max(1, len(placeholders) // used)
    chosen = list(islice(cycle(placeholders[::step]), used))
    filler = "and the witness said that it was so, on the day in question, in the presence of the court "
    room = max(1, (size - sum(map(len, chosen))) // used)
    return "".join(f"{placeholder} {(filler * 2)[: room - 1]}" for placeholder in chosen)


def run(*, sizes: tuple[int, ...] = (10, 1_000, 100_000), repeats: int = 30) -> Iterator[Row]:
    """Measure vaults of several sizes."""
    ours: dict[int, float] = {}
    for entries in sizes:
        guard = filled(entries)
        items = dict(guard.vault.items(SESSION))
        model_text = answer(list(items))
        session = guard.session(SESSION)
        restored = session.deanonymize(model_text)
        if "REDACTED" in restored:
            raise AssertionError("something was not restored")
        ours[entries] = best(lambda: session.deanonymize(model_text), repeats=repeats, number=10)  # noqa: B023
        if entries > 10 and importlib.util.find_spec("llm_guard"):
            theirs = _llm_guard(items, model_text, restored, repeats=3 if entries <= 1_000 else 1)
            target = 40 if entries <= 1_000 else 2_000
            what = f"Restore 8 kB, 200 placeholders, vault of {entries:,}: LLM Guard / ours"
            other = f"LLM Guard EXACT {told(theirs)}"
            yield Row(what, told(ours[entries]), other, theirs / ours[entries], target, at_least=True)
            if entries <= 1_000:
                looked = best(partial(session.deanonymize, f"{ADDRESS}{model_text}"), repeats=repeats)
                what = "The same, each placeholder looked at for where it goes"
                yield Row(what, told(looked), other, theirs / looked, 2, at_least=True)
    small, large = min(sizes), max(sizes)
    what = f"The same, vault of {large:,} / {small:,}"
    yield Row(what, told(ours[large]), told(ours[small]), ours[large] / ours[small], 1.5)


def _llm_guard(items: dict[str, str], model_text: str, expected: str, *, repeats: int) -> float:
    from llm_guard.output_scanners import Deanonymize
    from llm_guard.util import configure_logger
    from llm_guard.vault import Vault

    configure_logger("CRITICAL")
    scanner = Deanonymize(Vault(list(items.items())))
    if scanner.scan("", model_text)[0] != expected:
        raise AssertionError("LLM Guard restores something else")
    return best(lambda: scanner.scan("", model_text), repeats=repeats)


if __name__ == "__main__":
    show(run())
