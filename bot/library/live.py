"""The library that is live: follows the files, swaps the whole, refuses what is broken."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from pathlib import Path

import structlog
from watchfiles import awatch

from bot import metrics
from bot.library.load import Loader
from bot.library.model import Library, Passage
from bot.library.reader import Problem
from bot.library.search import PassageIndex, PassageVectors, Vector

log = structlog.get_logger()


class LiveLibrary:
    """Holds the current library and its passage index.

    `current` never changes inside; a saved file makes a new one. Its passages are indexed in a
    thread; until then the old ones are found, and until their vectors are made by words alone.
    """

    def __init__(self, folder: Path, cache: Path | None = None, searched: bool = True) -> None:
        """Load the content; without `cache`, a file for vectors, passages are found by words.

        A process that does not search (`searched` false) spares the index.

        Raises ContentError when site or languages cannot be read.
        """
        self._loader = Loader(folder)
        self._folder = folder
        self._vectors = PassageVectors(cache) if cache else None
        self._making = threading.Lock()
        self._indexing = threading.Lock()
        self._searched = searched
        self._stop = asyncio.Event()
        self._closed = False
        self.current: Library
        self.problems: list[Problem]
        self.current, problems = self._loader.load()
        self.index = PassageIndex(self.current)
        self._report(problems)

    def search(self, text: str, vector: Vector | None) -> tuple[Passage, ...]:
        """Return the passages that may answer a text, best first."""
        found = self.index.search(text, vector)
        return tuple(passage for passage in found if passage.guide in self.current.guides)

    async def run(self) -> None:
        """Follow the files until cancelled or closed."""
        self._stop = asyncio.Event()
        self._prepare()
        watch = awatch(
            self._folder,
            debounce=200,
            step=50,
            stop_event=self._stop,
            rust_timeout=500,  # it notices a stop or a cancellation only between two time-outs
            yield_on_timeout=True,
        )
        looked = False
        async for changes in watch:
            # Once without changes too: a file may have been saved before the watch began.
            new = (changes or not looked) and await asyncio.to_thread(self.refresh)
            if new and not self._closed:
                self._prepare()
            looked = True

    def refresh(self) -> bool:
        """Read changed files; return whether the library changed."""
        library, problems = self._loader.load(self.current)
        self._report(problems)
        if library.version == self.current.version:
            return False
        self.current = library
        log.info("content_live", version=library.version, guides=len(library.guides))
        return True

    def close(self) -> None:
        """Stop making vectors."""
        self._closed = True
        self._stop.set()

    def _report(self, problems: list[Problem]) -> None:
        self.problems = [problem for problem in problems if not problem.hint]
        metrics.CONTENT_PROBLEMS.set(len(self.problems))
        for problem in self.problems:
            log.error("content_refused", file=problem.path, key=problem.key, problem=problem.text)

    def _prepare(self) -> None:
        """Index in a thread that no exit waits for: on a busy machine it takes its time."""
        if self._searched:
            threading.Thread(target=self._modestly, name="passages", daemon=True).start()

    def _modestly(self) -> None:
        _be_modest()
        with self._indexing:
            if not self._closed:
                self._make_ready()

    def _make_ready(self) -> None:
        """Index the current library for search; a failure leaves the search as it was."""
        try:
            library = self.current
            index = self.index if self.index.version == library.version else PassageIndex(library)
            index.prepare()
            known = self._vectors.known(index.texts) if self._vectors else None
            if known is not None:  # search by meaning goes on while the new ones are made
                index.set_vectors(known)
            self.index = index
            self.make_vectors()
        except Exception as error:
            metrics.ERRORS.labels("passages", type(error).__name__).inc()
            log.error("passages_failed", exc_info=error)

    def make_vectors(self) -> None:
        """Make the vectors of passages that have none yet; search by meaning works then."""
        if self._vectors is None:
            return
        with self._making:
            index = self.index
            vectors = self._vectors.make(
                index.texts, stop=lambda: self._closed or self.current.version != index.version
            )
            if vectors is not None:
                index.set_vectors(vectors)


def _be_modest() -> None:
    """Let this thread take the processor only where nobody answers people (Linux threads)."""
    with contextlib.suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 15)
