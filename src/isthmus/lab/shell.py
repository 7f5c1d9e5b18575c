"""The variables that make a shell ready for a lab and for the guides.

Knows names. Pure.
"""

import shlex

from isthmus.lab.layout import Layout
from isthmus.lab.topology import Topology

ROLES: tuple[tuple[str, ...], ...] = (
    ("CTX_LOCAL", "CTX_EXTERNAL_CLUSTER"),
    ("CTX_REMOTE", "CTX_REMOTE_CLUSTER", "REMOTE_CLUSTER_NAME"),
    ("CTX_SECOND_CLUSTER", "SECOND_CLUSTER_NAME"),
)
"""What guides call the first, second and third cluster. A cluster's context has the cluster's name."""


def variables(topology: Topology, files: Layout) -> tuple[tuple[str, str], ...]:
    """Names and values, without PATH."""
    contexts = [(f"CTX_CLUSTER{number}", cluster.name) for number, cluster in enumerate(topology.clusters, start=1)]
    roles = [
        (variable, cluster.name) for names, cluster in zip(ROLES, topology.clusters, strict=False) for variable in names
    ]
    return (("ISTHMUS_LAB_NAME", files.root.name), ("KUBECONFIG", str(files.kubeconfig)), *contexts, *roles)


def exports(topology: Topology, files: Layout) -> str:
    """Shell text for `eval "$(isthmus lab env)"`."""
    path = f'export PATH={shlex.quote(str(files.bin))}:"$PATH"'
    lines = [f"export {name}={shlex.quote(value)}" for name, value in variables(topology, files)]
    return "\n".join([path, *lines]) + "\n"
