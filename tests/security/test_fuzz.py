"""A short form of `make fuzz`: bad inputs against every parser, over HTTP too."""

from __future__ import annotations

from tests.security.fuzz.__main__ import fuzz, report


def test_bad_input_breaks_nothing_and_leaks_nothing() -> None:
    """No 500, no crash, no word of a person in a log, nothing left open."""
    results, leaks = fuzz(3_000, start=1)
    told = report(results, leaks)
    print(told)
    assert sum(one.inputs for one in results) >= 3_000
    assert not leaks, told
    assert not any(one.problems for one in results), told
