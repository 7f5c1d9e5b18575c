"""Which services never use endpoints of other clusters (Istio's ``serviceSettings`` and its defaults)."""

from __future__ import annotations

import msgspec

from isthmus.api.mesh_config import MeshConfig


class ClusterLocal(msgspec.Struct, frozen=True):
    """Host patterns with their setting; the most specific match decides."""

    exact: dict[str, bool]
    suffixes: tuple[tuple[str, bool], ...]  # ".ns.svc.domain" → setting, longest first

    def covers(self, hostname: str) -> bool:
        """Whether this hostname is cluster-local."""
        if hostname in self.exact:
            return self.exact[hostname]
        return next((local for suffix, local in self.suffixes if hostname.endswith(suffix)), False)


def cluster_local(mesh: MeshConfig, discovery_host: str, domain: str) -> ClusterLocal:
    """The defaults (kube-system, the API server, the control plane itself) under the mesh's own settings.

    A default is dropped when a setting with ``clusterLocal: false`` names or covers it.
    """
    settings = {host: entry.settings.cluster_local for entry in mesh.service_settings for host in entry.hosts}
    shared = [host for host, local in settings.items() if not local]
    defaults = (f"*.kube-system.svc.{domain}", f"kubernetes.default.svc.{domain}", _qualified(discovery_host, domain))
    patterns = {host: True for host in defaults if not any(_covers(pattern, host) for pattern in shared)} | settings
    exact = {host: local for host, local in patterns.items() if not host.startswith("*")}
    suffixes = [(host[1:], local) for host, local in patterns.items() if host.startswith("*")]
    return ClusterLocal(exact, tuple(sorted(suffixes, key=lambda item: (-len(item[0]), item[0]))))


def _qualified(host: str, domain: str) -> str:
    name = host.rpartition(":")[0] or host
    return f"{name}.{domain}" if name.endswith(".svc") else name


def _covers(pattern: str, host: str) -> bool:
    return pattern == host or (pattern.startswith("*") and host.lstrip("*").endswith(pattern[1:]))
