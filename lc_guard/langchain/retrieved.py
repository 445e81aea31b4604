"""HideRetrieved: what is retrieved inside a boundary is hidden where it arises, before a prompt swallows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import Runnable, RunnableConfig
from langchain_core.runnables.configurable import DynamicRunnable
from langchain_core.runnables.utils import ConfigurableFieldSpec

from lc_guard._engine.requests import GuardRequest, GuardResult
from lc_guard.errors import Blocked
from lc_guard.guard import Guard
from lc_guard.langchain.child_runs import arun_checks, call_session, run_checks, watch_of
from lc_guard.langchain.document_texts import DocumentFields, change_document, texts_in
from lc_guard.langchain.retriever import ProtectedRetriever
from lc_guard.records import BOUNDARY_RUN_ID

_SERIALIZED = {"id": [*BOUNDARY_RUN_ID, "HideRetrieved"]}


class HideRetrieved(Runnable[Any, Any]):
    """A retriever whose documents are hidden in the session of the boundary around it; `lc_guard.protect` makes it.

    Behind a retriever, and only there, everything that looks like a placeholder is known to be none: a document that
    names one of the conversation's can't have it restored. Scanners judge them with the prompt
    that they end in.

    Args:
        retriever: Gives the documents.
        guard: Hides.
    """

    def __init__(self, retriever: Runnable[Any, Any], guard: Guard) -> None:
        self.retriever = retriever
        self.guard = guard

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.retriever.get_name()}, {self.guard!r})"

    @property
    def config_specs(self) -> list[ConfigurableFieldSpec]:
        """What the retriever reads of a config."""
        return self.retriever.config_specs

    def invoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:  # noqa: A002
        """Retrieve, and hide what the guard finds.

        Raises:
            SessionMissing: If it runs behind no boundary and there is no session id.
            Blocked: If the policy does not let them go on.
        """
        return self._call_with_config(self._hide, input, config, serialized=_SERIALIZED, **kwargs)

    async def ainvoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:  # noqa: A002
        """Async version of `invoke`."""
        return await self._acall_with_config(self._ahide, input, config, serialized=_SERIALIZED, **kwargs)

    def _hide(self, asked: Any, run_manager: Any, config: RunnableConfig, **kwargs: Any) -> list[Document]:
        found = self.retriever.invoke(asked, config, **kwargs)
        (outcome,) = run_checks(self.guard, [self._job(found, config)], [run_manager])
        return self._hidden(found, outcome, config)

    async def _ahide(self, asked: Any, run_manager: Any, config: RunnableConfig, **kwargs: Any) -> list[Document]:
        found = await self.retriever.ainvoke(asked, config, **kwargs)
        (outcome,) = await arun_checks(self.guard, [self._job(found, config)], [run_manager])
        return self._hidden(found, outcome, config)

    def _job(self, found: Sequence[Document], config: RunnableConfig) -> GuardRequest:
        session = call_session(self.guard, config, fixed=None, isolated=False)
        return GuardRequest(texts_in(found, DocumentFields()), session.id, "document", preamble=False)

    def _hidden(self, found: Sequence[Document], outcome: GuardResult, config: RunnableConfig) -> list[Document]:
        try:
            outcome.raise_if_blocked()  # also where there is no text to hide
        except Blocked as blocked:
            if (watch := watch_of(config.get("callbacks"), self.guard)) is not None:
                watch.blocked = blocked
            raise
        return [change_document(document, outcome.hide, DocumentFields()) for document in found]


def is_retriever(value: Any) -> bool:
    """Return whether something retrieves documents that nobody hides, or stands for what does."""
    if isinstance(value, DynamicRunnable):
        return is_retriever(value.default)
    return isinstance(value, BaseRetriever) and not isinstance(value, ProtectedRetriever)
