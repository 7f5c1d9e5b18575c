"""The operator's kinds, as a client of the API server needs them."""

from __future__ import annotations

from isthmus.api.definition import Definition
from isthmus.kube.kinds import Kind
from isthmus.operator.resources import istio, istio_cni, istio_revision, istio_revision_tag


def _kind(definition: Definition) -> Kind:
    return Kind(definition.group, definition.storage, definition.plural, definition.kind, namespaced=False)


ISTIO = _kind(istio.DEFINITION)
ISTIO_REVISION = _kind(istio_revision.DEFINITION)
ISTIO_REVISION_TAG = _kind(istio_revision_tag.DEFINITION)
ISTIO_CNI = _kind(istio_cni.DEFINITION)
