"""python-telegram-bot's requests over aiohttp: a delivery costs a third of what httpx takes."""

from __future__ import annotations

import asyncio

import aiohttp
from telegram._utils.defaultvalue import DefaultValue
from telegram._utils.types import ODVInput
from telegram.error import NetworkError, TimedOut
from telegram.request import BaseRequest, RequestData
from yarl import URL

READ_SECONDS = 20.0
CONNECT_SECONDS = 10.0
POOL_SECONDS = 20.0

NEVER_LEFT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
"""Causes of errors with which certainly nothing has left."""

BROKEN = (aiohttp.ClientError, asyncio.TimeoutError)
"""All causes of errors on the line."""

_FORM = {
    "Content-Type": "application/x-www-form-urlencoded",
    "User-Agent": BaseRequest.USER_AGENT,
}


class AiohttpRequest(BaseRequest):
    """At most so many connections at once, kept open between requests. Sends no files.

    Proxies are taken from the environment (HTTPS_PROXY). No request is ever repeated here.
    """

    def __init__(self, connections: int) -> None:
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None
        self._closed = False

    @property
    def read_timeout(self) -> float:
        """Seconds to wait for an answer."""
        return READ_SECONDS

    async def initialize(self) -> None:
        """Open for requests; connections are made when they are needed."""
        self._closed = False

    async def shutdown(self) -> None:
        """Close all connections; requests are refused from now on."""
        self._closed = True
        session, self._session = self._session, None
        if session:
            await session.close()

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        write_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        connect_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        pool_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """Return status and body. Raises TimedOut or NetworkError, with the cause."""
        if self._closed:
            raise RuntimeError("the connections are closed")
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=self._connections)
            self._session = aiohttp.ClientSession(connector=connector, trust_env=True)
        read = READ_SECONDS if isinstance(read_timeout, DefaultValue) else read_timeout
        timeout = aiohttp.ClientTimeout(
            total=None, connect=POOL_SECONDS, sock_connect=CONNECT_SECONDS, sock_read=read
        )
        form = URL.build(query=request_data.json_parameters) if request_data else URL()
        try:
            async with self._session.request(
                method,
                URL(url, encoded=True),
                data=form.raw_query_string.encode("ascii"),
                headers=_FORM,
                timeout=timeout,
                allow_redirects=False,
            ) as answer:
                return answer.status, await answer.read()
        except asyncio.TimeoutError as error:
            raise TimedOut from error
        except aiohttp.ClientError as error:
            raise NetworkError(type(error).__name__) from error
