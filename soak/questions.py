"""What the people of a soak ask, and by which first line they know the answer."""

from __future__ import annotations

import html
import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.library.live import LiveLibrary
from bot.library.model import SECTIONS

LONGEST = 1500
"""Characters of a section that surely comes as one message."""

FREE_SHARE = 0.2
"""Share of questions in free text, which Rasa has to read."""

_STRONG = re.compile(r"<strong>(.*?)</strong>")


@dataclass(frozen=True, slots=True)
class Question:
    """A message and the first line of its answer; `payload` '' is free text."""

    text: str
    head: str
    payload: str = ""


class Questions:
    """Questions about all guides, in English; within one conversation no two answers begin alike.

    Free texts carry a running number, so that no cache answers them.
    """

    def __init__(self, content: Path, seed: int) -> None:
        library = LiveLibrary(content).current
        strings = library.strings["en"]
        self.again = str(strings["delivery.again"])
        self.sorry = str(strings["deferred.sorry"])
        self.late = str(strings["deferred.answer"])
        self._chance = random.Random(seed)
        self._number = 0
        self._titles: dict[str, str] = {}
        self._sections: list[Question] = []
        for guide in library.guides.values():
            if guide.emergency:
                continue
            text = guide.texts["en"]
            self._titles[guide.id] = text.title
            for section in SECTIONS:
                if 0 < len(text.sections.get(section, "")) < LONGEST:
                    payload = f"guide:{guide.id}:{section}"
                    head = f"{text.title}: {strings[f'section.{section}']}"
                    self._sections.append(Question(f"/{payload}", head, payload))

    @property
    def words(self) -> Mapping[str, str]:
        """What a fake Rasa must know: a part of each free text, and its intent."""
        return {f"about {guide} ": f"guide.{guide}" for guide in self._titles}

    def some(self, count: int) -> Iterator[Question]:
        """Yield questions of one conversation."""
        free = min(round(count * FREE_SHARE), len(self._titles))
        sections = self._chance.sample(self._sections, count - free)
        guides = self._chance.sample(sorted(self._titles), free)
        kinds = [True] * free + [False] * (count - free)
        self._chance.shuffle(kinds)
        for is_free in kinds:
            if is_free:
                guide = guides.pop()
                self._number += 1
                yield Question(f"about {guide} {self._number}", self._titles[guide])
            else:
                yield sections.pop()


def first_line(text: str) -> str:
    """Return the first line of an answer in any channel's markup."""
    strong = _STRONG.search(text)
    return html.unescape(strong[1]) if strong else text.partition("\n")[0]
