"""ProtectedRunnable: the boundary around anything that is no chat model: it hides the input and restores the output."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import aclosing, closing
from dataclasses import replace
from functools import partial
from typing import Any, Literal

from langchain_core.language_models import BaseChatModel, BaseLLM
from langchain_core.runnables import Runnable, RunnableConfig, RunnablePassthrough, RunnableSerializable
from langchain_core.runnables.base import coerce_to_runnable
from langchain_core.runnables.config import patch_config, var_child_runnable_config
from langchain_core.runnables.configurable import DynamicRunnable
from langchain_core.runnables.utils import ConfigurableFieldSpec
from pydantic import ConfigDict, Field, PrivateAttr

from lc_guard._engine.requests import GuardRequest
from lc_guard.errors import Blocked, LeakPrevented
from lc_guard.guard import Guard
from lc_guard.langchain.beside_texts import LEAK_REMEDY, left_parts, texts_beside
from lc_guard.langchain.chat_model import ProtectedChatModel
from lc_guard.langchain.check_reports import report_leak
from lc_guard.langchain.child_runs import ModelWatch, at_once, call_session, unwatched
from lc_guard.langchain.config_specs import with_session
from lc_guard.langchain.inner_model import chosen
from lc_guard.langchain.messages import texts_of
from lc_guard.langchain.model_search import is_plain, leads_to_model
from lc_guard.langchain.output import InnerErrors
from lc_guard.langchain.retrieved import HideRetrieved, is_retriever
from lc_guard.langchain.retriever import ProtectedRetriever
from lc_guard.langchain.runnables import Anonymize, Deanonymize
from lc_guard.langchain.scan_targets import ModelInput
from lc_guard.langchain.steps import SingleChunkStream
from lc_guard.langchain.wrapping import around_models
from lc_guard.sessions import CallSession

Models = Literal["protected", "unseen"]
"""What `protect` is to think of an inside in which no model is found."""
_REMEDY = (
    "Give it a protected one, protect(model, guard), with the same guard; an agent takes "
    "create_agent(..., middleware=[GuardMiddleware(guard)]) instead of protect(agent, guard)"
)


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
                asked, child = self._asked(session, hidden, run_manager, child, kwargs)
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
                asked, child = await self._aasked(session, hidden, run_manager, child, kwargs)
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
                asked, child = self._asked(session, hidden, run_manager, child, kwargs)
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
                asked, child = await self._aasked(session, hidden, run_manager, child, kwargs)
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
        self, session: CallSession, hidden: Any, run: Any, config: RunnableConfig, options: dict[str, Any]
    ) -> tuple[ModelInput, RunnableConfig]:
        """Return what is run, with the options of a text model hidden, and its config; models inside hide their own.

        Raises:
            Blocked: If the policy does not let the options go on.
            LeakPrevented: If something is to be hidden where nothing can stand for it, or would be sent all the same.
        """
        asked, config, job = self._chosen(session, config, options)
        if job is not None:
            asked = asked.hidden_by(job, self.guard.check([job])[0])
        if leak := self._leak(session, hidden, asked):
            at_once(report_leak(self.guard, GuardRequest((), session.id), run, leak))
            raise LeakPrevented(leak, LEAK_REMEDY)
        return asked, config

    async def _aasked(
        self, session: CallSession, hidden: Any, run: Any, config: RunnableConfig, options: dict[str, Any]
    ) -> tuple[ModelInput, RunnableConfig]:
        """Async version of `_asked`."""
        asked, config, job = self._chosen(session, config, options)
        if job is not None:
            asked = asked.hidden_by(job, (await self.guard.acheck([job]))[0])
        if leak := await self.guard.run_blocking(partial(self._leak, session, hidden, asked)):
            await report_leak(self.guard, GuardRequest((), session.id), run, leak)
            raise LeakPrevented(leak, LEAK_REMEDY)
        return asked, config

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
            return protected_model(model, guard=self.guard, session_id=None, on_blocked=on_blocked, leave=leave)

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


def protected_model(
    model: Any, *, guard: Guard, session_id: str | None, on_blocked: str, leave: frozenset[str]
) -> BaseChatModel:
    """Return a chat model behind a guard; one that is there already stays as it is."""
    if isinstance(model, ProtectedChatModel) and model.guard is guard:
        return model
    return ProtectedChatModel(
        inner=model, guard=guard, session_id=session_id, isolated=True, on_blocked=on_blocked, leave=leave
    )
