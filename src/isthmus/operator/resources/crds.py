"""CustomResourceDefinitions of the operator's kinds.

``python -m isthmus.operator.resources.crds > charts/operator/files/crds.yaml`` writes the file that the
operator's chart installs.
"""

from __future__ import annotations

import sys

from isthmus.api.crds import Manifest, crd, yaml_of
from isthmus.operator.resources import istio, istio_cni, istio_revision, istio_revision_tag

DEFINITIONS = (istio.DEFINITION, istio_cni.DEFINITION, istio_revision.DEFINITION, istio_revision_tag.DEFINITION)

_HEADER = (
    "# Written by `python -m isthmus.operator.resources.crds` from the models in src/isthmus/operator/resources.\n"
    "# Do not edit.\n"
)
_LABELS = {"app.kubernetes.io/name": "istio-operator", "app.kubernetes.io/part-of": "istio"}


def manifests() -> list[Manifest]:
    """All CustomResourceDefinitions of the operator."""
    return [crd(definition, _LABELS) for definition in DEFINITIONS]


def text() -> str:
    """All CustomResourceDefinitions of the operator as one YAML text."""
    return _HEADER + yaml_of(manifests())


if __name__ == "__main__":
    sys.stdout.write(text())
