"""From checked mappings to the immutable model."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from bot.library import walks
from bot.library.files import split_sections, stamp
from bot.library.model import (
    Course,
    CourseText,
    Fact,
    Guide,
    GuideText,
    Index,
    Language,
    Lesson,
    LessonText,
    QuizQuestion,
    QuizText,
    Site,
    Source,
    Term,
    Walk,
)
from bot.library.schemas import FACT_KINDS


class BuildError(ValueError):
    """A reference inside a file leads nowhere; `key` says where it stands."""

    def __init__(self, key: str, text: str) -> None:
        super().__init__(text)
        self.key = key


def _sources(data: Mapping[str, Any]) -> dict[str, Source]:
    return {
        str(key): Source(str(key), row["title"], row.get("url", ""), str(row.get("date", "")))
        for key, row in (data.get("sources") or {}).items()
    }


def _refer(sources: Mapping[str, Source], ids: Any, key: str) -> tuple[Source, ...]:
    names = [ids] if isinstance(ids, str) else [str(one) for one in ids]
    for name in names:
        if name not in sources:
            raise BuildError(key, f"source '{name}' is not under 'sources'")
    return tuple(sources[name] for name in names)


def _facts(data: Mapping[str, Any], sources: Mapping[str, Source]) -> dict[str, Fact]:
    facts: dict[str, Fact] = {}
    for name, row in (data.get("facts") or {}).items():
        kind: Any = next(kind for kind in FACT_KINDS if kind in row)
        key = f"facts.{name}"
        facts[name] = Fact(
            name=name,
            kind=kind,
            value=row[kind],
            sources=_refer(sources, row["source"], f"{key}.source"),
            confidence=row["confidence"],
            checked_on=str(row.get("checked_on", data["checked_on"])),
        )
    return facts


def languages(data: Mapping[str, Any]) -> dict[str, Language]:
    """Return the languages in menu order."""
    return {
        code: Language(
            code,
            row["name"],
            row["direction"],
            tuple(row.get("fallback", ())),
            row.get("unfinished", False),
            row.get("transliterated_from", ""),
        )
        for code, row in data.items()
    }


def site(data: Mapping[str, Any]) -> Site:
    """Return the site. Raises BuildError for a reference that leads nowhere."""
    sources = _sources(data)
    indexes = {}
    for name, row in (data.get("indexes") or {}).items():
        _refer(sources, row["source"], f"indexes.{name}.source")
        indexes[name] = Index(name, row["value"], row["year"])
    facts = _facts(data, sources)
    for name in data["contacts"]:
        if name not in facts:
            raise BuildError("contacts", f"fact '{name}' is not under 'facts'")
    return Site(
        id=data["id"],
        country=data["country"],
        currency=data["currency"],
        timezone=data["timezone"],
        checked_on=str(data["checked_on"]),
        life_events=tuple(data["life_events"]),
        indexes=indexes,
        facts=facts,
        contacts=tuple(data["contacts"]),
    )


def guide(guide_id: str, data: Mapping[str, Any], of: Site) -> Guide:
    """Return a guide without texts. Raises BuildError for a reference that leads nowhere."""
    sources = _sources(data)
    section_sources = {
        section: _refer(sources, ids, f"section_sources.{section}")
        for section, ids in (data.get("section_sources") or {}).items()
    }
    return Guide(
        id=guide_id,
        life_event=data["life_event"],
        order=data.get("order", 100),
        checked_on=str(data["checked_on"]),
        facts={**of.facts, **_facts(data, sources)},
        section_sources=section_sources,
        next=tuple(data.get("next") or ()),
        texts={},
        emergency=data.get("kind") == "emergency",
        walks=_walks(data, sources),
    )


def _walks(data: Mapping[str, Any], sources: Mapping[str, Source]) -> dict[str, Walk]:
    try:
        return walks.build(data, sources)
    except KeyError as error:
        raise BuildError("walks", f"source {error} is not under 'sources'") from error


def _asks(front: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(" ".join(ask.split()) for ask in front.get("asks", ()))


def guide_text(language: str, front: dict[str, Any], body: str) -> GuideText:
    """Return the words of a guide in one language."""
    return GuideText(
        language=language,
        title=front["title"],
        short=front["short"].strip(),
        sections=dict(split_sections(body)),
        asks=_asks(front),
        status=front["status"],
        stamp=stamp(front, body),
        translated_from=front.get("translated_from", ""),
        reviewer=front.get("reviewer", ""),
        reviewed_on=str(front.get("reviewed_on", "")),
    )


def course_text(language: str, front: dict[str, Any], body: str) -> CourseText:
    """Return title, summary and asks of a course in one language."""
    return CourseText(
        language=language,
        title=front["title"],
        short=front["short"].strip(),
        asks=_asks(front),
        status=front["status"],
        stamp=stamp(front, body),
        translated_from=front.get("translated_from", ""),
    )


def lesson(lesson_id: str, data: Mapping[str, Any], course_data: Mapping[str, Any]) -> Lesson:
    """Return a lesson without texts. Raises BuildError for a source that is not the course's."""
    quiz = []
    for row in data["quiz"]:
        options = tuple("abcde"[: row["options"]])
        if row["answer"] not in options:
            raise BuildError(f"quiz.{row['id']}.answer", f"must be one of {', '.join(options)}")
        quiz.append(QuizQuestion(row["id"], options, row["answer"]))
    return Lesson(
        id=lesson_id,
        sources=_refer(_sources(course_data), data["sources"], "sources"),
        confidence=data["confidence"],
        quiz=tuple(quiz),
        texts={},
    )


def lesson_text(language: str, front: dict[str, Any], body: str) -> LessonText:
    """Return the words of a lesson in one language."""
    quiz = {
        key: QuizText(row["question"], dict(row["options"]), row["right"], row["wrong"])
        for key, row in front["quiz"].items()
    }
    return LessonText(
        language=language,
        title=front["title"],
        body=re.sub(r"\n{3,}", "\n\n", body),
        quiz=quiz,
        status=front["status"],
        stamp=stamp(front, body),
        translated_from=front.get("translated_from", ""),
    )


def course(
    course_id: str, data: Mapping[str, Any], texts: dict[str, CourseText], lessons: Iterable[Lesson]
) -> Course:
    """Return a course with its lessons in order."""
    return Course(
        id=course_id,
        order=data.get("order", 100),
        checked_on=str(data["checked_on"]),
        lessons=tuple(lessons),
        texts=texts,
    )


def glossary(data: Mapping[str, Any]) -> dict[str, Term]:
    """Return the official words of one language."""
    return {
        key: Term(key, row["word"], tuple(row.get("also", ())), row["plain"].strip())
        for key, row in data.items()
    }
