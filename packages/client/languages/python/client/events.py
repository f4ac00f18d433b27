"""The WebSocket: heartbeat, reconnection with what was subscribed, events once each."""

from __future__ import annotations

import asyncio
import collections
import json
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from urllib.parse import urlencode

import websockets
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from .errors import NetworkError
from .models import Event

logger = logging.getLogger("provisioning_client")

Token = Callable[[bool], Awaitable[str | None]]

#: Ids that are remembered, so that nothing is told twice after a replay.
_remembered = 1000
_longest_delay = 60.0
#: Closed because the token is not good any more.
_token_codes = {1008, 4001}
_done = object()


class EventStream:
    """Events as they come: `async for event in stream`. Ends after `close()` or when reconnecting has failed."""

    def __init__(
        self, url: str, types: list[str], token: Token, *, interval: float, attempts: int, heartbeat: float
    ) -> None:
        self._url = url
        self._types = list(dict.fromkeys(types))
        self._token = token
        self._interval = interval
        self._attempts = attempts
        self._heartbeat = heartbeat
        self._queue: asyncio.Queue[Any] = asyncio.Queue()
        self._seen: collections.OrderedDict[str, None] = collections.OrderedDict()
        self._last: str | None = None
        self._connection: ClientConnection | None = None
        self._running: asyncio.Task[None] | None = None
        self._handlers: list[Callable[[Event], None]] = []

    def on_event(self, handler: Callable[[Event], None]) -> None:
        self._handlers.append(handler)

    async def open(self) -> None:
        """Raises NetworkError when the first connection fails."""
        try:
            self._connection = await self._connect(fresh=False)
        except (OSError, WebSocketException, asyncio.TimeoutError) as error:
            raise NetworkError(f"{self._url}: {error}", code="NETWORK_ERROR", url=self._url) from None
        self._running = asyncio.ensure_future(self._run())

    async def subscribe(self, types: list[str]) -> None:
        self._types = list(dict.fromkeys([*self._types, *types]))
        if self._connection is not None:
            await self._connection.send(json.dumps({"type": "subscribe", "events": types}))

    async def close(self) -> None:
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
        if self._connection is not None:
            await self._connection.close(1000)
        self._queue.put_nowait(_done)

    async def __aiter__(self) -> AsyncIterator[Event]:
        while True:
            event = await self._queue.get()
            if event is _done:
                return
            yield event

    async def _connect(self, fresh: bool) -> ClientConnection:
        token = await self._token(fresh)
        query = {"events": ",".join(self._types)} if self._types else {}
        if self._last is not None:
            query["last_event_id"] = self._last
        protocols = ["provisioning.v1"] + ([f"bearer.{token}"] if token is not None else [])
        return await connect(
            f"{self._url}?{urlencode(query)}",
            subprotocols=[websockets.Subprotocol(name) for name in protocols],
            ping_interval=None,
            close_timeout=1,
            # The token is in the handshake.
            logger=logging.getLogger("provisioning_client.socket.silent"),
        )

    async def _run(self) -> None:
        failures = 0
        refreshed = False
        fresh = False
        while True:
            if self._connection is not None:
                code = await self._listen(self._connection)
                self._connection = None
                logger.info("WebSocket closed with %s", code)
                if code == 1008 and refreshed:
                    break
                fresh = code in _token_codes
                refreshed = refreshed or code == 1008
            if failures >= self._attempts:
                logger.warning("WebSocket: gave up after %d attempts", failures)
                break
            delay = min(self._interval * 1.5**failures, _longest_delay) * random.uniform(0.8, 1.2)
            await asyncio.sleep(delay)
            try:
                self._connection = await self._connect(fresh)
                failures = 0
                fresh = False
            except Exception as error:  # noqa: BLE001 - whatever failed, the next attempt may not
                failures += 1
                logger.info("WebSocket attempt %d: %s", failures, type(error).__name__)
        self._queue.put_nowait(_done)

    async def _listen(self, connection: ClientConnection) -> int | None:
        """Takes frames until the connection ends. Returns its close code."""
        beating = asyncio.ensure_future(self._beat(connection))
        try:
            while True:
                text = await asyncio.wait_for(connection.recv(), 2 * self._heartbeat)
                await self._take(connection, json.loads(text))
        except asyncio.TimeoutError:
            await connection.close(1000)
            return None
        except websockets.ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd is not None else 1006
        finally:
            beating.cancel()

    async def _beat(self, connection: ClientConnection) -> None:
        while True:
            await asyncio.sleep(self._heartbeat)
            try:
                await connection.send(json.dumps({"type": "ping"}))
            except websockets.ConnectionClosed:
                return

    async def _take(self, connection: ClientConnection, frame: dict[str, Any]) -> None:
        kind = frame.get("type")
        if kind == "batch":
            for event in frame.get("events", []):
                self._tell(event)
        elif "event_type" in frame:
            self._tell(frame)
        elif kind == "token_expiring":
            token = await self._token(True)
            await connection.send(json.dumps({"type": "auth", "token": token}))
        elif kind == "error":
            logger.warning("WebSocket: %s", frame.get("message"))

    def _tell(self, frame: dict[str, Any]) -> None:
        event = Event.of(frame)
        if event.id is not None:
            if event.id in self._seen:
                return
            self._seen[event.id] = None
            if len(self._seen) > _remembered:
                self._seen.popitem(last=False)
            self._last = event.id
        self._queue.put_nowait(event)
        for handler in self._handlers:
            try:
                handler(event)
            except Exception:  # noqa: BLE001 - one handler harms no other
                logger.exception("a handler of events failed")
