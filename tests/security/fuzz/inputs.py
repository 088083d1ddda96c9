"""Inputs that are nearly right: good ones with some parts exchanged, cut, doubled or broken."""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import strategies as st

CANARY = "900101300123"
"""Stands for a person's number: it must turn up in no log, and in no error."""

ATOMS: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 1 << 31, 1 << 63, -(1 << 63), 10**30, 0.5, -0.0, 1e308, 1e-9),
    *("", " ", "0", "1-1", "ru", "menu", "guide:passport", "/start", "\x00", "\u202e", "\ud800"),
    *("\udfff\ud800", "\U0001f1f0" * 50, "ы" * 200, "a" * 5000, "<b>", "</p><script>x", "**"),
    *("../../etc/passwd", "%00", "${x}", "{{x}}", "{x}", "\r\nX: y", CANARY, f"id {CANARY}", "1e9"),
    *([], {}, [[]], [None], {"": ""}, {"a": {"b": {"c": []}}}, ["x"] * 100),
)
"""Values that programs trip over."""

_DEEP = 3_000


def some(rng: random.Random) -> Any:
    """Return any value."""
    return copy.deepcopy(rng.choice(ATOMS))


def mutated(sample: Any, rng: random.Random) -> Any:
    """Return the sample with one to four changes somewhere in it."""
    holder = {"": copy.deepcopy(sample)}
    for _ in range(rng.randint(1, 4)):
        _change(rng, *rng.choice(_places(holder)))
    return holder.get("")


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Return every (container, key) in a value."""
    keys: list[Any] = []
    if isinstance(value, dict):
        keys = list(value)
    elif isinstance(value, list):
        keys = list(range(len(value)))
    found = [(value, key) for key in keys]
    for key in keys:
        found += _places(value[key])
    return found or [({"": None}, "")]


def _change(rng: random.Random, container: Any, key: Any) -> None:
    kind = rng.randrange(6)
    if kind == 0:
        del container[key]
    elif kind == 1 and isinstance(container, dict):
        container[rng.choice(("", "id", "text", "x", CANARY, "\ud800", str(key) + "x"))] = some(rng)
    elif kind == 2:
        container[key] = [container[key]]
    elif kind == 3 and isinstance(container[key], str):
        container[key] = _worse(container[key], rng)
    else:
        container[key] = some(rng)


def _worse(text: str, rng: random.Random) -> str:
    at = rng.randint(0, len(text))
    added = some(rng)
    return text[:at] + (added if isinstance(added, str) else str(added)[:20]) + text[at:]


def raw(value: Any, rng: random.Random) -> bytes:
    """Return a value as JSON, now and then no longer JSON."""
    text = json.dumps(value, ensure_ascii=rng.random() < 0.5)
    kind = rng.randrange(14)
    if kind == 0:
        text = text[: rng.randint(0, len(text))]
    elif kind == 1:
        text = text.replace(":", rng.choice((": NaN,", ":1" + "0" * 5000 + ",", ":", "=")), 1)
    elif kind == 2:
        text = rng.choice(("[", '{"a":')) * rng.choice((50, _DEEP)) + text
    elif kind == 3:
        text = text + text
    data = text.encode("utf-8", "surrogatepass")
    if kind == 4:
        data = text.encode("utf-16", "surrogatepass")
    elif kind == 5:
        data = b"\xef\xbb\xbf" + data
    elif kind == 6 and data:
        at = rng.randrange(len(data))
        data = data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :]
    elif kind == 7:
        data = rng.randbytes(rng.randint(0, 60))
    return data


def near(samples: Sequence[Any]) -> st.SearchStrategy[Any]:
    """Return values near the samples, and some made of their words alone."""
    names = sorted(set(re.findall(r'"([^"]*)"', json.dumps(samples, ensure_ascii=False))))

    def made(rng: random.Random) -> Any:
        if rng.random() < 0.25:
            return grown(rng, names)
        return mutated(rng.choice(samples), rng)

    return seeded(made)


def bodies(samples: Sequence[Any]) -> st.SearchStrategy[bytes]:
    """Return bodies near the samples as JSON, and any bytes."""
    near_json = seeded(lambda rng: raw(mutated(rng.choice(samples), rng), rng))
    return st.one_of(near_json, near_json, near_json, st.binary(max_size=200))


def seeded(make: Callable[[random.Random], Any]) -> st.SearchStrategy[Any]:
    """Return what a function makes of a random generator: quick where much is made."""
    return st.integers(0, (1 << 64) - 1).map(lambda seed: make(random.Random(seed)))


def grown(rng: random.Random, names: Sequence[str], depth: int = 4) -> Any:
    """Return any JSON that uses words which mean something."""
    kind = rng.randrange(5) if depth else 0
    if kind < 2:
        return some(rng) if rng.random() < 0.7 else rng.choice(names)
    if kind == 2:
        return [grown(rng, names, depth - 1) for _ in range(rng.randint(0, 3))]
    keys = [rng.choice(names) for _ in range(rng.randint(0, 5))]
    return {key: grown(rng, names, depth - 1) for key in keys}


TEXTS = st.one_of(
    st.text(max_size=300),
    seeded(lambda rng: "".join(rng.choice(_BITS) for _ in range(rng.randint(0, 40)))),
)
_BITS = (
    *("**", "*", "_", "- ", "1. ", "\n", "\n\n", "  ", "<", ">", "&", "&lt;", "<b>", "</b>", "\\"),
    *("<https://egov.kz>", "<tel:1414>", "<javascript:x>", '<https://a"b>', "[a](b)", "](", "#"),
    *("паспорт", "құжат", "护照", "جواز", "x", "word ", ". ", "!", "\u200d", "\U0001f468", "\x00"),
    *("<script>", "onerror=", "'", '"', "---\n", "title: ", "{fee}", "{", "}", "\ud800", CANARY),
)
