"""Checksums of national identifiers for which not every supported version of Presidio has a recognizer.

Each function takes letters and digits without separators and returns whether they can be such a number. The rule and
its source stand in its docstring.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _weighted(digits: str, weights: Sequence[int]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False))


def _date(day: str, month: str) -> bool:
    return 1 <= int(day) <= 31 and 1 <= int(month) <= 12


def luhn(digits: str) -> bool:
    """Return whether digits pass the formula of ISO/IEC 7812-1, annex B."""
    doubled = (2 * int(digit) for digit in digits[-2::-2])
    return (sum(map(int, digits[-1::-2])) + sum(value - 9 if value > 9 else value for value in doubled)) % 10 == 0


def _iso7064_11_10(digits: str) -> bool:
    product = 10
    for digit in digits[:-1]:
        product = ((int(digit) + product) % 10 or 10) * 2 % 11
    return (11 - product) % 10 == int(digits[-1])


def de_tax_id(code: str) -> bool:
    """Germany, Steuer-Identifikationsnummer (§ 139b AO): 11 digits, ISO 7064 MOD 11,10, one digit twice or thrice."""
    if code[0] == "0" or not _iso7064_11_10(code):
        return False
    counts = sorted(code[:10].count(digit) for digit in set(code[:10]))
    return counts[-1] in (2, 3) and counts[:-1] == [1] * (len(counts) - 1)


def de_social_security(code: str) -> bool:
    """Germany, Rentenversicherungsnummer (VKVV § 2): area, day, month, year, letter, serial, check digit."""
    if not (1 <= int(code[2:4]) % 50 <= 31 and int(code[4:6]) <= 12):
        return False
    digits = f"{code[:8]}{_LETTERS.index(code[8]) + 1:02d}{code[9:11]}"
    products = (int(d) * w for d, w in zip(digits, (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1), strict=True))
    return sum(sum(map(int, str(product))) for product in products) % 10 == int(code[11])


def de_id_card(code: str) -> bool:
    """Germany, Personalausweis and Reisepass (ICAO Doc 9303, part 3): nine characters, weights 7 3 1, check digit."""
    return sum(int(char, 36) * weight for char, weight in zip(code[:9], (7, 3, 1) * 3, strict=True)) % 10 == int(
        code[9]
    )


def de_health_insurance(code: str) -> bool:
    """Germany, Krankenversichertennummer (§ 290 SGB V): a letter, eight digits, check digit with weights 1 2."""
    digits = f"{_LETTERS.index(code[0]) + 1:02d}{code[1:9]}"
    total = sum(sum(map(int, str(int(d) * w))) for d, w in zip(digits, (1, 2) * 5, strict=True))
    return total % 10 == int(code[9])


def at_social_security(code: str) -> bool:
    """Austria, Sozialversicherungsnummer (Dachverband der SV-Träger): serial, check digit, birth date."""
    total = _weighted(code, (3, 7, 9, 0, 5, 8, 4, 2, 1, 6)) % 11
    return code[0] != "0" and total == int(code[3]) and int(code[6:8]) <= 13 and int(code[4:6]) <= 31


def ch_social_security(code: str) -> bool:
    """Switzerland, AHV-Nummer (AHVV art. 133bis): country code 756, EAN-13 check digit."""
    return code.startswith("756") and (10 - _weighted(code[:12], (1, 3) * 6)) % 10 == int(code[12])


def fr_social_security(code: str) -> bool:
    """France, numéro d'inscription au répertoire (décret 82-103): sex, year, month, place, serial, 97 - n mod 97."""
    number = code[:13].replace("2A", "19").replace("2B", "18")
    month = int(code[3:5])
    return (
        number.isdigit()
        and (1 <= month <= 12 or 20 <= month <= 42 or month >= 50)
        and 97 - int(number) % 97 == int(code[13:])
    )


def fr_tax_id(code: str) -> bool:
    """France, numéro fiscal (DGFiP, SPI): thirteen digits, 0 to 3 first, key the first ten mod 511."""
    return code[0] in "0123" and int(code[:10]) % 511 == int(code[10:])


def nl_bsn(code: str) -> bool:
    """Netherlands, burgerservicenummer (Besluit burgerservicenummer): nine digits, the eleven test with -1 last."""
    return len(set(code)) > 1 and _weighted(code, (9, 8, 7, 6, 5, 4, 3, 2, -1)) % 11 == 0


def be_national(code: str) -> bool:
    """Belgium, rijksregisternummer (KB of 3 April 1984): birth date, serial, 97 - n mod 97; a 2 before n since 2000."""
    if int(code[2:4]) % 20 > 12 or int(code[4:6]) > 31:
        return False
    return any(97 - int(prefix + code[:9]) % 97 == int(code[9:]) for prefix in ("", "2"))


def pt_nif(code: str) -> bool:
    """Portugal, número de identificação fiscal (DL 14/2013): nine digits, weights 9 to 2, mod 11."""
    check = 11 - _weighted(code[:8], range(9, 1, -1)) % 11
    return code[0] in "1235689" and (0 if check > 9 else check) == int(code[8])


def pl_pesel(code: str) -> bool:
    """Poland, PESEL (ustawa o ewidencji ludności, art. 15): birth date, serial, check digit with weights 1 3 7 9."""
    # the century stands in the month: 20 is added for those born since 2000
    born = _date(code[4:6], str(int(code[2:4]) % 20))
    return born and (10 - _weighted(code, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3))) % 10 == int(code[10])


def ie_pps(code: str) -> bool:
    """Ireland, Personal Public Service number (Revenue, 2013): seven digits, check letter mod 23, second letter."""
    second = _LETTERS.index(code[8]) + 1 if len(code) > 8 and code[8] != "W" else 0
    total = _weighted(code[:7], range(8, 1, -1)) + 9 * second
    return code[7] == "WABCDEFGHIJKLMNOPQRSTUV"[total % 23]


def ca_sin(code: str) -> bool:
    """Canada, Social Insurance Number (Employment and Social Development Canada): nine digits, Luhn's formula."""
    return code[0] != "0" and code[0] != "8" and luhn(code)


def kr_rrn(code: str) -> bool:
    """South Korea, resident registration number (Resident Registration Act): birth date, sex; no check since 2020."""
    return _date(code[4:6], code[2:4]) and code[6] in "12345678"


def br_cpf(code: str) -> bool:
    """Brazil, Cadastro de Pessoas Físicas (Receita Federal, IN 1548/2015): eleven digits, the last two mod 11."""
    if len(set(code)) == 1:
        return False
    return all(_weighted(code[:n], range(n + 1, 1, -1)) * 10 % 11 % 10 == int(code[n]) for n in (9, 10))


def br_cnpj(code: str) -> bool:
    """Brazil, Cadastro Nacional da Pessoa Jurídica (Receita Federal): fourteen digits, the last two mod 11."""
    if len(set(code)) == 1:
        return False
    weights = (6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)
    return all(_weighted(code[:n], weights[13 - n :]) % 11 in _cnpj_rest(int(code[n])) for n in (12, 13))


def _cnpj_rest(digit: int) -> tuple[int, ...]:
    return (0, 1) if digit == 0 else (11 - digit,)


_VAT = re.compile("[A-Z]{2}")


def eu_vat(code: str) -> bool:
    """European Union, VAT numbers by the length of each country (Directive 2006/112/EC, art. 215; VIES)."""
    lengths = {
        "AT": "U[0-9]{8}", "BE": "[01][0-9]{9}", "DE": "[0-9]{9}", "ES": "[A-Z0-9][0-9]{7}[A-Z0-9]",
        "FR": "[A-HJ-NP-Z0-9]{2}[0-9]{9}", "IE": "[0-9][A-Z0-9+*][0-9]{5}[A-Z]{1,2}", "IT": "[0-9]{11}",
        "NL": "[0-9]{9}B[0-9]{2}", "PL": "[0-9]{10}", "PT": "[0-9]{9}",
    }  # fmt: skip
    form = lengths.get(code[:2])
    return form is not None and re.fullmatch(form, code[2:]) is not None
