"""What a sidecar holds: its certificate, who issued it, and whom it trusts."""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cryptography import x509

from isthmus.kube.client import Client
from isthmus.kube.pod_http import get_from_pod
from isthmus.kube.websocket import PodPort

ADMIN_PORT = 15000
DUMP = "/config_dump?resource=dynamic_active_secrets"


@dataclass(frozen=True, slots=True)
class Secrets:
    """Certificates in use."""

    leaf: x509.Certificate
    issuer: x509.Certificate
    roots: frozenset[x509.Certificate]


async def secrets_of(api: Client, namespace: str, pod: str) -> Secrets:
    """What Envoy in this pod says. KubeError where it cannot be asked."""
    dump = json.loads(await get_from_pod(api, PodPort(namespace, pod, ADMIN_PORT), DUMP))
    held = {each["name"]: each["secret"] for each in dump["configs"]}
    chain = tuple(_certificates(held["default"]["tls_certificate"]["certificate_chain"]))
    roots = frozenset(_certificates(held["ROOTCA"]["validation_context"]["trusted_ca"]))
    return Secrets(chain[0], chain[1], roots)


def _certificates(source: dict[str, Any]) -> Iterator[x509.Certificate]:
    yield from x509.load_pem_x509_certificates(base64.b64decode(source["inline_bytes"]))
