"""The report of a soak, as text."""

from __future__ import annotations

from soak.result import Options, Result


def report(options: Options, result: Result) -> str:
    """Return the figures, one a line, and the verdict."""
    found, asked = result.findings, sum(result.asked.values())
    by_channel = ", ".join(f"{count:,} {name}" for name, count in sorted(result.asked.items()))
    troubles = ", ".join(f"{what} {count}" for what, count in sorted(result.troubles.items()))
    faults = ", ".join(f"{what} {count}" for what, count in sorted(result.faults.items()))
    first, last = (result.memory or [{}])[0], (result.memory or [{}])[-1]
    memory = ", ".join(
        f"{name} {first.get(name, 0)} to {size} MB" for name, size in sorted(last.items())
    )
    rows = [
        ("seed", str(options.seed)),
        ("messages", f"{asked:,} ({by_channel}) in {result.conversations:,} conversations"),
        ("time", f"{result.seconds:.0f} s, {asked / max(1.0, result.seconds):.0f} a second"),
        ("processes", ", ".join(options.roles)),
        ("troubles", troubles),
        ("platform", f"{faults}; {result.redeliveries} updates delivered twice"),
        ("lost", f"{found.lost}"),
        ("doubled", f"{found.doubled}"),
        ("out of order", f"{found.disordered}"),
        ("answers to nothing", f"{found.strange}"),
        ("turns miscounted", f"{found.uncounted}"),
        ("second copies, marked", f"{found.repeated} ({found.suspected} marked without need)"),
        ("late, Rasa was away", f"{found.deferred}"),
        ("slowest SIGTERM", f"{result.slowest_stop:.1f} s"),
        ("left in queues", ", ".join(f"{name} {count}" for name, count in result.left.items())),
        ("memory", memory),
        ("store", f"{result.store_bytes / 1e6:.1f} MB"),
    ]
    lines = [f"{name:<22} {value}" for name, value in rows]
    lines += [f"VIOLATION: {problem}" for problem in result.problems]
    lines.append("FAILED" if result.wrong else "PASSED: nothing lost, doubled or out of order")
    return "\n".join(lines)
