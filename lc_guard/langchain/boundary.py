"""protect(): the whole boundary around a chat model or any other Runnable."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import aclosing, closing
from dataclasses import replace
from functools import partial
from typing import Any, Literal, get_args, overload

from langchain_core.language_models import BaseChatModel, BaseLLM
from langchain_core.runnables import Runnable, RunnableConfig, RunnablePassthrough, RunnableSerializable
from langchain_core.runnables.base import coerce_to_runnable
from langchain_core.runnables.config import patch_config, var_child_runnable_config
from langchain_core.runnables.configurable import DynamicRunnable
from langchain_core.runnables.utils import ConfigurableFieldSpec, Input, Output
from pydantic import ConfigDict, Field, PrivateAttr

from lc_guard._engine.requests import GuardRequest
from lc_guard.errors import Blocked, LeakPrevented, kind_given
from lc_guard.guard import Guard
from lc_guard.langchain.chat_model import ProtectedChatModel
from lc_guard.langchain.child_runs import ModelWatch, areport_leak, call_session, report_leak, unwatched
from lc_guard.langchain.config_specs import with_session
from lc_guard.langchain.inner_model import chosen
from lc_guard.langchain.langsmith_runs import guarded
from lc_guard.langchain.messages import texts_of
from lc_guard.langchain.model_search import is_plain, leads_to_model
from lc_guard.langchain.output import InnerErrors
from lc_guard.langchain.retrieved import HideRetrieved, is_retriever
from lc_guard.langchain.retriever import ProtectedRetriever
from lc_guard.langchain.runnables import Anonymize, Deanonymize
from lc_guard.langchain.scan_targets import LEAK_REMEDY, ModelInput, left_parts, texts_beside
from lc_guard.langchain.steps import SingleChunkStream
from lc_guard.langchain.wrapping import around_models, is_bound_model, is_chat_model
from lc_guard.sessions import CallSession, session_key

Models = Literal["protected", "unseen"]
"""What `protect` is to think of an inside in which no model is found."""

_REMEDY = (
    "Give it a protected one, protect(model, guard), with the same guard; an agent takes "
    "create_agent(..., middleware=[GuardMiddleware(guard)]) instead of protect(agent, guard)"
)


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

    return around_models(inside, partial(_protected, guard=guard, session_id=fixed, on_blocked=on_blocked, leave=left))


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


class ProtectedRunnable(SingleChunkStream, RunnableSerializable[Any, Any]):
    """A Runnable with a guard around it; made by `protect`.

    Args:
        inside: What is run between hiding and restoring.
        guard: Hides and restores.
        session_id: The session of every call whose config names none; None gives each call its own.
        on_blocked: ``"raise"``, or the answer that stands for a blocked input.
        keys: Keys of a dict input that hold text; None looks at every text in it.
        name: Name in traces.
        models: Whether an inside in which no model is found is refused; see `protect`.
        leave: What the models inside are sent as it is; see `protect`.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    guard: Guard = Field(exclude=True)

    # no fields: what stands in a field of LangChain's is taken apart by a boundary around this one
    _inside: Any = PrivateAttr()
    _is_model: bool = PrivateAttr()
    _fixed: str | None = PrivateAttr()
    _on_blocked: str = PrivateAttr()
    _keys: tuple[str, ...] | None = PrivateAttr()

    def __init__(
        self,
        inside: Any,
        guard: Guard,
        *,
        session_id: str | None = None,
        on_blocked: str = "raise",
        keys: Collection[str] | None = None,
        name: str | None = None,
        models: Models = "protected",
        leave: Collection[str] = (),
    ) -> None:
        keys = Anonymize(guard, keys=keys).keys  # what is wrong with the arguments shows here, not at the first call
        fields: dict[str, Any] = {"guard": guard, "name": name}
        super().__init__(**fields)
        self._inside = coerce_to_runnable(inside)
        self._is_model = isinstance(inside.default if isinstance(inside, DynamicRunnable) else inside, BaseLLM)
        if not self._is_model:
            self._inside = self._with_models_protected(on_blocked, models, left_parts(leave))
        self._fixed = session_id
        self._on_blocked = on_blocked
        self._keys = keys

    def __repr__(self) -> str:
        return f"{self.get_name()}({self._inside.get_name()}, {self.guard!r})"

    __str__ = __repr__
    __eq__ = object.__eq__
    __hash__ = object.__hash__

    @property
    def config_specs(self) -> list[ConfigurableFieldSpec]:
        """What the inside reads of a config, and the session id."""
        return with_session(self._inside.config_specs)

    @property
    def InputType(self) -> Any:  # noqa: N802 - LangChain's name
        """What the inside takes."""
        return self._inside.InputType

    @property
    def OutputType(self) -> Any:  # noqa: N802 - LangChain's name
        """What the inside gives."""
        return self._inside.OutputType

    def invoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:  # noqa: A002
        """Hide an input, run the inside, restore its output.

        Raises:
            Blocked: If the policy does not let the input go on, and nothing stands for it.
            UnsupportedInput: If the input can't be walked.
        """
        return self._call_with_config(self._run, input, config, **kwargs)

    async def ainvoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:  # noqa: A002
        """Async version of `invoke`."""
        return await self._acall_with_config(self._arun, input, config, **kwargs)

    def transform(self, input: Iterator[Any], config: RunnableConfig | None = None, **kwargs: Any) -> Iterator[Any]:  # noqa: A002
        """Collect an input that arrives in pieces, run the inside and restore its output as it arrives."""
        yield from self._transform_stream_with_config(input, self._run_stream, config, **kwargs)

    async def atransform(
        self,
        input: AsyncIterator[Any],  # noqa: A002
        config: RunnableConfig | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[Any]:
        """Async version of `transform`."""
        stream: Any = self._atransform_stream_with_config(input, self._arun_stream, config, **kwargs)
        async with aclosing(stream) as chunks:
            async for chunk in chunks:
                yield chunk

    def _run(self, value: Any, run_manager: Any, config: RunnableConfig, **kwargs: Any) -> Any:
        with self._session(config) as session:
            steps, child, watch = self._children(config, run_manager, session)
            hide, restore = self._steps(session)
            try:
                hidden = hide.invoke(value, steps)
                asked, child = self._asked(session, child, kwargs)
                if leak := self._leak(session, hidden, asked):
                    report_leak(self.guard, GuardRequest((), session.id), run_manager, leak)
                    raise LeakPrevented(leak, LEAK_REMEDY)
            except Blocked as blocked:
                return self._instead(blocked)
            try:
                given = asked.model.invoke(hidden, child, **asked.options)
            except Blocked as blocked:
                if blocked is not watch.blocked:
                    raise
                return self._instead(blocked)
            watch.raise_if_refused()
            try:
                return restore.invoke(given, steps)
            except Blocked as blocked:
                return self._instead(blocked)

    async def _arun(self, value: Any, run_manager: Any, config: RunnableConfig, **kwargs: Any) -> Any:
        async with self._session(config) as session:
            steps, child, watch = self._children(config, run_manager, session)
            hide, restore = self._steps(session)
            try:
                hidden = await hide.ainvoke(value, steps)
                asked, child = await self._aasked(session, child, kwargs)
                if leak := await self.guard.run_blocking(partial(self._leak, session, hidden, asked)):
                    await areport_leak(self.guard, GuardRequest((), session.id), run_manager, leak)
                    raise LeakPrevented(leak, LEAK_REMEDY)
            except Blocked as blocked:
                return self._instead(blocked)
            try:
                given = await asked.model.ainvoke(hidden, child, **asked.options)
            except Blocked as blocked:
                if blocked is not watch.blocked:
                    raise
                return self._instead(blocked)
            watch.raise_if_refused()
            try:
                return await restore.ainvoke(given, steps)
            except Blocked as blocked:
                return self._instead(blocked)

    def _run_stream(
        self, pieces: Iterator[Any], run_manager: Any, config: RunnableConfig, **kwargs: Any
    ) -> Iterator[Any]:
        with self._session(config) as session:
            steps, child, watch = self._children(config, run_manager, session)
            hide, restore = self._steps(session)
            inside = InnerErrors()
            try:
                (hidden,) = hide.transform(pieces, steps)
                asked, child = self._asked(session, child, kwargs)
                if leak := self._leak(session, hidden, asked):
                    report_leak(self.guard, GuardRequest((), session.id), run_manager, leak)
                    raise LeakPrevented(leak, LEAK_REMEDY)
                given = inside.chunks(asked.model.stream(hidden, child, **asked.options))
                with closing(given), closing(restore.transform(given, steps)) as chunks:  # type: ignore[type-var]
                    yield from chunks
            except Blocked as blocked:
                if blocked is inside.error and blocked is not watch.blocked:
                    raise
                yield self._instead(blocked)
            watch.raise_if_refused()

    async def _arun_stream(
        self, pieces: AsyncIterator[Any], run_manager: Any, config: RunnableConfig, **kwargs: Any
    ) -> AsyncIterator[Any]:
        async with self._session(config) as session:
            steps, child, watch = self._children(config, run_manager, session)
            hide, restore = self._steps(session)
            inside = InnerErrors()
            try:
                (hidden,) = [hidden async for hidden in hide.atransform(pieces, steps)]
                asked, child = await self._aasked(session, child, kwargs)
                if leak := await self.guard.run_blocking(partial(self._leak, session, hidden, asked)):
                    await areport_leak(self.guard, GuardRequest((), session.id), run_manager, leak)
                    raise LeakPrevented(leak, LEAK_REMEDY)
                given: Any = inside.achunks(asked.model.astream(hidden, child, **asked.options))
                async with aclosing(given), aclosing(restore.atransform(given, steps)) as chunks:  # type: ignore[type-var]
                    async for chunk in chunks:
                        yield chunk
            except Blocked as blocked:
                if blocked is inside.error and blocked is not watch.blocked:
                    raise
                yield self._instead(blocked)
            watch.raise_if_refused()

    def _asked(
        self, session: CallSession, config: RunnableConfig, options: dict[str, Any]
    ) -> tuple[ModelInput, RunnableConfig]:
        """Return what is run, with the options of a text model hidden, and its config; models inside hide their own.

        Raises:
            Blocked: If the policy does not let the options go on.
            LeakPrevented: If something is to be hidden where nothing can stand for it.
        """
        asked, config, job = self._chosen(session, config, options)
        return (asked if job is None else asked.hidden_by(job, self.guard.check([job])[0])), config

    async def _aasked(
        self, session: CallSession, config: RunnableConfig, options: dict[str, Any]
    ) -> tuple[ModelInput, RunnableConfig]:
        """Async version of `_asked`."""
        asked, config, job = self._chosen(session, config, options)
        return (asked if job is None else asked.hidden_by(job, (await self.guard.acheck([job]))[0])), config

    def _chosen(
        self, session: CallSession, config: RunnableConfig, options: dict[str, Any]
    ) -> tuple[ModelInput, RunnableConfig, GuardRequest | None]:
        if not self._is_model:
            return ModelInput(self._inside, [], options), config, None
        model, bound, config = chosen(self._inside, config)
        asked = ModelInput(model, [], {**bound, **options})
        request = GuardRequest((), session.id, preamble=False, live=session.live)
        return asked, config, asked.with_options(request) if asked.has_options else None

    def _leak(self, session: CallSession, hidden: Any, asked: ModelInput) -> dict[str, int]:
        """Return the values that a text model is about to be sent, by kind; models inside look for themselves."""
        if not self._is_model:
            return {}
        texts, beside = texts_of(hidden, strict=False), texts_beside((), asked.options)
        if asked.has_options:
            texts += asked.option_texts().texts
        return self.guard.session_values.exposed(session.id, texts, beside=beside)

    def _instead(self, blocked: Blocked) -> str:
        """Return what stands for a blocked input or output.

        Raises:
            Blocked: If nothing does.
        """
        if self._on_blocked == "raise":
            raise blocked
        return self._on_blocked

    def _session(self, config: RunnableConfig) -> CallSession:
        return call_session(self.guard, config, fixed=self._fixed, isolated=True)

    def _children(
        self, config: RunnableConfig, run_manager: Any, session: CallSession
    ) -> tuple[RunnableConfig, RunnableConfig, ModelWatch]:
        """Return the config of the steps, that of the inside, and what watches the inside."""
        manager = unwatched(run_manager.get_child(), self.guard)
        watch = ModelWatch(self.guard, seam="protect()", remedy=_REMEDY, session=session.id, run_id=run_manager.run_id)
        inside = patch_config(config, callbacks=manager if self._is_model else watch.over(manager))
        # What is inside may call a model without its config: LangChain then takes the one of this context, which is a
        # copy that LangChain made for this call.
        var_child_runnable_config.set(inside)
        return patch_config(config, callbacks=manager), inside, watch

    def _steps(self, session: CallSession) -> tuple[Runnable[Any, Any], Runnable[Any, Any]]:
        # a session that the config names is the same one; the inside's config is left as the caller gave it
        if session.live:
            return _HideLive(self.guard, keys=self._keys, session_id=session.id), RunnablePassthrough()
        return (
            Anonymize(self.guard, keys=self._keys, session_id=session.id),
            Deanonymize(self.guard, session_id=session.id),
        )

    def _with_models_protected(self, on_blocked: str, models: Models, leave: frozenset[str]) -> Runnable[Any, Any]:
        found: list[Any] = []

        def wrapped(model: Any) -> BaseChatModel:
            found.append(model)
            return _protected(model, guard=self.guard, session_id=None, on_blocked=on_blocked, leave=leave)

        def other(part: Any) -> Any:
            if isinstance(part, BaseLLM):
                found.append(part)
                return ProtectedRunnable(part, self.guard, on_blocked=on_blocked)
            if is_retriever(part):
                return HideRetrieved(around_models(part, wrapped), self.guard)
            return around_models(part, wrapped) if isinstance(part, ProtectedRetriever) else None

        protected: Runnable[Any, Any] = around_models(self._inside, wrapped, others=other)
        if models == "protected" and not (found or is_plain(self._inside) or leads_to_model(self._inside)):
            raise ValueError(
                f"no chat model was found inside {self._inside.get_name()}, so that nobody could hide what arises in "
                'there: compose it of protect(model, guard), or say models="unseen" if only its input and output '
                "are to be guarded"
            )
        return protected


class _HideLive(Anonymize):
    """Hides the input of a boundary that stands behind another one of its guard: placeholders are there already."""

    def __init__(self, guard: Guard, **fields: Any) -> None:
        super().__init__(guard, **fields)

    def job(self, value: Any, config: RunnableConfig) -> GuardRequest:
        return replace(super().job(value, config), live=True)


def _protected(
    model: Any, *, guard: Guard, session_id: str | None, on_blocked: str, leave: frozenset[str]
) -> BaseChatModel:
    if isinstance(model, ProtectedChatModel) and model.guard is guard:
        return model
    return ProtectedChatModel(
        inner=model, guard=guard, session_id=session_id, isolated=True, on_blocked=on_blocked, leave=leave
    )
