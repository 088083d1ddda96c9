"""Content, language and channel limits become messages. The only part that knows limits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from actions.base import (
    Choice,
    CourseWords,
    FactWords,
    GuideSource,
    GuideWords,
    LanguageName,
    LessonWords,
    Lines,
    QuizWords,
    Response,
    Say,
    TermWords,
    Words,
)
from bot import markup
from bot.channels import Profile
from bot.library import format as formats
from bot.library.check import PLACEHOLDER
from bot.library.model import Fact, Guide, Library, Source
from bot.model import Button, Message, Update
from bot.parts import split

SOURCES = 2
"""How many sources a source line names at most."""

NARROW = 18
"""Labels up to this many characters stand two in a row."""


class Renderer:
    """Writes for one channel out of one library."""

    def __init__(self, library: Library, profile: Profile) -> None:
        self.library = library
        self.limits = profile.limits

    def messages(
        self,
        responses: Sequence[Response],
        language: str,
        update: Update | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> tuple[list[Message], tuple[str, ...] | None]:
        """Return the messages, and the payloads that a typed number now stands for.

        The payloads are None when nothing was said. Texts too long for the channel become
        several messages; choices stand on the last.
        """
        language = self.language(language)
        found: list[Message] = []
        payloads: list[str] = []
        for response in responses:
            writer = _Writer(self.library, language)
            source = "\n\n".join(filter(None, (writer.words(one) for one in response.words)))
            buttons = self._buttons(response.choices, writer, len(payloads))
            payloads += [button.payload for button in buttons]
            if self.limits.numbered and buttons:
                source += "\n\n" + "\n".join(button.label for button in buttons)
            about = {
                **(metadata or {}),
                "language": language,
                "direction": self.library.languages[language].direction,
                "content_id": response.content,
            }
            edit = update.reference if response.replace and update else ""
            found += self._split(source, buttons, edit, about)
        return found, tuple(payloads) if responses else None

    def language(self, wanted: str) -> str:
        """Return the wanted language if it is shipped, else the first one that is."""
        return wanted if wanted in self.library.languages else next(iter(self.library.languages))

    def _buttons(self, choices: Sequence[Choice], writer: _Writer, offset: int) -> list[Button]:
        buttons = []
        for index, one in enumerate(choices[: self.limits.buttons], offset + 1):
            label = markup.to_plain(writer.words(one.label)).replace("\n", " ")
            if self.limits.numbered:
                label = f"{index}. {label}"
            elif len(label) > self.limits.label:
                label = label[: self.limits.label - 1].rstrip() + "…"
            buttons.append(Button(label, one.payload))
        return buttons

    def _split(
        self, source: str, buttons: list[Button], edit: str, metadata: dict[str, Any]
    ) -> list[Message]:
        write = {
            "telegram": markup.to_telegram,
            "web": markup.to_web,
            "plain": markup.to_plain,
        }[self.limits.markup]
        parts = split(source, self.limits.text, lambda part: len(write(part)))
        rows = () if self.limits.numbered else _rows(buttons)
        messages = [Message(write(part), metadata=metadata) for part in parts[:-1]]
        last = Message(write(parts[-1]) if parts else "", rows, "" if messages else edit, metadata)
        return [*messages, last]


def _rows(buttons: list[Button]) -> tuple[tuple[Button, ...], ...]:
    rows: list[tuple[Button, ...]] = []
    for button in buttons:
        short = len(button.label) <= NARROW
        if rows and short and len(rows[-1]) == 1 and len(rows[-1][0].label) <= NARROW:
            rows[-1] = (*rows[-1], button)
        else:
            rows.append((button,))
    return tuple(rows)


class _Writer:
    """Puts words into one language; says so when it has to fall back to another."""

    def __init__(self, library: Library, language: str) -> None:
        self.library = library
        self.language = language
        self.languages = library.fallbacks(language)

    def words(self, one: Any) -> str:
        """Return words as Markdown."""
        if isinstance(one, Say):
            return self.say(one)
        if isinstance(one, GuideWords):
            return self._guide(one)
        if isinstance(one, GuideSource):
            return self._guide_source(one)
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
        """Return the sentence that says in which other language a text comes."""
        if language == self.language:
            return ""
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
        strings = self.library.strings.get(language) or self.library.strings.get("en", {})
        return formats.fact(one, self.library.site, strings, language)

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
        values: dict[str, Any] = {"checked": formats.day(checked, self.language)}
        names = [_source(source) for source in dict.fromkeys(sources)][:SOURCES]
        if one.brief:
            return self.say(Say("source.lesson", {"sources": "; ".join(names)})) if names else ""
        if not names:
            return self.say(Say("source.checked", values))
        return self.say(Say("source.line", {**values, "sources": "; ".join(names)}))

    def _used(self, guide: Guide, parts: Sequence[str]) -> list[Fact]:
        """Return the facts that the shown parts name."""
        text = next((guide.texts[code] for code in self.languages if code in guide.texts), None)
        if text is None:
            return []
        shown = [text.short if part == "short" else text.sections.get(part, "") for part in parts]
        names = dict.fromkeys(PLACEHOLDER.findall(" ".join(shown)))
        return [guide.facts[name] for name in names]

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
            names = "; ".join(_source(source) for source in lesson.sources[:SOURCES])
            return self.say(Say("source.lesson", {"sources": names}))
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


__all__ = ["Renderer", "Words"]
