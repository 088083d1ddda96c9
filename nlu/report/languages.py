"""How often the language of a message is named rightly."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from nlu.report.measures import Parse
from nlu.report.sets import HELDOUT, read


def identification(parse: Parse) -> dict[str, Any]:
    """Return the share of right languages, over all and each, and the frequent mistakes."""
    cases = read(HELDOUT / "language.tsv")
    answers = parse([case.text for case in cases])
    named = [(a.get("language") or {}).get("name", "") for a in answers]
    return summary([case.intent for case in cases], named)


def summary(expected: Sequence[str], named: Sequence[str]) -> dict[str, Any]:
    """Count right names and mistakes."""
    pairs = list(zip(expected, named, strict=True))
    size, right = Counter(expected), Counter(e for e, n in pairs if e == n)
    wrong = Counter((e, n or "unsure") for e, n in pairs if e != n)
    return {
        "size": len(pairs),
        "accuracy": round(sum(right.values()) / len(pairs), 4),
        "by_language": {code: round(right[code] / size[code], 4) for code in sorted(size)},
        "mistakes": [[e, n, count] for (e, n), count in wrong.most_common(12)],
    }
