"""How many of the disguised attacks the scanners find: ``python -m tests.redteam.measure [--missed]``."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from lc_guard.scanners import JailbreakPhrases, PlaceholderProbing, Scanner, ScanRequest, Secrets, builtin_scanners
from tests.redteam.attacks import JAILBREAKS, PROBES, SECRETS
from tests.redteam.disguises import LOSSY, READABLE

_WORDS = READABLE | LOSSY
KINDS: dict[str, tuple[Scanner, tuple[str, ...], dict]] = {
    "jailbreaks": (JailbreakPhrases(), JAILBREAKS, _WORDS),
    "secrets": (Secrets(), SECRETS, READABLE),
    "probing": (PlaceholderProbing(), PROBES, _WORDS),
}


def missed(kind: str, scanners: list[Scanner]) -> Iterator[tuple[str, str]]:
    """Yield disguise and attack for each that none of the scanners finds fault with."""
    _, attacks, disguises = KINDS[kind]
    for name, disguise in disguises.items():
        for attack in attacks:
            request = ScanRequest(disguise(attack))
            if all(scanner.scan(request).valid for scanner in scanners):
                yield name, attack


def main() -> None:
    """Print a line for each kind of attack: found by the scanner that is for it, and by all of the built-in ones."""
    for kind, (scanner, attacks, disguises) in KINDS.items():
        count = len(attacks) * len(disguises)
        alone, together = [*missed(kind, [scanner])], [*missed(kind, builtin_scanners())]
        print(
            f"{kind}: of {count} {type(scanner).__name__} finds {count - len(alone)} ({1 - len(alone) / count:.1%}), "
            f"all together {count - len(together)} ({1 - len(together) / count:.1%})"
        )
        if "--missed" in sys.argv:
            counts: dict[str, int] = {}
            for name, _ in alone:
                counts[name] = counts.get(name, 0) + 1
            print("   ", ", ".join(f"{name} {number}" for name, number in counts.items()))


if __name__ == "__main__":
    main()
