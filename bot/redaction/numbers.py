"""What a number is: checksums and shapes. Sources stand at each rule."""

from __future__ import annotations

import calendar
import re

_YEAR = re.compile(r"(?:19|20)\d\d")
_SHORT = re.compile(r"1\d\d|14\d\d")
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")
LONGEST_KEPT = 4
"""Digits of a number that tells nothing about a person: a year, an article, a fee."""


def is_iin(digits: str) -> bool:
    """Return whether 12 digits are an individual identification number of Kazakhstan.

    Birth date as YYMMDD, then the century and sex (0 to 6), then a control digit: the sum of
    digits by weights 1…11 modulo 11, or, when that is 10, by weights 3…11, 1, 2 (Government
    resolution 406 of 22 May 2007).
    """
    if len(digits) != 12 or not digits.isdecimal() or digits[6] not in "0123456":
        return False
    month, day = int(digits[2:4]), int(digits[4:6])
    if not 1 <= month <= 12:
        return False
    century = {"1": 1800, "2": 1800, "3": 1900, "4": 1900}.get(digits[6], 2000)
    if not 1 <= day <= calendar.monthrange(century + int(digits[:2]), month)[1]:
        return False
    first = [*range(1, 12)]
    control = _weighted(digits, first)
    if control == 10:
        control = _weighted(digits, [*range(3, 12), 1, 2])
    return control < 10 and control == int(digits[11])


def _weighted(digits: str, weights: list[int]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False)) % 11


def is_card(digits: str) -> bool:
    """Return whether digits are a payment card's: 13 to 19 and Luhn's sum (ISO/IEC 7812-1)."""
    if not 13 <= len(digits) <= 19:
        return False
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def is_iban(text: str) -> bool:
    """Return whether a text without blanks is an IBAN: its remainder modulo 97 is 1 (ISO 13616)."""
    text = text.upper()
    if not _IBAN.fullmatch(text):
        return False
    return int("".join(str(int(one, 36)) for one in text[4:] + text[:4])) % 97 == 1


def is_phone(digits: str, international: bool) -> bool:
    """Return whether digits are a phone number: after '+', 8 to 15 (E.164); else as Kazakhstan
    and Russia write them, 11 that begin with 7 or 8, or 10 that begin with 7."""
    if international:
        return 8 <= len(digits) <= 15
    return (len(digits) == 11 and digits[0] in "78") or (len(digits) == 10 and digits[0] == "7")


def label(digits: str, international: bool) -> str:
    """Return what a number is most likely to be."""
    if is_iin(digits):
        return "iin"
    if is_phone(digits, international):
        return "phone"
    return "card" if is_card(digits) else "number"


def harmless(groups: list[str], money: bool) -> bool:
    """Return whether groups of digits tell nothing about a person: a short number, one or two
    years, numbers of emergency services, or a sum of money of up to nine digits."""
    digits = "".join(groups)
    if len(digits) <= LONGEST_KEPT:
        return True
    if len(groups) <= 2 and all(_YEAR.fullmatch(group) for group in groups):
        return True
    if all(_SHORT.fullmatch(group) for group in groups):
        return True
    thousands = all(len(group) == 3 for group in groups[1:]) and len(groups[0]) <= 9
    return money and thousands and len(digits) <= 9 and digits[0] != "0"
