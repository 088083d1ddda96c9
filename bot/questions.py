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
    r",?\s(?:and|и|жана|және|va|hamda|ва|ҳамда|et|y|na|اور|এবং|আর)\s|،?\sو\s?",
    re.IGNORECASE,
)
_ALSO_WORDS = (
    r"and also|also|and another question|another question|one more (?:question|thing)|besides|"
    r"in addition|separately|"
    r"а также|также|и ещё|и еще|а ещё|а еще|да еще|(?:и )?ещё (?:один )?вопрос|кроме того|"
    r"помимо этого|(?:и )?второй вопрос|"
    r"тағы бір сұрақ|және тағы|тағы да|сонымен қатар|сондай-ақ|одан басқа|сосын|"
    r"дагы бир суроо|дагы бир нерсе|ошондой эле|жана ошондой эле|мындан тышкары|анан|"
    r"yana bir savol|yana|bundan tashqari|shuningdek|яна бир савол|бундан ташқари|шунингдек|"
    r"et aussi|autre question|par ailleurs|de plus|y también|además|otra pregunta|"
    r"na pia|swali lingine|vilevile|وأيضا|كذلك|سؤال آخر|اور یہ بھی|ایک اور سوال|"
    r"আরেকটি প্রশ্ন|এছাড়া|还有|另外|此外|以及|并且"
)
_ALSO_FIRST = re.compile(rf"^(?:{_ALSO_WORDS})(?:[\s,:،，]+|(?<=[\u4e00-\u9fff]))", re.IGNORECASE)
_ALSO = re.compile(
    rf"[,;،，]?\s(?:{_ALSO_WORDS})[\s,:]+|[,，]?(?:还有|另外|此外|以及|并且)[,，]?", re.IGNORECASE
)
_BREAK = re.compile(rf"[,;،，]\s*|{_AND.pattern}", re.IGNORECASE)
_REQUEST = re.compile(
    r"\b(?:how|what|which|where|when|who|can i|do i|(?:i|we) (?:need|want|would like)|"
    r"как|какие|какой|сколько|где|когда|куда|можно ли|нужно|нужна|нужен|надо|хочу|хотим|подскажите|"
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
    """Return the parts of a message that may be questions, in order; none for a single sentence,
    one for a question with a story around it.

    Sentences that ask count, and cries, as they may be about danger; the story around them does
    not, unless a wish in it is followed by 'and also …'. Without any that asks, every sentence
    counts. One sentence is parted at its 'also', 'and' and commas. `text` may hold line breaks.
    """
    sentences = [one for line in text.splitlines() for one in _sentences(line)]
    asking = [one for one in sentences if _ASKS.search(one) or _MARK.match(one)]
    more = [one for one in sentences if _ALSO_FIRST.match(one)]
    if more or not asking:
        asking += [one for one in sentences if one in more or _REQUEST.search(one)]
    asking = asking or sentences
    kept = [one for one in sentences if one in asking or exclaimed(one)]
    found = tuple(dict.fromkeys(_bare(one) for one in kept))
    if len(found) > 1:
        return Parts(found)
    if parts := _joined(found[0]) if found else []:
        return Parts(tuple(parts), joined=True)
    return Parts(found if len(sentences) > 1 and long_enough(found[0]) else ())


def _bare(sentence: str) -> str:
    """Return a sentence without the mark of a list and 'and also' before it."""
    return _ALSO_FIRST.sub("", _MARK.sub("", sentence)) or sentence


def _joined(sentence: str) -> list[str]:
    """Return the parts of one sentence: around 'also', else before what asks, else around the only
    'and'; none where a part is too short to be a question."""
    halves = _AND.split(sentence)
    ways = (_ALSO.split(sentence), _asking(sentence), halves if len(halves) == 2 else [])
    for pieces in ways:
        parts = [one.strip(" ,;") for one in pieces]
        if len(parts) > 1 and all(long_enough(one) for one in parts):
            return parts
    return []


def _asking(sentence: str) -> list[str]:
    """Return a sentence parted at commas and 'and', so that each part asks ('how do I …')."""
    parts: list[str] = []
    at = begin = 0
    for found in (*_BREAK.finditer(sentence), None):
        stop, onward = found.span() if found else (len(sentence), len(sentence))
        if parts and not (_REQUEST.search(parts[-1]) and _REQUEST.search(sentence[at:stop])):
            parts[-1] = sentence[begin:stop]
        else:
            parts.append(sentence[at:stop])
            begin = at
        at = onward
    return parts


def exclaimed(text: str) -> bool:
    """Return whether a part is a cry, such as 'Fire!'."""
    return text.endswith(("!", "\uff01"))


def asks(text: str) -> bool:
    """Return whether a part has a question mark or a word that asks."""
    return bool(_ASKS.search(text) or _REQUEST.search(text))


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
