"""Romanised Cyrillic: from Latin letters back to Cyrillic, and the other way for training."""

import random
import re

# Longest first. What people type on a Latin keyboard, several habits at once.
_TO_CYRILLIC = {
    "ru": (
        ("shch", "щ"), ("sch", "щ"), ("zh", "ж"), ("kh", "х"), ("ts", "ц"), ("ch", "ч"),
        ("sh", "ш"), ("yu", "ю"), ("ju", "ю"), ("ya", "я"), ("ja", "я"), ("yo", "е"),
        ("ye", "е"), ("je", "е"), ("ij", "ий"), ("iy", "ий"), ("yj", "ый"), ("yy", "ый"),
        ("ck", "к"), ("4", "ч"), ("6", "ш"), ("'", "ь"), ("a", "а"), ("b", "б"), ("c", "ц"),
        ("d", "д"), ("e", "е"), ("f", "ф"), ("g", "г"), ("h", "х"), ("i", "и"), ("j", "й"),
        ("k", "к"), ("l", "л"), ("m", "м"), ("n", "н"), ("o", "о"), ("p", "п"), ("q", "к"),
        ("r", "р"), ("s", "с"), ("t", "т"), ("u", "у"), ("v", "в"), ("w", "ш"), ("x", "х"),
        ("y", "ы"), ("z", "з"),
    ),
    "kk": (
        ("shch", "щ"), ("zh", "ж"), ("kh", "х"), ("gh", "ғ"), ("ng", "ң"), ("ch", "ч"),
        ("sh", "ш"), ("yu", "ю"), ("ya", "я"), ("ts", "ц"), ("'", ""), ("a", "а"), ("b", "б"),
        ("c", "ц"), ("d", "д"), ("e", "е"), ("f", "ф"), ("g", "г"), ("h", "х"), ("i", "и"),
        ("j", "ж"), ("k", "к"), ("l", "л"), ("m", "м"), ("n", "н"), ("o", "о"), ("p", "п"),
        ("q", "қ"), ("r", "р"), ("s", "с"), ("t", "т"), ("u", "у"), ("v", "в"), ("w", "у"),
        ("x", "х"), ("y", "ы"), ("z", "з"), ("ä", "ә"), ("á", "ә"), ("ö", "ө"), ("ó", "ө"),
        ("ü", "ү"), ("ú", "ұ"), ("ı", "ы"), ("ğ", "ғ"), ("ñ", "ң"), ("ş", "ш"), ("ū", "ұ"),
    ),
}  # fmt: skip
_TO_CYRILLIC["ky"] = _TO_CYRILLIC["kk"]

_AFTER_VOWEL = re.compile(r"(?<=[аеиоуыәөүұэюя])[ыи](?=[аеиоуыәөүұ]|\b)")

_TO_LATIN: dict[str, tuple[str, ...]] = {
    "а": ("a",), "б": ("b",), "в": ("v",), "г": ("g",), "д": ("d",), "е": ("e",),
    "ё": ("e", "yo"), "ж": ("zh", "j"), "з": ("z",), "и": ("i",), "й": ("y", "i", "j"),
    "к": ("k",), "л": ("l",), "м": ("m",), "н": ("n",), "о": ("o",), "п": ("p",),
    "р": ("r",), "с": ("s",), "т": ("t",), "у": ("u",), "ф": ("f",), "х": ("h", "kh", "x"),
    "ц": ("c", "ts"), "ч": ("ch",), "ш": ("sh",), "щ": ("sch", "shch"), "ъ": ("",),
    "ы": ("y", "i"), "ь": ("", "'"), "э": ("e",), "ю": ("yu", "u"), "я": ("ya", "ia"),
    "ә": ("a", "e"), "ғ": ("g", "gh"), "қ": ("q", "k"), "ң": ("n", "ng"), "ө": ("o",),
    "ұ": ("u",), "ү": ("u",), "һ": ("h",), "і": ("i",),
}  # fmt: skip

_UZBEK = str.maketrans(
    {
        "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "yo", "ж": "j",
        "з": "z", "и": "i", "й": "y", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o",
        "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f", "х": "x", "ц": "s",
        "ч": "ch", "ш": "sh", "ъ": "'", "ы": "i", "ь": "", "э": "e", "ю": "yu", "я": "ya",
        "ў": "o'", "қ": "q", "ғ": "g'", "ҳ": "h", "щ": "sh",
    }
)  # fmt: skip

ROMANISED_LANGUAGES = tuple(_TO_CYRILLIC)


def to_cyrillic(text: str, language: str) -> str:
    """Turn lower-case romanised text of a language (ru, kk, ky) into Cyrillic."""
    result = text
    for latin, cyrillic in _TO_CYRILLIC[language]:
        if latin in result:
            result = result.replace(latin, cyrillic)
    return _AFTER_VOWEL.sub("й", result)


def uzbek_latin(text: str) -> str:
    """Turn lower-case Uzbek in Cyrillic letters into its Latin alphabet."""
    return text.translate(_UZBEK)


def to_latin(text: str, rng: random.Random) -> str:
    """Romanise Cyrillic as one person would: one habit per letter, kept through the text."""
    habit = {letter: rng.choice(forms) for letter, forms in _TO_LATIN.items()}
    out = []
    for character in text:
        lower = character.lower()
        latin = habit.get(lower, character)
        out.append(latin.capitalize() if character != lower and latin else latin)
    return "".join(out)
