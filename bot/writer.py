"""Words named by actions become sentences in a language, with facts filled in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from actions.base import (
    CourseWords,
    FactWords,
    GuideFact,
    GuideSource,
    GuideWords,
    LanguageName,
    LessonWords,
    Lines,
    QuizWords,
    Say,
    TermWords,
    WalkIndexes,
    WalkSource,
    WalkTotal,
    WalkWords,
)
from bot.library import format as formats
from bot.library.check import PLACEHOLDER
from bot.library.model import Fact, Guide, Library, Result, Source
from bot.library.walks import FREE

SOURCES = 2
"""How many sources a source line names at most."""


class Writer:
    """Puts words into one language; says so when it has to fall back to another."""

    def __init__(self, library: Library, language: str, known: Sequence[str] = ()) -> None:
        """`known`: other languages that the reader knows, nearest first."""
        self.library = library
        self.language = language
        self.languages = library.fallbacks(language, known)
        self._told = {language}

    def words(self, one: Any) -> str:
        """Return words as Markdown."""
        if isinstance(one, Say):
            return self.say(one)
        if isinstance(one, GuideWords):
            return self._guide(one)
        if isinstance(one, GuideSource):
            return self._guide_source(one)
        if isinstance(one, (GuideFact, WalkWords, WalkTotal, WalkIndexes, WalkSource)):
            return self._walk(one)
        if isinstance(one, Lines):
            mark = "- " if one.bullets else ""
            return "\n".join(mark + self.words(item) for item in one.items)
        if isinstance(one, FactWords):
            return self._fact(self.library.site.facts[one.name], self.language)
        if isinstance(one, LanguageName):
            return self.library.languages[one.code].name
        if isinstance(one, (CourseWords, LessonWords, QuizWords, TermWords)):
            return self._learning(one)
        if isinstance(one, (int, float)):
            return formats.number(one, self.language)
        return str(one)

    def say(self, one: Say) -> str:
        """Return a string of the interface with its values; never fails on a missing one."""
        text, language = self._string(one.key)
        count = one.values.get("count")
        chosen = formats.plural(text, count if isinstance(count, (int, float)) else 0, language)
        days = {"since", "seen"}
        for name in PLACEHOLDER.findall(chosen):
            value = one.values.get(name, "")
            shown = formats.day(value, language) if name in days and value else self.words(value)
            chosen = chosen.replace("{" + name + "}", shown)
        return chosen

    def _string(self, key: str) -> tuple[Any, str]:
        for language in self.languages:
            if (text := self.library.strings.get(language, {}).get(key)) is not None:
                return text, language
        return key, self.language

    def _notice(self, language: str) -> str:
        """Return the sentence that says, once, in which other language a text comes."""
        if language in self._told:
            return ""
        self._told.add(language)
        name = LanguageName(language)
        return self.say(Say("language.missing", {"language": name})) + "\n\n"

    # -- guides ----------------------------------------------------------------------------

    def _guide(self, one: GuideWords) -> str:
        guide = self.library.guides[one.guide]
        for language in self.languages:
            text = guide.texts.get(language)
            if text is None:
                continue
            if one.part == "title":
                return text.title
            body = text.short if one.part == "short" else text.sections.get(one.part)
            if body:
                head = ""
                if one.lead:
                    title = self._guide(GuideWords(one.guide, "title"))
                    section = self.say(Say(f"section.{one.part}"))
                    head = f"**{title}**" if one.part == "short" else f"**{title}: {section}**"
                    head += "\n\n"
                return head + self._notice(language) + self._fill(body, guide.facts, language)
        return ""

    def _fill(self, text: str, facts: Any, language: str) -> str:
        def value(match: Any) -> str:
            return self._fact(facts[match.group(1)], language)

        return PLACEHOLDER.sub(value, text)

    def _fact(self, one: Fact, language: str) -> str:
        shown = formats.fact(one, self.library.site, self._strings(language), language)
        return self._apart(shown, language, "\u2066") if one.kind in ("phone", "url") else shown

    def _apart(self, text: str, language: str, isolate: str) -> str:
        """Return what runs from left to right so that words around it, from right to left, do
        not turn it: '8-800-080-7777' after Arabic would be shown with its groups swapped."""
        rtl = self.library.languages[language].direction == "rtl"
        return f"{isolate}{text}\u2069" if rtl else text

    def _strings(self, language: str) -> formats.Strings:
        return self.library.strings.get(language) or self.library.strings.get("en", {})

    def _guide_source(self, one: GuideSource) -> str:
        guide = self.library.guides[one.guide]
        used = self._used(guide, one.parts)
        sources: list[Source] = []
        for part in one.parts:
            sources += guide.section_sources.get(part, ())
        for fact in used:
            if fact.name not in self.library.site.contacts:
                sources += fact.sources
        checked = min([guide.checked_on, *(fact.checked_on for fact in used)])
        if one.brief:
            names = self._names(sources)
            return self.say(Say("source.lesson", {"sources": names})) if names else ""
        return self._checked(sources, checked)

    def _checked(self, sources: Iterable[Source], checked: str) -> str:
        """Return the line of sources and of the day when they were checked."""
        values: dict[str, Any] = {"checked": formats.day(checked, self.language)}
        names = self._names(sources)
        if not names:
            return self.say(Say("source.checked", values))
        return self.say(Say("source.line", {**values, "sources": names}))

    def _names(self, sources: Iterable[Source]) -> str:
        """Return the sources that a source line names, each once."""
        names = [_source(source) for source in dict.fromkeys(sources)][:SOURCES]
        return "; ".join(self._apart(name, self.language, "\u2068") for name in names)

    def _used(self, guide: Guide, parts: Sequence[str]) -> list[Fact]:
        """Return the facts that the shown parts name."""
        text = next((guide.texts[code] for code in self.languages if code in guide.texts), None)
        if text is None:
            return []
        shown = [text.short if part == "short" else text.sections.get(part, "") for part in parts]
        names = dict.fromkeys(PLACEHOLDER.findall(" ".join(shown)))
        return [guide.facts[name] for name in names]

    # -- walks of guides -------------------------------------------------------------------

    def _walk(self, one: GuideFact | WalkWords | WalkTotal | WalkIndexes | WalkSource) -> str:
        guide = self.library.guides[one.guide]
        if isinstance(one, WalkWords):
            return self._walk_words(one, guide)
        if isinstance(one, GuideFact):
            return self._working(guide.facts[one.fact], one.count)
        result = guide.walks[one.walk].results[one.result]
        if isinstance(one, WalkTotal):
            return self._total(one, guide, result)
        if isinstance(one, WalkIndexes):
            return self._indexes(guide, result)
        used = _priced(guide, result)
        sources = [*result.sources, *(source for fact in used for source in fact.sources)]
        checked = min([guide.checked_on, *(fact.checked_on for fact in used)])
        return self._checked(sources, checked)

    def _walk_words(self, one: WalkWords, guide: Guide) -> str:
        for language in self.languages:
            text = guide.walk_texts.get(language)
            if text and one.name in text.words:
                notice = self._notice(language) if one.notice else ""
                return notice + self._fill(text.words[one.name], guide.facts, language)
        return ""

    def _working(self, fact: Fact, count: int) -> str:
        strings = self._strings(self.language)
        return formats.working(fact, count, self.library.site, strings, self.language)

    def _total(self, one: WalkTotal, guide: Guide, result: Result) -> str:
        site = self.library.site
        lines = zip(result.sum, one.counts, strict=True)
        exact = [formats.exact(guide.facts[line.fact], site) * count for line, count in lines]
        strings = self._strings(self.language)
        return formats.money(sum(exact, Decimal(0)), site, strings, self.language)

    def _indexes(self, guide: Guide, result: Result) -> str:
        site = self.library.site
        used = (fact.value.get("of") for fact in _priced(guide, result))
        lines = []
        for name in dict.fromkeys(filter(None, used)):
            value = Decimal(str(site.indexes[name].value))
            strings = self._strings(self.language)
            values = {
                "index": Say(f"index.{name}"),
                "year": str(site.indexes[name].year),
                "amount": formats.money(value, site, strings, self.language),
            }
            lines.append(self.say(Say("walk.index", values)))
        return "\n".join(lines)

    # -- learning --------------------------------------------------------------------------

    def _learning(self, one: CourseWords | LessonWords | QuizWords | TermWords) -> str:
        if isinstance(one, TermWords):
            return self._term(one)
        course = self.library.courses[one.course]
        if isinstance(one, CourseWords):
            text = self._best(course.texts)
            if one.part == "title":
                return str(text.title)
            return self._notice(text.language) + str(text.short)
        lesson = course.lessons[course.position(one.lesson)]
        if isinstance(one, LessonWords) and one.part == "sources":
            return self.say(Say("source.lesson", {"sources": self._names(lesson.sources)}))
        words = self._best(lesson.texts)
        if isinstance(one, LessonWords):
            if one.part == "title":
                return str(words.title)
            return self._notice(words.language) + str(words.body)
        quiz = words.quiz[one.question]
        if one.part in quiz.options:
            return str(quiz.options[one.part])
        return str(getattr(quiz, one.part))

    def _best(self, texts: Any) -> Any:
        return next(texts[code] for code in self.languages if code in texts)

    def _term(self, one: TermWords) -> str:
        for language in self.languages:
            term = self.library.glossary.get(language, {}).get(one.term)
            if term:
                if one.part == "word":
                    return term.word
                plain = self._fill(term.plain, self.library.site.facts, language)
                return self._notice(language) + plain
        return one.term


def _source(source: Source) -> str:
    """Return a source as people can look it up: title, and its year if it has a date."""
    year = source.date[:4]
    return source.title if not year or year in source.title else f"{source.title}, {year}"


def _priced(guide: Guide, result: Result) -> list[Fact]:
    """Return the facts of money that a walk's result shows."""
    names = [result.fee] if result.fee not in ("", FREE) else []
    names += [line.fact for line in result.sum]
    return [guide.facts[name] for name in dict.fromkeys(names)]
