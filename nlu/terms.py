"""The gazetteer's terms: words that name a section, a guide or a language."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ruamel.yaml import YAML

from nlu.asks import topics
from nlu.text import folded

WORDS = 20_000
"""Texts, nearly all of them words, of which the folded words are kept, some 5 MB."""

FOLDER = Path(__file__).parent / "data" / "terms"


@dataclass(frozen=True)
class Term:
    """Words (folded; a last '*' stands for any ending) that mean a value of an entity."""

    words: tuple[str, ...]
    entity: str
    value: str


@lru_cache(maxsize=WORDS)
def words_of(text: str) -> tuple[str, ...]:
    """Return the folded words of a text; Chinese characters one by one, '*' kept."""
    words: list[str] = []
    for piece in text.replace("-", " ").split():
        star = piece.endswith("*")
        for part in folded(piece).split():
            chars = list(part) if any("\u3400" <= c <= "\u9fff" for c in part) else [part]
            words.extend(chars)
        if star and words:
            words[-1] += "*"
    return tuple(words)


def read(folder: Path = FOLDER) -> list[Term]:
    """Read terms/<entity>.yml: value, then language, then a list of terms."""
    terms: list[Term] = []
    for file in sorted(folder.glob("*.yml")):
        values = YAML(typ="safe", pure=True).load(file.read_text(encoding="utf-8")) or {}
        for value, by_language in values.items():
            for phrases in by_language.values():
                terms += [Term(words_of(str(p)), file.stem, str(value)) for p in phrases]
    return [t for t in terms if t.words]


def titles(content: Path) -> list[Term]:
    """Return the titles of guides as terms."""
    found = []
    for topic in topics(content):
        kind, _, name = topic.intent.partition(".")
        words = words_of(topic.title.split("(")[0])
        if kind == "guide" and words:
            found.append(Term(words, "guide", name))
    return found


def all_terms(content: Path) -> list[Term]:
    """Return every term once, those of the files before the titles."""
    unique = {(t.words, t.entity): t for t in [*titles(content), *read()]}
    return list(unique.values())
