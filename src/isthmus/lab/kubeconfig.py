"""Kubeconfig texts with embedded certificates.

Knows the file format. Does no I/O.
"""

import base64
from dataclasses import dataclass

import yaml

from isthmus.lab.pki import KeyPair


@dataclass(frozen=True, slots=True)
class Access:
    """How a client reaches one API server: context name, URL, authority (PEM) and the client's certificate."""

    context: str
    server: str
    authority: bytes
    client: KeyPair


def render(accesses: tuple[Access, ...]) -> str:
    """One kubeconfig with a context per access, the first being current. Cluster, user and context share a name."""
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": accesses[0].context,
        "clusters": [
            {
                "name": each.context,
                "cluster": {"server": each.server, "certificate-authority-data": _base64(each.authority)},
            }
            for each in accesses
        ],
        "users": [
            {
                "name": each.context,
                "user": {
                    "client-certificate-data": _base64(each.client.certificate),
                    "client-key-data": _base64(each.client.key),
                },
            }
            for each in accesses
        ],
        "contexts": [
            {"name": each.context, "context": {"cluster": each.context, "user": each.context}} for each in accesses
        ],
    }
    return yaml.safe_dump(document, sort_keys=False)


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()
