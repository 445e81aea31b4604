"""ProtectedCall: what belongs to one call of a protected model: its session, its watchers, its restorers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, aclosing, asynccontextmanager, closing, contextmanager
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from langchain_core.callbacks import AsyncCallbackManager, AsyncCallbackManagerForChainRun, CallbackManagerForChainRun
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.config import patch_config

from lc_guard._engine.requests import GuardRequest, GuardResult
from lc_guard.errors import FIXED_REMEDY, Blocked, GuardError, LeakPrevented
from lc_guard.guard import Guard
from lc_guard.langchain.audience import APPLICATION_HANDLERS, is_for_application
from lc_guard.langchain.beside_texts import LEAK_REMEDY, texts_beside
from lc_guard.langchain.check_reports import report_leak, report_restoring
from lc_guard.langchain.child_runs import (
    arun_checks,
    at_once,
    is_watched_here,
    run_checks,
    settled,
    unwatched,
    unwatched_here,
    watch_of,
    with_handlers,
)
from lc_guard.langchain.messages import KEPT, Beside, map_texts, texts_of
from lc_guard.langchain.output import OutputCheck
from lc_guard.langchain.refusals import REFUSAL_MARK, without_refused
from lc_guard.langchain.restore import MessageRestorer, SessionRestorers, ValueRestorer, added, as_chunk, revalidated
from lc_guard.langchain.scan_targets import ModelInput, prompt_text, scan_targets, text_origins
from lc_guard.records import BOUNDARY_RUN_ID, RESTORE_CHECK, Decision
from lc_guard.sessions import CallSession

T = TypeVar("T")

_END = object()
_BLOCKED = GuardError("the answer was blocked")
_OF_MANAGER = (
    "handlers", "inheritable_handlers", "parent_run_id", "tags", "inheritable_tags", "metadata", "inheritable_metadata"
)  # fmt: skip
# options by which a provider is told to take what it keeps of a conversation
_KEPT_BY_PROVIDER = ("previous_response_id", "conversation", "cached_content", "container", "prompt")


class ProtectedCall:
    """One call of a protected model.

    Its run has one id and two faces: observers (tracers, usage counters) see a chain around the inner model's run, the
    application's stream handlers see a model run with restored text. So nothing is streamed or counted twice.

    Args:
        guard: Hides and restores.
        config: LangChain's config of the call, complete.
        session: Session of the call.
        manager: Callback manager of the call, sync or async, with all of its handlers.
        json_content: Whether the answer's content is JSON.
        judge_tools: Whether scanners judge results of tools in the messages; False where they have done so.

    Attributes:
        session: Session of the call.
        waits: Whether it is an async call.
        run_id: Id of its run; None until it has one.
        shown_id: Id of the message of which chunks were shown, or None.
        told: What the provider told of the answer as a whole. It is no part of what the protected model makes:
            LangChain would put it into the message, where the inner model has put what belongs there.
    """

    def __init__(
        self,
        guard: Guard,
        config: RunnableConfig,
        session: CallSession,
        manager: Any,
        *,
        json_content: bool,
        judge_tools: bool = True,
    ) -> None:
        self.config = config
        self.session = session
        self.run_id: UUID | None = config.get("run_id")
        self.shown_id: str | None = None
        self.told: dict[str, Any] | None = None
        self._guard = guard
        self._within = getattr(watch_of(manager, guard), "run_id", None)
        self.waits = isinstance(manager, AsyncCallbackManager)
        self._manager = unwatched(manager, guard)  # what its inner model is asked is hidden
        self._json_content = json_content
        self._sent: list[str] | None = None  # what the model was given, if that is all it knows
        self._given: frozenset[str] | None = None
        self._not_given: set[str] = set()
        self._restorers = make = SessionRestorers(guard, session.id, among=self._among_given)
        self._chunks = MessageRestorer(make, json_content=json_content)
        self._whole = ValueRestorer(make)
        self._make = make
        self._keeper: Any = None
        self._cited: Any = None
        self._judge_tools = judge_tools
        self._inner: Any = None  # what tells the inner model's own handlers, where there are any
        self._observed: Any = None  # what observers are shown, where there are any
        self._prompt = ""
        self._answer = OutputCheck(guard, session=session.id, prompt=lambda: self._prompt)

    @property
    def application(self) -> Any:
        """The manager of the handlers that are shown restored text."""
        return with_handlers(self._manager, is_for_application)

    @property
    def name(self) -> str | None:
        """Name of the run, if the config gives one."""
        return self.config.get("run_name")

    @asynccontextmanager
    async def awatched(self, messages: Sequence[BaseMessage], shown: Any = None) -> AsyncIterator[Any]:
        """Open the run that observers see, and forget the session at its end if it is the call's own.

        Args:
            messages: What the call is about.
            shown: Run manager of the run that the application sees.
        """
        run = await settled(self._observers.on_chain_start(*_started(messages), **self._identity(shown)))
        self._watch(run)
        try:
            try:
                yield run
            finally:
                if self.session.own:
                    await self.blocking(self.session.__exit__)
        except BaseException as error:
            await self._tell_inner(error)
            await settled(run.on_chain_error(error, **self._shown, **self._came))
            raise
        await self._tell_inner(_BLOCKED)
        await settled(run.on_chain_end(self._outputs(), **self._shown))

    @contextmanager
    def watched(self, messages: Sequence[BaseMessage], shown: Any = None) -> Iterator[Any]:
        """Sync version of `awatched`, for streams."""
        around = self.awatched(messages, shown)
        run = at_once(around.__aenter__())
        try:
            yield run
        except BaseException as error:
            at_once(around.__aexit__(type(error), error, error.__traceback__))
            raise
        at_once(around.__aexit__(None, None, None))

    async def blocking(self, call: Callable[..., T], *args: Any) -> T:
        """Return what a call gives that may block: an async call makes it in a thread."""
        return await self._guard.run_blocking(partial(call, *args)) if self.waits else call(*args)

    async def _tell_inner(self, end: BaseException | None) -> None:
        if self._inner is not None:
            await settled((self._inner.atell if self.waits else self._inner.tell)(end))

    async def hide(self, asked: ModelInput, run: Any) -> ModelInput:
        """Return what the model may see.

        Args:
            asked: What it is to be asked.
            run: The run that observers see.

        Raises:
            Blocked: If the policy does not let it go on.
            LeakPrevented: If a value of the session would be sent all the same.
        """
        asked = _without_refused(asked)
        received = None
        if any(KEPT in message.additional_kwargs for message in asked.messages):
            received = await self.blocking(received_blocks, asked.messages, self._guard, self.session)
        others = asked if received is None else asked.replaced(messages=received.others)
        job, everyone = self._job(asked.messages, others), self._everyone(run)
        (outcome,) = await settled((arun_checks if self.waits else run_checks)(self._guard, [job], [everyone]))
        if self._observed is not None and outcome.blocking is not None:
            await self.blocking(self._observed.blocked, asked.messages)
        hidden = self._hidden(others, outcome)
        if leak := await self.blocking(self._leak, hidden, job, outcome):
            await report_leak(self._guard, job, everyone, leak)
            raise LeakPrevented(leak, FIXED_REMEDY if outcome.held(job) else LEAK_REMEDY)
        if received is not None:
            hidden = hidden.replaced(messages=list(await self.blocking(received.put, hidden.messages)))
        return self._asks(hidden)

    @property
    def judged(self) -> bool:
        """Whether scanners judge the answer; behind a boundary that one has them judge what comes out."""
        return self._answer.judged and not self.session.live

    @property
    def answers_for_blocks(self) -> bool:
        """Whether something in this call may block the answer, so that an error must be told from one from inside."""
        return self.judged or bool(self._guard.policy.restore)

    @staticmethod
    def refused(blocked: Blocked) -> bool:
        """Return whether it was a value that may not be put back: what was held back of the answer is not shown."""
        return blocked.decision.check == RESTORE_CHECK

    async def judge(self, answer: Any, run: Any) -> Any:
        """Return what may be shown of an answer of the inner model.

        Raises:
            Blocked: If the policy does not let it go on.
        """
        if not self.judged:
            return answer
        return await settled((self._answer.ajudge if self.waits else self._answer.judge)(answer, self._everyone(run)))

    def judge_stream(self, chunks: Iterator[Any], run: Any) -> Iterator[Any]:
        """Return the chunks of the inner model's stream as they may be shown."""
        if not self.judged:
            return chunks
        return self._answer.stream(map(as_chunk, chunks), self._everyone(run))

    def ajudge_stream(self, chunks: AsyncIterator[Any], run: Any) -> AsyncIterator[Any]:
        """Async version of `judge_stream`."""
        if not self.judged:
            return chunks
        made = (as_chunk(chunk) async for chunk in chunks)
        return self._answer.astream(made, self._everyone(run))

    def inner_config(self, run: Any) -> RunnableConfig:
        """Return the config of the inner model's call: a child of the run that observers see."""
        if APPLICATION_HANDLERS:
            from lc_guard.langchain.shown_steps import InnerAnswer  # noqa: PLC0415 - only where somebody is told

            hold = self.judged and self._guard.policy.streaming != "audit"
            self._inner = InnerAnswer(self._guard, self.session.id, run, hold=hold, within=self._within)
        return patch_config(self.config, callbacks=unwatched(run.get_child(), self._guard))

    def asking(self) -> AbstractContextManager[None]:
        """Return the context in which the inner model is asked: nothing that it asks is watched for the guard."""
        return unwatched_here(self._guard)

    def ask_stream(self, chunks: Iterator[Any]) -> Iterator[Any]:
        """Return the chunks of the inner model's stream, each asked for in the context of `asking`.

        Whether anything is watched is decided here, once: a stream that nobody watches is the inner model's own. A
        watch that its reader comes under later refuses more than it has to, never less.
        """
        return self._asked(chunks) if is_watched_here() else chunks

    def aask_stream(self, chunks: AsyncIterator[Any]) -> AsyncIterator[Any]:
        """Async version of `ask_stream`."""
        return self._aasked(chunks) if is_watched_here() else chunks

    def _asked(self, chunks: Iterator[Any]) -> Iterator[Any]:
        with closing(chunks):  # type: ignore[type-var]
            while True:
                with self.asking():
                    chunk = next(chunks, _END)
                if chunk is _END:
                    return
                yield chunk

    async def _aasked(self, chunks: AsyncIterator[Any]) -> AsyncIterator[Any]:
        async with aclosing(chunks):  # type: ignore[type-var]
            while True:
                with self.asking():
                    chunk = await anext(chunks, _END)
                if chunk is _END:
                    return
                yield chunk

    def restore(self, message: Any) -> Any:
        """Return an answer of the inner model with its values put back; behind a boundary that one does."""
        self.shows(message)
        if self.session.live:
            return self._kept(message, message)
        received, content = message, message.content
        if self._json_content:  # its content is restored as JSON, and restored text is not looked at again
            message = message.model_copy(update={"content": ""})
        restored = self._whole.value(message)
        if self._json_content:
            restored = restored.model_copy(update={"content": self._json(content)})
        if self._cites(received):
            restored = self._cited.shown(received, restored)
        return self._kept(received, revalidated(restored))

    def feed(self, message: Any) -> AIMessageChunk:
        """Take a chunk of the inner model's stream and give what of it can be shown."""
        alone = self._observed is None and self._keeper is None and not self.session.live
        restored = self._chunks.feed_plain(message) if alone and type(message) is AIMessageChunk else None
        if restored is None:  # as few are
            chunk = self.shows(as_chunk(message))
            restored = chunk if self.session.live else revalidated(self._chunks.feed(chunk))
            moved = self._cited.piece(chunk, restored) if self._cites(chunk) else restored
            restored = self._kept(chunk, moved, piece=True)
        self.shown_id = restored.id
        shown: AIMessageChunk = restored
        return shown

    def shows(self, message: Any) -> Any:
        """Note an answer, or what stands for it, for those who watch, and give it back."""
        if self._observed is not None:
            self._observed.said(message)
        return message

    def flush(self) -> list[AIMessageChunk]:
        """Return what was held back of the stream."""
        return list(self._chunks.flush())

    async def report(self, run: Any, blocked: Blocked | None = None) -> None:
        """Tell everybody how many placeholders were restored, and what was decided of those that were not.

        Args:
            run: The run that observers see.
            blocked: What was raised by one that blocks, if any.
        """
        await self._tell_inner(None)
        everyone = self._everyone(run)
        if everyone.handlers:
            await report_restoring(self._guard, everyone, self._refused(blocked), self._restored)

    def _refused(self, blocked: Blocked | None) -> list[Decision]:
        return [*self._restorers.decisions(), *([] if blocked is None else [blocked.decision])]

    @property
    def _observers(self) -> Any:
        return with_handlers(self._manager, lambda handler: not is_for_application(handler))

    def _identity(self, shown: Any) -> dict[str, Any]:
        return {"name": self.name or "ProtectedChatModel", "run_id": self.run_id if shown is None else shown.run_id}

    @property
    def _shown(self) -> dict[str, Any]:
        return {} if self._observed is None else self._observed.inputs

    @property
    def _came(self) -> dict[str, Any]:
        return {} if self._observed is None else self._observed.outputs

    @property
    def _restored(self) -> tuple[int, int]:
        return added([self._whole.total, self._chunks.counts])

    def _watch(self, run: Any) -> None:
        if run.handlers:
            from lc_guard.langchain.observed_call import ObservedCall  # noqa: PLC0415 - only where somebody watches

            self._observed = ObservedCall(self._guard, self.session.id)

    def _asks(self, hidden: ModelInput) -> ModelInput:
        if self._observed is not None:
            self._observed.asked(hidden.messages)
        return hidden

    def _outputs(self) -> Any:
        return self._came.get("outputs") or dict(zip(("restored", "unknown"), self._restored, strict=True))

    def _cites(self, message: Any) -> bool:
        """Return whether citations that this call moves may stand in a message, as in few."""
        if self.session.live or (isinstance(message.content, str) and not message.additional_kwargs):
            return False
        if self._cited is None:
            from lc_guard.langchain.citations import Citations  # noqa: PLC0415

            self._cited = Citations(partial(self._make, as_json=False))
        return True

    def _kept(self, received: Any, shown: Any, *, piece: bool = False) -> Any:
        """Return an answer, or a piece of one, that carries how what the provider signed in it was received."""
        if self._keeper is None:
            if isinstance(received.content, str) and not received.additional_kwargs:
                return shown
            from lc_guard.langchain.signed_blocks import AnswerKeeper  # noqa: PLC0415 - only where one may be signed

            self._keeper = AnswerKeeper(self._guard, self.session, self._make)
        return self._keeper.piece(received, shown) if piece else self._keeper.whole(received, shown)

    def _job(self, judged: Sequence[BaseMessage], asked: ModelInput) -> GuardRequest:
        asks = scan_targets(judged, "prompt") if self._guard.scanners.prompt else []
        wanted = [ask for ask in asks if self._judge_tools or ask.stage != "tool_result"]
        live, beside = self.session.live, Beside()
        texts = texts_of(asked.read, beside=beside)
        job = GuardRequest(
            texts,
            self.session.id,
            preamble=not live,
            asks=wanted,
            live=live,
            beside=[*beside.names],
            fixed=beside.fixed,
            origins=partial(text_origins, judged, "prompt"),
        )
        return asked.with_options(job, self._names) if asked.has_options else job

    @property
    def _names(self) -> Iterator[Any]:
        """Names of the agent and of the node that ask."""
        metadata = self.config.get("metadata") or {}
        return map(metadata.get, ("langgraph_node", "lc_agent_name"))

    def _among_given(self, values: Mapping[str, str]) -> Mapping[str, str]:
        """Return the values that the model was given placeholders of: not those whose numbers it counted up to."""
        if self._sent is None or not values:
            return values
        if self._given is None:
            sent = self._guard.session_values.placeholders_in(self.session.id, self._sent)
            self._given = sent | self._guard.session_values.given(self.session.id)
        kept = [token for token in values if token not in self._given and token not in self._not_given]
        if kept:  # each is looked up more than once
            self._not_given.update(kept)
            kinds = self._guard.session_values.kinds_of(self.session.id, {token: values[token] for token in kept})
            self._restorers.refused(list(kinds.values()))
        return {placeholder: value for placeholder, value in values.items() if placeholder in self._given}

    def _hidden(self, asked: ModelInput, outcome: GuardResult) -> ModelInput:
        outcome.raise_if_blocked()
        texts = map_texts(asked.read, outcome.hide, beside=outcome.hide)
        hidden = asked.put(self._cited.sent(each) if self._cites(each) else each for each in texts)
        self._prompt = prompt_text(hidden.messages) if self.judged else ""
        return hidden.hidden_options(outcome.hide) if asked.has_options else hidden

    def _leak(self, hidden: ModelInput, job: GuardRequest, outcome: GuardResult) -> dict[str, int]:
        """Return the values of the session that are about to be sent, by kind; note what the model is given."""
        texts, beside = texts_of(hidden.messages, strict=False), list[str]()
        if hidden.has_options or any(each.name or not isinstance(each.content, str) for each in hidden.messages):
            beside += texts_beside(hidden.messages, hidden.options)
        held, named = outcome.held(job), list[str]()
        if hidden.has_options:  # a schema has placeholders as well
            sent = hidden.option_texts()
            texts += sent.texts
            beside += sent.kept
            named = [*sent.names, *sent.fixed]
        told = {**hidden.options, **(hidden.options.get("extra_body") or {})}
        if not any(told.get(name) for name in _KEPT_BY_PROVIDER):
            self._sent = [*texts, *named]
        beside += (text for text in job.fixed if text not in held)
        leak = self._guard.session_values.exposed(self.session.id, [*texts, *held], beside=beside)
        return leak or (dict(outcome.decisions[0].entities) if held else {})

    def _json(self, content: Any) -> Any:
        if isinstance(content, str):
            return self._whole.text(content, as_json=True)
        return [
            {**self._whole.value({**block, "text": ""}), "text": self._whole.text(block["text"], as_json=True)}
            if isinstance(block, Mapping) and isinstance(block.get("text"), str)
            else self._whole.value(block)
            for block in content
        ]

    def _everyone(self, run: Any) -> Any:
        """Return the call's run with both audiences: the decision of its check is for the application's stream too."""
        kind: Any = AsyncCallbackManagerForChainRun if self.waits else CallbackManagerForChainRun
        return kind(run_id=run.run_id, **{name: getattr(self._manager, name) for name in _OF_MANAGER})


def received_blocks(messages: Sequence[BaseMessage], guard: Guard, session: CallSession) -> Any:
    """Return the `ReceivedBlocks` of a conversation; None if no message says that it carries any."""
    if not any(KEPT in message.additional_kwargs for message in messages):
        return None
    from lc_guard.langchain.signed_blocks import ReceivedBlocks  # noqa: PLC0415 - only where something is signed

    return ReceivedBlocks(messages, guard, session)


def _without_refused(asked: ModelInput) -> ModelInput:
    if any(REFUSAL_MARK in message.response_metadata for message in asked.messages):
        return asked.replaced(messages=without_refused(asked.messages))
    return asked


def _started(messages: Sequence[BaseMessage]) -> tuple[dict[str, Any], dict[str, int]]:
    return {"id": [*BOUNDARY_RUN_ID, "ProtectedChatModel"]}, {"messages": len(messages)}
