"""What has a shape: addresses of machines, numbers of documents, phones, accounts, places."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.redaction import numbers

Span = tuple[int, int, str]
"""Begin and end in a text, and what stands there."""

_AT = r"\s?(?:@|\(at\)|\[at\]|\{at\}|\bсобака\b)\s?"
_DOT = r"\s?(?:\.|\(dot\)|\[dot\]|\bточка\b)\s?"
_MONTH = (
    r"(?:янв|фев|мар|апр|ма[йя]|июн|июл|авг|сен|окт|ноя|дек|jan|feb|mar|apr|may|jun|jul|aug|sep"
    r"|oct|nov|dec|қаң|ақп|нау|сәу|мам|мау|шіл|там|қыр|қаз|қар|жел)[^\W\d_]*"
)

SHAPES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("link", re.compile(r"\b[a-z][a-z0-9+.-]{1,9}://\S+|\bwww\.\S+", re.I)),
    ("link", re.compile(r"\b(?:[a-z0-9-]+\.)+[a-z]{2,10}(?:/|\?|:\d)\S*", re.I)),
    ("email", re.compile(rf"[\w.+%-]+{_AT}[\w-]+(?:{_DOT}[\w-]{{2,}})+", re.I)),
    ("email", re.compile(r"[\w.+%-]+ (?:at|dog) [\w-]+ (?:dot|точка) [\w-]{2,}", re.I)),
    ("username", re.compile(r"(?<![\w@])@\s?[A-Za-z0-9_.]{2,}")),
    ("place", re.compile(r"-?\d{1,3}[.,]\d{3,}°?\s*[NS]?[,;\s]\s*-?\d{1,3}[.,]\d{3,}°?\s*[EW]?")),
    ("place", re.compile(r"\d{1,3}°\s?\d{1,2}['′]?[^,]{0,12}[NSсю]\W+\d{1,3}°\s?\d{1,2}\S*", re.I)),
    ("date", re.compile(r"(?<!\d)\d{1,2}\s?[./-]\s?\d{1,2}\s?[./-]\s?(?:19|20)?\d\d(?!\d)")),
    ("date", re.compile(r"(?<!\d)(?:19|20)\d\d[./-]\d{1,2}[./-]\d{1,2}(?!\d)")),
    (
        "date",
        re.compile(rf"(?<!\d)\d{{1,2}}(?:st|nd|rd|th)?[\s-]+{_MONTH}[\s,-]+\d{{4}}(?!\d)", re.I),
    ),
    ("date", re.compile(rf"\b{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?[,\s]+\d{{4}}(?!\d)", re.I)),
    ("date", re.compile(rf"(?<!\d)\d{{4}}\s*ж(?:ыл\w*|\.)?\s*\d{{1,2}}\s+{_MONTH}", re.I)),
    ("number", re.compile(r"[〇零一二三四五六七八九]{6,}")),
    ("number", re.compile(r"(?<!\d)\d(?:[^\w+]{1,3}\d){6,}(?!\d)")),
)

_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z0-9]){11,30}(?![A-Za-z0-9])")
_DOCUMENT = re.compile(
    r"(?<!\w)(?:[^\W\d_]{1,3}|[A-ZА-Я]{1,3} )[№#-]{0,2}\d{5,9}(?!\w)"  # N12345678, AB 123456
    r"|(?<!\w)\d{2,4}[ -]?[A-Za-zА-Яа-я]{2,3}[ -]?\d{2}(?!\w)"  # the plate of a car
    r"|(?<!\w)(?=[\w-]*\d[\w-]*\d[\w-]*\d[\w-]*\d[\w-]*\d)(?=[\w-]*[^\W\d_])[\w-]{7,}(?!\w)"
)
_PLATE_UNIT = re.compile(
    r"\d+[ -]?(?:тг|тыс|kzt|usd|eur|руб|дн|лет|год|жас|мин|час|кг|км|kg|km)", re.I
)
_CUED = re.compile(
    r"(?:паспорт|удостоверени|заявк|заявлени|обращени|дел[оау]\b|договор|полис|протокол|талон"
    r"|құжат|өтініш|куәлі|passport|application|case|ticket|reference|document|id card|код|code"
    r"|pin|пин)\w*(?:\s+(?:номер\w*|number|no|нөмірі|is|мой|my)\b\.?)?\s*[:№#-]{0,2}\s*"
    r"(?P<value>[A-Za-zА-Яа-я]{0,3}-?\d[\w-]{3,})",
    re.I,
)
_RUN = re.compile(r"(?:\+\s?)?\(?\d(?:[\s().*_/·•~-]{0,3}\d)*")
_MONEY_AFTER = re.compile(
    r"\s?(?:тг|тенге|теңге|₸|tenge|kzt|руб|rub|₽|usd|долл|\$|€|eur|сом|som|so'm|сум|мрп|айк"
    r"|аек|mci|тысяч|мың|thousand|km|км|%)",
    re.I,
)
_MONEY_BEFORE = re.compile(
    r"(?:пошлин|стои|цен[аеу]|зарплат|доход|пособи|сумм|штраф|платеж|платёж|оплат|fee|cost|price"
    r"|salary|income|fine|pay|баға|төле|жалақы|табыс|айыппұл|жәрдемақы|₸|\$|€|kzt|usd)"
    r"\w*(?:\s+\w{1,12}){0,2}\s*[:=-]?\s*$",
    re.I,
)
_YEAR = re.compile(r"(?:19|20)\d\d")


def spans(text: str) -> Iterator[Span]:
    """Yield what is found in a folded text, in no order; places may overlap."""
    for name, pattern in SHAPES:
        for match in pattern.finditer(text):
            yield (*match.span(), name)
    yield from _accounts(text)
    for match in _DOCUMENT.finditer(text):
        if not _PLATE_UNIT.match(match.group()):
            yield (*match.span(), "document")
    for match in _CUED.finditer(text):
        if not _YEAR.fullmatch(match["value"]):
            yield (*match.span("value"), "document")
    yield from _runs(text)


def _accounts(text: str) -> Iterator[Span]:
    """IBANs, also spaced; and what only looks like one, when it is mostly digits."""
    for match in _IBAN.finditer(text):
        joined = re.sub(r"[ -]", "", match.group())
        for size in range(len(joined), 14, -1):  # words that follow are no part of it
            if numbers.is_iban(joined[:size]):
                yield (match.start(), _end_of(match, size), "iban")
                break
        else:
            if sum(one.isdigit() for one in joined) >= 8:
                yield (*match.span(), "number")


def _end_of(match: re.Match[str], size: int) -> int:
    """Return where the first characters of a match end, blanks not counted."""
    for place in range(match.start(), match.end()):
        size -= match.string[place] not in " -"
        if not size:
            return place + 1
    return match.end()


def _runs(text: str) -> Iterator[Span]:
    for match in _RUN.finditer(text):
        groups = re.findall(r"\d+", match.group())
        international = match.group().lstrip().startswith("+")
        after, before = text[match.end() :], text[max(0, match.start() - 40) : match.start()]
        money = bool(_MONEY_AFTER.match(after) or _MONEY_BEFORE.search(before))
        if not international and numbers.harmless(groups, money):
            continue
        if len("".join(groups)) > numbers.LONGEST_KEPT:
            yield (*match.span(), numbers.label("".join(groups), international))
