"""The faults that ``lc-guard verify`` is to see: each lets a value out, or lets in what opens one.

They were written down before they were tried, two or more for each field of which the command proves something. Most
leave one of several ways open alone: sync or async, one place of a request, one kind of id.
"""

from __future__ import annotations

from tests.mutants import mutants as at
from tests.mutants.mutants import MUTANTS, Mutant

CODEC = "lc_guard/vaults/codec.py"
MARKS = "lc_guard/langchain/document_marks.py"
MASKED_TRACER = "lc_guard/langchain/masked_tracer.py"
REFUSALS = "lc_guard/langchain/refusals.py"


def _of_table(seam: str, fault: str) -> Mutant:
    """Give a fault that the tests' own table has as well."""
    (found,) = [mutant for mutant in MUTANTS if (mutant.seam, mutant.fault) == (seam, fault)]
    return found


def _fault(seam: str, fault: str, file: str, old: str, new: str) -> Mutant:
    return Mutant(seam, fault, file, old, new, ())


FAULTS = (
    # sessions and vaults
    _fault("sessions", "ids that differ by case are one", at.SESSIONS,
           "            return session_id\n        raise SessionMissing",
           "            return session_id.casefold()\n        raise SessionMissing"),
    _fault("sessions", "ids are normalized", at.SESSIONS,
           "            return session_id\n        raise SessionMissing",
           '            return __import__("unicodedata").normalize("NFKC", session_id)\n        raise SessionMissing'),
    _fault("sessions", "a store files ids without their case", CODEC,
           "self._key, encoded(session)", "self._key, encoded(session.lower())"),
    _fault("sessions", "a placeholder opens the values of all sessions", at.MEMORY_VAULT,
           "            raw = held.raw\n",
           "            raw = {t: value for each in self._sessions.values() for t, value in each.raw.items()}\n"),
    _of_table("vault", "all sessions are one"),
    _of_table("sessions", "a batch has the session of its first item"),
    _of_table("sessions", "no session id is a session of its own"),
    _of_table("placeholders", "are given anew after forget"),
    _of_table("forget", "keeps the values"),
    # look-alikes, injections
    _of_table("placeholders", "a look-alike that somebody typed is not defused"),
    _of_table("restoring", "restored text is looked at again"),
    _fault("restoring", "an address is a place like any other", "lc_guard/policy/restoring.py",
           '"placeholder" if shown else "value")', '"value")'),
    # documents and retrievers
    _fault("documents", "all that looks like a placeholder is put back", at.RETRIEVERS,
           "held = [frozenset[str]() if mark is None else mark.held for mark in marks]",
           "held = [frozenset(self.guard.session(session).placeholders()) for _ in marks]"),
    _fault("documents", "anybody may write a mark", MARKS,
           'mark["by"] in known and _is_sealed(mark, known[mark["by"]], session)', 'mark["by"] in known'),
    _fault("documents", "async: go to the store as they are", at.DOCUMENTS,
           "hidden = await self.guard.run_blocking(partial(self._hidden, batch, outcome))", "hidden = list(batch)"),
    _of_table("AnonymizeDocuments", "metadata is not hidden"),
    _of_table("ProtectedRetriever", "the store is asked with real text"),
    _fault("retriever", "filters are not hidden", at.RETRIEVERS,
           "_mapped(kwargs, lambda text: text if is_key(text) else asked.hide(text))", "dict(kwargs)"),
    _fault("retriever", "a query is remembered in the corpus", at.RETRIEVERS,
           '"prompt", preamble=False, remember=False)', '"prompt", preamble=False)'),
    # tools and models
    _of_table("tools", "an outside tool gets real values"),
    _of_table("tools", "a page fetches any value of the session"),
    _of_table("seal", "a request's model is given as it was put in"),
    # requests
    _fault("messages", "names and ids are not hidden", at.MESSAGES,
           "not isinstance(name, str) or not name or _MADE.fullmatch(name):", "not isinstance(name, str) or name:"),
    _fault("messages", "additional_kwargs are not hidden", at.MESSAGES,
           "        if message.additional_kwargs:\n", "        if not message:\n"),
    _fault("protect(model)", "options of the call are not hidden", at.MODEL_CALLS,
           "return hidden.hidden_options(outcome.hide) if asked.has_options else hidden", "return hidden"),
    # tracers
    _fault("MaskedTracer", "masks nothing", MASKED_TRACER,
           "masked, named = mask.arguments(event, args, kwargs)", "masked, named = args, kwargs"),
    _fault("MaskedTracer", "async: masks nothing", MASKED_TRACER,
           "await asyncio.to_thread(mask.arguments, event, args, kwargs)", "(args, kwargs)"),
    # failures and refusals
    _of_table("failing closed", "a detector that fails lets texts through"),
    _of_table("failing closed", "a scanner that fails lets texts through"),
    _fault("refusals", "a refused turn goes to the model later", REFUSALS,
           "elif refused and not isinstance(message, SystemMessage):", "elif refused and message is None:"),
    _of_table("Deanonymize", "judges no stream"),
)  # fmt: skip
