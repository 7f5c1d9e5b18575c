"""Istio objects with odd content, by chance from a seed: whatever the schema allows, with texts that users get wrong.

Knows wire types by introspection, and which texts are odd in which field. Does not know what is valid: whoever uses
them asks validation.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from random import Random
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec

from isthmus.api.destination_rule import DestinationRule
from isthmus.api.gateway import Gateway
from isthmus.api.http_route import HttpRoute
from isthmus.api.tls import ClientTlsSettings
from isthmus.api.virtual_service import TcpRoute, TlsRoute
from isthmus.api.wire import Duration

_PRESENT = 0.3  # of optional fields
_NUMBERS = (0, 1, 2, 5, 65, 80, 100, 101, 200, 302, 404, 418, 503, 599, 600, 8080, 65535, 65536, 2147483647)
_SHARES = (0.0, 0.0001, 0.5, 50.0, 99.9999, 100.0)
_DURATIONS = ("1s", "1ms", "0.5s", "1.000000001s", "90m", "24h", "1h1m1s", "500us", "87600h", "0s")
_TEXTS = (
    *("", "a", "web", "/", "/a", "/a/b?c=d#e", "*", ".*", "^/v[0-9]+/.*$", "(", "[a-z", "\\", "a{1,1001}", "(?=x)"),
    *(
        "%",
        "%REQ(:path)%",
        "%%",
        "%START_TIME%",
        "a b",
        " a",
        "a\tb",
        "a\nb",
        "é",
        "日本",
        "a,b",
        "a;b",
        '"',
        "'",
        "{}",
    ),
    *(
        ":path",
        ":authority",
        "host",
        "Host",
        "x-a",
        "X-A",
        "content-length",
        "x" * 300,
        "a.b",
        "..",
        "//",
        "\\1",
        "\\9",
    ),
    *(
        "http",
        "https",
        "HTTP",
        "GET",
        "example.com",
        "example.com:80",
        "*.example.com",
        "10.0.0.1",
        "10.0.0.0/8",
        "::1",
    ),
    *("fd00::/8", "200", "5xx", "5xx,gateway-error", "retriable-status-codes,503", "UNAVAILABLE", "v1", "Strict"),
)
_NUMBERS_BY_FIELD: Mapping[str, tuple[int, ...]] = {
    "number": (80, 90, 443, 80, 90, 443, 81, 0),
    "port": (80, 90, 443, 81, 0),
    "status": (200, 204, 302, 404, 503, 599, 600),
    "percent": (0, 1, 50, 100, 101),
    "weight": (0, 1, 50, 99, 100, 2147483647),
    "attempts": (0, 1, 2, 100),
}
_KEYS_BY_FIELD: Mapping[str, tuple[str, ...]] = {
    "source_labels": ("app", "version", "a/b"),
    "labels": ("app", "version", "a/b"),
    "headers": ("x-a", "X-B", ":authority", ":method", "host", "content-length", "cookie"),
    "without_headers": ("x-a", "X-B", ":path", "host"),
    "set": ("x-a", "X-B", ":authority", "host", "content-length", ":path", "cookie", "a b"),
    "add": ("x-a", "X-B", ":authority", "host", "set-cookie", ":path"),
}
_BY_FIELD: Mapping[str, tuple[str, ...]] = {
    "protocol": ("HTTP", "HTTPS", "HTTP2", "GRPC", "TCP", "TLS", "MONGO", "GRPC-WEB", "http"),
    "retry_on": ("5xx", "connect-failure,refused-stream,503", "retriable-4xx", "418", "unavailable", "a b", ""),
    "grpc_status": ("UNAVAILABLE", "NOT_FOUND", "OK", "14", "unavailable", ""),
    "subset": ("", "v1", "v2", "nope"),
    "export_to": (".", "*", "a", "~"),
    "cipher_suites": ("ECDHE-RSA-AES128-GCM-SHA256", "AES128-SHA", "TLS_AES_128_GCM_SHA256", "nonsense"),
    "credential_name": ("cert", "missing", ""),
    "scheme": ("http", "https", "ftp", "HTTP", ""),
    "version": ("V1", "V2"),
    "hosts": ("*", "*.example.com", "a.example.com", "b.example.com", "*/c.example.com"),
    "sni_hosts": ("a.example.com", "*.example.com"),
    "destination_subnets": ("10.0.0.0/8", "10.0.0.1", "fd00::/8", "10.0.0.1/33"),
    "gateways": ("mesh", "edge"),
}
# `--mode validate` crashes on a static cluster that would fetch its certificate over ADS.
_NEVER: Mapping[Any, frozenset[str]] = {ClientTlsSettings: frozenset({"credentialName"})}
_ACTIONS = ("route", "route", "route", "redirect", "directResponse")  # of which an HTTP route has one
_LONGEST_LIST = 2


class Chance:
    """Objects from one seed. ``services`` are the names that objects may speak of."""

    def __init__(self, seed: int, services: tuple[str, ...]) -> None:
        self._random = Random(seed)
        self._services = services

    def http_route(self) -> dict[str, Any]:
        """A route for HTTP with one action."""
        action = self._random.choice(_ACTIONS)
        others = [name for name in (*_ACTIONS, "delegate") if name != action]
        if action != "route":
            others += ["fault", "rewrite"]
        route = _without(self._struct(HttpRoute), *others)
        field = next(each for each in msgspec.structs.fields(HttpRoute) if each.encode_name == action)
        return {action: self._value(field.type, field.name), **route}

    def tcp_route(self) -> dict[str, Any]:
        """A route for TCP."""
        return self._struct(TcpRoute)

    def tls_route(self) -> dict[str, Any]:
        """A route for TLS that is passed through."""
        return self._struct(TlsRoute)

    def destination_rule(self, host: str) -> dict[str, Any]:
        """Policies for a host."""
        spec = self._struct(DestinationRule)
        return {**_without(spec, "workloadSelector", "exportTo"), "host": host}

    def gateway(self, first_port: int) -> dict[str, Any]:
        """Servers on ports of their own for the gateway's pods."""
        spec = self._struct(Gateway)
        servers = spec.get("servers") or []
        for position, server in enumerate(servers):
            server["port"] = {**server["port"], "number": first_port + position, "name": f"p{position}"}
        return {"selector": {"app": "edge"}, "servers": [_without(server, "bind") for server in servers]}

    def _struct(self, wire: Any) -> dict[str, Any]:
        fields = {field.encode_name: field for field in msgspec.structs.fields(wire)}
        left_out = _NEVER.get(wire, frozenset()) | {
            name for group in getattr(wire, "at_most_one", ()) for name in self._random.sample(group, len(group) - 1)
        }
        return {
            name: self._value(field.type, field.name)
            for name, field in fields.items()
            if field.required or (name not in left_out and self._random.random() < self._likely(field.name))
        }

    def _likely(self, field: str) -> float:
        return 0.9 if field in ("route", "servers", "traffic_policy") else _PRESENT

    def _value(self, kind: Any, field: str) -> Any:
        origin, arguments = get_origin(kind), get_args(kind)
        if kind == Duration:
            return self._random.choice(_DURATIONS)
        if origin is Annotated:
            return self._value(arguments[0], field)
        if origin in (Union, types.UnionType):
            return self._value(next(each for each in arguments if each is not type(None)), field)
        if origin is Literal:
            return self._random.choice(arguments)
        if origin is tuple:
            return [self._value(arguments[0], field) for _ in range(self._random.randint(1, _LONGEST_LIST))]
        if origin is not None and issubclass(origin, Mapping):
            keys = {self._key(field) for _ in range(self._random.randint(1, _LONGEST_LIST))}
            return {key: self._value(arguments[1], field) for key in sorted(keys)}
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            return self._struct(kind)
        return self._scalar(kind, field)

    def _scalar(self, kind: Any, field: str) -> Any:
        if kind is bool:
            return self._random.random() < 0.5
        if kind is int:
            return self._random.choice(_NUMBERS_BY_FIELD.get(field, _NUMBERS))
        if kind is float:
            return self._random.choice(_SHARES)
        return self._text(field)

    def _key(self, field: str) -> str:
        return self._random.choice(_KEYS_BY_FIELD[field]) if field in _KEYS_BY_FIELD else self._text(field) or "k"

    def _text(self, field: str) -> str:
        if field == "host":
            return self._random.choice(self._services)
        return self._random.choice(_BY_FIELD.get(field, _TEXTS))


def _without(fields: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in names}
