"""What the parts of a boundary read of a config: the session id, told in LangChain's way.

Servers such as LangServe hand on of a request's ``configurable`` only what a chain's ``config_specs`` name. The steps,
protected models, chains and retrievers name the same two keys.
"""

from __future__ import annotations

from collections.abc import Iterable

from langchain_core.runnables.utils import ConfigurableFieldSpec, get_unique_config_specs


class _SessionSpec(ConfigurableFieldSpec):
    """A spec that agrees with every other one of its id.

    LangChain refuses a chain in which two specs of one id differ, and `RunnableWithMessageHistory` and an
    application's own steps name ``session_id`` in words of theirs: theirs count, whatever they are.
    """

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ConfigurableFieldSpec) and other.id == self.id

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self.id)


def _spec(key: str, name: str, description: str) -> ConfigurableFieldSpec:
    # the default is None and not "", which would be an id that somebody gave, and no usable one
    return _SessionSpec(id=key, annotation=str | None, name=name, description=description, default=None, is_shared=True)


_SPECS = (
    _spec("session_id", "Session ID", "Session whose values are hidden and put back; one for each conversation."),
    _spec("thread_id", "Thread ID", "Counts as the session ID where none is given."),
)


def with_session(specs: Iterable[ConfigurableFieldSpec] = ()) -> list[ConfigurableFieldSpec]:
    """Return specs with those that name the session of a call; what others say of these keys comes first.

    Args:
        specs: What is read of a config beside.
    """
    return get_unique_config_specs([*specs, *_SPECS])
