"""What is patched in webhook configurations."""

from __future__ import annotations

import base64
from typing import Any

from isthmus.control_plane.webhooks import injection_patch, validation_patch

BUNDLE = b"root"
ENCODED = base64.b64encode(BUNDLE).decode()


def configuration(*webhooks: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    return {"webhooks": [{"name": name, "clientConfig": {}, **extra} for name, extra in webhooks]}


def test_every_injection_webhook_gets_the_bundle_and_foreign_ones_are_left_alone() -> None:
    patch = injection_patch(
        configuration(("rev.namespace.sidecar-injector.istio.io", {}), ("other.example.com", {})), BUNDLE
    )
    assert patch == [{"op": "add", "path": "/webhooks/0/clientConfig/caBundle", "value": ENCODED}]


def test_nothing_is_patched_when_the_bundle_is_there() -> None:
    current = configuration(("a.sidecar-injector.istio.io", {"clientConfig": {"caBundle": ENCODED}}))
    assert injection_patch(current, BUNDLE) == []


def test_validation_fails_closed_only_once_the_webhook_answers() -> None:
    current = configuration(("validation.istio.io", {"failurePolicy": "Ignore", "clientConfig": {"caBundle": ENCODED}}))
    assert validation_patch(current, BUNDLE, fail_closed=False) == []
    assert validation_patch(current, BUNDLE, fail_closed=True) == [
        {"op": "add", "path": "/webhooks/0/failurePolicy", "value": "Fail"}
    ]
