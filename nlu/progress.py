"""Progress on stderr: a bar on a terminal, a few plain lines elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Report = Callable[[int, int], None]
_WIDTH = 30


@contextmanager
def progress(what: str) -> Iterator[Report]:
    """Give a function to call with (done, total); prints nothing for work under a second."""
    started = last = time.monotonic()
    drawn = False

    def report(done: int, total: int) -> None:
        nonlocal last, drawn
        now = time.monotonic()
        terminal = sys.stderr.isatty()
        if now - started < 1 or (done < total and now - last < (0.2 if terminal else 15)):
            return
        last, drawn = now, True
        left = (now - started) / max(done, 1) * (total - done)
        if terminal:
            bar = "#" * (_WIDTH * done // total)
            sys.stderr.write(f"\r{what} [{bar:<{_WIDTH}}] {done}/{total}, {left:.0f} s left ")
        else:
            sys.stderr.write(f"{what}: {done} of {total}, about {left:.0f} s left\n")
        sys.stderr.flush()

    try:
        yield report
    finally:
        if drawn and sys.stderr.isatty():
            sys.stderr.write("\n")
