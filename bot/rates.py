"""How often something may happen: so many at once, so many in a time on average."""

from __future__ import annotations

import math
import time
from collections import OrderedDict

KEYS = 20_000
"""Keys that are remembered; of more, those seen longest ago are forgotten (about 3 MB)."""


class Rate:
    """Lets `count` things of each key pass in `seconds` seconds; 0: all.

    As a leaky bucket (GCRA): one number a key, the time at which its bucket will be empty.
    """

    def __init__(self, count: int, seconds: float) -> None:
        self._room = seconds
        self._each = seconds / count if count else 0.0
        self._empty: OrderedDict[str, float] = OrderedDict()

    def wait(self, key: str = "") -> int:
        """Return 0 and count one thing of a key, or the whole seconds until one may pass."""
        if not self._each:
            return 0
        now = time.monotonic()
        empty = max(now, self._empty.get(key, now)) + self._each
        if empty - now > self._room + 1e-9:
            return max(1, math.ceil(empty - now - self._room))
        self._empty[key] = empty
        self._empty.move_to_end(key)
        if len(self._empty) > KEYS:
            self._empty.popitem(last=False)
        return 0
