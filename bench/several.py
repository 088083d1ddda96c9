"""How often two questions in one message both get an answer, how often one is torn apart, and how
often a person is told of a second question that Hashar knows no answer to.

    python -m bench.several [messages.tsv] [--set tune] [--show]
    python -m bench.several --long

A file has lines `set<TAB>language<TAB>guides<TAB>message`; see tests/dialogues/several.tsv, the
file without a name. `--show` names the rows of the set `tune` that went wrong; of `held` ones only
figures are printed, so that nobody tunes on them. RASA_URL names a server that runs already.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import dataclasses
import os
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from pathlib import Path

from actions.base import Response, Say
from bot.conversation import Conversation
from bot.dialogue import Dialogue
from bot.embedded import EmbeddedRasa
from bot.errors import UnderstandingUnavailable
from bot.library.live import LiveLibrary
from bot.model import Update
from bot.settings import Settings
from bot.understanding import Understanding
from nlu.report import sets

MESSAGES = Path(__file__).parent.parent / "tests" / "dialogues" / "several.tsv"
UNCOVERED = "-"
"""Stands for a question that no guide answers."""

LONG = 12
"""Words from which on a held-out phrase about one guide counts as a long single question."""
TWO = ("both", "named", "one", "none")
"""Both answered; one answered and the other named by a button; only one; neither."""
SINGLE = ("whole", "torn", "told", "unsure")
"""Answered as the one question it is; with an answer or a question about something else beside;
with the word that another question was not understood; asked back or not answered."""
UNKNOWN = ("told", "torn", "silent", "none")
"""What became of a second question that no guide answers: said that it is not understood, or guides
offered ('What do you mean?'); answered by another guide; not a word of it; nothing answered."""


@dataclass(frozen=True)
class Row:
    """A message with the guides that it asks about, and those that are right as well."""

    part: str
    language: str
    guides: tuple[str, ...]
    also: frozenset[str]
    text: str

    @property
    def kind(self) -> str:
        """'single' where one thing is asked, 'unknown' where no guide answers the second, 'two'."""
        if UNCOVERED in self.guides:
            return "unknown"
        return "single" if len(self.guides) == 1 else "two"


def read(path: Path) -> list[Row]:
    """Return the messages of a file."""
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            part, language, wanted, text = line.split("\t")
            guides, _, also = wanted.partition("/")
            split = tuple(guides.split())
            allowed = frozenset((*split, *also.split()))
            rows.append(Row(part, language, split, allowed, text.replace("\\n", "\n")))
    return rows


def long_phrases() -> list[Row]:
    """Return the long held-out phrases of understanding that are about one guide."""
    rows = []
    for path in sets.heldout_files():
        for case in sets.read(path):
            if case.intent.startswith("guide.") and len(case.text.split()) >= LONG:
                guide = case.intent.partition(".")[2]
                rows.append(Row("long", path.stem, (guide,), frozenset({guide}), case.text))
    return rows


def judge(row: Row, responses: Iterable[Response]) -> str:
    """Return which of TWO, SINGLE or UNKNOWN the responses to a message are."""
    answered: list[str] = []
    asked: list[str] = []
    told = False
    for response in responses:
        told = told or Say("several.not_understood") in response.words
        if response.content.startswith("guide:"):
            answered.append(response.content.partition(":")[2].partition("#")[0])
        else:
            named = (one.payload.split(":") for one in response.choices)
            asked += [parts[1] for parts in named if parts[0] == "guide"]
    if row.kind == "single":
        if not row.also.intersection(answered):
            return "unsure"
        if asked or not row.also.issuperset(answered):
            return "torn"
        return "told" if told else "whole"
    if row.kind == "unknown":
        if not row.also.intersection(answered):
            return "none"
        return (
            "torn" if not row.also.issuperset(answered) else "told" if told or asked else "silent"
        )
    found = set(row.guides) & set(answered)
    if len(found) == 1 and set(row.guides) - found <= set(asked):
        return "named"
    return {2: "both", 1: "one", 0: "none"}[len(found)]


@contextlib.asynccontextmanager
async def dialogue() -> AsyncIterator[Dialogue]:
    """A dialogue over the real content and the newest model."""
    settings = Settings.from_environment()
    with tempfile.TemporaryDirectory(prefix="hashar-") as place, contextlib.ExitStack() as stack:
        url = os.environ.get("RASA_URL", "")
        if not url:
            rasa = EmbeddedRasa(dataclasses.replace(settings, data_dir=Path(place)))
            stack.callback(rasa.child.stop)
            await rasa.start()
            url = rasa.url
        understanding = Understanding(url, 30)
        for _ in range(600):
            with contextlib.suppress(UnderstandingUnavailable):
                await understanding.check()
                break
            await asyncio.sleep(0.2)
        yield Dialogue(understanding, LiveLibrary(settings.content_dir))
        await understanding.close()


async def verdicts(rows: Iterable[Row], one: Dialogue) -> list[tuple[Row, str]]:
    """Return what became of each message, each in a conversation of its own."""
    found = []
    for row in rows:
        update = Update("rest", "1", "bench", "text", text=row.text)
        reply = await one.reply(Conversation("bench", "rest"), update, one.live.current)
        found.append((row, judge(row, reply.responses)))
    return found


async def _measured(rows: Iterable[Row]) -> list[tuple[Row, str]]:
    async with dialogue() as one:
        return await verdicts(rows, one)


def table(found: Iterable[tuple[Row, str]]) -> str:
    """Return the counts by kind of message, set and language."""
    found = list(found)
    lines = []
    for kind, names in (("two", TWO), ("single", SINGLE), ("unknown", UNKNOWN)):
        rows = [one for one in found if one[0].kind == kind]
        if not rows:
            continue
        lines.append(f"{'set':8}{'language':10}{kind:>10}" + "".join(f"{n:>8}" for n in names))
        parts = {(row.part, "") for row, _ in rows} | {(row.part, row.language) for row, _ in rows}
        for part, language in sorted(parts):
            mine = [v for row, v in rows if row.part == part and language in ("", row.language)]
            counts = Counter(mine)
            lines.append(
                f"{part:8}{language or 'all':10}{len(mine):>10}"
                + "".join(f"{counts[name]:>8}" for name in names)
            )
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.several", description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, default=MESSAGES)
    parser.add_argument("--set", help="only the rows of this set")
    parser.add_argument("--long", action="store_true",
                        help="the long held-out phrases of understanding instead")  # fmt: skip
    parser.add_argument("--show", action="store_true", help="name the tune rows that went wrong")
    options = parser.parse_args()
    every = long_phrases() if options.long else read(options.file)
    rows = [row for row in every if options.set in (None, row.part)]
    found = asyncio.run(_measured(rows))
    for row, verdict in found:
        if options.show and row.part == "tune" and verdict not in ("both", "whole", "told"):
            print(f"{verdict:8}{' '.join(row.guides)}: {row.text!r}")
    print(table(found))


if __name__ == "__main__":
    main()
