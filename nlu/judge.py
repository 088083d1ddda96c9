"""Whether a new model may take the place of the present one: `python -m nlu.judge OLD NEW`.

Both answer all held-out phrases as they are. The new one is refused when in any language (a) its
accuracy fell, or (b) its share of sure but wrong answers rose, by more than 2 points and by more
than one phrase and a half: less than that one phrase more or less explains.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from nlu.environment import quiet
from nlu.report import compare
from nlu.report.measures import Row


def worse(before: Sequence[Row], after: Sequence[Row]) -> list[str]:
    """Name the languages that got worse, one sentence each."""
    old = {f"{one.name} {one.noise}": one for one in before}
    found = compare.losses(after, {name: one.accuracy for name, one in old.items()})
    for new in after:
        earlier = old[f"{new.name} {new.noise}"]
        more = 100 * (new.wrong - earlier.wrong)
        if more > compare.LOST_POINTS and more > 150 / new.size:
            found.append(
                f"{new.name} {new.noise}: {100 * earlier.wrong:.1f} % sure but wrong before, "
                f"{100 * new.wrong:.1f} % now"
            )
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a table of both; 1 when the new one is worse in a language."""
    parser = argparse.ArgumentParser(prog="python -m nlu.judge", description=__doc__)
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("--short", action="store_true", help="every third phrase")
    options = parser.parse_args(arguments)
    quiet()
    every = compare.SHORT_EVERY if options.short else 1
    before, after = (compare.measured(m, every) for m in (options.old, options.new))
    for old, new in zip(before, after, strict=True):
        print(f"{new.name:<12} right {100 * old.accuracy:5.1f} → {100 * new.accuracy:5.1f} %   "
              f"sure but wrong {100 * old.wrong:4.1f} → {100 * new.wrong:4.1f} %")  # fmt: skip
    sentences = worse(before, after)
    for sentence in sentences:
        print(f"worse: {sentence}")
    return 1 if sentences else 0


if __name__ == "__main__":
    sys.exit(main())
