"""Tokens: where they come from and when they are renewed."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

from .errors import AuthenticationError, MfaRequiredError, ProvisioningAPIError

Post = Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]]

#: Seconds; a token with less time left is not used.
LEAST_LEFT = 30


class Session:
    """One login serves all calls that wait for it. Nothing of it shows when it is printed."""

    def __init__(self, post: Post, username: str | None, password: str | None, token: str | None) -> None:
        self._post = post
        self._username = username
        self._password = password
        self._token = token
        self._expires = _expiry(token)
        self._refresh: str | None = None
        self._pending: asyncio.Task[str] | None = None

    def __repr__(self) -> str:
        return "Session()"

    @property
    def has_means(self) -> bool:
        return self._token is not None or self._can_renew

    @property
    def _can_renew(self) -> bool:
        return self._refresh is not None or (self._username is not None and self._password is not None)

    async def token(self) -> str | None:
        """The token of the next request; none where there are no means (solo mode)."""
        return await self.authenticate() if self.has_means else None

    async def authenticate(self, force: bool = False) -> str:
        """Concurrent calls share one request."""
        if not force and self._token is not None and self._expires > time.time() + LEAST_LEFT:
            return self._token
        if self._pending is None:
            self._pending = asyncio.ensure_future(self._renew())
            self._pending.add_done_callback(self._settled)
        return await asyncio.shield(self._pending)

    async def refused(self, token: str | None) -> bool:
        """A request with this token was refused. Returns whether another one can be had."""
        if self._token == token:
            self._token = None
        if self._token is None and not self._can_renew:
            return False
        await self.authenticate()
        return True

    def _settled(self, task: asyncio.Task[str]) -> None:
        self._pending = None
        if not task.cancelled():
            task.exception()

    async def _renew(self) -> str:
        if self._refresh is not None:
            refresh, self._refresh = self._refresh, None
            try:
                return self._keep(await self._post("/auth/refresh", {"refresh_token": refresh}))
            except ProvisioningAPIError:
                if self._username is None or self._password is None:
                    raise
        if self._username is None or self._password is None:
            raise AuthenticationError("Username and password required for authentication", code="UNAUTHORIZED")
        body = {"username": self._username, "password": self._password}
        return self._keep(await self._post("/auth/login", body))

    def _keep(self, answer: dict[str, Any]) -> str:
        if answer.get("mfa_required") or answer.get("status") == "mfa_required":
            raise MfaRequiredError("MFA verification required", code="MFA_REQUIRED", status=403)
        token = answer.get("token") or answer.get("access_token")
        if not isinstance(token, str):
            raise AuthenticationError("The answer to the login holds no token", code="PROTOCOL_ERROR")
        self._token = token
        self._refresh = answer.get("refresh_token")
        self._expires = _expiry(token)
        return token


def _expiry(token: str | None) -> float:
    """Seconds since the epoch; a token that does not say is good until it is refused."""
    try:
        part = (token or "").split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        return float(claims["exp"])
    except (IndexError, ValueError, KeyError, TypeError):
        return float("inf")
