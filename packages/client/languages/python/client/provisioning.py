"""The client of an orchestrator."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit

from .errors import NetworkError, ServerError, TimeoutError, UnsupportedVersionError
from .events import EventStream
from .models import Event, WorkflowTask
from .transport import Transport

#: Levels of the API that this client knows, the best first.
LEVELS = ("v3", "v2", "v1")
#: Failed looks in a row that a wait bears.
_borne = 3


class ProvisioningClient:
    """Constructing does no I/O. `close()`, or `async with`, ends all that it has begun."""

    def __init__(
        self,
        base_url: str = "http://localhost:9090",
        auth_url: str | None = None,
        username: str | None = None,
        password: str | None = None,
        token: str | None = None,
        *,
        timeout: float = 30,
        retry_attempts: int = 3,
        retry_delay: float = 1,
        reconnect_interval: float = 5,
        max_reconnect_attempts: int = 10,
        heartbeat_interval: float = 30,
    ) -> None:
        self.base_url = base_url
        self._transport = Transport(
            base_url,
            auth_url or base_url,
            (username, password, token),
            timeout=timeout,
            attempts=retry_attempts,
            delay=retry_delay,
        )
        self._socket = {
            "interval": reconnect_interval,
            "attempts": max_reconnect_attempts,
            "heartbeat": heartbeat_interval,
        }
        self._events: EventStream | None = None
        self._handlers: list[tuple[str | None, Callable[[Event], None]]] = []

    def __repr__(self) -> str:
        return f"ProvisioningClient({self.base_url!r})"

    async def __aenter__(self) -> ProvisioningClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        await self.disconnect_websocket()
        await self._transport.close()

    async def authenticate(self) -> str:
        return await self._transport.session.authenticate()

    async def create_server_workflow(self, **config: Any) -> str:
        return await self._create("/workflows/servers/create", config)

    async def create_taskserv_workflow(self, **config: Any) -> str:
        return await self._create("/workflows/taskserv/create", {"operation": "create", **config})

    async def create_cluster_workflow(self, **config: Any) -> str:
        return await self._create("/workflows/cluster/create", {"operation": "create", **config})

    async def get_task_status(self, task_id: str) -> WorkflowTask:
        return WorkflowTask.of(await self._get(f"/tasks/{task_id}"))

    async def list_tasks(self, status: str | None = None, limit: int | None = None) -> list[WorkflowTask]:
        """All pages."""
        return [task async for task in self.iterate_tasks(status, limit)]

    async def iterate_tasks(
        self, status: str | None = None, limit: int | None = None
    ) -> AsyncIterator[WorkflowTask]:
        """One task after the other; `limit` is the size of a page."""
        query: dict[str, Any] = {"status": status, "limit": limit}
        while True:
            answer = await self._transport.call("GET", "/tasks", query=query)
            for data in answer.data:
                yield WorkflowTask.of(data)
            following = re.search(r'<([^>]+)>;\s*rel="next"', answer.headers.get("link", ""))
            if following is None:
                return
            query = {name: values[0] for name, values in parse_qs(urlsplit(following[1]).query).items()}

    async def wait_for_task_completion(
        self, task_id: str, timeout: float = 300, poll_interval: float = 5
    ) -> WorkflowTask:
        """Looks until the task has ended; 0 is no time limit. Cancelling it leaves the task alone."""
        try:
            async with asyncio.timeout(timeout or None):
                return await self._wait(task_id, poll_interval)
        except asyncio.TimeoutError:
            raise TimeoutError(
                f"Task {task_id} did not complete within {timeout:g}s", code="TIMEOUT"
            ) from None

    async def execute_batch_operation(self, config: dict[str, Any]) -> dict[str, Any]:
        return (await self._transport.call("POST", "/batch/execute", body=config)).data

    async def get_batch_status(self, batch_id: str) -> dict[str, Any]:
        return await self._get(f"/batch/operations/{batch_id}")

    async def cancel_batch_operation(self, batch_id: str) -> str:
        return (await self._transport.call("POST", f"/batch/operations/{batch_id}/cancel")).data

    async def get_system_health(self) -> dict[str, Any]:
        return await self._get("/state/system/health")

    async def get_system_metrics(self) -> dict[str, Any]:
        return await self._get("/state/system/metrics")

    async def negotiate_version(self) -> str:
        """The highest level that both sides know."""
        answer = await self._transport.call("GET", "/api/versions", anonymous=True)
        levels = answer.data["api"]["levels"]
        for level in LEVELS:
            if level in levels:
                return level
        raise UnsupportedVersionError(
            f"No common API level: the server has {', '.join(levels)}, this client {', '.join(LEVELS)}",
            code="UNSUPPORTED_VERSION",
        )

    async def connect_websocket(self, event_types: list[str] | None = None) -> EventStream:
        """Opens the stream of events, or adds types to the open one."""
        if self._events is not None:
            await self._events.subscribe(event_types or [])
            return self._events
        url = re.sub(r"^http", "ws", self.base_url.rstrip("/")) + "/ws"
        stream = EventStream(url, event_types or [], self._token, **self._socket)
        stream.on_event(self._handle)
        await stream.open()
        self._events = stream
        return stream

    async def disconnect_websocket(self) -> None:
        stream, self._events = self._events, None
        if stream is not None:
            await stream.close()

    def on_event(self, handler: Callable[[Event], None], event_type: str | None = None) -> None:
        """Calls `handler` for each event, or for those of one type."""
        self._handlers.append((event_type, handler))

    def _handle(self, event: Event) -> None:
        for event_type, handler in self._handlers:
            if event_type in (None, event.event_type):
                handler(event)

    async def _token(self, fresh: bool) -> str | None:
        session = self._transport.session
        if not session.has_means:
            return None
        return await session.authenticate(force=fresh)

    async def _get(self, path: str) -> Any:
        return (await self._transport.call("GET", path)).data

    async def _create(self, path: str, config: dict[str, Any]) -> str:
        data = (await self._transport.call("POST", path, body=config)).data
        return data if isinstance(data, str) else data["task_id"]

    async def _wait(self, task_id: str, poll_interval: float) -> WorkflowTask:
        failures = 0
        while True:
            try:
                answer = await self._transport.call("GET", f"/tasks/{task_id}", retry=False)
                task = WorkflowTask.of(answer.data)
                failures = 0
                if task.status.final:
                    return task
            except (NetworkError, ServerError):
                failures += 1
                if failures > _borne:
                    raise
            await asyncio.sleep(poll_interval)


class ProvisioningClientSync:
    """The same methods for programs without an event loop: each waits for its result."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._client = self._run(_make(*args, **options))

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._client, name)
        return lambda *args, **options: self._run(method(*args, **options))

    def close(self) -> None:
        self._run(self._client.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


async def _make(*args: Any, **options: Any) -> ProvisioningClient:
    return ProvisioningClient(*args, **options)
