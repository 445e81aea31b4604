"""The order of a chain's steps: what hides comes before the model, what restores after it, both of one session."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import Any

from langchain_core.language_models import BaseLanguageModel
from langchain_core.runnables import Runnable, RunnableSequence, RunnableSerializable
from langchain_core.runnables.base import RunnableBindingBase

from lc_guard.errors import WrongOrder, kind_given

_OTHER_VAULT = (
    "Deanonymize has another guard, with another vault, than the Anonymize before it: unless both vaults are one place "
    "it knows none of its placeholders. Give both the same guard"
)
_OTHER_SESSION = (
    "Deanonymize has another session_id than the Anonymize before it: in a call whose config names no session it knows "
    "none of its placeholders. Give both the same session_id, or none"
)


class StepSequence(RunnableSequence[Any, Any]):
    """A `RunnableSequence` that looks at the order of its steps whenever one is added; else nothing is different."""

    def __or__(self, other: Any) -> RunnableSerializable[Any, Any]:
        """Add a step at the end."""
        return ordered(super().__or__(made(other)))

    def __ror__(self, other: Any) -> RunnableSerializable[Any, Any]:
        """Add a step at the beginning."""
        return ordered(super().__ror__(made(other)))

    def pipe(self, *others: Any, name: str | None = None) -> RunnableSerializable[Any, Any]:
        """Add steps at the end."""
        return ordered(super().pipe(*map(made, others), name=name))

    def get_name(self, suffix: str | None = None, *, name: str | None = None) -> str:
        """Return the name in traces."""
        return super().get_name(suffix, name=name or self.name or RunnableSequence.__name__)

    @classmethod
    def lc_id(cls) -> list[str]:
        """Return the id in traces."""
        return RunnableSequence.lc_id()


def made(step: Any) -> Any:
    """Return a step back, or raise TypeError if it is a class of Runnables: LangChain would call it with each input."""
    if isinstance(step, type) and issubclass(step, Runnable):
        raise TypeError(f"a step of a chain is a Runnable, got {kind_given(step)}")
    return step


def ordered(chain: RunnableSerializable[Any, Any]) -> RunnableSerializable[Any, Any]:
    """Return a chain that keeps looking at the order of its steps.

    Raises:
        WrongOrder: If a model stands between a step that restores and a later one that hides, and none hides before.
    """
    if not isinstance(chain, RunnableSequence):
        return chain
    look_at_order(chain.steps)
    return StepSequence(first=chain.first, middle=chain.middle, last=chain.last, name=chain.name)


def look_at_order(steps: Iterable[Runnable[Any, Any]]) -> None:
    """Refuse the wrong order of steps, and warn of those that can't know each other's placeholders.

    Args:
        steps: The steps of a chain, in order.

    Raises:
        WrongOrder: If a model stands between a step that restores and a later one that hides, and none hides before.
    """
    hiding: list[Any] = []
    restored = asked = False
    for step in steps:
        part = getattr(step, "part", None)
        if part == "hide":
            if asked:
                raise WrongOrder
            hiding.append(step)
        elif part == "restore":
            restored = True
            _look_at_pair(hiding, step)
        elif restored and not hiding and _is_bare_model(step):
            asked = True


def _look_at_pair(hiding: list[Any], restoring: Any) -> None:
    if not hiding:
        return
    own = [step for step in hiding if step.guard is restoring.guard or step.guard.vault is restoring.guard.vault]
    if not own:
        warnings.warn(_OTHER_VAULT, stacklevel=5)
    elif all(step.fixed_session != restoring.fixed_session for step in own):
        warnings.warn(_OTHER_SESSION, stacklevel=5)


def _is_bare_model(step: Any) -> bool:
    """Return whether a step is a model that nothing protects."""
    while isinstance(step, RunnableBindingBase):
        step = step.bound
    return isinstance(step, BaseLanguageModel) and not type(step).__module__.startswith("lc_guard.")
