"""GuardCheckpointer: an agent's checkpoints hold placeholders, its run and its readers real text.

The checkpointer is the one seam that all of a run's memory passes: also the input, which LangGraph stores before any
middleware runs, the values of interrupts, the answers to them, and the text of errors.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from copy import copy
from functools import partial
from typing import Any, NamedTuple

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    BaseCheckpointSaver,
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
    get_checkpoint_metadata,
)

from lc_guard._engine.requests import GuardRequest
from lc_guard._vendors.reviewed_methods import CHECKPOINTER
from lc_guard._vendors.seals import Seal
from lc_guard.errors import kind_given
from lc_guard.guard import Guard, require_guard
from lc_guard.langchain.messages import Change
from lc_guard.langchain.restore import SessionRestorers
from lc_guard.langchain.stored_values import StoredWalk
from lc_guard.sessions import session_key

# Written by LangGraph, read by the stores: never anybody's text.
# What stores add by themselves from the config's metadata is added before, so that it is hidden as well.
_LANGGRAPHS_OWN = frozenset({"source", "step", "parents", "run_id", "writes", "counters_since_delta_snapshot"})

_MAX_WRAPPERS = 10

_NO_THREAD = (
    'GuardCheckpointer takes the thread for the session: call the graph with config={"configurable": {"thread_id": '
    '"..."}}; a "session_id" does not count here, since a checkpoint is found by its thread alone'
)


class GuardCheckpointer(BaseCheckpointSaver[Any]):
    """Stores placeholders in another checkpointer, and gives real text back.

    Give it to ``create_agent(..., checkpointer=GuardCheckpointer(SqliteSaver(...), guard=guard))``. Each thread is a
    session of the guard, named by its ``thread_id``. The values themselves live in the guard's vault alone: what a
    vault has forgotten, the stored conversation has lost as well.

    Whatever LangGraph stores comes back as it was. Text is hidden wherever it stands: in bytes that are text too, in
    paths, addresses and arrays. Numbers, dates, ids, members of enumerations and bytes that are no text (images,
    archives) are stored as they are; what can't be looked into is refused.

    Args:
        saver: Where checkpoints are stored.
        guard: Decides and remembers.
        skip_channels: Names of channels that are stored **as they are**: embeddings, files, objects of types that are
            not known here. What the same channel is given by an input or a `Send` is left alone as well.

    Raises:
        TypeError: If an argument is not of its type.
    """

    def __init__(self, saver: BaseCheckpointSaver[Any], *, guard: Guard, skip_channels: Collection[str] = ()) -> None:
        if not isinstance(saver, BaseCheckpointSaver):
            raise TypeError(f"{type(self).__name__} needs a checkpointer to store in, got {kind_given(saver)}")
        require_guard(guard, type(self).__name__)
        if isinstance(skip_channels, str):
            raise TypeError('skip_channels must be a collection of names, such as skip_channels=["embedding"]')
        super().__init__(serde=saver.serde)
        self.saver = saver
        self.guard = guard
        self.skip_channels = frozenset(skip_channels)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({type(self.saver).__name__}, guard={self.guard!r})"

    @property
    def config_specs(self) -> list[Any]:
        """What the store underneath reads of a config."""
        return self.saver.config_specs

    def get_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """Return a checkpoint with real text, None if there is none."""
        found = self.saver.get_tuple(config)
        return None if found is None else self._restored(found)

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """Async version of `get_tuple`."""
        found = await self.saver.aget_tuple(config)
        return None if found is None else await self.guard.run_blocking(partial(self._restored, found))

    def list(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,  # noqa: A002 - LangGraph's name
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> Iterator[CheckpointTuple]:
        """Yield checkpoints with real text, the newest first."""
        yield from map(self._restored, self.saver.list(config, filter=filter, before=before, limit=limit))

    async def alist(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,  # noqa: A002 - LangGraph's name
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[CheckpointTuple]:
        """Async version of `list`."""
        async for found in self.saver.alist(config, filter=filter, before=before, limit=limit):
            yield await self.guard.run_blocking(partial(self._restored, found))

    def put(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Store a checkpoint with placeholders.

        Raises:
            Blocked: If the policy does not let the state go on.
            UnsupportedInput: If something in the state can't be looked into.
        """
        walk = _Checkpoint(checkpoint, get_checkpoint_metadata(config, metadata), self.skip_channels)
        (outcome,) = self.guard.check([walk.job(_thread(config))])
        return self.saver.put(config, *walk.changed(outcome.hide), new_versions)

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Async version of `put`."""
        walk = _Checkpoint(checkpoint, get_checkpoint_metadata(config, metadata), self.skip_channels)
        (outcome,) = await self.guard.acheck([walk.job(_thread(config))])
        return await self.saver.aput(config, *walk.changed(outcome.hide), new_versions)

    def put_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """Store what tasks wrote, interrupts and errors included, with placeholders.

        Raises:
            Blocked: If the policy does not let it go on.
            UnsupportedInput: If something in it can't be looked into.
        """
        walk = _Writes(writes, self.skip_channels)
        (outcome,) = self.guard.check([walk.job(_thread(config))])
        self.saver.put_writes(config, walk.changed(outcome.hide), task_id, task_path)

    async def aput_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """Async version of `put_writes`."""
        walk = _Writes(writes, self.skip_channels)
        (outcome,) = await self.guard.acheck([walk.job(_thread(config))])
        await self.saver.aput_writes(config, walk.changed(outcome.hide), task_id, task_path)

    def delete_thread(self, thread_id: str) -> None:
        """Delete a thread's checkpoints. Its values stay in the vault: see `GuardSession.forget`."""
        self.saver.delete_thread(thread_id)

    async def adelete_thread(self, thread_id: str) -> None:
        """Async version of `delete_thread`."""
        await self.saver.adelete_thread(thread_id)

    def delete_for_runs(self, run_ids: Sequence[str]) -> None:
        """Delete what certain runs stored."""
        self.saver.delete_for_runs(run_ids)

    async def adelete_for_runs(self, run_ids: Sequence[str]) -> None:
        """Async version of `delete_for_runs`."""
        await self.saver.adelete_for_runs(run_ids)

    def prune(self, thread_ids: Sequence[str], *, strategy: str = "keep_latest") -> None:
        """Delete older checkpoints of threads."""
        self.saver.prune(thread_ids, strategy=strategy)

    async def aprune(self, thread_ids: Sequence[str], *, strategy: str = "keep_latest") -> None:
        """Async version of `prune`."""
        await self.saver.aprune(thread_ids, strategy=strategy)

    def rehide(self, thread_id: str) -> int:
        """Store all checkpoints of a thread anew with placeholders, also those from before there was a guard.

        All of it is hidden before anything is changed; then the thread is deleted and written again, which is no single
        step: have nothing else write the thread meanwhile, and a backup at hand. What is hidden already stays so.

        Args:
            thread_id: The thread, which is a session of the guard.

        Returns:
            The number of checkpoints.

        Raises:
            Blocked: If the policy does not let something go on; nothing was changed then.
            UnsupportedInput: If something can't be looked into; nothing was changed then.
        """
        config: RunnableConfig = {"configurable": {"thread_id": thread_id}}
        hidden = [self._hidden(found) for found in self.list(config)]
        if hidden:
            self.saver.delete_thread(thread_id)
        for found, tasks in reversed(hidden):  # the newest came first
            place = {name: found.config["configurable"].get(name, "") for name in ("thread_id", "checkpoint_ns")}
            parent = (found.parent_config or {}).get("configurable", {}).get("checkpoint_id")
            before = {**place, "checkpoint_id": parent} if parent else place
            versions = found.checkpoint["channel_versions"]
            stored = self.saver.put({"configurable": before}, found.checkpoint, found.metadata, versions)
            for task, writes in tasks.items():
                self.saver.put_writes(stored, writes, task)
        return len(hidden)

    def _hidden(self, found: CheckpointTuple) -> tuple[CheckpointTuple, dict[str, Any]]:
        """Return a checkpoint with placeholders, and what its tasks wrote."""
        session = _thread(found.config)
        state = _Checkpoint(found.checkpoint, found.metadata, self.skip_channels)
        writes = _Writes([write[1:] for write in found.pending_writes or ()], self.skip_channels)
        ours, theirs = self.guard.check([state.job(session), writes.job(session)])
        checkpoint, metadata = state.changed(ours.hide)
        tasks: dict[str, Any] = {}
        for write, pair in zip(found.pending_writes or (), writes.changed(theirs.hide), strict=True):
            tasks.setdefault(write[0], []).append(pair)
        return found._replace(checkpoint=checkpoint, metadata=metadata), tasks

    def get_next_version(self, current: Any, channel: None) -> Any:
        """Return the next version of a channel, as the store underneath counts them."""
        return self.saver.get_next_version(current, channel)

    def with_allowlist(self, extra_allowlist: Collection[tuple[str, ...]]) -> GuardCheckpointer:
        """Return a twin whose store may read further types."""
        twin = copy(self)
        twin.saver = self.saver.with_allowlist(extra_allowlist)
        twin.serde = twin.saver.serde
        return twin

    def _restored(self, found: CheckpointTuple) -> CheckpointTuple:
        make = SessionRestorers(self.guard, _thread(found.config), at="state")

        def restore(text: str) -> str:
            restorer = make(as_json=False)
            return restorer.feed(text) + restorer.flush()

        stored = _Checkpoint(found.checkpoint, found.metadata, self.skip_channels)
        checkpoint, metadata = stored.changed(restore, restores=True)
        writes = found.pending_writes
        if writes is not None:
            pairs = _Writes([write[1:] for write in writes], self.skip_channels).changed(restore, restores=True)
            writes = [(write[0], *pair) for write, pair in zip(writes, pairs, strict=True)]
        return found._replace(checkpoint=checkpoint, metadata=metadata, pending_writes=writes)


# a method that a later LangGraph adds may write what nobody has hidden
Seal("GuardCheckpointer", "langgraph-checkpoint").close(GuardCheckpointer, BaseCheckpointSaver, CHECKPOINTER)


def stores_placeholders(saver: Any, guard: Guard) -> bool:
    """Return whether a checkpointer stores by a `GuardCheckpointer` of a guard, and by no other.

    Servers wrap the checkpointer of an application in one of their own: every checkpointer that such a wrapper holds in
    its attributes must lead to one of the guard. The attributes are those of the object itself, whatever it says of
    others: a wrapper may hand all questions on to what is inside.

    Args:
        saver: The checkpointer that LangGraph uses.
        guard: The guard of the agent.
    """
    for _ in range(_MAX_WRAPPERS):
        if isinstance(saver, GuardCheckpointer):
            return saver.guard is guard
        held = {id(part): part for part in _attributes(saver) if isinstance(part, BaseCheckpointSaver)}
        if len(held) != 1:
            return False  # it stores by itself, or in two places
        (saver,) = held.values()
    return False


def _attributes(value: Any) -> Iterator[Any]:
    with suppress(AttributeError):
        yield from list(object.__getattribute__(value, "__dict__").values())
    for kind in type(value).__mro__:
        slots = vars(kind).get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if name not in ("__dict__", "__weakref__"):
                yield getattr(value, name, None)


class _Checkpoint(NamedTuple):
    """What of a checkpoint is walked: the channels, and the metadata that is not LangGraph's own."""

    checkpoint: Checkpoint
    metadata: CheckpointMetadata
    skip: Collection[str] = ()

    def job(self, session: str) -> GuardRequest:
        texts: list[str] = []
        self.changed(partial(_noted, texts))
        return GuardRequest(texts, session, preamble=False, origins=dict)  # what is stored must come back as it was

    def changed(self, change: Change, *, restores: bool = False) -> tuple[Checkpoint, CheckpointMetadata]:
        channels: Mapping[str, Any] = self.checkpoint["channel_values"]
        walk = StoredWalk(change, strict=not restores, restores=restores, skip=self.skip)
        values = {name: walk.channel(name, value) for name, value in channels.items()}
        beside = StoredWalk(change, strict=False, restores=restores)
        metadata = {
            name: value if name in _LANGGRAPHS_OWN else beside.channel(name, value)
            for name, value in self.metadata.items()
        }
        return {**self.checkpoint, "channel_values": values}, metadata  # type: ignore[return-value]


class _Writes(NamedTuple):
    """What of a task's writes is walked: everything but the names of the channels."""

    writes: Sequence[tuple[str, Any]]
    skip: Collection[str] = ()

    def job(self, session: str) -> GuardRequest:
        texts: list[str] = []
        self.changed(partial(_noted, texts))
        return GuardRequest(texts, session, preamble=False, origins=dict)  # what is stored must come back as it was

    def changed(self, change: Change, *, restores: bool = False) -> list[tuple[str, Any]]:
        walk = StoredWalk(change, strict=not restores, restores=restores, skip=self.skip)
        return [(channel, walk.channel(channel, value)) for channel, value in self.writes]


def _noted(texts: list[str], text: str) -> str:
    texts.append(text)
    return text


def _thread(config: RunnableConfig) -> str:
    return session_key((config.get("configurable") or {}).get("thread_id"), _NO_THREAD)
