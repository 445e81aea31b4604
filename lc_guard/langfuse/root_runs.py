"""Root runs: each is a trace of its own, whatever thread, task or open stream it starts beside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from langchain_core.runnables.config import var_child_runnable_config
from langfuse import propagate_attributes
from opentelemetry import context as otel_context
from opentelemetry import trace as otel_trace

from lc_guard.records import Action, Decision

_ROOT_KEY = otel_context.create_key("lc_guard_root_run")
_SESSION_KEY = otel_context.create_key("lc_guard_session")
_SESSION = "session.id"


@dataclass(eq=False)
class RootRun:
    """A root run: where its trace begins, and what its checks decided.

    Attributes:
        run_id: The root run.
        before: The OpenTelemetry context in which it started.
        inside: The context that its children belong in: the root's span and its trace attributes.
        observation: Langfuse's observation of the root run.
        parents: All runs under it that were seen, with their parents.
        span_ids: Their spans.
        actions: What was decided so far.
        blocked: Runs in which something was blocked, and what blocked it first.
        sampled: Whether its trace is sent at all.
        session: What the trace's session is called in Langfuse, where a check told it.
    """

    run_id: UUID
    before: otel_context.Context
    inside: otel_context.Context | None = None
    observation: Any = None
    parents: dict[UUID, UUID | None] = field(default_factory=dict)
    span_ids: set[int] = field(default_factory=set)
    actions: list[Action] = field(default_factory=list)
    blocked: dict[UUID, Decision] = field(default_factory=dict)
    sampled: bool = True
    session: str | None = None

    def note(self, run_id: UUID, decision: Decision) -> None:
        """Note what a check decided; where it blocks, in all runs around it."""
        self.actions.append(decision.action)
        if not decision.valid:
            for run in self._around(run_id):
                self.blocked.setdefault(run, decision)

    def _around(self, run_id: UUID) -> Iterator[UUID]:
        run: UUID | None = run_id
        while run is not None and run in self.parents:
            yield run
            run = self.parents[run]


class RootRuns:
    """The root runs that are open, by each of their runs; those of one handler."""

    def __init__(self) -> None:
        self._roots: dict[UUID, RootRun] = {}
        self._passed: dict[UUID, UUID] = {}

    def __len__(self) -> int:
        return len(self._roots) + len(self._passed)

    def of(self, run_id: UUID) -> RootRun | None:
        """Return the root run of a run that was seen."""
        return self._roots.get(run_id)

    def enter(self, run_id: UUID, parent_run_id: UUID | None) -> RootRun:
        """Bring the OpenTelemetry context to where a run belongs, before its span is opened."""
        root = self._roots.get(parent_run_id) if parent_run_id else None
        if root is None:
            _step_back()
            root = RootRun(run_id, before=otel_context.get_current())
            otel_context.attach(otel_context.set_value(_ROOT_KEY, root))
        elif otel_context.get_value(_ROOT_KEY) is not root and root.inside is not None:
            # Another thread or task, or another root run was started here meanwhile.
            otel_context.attach(root.inside)
        _bring_session(root)
        self._roots[run_id] = root
        root.parents[run_id] = parent_run_id
        return root

    def entered(self, run_id: UUID, observation: Any) -> None:
        """Note the observation of a run that was entered; None if the SDK opened none."""
        root = self._roots[run_id]
        if observation is not None:
            root.span_ids.add(int(observation.id, 16))
        if root.run_id == run_id:
            root.observation, root.inside = observation, otel_context.get_current()
            root.sampled = otel_trace.get_current_span().get_span_context().trace_flags.sampled

    def leave(self, run_id: UUID) -> RootRun | None:
        """Return the root run if it is the one that ended, and forget it."""
        root = self._roots.get(run_id)
        if root is None or root.run_id != run_id:
            return None
        for each in root.parents:
            self._roots.pop(each, None)
            self._passed.pop(each, None)
        if otel_context.get_value(_ROOT_KEY) is root:
            otel_context.attach(root.before)
        return root

    def join(self, root: RootRun, session: str) -> None:
        """Put a trace into a session that became known below its root, unless it is in one already."""
        if root.session is not None or root.inside is None:
            return
        root.session = session
        token = otel_context.attach(root.inside)
        try:
            named = getattr(otel_trace.get_current_span(), "attributes", None) or {}
            if _SESSION in named:
                return
            root.inside = otel_context.set_value(_SESSION_KEY, root, _with(session_id=session))
        finally:
            otel_context.detach(token)
        _bring_session(root)

    def pass_by(self, run_id: UUID, parent_run_id: UUID) -> None:
        """Note a run without an observation of its own: what runs in it stands under the run around it."""
        root = self._roots[run_id] = self._roots[parent_run_id]
        root.parents[run_id] = parent_run_id
        self._passed[run_id] = self.shown(parent_run_id)

    def is_passed(self, run_id: UUID) -> bool:
        """Return whether a run has no observation of its own."""
        return run_id in self._passed

    def shown(self, run_id: UUID) -> UUID:
        """Return the run whose observation stands for a run."""
        return self._passed.get(run_id, run_id)


def propagate(metadata: Mapping[str, Any], tags: Any) -> None:
    """Bring session, user, tags and name of a trace to all its spans, as the SDK does below chains only."""
    own = metadata.get("langfuse_tags")
    named = {*(own if isinstance(own, list) else ()), *(tags or ())}
    attributes: dict[str, Any] = {
        name: metadata[f"langfuse_{name}"]
        for name in ("session_id", "user_id", "trace_name")
        if isinstance(metadata.get(f"langfuse_{name}"), str)
    }
    if named:
        attributes["tags"] = sorted(map(str, named))
    if attributes:
        otel_context.attach(_with(**attributes))


def _bring_session(root: RootRun) -> None:
    """Have the spans that are opened from here on belong to the session."""
    joined = root.inside is not None and otel_context.get_value(_SESSION_KEY, root.inside) is root
    if joined and root.session is not None and otel_context.get_value(_SESSION_KEY) is not root:
        otel_context.attach(otel_context.set_value(_SESSION_KEY, root, _with(session_id=root.session)))


def _with(**attributes: Any) -> otel_context.Context:
    """Return the context of here with attributes of the trace; the current span has them then."""
    with propagate_attributes(**attributes):
        return otel_context.get_current()


def _step_back() -> None:
    """Leave the context of another root run that is still open here, or was never closed.

    That is so for the items of a ``batch``, for a call while a stream is open, and after a stream that was given up.
    A call inside a step of that run, or inside a span of the user's own, stays where it is.
    """
    if var_child_runnable_config.get() is not None:
        return
    while isinstance(root := otel_context.get_value(_ROOT_KEY), RootRun):
        if otel_trace.get_current_span().get_span_context().span_id not in root.span_ids:
            return
        otel_context.attach(root.before)
