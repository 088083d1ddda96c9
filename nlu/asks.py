"""How people ask, read from the front matter of guides and courses.

The only part of the content that understanding depends on: an edit of an answer changes
nothing here, so it never makes a model stale.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

KINDS = {"guides": "guide", "courses": "course"}


@dataclass(frozen=True)
class Topic:
    """One page in one language: intent `guide.<id>` or `course.<id>`, its title and its asks."""

    intent: str
    language: str
    title: str
    asks: tuple[str, ...]


def content_folder() -> Path:
    """Return the folder that admins edit: CONTENT_DIR, or content/."""
    return Path(os.environ.get("CONTENT_DIR") or "content")


def topics(folder: Path) -> Iterator[Topic]:
    """Yield the topics in a fixed order; a page that cannot be read is left out.

    `hashar content check` names such pages; training goes on with the rest.
    """
    for plural, kind in KINDS.items():
        for page in sorted(folder.glob(f"{plural}/*/*.md")):
            topic = _topic(page, kind)
            if topic:
                yield topic


def _topic(page: Path, kind: str) -> Topic | None:
    try:
        front = _front_matter(page.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, YAMLError):
        return None
    asks = front.get("asks")
    if not isinstance(asks, list):
        return None
    phrases = tuple(dict.fromkeys(str(a).strip() for a in asks if a and str(a).strip()))
    title = front.get("title")
    name = f"{kind}.{page.parent.name}"
    return Topic(name, page.stem, title if isinstance(title, str) else "", phrases)


def _front_matter(text: str) -> dict[str, object]:
    if not text.startswith("---"):
        return {}
    parts = text.split("\n---", 1)
    values = YAML(typ="safe").load(parts[0][3:]) if len(parts) == 2 else None
    return values if isinstance(values, dict) else {}
