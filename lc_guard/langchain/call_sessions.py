"""The session of one call: the one that its config names, or one of its own that is forgotten when it ends."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, Self

from lc_guard.guard import Guard
from lc_guard.langchain.model_watch import watch_of
from lc_guard.sessions import configured_session, session_key


class CallSession:
    """Finds the session of a call, and forgets it at the end of its ``with`` block if nobody named it.

    Behind a boundary of the same guard it is the boundary's, whatever the config names.

    Args:
        guard: The guard whose session it is.
        config: LangChain's config of the call.
        fixed: Session id of calls whose config names none.
        isolated: Whether a call that neither names gets a session of its own.

    Attributes:
        id: The session id.
        live: Whether the call is made behind a boundary of the session, so that the session's placeholders stand in
            its texts already, and the boundary restores and judges what comes out.

    Raises:
        SessionMissing: If there is none and the call may not have one of its own.
    """

    def __init__(self, guard: Guard, config: Mapping[str, Any], *, fixed: str | None, isolated: bool) -> None:
        watch = watch_of(config.get("callbacks"), guard)
        self.live = watch is not None
        named = configured_session(config, fixed) if watch is None else watch.session
        self._own = isolated and named is None
        self._guard = guard
        self.id = f"lc-guard-call-{uuid.uuid4().hex}" if self._own else session_key(named)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._guard.digest(self.id)})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._own:
            self._guard.session(self.id).forget()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._own:
            await self._guard.session(self.id).aforget()
