"""What the control plane keeps written in a cluster: the mesh's roots in every namespace, its webhooks' CA bundle.

Does not know which clusters it may write to (``remote_writes``), nor what exactly it writes (``ca.publisher``,
``webhooks``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from isthmus.ca.anchors import CurrentAnchors
from isthmus.ca.publisher import RootPublisher
from isthmus.control_plane.background import Background
from isthmus.control_plane.elections import Elections
from isthmus.control_plane.settings import Settings
from isthmus.control_plane.webhooks import WebhookPatcher, patched_kinds
from isthmus.kube.client import Client
from isthmus.kube.kinds import Kind

ROOTS_ELECTION = "istio-namespace-controller-election"


class ClusterWrites:
    """The same work in the own cluster and in remote ones. Roots are written by the winner of an election."""

    def __init__(self, settings: Settings, anchors: CurrentAnchors, background: Background) -> None:
        self._settings = settings
        self._anchors = anchors
        self._background = background
        self._elections = Elections(settings)

    def keep_own(self, client: Client) -> None:
        """In the cluster with the configuration, from now on."""
        settings, keep = self._settings, self._background.keep
        keep("roots in every namespace", lambda: self._publish_roots(client, elsewhere=False))
        kinds = patched_kinds(injection=settings.injection_webhook, validation=settings.validation_webhook)
        if kinds:
            keep("webhook configurations", lambda: self._patch_webhooks(client, kinds))

    async def serve(self, client: Client) -> None:
        """In a remote cluster, until cancelled. It validates nothing itself: it holds no configuration."""
        kinds = patched_kinds(injection=self._settings.injection_webhook, validation="")
        keeping = self._background.keeping
        async with asyncio.TaskGroup() as tasks:
            roots = keeping("roots of a remote cluster", lambda: self._publish_roots(client, elsewhere=True))
            tasks.create_task(roots)
            if kinds:
                tasks.create_task(keeping("webhooks of a remote cluster", lambda: self._patch_webhooks(client, kinds)))

    async def _publish_roots(self, client: Client, *, elsewhere: bool) -> None:
        publisher = RootPublisher(client, self._settings.namespace)
        with self._anchors.subscribed(publisher.publish):
            await self._elections.lead_cluster(client, ROOTS_ELECTION, publisher.run, elsewhere=elsewhere)

    async def _patch_webhooks(self, client: Client, kinds: Sequence[Kind]) -> None:
        settings, anchors = self._settings, self._anchors
        patcher = WebhookPatcher(client, settings.namespace, settings.revision, lambda: anchors.roots)
        with anchors.subscribed(lambda _: patcher.bundle_changed()):
            await patcher.run(kinds)
