"""Where Rampart runs, by what onnxruntime says of itself; no GPU is needed."""

from __future__ import annotations

import os
from typing import Any

import onnxruntime
import pytest

from lc_guard.detectors import RampartDetector, default_detector
from lc_guard.detectors.onnx_device import on_gpu, providers
from lc_guard.detectors.rampart_model import load_model
from lc_guard.errors import GuardError, ModelUnavailable

CPU, CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"
TEXT = "Jane Doe of 12 Elm Street called."


class Session:
    """A session as onnxruntime tells of it."""

    def __init__(self, *used: str) -> None:
        self.used = list(used)

    def get_providers(self) -> list[str]:
        return self.used


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> Any:
    def have(*names: str) -> None:
        monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: list(names))

    return have


def test_providers_by_what_onnxruntime_has(builds: Any) -> None:
    builds("TensorrtExecutionProvider", CUDA, CPU)
    assert (providers("cpu"), providers("auto"), providers("cuda")) == ([CPU], [CUDA, CPU], [CUDA, CPU])
    builds("AzureExecutionProvider", CPU)
    assert (providers("cpu"), providers("auto")) == ([CPU], [CPU])
    with pytest.raises(ModelUnavailable, match="pip install onnxruntime-gpu"):
        providers("cuda")


def test_a_session_that_went_on_without_a_gpu_is_seen() -> None:
    assert on_gpu("cuda", Session(CUDA, CPU))
    assert not on_gpu("auto", Session(CPU))
    with pytest.raises(ModelUnavailable, match="CUDA libraries"):
        on_gpu("cuda", Session(CPU))


def test_an_unknown_device_is_refused() -> None:
    for make in (RampartDetector, default_detector):
        with pytest.raises(GuardError, match="device must be one of"):
            make(device="gpu")


@pytest.mark.models
def test_without_a_gpu_auto_is_silent_and_cuda_an_error(builds: Any, capfd: pytest.CaptureFixture[str]) -> None:
    builds("AzureExecutionProvider", CPU)
    found = RampartDetector(device="auto").detect(TEXT)
    assert found == RampartDetector().detect(TEXT) != []
    with pytest.raises(ModelUnavailable, match='device="auto"'):
        RampartDetector(device="cuda").detect(TEXT)
    # a build for GPUs on a machine whose libraries do not load: onnxruntime goes on without, and warns
    builds(CUDA, CPU)
    load_model.forget()
    try:
        with pytest.warns(UserWarning, match="CUDAExecutionProvider"):
            assert load_model(os.getpid(), "auto").words([TEXT]) == load_model(os.getpid(), "cpu").words([TEXT])
        with (
            pytest.warns(UserWarning, match="CUDAExecutionProvider"),
            pytest.raises(ModelUnavailable, match="could not use"),
        ):
            load_model(os.getpid(), "cuda")
    finally:
        load_model.forget()
    assert capfd.readouterr().err == ""
