"""Names to put into sentences: Faker's lists by language, in the cases of Polish through Morfeusz."""

from __future__ import annotations

import functools
import importlib
import random
from dataclasses import dataclass, field

from faker import Faker

LOCALES = {
    "de": ("de_DE", "de_AT", "de_CH"),
    "fr": ("fr_FR", "fr_CH", "fr_BE"),
    "es": ("es_ES", "es_MX"),
    "it": ("it_IT",),
    "nl": ("nl_NL", "nl_BE"),
    "pl": ("pl_PL",),
    "pt": ("pt_PT", "pt_BR"),
    "en": ("en_US", "en_GB"),
}
"""Language → Faker's locales."""

GUESTS = (
    *("tr_TR", "ro_RO", "hr_HR", "sv_SE", "cs_CZ", "fi_FI", "hu_HU", "no_NO", "vi_VN", "en_IN", "en_PK", "id_ID"),
    *("yo_NG", "tw_GH", "en_KE", "sk_SK", "sl_SI", "da_DK", "az_AZ"),
)
"""Locales of names that stand in texts of every language."""

_PARTICLES = {
    "nl": ("van", "van der", "van den", "van de", "de", "ter", "ten", "van 't", "op den"),
    "de": ("von", "von der", "zu"),
    "fr": ("de", "de la", "du", "d'", "Le", "La"),
    "it": ("Di", "De", "Lo", "La", "D'", "Dell'", "Della"),
    "pt": ("de", "da", "dos", "do", "e"),
    "es": ("de", "del", "de la"),
}
"""Language → what may stand before a surname."""

_SHARE_OF_PARTICLES = {"nl": 0.2, "pt": 0.12, "it": 0.06, "fr": 0.06, "de": 0.03, "es": 0.03}

_CASES = ("nom", "gen", "dat", "acc", "inst", "loc", "voc")


@dataclass
class Names:
    """What one language's people, places and firms are called.

    Attributes:
        male: Given names of men.
        female: Given names of women.
        surnames_male: Surnames of men.
        surnames_female: Surnames of women.
        places: Towns.
        countries: Countries.
        firms: Made-up organizations.
        addresses: Made-up streets with numbers.
    """

    male: list[str]
    female: list[str]
    surnames_male: list[str]
    surnames_female: list[str]
    places: list[str] = field(default_factory=list)
    countries: list[str] = field(default_factory=list)
    firms: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)


_PUBLIC = {
    "de": ("Universität", "Klinikum", "Stadtwerke", "Amtsgericht", "Sparkasse"),
    "fr": ("Université de", "Centre hospitalier de", "Mairie de", "Lycée de", "Crédit Agricole de"),
    "es": ("Universidad de", "Hospital de", "Ayuntamiento de", "Instituto de", "Caja Rural de"),
    "it": ("Università di", "Ospedale di", "Comune di", "Liceo di", "Cassa di Risparmio di"),
    "nl": ("Universiteit", "Ziekenhuis", "Gemeente", "Hogeschool", "Rabobank"),
    "pl": ("Uniwersytet w", "Szpital Miejski w", "Urząd Miasta", "Politechnika", "Bank Spółdzielczy w"),
    "pt": ("Universidade de", "Hospital de", "Câmara Municipal de", "Escola de", "Caixa de Crédito de"),
    "en": ("University of", "Hospital of", "Bank of", "College of", "City Council of"),
}
_SIGNS = ("ENEL", "SNCF", "ING", "PKO", "KLM", "BMW", "SAP", "EDP", "RAI", "TAP", "UNESCO", "NATO", "ONU", "UE", "KGHM")


@functools.cache
def names(lang: str) -> Names:
    """Load the names of a language.

    Args:
        lang: A key of `LOCALES`.
    """
    found = Names([], [], [], [])
    for locale in LOCALES[lang]:
        people = _people(locale)
        found.male += people.male
        found.female += people.female
        found.surnames_male += people.surnames_male
        found.surnames_female += people.surnames_female
        fake = Faker(locale)
        fake.seed_instance(11)
        found.places += {fake.city() for _ in range(1500)}
        found.countries += {fake.country() for _ in range(300)}
        found.firms += {fake.company() for _ in range(600)}
        found.addresses += {fake.street_address().replace("\n", ", ") for _ in range(600)}
    for values in vars(found).values():
        values.sort()
    chance = random.Random(12)
    found.firms += [f"{chance.choice(_PUBLIC[lang])} {chance.choice(found.places)}" for _ in range(250)]
    found.firms += [sign for sign in _SIGNS for _ in range(6)]
    return found


@functools.cache
def _people(locale: str) -> Names:
    provider = importlib.import_module(f"faker.providers.person.{locale if _has(locale) else locale[:2]}").Provider

    def listed(*attributes: str) -> list[str]:
        for attribute in attributes:
            values = getattr(provider, attribute, None)
            if values:
                return sorted({str(v) for v in values if v})
        return []

    men = listed("first_names_male", "first_names")
    women = listed("first_names_female", "first_names")
    if locale == "pl_PL":
        both = listed("unisex_last_names")
        ski = listed("male_last_names")
        return Names(men, women, both + ski, both + [s[:-1] + "a" if s.endswith("i") else s for s in ski])
    return Names(men, women, listed("last_names_male", "last_names"), listed("last_names_female", "last_names"))


def _has(locale: str) -> bool:
    return importlib.util.find_spec(f"faker.providers.person.{locale}") is not None


@functools.cache
def _guests() -> list[Names]:
    return [_people(locale) for locale in GUESTS]


class Chooser:
    """Chooses names at random, the same for the same seed.

    Args:
        lang: Language of the sentence.
        chance: Source of chance.
    """

    def __init__(self, lang: str, chance: random.Random) -> None:
        self.lang = lang
        self.chance = chance
        self.own = names(lang)
        self._share_of_particles = _SHARE_OF_PARTICLES.get(lang, 0.0)

    def given(self, gender: str, case: str = "nom") -> str:
        """Return a given name."""
        return self._inflected(self.chance.choice(getattr(self._people(), gender)), "imię", gender, case)

    def surname(self, gender: str, case: str = "nom") -> str:
        """Return a surname, at times a double one."""
        listed = getattr(self._people(), f"surnames_{gender}")
        first = self._inflected(self.chance.choice(listed), "nazwisko", gender, case)
        if " " not in first and self.chance.random() < self._share_of_particles:
            particle = self.chance.choice(_PARTICLES[self.lang])
            first = f"{particle}{first}" if particle.endswith("'") else f"{particle} {first}"
        if self.lang in {"es", "pt"} and self.chance.random() < 0.45:
            return f"{first} {self.chance.choice(listed)}"
        if self.chance.random() < 0.04:
            return f"{first}-{self._inflected(self.chance.choice(listed), 'nazwisko', gender, case)}"
        return first

    def person(self, gender: str, case: str = "nom") -> str:
        """Return a full name in one of the forms that people write."""
        given, surname = self.given(gender, case), self.surname(gender, case)
        form = self.chance.random()
        if form < 0.11 or (self.lang == "nl" and form > 0.92):
            return f"{self._initials(given, form)} {surname}"
        if form < 0.18:
            return f"{given} {self.given(gender, case)} {surname}"
        if form < 0.24 and case == "nom":
            return f"{surname if form < 0.22 else surname.upper()} {given}"
        return f"{given} {surname}"

    def _initials(self, given: str, form: float) -> str:
        if form < 0.05:
            return f"{given[0]}."
        if form < 0.08 or form > 0.92:
            letters = [self.chance.choice("ABCDEFGHJKLMNPRSTW") for _ in range(self.chance.choice((1, 2)))]
            return ".".join([given[0], *letters, ""])
        return f"{given} {self.chance.choice('ABDEFGJKLMPRSTW')}."

    def place(self, case: str = "nom") -> str:
        """Return a town."""
        return self._inflected(self.chance.choice(self.own.places), "nazwa_geograficzna", "", case)

    def country(self, case: str = "nom") -> str:
        """Return a country."""
        return self._inflected(self.chance.choice(self.own.countries), "nazwa_geograficzna", "", case)

    def _people(self) -> Names:
        """Return whose names are drawn from: at times those of people from elsewhere."""
        drawn = self.chance.random()
        if drawn < 0.1:
            return self.chance.choice(_guests())
        return names(self.chance.choice(tuple(LOCALES))) if drawn < 0.18 else self.own

    def _inflected(self, name: str, kind: str, gender: str, case: str) -> str:
        if self.lang != "pl" or case == "nom":
            return name
        forms = _forms(name, kind, gender) or (_foreign(name) if gender == "male" else {})
        return self.chance.choice(forms.get(case, [name]))


def _foreign(name: str) -> dict[str, list[str]]:
    """Return the forms that Polish gives to a man's foreign name that ends in a consonant."""
    if name[-1].lower() in "aeiouyóéáí":
        return {}
    endings = {"gen": "a", "acc": "a", "dat": "owi", "inst": "em", "loc": "ie", "voc": "ie"}
    return {case: [name + ending] for case, ending in endings.items()}


@functools.cache
def _morfeusz() -> object:
    import morfeusz2

    return morfeusz2.Morfeusz()


@functools.cache
def _forms(name: str, kind: str, gender: str) -> dict[str, list[str]]:
    """Return the forms of a Polish name by case; nothing for words that the dictionary does not know as one."""
    found: dict[str, list[str]] = {}
    if not name.isalpha():
        return found
    for form, _, tag, kinds, _ in _morfeusz().generate(name):
        parts = tag.split(":")
        if (
            kind not in kinds
            or len(parts) < 4
            or (gender and not parts[3].startswith({"male": "m1", "female": "f"}[gender]))
        ):
            continue
        if "sg" not in parts[1].split(".") and kind != "nazwa_geograficzna":
            continue
        for case in parts[2].split("."):
            if case in _CASES:
                found.setdefault(case, []).append(form)
    return found
