"""Settings: each documented, each wrong value one clear sentence."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from bot.cli.settings import table
from bot.errors import SettingsError
from bot.settings import Settings, generated_secret

ROOT = Path(__file__).parent.parent


def test_every_setting_is_documented() -> None:
    """docs/settings.md holds exactly the settings, defaults and words of the code."""
    assert table() in (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")


def test_everything_has_a_default() -> None:
    """An empty environment is enough."""
    assert Settings.from_environment({}).port == 8080


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("PORT", "http", "whole number"),
        ("PORT", "70000", "between 0 and 65535"),
        ("SHARDS", "0", "between 1 and 1024"),
        ("LEASE_SECONDS", "soon", "a number"),
        ("REDIS_CLUSTER", "maybe", "true or false"),
        ("PUBLIC_URL", "http://example.org", "https://"),
        ("RASA_URL", "localhost:5005", "http://"),
        ("REDIS_URL", "localhost", "redis://"),
        ("REDIS_CLUSTER", "true", "address of a node in REDIS_URL"),
        ("LOG_LEVEL", "loud", "debug, info"),
        ("LOG_FORMAT", "xml", "json or text"),
    ],
)
def test_wrong_value_is_one_clear_sentence(name: str, value: str, words: str) -> None:
    """The message names the variable and what it takes."""
    with pytest.raises(SettingsError) as error:
        Settings.from_environment({name: value})
    assert name in str(error.value)
    assert words in str(error.value)


def test_secret_is_made_once_and_kept_private(tmp_path: Path) -> None:
    """A generated key stays the same and is readable by its owner only."""
    first = generated_secret(tmp_path / "data", "id.key")
    assert generated_secret(tmp_path / "data", "id.key") == first
    mode = stat.S_IMODE((tmp_path / "data" / "id.key").stat().st_mode)
    assert mode == 0o600
