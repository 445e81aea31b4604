"""What a provider signed, such as a model's thinking: kept as it was received, beside what is shown of it.

A provider refuses a block that comes back changed. What is shown has values where placeholders were received, and
hiding it again need not give what was received: the model may mangle a placeholder, or name somebody by itself. So a
message carries, under `KEPT`, which stretches of the shown texts stand for which placeholders. That holds no value; a
code that only the vault's processes can make (`Guard.proof`) says that the text was received in this session, so that
nobody gets a text past the guard by calling it received. See docs/design/signed-thinking.md.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage

from lc_guard._placeholders.restorer import StreamRestorer
from lc_guard.guard import Guard
from lc_guard.langchain.content_blocks import CALL_SIGNATURES, MAX_DEPTH
from lc_guard.langchain.messages import KEPT, map_block
from lc_guard.langchain.restore import MakeRestorer
from lc_guard.sessions import CallSession

_Edit = tuple[int, int, str]
"""A stretch of a shown text, and what was received in its place."""

_ChangeBlock = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]
"""Gives a new block for a signature and the block that it is of."""

_SIGNATURES = ("signature", "thought_signature", "encrypted_content")
_PIECE = re.compile(r"\w+|\W")
_NEXT = "~"


def map_signed(message: Any, change: _ChangeBlock) -> Any:
    """Return a message in which every signed block is changed, in a fixed order.

    Signed is a mapping in its content or its `additional_kwargs` that holds a signature or encrypted thinking, itself
    or in its ``extras``; and a call of a tool whose signature is in `additional_kwargs`, as Gemini's.
    """
    changed: dict[str, Any] = {}
    if not isinstance(message.content, str):
        changed["content"] = _mapped(message.content, change, 0)
    if message.additional_kwargs:
        others = {key: item for key, item in message.additional_kwargs.items() if key not in (KEPT, CALL_SIGNATURES)}
        if (new := _mapped(others, change, 0)) is not others:
            changed["additional_kwargs"] = {**message.additional_kwargs, **new}
        signatures = message.additional_kwargs.get(CALL_SIGNATURES)
        if isinstance(signatures, Mapping) and getattr(message, "tool_calls", None):
            calls = [_mapped_call(call, signatures, change) for call in message.tool_calls]
            if any(new is not old for new, old in zip(calls, message.tool_calls, strict=True)):
                changed["tool_calls"] = calls
    changed = {name: value for name, value in changed.items() if value is not getattr(message, name)}
    return message.model_copy(update=changed) if changed else message


class AnswerKeeper:
    """Has one answer carry how its signed blocks were received.

    Args:
        guard: Proves.
        session: Session of the call.
        make: Gives new restorers.
    """

    def __init__(self, guard: Guard, session: CallSession, make: MakeRestorer) -> None:
        self._guard = guard
        self._session = session
        self._make = make
        self._pieces: list[tuple[Any, Any]] = []
        self._signed = False

    def whole(self, received: Any, shown: Any) -> Any:
        """Return an answer as it is to be handed on.

        Args:
            received: The message as the provider sent it.
            shown: The same message with its values put back.
        """
        kept: dict[str, dict[str, str]] = {}
        for (signature, texts), (also, own) in zip(_signed_texts(received), _signed_texts(shown), strict=False):
            edits = _edits_of(texts, own, self._make) if signature == also else None
            if edits is None:
                continue
            written = base64.urlsafe_b64encode(json.dumps(edits).encode()).decode().rstrip("=")
            entry = f"{written}.{self._guard.session_values.proof(_proved_in(self._session), [signature, *texts])}"
            name = _name(signature)
            # under a key that no walk over texts looks into, where nothing has a blank
            kept[name] = {"signature": _NEXT.join([*(kept[name].values() if name in kept else ()), entry])}
        return (
            shown.model_copy(update={"additional_kwargs": {**shown.additional_kwargs, KEPT: kept}}) if kept else shown
        )

    def piece(self, received: Any, shown: Any) -> Any:
        """Return a chunk of a streamed answer as it is to be handed on: the last one carries what is kept."""
        self._pieces.append((received, shown))
        self._signed = self._signed or bool(_signed_texts(received))
        if received.chunk_position != "last" or not self._signed:
            return shown
        whole = [first + others if others else first for first, *others in zip(*self._pieces, strict=True)]
        kept = {KEPT: self.whole(*whole).additional_kwargs.get(KEPT, {})}
        return shown.model_copy(update={"additional_kwargs": {**shown.additional_kwargs, **kept}})


def _proved_in(session: CallSession) -> str:
    """Return what proofs are bound to: no later call is in a session that was a call's own."""
    return "" if session.own else session.id


@dataclass(frozen=True)
class _Block:
    """A signed block as it was received, its texts then, and as they are shown."""

    block: Mapping[str, Any]
    texts: Sequence[str]
    shown: Sequence[str]


class ReceivedBlocks:
    """The signed blocks of a conversation that are known to be received.

    Args:
        messages: The conversation as it is shown.
        guard: Proves.
        session: Session of the call.

    Attributes:
        others: The conversation without those blocks' texts, and with nothing kept in its messages: what is to be
            hidden. Behind a session of the call's own the texts are there: whether they may go back shows later.
    """

    def __init__(self, messages: Sequence[BaseMessage], guard: Guard, session: CallSession) -> None:
        self._guard = guard
        self._session = session
        self._blocks: dict[int, dict[int, _Block]] = {}
        self.others: list[BaseMessage] = []
        for message in messages:
            kept = message.additional_kwargs.get(KEPT)
            bare = message
            if kept is not None:
                own = {key: item for key, item in message.additional_kwargs.items() if key != KEPT}
                bare = message.model_copy(update={"additional_kwargs": own})
            taken = bare
            if isinstance(message, AIMessage) and isinstance(kept, Mapping):
                taken = self._take(bare, kept)
            self.others.append(bare if session.own else taken)

    def put(self, hidden: Sequence[BaseMessage]) -> list[BaseMessage]:
        """Return the conversation, hidden meanwhile, with these blocks as they were received.

        Where the session is the call's own, numbers may stand for others than in the call before: a block that would be
        shown otherwise now stays hidden.
        """
        restore = self._guard.session(self._session.id).deanonymize if self._session.own else None
        for blocks in self._blocks.values():
            texts = [text for own in blocks.values() for text in own.texts]
            self._guard.session_values.note_received(self._session.id, texts)
        return [
            _filled(message, self._blocks[number], restore) if number in self._blocks else message
            for number, message in enumerate(hidden)
        ]

    def _take(self, message: Any, kept: Mapping[str, Any]) -> Any:
        blocks: dict[int, _Block] = {}
        number = 0

        def take(signature: str, block: Mapping[str, Any]) -> Mapping[str, Any]:
            nonlocal number
            number += 1
            shown = _texts(block)
            texts = self._received(signature, shown, kept.get(_name(signature)))
            if texts is None:
                return block
            left = iter(texts)
            blocks[number] = _Block(map_block(block, lambda _: next(left)), texts, shown)
            empty: Mapping[str, Any] = map_block(block, lambda _: "")
            return empty

        taken = map_signed(message, take)
        if blocks:
            self._blocks[len(self.others)] = blocks
        return taken

    def _received(self, signature: str, shown: Sequence[str], kept: Any) -> Sequence[str] | None:
        """Return what was received in place of shown texts; None if that is not proved."""
        written = kept.get("signature") if isinstance(kept, Mapping) else None
        for entry in written.split(_NEXT) if isinstance(written, str) else ():
            edits, _, proof = entry.partition(".")
            if (texts := _applied(shown, edits)) is None:
                continue
            right = self._guard.session_values.proof(_proved_in(self._session), [signature, *texts])
            if hmac.compare_digest(proof.encode("utf-8", "surrogatepass"), right.encode()):
                return texts
        return None


def _filled(message: Any, blocks: Mapping[int, _Block], restore: Callable[[str], str] | None) -> Any:
    number = 0

    def fill(_: str, block: Mapping[str, Any]) -> Mapping[str, Any]:
        nonlocal number
        number += 1
        own = blocks.get(number)
        if own is None or (restore is not None and [restore(text) for text in own.texts] != list(own.shown)):
            return block
        return own.block

    return map_signed(message, fill)


def _mapped(value: Any, change: _ChangeBlock, depth: int) -> Any:
    if depth > MAX_DEPTH:
        return value
    if isinstance(value, Mapping):
        if (signature := _signature(value)) is not None:
            return change(signature, value)
        mapped = {key: _mapped(item, change, depth + 1) for key, item in value.items()}
        return value if all(mapped[key] is item for key, item in value.items()) else mapped
    if isinstance(value, list):
        parted = _parted(value)
        items = [
            change(parted[number], item) if number in parted else _mapped(item, change, depth + 1)
            for number, item in enumerate(value)
        ]
        return value if all(new is old for new, old in zip(items, value, strict=True)) else items
    return value


def _parted(blocks: list[Any]) -> dict[int, str]:
    """Return the signatures of blocks that have it from one before: LangChain parts thinking of one id into several."""
    of_id: dict[str, str] = {}
    found: dict[int, str] = {}
    for number, block in enumerate(blocks):
        if isinstance(block, Mapping) and block.get("type") == "reasoning" and isinstance(block.get("id"), str):
            if (signature := _signature(block)) is not None:
                of_id[block["id"]] = signature
            elif block["id"] in of_id:
                found[number] = of_id[block["id"]]
    return found


def _mapped_call(call: Any, signatures: Mapping[str, Any], change: _ChangeBlock) -> Any:
    signature = signatures.get(call.get("id"))
    if not isinstance(signature, str):
        return call
    block = {"args": call.get("args")}
    changed = change(signature, block)
    return call if changed is block else {**call, **changed}


def _signature(block: Mapping[str, Any]) -> str | None:
    """Return the signature of a block; of two blocks that one signature is of, each has it."""
    extras = block.get("extras")
    for holder in (block, extras if isinstance(extras, Mapping) else {}):
        for name in _SIGNATURES:
            signature = holder.get(name)
            if isinstance(signature, bytes) and signature:
                return base64.b64encode(signature).decode()
            if isinstance(signature, str) and signature:
                return signature
    return None


def _signed_texts(message: Any) -> list[tuple[str, list[str]]]:
    found: list[tuple[str, list[str]]] = []

    def note(signature: str, block: Mapping[str, Any]) -> Mapping[str, Any]:
        found.append((signature, _texts(block)))
        return block

    map_signed(message, note)
    return found


def _texts(block: Mapping[str, Any]) -> list[str]:
    texts: list[str] = []

    def note(text: str) -> str:
        texts.append(text)
        return text

    map_block(block, note)
    return texts


def _name(signature: str) -> str:
    return hashlib.sha256(signature.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _edits_of(received: Sequence[str], shown: Sequence[str], make: MakeRestorer) -> list[list[_Edit]] | None:
    """Return for each text what of it stands for what else was received; None if it is not what was received."""
    if len(received) != len(shown):
        return None
    edits: list[list[_Edit]] = []
    for text, own in zip(received, shown, strict=True):
        for as_json in (False, True):
            restored, of_text = _edits(text, make(as_json=as_json))
            if restored == own:
                edits.append(of_text)
                break
        else:
            return None
    return edits


def _edits(received: str, restorer: StreamRestorer) -> tuple[str, list[_Edit]]:
    """Restore a text piece by piece: where nothing is held back, what went in is what came out."""
    edits: list[_Edit] = []
    shown: list[str] = []
    length = 0
    fed = given = ""
    for piece in (*_PIECE.findall(received), None):
        if piece is None:
            given += restorer.flush()
        else:
            fed, given = fed + piece, given + restorer.feed(piece)
        if piece is not None and restorer.held:
            continue
        if fed != given:
            start, end = _common(fed, given)
            edits.append((length + start, length + len(given) - end, fed[start : len(fed) - end]))
        shown.append(given)
        length += len(given)
        fed = given = ""
    return "".join(shown), edits


def _common(one: str, other: str) -> tuple[int, int]:
    """Return how many characters two texts share at the beginning, and of the rest at the end."""
    most = min(len(one), len(other))
    start = next((at for at in range(most) if one[at] != other[at]), most)
    end = next((at for at in range(most - start) if one[-1 - at] != other[-1 - at]), most - start)
    return start, end


def _applied(shown: Sequence[str], written: str) -> list[str] | None:
    """Return what was received in place of shown texts; None if the edits are not of these."""
    try:
        edits = json.loads(base64.urlsafe_b64decode(written + "=" * (-len(written) % 4)))
        return [_edited(text, own) for text, own in zip(shown, edits, strict=True)]
    except (ValueError, TypeError, RecursionError, binascii.Error):
        return None


def _edited(shown: str, edits: Iterable[_Edit]) -> str:
    pieces: list[str] = []
    last = 0
    for start, end, text in edits:
        if not last <= start <= end <= len(shown):
            raise ValueError
        pieces += (shown[last:start], text)
        last = end
    return "".join((*pieces, shown[last:]))
