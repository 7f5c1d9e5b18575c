"""A small world of objects for random changes: every object has a few versions, and may be absent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Document = dict[str, Any]
Versions = Mapping[str, list[Document]]
CLUSTERS = ("cluster1", "cluster2")
NAMESPACES = ("a", "b")


def objects() -> Versions:
    """Name of the object → its versions."""
    found: dict[str, list[Document]] = {}
    for position, cluster in enumerate(CLUSTERS, 1):
        found[f"{cluster} root"] = _root(cluster)
        found[f"{cluster} gateway"] = _gateway(cluster, position)
        for namespace in NAMESPACES:
            for name in ("web", "db"):
                place = (cluster, namespace, name)
                found[" ".join(("service", *place))] = _services(*place, position)
                found[" ".join(("pod", *place))] = _pods(*place, position)
                found[" ".join(("slice", *place))] = _slices(*place, position)
    return found | _configuration()


def _root(cluster: str) -> list[Document]:
    labels: list[dict[str, str]] = [{}, {"topology.istio.io/network": cluster}]
    return [_core(cluster, "Namespace", "", "istio-system", labels=one) for one in labels]


def _gateway(cluster: str, position: int) -> list[Document]:
    labels = {"topology.istio.io/network": cluster}
    spec = {"type": "LoadBalancer", "clusterIP": f"10.96.{position}.99", "ports": [{"name": "tls", "port": 15443}]}
    return [
        _core(cluster, "Service", "istio-system", "gw", labels=labels, spec=spec | {"externalIPs": addresses})
        for addresses in ([f"172.18.{position}.1"], [f"172.18.{position}.1", f"172.18.{position}.2"])
    ]


def _services(cluster: str, namespace: str, name: str, position: int) -> list[Document]:
    base = {"selector": {"app": name}}
    virtual = f"10.96.{NAMESPACES.index(namespace)}.{len(name)}"  # the same in both clusters
    ports = [
        [{"name": "http", "port": 80, "targetPort": "main"}],
        [{"name": "http", "port": 80}, {"name": "tcp", "port": 9000}, {"name": "guess", "port": 8080}],
    ]
    documents = [
        _core(cluster, "Service", namespace, name, spec=base | {"clusterIP": virtual, "ports": one}) for one in ports
    ]
    headless = base | {"clusterIP": "None", "ports": [{"name": "tcp", "port": 9000}, {"name": "http", "port": 80}]}
    documents.append(_core(cluster, "Service", namespace, name, spec=headless))
    private = _core(cluster, "Service", namespace, name, spec=base | {"clusterIP": virtual, "ports": ports[0]})
    private["metadata"]["annotations"] = {"networking.istio.io/exportTo": "."}
    granted = _core(cluster, "Service", namespace, name, spec=base | {"clusterIP": virtual, "ports": ports[1]})
    granted["metadata"]["annotations"] = {"networking.istio.io/exportTo": "a"}
    return [*documents, private, granted]


def _pods(cluster: str, namespace: str, name: str, position: int) -> list[Document]:
    address = f"10.{position}.{NAMESPACES.index(namespace)}.{len(name)}"
    containers = [{"name": "c", "ports": [{"name": "main", "containerPort": 8000}]}]
    spec = {"containers": containers, "hostname": name, "subdomain": name}
    labels: list[dict[str, str]] = [{"app": name, "version": "v1"}, {"app": name, "security.istio.io/tlsMode": "istio"}]
    return [_core(cluster, "Pod", namespace, name, labels=one, spec=spec, status={"podIP": address}) for one in labels]


def _slices(cluster: str, namespace: str, name: str, position: int) -> list[Document]:
    address = f"10.{position}.{NAMESPACES.index(namespace)}.{len(name)}"
    reference = {"kind": "Pod", "name": name, "namespace": namespace}
    ports = [{"name": "http", "port": 8000}, {"name": "tcp", "port": 9000}, {"name": "guess", "port": 8080}]
    endpoints = [
        [{"addresses": [address], "conditions": {"ready": ready}, "targetRef": reference}] for ready in (True, False)
    ]
    stranger = [{"addresses": ["192.0.2.7"], "conditions": {"ready": True}}]
    labels = {"kubernetes.io/service-name": name}
    return [
        _core(cluster, "EndpointSlice", namespace, f"{name}-1", labels=labels) | {"ports": ports, "endpoints": one}
        for one in (*endpoints, [*endpoints[0], *stranger])
    ]


def _configuration() -> dict[str, list[Document]]:
    return {
        "rule a": [_config("DestinationRule", "a", spec) for spec in _RULES_A],
        "rule b": [_config("DestinationRule", "b", {"host": "web.a.svc.cluster.local", **spec}) for spec in _RULES_B],
        "routes": [_config("VirtualService", "a", {"hosts": ["web"], **spec}) for spec in _ROUTES],
        "peers": [_config("PeerAuthentication", "a", {"mtls": {"mode": mode}}) for mode in ("STRICT", "DISABLE")],
        "sidecar": [_config("Sidecar", "a", spec) for spec in _SIDECARS],
        "edge": [_config("Gateway", "a", {"selector": {"app": "db"}, "servers": [one]}) for one in _SERVERS],
        **_gateway_api(),
        "outside": [_named("outside", _config("VirtualService", "b", one)) for one in _OUTSIDE],
        "edge routes": [_config("VirtualService", "b", {"hosts": ["*"], "gateways": ["a/x"], "http": [_to("web")]})],
    }


def _gateway_api() -> dict[str, list[Document]]:
    """A class, a Gateway that the pod "db" of namespace a carries, routes in both namespaces, and a grant."""
    anywhere = {"allowedRoutes": {"namespaces": {"from": "All"}}}
    listeners: list[list[Document]] = [
        [{"name": "one", "port": 8080, "protocol": "HTTP"}],
        [{"name": "one", "port": 8080, "protocol": "HTTP", "hostname": "*.example.com", **anywhere}],
        [{"name": "one", "port": 8080, "protocol": "TCP"}, {"name": "two", "port": 8080, "protocol": "HTTP"}],
    ]
    hosts: list[list[str]] = [[], ["x.example.com"], ["*.net"]]
    backends = [[{"name": "web", "port": 80}], [{"name": "web", "namespace": "a", "port": 80, "weight": 2}]]
    address = [{"type": "Hostname", "value": "db"}]
    return {
        "class": [
            _api("GatewayClass", "", {"controllerName": one}) for one in ("istio.io/gateway-controller", "other")
        ],
        "api gateway": [
            _api("Gateway", "a", {"gatewayClassName": "x", "listeners": one, "addresses": address}) for one in listeners
        ],
        **{
            f"api route {namespace}": [
                _api(
                    "HTTPRoute",
                    namespace,
                    {"parentRefs": [{"name": "x", "namespace": "a"}], "hostnames": names}
                    | {"rules": [{"backendRefs": refs}]},
                )
                for names, refs in zip(hosts, [*backends, backends[0]], strict=True)
            ]
            for namespace in NAMESPACES
        },
        "grant": [
            _api(
                "ReferenceGrant",
                "a",
                {
                    "from": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": "b"}],
                    "to": [{"group": "", "kind": "Service"}],
                },
            )
        ],
    }


def _api(kind: str, namespace: str, spec: Document) -> Document:
    return {"apiVersion": "gateway.networking.k8s.io/v1", **_config(kind, namespace, spec)}


def _to(host: str, **rest: Any) -> Document:
    return {"route": [{"destination": {"host": host}}], **rest}


_RULES_A: list[Document] = [
    {"host": "web", "subsets": [{"name": "v1", "labels": {"version": "v1"}}]},
    {"host": "web", "trafficPolicy": {"outlierDetection": {}}},
    {"host": "*.local", "trafficPolicy": {"tls": {"mode": "DISABLE"}}},
]
_RULES_B: list[Document] = [
    {"trafficPolicy": {"tls": {"mode": "ISTIO_MUTUAL"}}},
    {"trafficPolicy": {"loadBalancer": {"consistentHash": {"httpHeaderName": "x"}}}},
    {"trafficPolicy": {"tls": {"mode": "DISABLE"}}, "workloadSelector": {"matchLabels": {"app": "db"}}},
]
_FROM_DB = {"sourceLabels": {"app": "db"}}
_ROUTES: list[Document] = [
    {"http": [_to("db")]},
    {
        "hosts": ["web", "x.example.com"],
        "exportTo": ["."],
        "http": [_to("web", match=[{"sourceLabels": {"app": "db"}}])],
    },
    {"tcp": [_to("db")]},
]
_SIDECARS: list[Document] = [
    {"egress": [{"hosts": ["./*"]}]},
    {"workloadSelector": {"labels": {"app": "web"}}, "egress": [{"hosts": ["b/*"]}]},
    {"outboundTrafficPolicy": {"mode": "REGISTRY_ONLY"}},
]
_OUTSIDE: list[Document] = [
    {"hosts": ["api.example.com", "*.example.com"], "http": [_to("web")]},
    {"hosts": ["api.example.com"], "http": [_to("db")], "exportTo": ["."]},
    {"hosts": ["api.example.com"], "http": [{"match": [{"sourceNamespace": "a"}], **_to("db")}, _to("web")]},
]
_SERVERS: list[Document] = [
    {
        "port": {"number": 15443, "name": "tls", "protocol": "TLS"},
        "hosts": ["*.local"],
        "tls": {"mode": "AUTO_PASSTHROUGH"},
    },
    {"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": ["*"]},
]


def _core(cluster: str, kind: str, namespace: str, name: str, **rest: Any) -> Document:
    metadata = {"namespace": namespace, "name": name, "labels": rest.pop("labels", {})}
    return {"cluster": cluster, "kind": kind, "metadata": metadata, **rest}


def _named(name: str, document: Document) -> Document:
    return {**document, "metadata": {**document["metadata"], "name": name}}


def _config(kind: str, namespace: str, spec: Document) -> Document:
    return {"kind": kind, "metadata": {"namespace": namespace, "name": "x"}, "spec": spec}
