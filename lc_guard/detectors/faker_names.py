"""Lists of names that Faker (MIT) has for its countries."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Sequence

from lc_guard.detectors.weights import LoadOnce, import_alone


def faker_names(codes: Iterable[str], lists: Sequence[str]) -> set[str]:
    """Return the names of some countries.

    Args:
        codes: Faker's codes of languages and countries, such as ``de_AT``.
        lists: Which of its lists, such as ``first_names``; a country that lacks one has none.
    """
    modules = [f"faker.providers.person.{code}" for code in codes]
    import_alone(*modules)
    providers = [importlib.import_module(module).Provider for module in modules]
    return {str(name) for provider in providers for each in lists for name in getattr(provider, each, ())}


@LoadOnce
def frequent_surnames() -> frozenset[str]:
    """Load the thousand most frequent surnames of the USA, in small letters."""
    return frozenset(name.lower() for name in faker_names(("en_US",), ("last_names",)))
