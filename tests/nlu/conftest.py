"""The trained model, loaded once for all tests of understanding."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from nlu.environment import quiet

_level = os.environ.get("LOG_LEVEL")
quiet()
# Rasa's LOG_LEVEL is also the name of a setting of ours: programs that later tests start, and
# commands that they run, must not find Rasa's value there.
os.environ.pop("LOG_LEVEL", None)
if _level is not None:
    os.environ["LOG_LEVEL"] = _level


@pytest.fixture(scope="session")
def runtime(model: Path) -> "object":
    """Return the loaded model."""
    from nlu.runtime import Runtime

    return Runtime(model)


@pytest.fixture
def content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return an empty content folder that CONTENT_DIR names."""
    folder = tmp_path / "content"
    folder.mkdir()
    monkeypatch.setenv("CONTENT_DIR", str(folder))
    return folder


def write_page(content: Path, name: str, language: str, asks: list[str], title: str = "T") -> Path:
    """Write a guide page with asks."""
    page = content / "guides" / name / f"{language}.md"
    page.parent.mkdir(parents=True, exist_ok=True)
    lines = "".join(f"  - {ask}\n" for ask in asks)
    page.write_text(f"---\ntitle: {title}\nasks:\n{lines}status: original\n---\n## steps\nDo it.\n")
    return page
