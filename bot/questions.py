"""The questions in one message: sentences, lines, list items, and what 'and' joins.

Splits only; whether the parts are questions of their own is decided by how sure the model is of
each (`bot.several`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

PARTS = 4
"""Parts that are read at most: each costs a question to the model."""

LEAST_WORDS = 3
"""Words that each side of an 'and' must have to be read as a question of its own."""

LEAST_UNSPACED = 5
"""Characters that stand for them in a script without spaces."""

_MARK = re.compile(r"^\s*(?:\d{1,2}[.)]|[-*\u2022\u2013])\s+")
_END = re.compile(r"(?<=[?!\u061f\u06d4\u0964\u3002\uff01\uff1f\u2026])|(?<=[.;])(?=\s)")
_ASKS = re.compile("[?\u061f\uff1f]")
_UNSPACED = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")

_AND = re.compile(
    r",?\s(?:and also|and|also|а также|и еще|и ещё|и|да еще|жана ошондой эле|жана|және|сондай-ақ|"
    r"va|hamda|ва|ҳамда|et aussi|et|y también|y|na pia|na|اور|এবং|আর)\s"
    r"|[,，]?(?:还有|以及|并且)|،?\sو\s?",
    re.IGNORECASE,
)
_REQUEST = re.compile(
    r"\b(?:how|what|which|where|when|who|can i|do i|i need|i want|i would like|"
    r"как|какие|какой|сколько|где|когда|куда|можно ли|нужно|нужна|нужен|надо|хочу|подскажите|"
    r"қалай|қандай|қанша|қайда|қашан|керек|айтыңыз\w*|"
    r"кантип|кандай|канча|кайда|качан|"
    r"qanday|qancha|qayerda|qachon|kerak|қандай|қанча|қаерда|керак|"
    r"comment|combien|quels?|quelles?|où|quand|je veux|je voudrais|"
    r"cómo|cuánto|qué|dónde|cuándo|quiero|necesito|"
    r"vipi|gani|wapi|lini|nataka|nahitaji|jinsi)\b"
    r"|كيف|كم|أين|متى|ما هي|أريد|怎么|如何|多少|哪里|什么|需要|کیسے|کتنی|کہاں|کب|چاہیے|"
    r"কীভাবে|কিভাবে|কত|কোথায়|কখন|চাই",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Parts:
    """Texts that may be questions of their own; `joined` when only an 'and' parts them."""

    texts: tuple[str, ...] = ()
    joined: bool = False


def split(text: str) -> Parts:
    """Return the parts of a message that may be questions, in order; none for a single one.

    Sentences that ask count, and cries, as they may be about danger; the story around them does
    not. Without any that asks, every sentence counts. One sentence is parted at its 'and'.
    `text` may hold line breaks.
    """
    sentences = [one for line in text.splitlines() for one in _sentences(line)]
    asking = [one for one in sentences if _ASKS.search(one) or _MARK.match(one)]
    asking = asking or [one for one in sentences if _REQUEST.search(one)] or sentences
    kept = [one for one in sentences if one in asking or exclaimed(one)]
    found = tuple(dict.fromkeys(_MARK.sub("", one) for one in kept))
    if len(found) > 1:
        return Parts(found)
    halves = _AND.split(found[0]) if found else []
    if len(halves) == 2 and all(long_enough(one) for one in halves):
        return Parts(tuple(one.strip() for one in halves), joined=True)
    return Parts()


def exclaimed(text: str) -> bool:
    """Return whether a part is a cry, such as 'Fire!'."""
    return text.endswith(("!", "\uff01"))


def long_enough(text: str) -> bool:
    """Return whether a part has words enough to be a question."""
    unspaced = len(_UNSPACED.findall(text))
    return unspaced >= LEAST_UNSPACED or (not unspaced and len(text.split()) >= LEAST_WORDS)


def _sentences(line: str) -> list[str]:
    mark = _MARK.match(line)
    head, rest = (mark.group(), line[mark.end() :]) if mark else ("", line)
    found = [" ".join(one.split()) for one in _END.split(rest)]
    found = [one for one in found if any(letter.isalpha() for letter in one)]
    return [head + found[0], *found[1:]] if found else []
