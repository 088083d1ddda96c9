"""Children of the bench: started, watched through /proc, and ended by their own process id."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bot.embedded import Child

QUIET = {
    "RASA_TELEMETRY_ENABLED": "false",
    "SENTRY_DSN": "",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "CUDA_VISIBLE_DEVICES": "-1",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    "PYTHONWARNINGS": "ignore",
}
"""What every Rasa process of the bench gets: no telemetry, no chatter."""

_TICK = os.sysconf("SC_CLK_TCK")


class BenchError(Exception):
    """The bench cannot go on; the text is one sentence and, where there is one, a log's end."""


def threads(count: int) -> dict[str, str]:
    """Return the settings for so many threads a process; none for 0, the libraries' defaults."""
    if not count:
        return {}
    names = ("OMP", "OPENBLAS", "MKL")
    found = {f"{name}_NUM_THREADS": str(count) for name in names}
    return {**found, "TF_NUM_INTRAOP_THREADS": str(count), "TF_NUM_INTEROP_THREADS": str(count)}


def run_to_end(
    what: str, command: Sequence[str], environment: Mapping[str, str], log: Path, folder: Path
) -> tuple[float, float]:
    """Run a program in a folder to its end; return wall and CPU seconds. Raises BenchError."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    with log.open("wb") as output:
        ended = subprocess.run(
            command,
            env={**os.environ, **environment},
            cwd=folder,
            stdout=output,
            stderr=output,
            preexec_fn=_end_with_bench,
            check=False,
        )
    wall, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if ended.returncode:
        raise BenchError(f"{what} failed ({ended.returncode}):\n{tail(log)}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, cpu


def _end_with_bench() -> None:
    """Runs in the child: ask the kernel for SIGTERM when the bench ends in whatever way."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


class Program:
    """A long-running child and what it starts itself."""

    def __init__(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], log: Path
    ) -> None:
        self.name, self.log = name, log
        self.log.unlink(missing_ok=True)
        self._child = Child(name, command, {**os.environ, **environment}, log)
        self._child.start()

    def check(self) -> None:
        """Raise BenchError when the program has ended."""
        if not self._child.running():
            raise BenchError(f"{self.name} ended by itself:\n{tail(self.log)}")

    def stop(self) -> None:
        """End the program; what it started ends with it."""
        self._child.stop(20)

    @property
    def family(self) -> list[int]:
        """The process ids of the program and all it started."""
        return list(_family(self._child.pid))


def memory(programs: Sequence[Program]) -> int:
    """Return the resident memory of programs and what they started, in bytes."""
    return sum(_resident(pid) for program in programs for pid in program.family)


def cpu_seconds(programs: Sequence[Program]) -> float:
    """Return the CPU seconds that programs and what they started have used."""
    return sum(_cpu(pid) for program in programs for pid in program.family)


def machine_cpu_seconds() -> float:
    """Return the CPU seconds that everything on this machine has used since its start."""
    user, nice, system, *_rest = (int(n) for n in _first_line("/proc/stat").split()[1:])
    return (user + nice + system) / _TICK


def tail(log: Path, size: int = 1500) -> str:
    """Return the end of a log."""
    return log.read_text(errors="replace")[-size:] if log.exists() else ""


def _family(root: int) -> Iterator[int]:
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and (fields := _stat(int(entry.name))):
            parents.setdefault(int(fields[1]), []).append(int(entry.name))
    waiting = [root]
    while waiting:
        pid = waiting.pop()
        yield pid
        waiting += parents.get(pid, [])


def _stat(pid: int) -> list[str]:
    """Return the fields of /proc/<pid>/stat from the state on; [] when it is gone."""
    return _first_line(f"/proc/{pid}/stat").rpartition(")")[2].split()


def _cpu(pid: int) -> float:
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) / _TICK if fields else 0.0


def _resident(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0
    rows = [line.split() for line in status.splitlines() if line.startswith("VmRSS:")]
    return int(rows[0][1]) * 1024 if rows else 0


def _first_line(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.readline()
    except OSError:
        return ""
