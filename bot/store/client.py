"""The connection to Valkey/Redis, alone or as a cluster."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from redis import exceptions
from redis.asyncio.cluster import RedisCluster
from redis.asyncio.connection import Connection, SSLConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from bot.errors import StoreUnavailable
from bot.settings import Settings
from bot.store.wire import Shared

Client = Any
"""A Shared or RedisCluster: both offer the commands used here."""

DOWN = (
    exceptions.ConnectionError,
    exceptions.TimeoutError,
    exceptions.BusyLoadingError,
    exceptions.ClusterError,
    exceptions.RedisClusterException,
    exceptions.ReadOnlyError,
    exceptions.MasterDownError,
    exceptions.TryAgainError,
    OSError,
)


def connect(settings: Settings, url: str) -> Client:
    """Return a client; nothing is sent yet. Calls fail rather than hang when the store is down."""
    common: dict[str, Any] = {"socket_connect_timeout": 3, "socket_timeout": 15}
    if settings.redis_cluster:
        return _telling(RedisCluster.from_url(url, **common))
    retry = Retry(NoBackoff(), 1)
    return Shared.from_url(url, retry=retry, max_connections=1000, protocol=2, **common)


class _Telling:
    """A mix-in for the library's connections: one that was closed under it says so.

    redis-py 8.1 lets through what the event loop raises then (RuntimeError from uvloop, else
    AttributeError or TypeError; its issue 4287): nobody would try again, and a dead node would end
    every process that talked to it.
    """

    async def _send_packed_command(self, command: Any) -> None:
        try:
            await super()._send_packed_command(command)  # type: ignore[misc]
        except (RuntimeError, AttributeError, TypeError) as error:
            raise exceptions.ConnectionError("The connection was closed.") from error


class _Connection(_Telling, Connection):
    pass


class _SSLConnection(_Telling, SSLConnection):
    pass


def _telling(cluster: RedisCluster) -> RedisCluster:
    """Let all nodes, known and to be found, be talked to by connections of ours."""
    given: dict[str, Any] = cluster.get_connection_kwargs()
    kind = _SSLConnection if given["connection_class"] is SSLConnection else _Connection
    given["connection_class"] = kind
    for node in cluster.startup_nodes:
        node.connection_class = kind
    return cluster


async def listen(
    client: Client, channel: str, ready: Callable[[], None], heard: Callable[[str], None]
) -> None:
    """Call `ready`, then `heard` with each message of a channel, until cancelled.

    Raises one of DOWN.
    """
    if isinstance(client, Shared):
        return await client.listen(channel, ready, heard)
    await client.initialize()  # a cluster's subscriptions do not learn the nodes by themselves
    subscription = client.pubsub()
    try:
        await subscription.subscribe(channel)
        ready()
        while True:
            message = await subscription.get_message(ignore_subscribe_messages=True, timeout=10)
            if message:
                heard(message["data"].decode())
    finally:
        with contextlib.suppress(*DOWN):
            await subscription.aclose()


@asynccontextmanager
async def errors() -> AsyncIterator[None]:
    """Turn a dead or loading store into StoreUnavailable."""
    try:
        yield
    except DOWN as error:
        raise StoreUnavailable(f"the store does not answer ({type(error).__name__})") from error
    except exceptions.ResponseError as error:
        if str(error).startswith(("LOADING", "READONLY", "CLUSTERDOWN", "MISCONF", "OOM")):
            raise StoreUnavailable(f"the store refuses work ({str(error)[:40]})") from error
        raise
