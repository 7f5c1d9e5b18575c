"""Long-lived tokens of service accounts: finding, or asking for, the Secret that holds one.

Knows ``kubernetes.io/service-account-token`` Secrets, which the token controller fills. Does not know what the
token is for.
"""

from __future__ import annotations

import base64
from typing import Any

import msgspec

from isthmus.kube.client import Client, Object, Query
from isthmus.kube.errors import ApiError, KubeError, WaitTimeoutError
from isthmus.kube.kinds import SECRET
from isthmus.kube.wait import Objects, wait_until

TOKEN_TYPE = "kubernetes.io/service-account-token"  # noqa: S105 - a type of Secret
ACCOUNT_ANNOTATION = "kubernetes.io/service-account.name"

FILL_SECONDS = 10.0
"""How long the token controller may take (Istio allows 5 s)."""


class AccountToken(msgspec.Struct, frozen=True):
    """A token and the certificate authority of the API server that takes it."""

    token: str
    ca_pem: bytes


async def account_token(client: Client, namespace: str, account: str, secret_name: str = "") -> AccountToken:
    """The account's token, from the named Secret, else from any of its Secrets, else from a new one.

    Waits until the Secret is filled. ``KubeError`` names the Secret and what it lacks.
    """
    if secret_name:
        secret = await client.get(SECRET, secret_name, namespace=namespace)
        _check_owner(secret, namespace, account)
    else:
        secret = await _existing(client, namespace, account) or await _create(client, namespace, account)
    return await _filled(client, namespace, str(secret["metadata"]["name"]))


def _check_owner(secret: Object, namespace: str, account: str) -> None:
    name = f"{namespace}/{secret['metadata']['name']}"
    if secret.get("type") != TOKEN_TYPE:
        raise KubeError(f"secret {name} has type {secret.get('type')}, needed is {TOKEN_TYPE}")
    owner = _owner(secret)
    if owner != account:
        raise KubeError(f"secret {name} belongs to service account {owner or '?'}, not to {account}")


async def _existing(client: Client, namespace: str, account: str) -> Object | None:
    secrets = await client.list(SECRET, Query(namespace, fields=f"type={TOKEN_TYPE}"))
    return next((secret for secret in secrets.items if _owner(secret) == account), None)


async def _create(client: Client, namespace: str, account: str) -> Object:
    name = f"{account}-istio-remote-secret-token"
    metadata = {"name": name, "namespace": namespace, "annotations": {ACCOUNT_ANNOTATION: account}}
    try:
        return await client.create(SECRET, {"metadata": metadata, "type": TOKEN_TYPE})
    except ApiError as error:
        if not error.already_exists:
            raise
    return await client.get(SECRET, name, namespace=namespace)


async def _filled(client: Client, namespace: str, name: str) -> AccountToken:
    def lacking(objects: Objects) -> str:
        secret = objects.get((namespace, name))
        if secret is None:
            return f"secret {namespace}/{name} does not exist"
        empty = [key for key in ("ca.crt", "token") if not (secret.get("data") or {}).get(key)]
        return f'no "{empty[0]}" data found in secret {namespace}/{name}' if empty else ""

    query = Query(namespace, fields=f"metadata.name={name}")
    try:
        found = await wait_until(client, SECRET, query, lacking, seconds=FILL_SECONDS)
    except WaitTimeoutError as error:
        raise KubeError(f"{error}: does the cluster's controller manager run its token controller?") from None
    data: dict[str, Any] = found[(namespace, name)]["data"]
    return AccountToken(base64.b64decode(data["token"]).decode(), base64.b64decode(data["ca.crt"]))


def _owner(secret: Object) -> str:
    return str((secret["metadata"].get("annotations") or {}).get(ACCOUNT_ANNOTATION, ""))
