"""Any text classifier of Hugging Face as a scanner, by local path or name, through transformers."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

from lc_guard._forks import ForkLock
from lc_guard._vendors.hub import local_only
from lc_guard.errors import GuardError, MissingExtra, ModelUnavailable
from lc_guard.records import Entity, ScanResult, normalize_kind
from lc_guard.scanners.base import Cost, ScanRequest

MatchType = Literal["full", "sentence", "chunks"]
"""What is put before the model: the text as a whole, each sentence, or windows of `chunk_tokens`; LLM Guard's words."""

_SENTENCE = re.compile(r"[^.!?。！？\n]+(?:[.!?。！？]+(?=\s|$)|[.!?。！？]|\n|$)[\"'”’)\]]*\s*|[.!?。！？\n]+\s*")
_UNREADABLE = re.compile(r"[\ud800-\udfff]")
_NO_LIMIT = 1_000_000
_BATCH = 16


class _Piece(NamedTuple):
    request: int
    start: int
    end: int
    ids: list[int]


class _Loaded(NamedTuple):
    tokenizer: Any
    network: Any
    labels: tuple[str, ...]
    bad: tuple[int, ...]
    sigmoid: bool
    limit: int


class HuggingFaceClassifier:
    """Judges a text by a sequence classification checkpoint (``AutoModelForSequenceClassification``).

    It is loaded once per scanner, at the first text or in `warm_up`: from the folder, else from the hub or its cache.
    No code that a checkpoint brings along is run. A text above the model's limit is judged in windows that overlap; the
    worst one counts.

    Args:
        model: Path of a folder, or name on the hub, such as ``"protectai/deberta-v3-base-prompt-injection-v2"``.
        labels: The checkpoint's labels that are bad, such as ``["INJECTION"]``.
        threshold: Score of the bad labels from which a text is not valid, above 0, up to 1.
        match_type: What is put before the model. ``"sentence"`` and ``"chunks"`` tell where it is bad.
        chunk_tokens: Most tokens in a chunk, 8 or more; None for the model's limit.
        multi_label: Whether labels exclude each other (softmax) or not (sigmoid); None for what the checkpoint says.
        device: Where it runs, in torch's words, such as ``"cuda:0"``.
        revision: Commit, tag or branch on the hub; pin one in production.
        local_files_only: Whether the hub is never asked.
        name: The check's name.

    Raises:
        MissingExtra: transformers or torch is not installed.
        GuardError: An option is out of range.

    Example:
        ```python
        from lc_guard.scanners import HuggingFaceClassifier

        HuggingFaceClassifier("./prompt-guard", labels=["INJECTION"], match_type="chunks")
        ```
    """

    cost: Cost = "model"

    def __init__(
        self,
        model: str | Path,
        *,
        labels: Sequence[str],
        threshold: float = 0.5,
        match_type: MatchType = "full",
        chunk_tokens: int | None = None,
        multi_label: bool | None = None,
        device: str = "cpu",
        revision: str | None = None,
        local_files_only: bool = False,
        name: str = "HuggingFaceClassifier",
    ) -> None:
        if any(importlib.util.find_spec(package) is None for package in ("transformers", "torch")):
            raise MissingExtra("HuggingFaceClassifier", "hf")
        if isinstance(labels, str) or not labels:
            raise GuardError('labels must be a list of the bad labels, such as ["INJECTION"]')
        if not 0 < threshold <= 1:
            raise GuardError(f"threshold={threshold!r} is no risk that a text can have: give a number above 0, up to 1")
        if match_type not in {"full", "sentence", "chunks"}:
            raise GuardError(f"match_type={match_type!r} is not known: give 'full', 'sentence' or 'chunks'")
        if chunk_tokens is not None and chunk_tokens < 8:
            raise GuardError(f"chunk_tokens={chunk_tokens!r} leaves no room for words: give 8 or more")
        self.name = name
        self._model = str(model)
        self._bad = tuple(dict.fromkeys(labels))
        self._threshold = threshold
        self._match_type = match_type
        self._chunk_tokens = chunk_tokens
        self._multi_label = multi_label
        self._device = device
        self._revision = revision
        self._local_files_only = local_files_only
        self._loaded: _Loaded | None = None
        self._lock = ForkLock()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._told!r}, labels={list(self._bad)}, threshold={self._threshold})"

    @property
    def details(self) -> dict[str, Any]:
        """The model's name, its bad labels and the settings, for the trace."""
        return {
            "model": self._told,
            "labels": list(self._bad),
            "threshold": self._threshold,
            "match_type": self._match_type,
        }

    @property
    def _told(self) -> str:
        """The model's name; a path may hold a user's, so its last part is enough."""
        local = self._model.startswith((".", "/", "~", "\\")) or Path(self._model).is_dir()
        return Path(self._model).name if local else self._model

    def warm_up(self) -> None:
        """Load the model now.

        Raises:
            ModelUnavailable: It is neither on this machine nor in reach, is no text classifier, or lacks a label.
        """
        with self._lock:
            self._ready()

    def scan(self, request: ScanRequest) -> ScanResult:
        """Judge one text.

        Returns:
            The worst score of a piece, by label in `categories`; for ``"sentence"`` and ``"chunks"`` entities where it
            reaches the threshold, with the label as kind.

        Raises:
            ModelUnavailable: The model can't be loaded.
        """
        return self.scan_batch([request])[0]

    def scan_batch(self, requests: Sequence[ScanRequest]) -> list[ScanResult]:
        """Judge many texts, in batches of like length.

        Args:
            requests: The texts.

        Returns:
            What `scan` says of each, in their order.

        Raises:
            ModelUnavailable: The model can't be loaded.
        """
        # One thread at a time: a fast tokenizer changes its settings in a call, and torch uses all cores anyway.
        with self._lock:
            loaded = self._ready()
            pieces = [
                piece for number, request in enumerate(requests) for piece in self._pieces(loaded, number, request.text)
            ]
            pieces.sort(key=lambda piece: len(piece.ids))
            scores: list[tuple[_Piece, list[float]]] = []
            # Without a padding token texts of different lengths can't be asked about at once.
            size = 1 if loaded.tokenizer.pad_token_id is None else _BATCH
            for at in range(0, len(pieces), size):
                batch = pieces[at : at + size]
                scores += zip(batch, _scores(loaded, [piece.ids for piece in batch]), strict=True)
        by_request: list[list[tuple[_Piece, list[float]]]] = [[] for _ in requests]
        for piece, values in scores:
            by_request[piece.request].append((piece, values))
        return [self._result(loaded, judged) for judged in by_request]

    def _result(self, loaded: _Loaded, judged: Sequence[tuple[_Piece, list[float]]]) -> ScanResult:
        risk = 0.0
        categories: dict[str, float] = {}
        entities = []
        for piece, values in sorted(judged, key=lambda item: item[0].start):
            bad = {loaded.labels[number]: values[number] for number in loaded.bad}
            # Labels that exclude each other add up; of the others the worst counts.
            score = max(bad.values()) if loaded.sigmoid else min(1.0, sum(bad.values()))
            risk = max(risk, score)
            for label, value in bad.items():
                categories[label] = max(categories.get(label, 0.0), value)
            if score >= self._threshold and self._match_type != "full":
                entities.append(Entity(normalize_kind(max(bad, key=bad.__getitem__)), piece.start, piece.end, score))
        return ScanResult(risk < self._threshold, risk, entities=_apart(entities), categories=categories)

    def _pieces(self, loaded: _Loaded, number: int, text: str) -> Iterator[_Piece]:
        text = _UNREADABLE.sub("\ufffd", text)
        size = loaded.limit if self._chunk_tokens is None else min(self._chunk_tokens, loaded.limit)
        size = size if self._match_type == "chunks" else loaded.limit
        spans = (
            [match.span() for match in _SENTENCE.finditer(text)] if self._match_type == "sentence" else [(0, len(text))]
        )
        for start, end in spans:
            if not text[start:end].strip():
                continue
            encoded = loaded.tokenizer(
                text[start:end],
                truncation=True,
                max_length=size,
                stride=min(64, size // 4),
                return_overflowing_tokens=True,
                return_offsets_mapping=True,
            )
            for ids, offsets in zip(encoded["input_ids"], encoded["offset_mapping"], strict=True):
                real = [span for span in offsets if span[1] > span[0]]
                if real:
                    yield _Piece(number, start + real[0][0], start + real[-1][1], list(ids))

    def _ready(self) -> _Loaded:
        if self._loaded is None:
            tokenizer, network = self._load()
            known = {int(number): str(label) for number, label in network.config.id2label.items()}
            labels = tuple(known[number] for number in sorted(known))
            folded = {label.casefold(): number for number, label in known.items()}
            if unknown := [label for label in self._bad if label.casefold() not in folded]:
                raise ModelUnavailable(
                    f"the model {self._told!r} has no label {', '.join(map(repr, unknown))}: its labels are "
                    f"{', '.join(map(repr, labels))}"
                )
            bad = tuple(folded[label.casefold()] for label in self._bad)
            multi = getattr(network.config, "problem_type", None) == "multi_label_classification" or len(labels) == 1
            sigmoid = multi if self._multi_label is None else self._multi_label
            self._loaded = _Loaded(tokenizer, network, labels, bad, sigmoid, _limit(tokenizer, network.config))
        return self._loaded

    def _load(self) -> tuple[Any, Any]:
        source = {
            "revision": self._revision,
            "local_files_only": self._local_files_only or local_only(self._model),
        }
        try:
            from transformers import AutoModelForSequenceClassification, AutoTokenizer

            tokenizer = AutoTokenizer.from_pretrained(self._model, use_fast=True, **source)
            network = AutoModelForSequenceClassification.from_pretrained(self._model, **source)
            network = network.to(self._device).eval()
        except Exception as error:  # noqa: BLE001 - transformers, huggingface_hub and torch raise types of their own
            raise ModelUnavailable(
                f"transformers could not load the model {self._told!r} as a text classifier ({type(error).__name__}): "
                "check its name or path, its files, the revision and the device"
            ) from None
        if not tokenizer.is_fast:
            raise ModelUnavailable(
                f"the model {self._told!r} has no fast tokenizer, and a slow one does not say where a token stands: "
                "convert it, or take another checkpoint"
            )
        return tokenizer, network


def _limit(tokenizer: Any, config: Any) -> int:
    """Return how many tokens the model takes, special ones included."""
    limits = [int(tokenizer.model_max_length)]
    positions = getattr(config, "max_position_embeddings", None)
    if positions and int(positions) > 0:
        # RoBERTa's positions begin behind its padding index: two of them can't be used.
        limits.append(int(positions) - (2 if "roberta" in str(getattr(config, "model_type", "")) else 0))
    limit = min(limits)
    return limit if limit < _NO_LIMIT else 512


def _scores(loaded: _Loaded, ids: Sequence[Sequence[int]]) -> list[list[float]]:
    import torch

    if len(ids) == 1:
        padded = {"input_ids": torch.tensor(ids), "attention_mask": torch.ones(1, len(ids[0]), dtype=torch.long)}
    else:
        padded = loaded.tokenizer.pad({"input_ids": [list(row) for row in ids]}, return_tensors="pt")
    device = next(loaded.network.parameters()).device
    with torch.inference_mode():
        logits = loaded.network(**{name: tensor.to(device) for name, tensor in padded.items()}).logits.float()
        scores = torch.sigmoid(logits) if loaded.sigmoid else torch.softmax(logits, dim=-1)
    rows: list[list[float]] = scores.cpu().tolist()
    return rows


def _apart(entities: Sequence[Entity]) -> tuple[Entity, ...]:
    """Join what overlaps: windows share a stretch."""
    apart: list[Entity] = []
    for entity in entities:
        if apart and entity.start < apart[-1].end and entity.kind == apart[-1].kind:
            last = apart.pop()
            apart.append(Entity(last.kind, last.start, max(last.end, entity.end), max(last.score, entity.score)))
        elif apart and entity.start < apart[-1].end < entity.end:
            apart.append(Entity(entity.kind, apart[-1].end, entity.end, entity.score))
        elif not apart or entity.start >= apart[-1].end:
            apart.append(entity)
    return tuple(apart)
