"""From files to a Library. A broken item keeps its old version; its problems are listed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from bot.errors import ContentError
from bot.library import build, check, parity, schemas, transliteration, walks
from bot.library.files import read_yaml
from bot.library.model import Course, Guide, Language, Library, Site, Term, WalkText
from bot.library.reader import Problem, Reader, valid


@dataclass
class Loader(Reader):
    """Makes a library of a content folder, again and again."""

    _rules: dict[str, transliteration.Transliterate] = field(default_factory=dict)
    _unlike_rows: dict[Path, tuple[list[Any], list[tuple[str, str, str]]]] = field(
        default_factory=dict
    )

    def load(self, previous: Library | None = None) -> tuple[Library, list[Problem]]:
        """Return the library and all problems.

        An item (site, strings of a language, guide, course, glossary) with a problem comes
        from `previous` where it has it, else it is left out. Raises ContentError when site or
        languages are broken and there is no previous library.
        """
        problems: list[Problem] = []
        languages = self._languages(problems) or (previous and previous.languages)
        site = self._site(problems) or (previous and previous.site)
        if not languages or not site:
            raise ContentError([str(problem) for problem in problems if not problem.hint])
        written = {code: one for code, one in languages.items() if not one.transliterated_from}
        guides = self._guides(site, written, previous, problems)
        library = Library(
            site=site,
            languages=languages,
            strings=self._strings(written, previous, problems),
            guides=guides,
            courses=self._courses(written, previous, problems),
            glossary=self._glossary(site, written, previous, problems),
        )
        rows = [*check.across(library), *walks.across(library)]
        problems += [Problem(*row) for row in rows]
        library = self._transliterated(library, problems)
        return replace(library, version=self._version()), problems

    # -- items -----------------------------------------------------------------------------

    def _languages(self, problems: list[Problem]) -> dict[str, Language] | None:
        path = self.folder / "languages.yml"
        data = self._yaml(path, schemas.LANGUAGES, problems)
        languages = build.languages(data) if data else {}
        rows = transliteration.problems(languages)
        problems += [self._problem(path, key, text) for key, text in rows]
        return None if rows else languages or None

    def _transliterated(self, library: Library, problems: list[Problem]) -> Library:
        """Return the library with the languages that are made from another's texts."""
        for code in (one.code for one in library.languages.values() if one.transliterated_from):
            path = self.folder / "transliteration" / f"{code}.yml"
            parse = partial(_transliteration, path, code)
            if rules := self._read(path, problems, parse):
                self._rules[code] = rules
            rules = self._rules.get(code) or transliteration.build(code, {})
            library = transliteration.add(library, code, rules)
        return library

    def _site(self, problems: list[Problem]) -> Site | None:
        path = self.folder / "site.yml"
        data = self._yaml(path, schemas.SITE, problems)
        return self._try(path, problems, lambda: build.site(data)) if data else None

    def _strings(
        self, languages: Mapping[str, Language], previous: Library | None, problems: list[Problem]
    ) -> dict[str, Mapping[str, Any]]:
        found: dict[str, Mapping[str, Any]] = {}
        for code, language in languages.items():
            path = self.folder / "strings" / f"{code}.yml"
            begun = language.unfinished
            schema = schemas.STRINGS_BEGUN if begun else schemas.STRINGS
            data = self._yaml(path, schema, problems, empty=begun)
            if data is not None:
                rows = check.strings(data, found.get("en"), whole=not begun)
                problems += [self._problem(path, key, text) for key, text in rows]
                data = None if rows and previous and code in previous.strings else data
            if data is None and previous:
                data = previous.strings.get(code)  # type: ignore[assignment]
            if data is not None:
                found[code] = data
        return found

    def _guides(
        self,
        site: Site,
        languages: Mapping[str, Language],
        previous: Library | None,
        problems: list[Problem],
    ) -> dict[str, Guide]:
        found: dict[str, Guide] = {}
        for folder in self._folders("guides"):
            before = previous.guides.get(folder.name) if previous else None
            guide = self._guide(folder, site, languages, before, problems) or before
            if guide:
                found[guide.id] = guide
        return found

    def _guide(
        self,
        folder: Path,
        site: Site,
        languages: Mapping[str, Language],
        before: Guide | None,
        problems: list[Problem],
    ) -> Guide | None:
        path = folder / "guide.yml"
        data = self._yaml(path, schemas.GUIDE, problems)
        if data is None:
            return None
        guide = self._try(path, problems, lambda: build.guide(folder.name, data, site))
        if guide is None:
            return None
        rows = [*check.guide(guide, site), *walks.structure(guide)]
        problems += [self._problem(path, key, text) for key, text in rows]
        if rows:
            return None
        texts = {}
        for code, file in self._texts(folder, languages, problems):
            text = self._markdown(file, schemas.GUIDE_TEXT, problems, build.guide_text, code)
            rows = [("", "")]
            if text:
                work = partial(check.guide_text, text, guide, site)
                rows = self._checked((file, path), work)
            problems += [self._problem(file, key, line) for key, line in rows if line]
            if rows and before and code in before.texts:
                old = before.texts[code]
                text, rows = old, check.guide_text(old, guide, site)
            if text and not rows:
                texts[code] = text
        problems += [self._hint(path, *row) for row in check.translations(texts)]
        problems += self._unlike(folder, "md", texts)
        if not texts:
            problems.append(self._problem(path, "", "has no text in any language"))
            return None
        guide = replace(guide, texts=texts)
        spoken = self._walk_texts(folder, guide, languages, before, problems)
        return replace(guide, walk_texts=spoken)

    def _walk_texts(
        self,
        folder: Path,
        guide: Guide,
        languages: Mapping[str, Language],
        before: Guide | None,
        problems: list[Problem],
    ) -> dict[str, WalkText]:
        """Return the words of a guide's walks; a broken file keeps its words of before.

        Where a language does not have the guide in full, some words may still be missing: the
        walk comes in the nearest language until they are there.
        """
        found = {}
        for code in languages:
            path = folder / "walks" / f"{code}.yml"
            if not path.exists():
                continue
            data = self._yaml(path, schemas.WALK_TEXT, problems)
            text = walks.text(code, data) if data else None
            rows = walks.text_rows(text, guide) if text else [("", "")]
            begun = not (code in guide.texts and guide.texts[code].sections)
            for key, line in filter(any, rows):
                note = self._hint if begun and line == walks.MISSING else self._problem
                problems.append(note(path, key, line))
            if rows and before and code in before.walk_texts:
                text = before.walk_texts[code]
                rows = walks.text_rows(text, guide)
            if text and not rows:
                found[code] = text
        home = folder / "walks"
        problems += [self._hint(home, *row) for row in check.translations(found)]
        problems += self._unlike(home, "yml", found)
        return found

    def _courses(
        self, languages: Mapping[str, Language], previous: Library | None, problems: list[Problem]
    ) -> dict[str, Course]:
        found: dict[str, Course] = {}
        for folder in self._folders("courses"):
            count = len(problems)
            course = self._course(folder, languages, problems)
            broken = any(not problem.hint for problem in problems[count:])
            before = previous.courses.get(folder.name) if previous else None
            if broken and before:
                course = before
            if course and course.lessons and course.texts:
                found[course.id] = course
        return found

    def _course(
        self, folder: Path, languages: Mapping[str, Language], problems: list[Problem]
    ) -> Course | None:
        data = self._yaml(folder / "course.yml", schemas.COURSE, problems)
        if not data:
            return None
        texts = {}
        for code, file in self._texts(folder, languages, problems):
            text = self._markdown(file, schemas.COURSE_TEXT, problems, build.course_text, code)
            if text:
                texts[code] = text
        lessons = [
            self._lesson(path, data, languages, problems)
            for path in sorted(folder.iterdir())
            if path.is_dir()
        ]
        course = build.course(folder.name, data, texts, [one for one in lessons if one])
        problems += [self._hint(folder / "course.yml", *row) for row in check.translations(texts)]
        problems += self._unlike(folder, "md", texts)
        return course

    def _lesson(
        self,
        folder: Path,
        course: dict[str, Any],
        languages: Mapping[str, Language],
        problems: list[Problem],
    ) -> Any:
        path = folder / "lesson.yml"
        data = self._yaml(path, schemas.LESSON, problems)
        if not data:
            return None
        lesson = self._try(path, problems, lambda: build.lesson(folder.name, data, course))
        if lesson is None:
            return None
        texts = {}
        for code, file in self._texts(folder, languages, problems):
            text = self._markdown(file, schemas.LESSON_TEXT, problems, build.lesson_text, code)
            rows = check.lesson_text(text, lesson) if text else [("", "")]
            problems += [self._problem(file, key, line) for key, line in rows if line]
            if text and not rows:
                texts[code] = text
        problems += [self._hint(path, *row) for row in check.translations(texts)]
        problems += self._unlike(folder, "md", texts)
        return replace(lesson, texts=texts) if texts else None

    def _glossary(
        self,
        site: Site,
        languages: Mapping[str, Language],
        previous: Library | None,
        problems: list[Problem],
    ) -> dict[str, Mapping[str, Term]]:
        found: dict[str, Mapping[str, Term]] = {}
        for code in languages:
            path = self.folder / "glossary" / f"{code}.yml"
            if not path.exists():
                continue
            data = self._yaml(path, schemas.GLOSSARY, problems)
            terms = build.glossary(data) if data else None
            rows = check.glossary(terms, site) if terms else []
            problems += [self._problem(path, key, text) for key, text in rows]
            if (terms is None or rows) and previous and code in previous.glossary:
                found[code] = previous.glossary[code]
            elif terms is not None and not rows:
                found[code] = terms
                unlike = parity.differences(found.get("en", {}), terms)
                problems += [self._problem(path, key, text) for key, text in unlike]
        return found

    def _unlike(self, folder: Path, suffix: str, texts: Mapping[str, Any]) -> list[Problem]:
        """Return where translations hold other values; they stay live, for they may be right."""
        now = [(code, one.stamp, one.status, one.translated_from) for code, one in texts.items()]
        known = self._unlike_rows.get(folder)
        if known is None or known[0] != now:
            known = self._unlike_rows[folder] = (now, parity.rows(texts))
        return [self._problem(folder / f"{code}.{suffix}", *row) for code, *row in known[1]]


def _transliteration(path: Path, code: str) -> transliteration.Transliterate:
    return transliteration.build(code, valid(read_yaml(path), schemas.TRANSLITERATION))
