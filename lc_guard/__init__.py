"""The privacy and safety boundary for LangChain: what the model sees is hidden, what the reader sees is real.

The public names, loaded when they are first used; nothing heavy is imported before.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lc_guard.boundary import protect
    from lc_guard.callbacks import GuardCallbackHandler
    from lc_guard.checkpoints import GuardCheckpointer
    from lc_guard.documents import AnonymizeDocuments
    from lc_guard.errors import (
        Blocked,
        DetectorError,
        DetectorTimeout,
        GuardError,
        LeakPrevented,
        MissingExtra,
        ModelUnavailable,
        PolicyError,
        ScannerError,
        ScannerTimeout,
        SeamBroken,
        ServiceError,
        SessionMissing,
        UnsupportedInput,
        VaultError,
        VaultFull,
    )
    from lc_guard.guard import Guard
    from lc_guard.metrics import GuardMetrics
    from lc_guard.middleware import GuardMiddleware
    from lc_guard.policy import CheckPolicy, Policy, StagePolicy
    from lc_guard.records import Action, Decision, Entity, ScanResult, Stage
    from lc_guard.retrievers import ProtectedRetriever
    from lc_guard.runnables import Anonymize, Deanonymize, ScanOutput, ScanPrompt
    from lc_guard.self_test import SelfTest, selftest

_HOMES = {
    "boundary": ("protect",),
    "callbacks": ("GuardCallbackHandler",),
    "checkpoints": ("GuardCheckpointer",),
    "documents": ("AnonymizeDocuments",),
    "errors": (
        "Blocked",
        "DetectorError",
        "DetectorTimeout",
        "GuardError",
        "LeakPrevented",
        "MissingExtra",
        "ModelUnavailable",
        "PolicyError",
        "ScannerError",
        "ScannerTimeout",
        "SeamBroken",
        "ServiceError",
        "SessionMissing",
        "UnsupportedInput",
        "VaultError",
        "VaultFull",
    ),
    "guard": ("Guard",),
    "metrics": ("GuardMetrics",),
    "middleware": ("GuardMiddleware",),
    "policy": ("CheckPolicy", "Policy", "StagePolicy"),
    "records": ("Action", "Decision", "Entity", "ScanResult", "Stage"),
    "retrievers": ("ProtectedRetriever",),
    "self_test": ("SelfTest", "selftest"),
    "runnables": ("Anonymize", "Deanonymize", "ScanOutput", "ScanPrompt"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Action",
    "Anonymize",
    "AnonymizeDocuments",
    "Blocked",
    "CheckPolicy",
    "Deanonymize",
    "Decision",
    "DetectorError",
    "DetectorTimeout",
    "Entity",
    "Guard",
    "GuardCallbackHandler",
    "GuardCheckpointer",
    "GuardError",
    "GuardMetrics",
    "GuardMiddleware",
    "LeakPrevented",
    "MissingExtra",
    "ModelUnavailable",
    "Policy",
    "PolicyError",
    "ProtectedRetriever",
    "ScanOutput",
    "ScanPrompt",
    "ScanResult",
    "ScannerError",
    "ScannerTimeout",
    "SeamBroken",
    "SelfTest",
    "ServiceError",
    "SessionMissing",
    "Stage",
    "StagePolicy",
    "UnsupportedInput",
    "VaultError",
    "VaultFull",
    "protect",
    "selftest",
]


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
