"""Runs inside a call: each check becomes one, and that of a model which nobody protects is refused.

Every LangChain tracer shows the latency of a check's run; its decision leaves as a custom event. `ModelWatch` is told
of a model's run before the provider is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from copy import copy
from inspect import isawaitable
from typing import Any, NoReturn, TypeVar, cast
from uuid import UUID

from langchain_core.callbacks import AsyncRunManager, BaseCallbackHandler, BaseCallbackManager
from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.config import var_child_runnable_config

from lc_guard._engine.requests import CheckEnded, CheckStarted, GuardRequest, GuardResult, LoadEnded, LoadStarted
from lc_guard.errors import Blocked, GuardError, SeamBroken
from lc_guard.guard import Guard
from lc_guard.records import CHECK_RUN_ID, DECISION_EVENT, LOAD_RUN_ID, SESSION_METADATA, STAGE_METADATA
from lc_guard.sessions import CallSession, configured_session

T = TypeVar("T")
Manager = TypeVar("Manager")
Watched = TypeVar("Watched")

Note = CheckStarted | CheckEnded | LoadStarted | LoadEnded
"""What the guard tells of its work."""


def at_once(work: Coroutine[Any, Any, T]) -> T:
    """Return what a coroutine comes to that waits for nothing: the sync way through what is written once."""
    try:
        work.send(None)
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]
    work.close()
    raise RuntimeError("a sync call waited for something")


async def settled(result: Any) -> Any:
    """Return what a method of LangChain's gives: the async twin of one gives it to who waits."""
    return await result if isawaitable(result) else result


def run_checks(guard: Guard, jobs: Sequence[GuardRequest], managers: Sequence[Any]) -> list[GuardResult]:
    """Check jobs, each check as a child run of its job's step, to which the manager at its place belongs."""
    runs = CheckRuns(guard, jobs, managers)
    if not runs.watched:
        with unwatched_here(guard):
            return guard.check(jobs)  # nobody watches: runs would cost and show nothing
    try:
        with unwatched_here(guard):
            return guard.check(jobs, lambda note: at_once(runs.tell(note)))
    except BaseException as error:
        for run in runs.open.values():
            run.on_chain_error(_value_free(error))
        raise


async def arun_checks(guard: Guard, jobs: Sequence[GuardRequest], managers: Sequence[Any]) -> list[GuardResult]:
    """Async version of `run_checks`."""
    runs = CheckRuns(guard, jobs, managers)
    if not runs.watched:
        with unwatched_here(guard):
            return await guard.acheck(jobs)
    try:
        with unwatched_here(guard):
            return await guard.acheck(jobs, runs.tell)
    except BaseException as error:
        for run in runs.open.values():
            await run.on_chain_error(_value_free(error))
        raise


class CheckRuns:
    """Opens a run when a check begins, and closes it with the decision when it has ended.

    Attributes:
        open: The runs of checks under way.
        watched: Whether anybody watches.
    """

    def __init__(self, guard: Guard, jobs: Sequence[GuardRequest], managers: Sequence[Any]) -> None:
        self.open: dict[tuple[int, str, str], Any] = {}
        self._guard = guard
        self._jobs = jobs
        self._managers = managers
        self.watched = any(manager.handlers for manager in managers)

    async def tell(self, note: Note) -> None:
        """Take a note of the guard's."""
        key = _key(note)
        if isinstance(note, CheckStarted | LoadStarted):
            if self._managers[key[0]].handlers:
                opened = self._child(note).on_chain_start(_serialized(note), _inputs(note), name=key[2])
                self.open[key] = await settled(opened)
        elif (run := self.open.pop(key, None)) is not None:
            if isinstance(note, CheckEnded) and note.decision is not None:
                await dispatch(run, DECISION_EVENT, note.decision.as_dict())
            await settled(run.on_chain_end(_outputs(note)))

    def _child(self, note: CheckStarted | LoadStarted) -> Any:
        if isinstance(note, LoadStarted):
            return self._managers[0].get_child()
        child = self._managers[note.job].get_child()
        session = self._jobs[note.job].session
        named = {} if session is None else {SESSION_METADATA: self._guard.digest(session)}
        child.add_metadata({**named, STAGE_METADATA: note.stage}, inherit=False)
        return child


def _key(note: Note) -> tuple[int, str, str]:
    """Return which run a note is about: of which job, at which stage, and its name."""
    if isinstance(note, LoadStarted | LoadEnded):
        return 0, "", "load models"  # for all jobs together
    return note.job, note.stage, note.check


def _serialized(note: CheckStarted | LoadStarted) -> dict[str, Any]:
    return {"id": list(LOAD_RUN_ID) if isinstance(note, LoadStarted) else [*CHECK_RUN_ID, note.check]}


def _inputs(note: CheckStarted | LoadStarted) -> dict[str, Any]:
    return {} if isinstance(note, LoadStarted) else {"texts": note.texts, "characters": note.characters}


def _outputs(note: CheckEnded | LoadEnded) -> dict[str, Any]:
    if isinstance(note, LoadEnded):
        return {}
    decision = None if note.decision is None else note.decision.as_dict()
    latency_ms = {name: round(value, 3) for name, value in note.latency_ms.items()}
    shown = {"decision": decision, "detectors": latency_ms, "details": dict(note.details)}
    return {name: value for name, value in shown.items() if value or name == "decision"}


def _value_free(error: BaseException) -> GuardError:
    return GuardError(f"the check ended in {type(error).__name__}")


async def dispatch(run: Any, name: str, data: dict[str, Any]) -> None:
    """Tell the handlers of a run, sync or async, of an event."""
    from langchain_core.callbacks import adispatch_custom_event, dispatch_custom_event  # noqa: PLC0415 - if one watches

    tell: Any = adispatch_custom_event if isinstance(run, AsyncRunManager) else dispatch_custom_event
    await settled(tell(name, data, config={"callbacks": run.get_child()}))


class ModelWatch(BaseCallbackHandler):
    """Watches what runs inside something that a guard protects, and refuses every model that starts unprotected there.

    LangChain tells its handlers of a model's run before it asks the provider, and stops where a handler with
    ``raise_error`` raises. A `ProtectedChatModel` of the same guard takes the watch off the call of its inner model
    (see `unwatched`), so that every model run that the watch is told of is one that sees raw text.

    One watch serves one call: it remembers what it refused, since a fallback or a tool may swallow the error.

    Args:
        guard: The guard whose protected models may be asked.
        seam: What is protected, as users write it, such as ``"protect()"``.
        remedy: What to do instead.
        session: Session whose placeholders stand in the texts that arise inside; None where none of them do.
        run_id: The run of what is protected, if it has one.

    Attributes:
        guard: The guard whose protected models may be asked.
        session: Session whose placeholders stand in the texts that arise inside, or None.
        run_id: The run of what is protected, or None.
        refused: What the watch raised last, or None.
        blocked: What a step that the boundary put inside raised last, or None: the boundary answers for it.
    """

    raise_error = True
    run_inline = True  # in the caller's thread and before all others, so that nobody is told of a run that never is

    def __init__(
        self, guard: Guard, *, seam: str, remedy: str, session: str | None = None, run_id: UUID | None = None
    ) -> None:
        self.guard = guard
        self.session = session
        self.run_id = run_id
        self.refused: SeamBroken | None = None
        self.blocked: Blocked | None = None
        self._seam = seam
        self._remedy = remedy

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._seam})"

    def on_chat_model_start(self, serialized: Any, messages: Any, **kwargs: Any) -> NoReturn:  # noqa: ARG002
        """Refuse a chat model.

        Raises:
            SeamBroken: Always.
        """
        self._refuse("a chat model")

    def on_llm_start(self, serialized: Any, prompts: Any, **kwargs: Any) -> NoReturn:  # noqa: ARG002
        """Refuse a model that completes texts.

        Raises:
            SeamBroken: Always.
        """
        self._refuse("a text model")

    def over(self, manager: Manager) -> Manager:
        """Return a copy of a callback manager, sync or async, in which this watch is told first."""
        watched: Any = with_handlers(manager, lambda _: True)
        watched.handlers.insert(0, self)
        watched.inheritable_handlers.insert(0, self)
        watched_manager: Manager = watched
        return watched_manager

    def raise_if_refused(self) -> None:
        """Raise what was refused, for the case that somebody inside swallowed it.

        Raises:
            SeamBroken: If any model was refused.
        """
        if self.refused is not None:
            raise self.refused

    def _refuse(self, what: str) -> NoReturn:
        reason = f"{what} that this guard does not protect was about to be asked inside it"
        self.refused = SeamBroken(self._seam, "langchain-core", reason, self._remedy)
        raise self.refused


def unwatched(callbacks: Watched, guard: Guard) -> Watched:
    """Return the callbacks of a config without the watches of a guard: for the inner call of a model that it protects.

    They stay as they are, be it a manager, a list of handlers or None.
    """

    def others(handler: Any) -> bool:
        return not (isinstance(handler, ModelWatch) and handler.guard is guard)

    given: Any = callbacks
    if isinstance(given, BaseCallbackManager):
        given = with_handlers(given, others)
    elif given:
        given = [handler for handler in given if others(handler)]
    return cast("Watched", given)


def unwatched_here(guard: Guard) -> AbstractContextManager[None]:
    """Return a context without the watches of a guard for what runs without a config: a scanner may ask a model.

    LangChain gives the config of the step around it to whatever is called without one in the same thread or task.
    """
    return _without_watches(guard) if is_watched_here() else nullcontext()


@contextmanager
def _without_watches(guard: Guard) -> Iterator[None]:
    around = var_child_runnable_config.get() or {}
    changed = cast("RunnableConfig", {**around, "callbacks": unwatched(around.get("callbacks"), guard)})
    token = var_child_runnable_config.set(changed)
    try:
        yield
    finally:
        var_child_runnable_config.reset(token)


def is_watched_here() -> bool:
    """Return whether any guard watches what runs here without a config of its own."""
    around = var_child_runnable_config.get()
    return around is not None and any(isinstance(handler, ModelWatch) for handler in _handlers(around.get("callbacks")))


def watch_of(callbacks: Any, guard: Guard) -> ModelWatch | None:
    """Return the innermost watch of a guard that knows the session of what runs inside, or None."""
    watches = (handler for handler in _handlers(callbacks) if isinstance(handler, ModelWatch))
    return next((watch for watch in watches if watch.guard is guard and watch.session is not None), None)


def call_session(
    guard: Guard, config: Mapping[str, Any], *, fixed: str | None, isolated: bool, remedy: str | None = None
) -> CallSession:
    """Return the session of a call: behind a boundary of the same guard the boundary's, whatever the config names.

    Args:
        guard: The guard whose session it is.
        config: LangChain's config of the call.
        fixed: Session id of calls whose config names none.
        isolated: Whether a call that neither names gets a session of its own.
        remedy: What to do where there is none, in the words of the seam that needs one.

    Raises:
        SessionMissing: If there is none and the call may not have one of its own.
    """
    watch = watch_of(config.get("callbacks"), guard)
    if watch is not None:
        return CallSession(guard, watch.session, live=True)
    return CallSession(guard, configured_session(config, fixed), isolated=isolated, remedy=remedy)


def with_handlers(manager: Manager, member: Callable[[Any], bool]) -> Manager:
    """Return a copy of a callback manager, sync or async, with those of its handlers that `member` tells of."""
    kept: Any = copy(manager)  # made without its constructor: instrumentations patch that to put their handler in
    kept.handlers = [handler for handler in kept.handlers if member(handler)]
    kept.inheritable_handlers = [handler for handler in kept.inheritable_handlers if member(handler)]
    for name in ("tags", "inheritable_tags", "metadata", "inheritable_metadata"):
        setattr(kept, name, copy(getattr(kept, name)))  # a manager adds to its own
    found: Manager = kept
    return found


def _handlers(callbacks: Any) -> list[Any]:
    return callbacks.handlers if isinstance(callbacks, BaseCallbackManager) else list(callbacks or ())
