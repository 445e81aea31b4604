"""The contract catches broken scanners: each rule fails for a scanner that breaks it."""

import asyncio
import inspect
import itertools
import logging
import re
import threading
import time

import pytest

from lc_guard import Entity, ScannerError, ScanResult
from lc_guard.testing import FailingScanner, HangingScanner, PhraseScanner, ScannerContract, scanner_contract

BAD = "of Jane Doe"
FINE = ScanResult(valid=True, risk_score=0.0)
RULES = {name.removeprefix("test_") for name in vars(ScannerContract) if name.startswith("test_")}


def broken_rules(make, **more):
    contract = type("Contract", (ScannerContract,), {"good": ["of Jane"], "bad": [BAD], **more})()
    contract.make_scanner = make
    broken = set()
    for name, rule in inspect.getmembers(contract, inspect.ismethod):
        if name.startswith("test_"):
            try:
                rule()
            except Exception:
                broken.add(name.removeprefix("test_"))
    return broken


class Good(PhraseScanner):
    """Has all that a scanner may have."""

    stages = ("output", "prompt")
    rewrites = needs_whole = uses_turns = False
    sees = "original"
    details = {"phrases": "1"}  # noqa: RUF012 - as users write it

    def __init__(self):
        super().__init__("Jane Doe", redacts=True, locates=True)

    async def ascan(self, request):
        await asyncio.sleep(0)
        return self.scan(request)

    def scan_batch(self, requests):
        return [self.scan(request) for request in requests]

    def warm_up(self):
        pass


def scripted(scan, **more):
    """A good scanner but for its answers: ``scan(request, good answer)``."""
    return type("Scripted", (Good,), {"scan": lambda self, request: scan(request, Good.scan(self, request)), **more})


def with_attributes(**more):
    return type("Attributed", (Good,), more)


def raising(error):
    def scan(request, answer):
        if not request.text.isascii():
            raise error(request.text)
        return answer

    return scan


def quoting(request, _):
    raise ScannerError(f"can't read {request.text}")


def chaining(request, _):
    try:
        raise KeyError(request.text)
    except KeyError as error:
        raise ScannerError("can't read it") from error


def in_context(request, _):
    try:
        raise KeyError(request.text)
    except KeyError:
        raise ScannerError("can't read it")


def late(request, answer):
    return FINE if request.seconds_left() == 0 else answer


def late_and_wild(request, answer):
    if request.seconds_left() == 0:
        raise TimeoutError
    return answer


def logging_it(request, answer):
    logging.getLogger("their.scanner").debug("looked at %s", request.text)
    return answer


def printing_it(request, answer):
    print(request.prompt)
    return answer


def by_turns(request, answer):
    return ScanResult(valid=False, risk_score=1.0) if request.turns else answer


def failing_by_turns(request, answer):
    return answer if all(turn.text.strip() for turn in request.turns) else 1 / 0


COUNT = itertools.count()


class Remembers(Good):
    def scan(self, request):
        self.last = request.text
        return super().scan(request)

    def __repr__(self):
        return f"Remembers({self.last!r})"


class TellsInDetails(Good):
    def scan(self, request):
        self.details = {"last": request.text}
        return super().scan(request)


class OneAtATime(Good):
    """Two threads at once take one another's text."""

    def scan(self, request):
        self.request = request
        time.sleep(0.0002)
        return super().scan(self.request)


class LoadsOnce(Good):
    loaded = False

    def warm_up(self):
        assert not self.loaded
        self.loaded = True


class LeavesTasks(Good):
    async def ascan(self, request):
        self.kept = asyncio.ensure_future(asyncio.sleep(60))
        return self.scan(request)


class LeavesTasksWhenCancelled(Good):
    async def ascan(self, request):
        work = asyncio.ensure_future(asyncio.sleep(0.01))
        await asyncio.shield(work)
        return self.scan(request)


class Swallows(Good):
    async def ascan(self, request):
        try:
            await asyncio.sleep(0.001)
        except asyncio.CancelledError:
            raise ScannerError("stopped") from None
        return self.scan(request)


class NeverStops(Good):
    async def ascan(self, request):
        end = time.monotonic() + 0.2
        while time.monotonic() < end:
            try:
                await asyncio.sleep(0.2)
            except asyncio.CancelledError:
                continue
        return self.scan(request)


class Blocks(Good):
    async def ascan(self, request):
        time.sleep(0.005)
        return self.scan(request)


class BlocksOnceCancelled(Good):
    """Its lock stays taken by whoever is cancelled."""

    def __init__(self):
        super().__init__()
        self.lock = threading.Lock()

    async def ascan(self, request):
        if not self.lock.acquire(timeout=0):
            raise ScannerError("busy")
        await asyncio.sleep(0)
        self.lock.release()
        return self.scan(request)


class AsyncDiffers(Good):
    async def ascan(self, request):
        return FINE


class LogsOnALoop(Good):
    async def ascan(self, request):
        logging.getLogger("their.scanner").info("looked at %s", request.text)
        return self.scan(request)


class TakenForTheirs(Good):
    def scan(self, text):
        return super().scan(text)


class NoScanner:
    def judge(self, request):
        return FINE


ANY, CHANGES, HIDES = "answers_any_text", "changes_only_what_is_at_fault", "shows_no_text"


def entity(*place):
    return scripted(lambda request, _: ScanResult(valid=False, risk_score=1.0, entities=(Entity(*place),)))


@pytest.mark.parametrize(
    ("make", "rule"),
    [
        (NoScanner, "follows_the_protocol"),
        (TakenForTheirs, "follows_the_protocol"),
        (with_attributes(cost="cheap"), "follows_the_protocol"),
        (with_attributes(sees="all"), "follows_the_protocol"),
        (with_attributes(stages="prompt"), "follows_the_protocol"),
        (with_attributes(stages=["input"]), "follows_the_protocol"),
        (with_attributes(stages=[]), "follows_the_protocol"),
        (with_attributes(uses_turns="yes"), "follows_the_protocol"),
        (with_attributes(warm_up=True), "follows_the_protocol"),
        (with_attributes(details="tiny"), "follows_the_protocol"),
        (scripted(lambda *_: FINE, __init__=lambda self: PhraseScanner.__init__(self, "x", name="a\nb")),
         "follows_the_protocol"),
        (scripted(lambda *_: True), ANY),
        (scripted(raising(UnicodeError)), ANY),
        (scripted(lambda request, answer: re.compile(request.text) and answer), ANY),
        (entity("A", 0, 10_000), ANY),
        (entity("A", 0, 0), ANY),
        (entity("", 0, 1), ANY),
        (entity("A", 0, 1, 2.0), ANY),
        (scripted(lambda *_: ScanResult(valid=False, risk_score=1.0, sanitized=b"***")), ANY),
        (scripted(lambda request, answer: answer if request.stage == "output" else 1 / 0),
         "answers_an_ordinary_text_at_all_its_stages"),
        (lambda: FailingScanner(ScannerError("never")), "answers_an_ordinary_text_at_all_its_stages"),
        (scripted(lambda *_: FINE), "tells_good_from_bad"),
        (scripted(lambda *_: ScanResult(valid=False, risk_score=1.0)), "tells_good_from_bad"),
        (scripted(lambda _, answer: ScanResult(valid=answer.valid, risk_score=0.0)), "tells_good_from_bad"),
        (scripted(lambda request, _: ScanResult(valid=True, risk_score=0.0, sanitized=request.text.strip())), CHANGES),
        (scripted(lambda request, answer: answer if answer.valid else ScanResult(
            valid=False, risk_score=1.0, sanitized=request.text + "!")), CHANGES),
        (scripted(lambda *_: ScanResult(valid=next(COUNT) % 2 == 0, risk_score=0.0)), "gives_the_same_answer_again"),
        (scripted(lambda *_: ScanResult(valid=True, risk_score=next(COUNT) % 9 / 10)), "gives_the_same_answer_again"),
        (scripted(by_turns), "heeds_turns_only_where_it_says_so"),
        (scripted(failing_by_turns, uses_turns=True), "heeds_turns_only_where_it_says_so"),
        (with_attributes(scan_batch=lambda self, requests: [FINE for _ in requests]), "batch_agrees"),
        (with_attributes(scan_batch=lambda self, requests: []), "batch_agrees"),
        (with_attributes(scan_batch=lambda self, requests: [self.scan(r) for r in reversed(requests)]), "batch_agrees"),
        (with_attributes(scan_batch=lambda self, requests: [self.scan(r) for r in requests] or [FINE]), "batch_agrees"),
        (AsyncDiffers, "async_agrees"),
        (LeavesTasks, "async_agrees"),
        (Blocks, "async_does_not_block"),
        (LeavesTasksWhenCancelled, "async_can_be_cancelled"),
        (Swallows, "async_can_be_cancelled"),
        (NeverStops, "async_can_be_cancelled"),
        (BlocksOnceCancelled, "async_can_be_cancelled"),
        (scripted(late), "bears_a_deadline_that_has_passed"),
        (scripted(late_and_wild), "bears_a_deadline_that_has_passed"),
        (LoadsOnce, "warms_up_twice"),
        (OneAtATime, "threads_get_the_same_answer"),
        (Remembers, HIDES),
        (TellsInDetails, HIDES),
        (scripted(quoting), HIDES),
        (scripted(chaining), HIDES),
        (scripted(in_context), HIDES),
        (scripted(logging_it), HIDES),
        (scripted(printing_it), HIDES),
        (LogsOnALoop, HIDES),
        (scripted(lambda request, answer: ScanResult(valid=True, risk_score=0, categories={request.text: 1})), HIDES),
        (scripted(lambda request, _: ScanResult(False, 1.0, entities=(Entity(request.text[:8], 0, 1),))), HIDES),
    ],
)  # fmt: skip
def test_a_broken_scanner_is_caught(make, rule, monkeypatch):
    monkeypatch.setattr(scanner_contract, "_PATIENCE", 0.1)
    contract = type("Contract", (ScannerContract,), {"good": ["of Jane"], "bad": [BAD]})()
    contract.make_scanner = make
    with pytest.raises(Exception):  # noqa: B017 - whatever makes a test fail
        getattr(contract, f"test_{rule}")()


def test_every_rule_has_a_scanner_that_breaks_it():
    (mark,) = test_a_broken_scanner_is_caught.pytestmark
    assert {rule for _, rule in mark.args[1]} == RULES


def test_a_good_scanner_breaks_no_rule():
    assert broken_rules(Good) == set()
    assert broken_rules(lambda: PhraseScanner("Jane Doe")) == set()


@pytest.mark.parametrize(
    ("make", "rules"),
    [
        (scripted(by_turns), {"heeds_turns_only_where_it_says_so"}),
        (scripted(late), {"bears_a_deadline_that_has_passed"}),
        (scripted(logging_it), {HIDES}),
        (AsyncDiffers, {"async_agrees", "bears_a_deadline_that_has_passed"}),
        (Swallows, {"async_can_be_cancelled"}),
        (LoadsOnce, {"warms_up_twice"}),
        (OneAtATime, {"threads_get_the_same_answer"}),
    ],
)
def test_other_rules_are_not_broken(make, rules):
    assert broken_rules(make) == rules


def test_what_a_scanner_says_of_itself_counts():
    assert broken_rules(scripted(by_turns, uses_turns=True)) == set()
    strips = scripted(lambda request, _: ScanResult(True, 0.0, sanitized=request.text.strip()), rewrites=True)
    assert broken_rules(strips, bad=[]) == set()
    wavers = scripted(lambda *_: ScanResult(valid=True, risk_score=next(COUNT) % 9 / 10))
    assert broken_rules(wavers, bad=[], deterministic=False) == set()


def test_the_stage_and_the_prompt_are_the_users_to_choose():
    asked = []
    make = scripted(lambda request, answer: asked.append((request.stage, request.prompt)) or answer)
    assert broken_rules(make, stage="tool_call", prompt="why?") == set()
    assert {stage for stage, _ in asked} == {"tool_call", "output", "prompt"}
    assert {prompt for _, prompt in asked} == {"why?", "why? Zebulon Quartermain"}


def test_the_contract_says_what_to_override():
    with pytest.raises(NotImplementedError, match="make_scanner"):
        ScannerContract().make_scanner()


def test_the_fakes():
    from lc_guard.scanners import ScanRequest

    found = PhraseScanner(["aa", "b", ""], risk=0.7, redacts=True, locates=True, name="mine")
    said = found.scan(ScanRequest("aaab"))
    assert (said.valid, said.risk_score, said.sanitized) == (False, 0.7, "***a***")
    assert [(item.kind, item.start, item.end) for item in said.entities] == [
        ("PHRASE", 0, 2),
        ("PHRASE", 1, 3),
        ("PHRASE", 3, 4),
    ]
    assert (found.name, found.calls, repr(found)) == ("mine", 1, "PhraseScanner(2 phrases)")
    plain = PhraseScanner("no").scan(ScanRequest("no"))
    assert (plain.valid, plain.sanitized, plain.entities) == (False, None, ())
    with pytest.raises(KeyError):
        FailingScanner(KeyError("x")).scan(ScanRequest("text"))
    hanging = HangingScanner(name="slow")
    hanging.release.set()
    assert (hanging.scan(ScanRequest("x")).valid, hanging.calls, hanging.name) == (True, 1, "slow")
