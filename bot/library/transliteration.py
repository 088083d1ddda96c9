"""A language in another script, made from its texts by rule: `uz-Cyrl` out of `uz`.

To all that reads the library it is a language like any other, but it has no files of its own:
its texts are made with each library, after the checks. Their status is 'automatic'.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from bot.library import uzbek
from bot.library.model import Language, Library

T = TypeVar("T")
Transliterate = Callable[[str], str]

RULES: Mapping[str, Callable[[list[str], dict[str, str]], Transliterate]] = {
    "uz-Cyrl": uzbek.Cyrillic,
}
"""What makes each such language, from names to keep and words that are exceptions."""

_ABOUT = frozenset({"id", "language", "stamp"})
_MADE = {"status": "automatic", "translated_from": "", "reviewer": "", "reviewed_on": ""}


def build(code: str, data: Mapping[str, Any]) -> Transliterate:
    """Return the rules of a language with the names and words of its file."""
    return RULES[code](data.get("keep", []), data.get("words", {}))


def problems(languages: Mapping[str, Language]) -> list[tuple[str, str]]:
    """Return which languages claim to be transliterated and cannot be: (key, what is wrong)."""
    rows = []
    for code, one in languages.items():
        of = one.transliterated_from
        if of and (code not in RULES or code.partition("-")[0] != of):
            rows.append((code, f"no rule makes it from '{of}' (known: {', '.join(RULES)})"))
        elif of and of not in languages:
            rows.append((code, f"is transliterated from '{of}', which is not here"))
    return rows


def add(library: Library, code: str, to: Transliterate) -> Library:
    """Return the library with the texts of a transliterated language."""
    of = library.languages[code].transliterated_from

    def with_made(texts: Mapping[str, T]) -> dict[str, T]:
        made = {code: _made(texts[of], code, to)} if of in texts else {}
        return {**texts, **made}

    guides = {
        name: replace(one, texts=with_made(one.texts), walk_texts=with_made(one.walk_texts))
        for name, one in library.guides.items()
    }
    courses = {
        name: replace(
            one,
            texts=with_made(one.texts),
            lessons=tuple(replace(row, texts=with_made(row.texts)) for row in one.lessons),
        )
        for name, one in library.courses.items()
    }
    return replace(
        library,
        strings=with_made(library.strings),
        guides=guides,
        courses=courses,
        glossary=with_made(library.glossary),
    )


def _made(value: Any, code: str, to: Transliterate) -> Any:
    """Return a text, or what holds texts, in the other script."""
    if isinstance(value, str):
        return to(value)
    if isinstance(value, tuple):
        return tuple(_made(one, code, to) for one in value)
    if isinstance(value, Mapping):
        return {key: _made(one, code, to) for key, one in value.items()}
    if not is_dataclass(value) or isinstance(value, type):
        return value
    own = {field.name: getattr(value, field.name) for field in fields(value)}
    made = {name: one if name in _ABOUT else _made(one, code, to) for name, one in own.items()}
    made |= {name: text for name, text in {**_MADE, "language": code}.items() if name in own}
    return replace(value, **made)
