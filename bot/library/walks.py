"""Walks of a guide: a few questions that lead to a checklist, a fee, a place or a sum.

Builds them from checked mappings, and holds their rules. Every rule has a bad file in
tests/library/test_walks.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bot.library import check
from bot.library.check import Row
from bot.library.files import stamp
from bot.library.model import (
    Guide,
    Library,
    Product,
    Question,
    Result,
    Source,
    Walk,
    WalkText,
)

PAYLOAD_LIMIT = 64
"""Bytes of a button's payload (Telegram): guide, walk, question and answer must fit."""

DEPTH_LIMIT = 6
"""Questions at most on one way: it is a chat, not a form."""

LABEL_LIMIT = 40
FREE = "free"
MISSING = "is missing"


def build(data: Mapping[str, Any], sources: Mapping[str, Source]) -> dict[str, Walk]:
    """Return the walks of a guide. Raises KeyError for a source that is not the guide's."""
    return {name: _walk(row, sources) for name, row in (data.get("walks") or {}).items()}


def _walk(data: Mapping[str, Any], sources: Mapping[str, Source]) -> Walk:
    questions = {
        name: Question(name, row.get("choices", {}), row.get("number", 0), row.get("then", ""))
        for name, row in data["questions"].items()
    }
    return Walk(
        start=data["start"],
        questions=questions,
        results={name: _result(name, row, sources) for name, row in data["results"].items()},
    )


def _result(name: str, row: Mapping[str, Any], sources: Mapping[str, Source]) -> Result:
    ids = [row["source"]] if isinstance(row["source"], str) else row["source"]
    return Result(
        id=name,
        sources=tuple(sources[str(one)] for one in ids),
        documents=tuple(row.get("documents", ())),
        fee=row.get("fee", ""),
        where=tuple(row.get("where", ())),
        notes=tuple(row.get("notes", ())),
        sum=tuple(
            Product(one["word"], one["fact"], one.get("times", "")) for one in row.get("sum", ())
        ),
        total=row.get("total", False),
        next=tuple(row.get("next", ())),
    )


def text(language: str, data: Mapping[str, Any]) -> WalkText:
    """Return the words of a guide's walks in one language."""
    words = {key: value.strip() for key, value in data["words"].items()}
    made_from = data.get("translated_from", "")
    return WalkText(language, words, data["status"], stamp(data, ""), made_from)


# -- rules ---------------------------------------------------------------------------------


def structure(one: Guide) -> list[Row]:
    """Return what is wrong with the walks of a guide, before any words."""
    rows: list[Row] = []
    for name, walk in one.walks.items():
        found = [*_targets(walk), *_ways(walk), *_facts(walk, one)]
        found += _payloads(one.id, name, walk)
        rows += [(f"walks.{name}.{where}", text) for where, text in found]
    return rows


def _targets(walk: Walk) -> Iterator[Row]:
    """Every way leads somewhere, and every question and result can be reached."""
    known = {**walk.questions, **walk.results}
    reached = {walk.start}
    if walk.start not in walk.questions:
        yield "start", f"question '{walk.start}' does not exist"
    for question in walk.questions.values():
        for target in _onward(question):
            reached.add(target)
            if target not in known:
                where = f"questions.{question.id}"
                yield where, f"leads to '{target}', which is no question and no result"
    for name in known:
        if name in walk.questions and name in walk.results:
            yield f"results.{name}", "is also the name of a question"
        if name not in reached:
            kind = "questions" if name in walk.questions else "results"
            yield f"{kind}.{name}", "cannot be reached"


def _onward(question: Question) -> list[str]:
    return [question.then] if question.most else list(question.choices.values())


def _ways(walk: Walk) -> Iterator[Row]:
    """Every way ends, is short, and has asked for the numbers that its result multiplies."""
    waiting: list[tuple[str, ...]] = [(walk.start,)]
    told = set()
    while waiting:
        way = waiting.pop()
        last = way[-1]
        if last in way[:-1]:
            yield f"questions.{last}", "leads back to itself: a walk must end"
            return
        if last in walk.questions:
            if len(way) > DEPTH_LIMIT:
                yield (
                    f"questions.{last}",
                    f"is question {len(way)} on its way, at most {DEPTH_LIMIT}",
                )
                return
            waiting += [(*way, target) for target in _onward(walk.questions[last])]
            continue
        result = walk.results.get(last)
        for product in result.sum if result else ():
            if product.times and product.times not in way and (last, product.times) not in told:
                told.add((last, product.times))
                text = f"times '{product.times}', which is not asked on every way here"
                yield f"results.{last}.sum", text


def _facts(walk: Walk, guide: Guide) -> Iterator[Row]:
    """Fees and sums are facts of money; only numbers multiply; a result says something."""
    for result in walk.results.values():
        where = f"results.{result.id}"
        if not (result.documents or result.fee or result.where or result.notes or result.sum):
            yield where, "says nothing: give documents, fee, where, notes or sum"
        fees = [result.fee] if result.fee not in ("", FREE) else []
        for name in (*fees, *(product.fact for product in result.sum)):
            if name not in guide.facts or guide.facts[name].kind != "money":
                yield where, f"'{name}' is no fact of money"
        for product in result.sum:
            question = walk.questions.get(product.times)
            if product.times and (question is None or not question.most):
                yield f"{where}.sum", f"times '{product.times}', which is no question for a number"


def _payloads(guide: str, name: str, walk: Walk) -> Iterator[Row]:
    for question in walk.questions.values():
        for answer in question.choices or ("9",):
            payload = f"pick:{guide}:{name}:{question.id}:{answer}"
            if len(payload) > PAYLOAD_LIMIT:
                text = f"its names are {len(payload) - PAYLOAD_LIMIT} characters too long"
                yield f"questions.{question.id}", text


def words(one: Guide) -> dict[str, int]:
    """Return the names of all words that the walks of a guide need, and their longest length."""
    found: dict[str, int] = {}
    for walk in one.walks.values():
        for question in walk.questions.values():
            found[question.id] = check.SHORT_LIMIT
            labels = () if question.yes_no else question.choices
            found |= {f"{question.id}.{choice}": LABEL_LIMIT for choice in labels}
        for result in walk.results.values():
            names = (*result.documents, *result.where, *result.notes)
            found |= dict.fromkeys(names, check.SHORT_LIMIT)
            found |= {product.word: LABEL_LIMIT for product in result.sum}
    return found


def text_rows(text: WalkText, one: Guide) -> list[Row]:
    """Return what is wrong with the words of a guide's walks in one language."""
    needed = words(one)
    rows = [(f"words.{name}", MISSING) for name in needed if name not in text.words]
    for name, body in text.words.items():
        key = f"words.{name}"
        if name not in needed:
            rows.append((key, "is not used by a walk in guide.yml"))
            continue
        rows += check.prose(key, body, text.language, one.facts)
        if check.length(body) > needed[name]:
            rows.append((key, f"about {check.length(body)} characters, at most {needed[name]}"))
    return rows


def across(library: Library) -> list[tuple[str, str, str, bool]]:
    """Return the languages in which a guide is whole but its walks have no words.

    Only languages that have words of walks at all count: a translator may finish the guides of
    a new language first. Rows are (path, key, text, hint).
    """
    spoken = {code for one in library.guides.values() for code in one.walk_texts}
    rows = []
    for one in library.guides.values():
        whole = [code for code, text in one.texts.items() if text.sections and code in spoken]
        for code in whole if one.walks else ():
            if code not in one.walk_texts:
                path = f"content/guides/{one.id}/guide.yml"
                rows.append((path, "walks", f"has no words in walks/{code}.yml", False))
    return rows
