"""Messaging platforms, one module each. `PROFILES` is the register: one line a channel."""

from __future__ import annotations

from dataclasses import dataclass

from bot.model import Limits


@dataclass(frozen=True, slots=True)
class Profile:
    """What the worker must know to write for a channel, whether or not it runs here.

    `pulls`: clients fetch their answers from the mailbox; nothing is sent to them.
    """

    limits: Limits
    pulls: bool = False


PROFILES = {
    # Telegram takes 4,096; the rest is room for 'you may have received this already'.
    "telegram": Profile(Limits(text=3900, buttons=40, label=60, markup="telegram")),
    "web": Profile(Limits(text=6000, buttons=60, label=80, markup="web"), pulls=True),
    "rest": Profile(Limits(text=6000, buttons=60, label=80, markup="plain"), pulls=True),
}


def profile(channel: str) -> Profile:
    """Return the profile of a channel. Raises KeyError for one that is not registered."""
    return PROFILES[channel]
