"""What the bench's users write: the held-out phrases of the NLU tests, each used once."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

LANGUAGES = ("en", "ru", "kk")


class Texts:
    """Hands out distinct texts, so that no cache can help; counts those it had to vary."""

    def __init__(self, folder: Path, seed: int) -> None:
        phrases = {text for language in LANGUAGES for text in _read(folder / f"{language}.tsv")}
        self._phrases = sorted(phrases)
        random.Random(seed).shuffle(self._phrases)
        self._texts = self._distinct()
        self.varied = 0

    def take(self, count: int) -> list[str]:
        """Return texts that were never handed out before."""
        return [next(self._texts) for _ in range(count)]

    def _distinct(self) -> Iterator[str]:
        yield from self._phrases
        for mark in ("!", "?", "...", "!!", "??", " :)", "!?", " ..."):
            for phrase in self._phrases:
                self.varied += 1
                yield phrase + mark


def _read(file: Path) -> Iterator[str]:
    for line in file.read_text(encoding="utf-8").splitlines():
        intent, _, text = line.partition("\t")
        text = text.partition("\t")[0].strip()
        if text and not intent.startswith("#") and not text.startswith("/"):
            yield text
