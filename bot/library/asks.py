"""Adds one ask to a guide's text; everything else in the file stays byte for byte."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import yaml

from bot.errors import ContentError

_FRONT = re.compile(r"\A---\r?\n(?P<yaml>.*?\n)---\r?\n", re.S)
_PLAIN = re.compile(r"[^\W\d_][^\W_]*(?:[ ,.'’ʻ-]*[^\W_]+)*\??")
_WORDS_OF_YAML = frozenset(["yes", "no", "true", "false", "null", "on", "off", "y", "n", "~"])


def add_ask(path: Path, ask: str) -> bytes:
    """Add an ask at the end of the list; return the file's bytes from before, to put it back.

    Raises ContentError when there is no such text, the ask stands there already, or the front
    matter is written in a way that cannot be added to; then nothing is changed.
    """
    try:
        before = path.read_bytes()
        text = before.decode("utf-8")
    except FileNotFoundError:
        raise ContentError([f"{path}: there is no text in this language; write it first"]) from None
    except UnicodeDecodeError:
        raise ContentError([f"{path}: not UTF-8"]) from None
    after = _added(path, text, ask)
    new = path.with_suffix(".new")
    new.write_bytes(after.encode("utf-8"))
    new.replace(path)
    return before


def put_back(path: Path, before: bytes, ask: str) -> bool:
    """Take an ask out again; False when the file was changed meanwhile, and is left alone."""
    if path.read_bytes() != _added(path, before.decode("utf-8"), ask).encode("utf-8"):
        return False
    new = path.with_suffix(".new")
    new.write_bytes(before)
    new.replace(path)
    return True


def _added(path: Path, text: str, ask: str) -> str:
    front = _FRONT.match(text)
    if not front:
        raise ContentError([f"{path}: no front matter between two lines of ---"])
    old = yaml.safe_load(front["yaml"])
    asks = old.get("asks") if isinstance(old, dict) else None
    if not isinstance(asks, list):
        raise ContentError([f"{path}: asks: not a list"])
    if ask.casefold() in (str(one).casefold() for one in asks):
        raise ContentError([f"{path}: asks: '{ask}' stands there already"])
    place, words = _insertion(path, front["yaml"], ask)
    place += front.start("yaml")
    after = text[:place] + words + text[place:]
    renewed = _FRONT.match(after)
    if not renewed or yaml.safe_load(renewed["yaml"]) != {**old, "asks": [*asks, ask]}:
        raise ContentError([f"{path}: asks: written in a way that cannot be added to"])
    return after


def _insertion(path: Path, front: str, ask: str) -> tuple[int, str]:
    """Return where in the front matter to insert which characters."""
    node = _asks_node(yaml.compose(front, Loader=yaml.SafeLoader))
    newline = "\r\n" if "\r\n" in front else "\n"
    if node is None:
        raise ContentError([f"{path}: asks: missing"])
    if node.flow_style:
        comma = ", " if node.value else ""
        return node.end_mark.index - 1, comma + json.dumps(ask, ensure_ascii=False)
    last = node.value[-1]
    indent = front[: last.start_mark.index].rpartition("\n")[2]
    end = front.index("\n", last.end_mark.index - (last.end_mark.column == 0)) + 1
    return end, f"{indent}{_written(ask)}{newline}"


def _asks_node(document: Any) -> Any:
    return next((value for key, value in document.value if key.value == "asks"), None)


def _written(ask: str) -> str:
    """Return an ask as YAML: plain where that is safe, else in double quotes."""
    if _PLAIN.fullmatch(ask) and ask.casefold() not in _WORDS_OF_YAML and len(ask) < 80:
        return ask
    return json.dumps(ask, ensure_ascii=False)
