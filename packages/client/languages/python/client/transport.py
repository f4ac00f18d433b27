"""Requests: the envelope, retries, tokens."""

from __future__ import annotations

import asyncio
import logging
import random
import uuid
from typing import Any

import httpx

from .errors import (
    AuthenticationError,
    NetworkError,
    ProtocolError,
    ProvisioningAPIError,
    RateLimitError,
    error_of,
    retry_after,
)
from .session import Session

logger = logging.getLogger("provisioning_client")

_again = {429, 500, 502, 503, 504}
_safe = {"GET", "HEAD", "OPTIONS"}
_longest_wait = 60.0


class Answer:
    """Data of an answer, with its headers."""

    def __init__(self, data: Any, headers: httpx.Headers) -> None:
        self.data = data
        self.headers = headers


class Transport:
    def __init__(
        self,
        base_url: str,
        auth_url: str,
        session: tuple[str | None, str | None, str | None],
        *,
        timeout: float,
        attempts: int,
        delay: float,
    ) -> None:
        self._root = base_url.rstrip("/")
        self._base = self._root + "/api/v1"
        self._auth = auth_url.rstrip("/") + "/api/v1"
        self._http = httpx.AsyncClient(timeout=timeout, headers={"user-agent": "provisioning-client-python"})
        self._attempts = attempts
        self._delay = delay
        self.session = Session(self._login, *session)

    async def close(self) -> None:
        await self._http.aclose()

    async def call(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        query: dict[str, Any] | None = None,
        anonymous: bool = False,
        retry: bool = True,
    ) -> Answer:
        """One operation. Work that is created carries a key, the same over all attempts."""
        url = (self._root if path.startswith("/api/") else self._base) + path
        headers = {"idempotency-key": str(uuid.uuid4())} if method in ("POST", "DELETE") else {}
        token = None if anonymous else await self.session.token()
        refused = False
        attempt = 1
        while True:
            if token is not None:
                headers["authorization"] = f"Bearer {token}"
            try:
                return await self._once(method, url, body, query, headers)
            except AuthenticationError:
                if anonymous or refused or not await self.session.refused(token):
                    raise
                refused = True
                token = await self.session.token()
            except ProvisioningAPIError as error:
                passing = isinstance(error, NetworkError) or error.status in _again
                if not retry or not passing or attempt >= self._attempts:
                    raise
                wait = self._delay * 2 ** (attempt - 1) * random.uniform(0.8, 1.2)
                told = getattr(error, "told_wait", None)
                if told is not None:
                    wait = min(told, _longest_wait)
                logger.debug("%s %s: %s, again in %.2f s", method, path, error.code, wait)
                attempt += 1
                await asyncio.sleep(wait)

    async def _login(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = await self._once("POST", self._auth + path, body, None, {})
        return answer.data if isinstance(answer.data, dict) else {}

    async def _once(
        self, method: str, url: str, body: Any, query: dict[str, Any] | None, headers: dict[str, str]
    ) -> Answer:
        given = {name: value for name, value in (query or {}).items() if value is not None}
        try:
            response = await self._http.request(method, url, json=body, params=given or None, headers=headers)
        except httpx.HTTPError as error:
            # The cause may hold the request with its headers: only its words are kept.
            words = str(error) or type(error).__name__
            raise NetworkError(
                f"{method} {url}: {words}", code="NETWORK_ERROR", method=method, url=url, retryable=True
            ) from None
        logger.debug("%s %s answered %d", method, url, response.status_code)
        if response.is_success:
            return Answer(_data(response, method, url), response.headers)
        error = error_of(response.status_code, response.text, response.headers, method, url)
        error.told_wait = retry_after(response.headers)  # type: ignore[attr-defined]
        if isinstance(error, RateLimitError) and error.told_wait is None:  # type: ignore[attr-defined]
            error.told_wait = _longest_wait  # type: ignore[attr-defined]
        raise error


def _data(response: httpx.Response, method: str, url: str) -> Any:
    if response.status_code == 204 or not response.content:
        return None
    try:
        body = response.json()
        return body["data"] if isinstance(body, dict) and "success" in body and "data" in body else body
    except ValueError:
        raise ProtocolError(
            f"{method} {url} answered {response.status_code}: {response.text[:200]}",
            code="PROTOCOL_ERROR",
            status=response.status_code,
        ) from None
