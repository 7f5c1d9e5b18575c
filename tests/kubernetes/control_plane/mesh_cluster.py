"""One API server as a cluster of the mesh: what a test puts there by hand, because no controllers run."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import yaml
from delta_client import node

from isthmus.control_plane.remote_secrets import LABEL
from isthmus.kube import kinds
from isthmus.kube.client import Client, Writing
from isthmus.kube.errors import ApiError

READER_RULES = [
    {
        "apiGroups": ["", "discovery.k8s.io"],
        "resources": ["namespaces", "nodes", "pods", "services", "endpointslices"],
        "verbs": ["get", "list", "watch"],
    },
    {"apiGroups": ["authentication.k8s.io"], "resources": ["tokenreviews"], "verbs": ["create"]},
]

REVIEW_RULES = [
    {"apiGroups": ["authorization.k8s.io"], "resources": ["subjectaccessreviews"], "verbs": ["create"]},
]

FURTHER_RULES = [{"apiGroups": [""], "resources": ["secrets", "configmaps"], "verbs": ["get", "list", "watch"]}]

WRITER_RULES = [
    {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["create", "get", "list", "watch", "update"]},
    {
        "apiGroups": ["coordination.k8s.io"],
        "resources": ["leases"],
        "verbs": ["create", "get", "list", "watch", "update", "patch"],
    },
    {
        "apiGroups": ["admissionregistration.k8s.io"],
        "resources": ["mutatingwebhookconfigurations"],
        "verbs": ["get", "list", "watch", "update", "patch"],
    },
]


class MeshCluster:
    """``system`` is the control plane's namespace, ``app`` that of the test's services.

    Both, and the network, are of one test only: what others left in the API server is no part of its mesh.
    """

    def __init__(self, client: Client, name: str, unique: str) -> None:
        self.client = client
        self.name = name
        self.system = f"system-{unique}"
        self.app = f"app-{unique}"
        self.network = f"{name}-{unique}"

    async def prepare(self) -> None:
        """Makes both namespaces."""
        await self.join_network(self.network)
        await self.namespace(self.app)

    async def join_network(self, network: str) -> None:
        """Puts the cluster's pods on a network."""
        await self.namespace(self.system, {"topology.istio.io/network": network})

    def proxy(self, name: str = "client", **metadata: Any) -> Any:
        """The node of a pod of this cluster."""
        return node(name, self.app, self.name, **{"NETWORK": self.network} | metadata)

    async def namespace(self, name: str, labels: Mapping[str, str] = {}) -> None:
        """A namespace."""
        await self.client.apply(kinds.NAMESPACE, _body("v1", "Namespace", name, labels=dict(labels)))

    async def annotate_system(self, annotations: Mapping[str, str | None]) -> None:
        """Annotations of the control plane's namespace; None removes one."""
        change = {"metadata": {"annotations": annotations}}
        await self.client.merge_patch(kinds.NAMESPACE, self.system, change)

    def host(self, service: str, port: int = 80) -> str:
        """The name of the outbound cluster of a service of this test."""
        return f"outbound|{port}||{service}.{self.app}.svc.cluster.local"

    async def service(self, name: str, **spec: Any) -> None:
        """A ClusterIP service with HTTP port 80."""
        ports = [{"name": "http", "port": 80, "targetPort": 8080}]
        body = _body("v1", "Service", name, self.app) | {"spec": {"selector": {"app": name}, "ports": ports} | spec}
        await self.client.apply(kinds.SERVICE, body)

    async def remove_service(self, name: str) -> None:
        """The service and its slice."""
        await self.client.delete(kinds.SERVICE, name, namespace=self.app)
        await self.client.delete(kinds.ENDPOINT_SLICE, name, namespace=self.app)

    async def endpoints(self, service: str, *addresses: str, mtls: bool = True) -> None:
        """Makes these the service's ready pods, with sidecars unless told otherwise: the pods and the slice."""
        for address in addresses:
            await self._pod(service, address, {"security.istio.io/tlsMode": "istio"} if mtls else {})
        body = _body("discovery.k8s.io/v1", "EndpointSlice", service, self.app)
        body["metadata"]["labels"] = {"kubernetes.io/service-name": service}
        entries = [
            {
                "addresses": [address],
                "conditions": {"ready": True},
                "targetRef": {"kind": "Pod", "name": _pod_name(service, address), "namespace": self.app},
            }
            for address in addresses
        ]
        ports = [{"name": "http", "port": 8080, "protocol": "TCP"}]
        await self.client.apply(
            kinds.ENDPOINT_SLICE, body | {"addressType": "IPv4", "ports": ports, "endpoints": entries}
        )

    async def gateway(self, address: str) -> None:
        """The east-west gateway of the cluster's network, with a load balancer's address."""
        name = "istio-eastwestgateway"
        body = _body("v1", "Service", name, self.system, {"topology.istio.io/network": self.network})
        ports = [{"name": "tls", "port": 15443, "targetPort": 15443}]
        await self.client.apply(kinds.SERVICE, body | {"spec": {"type": "LoadBalancer", "ports": ports}})
        status = {"status": {"loadBalancer": {"ingress": [{"ip": address}]}}}
        await self.client.merge_patch(
            kinds.SERVICE, name, status, namespace=self.system, writing=Writing(subresource="status")
        )

    async def token(self, account: str, *audiences: str, namespace: str = "", seconds: int = 3600) -> str:
        """A token of a service account, which is made if need be."""
        namespace = namespace or self.app
        if await self.client.find(kinds.SERVICE_ACCOUNT, account, namespace=namespace) is None:
            await self.client.create(kinds.SERVICE_ACCOUNT, _body("v1", "ServiceAccount", account, namespace))
        spec = {"audiences": list(audiences), "expirationSeconds": seconds}
        request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec}
        writing = Writing(subresource="token")
        answer = await self.client.create(
            kinds.SERVICE_ACCOUNT, request, name=account, namespace=namespace, writing=writing
        )
        return str(answer["status"]["token"])

    async def reader_kubeconfig(
        self, server: str = "", *, writes: bool = False, further: bool = False, reviews: bool = True
    ) -> bytes:
        """The kubeconfig of a new token that may read what control planes of other clusters read.

        With ``further`` it may read Secrets and ConfigMaps, too, as Istio's reader role does. With ``writes`` it may
        also write what a cluster without a control plane of its own gets from another. Without ``reviews`` it may
        not ask what accounts may do.
        """
        token = await self.token("reader", namespace=self.system)
        rules = READER_RULES + REVIEW_RULES * reviews + FURTHER_RULES * further + WRITER_RULES * writes
        await self._allow_reader(rules)
        return kubeconfig(server or self.client.access.server, self.client.access.ca_pem or b"", token)

    async def _allow_reader(self, rules: list[dict[str, list[str]]]) -> None:
        name = f"reader-{self.system}"
        group = "rbac.authorization.k8s.io"
        role = _body(f"{group}/v1", "ClusterRole", name) | {"rules": rules}
        await self.client.apply(kinds.CLUSTER_ROLE, role)
        binding = _body(f"{group}/v1", "ClusterRoleBinding", name) | {
            "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": name},
            "subjects": [{"kind": "ServiceAccount", "name": "reader", "namespace": self.system}],
        }
        await self.client.apply(kinds.CLUSTER_ROLE_BINDING, binding)

    async def remote_secret(self, name: str, **clusters: bytes) -> None:
        """A Secret with one kubeconfig per cluster; an existing one is changed in place."""
        body = _body("v1", "Secret", name, self.system, {LABEL: "true"})
        data = {cluster: base64.b64encode(text).decode() for cluster, text in clusters.items()}
        await self.client.apply(kinds.SECRET, body | {"data": data})

    async def remove_secret(self, name: str) -> None:
        """Deletes it."""
        await self.client.delete(kinds.SECRET, name, namespace=self.system)

    async def _pod(self, service: str, address: str, labels: Mapping[str, str]) -> None:
        name = _pod_name(service, address)
        body = _body("v1", "Pod", name, self.app, {"app": service, **labels})
        try:
            await self.client.create(kinds.POD, body | {"spec": {"containers": [{"name": "app", "image": "app"}]}})
        except ApiError as error:
            if not error.already_exists:
                raise
            return
        status = {"status": {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}]}}
        await self.client.merge_patch(
            kinds.POD, name, status, namespace=self.app, writing=Writing(subresource="status")
        )


def kubeconfig(server: str, authority: bytes, token: str) -> bytes:
    """As create-remote-secret writes it."""
    name = "remote"
    authority_data = base64.b64encode(authority).decode()
    value = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "clusters": [{"name": name, "cluster": {"server": server, "certificate-authority-data": authority_data}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "users": [{"name": name, "user": {"token": token}}],
    }
    return yaml.safe_dump(value).encode()


def _pod_name(service: str, address: str) -> str:
    return f"{service}-{address.replace('.', '-')}"


def _body(version: str, kind: str, name: str, namespace: str = "", labels: Mapping[str, str] = {}) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": name, "labels": dict(labels)}
    if namespace:
        metadata["namespace"] = namespace
    return {"apiVersion": version, "kind": kind, "metadata": metadata}
