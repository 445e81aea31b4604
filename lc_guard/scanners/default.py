"""The built-in scanners, as one list."""

from __future__ import annotations

from lc_guard.scanners.attack_phrases import JailbreakPhrases, PlaceholderProbing
from lc_guard.scanners.base import Scanner
from lc_guard.scanners.encoded import EncodedPayloads
from lc_guard.scanners.invisible import InvisibleCharacters
from lc_guard.scanners.secrets import Secrets


def builtin_scanners() -> list[Scanner]:
    """Return scanners for what a model is given to read, none of which needs a model or a network.

    Unseen characters, known phrases of injection and jailbreaks, both also inside encodings, attempts on placeholders,
    and credentials: together a fraction of a millisecond for an ordinary prompt. Word lists are yours: `BannedWords`.

    Returns:
        New scanners, in the order in which they are cheapest.
    """
    return [InvisibleCharacters(), Secrets(), PlaceholderProbing(), JailbreakPhrases(), EncodedPayloads()]


def builtin_output_scanners() -> list[Scanner]:
    """Return scanners for what a model says: credentials and unseen characters, which can carry data out.

    Returns:
        New scanners, in the order in which they are cheapest.
    """
    invisible = InvisibleCharacters()
    secrets = Secrets()
    return [invisible, secrets]
