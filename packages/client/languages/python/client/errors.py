"""What can go wrong, by what the caller can do about it."""

from __future__ import annotations

import email.utils
import json
import time
from collections.abc import Mapping
from typing import Any


class ProvisioningAPIError(Exception):
    """An answer that is not the wanted one, or none at all."""

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: str = "UNKNOWN",
        details: Any = None,
        hint: str | None = None,
        request_id: str | None = None,
        method: str | None = None,
        url: str | None = None,
        retryable: bool = False,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.details = details
        self.hint = hint
        self.request_id = request_id
        self.method = method
        self.url = url
        self.retryable = retryable


class AuthenticationError(ProvisioningAPIError):
    """401, or no way to get a token."""


class PermissionError(ProvisioningAPIError):  # noqa: A001 - the name that every client has
    """403."""


class MfaRequiredError(PermissionError):
    """403 with a request for a second factor."""


class ValidationError(ProvisioningAPIError):
    """400 and 422; `details` names what is wrong."""


class NotFoundError(ProvisioningAPIError):
    """404."""


class ConflictError(ProvisioningAPIError):
    """409 and 412."""


class RateLimitError(ProvisioningAPIError):
    """429; `retry_after` is in seconds."""

    retry_after: float = 60


class ServerError(ProvisioningAPIError):
    """5xx."""


class ServiceUnavailableError(ServerError):
    """503."""


class NetworkError(ProvisioningAPIError):
    """No answer: connection, name, TLS."""


class TimeoutError(ProvisioningAPIError):  # noqa: A001
    """A time limit is over; what was begun goes on."""


class UnsupportedVersionError(ProvisioningAPIError):
    """No API level that both sides know."""


class ProtocolError(ProvisioningAPIError):
    """The answer is not in the envelope."""


class TaskFailedError(ProvisioningAPIError):
    """A task ended otherwise than wanted."""

    task: Any = None


_classes: dict[int, type[ProvisioningAPIError]] = {
    400: ValidationError,
    401: AuthenticationError,
    403: PermissionError,
    404: NotFoundError,
    409: ConflictError,
    412: ConflictError,
    422: ValidationError,
    429: RateLimitError,
    503: ServiceUnavailableError,
}
_second_factor = {"MFA_REQUIRED", "MFA_STALE"}


def error_of(
    status: int, text: str, headers: Mapping[str, str], method: str, url: str
) -> ProvisioningAPIError:
    """The error that an answer says."""
    told: Any = None
    request_id = headers.get("x-request-id")
    try:
        body = json.loads(text)
        told = body["error"]
        request_id = (body.get("metadata") or {}).get("request_id", request_id)
    except (ValueError, TypeError, KeyError):
        told = None
    place: dict[str, Any] = {"status": status, "request_id": request_id, "method": method, "url": url}
    if told is None:
        return ProtocolError(f"{method} {url} answered {status}: {text[:200]}", code="PROTOCOL_ERROR", **place)
    if isinstance(told, str):
        told = {"message": told}
    code = told.get("code", "UNKNOWN")
    kind = _classes.get(status, ServerError if status >= 500 else ProvisioningAPIError)
    if status == 403 and code in _second_factor:
        kind = MfaRequiredError
    if code == "UNSUPPORTED_VERSION":
        kind = UnsupportedVersionError
    error = kind(
        told.get("message", f"status {status}"),
        code=code,
        details=told.get("details"),
        hint=told.get("hint"),
        retryable=status in (429, 502, 503, 504),
        **place,
    )
    if isinstance(error, RateLimitError):
        error.retry_after = retry_after(headers) or 60
    return error


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds of `Retry-After`, given as a number or as a date."""
    value = headers.get("retry-after")
    if value is None:
        return None
    try:
        return float(value)
    except ValueError:
        try:
            return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
        except (TypeError, ValueError):
            return None
