"""Personal data of a person who does not exist, and where it must never be found."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from bot.store.seal import TOKEN, Sealer

NAME = "Kanarbek Sarybalapanov"
CYRILLIC = "Канарбек Сарыбалапанов"
PHONE = "+77075550197"
IIN = "850312400534"
MAIL = "kanarbek.balapan@example.kz"
STREET = "улица Балапанская 177 кв 5"
CARD = "4111111111111111"
PLACE = (43.238949, 76.889709)
USERNAME = "kanarbek_b77"

LETTER = (
    f"My name is {NAME}, меня зовут {CYRILLIC}, phone {PHONE}, ИИН {IIN}, {MAIL}, {STREET}, "
    f"card {CARD}, {PLACE[0]}, {PLACE[1]}, @{USERNAME}"
)
"""All of it in one message of less than 1,000 characters."""

PHRASES = (
    f"Zzyzzx qwrtp {NAME}",
    f"Zzyzzx qwrtp, my name is {NAME.lower()}",
    f"меня зовут {CYRILLIC}, зззы ззы",
    f"Zzyzzx call {PHONE}",
    "Zzyzzx call 8 (707) 555-01-97",
    "Zzyzzx 8 7 0 7 5 5 5 0 1 9 7",
    f"Zzyzzx ИИН {IIN}",
    f"Zzyzzx write {MAIL}",
    f"Zzyzzx живу {STREET}",
    f"Zzyzzx card {' '.join(CARD[i : i + 4] for i in range(0, 16, 4))}",
    f"Zzyzzx I am at {PLACE[0]}, {PLACE[1]}",
    f"Zzyzzx I am @{USERNAME} on Telegram",
)
"""Short ones that are not understood, so that they are kept, redacted."""

TRACES = (
    *("kanarbek", "sarybalapanov", "канарбек", "сарыбалапанов", "балапанск", "balapan"),
    *("77075550197", "7075550197", "555-01-97", "5 5 5 0 1 9 7", IIN, CARD, "4111 1111"),
    *("43.2389", "76.8897"),
)
"""What would be left of any of it."""


def encodings(trace: str) -> Iterator[bytes]:
    """Yield the ways in which a trace could lie in a file or a store, in small letters."""
    for text in {trace, trace.title(), trace.upper()}:
        raw = text.encode()
        yield raw
        yield json.dumps(text)[1:-1].encode()
        yield quote(text).encode()
        yield raw.hex().encode()
        yield text.encode("utf-16-le")
        for shift in range(3):  # base64 as it stands at each of three places in a longer text
            whole = base64.b64encode(b"\0" * shift + raw)
            yield whole[4 if shift else 0 : len(whole) // 4 * 4 - 4]
            yield base64.urlsafe_b64encode(b"\0" * shift + raw)[4 if shift else 0 : -4]


NEEDLES = tuple({one for trace in TRACES for one in encodings(trace) if len(one) >= 6})


def traces(data: bytes) -> list[bytes]:
    """Return what of the person is in some bytes."""
    return [needle for needle in NEEDLES if needle in data]


def in_files(folder: Path) -> Mapping[str, list[bytes]]:
    """Return the files below a folder that hold a trace, and which."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    found = {str(path.relative_to(folder)): traces(path.read_bytes()) for path in files}
    return {name: rows for name, rows in found.items() if rows}


async def everything(client: Any) -> bytes:
    """Return all keys with all values of a store, as they lie there."""
    parts: list[bytes] = []
    async for key in client.scan_iter(count=1000):
        kind = (await client.type(key)).decode()
        reads = {
            "string": client.get,
            "hash": client.hgetall,
            "stream": client.xrange,
            "set": client.smembers,
        }
        parts.append(key)
        if kind in reads:
            parts.append(_flat(await reads[kind](key)))
        else:
            parts.append(_flat(await client.zrange(key, 0, -1, withscores=True)))
    return b"\n".join(parts)


def _flat(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, Mapping):
        value = [part for pair in value.items() for part in pair]
    if isinstance(value, (list, tuple, set)):
        return b"\n".join(map(_flat, value))
    return str(value).encode()


def unsealed(data: bytes, sealer: Sealer) -> bytes:
    """Return what is sealed in some bytes, opened."""
    return b"\n".join(sealer.open(token).encode() for token in TOKEN.findall(data))
