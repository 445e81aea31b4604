import asyncio
import contextvars
import gc
import logging
import threading
import time

import pytest

from lc_guard._engine.flow import Gather, LeaveLoop, Notify, Skipped
from lc_guard._engine.runner import FlowRunner
from lc_guard.detectors import part_done
from lc_guard.errors import DetectorTimeout

CANARY = "Zebulon Quartermain"


class GraphBubbleUp(Exception):
    """Named like LangGraph's, which is known by its name."""


class GraphInterrupt(GraphBubbleUp):
    pass


def run(flow, mode):
    runner = FlowRunner()
    return runner.run(flow) if mode == "sync" else asyncio.run(runner.arun(flow))


modes = pytest.mark.parametrize("mode", ["sync", "async"])


def flow_of(*steps):
    answers = []
    for step in steps:
        answers.append((yield step))
    return answers


def fail(error):
    raise error


@modes
@pytest.mark.parametrize("timeout", [None, 5.0])
@pytest.mark.parametrize("waits", [True, False])
def test_calls_give_results_and_errors_in_order(mode, timeout, waits):
    error = ValueError("x")
    step = Gather([lambda: 1, lambda: fail(error), lambda: 3], timeout, waits=waits)
    one = Gather([lambda: "only"], timeout, waits=waits)
    assert run(flow_of(step, one), mode) == [[1, error, 3], ["only"]]
    assert run(flow_of(), mode) == []


@modes
def test_calls_run_at_the_same_time(mode):
    barrier = threading.Barrier(3)
    (answer,) = run(flow_of(Gather([barrier.wait] * 3, 5.0)), mode)
    assert sorted(answer) == [0, 1, 2]


@modes
def test_what_does_not_wait_is_called_where_the_flow_runs(mode):
    (answer,) = run(flow_of(Gather([threading.get_ident], waits=False)), mode)
    assert answer == [threading.get_ident()]


@modes
@pytest.mark.parametrize("timeout", [None, 5.0])
def test_context_variables_reach_the_calls(mode, timeout):
    variable = contextvars.ContextVar("variable", default="unset")
    variable.set("set")
    assert run(flow_of(Gather([variable.get, variable.get], timeout)), mode) == [["set", "set"]]


@modes
def test_a_late_call_is_a_timeout_and_the_others_answer(mode):
    release = threading.Event()
    try:
        (answer,) = run(flow_of(Gather([lambda: "in time", release.wait], 0.05)), mode)
    finally:
        release.set()
    assert answer[0] == "in time"
    assert isinstance(answer[1], DetectorTimeout)
    assert str(answer[1]) == "no answer within 0.05 s"


class InParts:
    """A call of many parts that then hangs until nobody waits for it, unless it is done."""

    def __init__(self, seconds, *, hangs=False):
        self.ended = threading.Event()
        self._seconds = seconds
        self._hangs = hangs

    def __call__(self):
        end = time.monotonic() + self._seconds
        try:
            while time.monotonic() < end:
                time.sleep(0.01)
                part_done()
            while self._hangs:
                time.sleep(0.01)
                if self.hung:
                    part_done()
            return "done"
        finally:
            self.ended.set()

    hung = False


class AwaitedInParts(InParts):
    async def acall(self):
        for _ in range(round(self._seconds / 0.01)):
            await asyncio.sleep(0.01)
            part_done()
        return "done"


@modes
@pytest.mark.parametrize("kind", [InParts, AwaitedInParts])
def test_each_part_of_a_call_has_the_time(mode, kind):
    assert run(flow_of(Gather([kind(0.8), kind(0.01)], 0.5)), mode) == [["done", "done"]]


@modes
def test_a_call_that_hangs_after_some_parts_is_late_and_ends_at_its_next_part(mode):
    call = InParts(0.3, hangs=True)
    began = time.monotonic()
    ((late,),) = run(flow_of(Gather([call], 0.2)), mode)
    assert isinstance(late, DetectorTimeout)
    assert str(late) == "no answer within 0.2 s"
    assert 0.5 <= time.monotonic() - began < 5
    call.hung = True
    assert call.ended.wait(5)


async def test_a_cancelled_call_computes_no_further_part():
    call = InParts(60.0)
    task = asyncio.create_task(FlowRunner().arun(flow_of(Gather([call], 5.0))))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await asyncio.to_thread(call.ended.wait, 5)


async def test_a_flow_away_from_the_loop_has_the_time_for_each_step_and_part():
    def flow(work):
        yield LeaveLoop(0.5)
        for _ in range(3):
            time.sleep(0.2)
            yield Notify(())
        return work()

    assert await FlowRunner().arun(flow(InParts(0.8))) == "done"
    hanging = InParts(0.1, hangs=True)
    with pytest.raises(DetectorTimeout, match=r"hiding took longer than 0.5 s"):
        await FlowRunner().arun(flow(hanging))
    hanging.hung = True
    assert await asyncio.to_thread(hanging.ended.wait, 5)


def test_parts_outside_of_a_guard_are_nobodys():
    assert part_done() is None


@modes
@pytest.mark.parametrize("timeout", [None, 5.0])
@pytest.mark.parametrize("error", [GraphInterrupt(), KeyboardInterrupt(), SystemExit()], ids=repr)
def test_control_flow_passes(mode, timeout, error):
    closed = []

    def flow():
        try:
            yield Gather([lambda: fail(error)], timeout)
        finally:
            closed.append(True)

    with pytest.raises(type(error)):
        run(flow(), mode)
    assert closed == [True]


@modes
def test_hanging_calls_are_bounded_and_the_bound_is_given_back(mode):
    runner, before = FlowRunner(), set(threading.enumerate())
    release = threading.Event()
    started = []

    def hang():
        started.append(1)
        release.wait()

    async def arun_all():
        return [await runner.arun(flow_of(Gather([hang], 0.001))) for _ in range(50)]

    try:
        answers = (
            [runner.run(flow_of(Gather([hang], 0.001))) for _ in range(50)]
            if mode == "sync"
            else asyncio.run(arun_all())
        )
        assert all(isinstance(answer, DetectorTimeout) for ((answer,),) in answers)
        assert "32 earlier calls are still hanging" in str(answers[-1][0][0])
        assert len(started) == 32
        assert sum(thread.name == "lc-guard" for thread in set(threading.enumerate()) - before) <= 32 + 1
    finally:
        release.set()
    deadline = time.monotonic() + 5
    while runner._abandoned and time.monotonic() < deadline:
        time.sleep(0.005)
    assert runner._abandoned == 0
    assert runner.run(flow_of(Gather([lambda: "again"], 1.0))) == [["again"]]


async def test_cancellation_passes_and_the_call_is_counted_as_left_alone():
    runner = FlowRunner()
    release, begun = threading.Event(), threading.Event()

    def hang():
        begun.set()
        release.wait()

    task = asyncio.create_task(runner.arun(flow_of(Gather([hang, lambda: fail(ValueError())]))))
    while not begun.is_set():
        await asyncio.sleep(0.001)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert runner._abandoned == 1
    release.set()
    while runner._abandoned:
        await asyncio.sleep(0.001)


def test_an_answer_after_its_loop_is_closed_is_told_to_nobody(caplog):
    caplog.set_level(logging.DEBUG)
    runner = FlowRunner()
    release = threading.Event()

    def late():
        release.wait()
        raise KeyboardInterrupt(CANARY)

    asyncio.run(runner.arun(flow_of(Gather([late], 0.01))))
    release.set()
    while runner._abandoned:
        time.sleep(0.001)
    gc.collect()
    assert [r for r in caplog.records if r.levelno > logging.DEBUG] == []


async def test_control_flow_leaves_no_unread_future(caplog):
    def bubble():
        raise GraphInterrupt(CANARY)

    with pytest.raises(GraphInterrupt):
        await FlowRunner().arun(flow_of(Gather([bubble, bubble], 1.0)))
    gc.collect()
    await asyncio.sleep(0)
    assert CANARY not in caplog.text


async def test_the_loop_is_never_blocked():
    release = threading.Event()
    ticks = []

    async def tick():
        for _ in range(20):
            ticks.append(1)
            await asyncio.sleep(0.001)
        release.set()

    ticking = asyncio.create_task(tick())
    await FlowRunner().arun(flow_of(Gather([release.wait], 5.0)))
    await ticking
    assert len(ticks) == 20


class Remote:
    """A call that an event loop awaits, as a service's client is."""

    def __init__(self, seconds=0.0, timeout=None):
        self.seconds = seconds
        self.timeout = timeout
        self.ended = self.stopped = None

    def __call__(self):
        end = time.monotonic() + self.seconds
        while time.monotonic() < end and not self.stopped:
            time.sleep(0.002)
        return "called"

    async def acall(self):
        try:
            await asyncio.sleep(self.seconds)
            return "awaited"
        finally:
            self.ended = True

    def stop(self):
        self.stopped = True


def test_a_loop_awaits_what_can_be_awaited():
    assert run(flow_of(Gather([Remote(), Remote()], 5.0)), "sync") == [["called", "called"]]
    assert run(flow_of(Gather([Remote(), Remote()], 5.0)), "async") == [["awaited", "awaited"]]


@modes
def test_a_call_has_its_own_deadline_and_is_told_when_nobody_waits(mode):
    slow, quick = Remote(30.0, timeout=0.05), Remote(0.1)
    started = time.monotonic()
    ((late, answer),) = run(flow_of(Gather([slow, quick], 5.0)), mode)
    assert isinstance(late, DetectorTimeout)
    assert str(late) == "no answer within 0.05 s"
    assert answer in ("called", "awaited")
    assert slow.stopped
    assert not quick.stopped
    assert time.monotonic() - started < 5


@modes
def test_others_are_given_up_once_enough_was_said(mode):
    slow, heard = Remote(30.0), []

    def done(number, result):
        heard.append(number)
        return ()

    step = Gather([slow, Remote(0.01)], 60.0, on_result=done, stop_early=lambda: 1 in heard)
    ((given_up, answer),) = run(flow_of(step), mode)
    assert isinstance(given_up, Skipped)
    assert answer in ("called", "awaited")
    assert slow.stopped


@modes
def test_events_are_told_before_and_after_each_call(mode):
    told = []

    async def atell(note):
        told.append(note)

    calls = [lambda: 1, lambda: 2]
    for waits in (True, False):
        told.clear()
        step = Gather(calls, 5.0, waits=waits, on_result=lambda number, result: [(number, result)])
        flow = flow_of(Notify(["begin"]), step, Notify(["end"]))
        runner = FlowRunner()
        if mode == "sync":
            runner.run(flow, told.append)
        else:
            asyncio.run(runner.arun(flow, atell))
        assert told[0] == "begin"
        assert sorted(told[1:3]) == [(0, 1), (1, 2)]
        assert told[3] == "end"


async def test_a_cancelled_call_leaves_no_task_and_no_working_thread():
    remote, local = Remote(60.0), Remote(60.0)

    class Local:
        stop = local.stop

        def __call__(self):
            return local()

    runner = FlowRunner()
    task = asyncio.create_task(runner.arun(flow_of(Gather([remote, Local()], 60.0))))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert remote.ended
    assert local.stopped
    deadline = time.monotonic() + 5
    while runner._abandoned and time.monotonic() < deadline:
        await asyncio.sleep(0.002)
    assert runner._abandoned == 0
    assert len(asyncio.all_tasks()) == 1


async def test_a_thousand_calls_on_a_loop_take_turns_in_few_threads() -> None:
    runner, most, order = FlowRunner(), 0, []
    others = set(threading.enumerate())  # of other tests' runners, until they end

    def work(number: int) -> int:
        nonlocal most
        most = max(most, sum(thread.name == "lc-guard" for thread in set(threading.enumerate()) - others))
        order.append(number)
        return number

    def flow(number: int):
        # a time of its own, which does not run while it waits for its turn
        (answer,) = yield Gather([lambda: time.sleep(0.02) or work(number)], 1.0)
        return answer

    assert await asyncio.gather(*(runner.arun(flow(number)) for number in range(1_000))) == list(range(1_000))
    assert most <= 32
    assert max(abs(place - number) for place, number in enumerate(order)) <= 200  # who comes first is served first


async def test_what_a_call_asks_itself_has_its_turn() -> None:
    runner = FlowRunner()

    def ask() -> int:
        return asyncio.run(runner.arun(flow_of(Gather([lambda: 7], 5.0))))[0]

    def deep() -> int:  # from a thread of a turn back to the loop on which the turn is
        return asyncio.run_coroutine_threadsafe(runner.arun(flow_of(Gather([ask], 5.0))), loop).result(10)[0]

    loop = asyncio.get_running_loop()
    answers = await asyncio.gather(*(runner.arun(flow_of(Gather([deep], 10.0))) for _ in range(60)))
    assert answers == [[[[[7]]]]] * 60


async def test_a_call_that_is_cancelled_gives_its_turn_to_others() -> None:
    runner, release = FlowRunner(), threading.Event()
    holding = [asyncio.create_task(runner.arun(flow_of(Gather([release.wait], 10.0)))) for _ in range(16)]
    await asyncio.sleep(0.05)
    large = asyncio.create_task(runner.arun(flow_of(Gather([release.wait] * 40, 10.0))))
    small = asyncio.create_task(runner.arun(flow_of(Gather([lambda: 1], 10.0))))
    await asyncio.sleep(0.05)
    assert not small.done()
    large.cancel()  # it waits for its turn
    holding[0].cancel()  # it is at work: its thread is left alone
    assert await asyncio.wait_for(small, 5) == [[1]]
    release.set()
    for task in (large, holding[0]):
        with pytest.raises(asyncio.CancelledError):
            await task
    await asyncio.gather(*holding[1:])
    assert await runner.arun(flow_of(Gather([lambda: 2] * 16, 5.0))) == [[2] * 16]  # all turns are free again
