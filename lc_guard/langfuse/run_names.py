"""What runs, their users and their sessions are called in Langfuse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, get_args

from lc_guard.langfuse.user_ids import UserIdHasher
from lc_guard.records import CHECK_RUN_ID, LOAD_RUN_ID
from lc_guard.sessions import is_own_session

if TYPE_CHECKING:
    from lc_guard.guard import Guard

SessionIds = Literal["digest", "original"]
"""How the sessions of the calls are named in Langfuse."""

_SESSION_KEYS = ("session_id", "thread_id")
_AGENTS = ("langchain_create_agent", "deepagents")


class RunNames:
    """Names users and sessions as they are sent.

    Args:
        guard: Gives the digests of sessions, if any.
        user_id_key: Secret for hashes of user ids, as `CallbackHandler` takes it.
        session_ids: How sessions are named.

    Attributes:
        guard: Gives the digests of sessions, if any.

    Raises:
        TypeError, ValueError: If the key is none or too short, or `session_ids` is unknown.
    """

    def __init__(self, guard: Guard | None, user_id_key: bytes | str | None, session_ids: SessionIds) -> None:
        if session_ids not in get_args(SessionIds):
            raise ValueError(f"session_ids must be one of {', '.join(map(repr, get_args(SessionIds)))}")
        self.guard = guard
        self._hasher = None if user_id_key is None else UserIdHasher(user_id_key)
        self._digests = session_ids == "digest"

    def user(self, user_id: str) -> str:
        """Return what a user is called."""
        return user_id if self._hasher is None else self._hasher.of(user_id)

    def session(self, digest: Any) -> str | None:
        """Return what a session is called; None for one that a call has for itself."""
        session = self.guard.session_of(digest) if self.guard is not None and isinstance(digest, str) else None
        if session is None or is_own_session(session):
            return None
        return str(digest) if self._digests else session

    def metadata(self, metadata: Mapping[str, Any] | None, *, root: bool) -> dict[str, Any] | None:
        """Return a run's metadata as it is sent: users as hashes, and for a root run the session it belongs to."""
        if not metadata:
            return None
        sent = dict(metadata) if self._hasher is None else self._hasher.replace(metadata)
        if not root:
            return sent
        session = next((str(sent[key]) for key in _SESSION_KEYS if sent.get(key)), None)
        if session is not None and sent.get("langfuse_session_id") is None and self.guard is not None:
            sent["langfuse_session_id"] = self.guard.digest(session) if self._digests else session
        return {key: value for key, value in sent.items() if value is not None}  # the SDK warns of each None


def own_kind(serialized: Any) -> tuple[str, ...]:
    """Return what lc-guard calls a run of its own."""
    return tuple((serialized or {}).get("id") or ())[: len(CHECK_RUN_ID)]


def observation_type(kind: tuple[str, ...], told: Mapping[str, Any]) -> str | None:
    """Return the type of an observation where the SDK, which goes by names, would take another."""
    if kind == LOAD_RUN_ID:
        return "span"
    metadata, name = told.get("metadata") or {}, told.get("name")
    is_graph = name in (metadata.get("lc_agent_name"), "LangGraph")
    return "agent" if name and is_graph and metadata.get("ls_integration") in _AGENTS else None
