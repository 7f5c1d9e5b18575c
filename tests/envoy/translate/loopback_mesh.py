"""A mesh on loopback addresses: each pod, gateway and service has an address of 127.0.0.0/8 of its own.

Traffic is not captured here, so listeners are bound where captured connections would have been meant for; keys
come from files instead of the agent. Everything else is what proxies of a cluster get.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

_SECRET = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret"


class Authority:
    """A certificate authority that writes what proxies read: certificates, keys and roots as secret files."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "cluster.local")])
        self._root = self._sign(
            name, self._key.public_key(), [(x509.BasicConstraints(ca=True, path_length=None), True)]
        )

    def secrets(self, directory: Path, identity: str) -> Path:
        """Secret files of one workload, named as the agent names its secrets."""
        directory.mkdir()
        key = ec.generate_private_key(ec.SECP256R1())
        san = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(identity)])
        leaf = self._sign(x509.Name([]), key.public_key(), [(san, True)])
        plain = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        certificate = {"certificate_chain": _inline(_pem(leaf)), "private_key": _inline(plain)}
        roots = {"trusted_ca": _inline(_pem(self._root))}
        _write(directory, "default", {"tls_certificate": certificate})
        _write(directory, "ROOTCA", {"validation_context": roots})
        return directory

    def _sign(self, subject: x509.Name, key: Any, extensions: Iterable[tuple[x509.ExtensionType, bool]]) -> Any:
        now = datetime.datetime.now(datetime.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "cluster.local")]))
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(minutes=1))
            .not_valid_after(now + datetime.timedelta(hours=1))
        )
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical=critical)
        return builder.sign(self._key, hashes.SHA256())


class Place(NamedTuple):
    """Where one proxy's configuration is run."""

    secrets: Path
    binds: Mapping[str, list[tuple[str, int]]]  # listener → addresses; other listeners are left out
    application: str = ""  # address of the application behind a sidecar


def live(found: Mapping[str, Mapping[str, Any]], place: Place) -> dict[str, Any]:
    """A bootstrap of a proxy's listeners and clusters that runs without control plane and agent."""
    listeners = [_bound(found["listeners"][name], addresses) for name, addresses in place.binds.items()]
    clusters = [_assigned(cluster, found["endpoints"], place) for cluster in found["clusters"].values()]
    content = {
        "node": {"id": "proxy", "cluster": "proxy"},
        "static_resources": {"listeners": listeners, "clusters": clusters},
    }
    localised: dict[str, Any] = _localised(content, found["routes"], place.secrets)
    return localised


def _bound(listener: Mapping[str, Any], addresses: list[tuple[str, int]]) -> dict[str, Any]:
    first, *others = [{"socket_address": {"address": address, "port_value": port}} for address, port in addresses]
    result = dict(listener) | {"address": first, "additional_addresses": [{"address": one} for one in others]}
    result.pop("bind_to_port", None)
    filters = result.get("listener_filters", [])
    result["listener_filters"] = [one for one in filters if one["name"] != "envoy.filters.listener.original_dst"]
    return result


def _assigned(cluster: Mapping[str, Any], endpoints: Mapping[str, Any], place: Place) -> dict[str, Any]:
    result = dict(cluster)
    if result.get("type") == "EDS":
        del result["eds_cluster_config"]
        result |= {"type": "STATIC", "load_assignment": endpoints[cluster["name"]]}
    if cluster["name"].startswith("inbound|"):
        text = json.dumps(result["load_assignment"]).replace("127.0.0.1", place.application)
        result["load_assignment"] = json.loads(text)
    return result


def _localised(value: Any, routes: Mapping[str, Any], secrets: Path) -> Any:
    """The same with secrets from files and routes inline."""
    if isinstance(value, list):
        return [_localised(one, routes, secrets) for one in value]
    if not isinstance(value, dict):
        return value
    if "sds_config" in value:
        return {
            "name": value["name"],
            "sds_config": {"path_config_source": {"path": str(secrets / value["name"]) + ".json"}},
        }
    result = {name: _localised(one, routes, secrets) for name, one in value.items()}
    if "rds" in result:
        result["route_config"] = routes[result.pop("rds")["route_config_name"]]
    return result


def _write(directory: Path, name: str, content: Mapping[str, Any]) -> None:
    resource = {"@type": _SECRET, "name": name, **content}
    file = directory / f"{name}.json"
    file.write_text(json.dumps({"resources": [resource]}))


def _inline(text: str) -> dict[str, str]:
    return {"inline_string": text}


def _pem(certificate: Any) -> str:
    return str(certificate.public_bytes(Encoding.PEM).decode())
