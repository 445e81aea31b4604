"""Awkward texts at n, 2n and 4n characters: a text of whatever form takes time in proportion to its length."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import count

from benchmarks.table import Row, best, show, told
from lc_guard import Guard, Policy
from lc_guard.detectors import default_detector
from lc_guard.detectors.windows import readable

_MIXED = (
    "Jane Doe wrote to müller@mail.example. 他的电话是212-555-0123。 Иван Петров живёт в Казани. رقمه 219-09-9999 هنا. "
)
_RIGHT_TO_LEFT = "שלום, שמי דנה לוי והטלפון שלי 03-555-0123. عنوان البريد ana.reis@mail.example والرقم 219-09-9999. "
_UNKNOWN = (
    "Anna Lindqvist ringde Åke Öberg i går kväll. Kérem, hívja fel Kovács Pétert holnap reggel. "
    "Huomenna Aino Virtanen matkustaa Tampereelle. Yarın Ayşe Yılmaz ile görüşeceğim. "
)


def blanks(size: int) -> str:
    """Give blanks and line breaks."""
    return " \n" * (size // 2)


def mixed(size: int) -> str:
    """Give sentences of several languages."""
    return _MIXED * (size // len(_MIXED))


def right_to_left(size: int) -> str:
    """Give sentences of Hebrew and Arabic."""
    return _RIGHT_TO_LEFT * (size // len(_RIGHT_TO_LEFT))


def unknown(size: int) -> str:
    """Give sentences of Swedish, Hungarian, Finnish and Turkish, which the gate of languages does not know."""
    return _UNKNOWN * (size // len(_UNKNOWN))


def surnames(size: int) -> str:
    """Give people of one surname, 16 characters each, none of them twice."""
    letters = "aeiouy"
    people = size // 16
    firsts = ("".join(letters[number // 6**place % 6] for place in range(6)) for number in range(people))
    return "".join(f"Mr {first.capitalize()} Pond.\n" for first in firsts)


def table(size: int) -> str:
    """Give the rows of a table, of 50 characters each: 10,000 of them are half a megabyte."""
    rows = (
        f"{row:05},Jane Doe{row % 97:02},ana{row:05}@mail.example,415-555-0{row % 900 + 100}\n"
        for row in range(size // 50)
    )
    return "".join(rows)


def run(
    *, size: int = 25_000, rows: int = 2_500, people: int = 1_000, megabyte: int = 1_000_000, repeats: int = 1
) -> Iterator[Row]:
    """Measure each form of text through the default detector and a session, and a megabyte as models read it."""
    guard = Guard([default_detector()], cache_size=0, policy=Policy(timeout=None))
    guard.session("warm").anonymize("Jane Doe, ana@mail.example, Doe, Jane")
    numbers = count()

    def hidden(given: str) -> str:
        return guard.session(f"session {next(numbers)}").anonymize(given)

    yield _row("Blanks and line breaks as models read them", readable, blanks, megabyte // 4, repeats)
    yield _row("Blanks and line breaks hidden", hidden, blanks, size, repeats)
    yield _row("Languages mixed in one text hidden", hidden, mixed, size, repeats)
    yield _row("Text from right to left hidden", hidden, right_to_left, size, repeats)
    yield _row("Text in languages that nobody told hidden", hidden, unknown, size, repeats)
    yield _row(f"{4 * people:,} people of one surname hidden", hidden, surnames, 16 * people, repeats)
    yield _row(f"A table of {4 * rows:,} rows hidden", hidden, table, 50 * rows, repeats)


def _row(what: str, call: Callable[[str], object], form: Callable[[int], str], size: int, repeats: int) -> Row:
    seconds = [best(partial(call, form(length)), repeats=repeats) for length in (size, 2 * size, 4 * size)]
    growth = f"{told(seconds[0])}, {told(seconds[1])} for a quarter, a half"
    return Row(f"{what}, {4 * size:,} characters", told(seconds[2]), growth, seconds[2] / seconds[0], 8.0)


if __name__ == "__main__":
    show(run())
