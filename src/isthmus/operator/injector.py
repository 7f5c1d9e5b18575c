"""The webhook that injects a revision's sidecars: which object it is, and who answers it. Pure."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from urllib.parse import urlsplit

import msgspec

from isthmus.install.manifests import Identity
from isthmus.install.render import Object
from isthmus.install.revision_tags import is_injector

_NO_BUNDLE = (
    "the webhook has no caBundle yet: the control plane of the other cluster writes it when it has a remote secret "
    "for this cluster, and the namespace's annotation topology.istio.io/controlPlaneClusters names its own"
)


class Address(msgspec.Struct, frozen=True):
    """Who answers a webhook: host, port, and the PEM of the roots that vouch for it (None: the system's)."""

    host: str
    port: int
    authority: str | None


class NoAddressError(Exception):
    """A webhook that nobody can be asked through yet; the message says what is lacking."""


def injector_of(live: Mapping[Identity, Object]) -> Object | None:
    """The injection webhook among a revision's objects."""
    return next((found for found in live.values() if is_injector(found)), None)


def address_of(injector: Object) -> Address:
    """Who answers the first webhook. Raises NoAddressError."""
    webhooks = injector.get("webhooks") or ()
    if not webhooks:
        raise NoAddressError("the webhook configuration has no webhook")
    client = webhooks[0].get("clientConfig") or {}
    authority = _authority(client)
    if url := client.get("url"):
        parts = urlsplit(url)
        return Address(parts.hostname or "", parts.port or 443, authority)
    if authority is None:
        raise NoAddressError(_NO_BUNDLE)
    service = client.get("service") or {}
    return Address(f"{service.get('name')}.{service.get('namespace')}.svc", service.get("port") or 443, authority)


def _authority(client: Mapping[str, object]) -> str | None:
    bundle = client.get("caBundle")
    if not bundle:
        return None
    try:
        return base64.b64decode(str(bundle), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise NoAddressError("the webhook's caBundle is not base64 of PEM") from None
