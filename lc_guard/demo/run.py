"""One run of the demo: the call is begun, followed by whoever shows it, and finished into a report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from lc_guard.demo.chain import Call, choose_model
from lc_guard.demo.hidden import Piece, align, count_hidden, gold, transcript
from lc_guard.demo.report import Report, values_of
from lc_guard.demo.summarizer import StandInSummarizer
from lc_guard.langfuse.in_memory import Tracing

if TYPE_CHECKING:
    from lc_guard.guard import Guard


class Performance:
    """One run of the demo, on the user's own text or the transcript; `pause` is in seconds, of the stand-in."""

    def __init__(
        self, guard: Guard, *, text: str | None, session_id: str, model: str | None, offline: bool, pause: float
    ) -> None:
        self.session_id = session_id
        self.text = transcript() if text is None else text
        chat_model = choose_model(name=model, offline=offline, pause=pause)
        self.stand_in = isinstance(chat_model, StandInSummarizer)
        kind = type(chat_model).__name__
        self.model = kind if self.stand_in else f"{kind} {getattr(chat_model, 'model_name', '')}"
        self.tracing = Tracing(guard, offline=offline)
        self.call = Call(guard, chat_model, self.text, session_id=session_id, handlers=[self.tracing.handler])
        self.pieces: list[Piece] = []
        self._session = guard.session(session_id)
        self._placeholders: dict[str, str] = {}
        self._own_text = text is not None

    @property
    def kinds(self) -> Mapping[str, str]:
        """The raw values of the session, with their kinds."""
        return values_of(self._placeholders)

    def begin(self) -> None:
        """Go on until the model has its input and the first piece came back."""
        self.call.begin()
        self._placeholders = dict(self._session.placeholders())
        self.pieces = align(self.text, self.call.witness.seen, self._placeholders)

    def finish(self) -> Report:
        """Send the traces, look for every value in them, and count what was hidden."""
        for _ in self.call.follow():
            pass
        self.tracing.close()
        return Report(
            model=self.model,
            stand_in=self.stand_in,
            call=self.call,
            pieces=self.pieces,
            hidden=None if self._own_text else count_hidden(self.text, self.pieces, gold()),
            tracing=self.tracing,
            found=self.tracing.search(values_of(self._placeholders)),
        )
