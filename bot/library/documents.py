"""A content file as texts at keys, edited in place: every byte that is not edited stays.

A key is a tuple: the names on the way to a YAML value, or ('##', section) for a part of the
Markdown after the front matter ('' is the body of a file without sections).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from bot.library.files import FileError, parse_yaml

Key = tuple[str, ...]
_Composer: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_HEADING = re.compile(r"^## ([a-z][a-z0-9-]*)[ \t]*$", re.MULTILINE)
_FRONT = re.compile(r"\A---\n(.*?)(?:(?<=\n)|\n)---(?:\n|\Z)", re.DOTALL)
_STYLES = {'"': ('"',), "'": ("'", '"'), "|": ("|", '"')}
"""The ways to write a value, by how it was written before; the first that reads back is taken."""


class Document:
    """The text of one `.yml` or `.md` file; `text` is what it will be saved as."""

    def __init__(self, text: str, markdown: bool) -> None:
        """Raises FileError when the YAML in it cannot be read."""
        self._bom = "\ufeff" if text.startswith("\ufeff") else ""
        self._crlf = "\r\n" in text
        self._text = text.removeprefix("\ufeff").replace("\r\n", "\n")
        self.markdown = markdown
        parse_yaml(self._yaml(), empty=True)

    @classmethod
    def read(cls, path: Path) -> Document:
        """Return the document of a file. Raises FileError."""
        try:
            return cls(path.read_bytes().decode(), path.suffix == ".md")
        except UnicodeDecodeError as error:
            raise FileError(f"not UTF-8 text (byte {error.start})") from error
        except OSError as error:
            raise FileError(f"cannot be read: {error.strerror}") from error

    @property
    def text(self) -> str:
        """The whole file, with the line ends and the byte order mark that it had."""
        text = self._text.replace("\n", "\r\n") if self._crlf else self._text
        return self._bom + text

    def texts(self) -> dict[Key, str | list[str]]:
        """Return all texts in the order of the file; a list of texts is one value."""
        found: dict[Key, str | list[str]] = {}
        root = self._root()
        if root is not None:
            found.update(_leaves(root, ()))
        if self.markdown:
            found.update((("##", name), body) for name, _, _, body in self._sections())
        return found

    def set(self, key: Key, value: str | list[str], order: Sequence[Key] = ()) -> None:
        """Write one text; a key that is missing is put where `order`, all keys in order, says.

        Raises FileError where the text would change more than its own place.
        """
        wanted = {**self.texts(), key: value}
        for changed in self._ways(key, value, order):
            try:
                other = Document(changed, self.markdown)
            except FileError:
                continue
            if other.texts() == wanted:
                self._text = changed
                return
        raise FileError(f"{'.'.join(key)}: this text cannot stand there")

    def remove(self, name: str) -> None:
        """Take out a line `name: value` of the front matter."""
        self._text = re.sub(rf"^{name}:.*\n", "", self._text, count=1, flags=re.MULTILINE)

    # -- YAML ------------------------------------------------------------------------------

    def _yaml(self) -> str:
        if not self.markdown:
            return self._text
        match = _FRONT.match(self._text)
        if not match:
            raise FileError("must start with front matter between two '---' lines")
        return match.group(1)

    def _root(self) -> Any:
        return yaml.compose(self._yaml(), Loader=_Composer)

    def _ways(self, key: Key, value: str | list[str], order: Sequence[Key]) -> Iterator[str]:
        """Yield the file's text with the value in it, in the styles worth trying."""
        if key[0] == "##":
            yield self._with_section(key[1], str(value), order)
            return
        text = self._yaml()
        start = self._text.index(text) if self.markdown else 0
        head, tail = self._text[:start], self._text[start + len(text) :]
        node, rest = self._root(), list(key)
        while rest and isinstance(node, yaml.MappingNode) and (found := _value(node, rest[0])):
            node = found
            rest.pop(0)
        for style in self._styles(node, value):
            if rest:
                depth = len(key) - len(rest)
                ranks = [one[depth] for one in order if one[:depth] == key[:depth] != one]
                body = _inserted(text, node, rest, value, style, ranks)
            elif isinstance(node, yaml.SequenceNode) and isinstance(value, list):
                body = _listed(text, node, value, style)
            else:
                begin, end = node.start_mark.index, _end(text, node)
                gap = " " if begin and text[begin - 1] == ":" else ""
                indent = " " * (_column(text, begin) + 2)
                body = text[:begin] + gap + _scalar(str(value), style, indent) + text[end:]
            yield head + body + tail

    @staticmethod
    def _styles(node: Any, value: str | list[str]) -> tuple[str, ...]:
        if "\n" in value:
            return ("|", '"')
        return _STYLES.get(getattr(node, "style", None) or "", ("", '"'))

    # -- Markdown --------------------------------------------------------------------------

    def _sections(self) -> list[tuple[str, int, int, str]]:
        """Return (id, start, end, text) of each part; start and end hold the text alone."""
        begin = match.end() if (match := _FRONT.match(self._text)) else 0
        rows = [("", begin), *((m.group(1), m.end()) for m in _HEADING.finditer(self._text, begin))]
        ends = [*(m.start() for m in _HEADING.finditer(self._text, begin)), len(self._text)]
        found = []
        for (name, start), stop in zip(rows, ends, strict=True):
            body = self._text[start:stop]
            if name or body.strip():
                first = start + len(body) - len(body.lstrip())
                found.append((name, min(first, stop), start + len(body.rstrip()), body.strip()))
        return found

    def _with_section(self, name: str, value: str, order: Sequence[Key]) -> str:
        text, sections = self._text, self._sections()
        for one, start, end, body in sections:
            if one == name:
                if body:
                    return text[:start] + value + text[end:]
                return f"{text[:end]}\n{value}\n\n{text[start:]}".rstrip("\n") + "\n"
        names = [key[1] for key in order if key[0] == "##"]
        before = names[: names.index(name)] if name in names else names
        place = max((end for one, _, end, _ in sections if one in before), default=0)
        heading = f"## {name}\n" if name else ""
        if place:
            return f"{text[:place]}\n\n{heading}{value}{text[place:]}"
        begin = match.end() if (match := _FRONT.match(text)) else 0
        after = text[begin:].lstrip("\n")
        return f"{text[:begin]}{heading}{value}\n" + (f"\n{after}" if after else "")


def _leaves(node: Any, path: Key) -> Iterator[tuple[Key, str | list[str]]]:
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            yield from _leaves(value, (*path, str(name.value)))
    elif isinstance(node, yaml.SequenceNode):
        if all(isinstance(one, yaml.ScalarNode) for one in node.value):
            yield path, [str(one.value) for one in node.value]
    elif node.tag != "tag:yaml.org,2002:null":
        yield path, str(node.value)


def _value(node: Any, name: str) -> Any:
    return next((value for key, value in node.value if key.value == name), None)


def _end(text: str, node: Any) -> int:
    """Return where a node's own characters end; marks also count blanks and comments after it."""
    if isinstance(node, yaml.ScalarNode):
        stop = node.end_mark.index
        if node.style in ("|", ">"):
            stop = node.start_mark.index + len(text[node.start_mark.index : stop].rstrip())
        return int(stop)
    if node.flow_style or not node.value:
        return int(node.end_mark.index)
    last = node.value[-1]
    return _end(text, last[1] if isinstance(last, tuple) else last)


def _line_end(text: str, position: int) -> int:
    """Return the end of the line when only a comment is left on it."""
    rest = re.compile(r"[ \t]*(#[^\n]*)?(?=\n|\Z)").match(text, position)
    return rest.end() if rest else position


def _column(text: str, position: int) -> int:
    """Return how far the line of a position is indented."""
    line = text[text.rfind("\n", 0, position) + 1 :]
    return len(line) - len(line.lstrip(" "))


def _scalar(text: str, style: str, indent: str = "  ") -> str:
    if style == "|":
        return "|-\n" + "\n".join(indent + line if line else "" for line in text.split("\n"))
    written = yaml.dump(
        text, Dumper=yaml.SafeDumper, allow_unicode=True, width=2**30, default_style=style or None
    )
    return str(written).removesuffix("\n").removesuffix("\n...")


def _entry(rest: Sequence[str], value: str | list[str], style: str, indent: str) -> str:
    """Return 'name: value' lines, without the first line's indent."""
    name = _scalar(rest[0], "")
    if len(rest) > 1:
        inner = indent + "  "
        return f"{name}:\n{inner}{_entry(rest[1:], value, style, inner)}"
    if isinstance(value, str):
        return f"{name}: {_scalar(value, style, indent + '  ')}"
    return f"{name}:" + "".join(f"\n{indent}  - {_scalar(one, style)}" for one in value)


def _inserted(
    text: str,
    node: Any,
    rest: Sequence[str],
    value: str | list[str],
    style: str,
    order: Sequence[str],
) -> str:
    """Return the YAML with a new entry in a mapping, after the entries that come before it."""
    if not isinstance(node, yaml.MappingNode) or not node.value:
        entry = _entry(rest, value, style, "")
        return f"{text.rstrip()}\n{entry}\n" if text.strip() else f"{entry}\n"
    before = set(order[: order.index(rest[0])]) if rest[0] in order else set()
    placed = [one for name, one in node.value if name.value in before]
    if not order or rest[0] not in order:
        placed = [one for _, one in node.value]
    first = node.value[0][0].start_mark
    if node.flow_style:
        entry = ": ".join((_scalar(rest[0], ""), _scalar(str(value), '"')))
        place = _end(text, placed[-1]) if placed else first.index
        return text[:place] + (f", {entry}" if placed else f"{entry}, ") + text[place:]
    indent = " " * first.column
    entry = _entry(rest, value, style, indent)
    if placed:
        place = _line_end(text, _end(text, placed[-1]))
        return f"{text[:place]}\n{indent}{entry}{text[place:]}"
    return f"{text[: first.index]}{entry}\n{indent}{text[first.index :]}"


def _listed(text: str, node: Any, value: Sequence[str], style: str) -> str:
    """Return the YAML with the items of a list changed, added at its end or taken from it."""
    items = node.value
    if not items or not value:
        flow = "[" + ", ".join(_scalar(one, '"') for one in value) + "]"
        return text[: node.start_mark.index] + flow + text[_end(text, node) :]
    column = " " * node.start_mark.column
    joint = ", " if node.flow_style else f"\n{column}- "
    out, at = [], 0
    for item, one in zip(items, value, strict=False):
        begin, end = item.start_mark.index, _end(text, item)
        own = item.style if item.style in ('"', "'") else style
        out += [text[at:begin], text[begin:end] if item.value == one else _scalar(one, own)]
        at = end
    if not node.flow_style:
        line = _line_end(text, at)
        out, at = [*out, text[at:line]], line
    out += [joint + _scalar(one, style) for one in value[len(items) :]]
    if len(value) < len(items):
        at = _end(text, items[-1])
    return "".join(out) + text[at:]
