"""API keys, tokens, passwords and private keys in a text."""

from __future__ import annotations

from lc_guard._text.credential_formats import SECRET_FORMATS, Credential
from lc_guard._text.credentials import ANCHORS, ENTROPY, SHORT_ANCHORS, WORDS, find_credentials
from lc_guard.errors import GuardError
from lc_guard.records import Entity, ScanResult
from lc_guard.scanners.base import Cost, ScanRequest
from lc_guard.scanners.phrase_matching import any_in, through_disguises


class Secrets:
    """Finds credentials by the formats of their issuers, and by where they stand: settings, headers, URLs, commands.

    Stand-ins such as ``ghp_xxxx``, ``<your-key>`` and ``${TOKEN}`` are none.

    Args:
        entropy: Least Shannon entropy of the value of a generic ``secret=`` or ``token=``, in bits a character, 0…8;
            words and names have about 3 and less.
        generic: Whether settings such as ``password=`` are looked at; without it only documented formats are.
        name: The check's name.

    Raises:
        GuardError: The entropy is out of range.
    """

    cost: Cost = "instant"

    def __init__(self, *, entropy: float = ENTROPY, generic: bool = True, name: str = "Secrets") -> None:
        if not 0 <= entropy <= 8:
            raise GuardError(f"entropy={entropy!r} is no number of bits that a character can have: give 0…8")
        self.name = name
        self._entropy = entropy
        self._generic = generic
        self.details = {"formats": len(SECRET_FORMATS), "entropy": entropy, "generic": generic}

    def __repr__(self) -> str:
        return f"{type(self).__name__}(entropy={self._entropy}, generic={self._generic})"

    def scan(self, request: ScanRequest) -> ScanResult:
        """Judge a text, and what it says where it is encoded or disguised.

        Returns:
            Not valid, if there is a credential; entities of the kinds ``API_KEY``, ``ACCESS_TOKEN``, ``PASSWORD``,
            ``PRIVATE_KEY`` and ``WEBHOOK_URL``, which cover the encoded or disguised form; issuers as categories.
        """
        return through_disguises(self.scan_as_written, request, self._scan_formats)

    def scan_as_written(self, request: ScanRequest) -> ScanResult:
        """Judge a text as it stands: no encoding and no disguise is undone."""
        return self._judged(request.text, generic=self._generic)

    def _scan_formats(self, request: ScanRequest) -> ScanResult:
        # Where ends of lines are left out, much looks like a setting; formats are still formats.
        return self._judged(request.text, generic=False)

    def _judged(self, text: str, *, generic: bool) -> ScanResult:
        found: list[Credential] = []
        if self._may_hold(text):
            found = find_credentials(text, generic=generic, entropy=self._entropy)
        if not found:
            return ScanResult(valid=True, risk_score=0.0)
        categories: dict[str, float] = {}
        for item in found:
            categories[item.issuer] = max(categories.get(item.issuer, 0.0), item.score)
        return ScanResult(
            valid=False,
            risk_score=max(categories.values()),
            entities=tuple(Entity(item.kind, item.start, item.end, item.score) for item in found),
            categories=categories,
        )

    def _may_hold(self, text: str) -> bool:
        """Return whether a text has a sign of a credential; without one nothing of it is looked through."""
        if any_in(ANCHORS, text) or SHORT_ANCHORS.search(text):
            return True
        return self._generic and any_in(WORDS, text.lower())
