"""GuardSpec: what a guard is built from, so that it can be sent to workers."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from os import PathLike
from typing import TYPE_CHECKING, Any

from lc_guard._forks import ForkLock
from lc_guard.errors import GuardError
from lc_guard.guard import Guard
from lc_guard.policy.policy import Policy
from lc_guard.vaults.urls import FORMS, URL, absolute_url, shown_url, vault_of_url

if TYPE_CHECKING:
    from lc_guard._placeholders.grammar import PlaceholderStyle
    from lc_guard.detectors.surroundings import TextKind
    from lc_guard.vaults.base import Vault

_ONCE = ForkLock()
_HOUR = 3600.0


@dataclass(frozen=True, kw_only=True, repr=False)
class GuardSpec:
    """What a guard is built from; it can be pickled, and each worker builds its own guard from it, once.

    Detectors and scanners are given as objects that can be pickled, or as a function of a module that makes them: a
    worker calls it. All workers need the same vault, a database: it is what gives a value one placeholder in all of
    them. The policy's `timeout` is left out, since batches of a corpus are long and nobody waits for them; a timeout of
    the check ``"pii"`` counts.

    Args:
        policy: What findings lead to; None takes `Policy()`.
        vault: URL of the vault: ``sqlite:///vault.db``, ``postgresql://...`` or ``redis://...``, encrypted where
            ``LC_GUARD_VAULT_KEYS`` is set; or a function of a module that makes one. None reads
            ``LC_GUARD_VAULT_URL`` where the guard is built, so that no password is sent.
        detectors: Detectors, or a function that makes them; None takes the default detector.
        prompt_scanners: Scanners that judge the texts, or a function that makes them.
        placeholder_style: See `Guard`; fakes need time that grows with the corpus.
        link_persons: See `Guard`.
        languages: Languages of the default detector.
        countries: Countries of the default detector.
        text: What the texts are, for the default detector.
        max_values: Number of values that the session of a corpus may hold. Each worker holds them all: about 0.6 kB
            for each.
        vault_timeout: Seconds for which a worker waits for a vault that does not answer.

    Raises:
        TypeError: If something of it can't be pickled.
        ValueError: If the vault is one that workers can't share.

    Example:
        ```python
        from lc_guard import Policy
        from lc_guard.distributed import GuardSpec

        policy = Policy(kinds={"CREDIT_CARD": "redact"})
        spec = GuardSpec(policy=policy, vault="postgresql://guard@db/vault")
        print(spec)  # → GuardSpec(vault='postgresql://db/vault')
        ```
    """

    policy: Policy | None = None
    vault: str | Callable[[], Vault] | None = None
    detectors: Callable[[], Any] | Sequence[Any] | None = None
    prompt_scanners: Callable[[], Any] | Sequence[Any] = ()
    placeholder_style: PlaceholderStyle | None = None
    link_persons: bool = True
    languages: tuple[str, ...] | None = None
    countries: tuple[str, ...] | None = None
    text: TextKind | None = None
    max_values: int = 1_000_000
    vault_timeout: float = 120.0

    def __post_init__(self) -> None:
        if isinstance(self.vault, str):
            object.__setattr__(self, "vault", absolute_url(self.vault))
        for item in fields(self):
            try:
                pickle.dumps(getattr(self, item.name))
            except Exception as error:  # noqa: BLE001 - any object says it in its own way
                raise TypeError(
                    f"{item.name} can't be sent to a worker ({type(error).__name__}): give a function of a module "
                    "that makes it there"
                ) from None

    def __repr__(self) -> str:
        where = repr(shown_url(self.vault)) if isinstance(self.vault, str) else getattr(self.vault, "__name__", None)
        return f"{type(self).__name__}(vault={where})"

    @classmethod
    def from_file(cls, path: str | PathLike[str], **options: Any) -> GuardSpec:
        """Return what a guard with the policy of a file is built from; workers need no such file.

        Args:
            path: The policy's file, as `Policy.from_file` reads it.
            options: The other arguments of `GuardSpec`.

        Raises:
            PolicyError: If the file can't be taken.
        """
        return cls(policy=Policy.from_file(path), **options)

    def build(self) -> Guard:
        """Build a guard.

        Raises:
            GuardError: If no vault is named, or something is not usable on this machine.
        """
        policy = Policy() if self.policy is None else self.policy
        return Guard(
            _made(self.detectors),
            prompt_scanners=_made(self.prompt_scanners),
            vault=self._vault(),
            policy=replace(policy, timeout=None),
            placeholder_style=self.placeholder_style,
            link_persons=self.link_persons,
            cache_size=10_000,  # a document is seldom seen twice, but those of a blocked batch at once
            languages=self.languages,
            countries=self.countries,
            text=self.text,
        )

    def guard(self) -> Guard:
        """Return the guard of this process, built at the first call; its models are loaded when they are needed.

        Raises:
            GuardError: If it can't be built.
        """
        with _ONCE:
            return _built(pickle.dumps(self))

    def _vault(self) -> Vault:
        if callable(self.vault):
            return self.vault()
        url = self.vault or os.environ.get(URL, "").strip()
        if not url:
            raise GuardError(f"no vault is named: give GuardSpec(vault=...), or set {URL} (one of {FORMS})")
        bounds: dict[str, Any] = {
            "max_values": self.max_values,
            "cache_values": self.max_values,
            "cache_seconds": _HOUR,
        }
        return vault_of_url(url, ttl=None, timeout=self.vault_timeout, **bounds)


@lru_cache(maxsize=2)
def _built(pickled: bytes) -> Guard:
    """Build the guard of a specification: a worker's process serves many tasks with it."""
    spec: GuardSpec = pickle.loads(pickled)  # noqa: S301 - what this process pickled right before
    return spec.build()


def _made(given: Any) -> Any:
    return given() if callable(given) and not hasattr(given, "detect") else given
