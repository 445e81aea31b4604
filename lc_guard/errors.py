"""The error tree. No message ever holds user text; each says what to do next.

```
GuardError
├── Blocked              the policy stopped a text; carries the value-free `decision`
├── LeakPrevented        a model call was stopped because it would have sent a known value
├── SeamBroken           a seam can't show that it did its work: another library is not as expected
├── SessionMissing       no session id where one is needed
├── UnsupportedInput     a value that can't be walked: wrong type, too deep
├── DetectorError        a detector broke its contract or failed
│   ├── DetectorTimeout  it did not answer in time
│   └── ModelUnavailable weights can't be loaded: missing, altered, or out of reach
├── ScannerError         a scanner broke its contract or failed
│   ├── ScannerTimeout   it did not answer in time
│   └── ServiceError     a hosted service refused, failed, or gave a reply that can't be read
├── PolicyError          a policy that can't be taken: says where and why (also a ValueError)
├── WrongOrder           a chain would ask its model before anything is hidden (also a ValueError)
├── UnmaskedClient       a Langfuse client that would send raw values: without the guard's mask
├── CorpusError          a corpus can't be read, written or handed out: says what to do
├── LangfuseError        Langfuse's public API can't be read or written: says what to do
├── VaultError           the vault can't remember or give back
│   └── VaultFull        its size bound is reached
└── MissingExtra         an optional dependency is not installed (also an ImportError)
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lc_guard.records import Decision


class GuardError(Exception):
    """Base of every error that lc-guard raises on purpose."""


class Blocked(GuardError):
    """The policy stopped a text before it went on.

    Attributes:
        decision: The value-free decision that led to it.
    """

    def __init__(self, decision: Decision, reason: str | None = None) -> None:
        self.decision = decision
        self._reason = reason
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(decision.entities.items()))
        error = decision.error or ""
        cause = reason if reason and error and reason.startswith(error) else "; ".join(filter(None, (error, reason)))
        causes = filter(None, (cause, kinds))
        did, says = "blocked", "what blocks"
        if decision.error is not None:  # nothing was found wrong with the text: nobody could look at it
            did, says = "could not be done, which lets nothing pass, on", "what a failure leads to (on_error)"
        super().__init__(
            f"the check {decision.check!r} {did} the {decision.stage} ({'; '.join(causes) or 'not valid'}). "
            f"See .decision for the value-free record; the guard's Policy says {says}; "
            'on_blocked="..." of protect() and GuardMiddleware answers instead of raising'
        )

    def __reduce__(self) -> tuple[type[Blocked], tuple[Decision, str | None]]:
        return type(self), (self.decision, self._reason)


FIXED_REMEDY = (
    "They stand where nothing can be written in their place: in the address of an image or a file, or in the name of a "
    "tool, of an argument or of a field. Take them out, or send the image itself"
)
"""What to do about values in what can't be changed on its way to a model."""


class LeakPrevented(GuardError):
    """A model call was stopped because what it was about to send held values that the vault knows.

    Args:
        kinds: Number of values by kind.
        remedy: What to do; None says to hide every text of the call.

    Attributes:
        kinds: Number of values by kind.
    """

    def __init__(self, kinds: dict[str, int], remedy: str | None = None) -> None:
        self.kinds = kinds
        self._remedy = remedy
        found = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
        todo = remedy or "Put Anonymize(guard) before the prompt, so that it sees every text of the call"
        super().__init__(
            f"a model call was stopped: it would have sent values that are hidden in its session ({found}). {todo}"
        )

    def __reduce__(self) -> tuple[type[LeakPrevented], tuple[dict[str, int], str | None]]:
        return type(self), (self.kinds, self._remedy)


class SeamBroken(GuardError):
    """A seam can't show that it did its work, so that nothing goes through it.

    Args:
        seam: What is not whole, such as ``"GuardMiddleware.wrap_model_call"``.
        library: Name of the distribution whose behaviour it rests on, such as ``"langchain"``.
        reason: What is not as expected; never user text.
        remedy: What to do; None says to take a version that is proved.

    Attributes:
        seam: What is not whole.
        library: The distribution.
        reason: What is not as expected.
        version: Its installed version, or ``"not installed"``.
    """

    def __init__(self, seam: str, library: str, reason: str, remedy: str | None = None) -> None:
        self.seam = seam
        self.library = library
        self.reason = reason
        self.version = installed_version(library) or "not installed"
        self._args = (seam, library, reason, remedy)
        todo = remedy or (
            f"Take a version of {library} that docs/compatibility.md lists, or a newer lc-guard; "
            "`lc-guard doctor` shows what else is not as expected"
        )
        where = f"{seam} is not whole with {library} {self.version}"
        super().__init__(f"{where}: {reason}. Nothing was let through. {todo}")

    def __reduce__(self) -> tuple[type[SeamBroken], tuple[str, str, str, str | None]]:
        return type(self), self._args


class SessionMissing(GuardError):
    """No session id was given where one is needed; a shared vault is never used instead.

    Args:
        found: What was given instead; never the id.
        remedy: What to do, in the words of the seam that needs it; None says what a chain's user can do.
    """

    def __init__(self, found: str = "none", remedy: str | None = None) -> None:
        todo = remedy or (
            'Do one of: pass config={"configurable": {"session_id": "..."}} (a LangGraph "thread_id" works too) to the '
            'call; give the steps one, as in Anonymize(guard, session_id="..."); '
            'or bind it once with chain.with_config(configurable={"session_id": "..."})'
        )
        super().__init__(f"no usable session id ({found}). {todo}")
        self._args = (found, remedy)

    def __reduce__(self) -> tuple[type[SessionMissing], tuple[str, str | None]]:
        return type(self), self._args


class UnsupportedInput(GuardError, TypeError):
    """A value that can't be walked for text: of a type that is not known, or nested too deep."""


class DetectorError(GuardError):
    """A detector failed, or gave something that is not a sequence of entities inside the text."""


class DetectorTimeout(DetectorError):
    """A detector did not answer within the policy's timeout."""


class ScannerError(GuardError):
    """A scanner failed, or gave something that is no result."""


class ScannerTimeout(ScannerError):
    """A scanner did not answer within its policy's timeout."""


class ServiceError(ScannerError):
    """A hosted service refused, failed, or gave a reply that can't be read; nothing of the reply is told."""


class PolicyError(GuardError, ValueError):
    """A policy, or the file of one, can't be taken."""


class WrongOrder(GuardError, ValueError):
    """A chain restores before its model and hides after it, so that the model would be sent real values."""

    def __init__(self) -> None:
        super().__init__(
            "Deanonymize | model | Anonymize sends real values to the model: Anonymize comes before it, Deanonymize "
            "after it: Anonymize(guard) | prompt | model | Deanonymize(guard)"
        )

    def __reduce__(self) -> tuple[type[WrongOrder], tuple[()]]:
        return type(self), ()


class ModelUnavailable(DetectorError):
    """A model can't be loaded: its package is missing, its files are altered, or its hub is out of reach."""


class LangfuseError(GuardError):
    """Langfuse's public API can't be reached, refused a request, or gave what can't be read.

    Attributes:
        status: HTTP status of the refusal, or None.
    """

    def __init__(self, message: str, *, status: int | None = None) -> None:
        self.status = status
        super().__init__(message)


class UnmaskedClient(GuardError):
    """The Langfuse client that a handler is to use does not hide the guard's values.

    Args:
        other: Whether it hides those of another guard.
    """

    def __init__(self, *, other: bool = False) -> None:
        self._other = other
        has = "is masked with another guard" if other else "was made without the guard's mask"
        super().__init__(
            f"the Langfuse client {has}, and would send what this guard hides. Give it the mask where it is made, as "
            "in Langfuse(mask_otel_spans=mask_otel_spans(guard)) of lc_guard.langfuse; or make none before "
            'CallbackHandler(guard), which makes it; or pass unmasked="warn" to send raw values'
        )

    def __reduce__(self) -> tuple[object, ...]:
        return _unmasked, (self._other,)


class CorpusError(GuardError):
    """A corpus can't be read or written, or its work can't be handed out.

    Attributes:
        usage: Whether the input or the arguments are at fault, so that nothing was begun.
    """

    def __init__(self, message: str, *, usage: bool = False) -> None:
        self.usage = usage
        super().__init__(message)


class VaultError(GuardError):
    """The vault can't remember a value or give it back."""


class VaultFull(VaultError):
    """The vault's size bound is reached; nothing was stored."""


class MissingExtra(GuardError, ImportError):
    """An optional dependency is not installed.

    Args:
        what: What needs it, such as ``"LLMGuardDetector"``.
        extra: Name of the extra to install, such as ``"llm-guard"``.
    """

    def __init__(self, what: str, extra: str) -> None:
        either = " or 'lc-guard[gorget]' (take one of them)" if extra == "llm-guard" else ""
        super().__init__(f"{what} needs an optional dependency: pip install 'lc-guard[{extra}]'{either}")
        self._args = (what, extra)

    def __reduce__(self) -> tuple[type[MissingExtra], tuple[str, str]]:
        return type(self), self._args


def kind_given(value: object) -> str:
    """Return what was given where something else is expected, for an error: its class, never what it says of itself."""
    if isinstance(value, type):
        return f"the class {value.__name__} itself: make one of it, {value.__name__}(...)"
    return type(value).__name__


def _unmasked(other: bool) -> UnmaskedClient:  # noqa: FBT001 - what pickle calls
    return UnmaskedClient(other=other)


def installed_version(library: str) -> str | None:
    """Return the version of a distribution, None if it is not installed."""
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 - a light import of this module

    try:
        return version(library)
    except PackageNotFoundError:
        return None
