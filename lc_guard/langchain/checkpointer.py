"""GuardCheckpointer: an agent's checkpoints hold placeholders, its run and its readers real text.

The checkpointer is the one seam that all of a run's memory passes: also the input, which LangGraph stores before any
middleware runs, the values of interrupts, the answers to them, and the text of errors.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
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
from langgraph.types import Send

from lc_guard._engine.requests import GuardRequest
from lc_guard._vendors.reviewed_methods import CHECKPOINTER
from lc_guard._vendors.seals import Seal
from lc_guard.guard import Guard
from lc_guard.langchain.messages import map_texts
from lc_guard.langchain.restore import SessionRestorers
from lc_guard.sessions import session_key

# Written by LangGraph, read by the stores: never anybody's text.
# What stores add by themselves from the config's metadata is added before, so that it is hidden as well.
_LANGGRAPHS_OWN = frozenset({"source", "step", "parents", "run_id", "writes", "counters_since_delta_snapshot"})

_Change = Callable[[str], str]


class GuardCheckpointer(BaseCheckpointSaver[Any]):
    """Stores placeholders in another checkpointer, and gives real text back.

    Give it to ``create_agent(..., checkpointer=GuardCheckpointer(SqliteSaver(...), guard=guard))``. Each thread is a
    session of the guard, named by its ``thread_id``. The values themselves live in the guard's vault alone: what a
    vault has forgotten, the stored conversation has lost as well.

    Args:
        saver: Where checkpoints are stored.
        guard: Decides and remembers.

    Raises:
        TypeError: If an argument is not of its type.
    """

    def __init__(self, saver: BaseCheckpointSaver[Any], *, guard: Guard) -> None:
        if not isinstance(saver, BaseCheckpointSaver):
            raise TypeError(f"{type(self).__name__} needs a checkpointer to store in, got {type(saver).__name__}")
        if not isinstance(guard, Guard):
            raise TypeError(f"{type(self).__name__} needs a Guard, got {type(guard).__name__}")
        super().__init__(serde=saver.serde)
        self.saver = saver
        self.guard = guard

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
        walk = _Checkpoint(checkpoint, get_checkpoint_metadata(config, metadata))
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
        walk = _Checkpoint(checkpoint, get_checkpoint_metadata(config, metadata))
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
        walk = _Writes(writes)
        (outcome,) = self.guard.check([walk.job(_thread(config))])
        self.saver.put_writes(config, walk.changed(outcome.hide), task_id, task_path)

    async def aput_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """Async version of `put_writes`."""
        walk = _Writes(writes)
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

        checkpoint, metadata = _Checkpoint(found.checkpoint, found.metadata).changed(restore, strict=False)
        writes = found.pending_writes
        if writes is not None:
            writes = [(task, channel, _walked(value, restore, strict=False)) for task, channel, value in writes]
        return found._replace(checkpoint=checkpoint, metadata=metadata, pending_writes=writes)


# a method that a later LangGraph adds may write what nobody has hidden
Seal("GuardCheckpointer", "langgraph-checkpoint").close(GuardCheckpointer, BaseCheckpointSaver, CHECKPOINTER)


class _Checkpoint(NamedTuple):
    """What of a checkpoint is walked: the channels, and the metadata that is not LangGraph's own."""

    checkpoint: Checkpoint
    metadata: CheckpointMetadata

    def job(self, session: str) -> GuardRequest:
        texts: list[str] = []
        self.changed(partial(_noted, texts))
        return GuardRequest(texts, session, preamble=False, origins=dict)  # what is stored must come back as it was

    def changed(self, change: _Change, *, strict: bool = True) -> tuple[Checkpoint, CheckpointMetadata]:
        channels: Mapping[str, Any] = self.checkpoint["channel_values"]
        values = {name: _walked(value, change, strict=strict) for name, value in channels.items()}
        metadata = {
            name: value if name in _LANGGRAPHS_OWN else _walked(value, change, strict=False)
            for name, value in self.metadata.items()
        }
        return {**self.checkpoint, "channel_values": values}, metadata  # type: ignore[return-value]


class _Writes(NamedTuple):
    """What of a task's writes is walked: everything but the names of the channels."""

    writes: Sequence[tuple[str, Any]]

    def job(self, session: str) -> GuardRequest:
        texts: list[str] = []
        self.changed(partial(_noted, texts))
        return GuardRequest(texts, session, preamble=False, origins=dict)  # what is stored must come back as it was

    def changed(self, change: _Change) -> list[tuple[str, Any]]:
        return [(channel, _walked(value, change, strict=True)) for channel, value in self.writes]


def _walked(value: Any, change: _Change, *, strict: bool) -> Any:
    """Walk a value of a channel; LangGraph's packets and errors are known here alone."""
    if value is None:
        return None
    if isinstance(value, BaseException):
        return change(repr(value))  # what LangGraph's serializer would make of it
    if isinstance(value, Send):
        changed = _walked(value.arg, change, strict=strict)
        return value if changed is value.arg else _sent(value, changed)
    if isinstance(value, list | tuple) and any(isinstance(item, Send) for item in value):
        return [_walked(item, change, strict=strict) for item in value]
    return map_texts([value], change, strict=strict)[0]  # in a list: the keys of what is inside are data


def _sent(packet: Send, arg: Any) -> Send:
    timeout = getattr(packet, "timeout", None)
    return Send(packet.node, arg) if timeout is None else Send(packet.node, arg, timeout=timeout)


def _noted(texts: list[str], text: str) -> str:
    texts.append(text)
    return text


def _thread(config: RunnableConfig) -> str:
    return session_key((config.get("configurable") or {}).get("thread_id"))
