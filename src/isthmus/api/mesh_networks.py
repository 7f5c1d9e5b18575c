"""``meshNetworks``: networks and their gateways, declared by hand (Istio ``mesh/v1alpha1/network.proto``)."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import ClassVar

import msgspec

from isthmus.api.config import Problem, Problems
from isthmus.api.reason import problem_of
from isthmus.api.wire import Groups, UInt32, Wire
from isthmus.api.yaml_text import YamlError, document


class NetworkEndpoints(Wire, frozen=True, kw_only=True):
    """Endpoints of a network: those in an address range, or all of one cluster."""

    at_most_one: ClassVar[Groups] = (("fromCidr", "fromRegistry"),)

    from_cidr: str = ""
    from_registry: str = ""


class NetworkGateway(Wire, frozen=True, kw_only=True):
    """A gateway of a network: an address (IP or hostname), or a Service by its full name."""

    at_most_one: ClassVar[Groups] = (("address", "registryServiceName"),)

    address: str = ""
    registry_service_name: str = ""
    port: UInt32 = 0
    locality: str = ""


class Network(Wire, frozen=True, kw_only=True):
    """One network."""

    endpoints: tuple[NetworkEndpoints, ...] = ()
    gateways: tuple[NetworkGateway, ...] = ()


class MeshNetworks(Wire, frozen=True, kw_only=True):
    """All declared networks, by name."""

    networks: Mapping[str, Network] = {}


def parse(text: str) -> tuple[MeshNetworks, Problems]:
    """The networks in a YAML text. A malformed network, range or gateway is left out and reported."""
    try:
        raw = document(text)
    except YamlError as error:
        return MeshNetworks(), (Problem("meshNetworks", f"is not YAML: {error}"),)
    entries = _entries(raw)
    if entries is None:
        return MeshNetworks(), (Problem("meshNetworks", "write a map of networks under the key 'networks'"),)
    problems: list[Problem] = []
    networks: dict[str, Network] = {}
    for name, value in entries.items():
        path = f"meshNetworks.networks[{name}]"
        try:
            network = msgspec.convert(value if value is not None else {}, Network)
        except msgspec.ValidationError as error:
            problems.append(problem_of(error, path))
            continue
        networks[str(name)] = _usable(path, network, problems)
    return MeshNetworks(networks=networks), tuple(problems)


def _entries(raw: object) -> dict[object, object] | None:
    """The map under ``networks``; empty for an empty text, ``None`` when there is something else."""
    if raw is None:
        return {}
    entries = raw.get("networks", {}) if isinstance(raw, dict) else None
    return entries if isinstance(entries, dict) else None


def _usable(path: str, network: Network, problems: list[Problem]) -> Network:
    endpoints, gateways = [], []
    for index, entry in enumerate(network.endpoints):
        if error := _endpoint_error(entry):
            problems.append(Problem(f"{path}.endpoints[{index}]", error))
        else:
            endpoints.append(entry)
    for index, gateway in enumerate(network.gateways):
        if bool(gateway.address) == bool(gateway.registry_service_name) or not 0 < gateway.port <= 65535:
            cure = "write either 'address' or 'registryServiceName', and a 'port' between 1 and 65535"
            problems.append(Problem(f"{path}.gateways[{index}]", cure))
        else:
            gateways.append(gateway)
    return Network(endpoints=tuple(endpoints), gateways=tuple(gateways))


def _endpoint_error(entry: NetworkEndpoints) -> str:
    if bool(entry.from_cidr) == bool(entry.from_registry):
        return "write either 'fromCidr' or 'fromRegistry'"
    try:
        if entry.from_cidr:
            ipaddress.ip_network(entry.from_cidr, strict=False)
    except ValueError:
        return f"fromCidr {entry.from_cidr!r} is not an address range such as 10.0.0.0/8"
    return ""
