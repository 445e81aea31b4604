"""GuardSession: one conversation of a guard, for use without a chain."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from lc_guard._engine.requests import GuardRequest
from lc_guard._placeholders.restorer import StreamRestorer
from lc_guard.records import Stage
from lc_guard.sessions import call_vault

if TYPE_CHECKING:
    from lc_guard._engine.comparison import Comparison
    from lc_guard.guard import Guard


class GuardSession:
    """One conversation: hides its values and puts them back.

    Get it from `Guard.session`; it holds no state of its own and may be made anew for each call.
    """

    def __init__(self, guard: Guard, session_id: str) -> None:
        self._guard = guard
        self._id = session_id

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._guard.digest(self._id)})"

    def anonymize(self, text: str, *, stage: Stage = "prompt") -> str:
        """Hide what the guard finds in a text.

        Raises:
            Blocked: If the policy does not let the text go on.
        """
        (outcome,) = self._guard.check([GuardRequest((text,), self._id, stage)])
        hidden = outcome.hide(text)
        if hidden != text:
            self._guard.session_values.give(self._id, hidden)
        return hidden

    async def aanonymize(self, text: str, *, stage: Stage = "prompt") -> str:
        """Async version of `anonymize`."""
        (outcome,) = await self._guard.acheck([GuardRequest((text,), self._id, stage)])
        hidden = outcome.hide(text)
        if hidden != text:
            await self._guard.run_blocking(partial(self._guard.session_values.give, self._id, hidden))
        return hidden

    def compare(self, text: str, *, stage: Stage = "prompt") -> Comparison:
        """Hide a text, and return it beside what a model is given: a notebook and rich show both, in colours by kind.

        For people to look at: **what is shown holds the text as it is**, so keep such a notebook like the text itself.
        The scanners of the stage judge the text as well. A text that the policy stops is no error here.
        """
        from lc_guard._engine.comparison import compared, comparing  # noqa: PLC0415 - only where people look

        (outcome,) = self._guard.check([comparing(text, self._id, stage)])
        self._guard.session_values.give(self._id, outcome.texts.get(text, ""))
        return compared(text, outcome)

    async def acompare(self, text: str, *, stage: Stage = "prompt") -> Comparison:
        """Async version of `compare`."""
        from lc_guard._engine.comparison import compared, comparing  # noqa: PLC0415 - as above

        (outcome,) = await self._guard.acheck([comparing(text, self._id, stage)])
        await self._guard.run_blocking(partial(self._guard.session_values.give, self._id, outcome.texts.get(text, "")))
        return compared(text, outcome)

    def deanonymize(self, text: str) -> str:
        """Put the values back into a text of the model, as into its answer; unknown placeholders stay.

        One stays as well where its value would be sent on by being shown, such as in the address of an image, unless
        the value stood there in the user's own text: see `lc_guard.Policy`, ``restore``. What `anonymize` gave in this
        process comes back as it was.

        Raises:
            Blocked: If the policy says that a value may not be put where its placeholder stands.
        """
        values = self._guard.session_values
        restorer = StreamRestorer(values.restoring(self._id)) if values.gave(self._id, text) else self.restorer()
        return restorer.feed(text) + restorer.flush()

    async def adeanonymize(self, text: str) -> str:
        """Async version of `deanonymize`."""
        return await self._guard.run_blocking(partial(self.deanonymize, text))

    def restorer(self, *, json_strings: bool = False) -> StreamRestorer:
        """Return a restorer for one text that arrives in pieces.

        Args:
            json_strings: Whether the text is JSON: values are then escaped.
        """
        guard = self._guard
        gate = partial(guard.session_values.gate, self._id, as_json=json_strings)
        restoring = guard.session_values.restoring(self._id)
        return StreamRestorer(restoring, gate, gated=json_strings or bool(guard.policy.restore))

    async def arestorer(self, *, json_strings: bool = False) -> StreamRestorer:
        """Async version of `restorer`."""
        return await self._guard.run_blocking(partial(self.restorer, json_strings=json_strings))

    def placeholders(self) -> Mapping[str, str]:
        """Return all placeholders with their **raw values**: handle it like the values themselves."""
        return call_vault(partial(self._guard.vault.items, self._id))

    async def aplaceholders(self) -> Mapping[str, str]:
        """Async version of `placeholders`."""
        return await self._guard.run_blocking(self.placeholders)

    def forget(self) -> bool:
        """Drop the session's values for good. Tells whether there were any."""
        self._guard.prompts.forget(self._id)
        return call_vault(partial(self._guard.vault.forget, self._id))

    async def aforget(self) -> bool:
        """Async version of `forget`."""
        return await self._guard.run_blocking(self.forget)
