"""Phrases that were not understood: redacted, sealed, counted, of nobody, gone after a time."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import Any

from bot.store.client import errors
from bot.store.keys import unanswered
from bot.store.store import Store

MOST_A_DAY = 500
"""Different phrases kept of one day; more are only noise, or someone's attack."""

_ADD = """
-- KEYS: phrases of the day, days, numbers
-- ARGV: id, sealed phrase or '' (it did not help), most a day, seconds, day
-- Fields of a phrase: its id, 'n:' times written, 'd:' times it did not help, 'k:' number
local id = ARGV[1]
if redis.call('HEXISTS', KEYS[1], id) == 0 then
  if ARGV[2] == '' or redis.call('HLEN', KEYS[1]) >= 4 * tonumber(ARGV[3]) then return 0 end
  local number = redis.call('INCR', KEYS[3])
  redis.call('HSET', KEYS[1], id, ARGV[2], 'n:' .. id, 0, 'd:' .. id, 0, 'k:' .. id, number)
  if redis.call('TTL', KEYS[1]) < 0 then redis.call('EXPIRE', KEYS[1], ARGV[4]) end
  redis.call('SADD', KEYS[2], ARGV[5])
end
redis.call('HINCRBY', KEYS[1], (ARGV[2] == '' and 'd:' or 'n:') .. id, 1)
return 1
"""


@dataclass(frozen=True, slots=True)
class Phrase:
    """A redacted phrase of no one.

    `nearest` holds (content id, score), best first: what the system thought of. `number` names
    it in `hashar unanswered`; `count` is how often it was written, `denied` how often what was
    shown for it did not help; `days` the days on which it came, oldest first.
    """

    text: str
    language: str
    nearest: tuple[tuple[str, float], ...] = ()
    number: int = 0
    count: int = 1
    denied: int = 0
    days: tuple[str, ...] = ()
    id: str = ""


class Phrases:
    """The store's part for phrases. Every method raises StoreUnavailable."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._client = store.client
        self._add = store.client.register_script(_ADD)

    async def add(self, phrase: Phrase) -> str:
        """Count a phrase, keep it when it is new; return its id.

        Equal phrases of a language are one. The phrases of a day go together, UNANSWERED_DAYS
        after the first of them, by the store's own clock.
        """
        text = " ".join(phrase.text.casefold().split())
        identity = self._store.sealer.fingerprint(f"{phrase.language}\n{text}")
        row = {"t": phrase.text, "l": phrase.language, "g": phrase.nearest}
        sealed = self._store.sealer.seal(json.dumps(row, ensure_ascii=False))
        await self._count(identity, sealed)
        return identity

    async def deny(self, identity: str) -> None:
        """Count that what was shown for a phrase of today did not help."""
        await self._count(identity, "")

    async def _count(self, identity: str, sealed: str) -> None:
        day = datetime.now(timezone.utc).strftime("%Y-%m-%d")
        keys = [unanswered(day), unanswered("days"), unanswered("numbers")]
        seconds = max(1, round(self._store.settings.unanswered_days * 86400))
        async with errors():
            await self._add(keys, [identity, sealed, MOST_A_DAY, seconds, day])

    async def all(self) -> list[Phrase]:
        """Return all phrases, those of several days as one, most frequent first."""
        found: dict[str, Phrase] = {}
        for day in await self._days():
            async with errors():
                rows = await self._client.hgetall(unanswered(day))
            for phrase in self._of_day(day, rows):
                before = found.get(phrase.id)
                found[phrase.id] = _joined(before, phrase) if before else phrase
        return sorted(found.values(), key=lambda one: (-one.count, one.number))

    async def drop(self, identities: Collection[str]) -> None:
        """Erase phrases of all days."""
        for day in await self._days():
            fields = [part + one for one in identities for part in ("", "n:", "d:", "k:")]
            async with errors():
                if fields:
                    await self._client.hdel(unanswered(day), *fields)

    async def _days(self) -> Sequence[str]:
        """Return the days that still have phrases, oldest first; forget those that are gone."""
        async with errors():
            days = sorted(one.decode() for one in await self._client.smembers(unanswered("days")))
            kept = [day for day in days if await self._client.exists(unanswered(day))]
            if gone := set(days) - set(kept):
                await self._client.srem(unanswered("days"), *gone)
        return kept

    def _of_day(self, day: str, rows: dict[bytes, bytes]) -> list[Phrase]:
        phrases = []
        for name, value in rows.items():
            identity = name.decode()
            if ":" in identity:
                continue
            row: dict[str, Any] = json.loads(self._store.sealer.open(value))
            phrases.append(
                Phrase(
                    text=row["t"],
                    language=row["l"],
                    nearest=tuple((str(guide), float(score)) for guide, score in row["g"]),
                    number=int(rows[b"k:" + name]),
                    count=int(rows[b"n:" + name]),
                    denied=int(rows[b"d:" + name]),
                    days=(day,),
                    id=identity,
                )
            )
        return phrases


def _joined(one: Phrase, later: Phrase) -> Phrase:
    return replace(
        one,
        count=one.count + later.count,
        denied=one.denied + later.denied,
        days=(*one.days, *later.days),
    )
