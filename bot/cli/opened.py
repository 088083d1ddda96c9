"""The store for a command of an admin: that of the running Hashar, or the one at rest."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.embedded import EmbeddedStore, running_store
from bot.settings import Settings
from bot.store.seal import Sealer
from bot.store.store import Store


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Store]:
    """Open the store at REDIS_URL, the embedded one that runs, or start that one meanwhile."""
    url, own = settings.redis_url or running_store(settings), None
    if not url:
        own = EmbeddedStore(settings)
        own.start()
        url = own.url
    store = Store(settings, url, Sealer.from_settings(settings))
    try:
        await store.ping()
        yield store
    finally:
        await store.close()
        if own:
            own.stop()
