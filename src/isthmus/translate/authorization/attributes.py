"""What a single value of a policy says of a caller (Envoy's Principal) or of a request (Envoy's Permission).

Knows which attributes exist for HTTP only. Does not know how values are combined.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import msgspec

from isthmus.translate.authorization.values import address_range, header, path, pattern, regex, string
from isthmus.translate.values import Fields

SPIFFE = "spiffe://"
_LOCAL = "cluster.local"


class UnknownAttributeError(ValueError):
    """The attribute cannot be told here: of HTTP on a TCP port, or nothing that this mesh knows."""


class Setting(msgspec.Struct, frozen=True):
    """What values mean apart from themselves: whose policy it is, whom the mesh trusts, and the kind of port."""

    namespace: str
    trust_domains: tuple[str, ...] = (_LOCAL,)
    tcp: bool = False


Attribute = Callable[[str, Setting], Fields]


def principal(value: str, setting: Setting) -> Fields:
    """A caller by identity; the mesh's own trust domain stands for its aliases, too."""
    domain, slash, rest = value.partition("/")
    own = slash and domain in (*setting.trust_domains, _LOCAL)
    names = [f"{each}/{rest}" for each in setting.trust_domains] if own else [value]
    return _any_id(_named(string(name, SPIFFE)) for name in names)


def namespace(value: str, setting: Setting) -> Fields:
    """A caller by namespace."""
    return _named(regex(f".*/ns/{pattern(value)}/.*"))


def service_account(value: str, setting: Setting) -> Fields:
    """A caller by account, of the policy's own namespace where none is written."""
    owner, slash, name = value.rpartition("/")
    return _named(regex(f".*/ns/{pattern(owner if slash else setting.namespace)}/sa/{pattern(name)}"))


def trust_domain(value: str, setting: Setting) -> Fields:
    """A caller by trust domain."""
    return _named(regex(f"{SPIFFE}{pattern(value)}/.*"))


def peer_address(value: str, setting: Setting) -> Fields:
    """A caller by the address of the connection."""
    return {"direct_remote_ip": address_range(value)}


def client_address(value: str, setting: Setting) -> Fields:
    """A caller by the address of the original client."""
    return {"remote_ip": address_range(value)}


def token(value: str, setting: Setting) -> Fields:
    """A caller by what a token says: no token is checked in this mesh, so nobody is known by one."""
    _http_only(setting)
    return {"not_id": {"any": True}}


def host(value: str, setting: Setting) -> Fields:
    """A request by host; hosts do not tell cases apart."""
    _http_only(setting)
    return {"header": header(":authority", value, ignore_case=True)}


def method(value: str, setting: Setting) -> Fields:
    """A request by method."""
    _http_only(setting)
    return {"header": header(":method", value)}


def url_path(value: str, setting: Setting) -> Fields:
    """A request by path."""
    _http_only(setting)
    return {"url_path": path(value)}


def port(value: str, setting: Setting) -> Fields:
    """A connection by the workload's port."""
    return {"destination_port": int(value)}


def own_address(value: str, setting: Setting) -> Fields:
    """A connection by the workload's address."""
    return {"destination_ip": address_range(value)}


def server_name(value: str, setting: Setting) -> Fields:
    """A connection by the name that its TLS handshake asks for."""
    return {"requested_server_name": string(value)}


def request_header(name: str) -> Attribute:
    """A request by one of its headers."""

    def attribute(value: str, setting: Setting) -> Fields:
        _http_only(setting)
        return {"header": header(name, value)}

    return attribute


CALLER_KEYS: Mapping[str, Attribute] = {
    "source.ip": peer_address,
    "remote.ip": client_address,
    "source.namespace": namespace,
    "source.principal": principal,
    "source.serviceAccount": service_account,
    "source.trustDomain": trust_domain,
}
REQUEST_KEYS: Mapping[str, Attribute] = {
    "destination.ip": own_address,
    "destination.port": port,
    "connection.sni": server_name,
}
_HEADERS, _TOKENS = "request.headers[", "request.auth."


def of_caller(key: str) -> Attribute | None:
    """The attribute of a condition that is about the caller."""
    return token if key.startswith(_TOKENS) else CALLER_KEYS.get(key)


def of_request(key: str) -> Attribute:
    """The attribute of any other condition."""
    if key.startswith(_HEADERS):
        return request_header(key.removeprefix(_HEADERS).removesuffix("]"))
    return REQUEST_KEYS.get(key, _unknown)


def _unknown(value: str, setting: Setting) -> Fields:
    raise UnknownAttributeError("not an attribute of this mesh")


def _http_only(setting: Setting) -> None:
    if setting.tcp:
        raise UnknownAttributeError("an attribute of HTTP")


def _named(name: Fields) -> Fields:
    return {"authenticated": {"principal_name": name}}


def _any_id(fields: Iterable[Fields]) -> Fields:
    found = list(fields)
    return found[0] if len(found) == 1 else {"or_ids": {"ids": found}}
