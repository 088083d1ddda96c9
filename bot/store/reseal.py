"""Seals everything in the store with the newest key, while the system runs."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

from redis import exceptions

from bot.store.client import errors
from bot.store.seal import TOKEN
from bot.store.store import Store

ROWS = 500
"""Entries of a stream that are replaced by one script."""

_STRING = """
-- KEYS: key.  ARGV: value seen, new value.  What was written meanwhile stays.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
return 1
"""

_HASH = """
-- KEYS: key.  ARGV: field, value seen, new value
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
return redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
"""

_STREAM = """
-- KEYS: stream.  ARGV: for each changed field: entry, field, new value
-- The stream is written anew with the same ids, as entries cannot be changed; readers go by id
-- and see nothing of it. Entries handled meanwhile stay away.
local new = {}
for i = 1, #ARGV, 3 do new[ARGV[i] .. ' ' .. ARGV[i + 1]] = ARGV[i + 2] end
local entries = redis.call('XRANGE', KEYS[1], '-', '+')
if #entries == 0 then return 0 end
local last, about = '', redis.call('XINFO', 'STREAM', KEYS[1])
for i = 1, #about, 2 do if about[i] == 'last-generated-id' then last = about[i + 1] end end
local left = redis.call('PTTL', KEYS[1])
redis.call('DEL', KEYS[1])
for _, entry in ipairs(entries) do
  local fields = entry[2]
  for i = 1, #fields, 2 do fields[i + 1] = new[entry[1] .. ' ' .. fields[i]] or fields[i + 1] end
  redis.call('XADD', KEYS[1], entry[1], unpack(fields))
end
redis.call('XSETID', KEYS[1], last)
if left > 0 then redis.call('PEXPIRE', KEYS[1], left) end
return 1
"""


class Resealing:
    """Walks all keys; every method raises StoreUnavailable."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._client = store.client
        register = store.client.register_script
        self._string, self._hash, self._stream = map(register, (_STRING, _HASH, _STREAM))

    async def ages(self) -> Counter[int | None]:
        """Return how many sealed values there are by key: 0 is the newest, None unknown."""
        found: Counter[int | None] = Counter()
        async for _, values in self._walk():
            for value in values.values():
                for token in TOKEN.findall(value):
                    found[self._store.sealer.age(token)] += 1
        return found

    async def run(self) -> int:
        """Seal everything anew that an older key sealed; return how many values changed."""
        changed = 0
        async for key, values in self._walk():
            new = {}
            for place, value in values.items():
                if (renewed := self._store.sealer.renewed(value)) != value:
                    new[place] = (value, renewed)
            changed += len(new)
            async with errors():
                await self._write(key, new)
        return changed

    async def rewrite(self) -> None:
        """Let an append-only file be written anew, so that it forgets what was sealed before."""
        async with errors():
            with contextlib.suppress(exceptions.ResponseError):  # one may be under way
                await self._client.bgrewriteaof()

    async def _write(self, key: bytes, new: dict[tuple[bytes, ...], tuple[bytes, bytes]]) -> None:
        rows = list(new.items())
        if rows and len(rows[0][0]) == 2:
            for start in range(0, len(rows), ROWS):
                part = rows[start : start + ROWS]
                await self._stream(
                    [key], [x for place, (_, value) in part for x in (*place, value)]
                )
            return
        for place, (old, value) in rows:
            script = self._hash if place else self._string
            await script([key], [*place, old, value])

    async def _walk(self) -> AsyncIterator[tuple[bytes, dict[tuple[bytes, ...], bytes]]]:
        """Yield each key with its values: (): of a string, (field,): of a hash, (entry, field): of
        a stream."""
        async with errors():
            async for key in self._client.scan_iter(count=500):
                yield key, await self._values(key)

    async def _values(self, key: bytes) -> dict[tuple[bytes, ...], bytes]:
        kind = await self._client.type(key)
        if kind == b"string":
            value = await self._client.get(key)
            return {(): value} if value is not None else {}
        if kind == b"hash":
            fields: dict[Any, Any] = await self._client.hgetall(key)
            return {(field,): value for field, value in fields.items()}
        if kind == b"stream":
            entries = await self._client.xrange(key)
            return {
                (entry, field): value
                for entry, fields in entries
                for field, value in fields.items()
            }
        return {}
