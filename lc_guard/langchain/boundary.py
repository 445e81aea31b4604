"""protect(): the whole boundary around a chat model or any other Runnable."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from typing import Any, get_args, overload

from langchain_core.language_models import BaseChatModel
from langchain_core.runnables import Runnable
from langchain_core.runnables.utils import Input, Output

from lc_guard.errors import kind_given
from lc_guard.guard import Guard
from lc_guard.langchain.beside_texts import left_parts
from lc_guard.langchain.langsmith_runs import guarded
from lc_guard.langchain.protected_runnable import Models, ProtectedRunnable, protected_model
from lc_guard.langchain.wrapping import around_models, is_bound_model, is_chat_model
from lc_guard.sessions import session_key


@overload
def protect(  # type: ignore[overload-overlap]  # a chat model is a Runnable too: the first that fits counts
    inside: BaseChatModel | str,
    guard: Guard,
    *,
    session_id: str | None = None,
    on_blocked: str = "raise",
    keys: None = None,
    name: str | None = None,
    models: Models = "protected",
    leave: Collection[str] = (),
) -> BaseChatModel: ...
@overload
def protect(
    inside: Runnable[Input, Output],
    guard: Guard,
    *,
    session_id: str | None = None,
    on_blocked: str = "raise",
    keys: Collection[str] | None = None,
    name: str | None = None,
    models: Models = "protected",
    leave: Collection[str] = (),
) -> Runnable[Input, Output]: ...
@overload
def protect(
    inside: Any,
    guard: Guard,
    *,
    session_id: str | None = None,
    on_blocked: str = "raise",
    keys: Collection[str] | None = None,
    name: str | None = None,
    models: Models = "protected",
    leave: Collection[str] = (),
) -> Runnable[Any, Any]: ...
def protect(
    inside: Any,
    guard: Guard,
    *,
    session_id: str | None = None,
    on_blocked: str = "raise",
    keys: Collection[str] | None = None,
    name: str | None = None,
    models: Models = "protected",
    leave: Collection[str] = (),
) -> Any:
    """Put the boundary around a chat model or any other Runnable: what is inside sees placeholders only.

    A chat model stays one: `ProtectedChatModel`. Bindings, retries and fallbacks around models stay as they are, with
    the models in them protected. Anything else becomes a Runnable that hides its input, runs the inside and restores
    the output, as it streams.

    What arises inside is hidden as well, before a model sees it: retrieved documents, results of tools, texts of the
    prompt. Every model in what LangChain composes is protected in the call's session. One that can't be reached there,
    since a function or a graph calls it, is refused when it starts: protect that one, or give the agent a
    `GuardMiddleware`. Nobody can watch a function that calls a provider's client: see `models`.

    The session is the one that a call's config names, by ``session_id`` or ``thread_id``, else `session_id`, else one
    of the call's own that is forgotten when the call ends.

    Args:
        inside: What is protected; the name of a chat model, such as ``"gpt-4o-mini"`` or ``"anthropic:<model>"``, is
            made one by LangChain's ``init_chat_model``.
        guard: Hides and restores; share one for the whole application.
        session_id: The session of every call whose config names none: for one conversation only.
        on_blocked: What a blocked input or output leads to: ``"raise"`` raises `Blocked`; any other text is the answer
            that stands for it. The inside is not called for a blocked input.
        keys: Keys of a dict input that hold text; the others are left alone. None looks at every text in it.
        name: Name of the Runnable in traces; models keep theirs.
        models: ``"protected"`` refuses an inside in which no model is found, though code of yours may ask one.
            ``"unseen"`` takes it: only its input and its output are guarded, and **what it adds in between goes to its
            provider as it is**. Models of LangChain are protected or refused in either case.
        leave: What the models are sent as it is: ``"system"`` (system prompts), ``"tools"`` (definitions of tools), and
            names of messages, such as of examples. **Nobody looks for new values there**; a call in which a value that
            the session knows would leave that way raises `LeakPrevented`. Only for what no user can write.

    Returns:
        A `ProtectedChatModel` for a chat model, else a Runnable.

    Raises:
        TypeError: If an argument is not of its type.
        ValueError: If no model is found inside, and `models` does not say that it is unseen; or nobody provides the
            model of a name.
        ImportError: If the package of a named model's provider is not installed; it says which.
        SessionMissing: If the session id is blank.

    Example:
        ```python
        from langchain_core.language_models import FakeListChatModel

        from lc_guard import Guard, protect
        from lc_guard.testing import ExactDetector

        guard = Guard(detectors=[ExactDetector({"PERSON": ["Ada"]})])
        model = protect(FakeListChatModel(responses=["Hello [REDACTED_PERSON_1]"]), guard)
        print(model.invoke("Say hello to Ada").content)  # → Hello Ada
        ```
    """
    if models not in get_args(Models):
        raise ValueError(f"models must be one of {', '.join(map(repr, get_args(Models)))}")
    guarded(guard, "protect")
    if not isinstance(on_blocked, str):
        raise TypeError(f"on_blocked must be a text, got {type(on_blocked).__name__}")
    fixed = None if session_id is None else session_key(session_id)
    left = left_parts(leave)
    if isinstance(inside, str):
        inside = _named_model(inside)
    if isinstance(inside, type):
        raise TypeError(f"protect needs a chat model or another Runnable, got {kind_given(inside)}")
    if not is_chat_model(inside) and not is_bound_model(inside):
        return ProtectedRunnable(
            inside, guard, session_id=fixed, on_blocked=on_blocked, keys=keys, name=name, models=models, leave=left
        )
    if keys is not None:
        raise TypeError("keys= is for Runnables that take a dict: all messages of a model are looked at")

    return around_models(
        inside, partial(protected_model, guard=guard, session_id=fixed, on_blocked=on_blocked, leave=left)
    )


def _named_model(name: str) -> BaseChatModel:
    """Return the chat model of a name; what LangChain raises says which package or key is missing."""
    from langchain.chat_models import init_chat_model  # noqa: PLC0415 - seldom needed, and LangChain's own is lazy

    if not name.strip():
        raise ValueError('protect needs the name of a chat model, such as "gpt-4o-mini" or "anthropic:<model>"')
    try:
        return init_chat_model(name)
    except ValueError as error:
        if "provider" not in str(error):  # a client's own: it may be of a key
            raise
        raise ValueError(
            f"protect does not know who provides the model {name!r}: write its provider before it, as in "
            '"openai:gpt-4o-mini", or give it a chat model'
        ) from None
