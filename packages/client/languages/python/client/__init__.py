"""The hand-written part of the Python client; beside it stands what is generated from the OpenAPI description."""

from .errors import (
    AuthenticationError,
    ConflictError,
    MfaRequiredError,
    NetworkError,
    NotFoundError,
    PermissionError,
    ProtocolError,
    ProvisioningAPIError,
    RateLimitError,
    ServerError,
    ServiceUnavailableError,
    TaskFailedError,
    TimeoutError,
    UnsupportedVersionError,
    ValidationError,
)
from .events import EventStream
from .models import Event, TaskStatus, WorkflowTask
from .provisioning import ProvisioningClient, ProvisioningClientSync
from .webhooks import verify_webhook

__all__ = [
    "AuthenticationError",
    "ConflictError",
    "Event",
    "EventStream",
    "MfaRequiredError",
    "NetworkError",
    "NotFoundError",
    "PermissionError",
    "ProtocolError",
    "ProvisioningAPIError",
    "ProvisioningClient",
    "ProvisioningClientSync",
    "RateLimitError",
    "ServerError",
    "ServiceUnavailableError",
    "TaskFailedError",
    "TaskStatus",
    "TimeoutError",
    "UnsupportedVersionError",
    "ValidationError",
    "WorkflowTask",
    "verify_webhook",
]
