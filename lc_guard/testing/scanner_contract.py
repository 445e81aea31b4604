"""What every scanner must do.

Asking a scanner, and what holds for its answers.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, get_args

from lc_guard.errors import ScannerError
from lc_guard.records import ScanResult, Stage
from lc_guard.scanners.adapters import Side, as_scanner, check_name
from lc_guard.scanners.base import Cost, Scanner, ScanRequest, Sees, Turn, scanner_name
from lc_guard.testing.helpers import HOSTILE_TEXTS, capture_output, check_entities, shown, together

# ruff: noqa: S101 - asserts are what a test suite is made of


_RISK_TOLERANCE = 1e-3  # a model's numbers depend a little on what else is in the batch


def asked(scanner: Scanner, request: ScanRequest) -> ScanResult | ScannerError:
    """Return what a scanner says, or the `ScannerError` that it raises."""
    try:
        return _result(scanner.scan(request))
    except ScannerError as error:
        return error


async def aasked(scanner: Any, request: ScanRequest) -> ScanResult | ScannerError:
    """Return what ``ascan`` says, or the `ScannerError` that it raises."""
    try:
        return _result(await scanner.ascan(request))
    except ScannerError as error:
        return error


def _result(answer: object) -> ScanResult:
    assert isinstance(answer, ScanResult), f"{type(answer).__name__} where ScanResult is expected"
    return answer


def check_result(answer: object, text: str) -> None:
    """Check that an answer is a result about a text."""
    answer = _result(answer)
    check_entities(answer.entities, text)
    assert isinstance(answer.sanitized, str | None), f"sanitized is {type(answer.sanitized).__name__}, not a text"


def check_same(one: ScanResult | ScannerError, other: ScanResult | ScannerError, told: str) -> None:
    """Check that two answers say the same; `told` begins the message of a failure."""
    assert type(one) is type(other), f"{told}: {type(one).__name__}, then {type(other).__name__}"
    if isinstance(one, ScanResult) and isinstance(other, ScanResult):
        assert one.valid == other.valid, f"{told}: valid"
        assert abs(one.risk_score - other.risk_score) < _RISK_TOLERANCE, f"{told}: risk_score"
        assert one.sanitized == other.sanitized, f"{told}: sanitized"
        assert _places(one) == _places(other), f"{told}: entities"
        assert set(one.categories) == set(other.categories), f"{told}: categories"


def _places(answer: ScanResult) -> set[tuple[str, int, int]]:
    return {(entity.kind, entity.start, entity.end) for entity in answer.entities}


async def longest_pause() -> float:
    """Watch the running event loop until cancelled; gives the longest time in seconds between two of its turns."""
    longest, last = 0.0, time.monotonic()
    try:
        while True:
            await asyncio.sleep(0.001)
            longest, last = max(longest, time.monotonic() - last), time.monotonic()
    except asyncio.CancelledError:
        return max(longest, time.monotonic() - last)


# ruff: noqa: S101 - asserts are what a test suite is made of


_ORDINARY = "The weather is fine today."
_CANARY = "Zebulon Quartermain"
_TRIES = 3  # a busy machine makes a loop wait as well
_AT_ONCE = 4
_PATIENCE = 5.0


class ScannerContract:
    """What every scanner must do. Subclass it and give `make_scanner`; `good` and `bad` are what it must tell apart.

    Attributes:
        good: Texts that are valid.
        bad: Texts that are not.
        stage: Where the texts come from; None for the first stage at which the scanner judges.
        prompt: What the model was asked, for the stages ``"output"`` and ``"tool_call"``.
        deterministic: Whether the answer depends on the request alone; False for scanners that ask a language model.
        longest_pause: Seconds for which ``ascan`` may keep an event loop from other work.
    """

    good: ClassVar[Sequence[str]] = ()
    bad: ClassVar[Sequence[str]] = ()
    stage: ClassVar[Stage | None] = None
    prompt: ClassVar[str] = ""
    deterministic: ClassVar[bool] = True
    longest_pause: ClassVar[float] = 0.25

    def make_scanner(self) -> Scanner:
        """Return a scanner."""
        raise NotImplementedError("override make_scanner() to give a scanner")

    def test_follows_the_protocol(self) -> None:
        """It has the method of `Scanner`, and its other methods and attributes are what they should be."""
        scanner: Any = self.make_scanner()
        assert isinstance(scanner, Scanner), "a scanner needs a method scan(request)"
        given = getattr(scanner, "name", "")
        assert isinstance(given, str), "a scanner's name must be a text"
        assert check_name(scanner_name(scanner)) == scanner_name(scanner), "a name begins or ends with blanks"
        _check_attributes(scanner)
        side: Side = "output" if self._stage(scanner) in ("output", "tool_call") else "prompt"
        taken = as_scanner(scanner, side=side)
        assert type(taken) is type(scanner), "scan(request) is taken for LLM Guard's scan(prompt): name it request"

    def test_answers_any_text(self) -> None:
        """Any text has a `ScanResult`, its entities inside the text, or is a `ScannerError`."""
        scanner = self.make_scanner()
        for request in self._requests(scanner):
            answer = asked(scanner, request)
            if isinstance(answer, ScanResult):
                check_result(answer, request.text)

    def test_answers_an_ordinary_text_at_all_its_stages(self) -> None:
        """An ordinary text has an answer at each stage at which it judges."""
        scanner = self.make_scanner()
        for stage in getattr(scanner, "stages", (self._stage(scanner),)):
            answer = asked(scanner, ScanRequest(_ORDINARY, stage=stage, prompt=self.prompt))
            assert isinstance(answer, ScanResult), f"{type(answer).__name__} at the stage {stage}"

    def test_tells_good_from_bad(self) -> None:
        """The good examples are valid; the bad ones are not, and have a risk."""
        scanner = self.make_scanner()
        for number, text in enumerate(self.good):
            answer = asked(scanner, self._request(scanner, text))
            assert isinstance(answer, ScanResult), f"good example {number}: {type(answer).__name__}"
            assert answer.valid, f"good example {number} is not valid"
        for number, text in enumerate(self.bad):
            answer = asked(scanner, self._request(scanner, text))
            assert isinstance(answer, ScanResult), f"bad example {number}: {type(answer).__name__}"
            assert not answer.valid, f"bad example {number} is valid"
            assert answer.risk_score > 0, f"bad example {number} is not valid and has no risk"

    def test_changes_only_what_is_at_fault(self) -> None:
        """It sanitizes only texts with a fault, unless it ``rewrites``; what it gives then has no fault left."""
        scanner = self.make_scanner()
        rewrites = getattr(scanner, "rewrites", False)
        for request in self._requests(scanner):
            answer = asked(scanner, request)
            if not isinstance(answer, ScanResult) or answer.sanitized in (None, request.text):
                continue
            assert not answer.valid or answer.entities or rewrites, "a valid text is changed: set rewrites = True"
            if self.deterministic:
                again = asked(scanner, replace(request, text=str(answer.sanitized)))
                assert isinstance(again, ScanResult), f"a sanitized text: {type(again).__name__}"
                assert again.valid, "a sanitized text is not valid"

    def test_gives_the_same_answer_again(self) -> None:
        """The answer depends on the request alone."""
        scanner = self.make_scanner()
        if self.deterministic:
            for request in self._requests(scanner):
                check_same(asked(scanner, request), asked(scanner, request), "two answers for one text")

    def test_heeds_turns_only_where_it_says_so(self) -> None:
        """Without ``uses_turns`` the answer is the same whatever was said before: it may be remembered."""
        scanner = self.make_scanner()
        texts = (*self.bad, *self.good, *HOSTILE_TEXTS)
        turns = tuple(Turn("user" if number % 2 else "assistant", text) for number, text in enumerate(texts))
        for request in self._requests(scanner):
            alone, after = asked(scanner, request), asked(scanner, replace(request, turns=turns))
            if self.deterministic and not getattr(scanner, "uses_turns", False):
                check_same(alone, after, "earlier turns matter: set uses_turns = True")

    def test_batch_agrees(self) -> None:
        """``scan_batch``, where there is one, gives what `scan` gives, in order."""
        scanner: Any = self.make_scanner()
        batch = getattr(scanner, "scan_batch", None)
        if batch is None:
            return
        alone = [(request, asked(scanner, request)) for request in self._requests(scanner)]
        alone = [(request, answer) for request, answer in alone if isinstance(answer, ScanResult)]
        answers = list(batch([request for request, _ in alone]))
        assert len(answers) == len(alone), "scan_batch must give one answer for each text"
        for (request, one), answer in zip(alone, answers, strict=True):
            check_result(answer, request.text)
            if self.deterministic:
                check_same(one, answer, "scan_batch differs from scan")
        assert list(batch([])) == [], "an empty batch must give an empty answer"

    def test_async_agrees(self) -> None:
        """``ascan``, where there is one, gives what `scan` gives, and leaves no task behind."""
        scanner = self.make_scanner()
        if not hasattr(scanner, "ascan"):
            return
        requests = self._requests(scanner)
        alone = [asked(scanner, request) for request in requests]

        async def ask_all() -> list[ScanResult | ScannerError]:
            before = asyncio.all_tasks()
            given = [await aasked(scanner, request) for request in requests]
            assert asyncio.all_tasks() == before, "ascan left a task behind"
            return given

        for request, one, answer in zip(requests, alone, asyncio.run(ask_all()), strict=True):
            if isinstance(answer, ScanResult):
                check_result(answer, request.text)
            if self.deterministic:
                check_same(one, answer, "ascan differs from scan")

    def test_async_does_not_block(self) -> None:
        """While ``ascan`` is awaited the event loop does other work."""
        scanner = self.make_scanner()
        if not hasattr(scanner, "ascan"):
            return
        requests = self._requests(scanner) * _AT_ONCE
        getattr(scanner, "warm_up", lambda: None)()

        async def pause() -> float:
            await aasked(scanner, requests[0])
            watch = asyncio.create_task(longest_pause())
            await asyncio.sleep(0)
            await asyncio.gather(*(aasked(scanner, request) for request in requests))
            watch.cancel()
            return await watch

        pauses: list[float] = []
        while len(pauses) < _TRIES and min(pauses, default=self.longest_pause) >= self.longest_pause:
            pauses.append(asyncio.run(pause()))
        assert min(pauses) < self.longest_pause, f"ascan kept the event loop waiting for {min(pauses):.2f} s"

    def test_async_can_be_cancelled(self) -> None:
        """A cancelled ``ascan`` ends at once as cancelled, leaves no task behind, and the next one works."""
        scanner = self.make_scanner()
        if not hasattr(scanner, "ascan"):
            return
        request = self._request(scanner, _ORDINARY)

        async def cancel(turns_of_the_loop: int) -> None:
            before = asyncio.all_tasks()
            task = asyncio.create_task(aasked(scanner, request))
            for _ in range(turns_of_the_loop):
                await asyncio.sleep(0)
            ended = not task.cancel()
            done, _ = await asyncio.wait([task], timeout=_PATIENCE)
            assert done, "ascan goes on after it was cancelled"
            assert ended or task.cancelled(), "ascan swallowed a cancellation"
            assert asyncio.all_tasks() == before, "a cancelled ascan left a task behind"
            assert isinstance(await aasked(scanner, request), ScanResult), "no answer after a cancelled call"

        for turns_of_the_loop in (0, 1, 2, 5, 20):
            asyncio.run(cancel(turns_of_the_loop))

    def test_bears_a_deadline_that_has_passed(self) -> None:
        """Asked too late it gives the answer that it always gives, or a `ScannerError`; the next text is judged."""
        scanner = self.make_scanner()
        for text in (*self.bad, *self.good, _ORDINARY):
            request = self._request(scanner, text)
            late = replace(request, deadline=time.monotonic() - 1)
            answers = [asked(scanner, late)]
            if hasattr(scanner, "ascan"):
                answers.append(asyncio.run(aasked(scanner, late)))
            usual = asked(scanner, request)
            assert isinstance(usual, ScanResult), f"{type(usual).__name__} after a call past its deadline"
            for answer in answers:
                if self.deterministic and isinstance(answer, ScanResult):
                    check_same(usual, answer, "past its deadline the answer is another one")

    def test_warms_up_twice(self) -> None:
        """``warm_up``, where there is one, may be called more than once."""
        scanner = self.make_scanner()
        load = getattr(scanner, "warm_up", None)
        if load is not None:
            load()
            load()
        assert isinstance(asked(scanner, self._request(scanner, _ORDINARY)), ScanResult), "no answer after warm_up"

    def test_threads_get_the_same_answer(self) -> None:
        """Several threads may ask at once."""
        scanner = self.make_scanner()
        requests = self._requests(scanner)
        alone = [asked(scanner, request) for request in requests]
        for answers in together(lambda _: [asked(scanner, request) for request in requests]):
            for one, answer in zip(alone, answers, strict=True):
                if self.deterministic:
                    check_same(one, answer, "an answer depends on what other threads do")

    def test_shows_no_text(self) -> None:
        """What it was given is in no repr, no result's kinds and categories, no error and no log line."""
        scanner = self.make_scanner()
        requests = [
            ScanRequest(
                f"{_CANARY} {text} {_CANARY}",
                stage=self._stage(scanner),
                prompt=f"{self.prompt} {_CANARY}",
                turns=(Turn("user", _CANARY),),
            )
            for text in (*self.bad, *self.good, *HOSTILE_TEXTS)
        ]
        requests += [replace(request, deadline=time.monotonic() - 1) for request in requests]

        async def ask_all() -> list[ScanResult | ScannerError]:
            return [await aasked(scanner, request) for request in requests]

        with capture_output() as told:
            answers = [asked(scanner, request) for request in requests]
            if hasattr(scanner, "ascan"):
                answers += asyncio.run(ask_all())
        for answer in answers:
            seen = shown(answer) if isinstance(answer, ScannerError) else repr(answer)
            assert not _holds_canary(seen), f"{type(answer).__name__} shows the text"
        assert not _holds_canary(told.getvalue()), "a text was logged or printed"
        assert not _holds_canary(f"{scanner!r} {scanner}"), "a repr holds a text"
        assert not _holds_canary(str(dict(getattr(scanner, "details", {})))), "details hold a text"

    def _stage(self, scanner: Scanner) -> Stage:
        stages: Sequence[Stage] = [*getattr(scanner, "stages", ()), "prompt"]
        return self.stage or stages[0]

    def _request(self, scanner: Scanner, text: str) -> ScanRequest:
        return ScanRequest(text, stage=self._stage(scanner), prompt=self.prompt)

    def _requests(self, scanner: Scanner) -> list[ScanRequest]:
        return [self._request(scanner, text) for text in (_ORDINARY, *self.good, *self.bad, *HOSTILE_TEXTS)]


def _holds_canary(told: str) -> bool:
    return any(word.casefold() in told.casefold() for word in _CANARY.split())


def _check_attributes(scanner: Any) -> None:
    assert getattr(scanner, "cost", "model") in get_args(Cost), f"cost is not one of {get_args(Cost)}"
    assert getattr(scanner, "sees", "original") in get_args(Sees), f"sees is not one of {get_args(Sees)}"
    stages = getattr(scanner, "stages", get_args(Stage))
    assert not isinstance(stages, str), "stages must be a list"
    assert set(stages) <= set(get_args(Stage)), f"stages must be of {get_args(Stage)}"
    assert stages, "a scanner with no stages never judges"
    for flag in ("rewrites", "needs_whole", "uses_turns"):
        assert isinstance(getattr(scanner, flag, False), bool), f"{flag} must be a bool"
    for method in ("ascan", "scan_batch", "warm_up"):
        assert callable(getattr(scanner, method, print)), f"{method} must be a method"
    assert isinstance(getattr(scanner, "details", {}), Mapping), "details must be a mapping"
