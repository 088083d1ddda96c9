"""The rules of docs/content.md. Each function returns rows of (key, what is wrong).

Every rule has a bad file in tests/library/test_check.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import fastjsonschema

from bot.library.model import (
    EMERGENCY_SECTIONS,
    OPTIONAL_SECTIONS,
    SECTIONS,
    Guide,
    GuideText,
    Lesson,
    LessonText,
    Library,
    Site,
    Term,
)

Row = tuple[str, str]

PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")
SHORT_LIMIT = 320
SECTION_LIMIT = 900
LESSON_LIMIT = 1200
WORDS_LIMIT = 25  # hard limit of words in a sentence: design, section 6
_VALUE_LENGTH = 14  # what a fact counts for when lengths are measured before it is filled in
_LIST_NUMBER = re.compile(r"^\s*\d+\.\s", re.MULTILINE)
_SENTENCE_END = re.compile(r"[.!?…:;؟۔。！？：；।]+(?:\s+|$)|\n+")
_FORBIDDEN = re.compile(r"<[a-zA-Z/!]|\]\(|^#|^>|^```|^\|", re.MULTILINE)
_UNSPACED = frozenset({"zh"})


def shape(data: Mapping[str, Any], schema: dict[str, Any]) -> list[Row]:
    """Return what differs from a JSON schema, by key.

    Good files, nearly all, pass a compiled validator; only a bad one is read again by the
    slower validator that names every key.
    """
    try:
        _compiled(id(schema), schema)(data)
        return []
    except fastjsonschema.JsonSchemaException:
        pass
    from jsonschema import Draft202012Validator  # only for what is broken

    rows = []
    for error in Draft202012Validator(schema).iter_errors(data):
        key = ".".join(str(part) for part in error.absolute_path)
        rows.append((key, _plain(error)))
    return sorted(set(rows)) or [("", "does not have the shape of docs/content.md")]


_COMPILED: dict[int, Callable[[Any], Any]] = {}


def _compiled(key: int, schema: dict[str, Any]) -> Callable[[Any], Any]:
    """Return the compiled validator of one of the module-level schemas."""
    if key not in _COMPILED:
        _COMPILED[key] = fastjsonschema.compile(
            {"$schema": "http://json-schema.org/draft-07/schema#", **schema}
        )
    return _COMPILED[key]


def _plain(error: Any) -> str:
    if error.validator == "additionalProperties" and isinstance(error.validator_value, bool):
        allowed = ", ".join(sorted(error.schema.get("properties", {})))
        extra = [key for key in error.instance if key not in error.schema.get("properties", {})]
        return f"unknown key '{extra[0]}' (known: {allowed})"
    if error.validator == "maxLength":
        return f"has {len(error.instance)} characters, at most {error.validator_value} fit"
    if error.validator == "type":
        return f"must be a {error.validator_value}, not {error.instance!r:.60} (quotes may help)"
    if error.validator == "oneOf" and not error.schema.get("properties"):
        return "does not have one of the shapes in docs/content.md"
    if error.validator == "oneOf" and "confidence" in error.schema.get("properties", {}):
        return "needs exactly one of money, duration, range, number, percent, date, phone, url"
    return f"{error.message:.160}"


def _placeholders(key: str, text: str, names: Mapping[str, Any]) -> Iterator[Row]:
    for name in PLACEHOLDER.findall(text):
        if name not in names:
            yield key, f"no fact is called '{name}'"
    if re.search(r"[{}]", PLACEHOLDER.sub("", text)):
        yield key, "has a stray { or }; a fact is written {name}"


def length(text: str) -> int:
    """Return about how many characters a text has once its facts are filled in."""
    return len(PLACEHOLDER.sub("x" * _VALUE_LENGTH, text))


def _long_sentences(key: str, text: str, language: str) -> Iterator[Row]:
    if language in _UNSPACED:
        return
    for sentence in _SENTENCE_END.split(_LIST_NUMBER.sub("", text)):
        words = sentence.split()
        if len(words) > WORDS_LIMIT:
            start = " ".join(words[:4])
            yield key, f"a sentence of {len(words)} words ('{start} …'); at most {WORDS_LIMIT}"


def _markup(key: str, text: str) -> Iterator[Row]:
    if match := _FORBIDDEN.search(text):
        yield key, f"'{match.group()}' is not allowed; only paragraphs, lists and **bold** are"
    if text.count("**") % 2:
        yield key, "a ** of bold text is not closed"


def _digits(key: str, text: str) -> Iterator[Row]:
    bare = PLACEHOLDER.sub("", _LIST_NUMBER.sub("", text))
    if match := re.search(r"\d+", bare):
        yield key, f"the number {match.group()} must be a fact with a source, written {{name}}"


def prose(key: str, text: str, language: str, facts: Mapping[str, Any]) -> Iterator[Row]:
    """Return what is wrong with words for people: facts, digits, markup, long sentences."""
    yield from _placeholders(key, text, facts)
    yield from _digits(key, text)
    yield from _markup(key, text)
    yield from _long_sentences(key, text, language)


def guide(one: Guide, site: Site) -> list[Row]:
    """Return what is wrong with the facts of a guide."""
    rows: list[Row] = []
    if one.life_event not in site.life_events:
        rows.append(("life_event", f"'{one.life_event}' is not in site.yml life_events"))
    for name, fact in one.facts.items():
        if fact.kind == "money" and (of := fact.value.get("of")) and of not in site.indexes:
            rows.append((f"facts.{name}", f"index '{of}' is not in site.yml indexes"))
    known = EMERGENCY_SECTIONS if one.emergency else ("short", *SECTIONS)
    for section in one.section_sources:
        if section not in known:
            rows.append(("section_sources", f"'{section}' is not a section"))
    return rows


def guide_text(text: GuideText, one: Guide, site: Site) -> list[Row]:
    """Return what is wrong with a guide's words in one language."""
    rows = list(prose("short", text.short, text.language, one.facts))
    rows += _digits("title", text.title)
    if length(text.short) > SHORT_LIMIT:
        rows.append(("short", f"about {length(text.short)} characters, at most {SHORT_LIMIT}"))
    if text.status == "reviewed" and not (text.reviewer and text.reviewed_on):
        rows.append(("status", "'reviewed' needs reviewer and reviewed_on"))
    order = EMERGENCY_SECTIONS if one.emergency else SECTIONS
    for section, body in text.sections.items():
        if section not in order:
            rows.append((section or "body", "is not a section; see docs/content.md"))
            continue
        rows += prose(section, body, text.language, one.facts)
        if not body:
            rows.append((section, "is empty"))
        if length(body) > SECTION_LIMIT:
            rows.append((section, f"about {length(body)} characters, at most {SECTION_LIMIT}"))
    # A language may begin with title, short answer and asks; sections come whole or not at all.
    if text.sections:
        for section in order:
            if section not in text.sections and section not in OPTIONAL_SECTIONS:
                rows.append((section, "section is missing"))
    elif text.status == "original":
        rows.append(("body", "has no sections"))
    return rows


def lesson_text(text: LessonText, lesson: Lesson) -> list[Row]:
    """Return what is wrong with a lesson's words in one language."""
    rows = [*_markup("body", text.body), *_long_sentences("body", text.body, text.language)]
    if not text.body:
        rows.append(("body", "is empty"))
    if len(text.body) > LESSON_LIMIT:
        rows.append(("body", f"has {len(text.body)} characters, at most {LESSON_LIMIT}"))
    for question in lesson.quiz:
        words = text.quiz.get(question.id)
        if words is None:
            rows.append((f"quiz.{question.id}", "is missing"))
        elif tuple(sorted(words.options)) != question.options:
            wanted = ", ".join(question.options)
            rows.append((f"quiz.{question.id}.options", f"must be exactly {wanted}"))
    for key in set(text.quiz) - {question.id for question in lesson.quiz}:
        rows.append((f"quiz.{key}", "is not in lesson.yml"))
    return rows


def glossary(terms: Mapping[str, Term], site: Site) -> list[Row]:
    """Return what is wrong with the explanations of one language."""
    rows: list[Row] = []
    for key, term in terms.items():
        rows += [(key, text) for _, text in _placeholders(key, term.plain, site.facts)]
        rows += _digits(key, term.plain)
    return rows


def translations(texts: Mapping[str, Any]) -> list[Row]:
    """Return which translations are stale: made from words that have changed since."""
    rows: list[Row] = []
    for code, text in texts.items():
        of, _, stamp = text.translated_from.partition("@")
        if of in texts and stamp and stamp != texts[of].stamp:
            rows.append((code, f"is older than its source text {of} (stamp {texts[of].stamp})"))
    return rows


def strings(
    data: Mapping[str, Any], base: Mapping[str, Any] | None, whole: bool = True
) -> list[Row]:
    """Return which interface strings differ from the English ones in keys or values.

    A language that is not `whole` yet may lack some.
    """
    if base is None:
        return []
    rows = [(key, "is missing") for key in base if whole and key not in data]
    rows += [(key, "is not a key of strings/en.yml") for key in data if key not in base]
    for key, text in data.items():
        if key in base and (wrong := _values(text) ^ _values(base[key])):
            rows.append((key, f"must use the same values as in English: {sorted(wrong)}"))
    return rows


def _values(text: str | Mapping[str, str]) -> set[str]:
    forms: Iterable[str] = [text] if isinstance(text, str) else [text.get("other", "")]
    return {name for form in forms for name in PLACEHOLDER.findall(form)}


def across(library: Library) -> list[tuple[str, str, str, bool]]:
    """Return what is wrong between files: (path, key, text, hint)."""
    rows: list[tuple[str, str, str, bool]] = []
    asked: dict[tuple[str, str], str] = {}
    for guide_id, one in library.guides.items():
        path = f"content/guides/{guide_id}/guide.yml"
        onward = {"next": one.next}
        for name, walk in one.walks.items():
            for result in walk.results.values():
                onward[f"walks.{name}.results.{result.id}.next"] = result.next
        for key, others in onward.items():
            for other in others:
                if other not in library.guides:
                    rows.append((path, key, f"guide '{other}' does not exist", False))
        for code, text in one.texts.items():
            for ask in text.asks:
                other = asked.setdefault((code, ask.casefold()), guide_id)
                if other != guide_id:
                    where = f"content/guides/{guide_id}/{code}.md"
                    rows.append((where, "asks", f"'{ask}' also stands in '{other}'", False))
    named = [f"life_event.{event}" for event in library.site.life_events]
    named += [f"index.{name}" for name in library.site.indexes]
    for key in named:
        if library.strings.get("en") and key not in library.strings["en"]:
            rows.append(("content/strings/en.yml", key, "is missing", False))
    return rows
