"""Labelled sentences with made-up personal data of several countries: exact offsets, the same for the same seed."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator

from faker import Faker

from lc_guard.evals import Case, Mention

LOCALES = ("en_US", "en_GB", "de_DE", "fr_FR", "es_ES", "it_IT", "nl_NL", "pl_PL", "sv_SE")

TEMPLATES = (
    # with a word that announces the value
    "You can reach {PERSON} by e-mail at {EMAIL_ADDRESS}.",
    "Email: {EMAIL_ADDRESS}",
    "From: {PERSON} <{EMAIL_ADDRESS}>",
    "My phone number is {PHONE_NUMBER}, call any time.",
    "Tel. {PHONE_NUMBER}",
    "She texted {PHONE_NUMBER} and nobody answered.",
    "Please charge my credit card {CREDIT_CARD} for the deposit.",
    "Card number: {CREDIT_CARD}",
    "The claimant's SSN is {US_SSN}.",
    "Social Security Number {US_SSN} was on the form",
    "IBAN: {IBAN_CODE}",
    "Wire the refund to IBAN {IBAN_CODE}, account holder {PERSON}.",
    "Login from IP address {IP_ADDRESS} at noon.",
    "client_ip={IP_ADDRESS} status=403",
    # without one
    "Write to {EMAIL_ADDRESS} when you are done.",
    "{EMAIL_ADDRESS} and {EMAIL_ADDRESS} were copied.",
    "He gave me ({EMAIL_ADDRESS}) yesterday",
    "{PHONE_NUMBER} – ask for {PERSON}.",
    "If in doubt: {PHONE_NUMBER}.",
    "{PERSON}, {PHONE_NUMBER}, {EMAIL_ADDRESS}",
    "He read {CREDIT_CARD} out loud.",
    "{CREDIT_CARD}",
    "{PERSON} ({US_SSN}) signed on page two.",
    "It says {US_SSN} there, I think.",
    "Transfer it to {IBAN_CODE} by Friday.",
    "{IBAN_CODE} is in the name of {PERSON}.",
    "The packets came from {IP_ADDRESS}, then from {IP_ADDRESS}.",
    "Blocked {IP_ADDRESS}.",
    "[{IP_ADDRESS}] GET /index",
    # several, with names and addresses around them
    "{PERSON} lives at {LOCATION} and banks with {IBAN_CODE}.",
    'Customer record: {"name": "{PERSON}", "email": "{EMAIL_ADDRESS}", "phone": "{PHONE_NUMBER}"}',
    "Dear {PERSON},\nyour card {CREDIT_CARD} was used from {IP_ADDRESS}.\nQuestions? {PHONE_NUMBER}",
    "{PERSON}; {LOCATION}; {PHONE_NUMBER}; {US_SSN}",
)

TARGETED = ("EMAIL_ADDRESS", "PHONE_NUMBER", "CREDIT_CARD", "US_SSN", "IBAN_CODE", "IP_ADDRESS")
"""Kinds with a shape, for which a recall is asked."""

_SLOT = re.compile(r"\{([A-Z_]+)\}")
# Wherever people write a blank, word processors write one that does not break.
_NO_BREAK = 0.05


def sentences(number: int, *, seed: int = 0) -> Iterator[Case]:
    """Make labelled sentences.

    Args:
        number: How many.
        seed: The same gives the same sentences.

    Yields:
        Cases named ``"<locale>-<number>"``.
    """
    chance = random.Random(seed)
    fakes = {locale: Faker(locale) for locale in LOCALES}
    for place, fake in enumerate(fakes.values()):
        fake.seed_instance(seed * len(LOCALES) + place)
    for place in range(number):
        locale = LOCALES[place % len(LOCALES)]
        yield _sentence(f"{locale}-{place}", chance.choice(TEMPLATES), _Values(fakes, locale, chance))


def _sentence(name: str, template: str, values: _Values) -> Case:
    parts: list[str] = []
    mentions: list[Mention] = []
    at = done = 0
    for slot in _SLOT.finditer(template):
        before, value = template[done : slot.start()], values.make(slot[1])
        at += len(before)
        mentions.append(Mention(at, at + len(value), slot[1]))
        parts += [before, value]
        at, done = at + len(value), slot.end()
    return Case(name, "".join([*parts, template[done:]]), tuple(mentions))


class _Values:
    """Values of one locale, written in one of the ways in which people write them."""

    def __init__(self, fakes: dict[str, Faker], locale: str, chance: random.Random) -> None:
        self._fake = fakes[locale]
        self._american = fakes["en_US"]
        self._chance = chance

    def make(self, kind: str) -> str:
        makers: dict[str, Callable[[], str]] = {
            "PERSON": lambda: f"{self._fake.first_name()} {self._fake.last_name()}",
            "LOCATION": lambda: " ".join(self._fake.street_address().split()),
            "EMAIL_ADDRESS": self._email,
            "PHONE_NUMBER": lambda: self._fake.phone_number().strip(),
            "CREDIT_CARD": self._card,
            "US_SSN": self._ssn,
            "IBAN_CODE": self._iban,
            "IP_ADDRESS": self._ip,
        }
        value = makers[kind]()
        return value.replace(" ", "\u00a0") if self._chance.random() < _NO_BREAK else value

    def _email(self) -> str:
        user, domain = self._fake.email().split("@")
        return self._chance.choice(
            (
                f"{user}@{domain}",
                f"{user}+invoices@{domain}",
                f"{user.upper()}@{domain.upper()}",
                f"{user}_{self._chance.randint(1, 99)}@mail.{domain}",
                f"{user[0]}.{user[1:]}@{domain}",
            )
        )

    def _card(self) -> str:
        brand = self._chance.choice(("visa16", "mastercard", "discover", "amex", "diners", "jcb16", "visa19"))
        number = self._american.credit_card_number(card_type=brand)
        if len(number) == 15:
            groups = [number[:4], number[4:10], number[10:]]
        else:
            groups = [number[i : i + 4] for i in range(0, len(number), 4)]
        return self._chance.choice((" ", "-", "")).join(groups)

    def _ssn(self) -> str:
        return self._chance.choice(("-", "-", " ")).join(self._american.ssn().split("-"))

    def _iban(self) -> str:
        iban = self._fake.iban()
        groups = [iban[i : i + 4] for i in range(0, len(iban), 4)]
        return self._chance.choice((iban, " ".join(groups), " ".join(groups), "-".join(groups)))

    def _ip(self) -> str:
        six = self._fake.ipv6()
        short = re.sub(r"(:[0-9a-f]{1,4}){3}", ":", six, count=1)
        return self._chance.choice((self._fake.ipv4(), self._fake.ipv4_private(), six, six.upper(), short))
