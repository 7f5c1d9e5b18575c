"""The self-signed root's Secret: read, made when it is missing, renewed before it ends.

Knows Kubernetes Secrets. Several replicas may run at once: whoever creates or replaces first wins, the others read.
"""

from __future__ import annotations

import asyncio
import base64
from datetime import UTC, datetime
from typing import Any

import structlog

from isthmus.ca.authority import Authority
from isthmus.ca.bundle import Bundle
from isthmus.ca.errors import BundleError
from isthmus.ca.selfsigned import (
    SECRET,
    SECRET_TYPE,
    RootProfile,
    create_root,
    from_secret,
    needs_renewal,
    renew_root,
    to_secret,
)
from isthmus.kube import kinds
from isthmus.kube.client import Client
from isthmus.kube.errors import ApiError, KubeError

log = structlog.get_logger(__name__)


class RootSecret:
    """``istio-ca-secret`` in one namespace of one cluster."""

    def __init__(self, client: Client, namespace: str, profile: RootProfile) -> None:
        self._client = client
        self._namespace = namespace
        self._profile = profile

    async def load_or_create(self) -> Bundle:
        """The root of this mesh; ``BundleError`` when the Secret is damaged, ``KubeError`` when it cannot be read."""
        while True:
            secret = await self._find()
            if secret is not None:
                return self._bundle(secret)
            bundle = create_root(self._profile, datetime.now(UTC))
            try:
                await self._client.create(kinds.SECRET, self._body(bundle, {}))
            except ApiError as error:
                if not error.already_exists:
                    raise
            else:
                log.info("self-signed root created", secret=f"{self._namespace}/{SECRET}", until=bundle.expiry)
                return bundle

    async def keep(self, authority: Authority, interval: float = 3600.0) -> None:
        """Looks at the Secret every ``interval`` seconds, renews the root in the last part of its life; for ever."""
        while True:
            await asyncio.sleep(interval)
            try:
                await self.refresh(authority)
            except (KubeError, BundleError) as error:
                log.warning("self-signed root not checked, trying again later", error=str(error))

    async def refresh(self, authority: Authority) -> None:
        """Takes over a root that another replica renewed; renews it when that is due."""
        secret = await self._find()
        if secret is None:
            log.warning("the root's Secret is gone, it is written again", secret=f"{self._namespace}/{SECRET}")
            await self._client.create(kinds.SECRET, self._body(authority.bundle, {}))
            return
        bundle = self._bundle(secret)
        if needs_renewal(bundle, self._profile, datetime.now(UTC)):
            bundle = renew_root(bundle, self._profile, datetime.now(UTC))
            await self._client.replace(kinds.SECRET, self._body(bundle, secret["metadata"]))
        if bundle.certificate != authority.bundle.certificate:
            authority.renew(bundle)

    async def _find(self) -> dict[str, Any] | None:
        return await self._client.find(kinds.SECRET, SECRET, namespace=self._namespace)

    def _bundle(self, secret: dict[str, Any]) -> Bundle:
        name = f"Secret {self._namespace}/{SECRET}"
        data = {key: base64.b64decode(value) for key, value in (secret.get("data") or {}).items()}
        try:
            bundle = from_secret(data, datetime.now(UTC))
        except BundleError as error:
            raise BundleError(f"{name} {error.file}", error.problem, error.cure) from None
        if bundle is None:
            raise BundleError(name, "holds no CA", "restore it from a backup, or delete it to get a new root")
        return bundle

    def _body(self, bundle: Bundle, metadata: dict[str, Any]) -> dict[str, Any]:
        return {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": SECRET, "namespace": self._namespace, **metadata},
            "type": SECRET_TYPE,
            "data": {key: base64.b64encode(value).decode() for key, value in to_secret(bundle).items()},
        }
