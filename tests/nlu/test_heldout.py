"""Held-out phrases, written apart from the training examples: understood by language and noise.

The floors are what was measured, less some points for chance; the figures are printed (`-s`), and
`docs/understanding.md` has them with date and command.
"""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from nlu import noise

pytestmark = [pytest.mark.rasa, pytest.mark.slow]

HELDOUT = Path(__file__).parent / "heldout"
FLOORS = {
    ("en", "clean"): 0.90,
    ("ru", "clean"): 0.87,
    ("kk", "clean"): 0.84,
    ("bn", "clean"): 0.88,
    ("sw", "clean"): 0.82,
    ("en", "typo"): 0.83,
    ("ru", "typo"): 0.81,
    ("kk", "typo"): 0.77,
    ("ru", "plain"): 0.85,
    ("kk", "russified"): 0.75,
}


def rows(name: str, each: int = 1) -> list[tuple[str, str]]:
    """Return (intent, text) of a file; every `each`-th of them."""
    lines = (HELDOUT / f"{name}.tsv").read_text(encoding="utf-8").splitlines()
    pairs = [line.split("\t") for line in lines if line.strip() and not line.startswith("#")]
    return [(pair[0], pair[1]) for pair in pairs][::each]


async def parsed(url: str, texts: list[str]) -> list[dict[str, Any]]:
    """Return what Rasa makes of texts, four at a time."""
    four = asyncio.Semaphore(4)
    async with aiohttp.ClientSession() as session:

        async def one(text: str) -> dict[str, Any]:
            async with four, session.post(f"{url}/model/parse", json={"text": text}) as answer:
                found: dict[str, Any] = await answer.json()
                return found

        return list(await asyncio.gather(*(one(text) for text in texts)))


def best(answer: dict[str, Any]) -> str:
    """Return the best intent, below the fallback's threshold too."""
    names = [row["name"] for row in answer["intent_ranking"] if row["name"] != "nlu_fallback"]
    return str(names[0]) if names else ""


@pytest.mark.parametrize(("language", "kind"), sorted(FLOORS))
async def test_accuracy(rasa_url: str, language: str, kind: str) -> None:
    """The share of held-out phrases whose best intent is right stays above its floor."""
    pairs = rows(language, each=1 if kind == "clean" else 3)
    chance = random.Random(7)
    change = {"typo": noise.typo, "plain": noise.plain, "russified": noise.russified}.get(kind)
    texts = [change(text, chance) if change else text for _, text in pairs]
    answers = await parsed(rasa_url, texts)
    right = sum(best(a) == intent for a, (intent, _) in zip(answers, pairs, strict=True))
    sure = sum(
        a["intent"]["name"] not in ("nlu_fallback", intent)
        for a, (intent, _) in zip(answers, pairs, strict=True)
    )
    share = right / len(pairs)
    print(f"\n{language} {kind}: {share:.1%} right, {sure / len(pairs):.1%} sure and wrong")
    assert share >= FLOORS[language, kind]


async def test_language_is_identified(rasa_url: str) -> None:
    """Messages of three to ten words are told apart in twelve languages."""
    lines = (HELDOUT / "language.tsv").read_text(encoding="utf-8").splitlines()
    pairs = [line.split("\t") for line in lines if line.strip() and not line.startswith("#")][::3]
    answers = await parsed(rasa_url, [text for _, text in pairs])
    right = sum(
        (a.get("language") or {}).get("name") == language.split("-")[0]
        for a, (language, _) in zip(answers, pairs, strict=True)
    )
    print(f"\nlanguage: {right / len(pairs):.1%} right of {len(pairs)}")
    assert right / len(pairs) >= 0.95


@pytest.mark.parametrize("text", ["", " ", "😀", "\u0000", "a" * 10_000, "\u202eabc", "?"])
async def test_odd_texts_do_not_break_the_model(rasa_url: str, text: str) -> None:
    """Empty, endless and odd texts get an answer in Rasa's shape."""
    (answer,) = await parsed(rasa_url, [text])
    assert "intent" in answer
    assert "intent_ranking" in answer
