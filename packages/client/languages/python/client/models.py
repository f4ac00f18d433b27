"""What answers hold. Fields and values that a later server adds are kept in `raw` and do no harm."""

from __future__ import annotations

import dataclasses
import enum
from typing import Any


class TaskStatus(str, enum.Enum):
    PENDING = "Pending"
    RUNNING = "Running"
    COMPLETED = "Completed"
    FAILED = "Failed"
    CANCELLED = "Cancelled"
    UNKNOWN = "Unknown"

    @classmethod
    def _missing_(cls, value: object) -> TaskStatus:
        return cls.UNKNOWN

    @property
    def final(self) -> bool:
        return self in (TaskStatus.COMPLETED, TaskStatus.FAILED, TaskStatus.CANCELLED)


@dataclasses.dataclass(frozen=True)
class WorkflowTask:
    id: str
    name: str
    status: TaskStatus
    created_at: str | None = None
    started_at: str | None = None
    completed_at: str | None = None
    output: str | None = None
    error: str | None = None
    progress: float | None = None
    raw: dict[str, Any] = dataclasses.field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, data: dict[str, Any]) -> WorkflowTask:
        names = ("created_at", "started_at", "completed_at", "output", "error", "progress")
        known = {name: data.get(name) for name in names}
        return cls(str(data["id"]), str(data.get("name", "")), TaskStatus(data.get("status")), raw=data, **known)


@dataclasses.dataclass(frozen=True)
class Event:
    id: str | None
    event_type: str
    timestamp: str | None
    data: dict[str, Any]
    metadata: dict[str, Any]

    @classmethod
    def of(cls, frame: dict[str, Any]) -> Event:
        return cls(
            frame.get("id"),
            str(frame["event_type"]),
            frame.get("timestamp"),
            frame.get("data") or {},
            frame.get("metadata") or {},
        )
