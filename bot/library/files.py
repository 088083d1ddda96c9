"""Reading of content files: YAML without surprises, and Markdown with front matter."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SECTION = re.compile(r"^## ([a-z][a-z0-9-]*)[ \t]*$", re.MULTILINE)
_CORE_TYPES = (
    "tag:yaml.org,2002:int",
    "tag:yaml.org,2002:float",
    "tag:yaml.org,2002:null",
    "tag:yaml.org,2002:merge",
)


class FileError(ValueError):
    """A file cannot be read as what it should be; the message says where and why."""


class _Loader(_Base):  # type: ignore[misc]
    """YAML 1.2's core types only: 'yes', 'no' and dates stay text; a key twice is an error."""

    yaml_implicit_resolvers = {
        first: [(tag, regexp) for tag, regexp in resolvers if tag in _CORE_TYPES]
        for first, resolvers in _Base.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, (dict, list)):
                raise FileError(f"line {key_node.start_mark.line + 1}: a key must be a word")
            if key in seen:
                raise FileError(f"line {key_node.start_mark.line + 1}: key '{key}' stands twice")
            seen.add(key)
        mapping: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        return mapping


for _letter in "tTfF":
    _Loader.yaml_implicit_resolvers.setdefault(_letter, []).append(
        ("tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"))
    )


def read_text(path: Path) -> str:
    """Return a file's text. Raises FileError when it is missing or not UTF-8."""
    try:
        return path.read_text(encoding="utf-8").lstrip("\ufeff").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise FileError(f"not UTF-8 text (byte {error.start})") from error
    except OSError as error:
        raise FileError(f"cannot be read: {error.strerror}") from error


def parse_yaml(text: str, empty: bool = False) -> dict[str, Any]:
    """Return the mapping in a YAML text, which may hold comments only where it may be `empty`.

    Raises FileError with the line when it is none.
    """
    try:
        data = yaml.load(text, Loader=_Loader)  # noqa: S506 - a subclass of the safe loader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}: " if mark else ""
        raise FileError(f"{where}{getattr(error, 'problem', None) or 'not YAML'}") from error
    except (ValueError, RecursionError) as error:
        raise FileError(str(error) or "not YAML") from error
    if data is None and empty:
        return {}
    if not isinstance(data, dict):
        raise FileError("must be a list of 'key: value' lines")
    return data


def read_yaml(path: Path, empty: bool = False) -> dict[str, Any]:
    """Return the mapping in a YAML file. Raises FileError."""
    return parse_yaml(read_text(path), empty)


def split_front_matter(text: str) -> tuple[dict[str, Any], str]:
    """Return front matter and body of a Markdown text. Raises FileError."""
    if not text.startswith("---\n"):
        raise FileError("must start with front matter between two '---' lines")
    front, mark, body = text[4:].partition("\n---\n")
    if not mark:
        front, mark, body = text[4:].rstrip("\n").partition("\n---")
        if not mark or body:
            raise FileError("the front matter has no closing '---' line")
    return parse_yaml(front), body.strip()


def split_sections(body: str) -> list[tuple[str, str]]:
    """Return (id, Markdown) for each '## id' part of a body, in order.

    Text before the first heading comes with the id ''.
    """
    parts = _SECTION.split(body)
    found = [("", parts[0].strip())] if parts[0].strip() else []
    pairs = zip(parts[1::2], parts[2::2], strict=True)
    return found + [(name, text.strip()) for name, text in pairs]


def parts(path: Path) -> tuple[dict[str, Any], str]:
    """Return what a `.md` or `.yml` file says: its YAML, and its Markdown. Raises FileError."""
    text = read_text(path)
    return split_front_matter(text) if path.suffix == ".md" else (parse_yaml(text), "")


def stamp(front: Mapping[str, Any], body: str) -> str:
    """Return eight characters that change with the words that translators translate."""
    words = [front.get("title", ""), front.get("short", ""), repr(front.get("quiz", "")), body]
    if "words" in front:  # of a guide's walks
        words.append(repr(front["words"]))
    joined = "\n".join(" ".join(str(word).split()) for word in words)
    return hashlib.sha256(joined.encode()).hexdigest()[:8]
