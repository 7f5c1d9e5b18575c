"""Token reviews by the API servers of the mesh's clusters.

Knows which cluster's server has to be asked. Does not know how clusters come and go: the control plane has them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

import msgspec

from isthmus.ca.token_review import Review, ReviewError, review_of
from isthmus.kube.client import Client
from isthmus.kube.errors import KubeError
from isthmus.kube.kinds import Kind

TOKEN_REVIEW = Kind("authentication.k8s.io", "v1", "tokenreviews", "TokenReview", namespaced=False)


class KubeTokenReviewer:
    """``client_of`` gives the client of a cluster, None for an unknown one; ``clusters`` names the known ones."""

    def __init__(
        self,
        client_of: Callable[[str], Client | None],
        clusters: Callable[[], Collection[str]],
        audiences: tuple[str, ...] = ("istio-ca",),
    ) -> None:
        self._client_of = client_of
        self._clusters = clusters
        self._audiences = audiences

    async def review(self, cluster: str, token: str) -> Review:
        """What the cluster's API server says; ``ReviewError`` when there is none or it does not answer."""
        client = self._client_of(cluster)
        if client is None:
            known = ", ".join(sorted(self._clusters())) or "none"
            raise ReviewError(f"cluster {cluster!r} is not known here; known: {known}", temporary=False)
        body = {
            "apiVersion": TOKEN_REVIEW.api_version,
            "kind": TOKEN_REVIEW.kind,
            "spec": {"token": token, "audiences": list(self._audiences)},
        }
        try:
            answer = await client.create(TOKEN_REVIEW, body)
            return review_of(answer.get("status") or {})
        except KubeError as error:
            raise ReviewError(f"API server of cluster {cluster!r}: {error}", temporary=True) from None
        except msgspec.ValidationError as error:
            raise ReviewError(f"API server of cluster {cluster!r}: odd TokenReview: {error}", temporary=True) from None
