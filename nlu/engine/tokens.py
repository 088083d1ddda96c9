"""XLM-RoBERTa's tokens: SentencePiece's unigram model, the likeliest cut of each word, and what
the transformer reads of them.

Own code for the cut, since the libraries (sentencepiece, tokenizers) take 1.8 to 2.5 s to load
these 250,000 pieces, where a start should take three in all; a test holds both against each other's
counts.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache

from nlu.engine.weights import Floats, Vocabulary, Weights, unpacked

_QUERY = "query:"  # the word that e5 was trained with before what is sought
_SPACE = "\u2581"  # SentencePiece's sign for a space
WORDS = 40_000
"""Words whose pieces are kept, some 10 MB: most words of a message were written before."""

_UNKNOWN_PENALTY = 10.0  # SentencePiece's kUnkPenalty: an unknown letter, beyond the worst piece


class Tokenizer:
    """Text to ids of pieces, without the marks of start and end."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._letters = vocabulary.letters
        self._unknown = vocabulary.unknown
        self._penalty = float(vocabulary.scores.min()) - _UNKNOWN_PENALTY
        numbered = zip(vocabulary.pieces, range(len(vocabulary.pieces)), strict=True)
        self._ids = dict(numbered)
        self._ids.pop(vocabulary.pieces[vocabulary.unknown])
        self._scores = vocabulary.scores.tolist()
        self._longest = max(map(len, vocabulary.pieces))
        self._word = lru_cache(WORDS)(self._cut)

    def ids(self, text: str) -> list[int]:
        """Return the ids of a text's pieces."""
        plain = re.sub(" {2,}", " ", text.translate(self._letters))
        if not plain.startswith(" "):
            plain = " " + plain
        # No piece has a space but at its beginning, so each word is cut by itself.
        words = plain[1:].split(" ")
        return [found for word in words for found in self._word(_SPACE + word)]

    def _cut(self, word: str) -> tuple[int, ...]:
        size = len(word)
        best = [0.0] + [-math.inf] * size
        came: list[tuple[int, int]] = [(0, 0)] * (size + 1)
        known, scores, longest = self._ids.get, self._scores, self._longest
        for start in range(size):
            reached = best[start]
            for end in range(start + 1, min(size, start + longest) + 1):
                piece = known(word[start:end])
                if piece is not None and reached + scores[piece] > best[end]:
                    best[end], came[end] = reached + scores[piece], (start, piece)
            if reached + self._penalty > best[start + 1]:
                best[start + 1], came[start + 1] = reached + self._penalty, (start, self._unknown)
        found, end = [], size
        while end:
            end, piece = came[end]
            found.append(piece)
        return tuple(found[::-1])


class Tokens:
    """The tokens of texts, and what the transformer reads of each: its piece and its place."""

    def __init__(self, weights: Weights) -> None:
        width = weights.shape.width
        self.tokenizer = Tokenizer(weights.vocabulary)
        self.words = weights.blocks("emb.word", width)
        places = weights.plain("emb.pos").reshape(-1, width)
        self._places = places + weights.plain("emb.type")[:width]
        self.before = [weights.vocabulary.start, *self.tokenizer.ids(_QUERY)]
        self.after = [weights.vocabulary.end]
        self.most = weights.shape.positions - len(self.before) - len(self.after)

    def read(self, ids: list[int], place: int) -> Floats:
        """Return one row a token; the first stands at a place counted from 0."""
        rows = unpacked(self.words[ids])
        rows += self._places[place : place + len(rows)]
        return rows
