"""ModelWatch: refuses a model call that nobody protects, before the provider is asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn, TypeVar, cast

from langchain_core.callbacks import BaseCallbackHandler, BaseCallbackManager
from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.config import var_child_runnable_config

from lc_guard.errors import Blocked, SeamBroken
from lc_guard.guard import Guard
from lc_guard.langchain.callback_managers import with_handlers

Manager = TypeVar("Manager")
Watched = TypeVar("Watched")


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

    Attributes:
        guard: The guard whose protected models may be asked.
        session: Session whose placeholders stand in the texts that arise inside, or None.
        refused: What the watch raised last, or None.
        blocked: What a step that the boundary put inside raised last, or None: the boundary answers for it.
    """

    raise_error = True
    run_inline = True  # in the caller's thread and before all others, so that nobody is told of a run that never is

    def __init__(self, guard: Guard, *, seam: str, remedy: str, session: str | None = None) -> None:
        self.guard = guard
        self.session = session
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
        """Return a callback manager in which this watch is told first.

        Args:
            manager: LangChain's manager of what runs inside, sync or async; it stays as it is.
        """
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
    """Return callbacks without the watches of a guard: for the inner call of a model that it protects.

    Args:
        callbacks: Callbacks of a call, as a config holds them: a manager, a list of handlers or None. They stay as
            they are.
        guard: The guard that hid what the inner model is asked.
    """

    def others(handler: Any) -> bool:
        return not (isinstance(handler, ModelWatch) and handler.guard is guard)

    given: Any = callbacks
    if isinstance(given, BaseCallbackManager):
        given = with_handlers(given, others)
    elif given:
        given = [handler for handler in given if others(handler)]
    return cast("Watched", given)


@contextmanager
def unwatched_here(guard: Guard) -> Iterator[None]:
    """Take the watches of a guard off what runs without a config of its own: a scanner may ask a model to judge.

    LangChain gives the config of the step around it to whatever is called without one in the same thread or task.

    Args:
        guard: The guard whose checks run.
    """
    around = var_child_runnable_config.get()
    if not around or not is_watched_here():
        yield
        return
    changed = cast("RunnableConfig", {**around, "callbacks": unwatched(around.get("callbacks"), guard)})
    token = var_child_runnable_config.set(changed)
    try:
        yield
    finally:
        var_child_runnable_config.reset(token)


def is_watched_here() -> bool:
    """Return whether any guard watches what runs here without a config of its own."""
    around = var_child_runnable_config.get()
    callbacks = around.get("callbacks") if around else None
    return any(isinstance(handler, ModelWatch) for handler in _handlers(callbacks))


def watch_of(callbacks: Any, guard: Guard) -> ModelWatch | None:
    """Return the innermost watch of a guard that knows the session of what runs inside, or None.

    Args:
        callbacks: Callbacks of a call, as a config holds them.
        guard: The guard.
    """
    watches = (handler for handler in _handlers(callbacks) if isinstance(handler, ModelWatch))
    return next((watch for watch in watches if watch.guard is guard and watch.session is not None), None)


def _handlers(callbacks: Any) -> list[Any]:
    return callbacks.handlers if isinstance(callbacks, BaseCallbackManager) else list(callbacks or ())
