"""Facts as people read them: money, durations, dates and numbers in their language (CLDR)."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from datetime import date
from decimal import ROUND_HALF_DOWN, Decimal

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton
from babel.numbers import format_decimal, format_percent

from bot.library.model import Fact, Site

Strings = Mapping[str, str | Mapping[str, str]]


_YEAR_WORDS = {
    "ru": ((" г.", " года"),),
    "kk": ((" ж.", " жылғы"),),
    "ky": (("-ж.,", "-жылдын"), ("-ж.", "-жыл")),
}
"""CLDR shortens 'year'; a full stop in the middle of a sentence is hard to read and to hear."""


@functools.lru_cache(maxsize=64)
def locale(language: str) -> Locale:
    """Return the CLDR locale of a language; English where CLDR does not know it."""
    code = "en_GB" if language == "en" else language.replace("-", "_")
    try:
        return Locale.parse(code)
    except (UnknownLocaleError, ValueError):
        return Locale.parse("en")


def plural(forms: str | Mapping[str, str], number: float, language: str) -> str:
    """Return the form of a string that goes with a number."""
    if isinstance(forms, str):
        return forms
    form = locale(language).plural_form(number)
    return forms.get(form) or forms.get("other") or next(iter(forms.values()))


@functools.lru_cache(maxsize=4096)
def number(value: float, language: str) -> str:
    """Return a number with the language's separators."""
    return format_decimal(value, locale=locale(language))


@functools.lru_cache(maxsize=4096)
def day(text: str, language: str) -> str:
    """Return 'YYYY', 'YYYY-MM' or 'YYYY-MM-DD' as people write it."""
    parts = [int(part) for part in text.split("-")]
    if len(parts) == 1:
        return str(parts[0])
    if len(parts) == 2:
        shown = format_skeleton("yMMMM", date(parts[0], parts[1], 1), locale=locale(language))
    else:
        shown = format_date(date(*parts), format="long", locale=locale(language))
    shown = " ".join(shown.split())  # CLDR uses no-break spaces here and there
    for short, whole in _YEAR_WORDS.get(language, ()):
        shown = shown.replace(short, whole)
    return shown


def exact(fact: Fact, site: Site) -> Decimal:
    """Return a fact of money in the site's currency, not rounded."""
    row = fact.value
    if "multiple" in row:
        return Decimal(str(row["multiple"])) * Decimal(str(site.indexes[row["of"]].value))
    return Decimal(str(row["amount"]))


def whole(sum_: Decimal) -> int:
    """Return an amount in whole units of the currency; a half is rounded down."""
    return int(sum_.quantize(Decimal(1), rounding=ROUND_HALF_DOWN))


def amount(fact: Fact, site: Site) -> int:
    """Return a fact of money in whole units of the site's currency; a half is rounded down."""
    return whole(exact(fact, site))


def money(sum_: Decimal, site: Site, strings: Strings, language: str) -> str:
    """Return an amount in whole units with the currency's word."""
    return _counted(f"currency.{site.currency}", whole(sum_), strings, language)


def working(one: Fact, count: int, site: Site, strings: Strings, language: str) -> str:
    """Return `count` times a fact of money, and how it was worked out where there is a way.

    A multiple of an index is written '3 × 1.5 × 4,325 tenge = 19,462 tenge'.
    """
    row = one.value
    result = money(exact(one, site) * count, site, strings, language)
    factors = [number(count, language)] if count != 1 else []
    base = exact(one, site)
    if "multiple" in row:
        base = Decimal(str(site.indexes[row["of"]].value))
        if row["multiple"] != 1:
            factors.append(number(row["multiple"], language))
    if not factors:
        return result
    product = " × ".join((*factors, money(base, site, strings, language)))
    return f"{product} = {result}"


def fact(one: Fact, site: Site, strings: Strings, language: str) -> str:
    """Return a fact as Markdown in a language; phones and addresses as autolinks."""
    value = one.value
    if one.kind == "money":
        whole = amount(one, site)
        return _counted(f"currency.{site.currency}", whole, strings, language)
    if one.kind == "duration":
        return _counted(f"unit.{value['unit']}", value["value"], strings, language)
    if one.kind == "range":
        span = str(strings.get("range", "{from}–{to}"))
        both = span.replace("{from}", number(value["from"], language))
        both = both.replace("{to}", number(value["to"], language))
        return _counted(f"unit.{value['unit']}", value["to"], strings, language, both)
    if one.kind == "percent":
        return format_percent(value / 100, locale=locale(language))
    if one.kind == "date":
        return day(value, language)
    if one.kind == "phone":
        return f"<tel:{value.replace(' ', '-')}>"
    if one.kind == "url":
        return f"<https://{value}>"
    return number(value, language)


def _counted(key: str, count: float, strings: Strings, language: str, shown: str = "") -> str:
    form = plural(strings.get(key, "{n}"), count, language)
    return form.replace("{n}", shown or number(count, language))
