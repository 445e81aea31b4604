"""Fakes: realistic values of the same kind, as placeholders (``placeholder_style="fake"``)."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Set
from typing import TYPE_CHECKING

from lc_guard._text.words import RUN

if TYPE_CHECKING:
    from faker import Faker

_PATIENCE = 40  # fakes tried for one value, after which made-up words are taken: Faker's lists are finite

# Entity types of Presidio, LLM Guard and spaCy → Faker's providers (https://faker.readthedocs.io/en/stable/providers.html).
# A fake begins and ends with a letter or digit: it is restored at word boundaries.
_PROVIDERS: dict[str, Callable[[Faker], str]] = {
    "PERSON": lambda fake: f"{fake.first_name()} {fake.last_name()}",
    "EMAIL_ADDRESS": lambda fake: f"{fake.user_name()}{fake.random_int(10, 99)}@example.com",
    "PHONE_NUMBER": lambda fake: f"{fake.random_int(201, 989)}-555-01{fake.random_int(0, 99):02d}",
    "LOCATION": lambda fake: fake.city(),
    "GPE": lambda fake: fake.city(),
    "ADDRESS": lambda fake: fake.street_address(),
    "ORGANIZATION": lambda fake: f"{fake.last_name()}-{fake.last_name()} {fake.company_suffix()}",
    "CREDIT_CARD": lambda fake: fake.credit_card_number(card_type="visa16"),
    "US_SSN": lambda fake: fake.ssn(),
    "IBAN_CODE": lambda fake: fake.iban(),
    "IP_ADDRESS": lambda fake: fake.ipv4_public(),
    "URL": lambda fake: f"{fake.domain_word()}.example.com/{fake.slug()}",
    "DATE_TIME": lambda fake: fake.date(pattern="%d %B %Y"),
    "UUID": lambda fake: str(fake.uuid4()),
}
_SHARED_WORDS = frozenset({"com", "example", "https", "inc", "llc", "ltd", "and", "plc", "group", "sons"})


class FakeMint:
    """Makes fakes that share no word with given texts, with the fakes of the session, and with each other.

    Args:
        texts: Texts that the fakes are put into.
        taken: Fakes of the session.
    """

    def __init__(self, texts: Set[str], taken: Iterable[str] = ()) -> None:
        self._words = {word.casefold() for text in texts for word in RUN.findall(text)}
        self._words.update(word for fake in taken for word in self.claims(fake))
        self._fake: Faker | None = None
        self._exhausted: set[str] = set()

    def __call__(self, kind: str, index: int) -> str:  # noqa: ARG002 - chance tells fakes apart, not a number
        """Return a fake of a kind; each call gives another."""
        provider = _PROVIDERS.get(kind.removesuffix("_RE"))
        if provider is not None and kind not in self._exhausted:
            for _ in range(_PATIENCE):
                fake = provider(self._faker())
                claims = self.claims(fake)
                if self._words.isdisjoint(claims):
                    self._words |= claims
                    return fake
            self._exhausted.add(kind)
        return self._word(kind)

    def claims(self, placeholder: str) -> Set[str]:
        """Return the words that no other fake of the session may hold, so that no two can run into each other."""
        words = (word.casefold() for word in RUN.findall(placeholder))
        return {placeholder.casefold(), *(word for word in words if word.isalpha() and word not in _SHARED_WORDS)}

    def _faker(self) -> Faker:
        if self._fake is None:
            from faker import Faker  # noqa: PLC0415 - 0.2 s to import, needed for this style only

            self._fake = Faker("en_US", use_weighting=False)
            self._fake.seed_instance(secrets.randbits(64))
        return self._fake

    def _word(self, kind: str) -> str:
        """Make up a word for a kind without a provider: ``Passport-kd83ms2q``."""
        while True:
            tail = "".join(secrets.choice("bcdfghjkmnpqrstvwxz23456789") for _ in range(8))
            word = f"{kind.rsplit('_', maxsplit=1)[-1].capitalize()}{tail}"
            if word.casefold() not in self._words:
                self._words.add(word.casefold())
                return word
