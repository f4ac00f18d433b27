"""Checks what an orchestrator's webhook brought."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Mapping


def verify_webhook(
    raw_body: str, headers: Mapping[str, str], secret: str, *, tolerance: float = 300, now: float | None = None
) -> bool:
    """The header's signature where there is one, else the body's own field; compared in constant time."""
    try:
        parsed = json.loads(raw_body)
    except ValueError:
        return False
    header = next((value for name, value in headers.items() if name.lower() == "x-provisioning-signature"), None)
    if header is not None:
        parts = [part.strip() for part in header.split(",")]
        at = next((part[2:] for part in parts if part.startswith("t=")), "")
        try:
            if abs((time.time() if now is None else now) - float(at)) > tolerance:
                return False
        except ValueError:
            return False
        expected = _sign(secret, f"{at}.{raw_body}")
        given = [part[3:] for part in parts if part.startswith("v1=")]
        return any([hmac.compare_digest(value, expected) for value in given])
    signature = parsed.get("signature") if isinstance(parsed, dict) else None
    if not isinstance(signature, str):
        return False
    signed = {name: parsed.get(name) for name in ("event", "timestamp", "data")}
    text = json.dumps(signed, separators=(",", ":"), ensure_ascii=False)
    return hmac.compare_digest(signature, f"sha256={_sign(secret, text)}")


def _sign(secret: str, text: str) -> str:
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
