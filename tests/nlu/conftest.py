"""One trained model for all tests of understanding; training again only when it is stale."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def model() -> Path:
    """Return the path of the model for the present data."""
    from nlu.train import train

    return train()


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
