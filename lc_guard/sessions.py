"""Sessions: one conversation of a guard, for use without a chain (GuardSession), and what is one in a chain."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Self, TypeVar

from lc_guard._engine.failures import describe_error, is_control_flow
from lc_guard._engine.requests import GuardRequest
from lc_guard._placeholders.restorer import StreamRestorer
from lc_guard.errors import GuardError, SessionMissing, VaultError
from lc_guard.records import Stage

if TYPE_CHECKING:
    from lc_guard.guard import Guard

T = TypeVar("T")


class GuardSession:
    """One conversation: hides its values and puts them back.

    Get it from `Guard.session`; it holds no state of its own and may be made anew for each call.
    """

    def __init__(self, guard: Guard, session_id: str) -> None:
        self._guard = guard
        self._id = session_id

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._guard.digest(self._id)})"

    def anonymize(self, text: str, *, stage: Stage = "prompt") -> str:
        """Hide what the guard finds in a text.

        Raises:
            Blocked: If the policy does not let the text go on.
        """
        (outcome,) = self._guard.check([GuardRequest((text,), self._id, stage)])
        return outcome.hide(text)

    async def aanonymize(self, text: str, *, stage: Stage = "prompt") -> str:
        """Async version of `anonymize`."""
        (outcome,) = await self._guard.acheck([GuardRequest((text,), self._id, stage)])
        return outcome.hide(text)

    def deanonymize(self, text: str) -> str:
        """Put the values back into a text of the model; unknown placeholders stay."""
        restorer = self.restorer()
        return restorer.feed(text) + restorer.flush()

    async def adeanonymize(self, text: str) -> str:
        """Async version of `deanonymize`."""
        return await self._guard.run_blocking(partial(self.deanonymize, text))

    def restorer(self, *, json_strings: bool = False) -> StreamRestorer:
        """Return a restorer for one text that arrives in pieces.

        Args:
            json_strings: Whether the text is JSON: values are then escaped.
        """
        return StreamRestorer(self._guard.restoring(self._id, json_strings=json_strings))

    async def arestorer(self, *, json_strings: bool = False) -> StreamRestorer:
        """Async version of `restorer`."""
        return await self._guard.run_blocking(partial(self.restorer, json_strings=json_strings))

    def placeholders(self) -> Mapping[str, str]:
        """Return all placeholders with their **raw values**: handle it like the values themselves."""
        return call_vault(partial(self._guard.vault.items, self._id))

    async def aplaceholders(self) -> Mapping[str, str]:
        """Async version of `placeholders`."""
        return await self._guard.run_blocking(self.placeholders)

    def forget(self) -> bool:
        """Drop the session's values for good. Tells whether there were any."""
        self._guard.prompts.forget(self._id)
        return call_vault(partial(self._guard.vault.forget, self._id))

    async def aforget(self) -> bool:
        """Async version of `forget`."""
        return await self._guard.run_blocking(self.forget)


class CallSession:
    """The session of one call; at the end of its ``with`` block it is forgotten if nobody named it.

    Args:
        guard: The guard whose session it is.
        named: The session id that is named for the call, or None.
        isolated: Whether a call for which none is named gets a session of its own.
        live: Whether the call is made behind a boundary of the session.

    Attributes:
        id: The session id.
        live: Whether the call is made behind a boundary of the session, so that the session's placeholders stand in
            its texts already, and the boundary restores and judges what comes out.
        own: Whether it is the call's own, which ends with it.

    Raises:
        SessionMissing: If there is none and the call may not have one of its own.
    """

    def __init__(self, guard: Guard, named: Any, *, isolated: bool = False, live: bool = False) -> None:
        self.live = live
        self.own = isolated and named is None
        self._guard = guard
        self.id = f"lc-guard-call-{uuid.uuid4().hex}" if self.own else session_key(named)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._guard.digest(self.id)})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.own:
            self._guard.session(self.id).forget()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self.own:
            await self._guard.session(self.id).aforget()


def call_vault(call: Callable[[], T]) -> T:
    """Call a vault; a foreign error may hold raw values, so that only its type and place are told.

    Raises:
        VaultError: If the vault fails.
    """
    try:
        return call()
    except GuardError:
        raise
    except Exception as error:
        if is_control_flow(error):
            raise
        raise VaultError(f"the vault failed: {describe_error(error)}") from None


def session_key(session_id: Any) -> str:
    """Bring a session id into its one form.

    Args:
        session_id: A text that is not blank, or a number or UUID.

    Raises:
        SessionMissing: If it is nothing of that.
    """
    if isinstance(session_id, str):
        if session_id.strip():
            return session_id
        raise SessionMissing("an empty one was given")
    if session_id is None:
        raise SessionMissing
    if isinstance(session_id, bool) or type(session_id).__name__ not in ("int", "UUID"):
        raise SessionMissing(f"one of type {type(session_id).__name__} was given")
    return str(session_id)


def configured_session(config: Mapping[str, Any], fixed: str | None = None) -> Any:
    """Return the session id that a call's config names: its ``session_id``, else its ``thread_id``, else a fixed one.

    Args:
        config: LangChain's config of the call.
        fixed: What counts when the config names none.

    Returns:
        The id as it was given, not yet checked, or None.
    """
    configurable = config.get("configurable") or {}
    named = (configurable.get(name) for name in ("session_id", "thread_id"))
    return next((session for session in named if session is not None), fixed)
