"""The privacy and safety boundary for LangChain: what the model sees is hidden, what the reader sees is real.

The public names, loaded when they are first used; nothing heavy is imported before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lc_guard._lazy import attach

if TYPE_CHECKING:
    from lc_guard.errors import Blocked as Blocked
    from lc_guard.errors import CorpusError as CorpusError
    from lc_guard.errors import DetectorError as DetectorError
    from lc_guard.errors import DetectorTimeout as DetectorTimeout
    from lc_guard.errors import GuardError as GuardError
    from lc_guard.errors import LeakPrevented as LeakPrevented
    from lc_guard.errors import MissingExtra as MissingExtra
    from lc_guard.errors import ModelUnavailable as ModelUnavailable
    from lc_guard.errors import PolicyError as PolicyError
    from lc_guard.errors import ScannerError as ScannerError
    from lc_guard.errors import ScannerTimeout as ScannerTimeout
    from lc_guard.errors import SeamBroken as SeamBroken
    from lc_guard.errors import ServiceError as ServiceError
    from lc_guard.errors import SessionMissing as SessionMissing
    from lc_guard.errors import UnsupportedInput as UnsupportedInput
    from lc_guard.errors import VaultError as VaultError
    from lc_guard.errors import VaultFull as VaultFull
    from lc_guard.errors import WrongOrder as WrongOrder
    from lc_guard.guard import Guard as Guard
    from lc_guard.langchain.application_handlers import for_application as for_application
    from lc_guard.langchain.boundary import protect as protect
    from lc_guard.langchain.callbacks import GuardCallbackHandler as GuardCallbackHandler
    from lc_guard.langchain.checkpointer import GuardCheckpointer as GuardCheckpointer
    from lc_guard.langchain.documents import AnonymizeDocuments as AnonymizeDocuments
    from lc_guard.langchain.embeddings import ProtectedEmbeddings as ProtectedEmbeddings
    from lc_guard.langchain.masked_tracer import MaskedTracer as MaskedTracer
    from lc_guard.langchain.middleware import GuardMiddleware as GuardMiddleware
    from lc_guard.langchain.retriever import ProtectedRetriever as ProtectedRetriever
    from lc_guard.langchain.runnables import Anonymize as Anonymize
    from lc_guard.langchain.runnables import Deanonymize as Deanonymize
    from lc_guard.langchain.runnables import ScanOutput as ScanOutput
    from lc_guard.langchain.runnables import ScanPrompt as ScanPrompt
    from lc_guard.langchain.self_test import SelfTest as SelfTest
    from lc_guard.langchain.self_test import selftest as selftest
    from lc_guard.observability.metrics import GuardMetrics as GuardMetrics
    from lc_guard.policy.checks import CheckPolicy as CheckPolicy
    from lc_guard.policy.checks import StagePolicy as StagePolicy
    from lc_guard.policy.policy import Policy as Policy
    from lc_guard.policy.restoring import Restore as Restore
    from lc_guard.records import Action as Action
    from lc_guard.records import Decision as Decision
    from lc_guard.records import Entity as Entity
    from lc_guard.records import ScanResult as ScanResult
    from lc_guard.records import Stage as Stage

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "errors": (
            *(
                "Blocked",
                "CorpusError",
                "DetectorError",
                "DetectorTimeout",
                "GuardError",
                "LeakPrevented",
                "MissingExtra",
            ),
            *("ModelUnavailable", "PolicyError", "ScannerError", "ScannerTimeout", "SeamBroken", "ServiceError"),
            *("SessionMissing", "UnsupportedInput", "VaultError", "VaultFull", "WrongOrder"),
        ),
        "guard": ("Guard",),
        "langchain.application_handlers": ("for_application",),
        "langchain.boundary": ("protect",),
        "langchain.callbacks": ("GuardCallbackHandler",),
        "langchain.checkpointer": ("GuardCheckpointer",),
        "langchain.documents": ("AnonymizeDocuments",),
        "langchain.embeddings": ("ProtectedEmbeddings",),
        "langchain.masked_tracer": ("MaskedTracer",),
        "langchain.middleware": ("GuardMiddleware",),
        "langchain.retriever": ("ProtectedRetriever",),
        "langchain.runnables": ("Anonymize", "Deanonymize", "ScanOutput", "ScanPrompt"),
        "langchain.self_test": ("SelfTest", "selftest"),
        "observability.metrics": ("GuardMetrics",),
        "policy.checks": ("CheckPolicy", "StagePolicy"),
        "policy.restoring": ("Restore",),
        "policy.policy": ("Policy",),
        "records": ("Action", "Decision", "Entity", "ScanResult", "Stage"),
    },
)
