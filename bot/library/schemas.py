"""The shapes of the content files, as JSON Schema (draft 2020-12).

The meaning of each key is in docs/content.md; rules that span files are in `check`.
"""

from __future__ import annotations

from typing import Any

ID = {"type": "string", "pattern": "^[a-z][a-z0-9-]{1,23}$"}
NAME = {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,39}$"}
DAY = {"type": ["string", "integer"], "pattern": r"^\d{4}(-\d{2}(-\d{2})?)?$"}
WORDS = {"type": "string", "minLength": 1}
COUNT = {"type": "number"}
OPTION = {"enum": ["a", "b", "c", "d", "e"]}
TITLE_LIMIT = 40
OPTION_LIMIT = 80
UNIT = {"enum": ["minute", "hour", "day", "calendar_day", "working_day", "week", "month", "year"]}
ASKS = {"type": "array", "items": WORDS, "uniqueItems": True}


def _object(required: list[str], **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "required": required,
        "properties": properties,
        "additionalProperties": False,
    }


def _map(keys: dict[str, Any], values: Any, least: int = 0) -> dict[str, Any]:
    return {
        "type": "object",
        "propertyNames": keys,
        "additionalProperties": values,
        "minProperties": least,
    }


SOURCE = _object(["title"], title=WORDS, url={"type": "string", "pattern": "^https?://"}, date=DAY)
SOURCES = _map({"type": "string", "minLength": 1}, SOURCE)
SOURCE_IDS = {"oneOf": [WORDS, {"type": "array", "items": WORDS, "minItems": 1}]}
MONEY = {
    "oneOf": [
        _object(["multiple", "of"], multiple=COUNT, of=NAME),
        _object(["amount"], amount=COUNT),
    ]
}
FACT_KINDS: dict[str, Any] = {
    "money": MONEY,
    "duration": _object(["value", "unit"], value=COUNT, unit=UNIT),
    "range": _object(["from", "to", "unit"], **{"from": COUNT, "to": COUNT, "unit": UNIT}),
    "number": COUNT,
    "percent": COUNT,
    "date": {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"},
    "phone": {"type": "string", "pattern": r"^\+?[0-9][0-9 -]{1,20}$"},
    "url": {"type": "string", "pattern": r"^[a-z0-9.-]+\.[a-z]{2,}(/[\w./-]*)?$"},
}
FACT = {
    **_object(
        ["source", "confidence"],
        **FACT_KINDS,
        source=SOURCE_IDS,
        confidence={"enum": ["H", "M"]},
        checked_on=DAY,
    ),
    "oneOf": [{"required": [kind]} for kind in FACT_KINDS],
}
FACTS = _map(NAME, FACT)

SITE = _object(
    ["id", "country", "currency", "timezone", "checked_on", "life_events", "contacts"],
    id=ID,
    country={"type": "string", "pattern": "^[A-Z]{2}$"},
    currency={"type": "string", "pattern": "^[A-Z]{3}$"},
    timezone=WORDS,
    checked_on=DAY,
    life_events={"type": "array", "items": ID, "minItems": 1, "uniqueItems": True},
    sources=SOURCES,
    indexes=_map(
        NAME,
        _object(
            ["value", "year", "source", "confidence"],
            value={"type": "number", "exclusiveMinimum": 0},
            year={"type": "integer"},
            source=SOURCE_IDS,
            confidence={"enum": ["H", "M"]},
        ),
    ),
    facts=FACTS,
    contacts={"type": "array", "items": NAME, "minItems": 1},
)
LANGUAGES = _map(
    {"type": "string", "pattern": "^[a-z]{2,3}(-[A-Z][a-z]{3})?$"},
    _object(
        ["name", "direction"],
        name=WORDS,
        direction={"enum": ["ltr", "rtl"]},
        fallback={"type": "array", "items": {"type": "string"}},
        unfinished={"type": "boolean"},
        transliterated_from={"type": "string"},
    ),
    least=1,
)
TRANSLITERATION = _object(
    [],
    keep={"type": "array", "items": WORDS, "uniqueItems": True},
    words=_map({"type": "string", "minLength": 2}, WORDS),
)
_NAMES = {"type": "array", "items": NAME, "minItems": 1, "uniqueItems": True}
_QUESTION = {
    "oneOf": [
        _object(["choices"], choices=_map(NAME, NAME, 2)),
        _object(
            ["number", "then"], number={"type": "integer", "minimum": 2, "maximum": 9}, then=NAME
        ),
    ]
}
_RESULT = _object(
    ["source"],
    documents=_NAMES,
    fee=NAME,
    where=_NAMES,
    notes=_NAMES,
    sum={
        "type": "array",
        "minItems": 1,
        "items": _object(["word", "fact"], word=NAME, fact=NAME, times=NAME),
    },
    total={"type": "boolean"},
    source=SOURCE_IDS,
    next={"type": "array", "items": ID, "uniqueItems": True},
)
WALK = _object(
    ["start", "questions", "results"],
    start=NAME,
    questions=_map(NAME, _QUESTION, 1),
    results=_map(NAME, _RESULT, 1),
)
_STATUS: dict[str, Any] = {
    "status": {"enum": ["original", "draft", "reviewed"]},
    "translated_from": {"type": "string", "pattern": r"^[a-zA-Z-]+@[0-9a-f]{8}$"},
    "reviewer": WORDS,
    "reviewed_on": DAY,
}
WALK_TEXT = _object(
    ["status", "words"],
    **_STATUS,
    words=_map({"type": "string", "pattern": r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?$"}, WORDS, 1),
)
GUIDE = _object(
    ["life_event", "checked_on"],
    kind={"enum": ["guide", "emergency"]},
    life_event=ID,
    order={"type": "integer"},
    checked_on=DAY,
    sources=SOURCES,
    facts=FACTS,
    section_sources=_map(ID, SOURCE_IDS),
    next={"type": "array", "items": ID, "uniqueItems": True},
    walks=_map({"enum": ["checklist", "amount"]}, WALK),
)
_TEXT: dict[str, Any] = {
    "title": {**WORDS, "maxLength": TITLE_LIMIT},
    **_STATUS,
}
GUIDE_TEXT = _object(["title", "short", "asks", "status"], **_TEXT, short=WORDS, asks=ASKS)
COURSE = _object(
    ["checked_on", "sources"],
    order={"type": "integer"},
    audience=WORDS,
    checked_on=DAY,
    sources=SOURCES,
)
COURSE_TEXT = GUIDE_TEXT
LESSON = _object(
    ["sources", "confidence", "quiz"],
    sources={"type": "array", "items": WORDS, "minItems": 1},
    confidence={"enum": ["H", "M"]},
    quiz={
        "type": "array",
        "minItems": 1,
        "items": _object(
            ["id", "options", "answer"],
            id=ID,
            options={"type": "integer", "minimum": 2, "maximum": 5},
            answer=OPTION,
        ),
    },
)
LESSON_TEXT = _object(
    ["title", "status", "quiz"],
    **_TEXT,
    quiz=_map(
        ID,
        _object(
            ["question", "options", "right", "wrong"],
            question=WORDS,
            options=_map(
                {"enum": ["a", "b", "c", "d", "e"]}, {**WORDS, "maxLength": OPTION_LIMIT}, 2
            ),
            right=WORDS,
            wrong=WORDS,
        ),
        1,
    ),
)
GLOSSARY = _map(
    {"type": "string", "pattern": "^[a-z][a-z0-9-]{0,39}$"},
    _object(["word", "plain"], word=WORDS, also={"type": "array", "items": WORDS}, plain=WORDS),
)
PLURAL = _map({"enum": ["zero", "one", "two", "few", "many", "other"]}, WORDS, 1)
STRINGS = _map(
    {"type": "string", "pattern": r"^[a-z][a-zA-Z0-9_.-]*$"}, {"oneOf": [WORDS, PLURAL]}, 1
)
STRINGS_BEGUN = {**STRINGS, "minProperties": 0}
"""Of a language that is not finished: what is missing comes in the nearest language."""
