"""Seeded noise: how people really type, for training (augmentation) and for measuring."""

import random
import re
import unicodedata
from collections.abc import Callable

from nlu.text import script_of
from nlu.translit import ROMANISED_LANGUAGES, to_latin

_KEYBOARDS = {
    "latin": ("qwertyuiop", "asdfghjkl", "zxcvbnm"),
    "cyrillic": ("йцукенгшщзхъ", "фывапролджэ", "ячсмитьбю"),
    "arabic": ("ضصثقفغعهخحجد", "شسيبلاتنمكط", "ئءؤرلاىةوزظ"),
    "bengali": ("ৌৈাীূবহগদজ", "োে্িুপরকতচ", "মনবলস"),
}
_RUSSIFIED = str.maketrans("әғқңөұүһіӘҒҚҢӨҰҮҺІ", "агкноуухиАГКНОУУХИ")
_SMS = {
    "ru": (("пожалуйста", "плиз"), ("сейчас", "щас"), ("что", "шо"), ("как ", "кк "),
           ("спасибо", "спс"), ("можно", "мона"), ("документы", "доки"), ("тся", "ца")),
    "kk": (("қалай", "калай"), ("керек", "крк"), ("деген", "дген"), ("бала", "бла")),
    "en": (("you", "u"), ("are", "r"), ("please", "pls"), ("for", "4"), ("to ", "2 "),
           ("how", "hw"), ("what", "wat"), ("my", "ma"), ("documents", "docs")),
}  # fmt: skip
_MIXED = {
    "документы": "құжаттар", "нужны": "керек", "нужно": "керек", "какие": "қандай",
    "сколько": "қанша", "где": "қайда", "когда": "қашан", "ребенка": "баланың",
    "получить": "алу", "паспорт": "төлқұжат", "мой": "менің", "моя": "менің", "как": "қалай",
    "можно": "болады", "пособие": "жәрдемақы", "справка": "анықтама", "работу": "жұмысты",
    "помощь": "көмек", "спасибо": "рахмет", "здравствуйте": "сәлеметсіз бе",
}  # fmt: skip
_MIXED_BACK = {kazakh: russian for russian, kazakh in _MIXED.items()}
_NOT_WORD = re.compile(r"[^\w\s\u0900-\u0963\u0966-\u0dff]")
_WORD = re.compile(r"[\w\u0900-\u0963\u0966-\u0dff]+")

GREETINGS = {
    "en": ("hello, ", "hi ", "good afternoon. please tell me, ", "excuse me, ", "please help, "),
    "ru": ("здравствуйте, ", "добрый день! подскажите пожалуйста, ", "подскажите, ",
           "привет, ", "скажите пожалуйста ", "здравствуйте! хотела узнать, "),
    "kk": ("сәлеметсіз бе, ", "қайырлы күн! айтыңызшы, ", "айтып жіберіңізші, ",
           "ассалаумағалейкум, ", "кешіріңіз, "),
    "ky": ("саламатсызбы, ", "айтып коюңузчу, "),
    "uz": ("assalomu alaykum, ", "ayting iltimos, ", "ассалому алайкум, "),
    "fr": ("bonjour, ", "bonjour, pouvez-vous me dire "),
    "es": ("hola, ", "buenos días, me puede decir "),
    "ar": ("السلام عليكم، ", "مرحبا، "),
    "zh": ("你好，", "请问"),
    "sw": ("habari, ", "tafadhali, "),
    "ur": ("السلام علیکم، ", "براہ کرم بتائیں "),
    "bn": ("নমস্কার, ", "আসসালামু আলাইকুম, "),
}  # fmt: skip


def typo(text: str, rng: random.Random) -> str:
    """Swap, drop, double or mistype one letter of a word of three letters or more."""
    places = [m.span() for m in _WORD.finditer(text) if m.end() - m.start() >= 3]
    if not places:
        return text
    start, end = rng.choice(places)
    at = rng.randrange(start, end)
    kind = rng.choice(("swap", "drop", "double", "near"))
    if kind == "swap" and at + 1 < end:
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    if kind == "double":
        return text[: at + 1] + text[at:]
    if kind == "near":
        return text[:at] + _neighbour(text[at], rng) + text[at + 1 :]
    return text[:at] + text[at + 1 :]


def _neighbour(letter: str, rng: random.Random) -> str:
    for row in _KEYBOARDS.get(script_of(letter), ()):
        place = row.find(letter.lower())
        if place >= 0:
            return rng.choice([row[i] for i in (place - 1, place + 1) if 0 <= i < len(row)])
    return ""


def typos(text: str, rng: random.Random) -> str:
    """Make two typos."""
    return typo(typo(text, rng), rng)


def plain(text: str, rng: random.Random) -> str:
    """Drop case, punctuation and diacritics, as on a hurried phone."""
    lowered = _NOT_WORD.sub("", text.lower()).replace("ё", "е")
    kept = []
    for character in lowered:
        base = unicodedata.normalize("NFD", character)[0]
        kept.append(base if base < "\u0250" else character)
    return "".join(kept)


def romanised(text: str, rng: random.Random) -> str:
    """Write Cyrillic with Latin letters."""
    return to_latin(text, rng)


def russified(text: str, rng: random.Random) -> str:
    """Write Kazakh or Kyrgyz letters as the Russian letters that look like them."""
    return text.translate(_RUSSIFIED)


def sms(text: str, rng: random.Random) -> str:
    """Shorten common words, and drop some vowels inside long words."""
    lowered = text.lower()
    for pairs in _SMS.values():
        for full, short in pairs:
            if rng.random() < 0.7:
                lowered = lowered.replace(full, short)
    return _WORD.sub(lambda m: _squeezed(m.group(), rng), lowered)


def _squeezed(word: str, rng: random.Random) -> str:
    if len(word) < 7 or rng.random() < 0.6:
        return word
    inner = [c for c in word[2:-1] if c not in "aeiouаеиоуыэюя" or rng.random() < 0.6]
    return word[:2] + "".join(inner) + word[-1]


def mixed(text: str, rng: random.Random) -> str:
    """Put Kazakh words into Russian, and Russian words into Kazakh."""
    table = _MIXED_BACK if set(text.lower()) & set("әғқңөұүһі") else _MIXED
    return _WORD.sub(lambda m: table.get(m.group().lower(), m.group()), text)


def greeted(text: str, language: str, rng: random.Random) -> str:
    """Put a greeting or a polite phrase before the question."""
    return rng.choice(GREETINGS.get(language, GREETINGS["en"])) + text


Noise = Callable[[str, random.Random], str]

NOISES: dict[str, Noise] = {
    "typo": typo,
    "typos": typos,
    "plain": plain,
    "romanised": romanised,
    "russified": russified,
    "sms": sms,
    "mixed": mixed,
}


def applies(noise: str, language: str, text: str) -> bool:
    """Say whether a noise changes texts of this kind at all."""
    if noise == "romanised":
        return language in ROMANISED_LANGUAGES and script_of(text) == "cyrillic"
    if noise == "russified":
        return language in ("kk", "ky")
    if noise == "mixed":
        return language in ("kk", "ru")
    if noise == "sms":
        return language in _SMS
    return True
