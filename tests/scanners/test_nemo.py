"""NeMo Guardrails for real, in this process, with rails that ask no language model."""

from __future__ import annotations

import asyncio
import gc
import logging
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from lc_guard.errors import GuardError, ScannerError, ScannerTimeout
from lc_guard.scanners import NeMoGuardrails, ScanRequest, Turn

CONFIG = Path(__file__).parent / "nemo_config"
CANARY = "Zebulon Quartermain"


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither usage statistics nor a model's download: nothing connects."""
    monkeypatch.setenv("DO_NOT_TRACK", "1")

    def refuse(self: socket.socket, address: Any) -> None:
        raise AssertionError("connects to somewhere")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture(scope="module")
def shared() -> Iterator[NeMoGuardrails]:
    scanner = NeMoGuardrails(config_path=CONFIG)
    scanner.warm_up()
    yield scanner
    scanner.close()


def rails(scanner: NeMoGuardrails) -> Any:
    return scanner._runner._rails  # type: ignore[union-attr]


def worker_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "lc-guard-nemo"]


def test_passed_modified_blocked(shared: NeMoGuardrails) -> None:
    assert (shared.cost, shared.sees, dict(shared.details)) == ("model", "hidden", {"host": "in process"})
    fine = shared.scan(ScanRequest("hello"))
    assert (fine.valid, fine.risk_score, fine.sanitized) == (True, 0.0, None)
    masked = shared.scan(ScanRequest("a secret"))
    assert (masked.valid, masked.risk_score, masked.sanitized) == (True, 0.5, "a ***")
    blocked = shared.scan(ScanRequest("forbidden"))
    assert (blocked.valid, blocked.risk_score, blocked.sanitized) == (False, 1.0, None)
    assert shared.scan(ScanRequest("  ")).valid


@pytest.mark.parametrize("stage", ["prompt", "tool_result", "document", "output", "tool_call"])
async def test_all_stages_with_what_was_said_before(shared: NeMoGuardrails, stage: Any) -> None:
    turns = (Turn("system", "Be kind."), Turn("user", "a forbidden word"), Turn("assistant", "No."), Turn("tool", "42"))
    for text, valid in (("hello", True), ("forbidden", False)):
        request = ScanRequest(text, stage=stage, prompt="a forbidden question", turns=turns)
        assert (await shared.ascan(request)).valid is valid
        assert (await asyncio.to_thread(shared.scan, request)).valid is valid
    # output rails are not the input rails
    secret = await shared.ascan(ScanRequest("a secret", stage=stage))
    assert secret.sanitized == (None if stage in {"output", "tool_call"} else "a ***")


def test_threads_tasks_and_loops_share_it(shared: NeMoGuardrails) -> None:
    def scan(number: int) -> bool:
        return shared.scan(ScanRequest(f"{number} forbidden" if number % 2 else f"{number}")).valid

    async def crowd() -> list[bool]:
        texts = [f"{number} forbidden" if number % 2 else f"{number}" for number in range(20)]
        return [result.valid for result in await asyncio.gather(*(shared.ascan(ScanRequest(text)) for text in texts))]

    expected = [number % 2 == 0 for number in range(20)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(scan, range(20))) == expected
    for _ in range(2):
        assert asyncio.run(crowd()) == expected
    assert len(worker_threads()) == 1


async def test_an_action_that_blocks_does_not_block_the_loop(shared: NeMoGuardrails) -> None:
    longest, last = 0.0, time.monotonic()
    scan = asyncio.create_task(shared.ascan(ScanRequest("hog")))
    while not scan.done():
        await asyncio.sleep(0.005)
        now = time.monotonic()
        longest, last = max(longest, now - last), now
    assert (await scan).valid
    assert longest < 0.3


async def test_the_deadline_ends_it(shared: NeMoGuardrails) -> None:
    for ask in (shared.ascan, lambda request: asyncio.to_thread(shared.scan, request)):
        started = time.monotonic()
        with pytest.raises(ScannerTimeout):
            await ask(ScanRequest(f"dawdle {CANARY}", deadline=time.monotonic() + 0.2))
        assert time.monotonic() - started < 1
    await nothing_left(shared)


async def test_a_cancelled_scan_leaves_nothing(shared: NeMoGuardrails) -> None:
    scan = asyncio.create_task(shared.ascan(ScanRequest("dawdle")))
    await asyncio.sleep(0.1)
    scan.cancel()
    with pytest.raises(asyncio.CancelledError):
        await scan
    await nothing_left(shared)


async def nothing_left(scanner: NeMoGuardrails) -> None:
    loop = scanner._runner._loop  # type: ignore[union-attr]
    for _ in range(200):
        if not asyncio.all_tasks(loop):
            break
        await asyncio.sleep(0.01)
    assert not asyncio.all_tasks(loop)


def test_a_rail_that_fails_blocks_and_nothing_is_logged_or_kept(
    shared: NeMoGuardrails, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    for text in ("explode", "hello", "forbidden", "secret"):
        assert shared.scan(ScanRequest(f"{text} {CANARY}")).valid is (text in {"hello", "secret"})
    assert CANARY not in caplog.text
    assert CANARY not in "".join(capfd.readouterr())
    kept = rails(shared)
    assert kept.events_history_cache == {}
    assert CANARY not in repr(kept.explain())
    logging.getLogger("nemoguardrails.actions.action_dispatcher").warning("told by others")
    assert "told by others" in caplog.text


def test_rails_that_are_not_configured(tmp_path: Path) -> None:
    shutil.copytree(CONFIG, tmp_path / "config", ignore=shutil.ignore_patterns("__pycache__"))
    config = tmp_path / "config" / "config.yml"
    config.write_text(config.read_text().partition("  output:")[0])
    scanner = NeMoGuardrails(config_path=tmp_path / "config")
    assert scanner.scan(ScanRequest("hello")).valid
    with pytest.raises(ScannerError, match="no output rails") as raised:
        scanner.scan(ScanRequest(CANARY, stage="output"))
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None
    scanner.close()


async def test_a_configuration_that_can_not_be_loaded(tmp_path: Path) -> None:
    (tmp_path / "config.yml").write_text("rails: [")
    for path in (tmp_path, tmp_path / "missing"):
        scanner = NeMoGuardrails(config_path=path)
        with pytest.raises(ScannerError, match="config_path"):
            await scanner.ascan(ScanRequest("hello"))
        with pytest.raises(ScannerError, match="config_path"):
            await asyncio.to_thread(scanner.warm_up)
        await scanner.aclose()


def test_rails_that_were_made_elsewhere_and_closing() -> None:
    from nemoguardrails import LLMRails, RailsConfig

    before = worker_threads()
    scanner = NeMoGuardrails(rails=LLMRails(RailsConfig.from_path(str(CONFIG))), stages=["prompt"])
    assert not scanner.scan(ScanRequest("forbidden")).valid
    scanner.close()
    assert worker_threads() == before
    scanner.close()
    assert scanner.scan(ScanRequest("hello")).valid  # begins again
    del scanner
    gc.collect()
    for thread in set(worker_threads()) - set(before):
        thread.join(5)
    assert worker_threads() == before
    with pytest.raises(GuardError, match="LLMRails"):
        NeMoGuardrails(rails="x")  # type: ignore[arg-type]


def test_rails_that_fail_tell_no_text() -> None:
    class Broken:
        async def check_async(self, messages: Any, rail_types: Any) -> Any:
            raise ValueError(messages)

    scanner = NeMoGuardrails(rails=Broken())  # type: ignore[arg-type]
    with pytest.raises(ScannerError, match="ValueError") as raised:
        scanner.scan(ScanRequest(CANARY))
    assert CANARY not in str(raised.value)
    assert raised.value.__context__ is None
    scanner.close()


async def test_closing_while_a_text_is_looked_at() -> None:
    scanner = NeMoGuardrails(config_path=CONFIG)
    await asyncio.to_thread(scanner.warm_up)
    asked = asyncio.create_task(scanner.ascan(ScanRequest("dawdle")))
    waiting = asyncio.create_task(asyncio.to_thread(scanner.scan, ScanRequest("dawdle")))
    await asyncio.sleep(0.1)
    await scanner.aclose()
    for task in (asked, waiting):
        with pytest.raises(ScannerError, match="closed"):
            await task
