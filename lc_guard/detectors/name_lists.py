"""Given names of the USA and Britain that are hardly anything else: Faker's lists, read once per process."""

from __future__ import annotations

from lc_guard.detectors.weights import LoadOnce, import_alone

_LISTS = ("en_US", "en_GB")
# Names that are at least as often a word, a month, a place or a thing: left to the models.
_WORDS = frozenset(
    [
        *("amber", "angel", "april", "ariel", "austin", "autumn", "bailey", "bill", "brandy", "chad", "chase"),
        *("chelsea", "cheyenne", "christian", "clinton", "crystal", "daisy", "dakota", "dale", "dawn", "dean"),
        *("destiny", "devon", "diamond", "don", "drew", "earl", "ebony", "faith", "frank", "gene", "georgia", "glen"),
        *("grace", "grant", "guy", "hazel", "heather", "holly", "hunter", "jackson", "jade", "jay", "jean", "jesus"),
        *("jo", "jordan", "joy", "june", "kent", "lance", "lee", "logan", "madison", "marian", "mark", "mason", "max"),
        *("melody", "mercedes", "miranda", "misty", "norma", "norman", "parker", "patty", "penny", "preston", "raven"),
        *("ray", "robin", "rose", "rosemary", "sandy", "savannah", "scott", "sierra", "sue", "summer", "sydney"),
        *("tanner", "troy", "victor", "victoria", "virginia", "warren", "washington", "wayne", "whitney", "will"),
    ]
)


@LoadOnce
def load_names() -> frozenset[str]:
    """Load the given names, as they stand in a sentence and in capitals."""
    import_alone(*(f"faker.providers.person.{code}" for code in _LISTS))
    from faker.providers.person import en_GB, en_US

    names = {
        name
        for provider in (en_US.Provider, en_GB.Provider)
        for name in provider.first_names
        if name.lower() not in _WORDS and len(name) > 2
    }
    return frozenset(names | {name.upper() for name in names})
