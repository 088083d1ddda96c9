"""A written text without what nobody sees."""

from __future__ import annotations

import re
import unicodedata

_INVISIBLE = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\ufe0f]")


def clean(text: str) -> str:
    """Return a text in NFC without control and invisible characters, white space folded."""
    text = unicodedata.normalize("NFC", text[:20_000])
    text = _INVISIBLE.sub("", text)
    kept = "".join(
        " " if unicodedata.category(character)[0] == "C" else character for character in text
    )
    return " ".join(kept.split())
