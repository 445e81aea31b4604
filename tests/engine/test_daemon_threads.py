"""Threads that are used again, and end when nothing is left to do."""

import multiprocessing
import threading
import time

from lc_guard._engine.thread_runner import DaemonThreadPool


def ours():
    return [thread for thread in threading.enumerate() if thread.name == "lc-guard"]


def wait_until(true):
    deadline = time.monotonic() + 5
    while not true() and time.monotonic() < deadline:
        time.sleep(0.005)
    assert true()


def test_an_idle_worker_is_used_again():
    workers, seen = DaemonThreadPool(), []
    for _ in range(20):
        done = threading.Event()
        workers.run(lambda done=done: (seen.append(threading.get_ident()), done.set()))
        assert done.wait(5)
        wait_until(lambda: len(workers._idle) == 1)
    assert len(set(seen)) == 1
    assert workers._idle[0].daemon


def test_calls_never_wait_for_one_another():
    workers, barrier = DaemonThreadPool(), threading.Barrier(50, timeout=5)
    passed = []
    for _ in range(50):
        workers.run(lambda: passed.append(barrier.wait()))
    wait_until(lambda: len(passed) == 50)


def test_workers_end_when_nothing_is_left_to_do():
    before = set(ours())
    workers = DaemonThreadPool()
    for _ in range(5):
        workers.run(lambda: None)
    wait_until(lambda: not set(ours()) - before)
    wait_until(lambda: not workers._idle)
    done = threading.Event()
    workers.run(done.set)
    assert done.wait(5)


def test_a_worker_keeps_nothing_of_its_call():
    import gc
    import weakref

    class Held:
        def __call__(self):
            pass

    workers, held = DaemonThreadPool(), Held()
    seen = weakref.ref(held)
    workers.run(held)
    del held
    wait_until(lambda: (gc.collect(), seen() is None)[1])


def test_many_threads_hand_out_calls():
    workers, counted, lock = DaemonThreadPool(), [], threading.Lock()

    def count():
        with lock:
            counted.append(1)

    def hand_out():
        for _ in range(200):
            workers.run(count)

    threads = [threading.Thread(target=hand_out) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wait_until(lambda: len(counted) == 1600)


def in_child(workers, queue):
    done = threading.Event()
    workers.run(done.set)
    queue.put(done.wait(5))


def test_a_forked_process_has_workers_of_its_own():
    workers = DaemonThreadPool()
    done = threading.Event()
    workers.run(done.set)
    assert done.wait(5)
    wait_until(lambda: workers._idle)
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=in_child, args=(workers, queue))
    child.start()
    assert queue.get(timeout=10)
    child.join()
