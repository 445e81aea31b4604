"""Where onnxruntime runs a model: on the processor, or on a GPU where its build has one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, get_args

from lc_guard.errors import GuardError, ModelUnavailable

if TYPE_CHECKING:
    import onnxruntime

Device = Literal["cpu", "cuda", "auto"]
"""``"cpu"``, ``"cuda"`` (an error where there is none), or ``"auto"``: a GPU where there is one, silently none else."""

_CPU, _CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"
_INSTALL = (
    "pip uninstall onnxruntime && pip install onnxruntime-gpu (it stands in the place of onnxruntime), with the CUDA "
    'libraries that it asks for; or take device="auto", which falls back to the processor'
)


def check_device(device: str) -> Device:
    """Return a device.

    Raises:
        GuardError: It is not known.
    """
    for known in get_args(Device):
        if device == known:
            return known  # type: ignore[no-any-return]
    raise GuardError(f"device must be one of {', '.join(get_args(Device))}")


def providers(device: Device) -> list[str]:
    """Return the execution providers that a session is to be given, the preferred one first.

    Raises:
        ModelUnavailable: A GPU is asked for, and the onnxruntime that is installed has no part for one.
    """
    import onnxruntime

    if device == "cpu":
        return [_CPU]
    if _CUDA in onnxruntime.get_available_providers():
        return [_CUDA, _CPU]
    if device == "auto":
        return [_CPU]
    raise ModelUnavailable(f"onnxruntime {onnxruntime.__version__} is built without CUDA: {_INSTALL}")


def one_thread() -> onnxruntime.SessionOptions:
    """Return the options of a session that computes on the thread that asks it, and tells of nothing but errors."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return options


def on_gpu(device: Device, session: onnxruntime.InferenceSession) -> bool:
    """Return whether a session runs on a GPU: onnxruntime goes on without one where its libraries do not load.

    Raises:
        ModelUnavailable: A GPU is asked for, and none is used.
    """
    used: Sequence[str] = session.get_providers()
    if device == "cuda" and _CUDA not in used:
        raise ModelUnavailable(f"onnxruntime could not use a GPU, or not load its CUDA libraries: {_INSTALL}")
    return _CUDA in used
