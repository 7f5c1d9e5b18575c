"""Which application protocol a service port speaks (Istio's explicit protocol selection)."""

from __future__ import annotations

from isthmus.model.service import Protocol

_BY_NAME = {
    "http": Protocol.HTTP,
    "http2": Protocol.HTTP2,
    "https": Protocol.HTTPS,
    "tcp": Protocol.TCP,
    "tls": Protocol.TLS,
    "grpc": Protocol.GRPC,
    "grpc-web": Protocol.GRPC_WEB,
    "mongo": Protocol.MONGO,
    "mysql": Protocol.MYSQL,
    "redis": Protocol.REDIS,
    "udp": Protocol.UDP,
    "http_proxy": Protocol.HTTP_PROXY,
}
_BY_APP_PROTOCOL = {
    "kubernetes.io/h2c": Protocol.HTTP2,
    "kubernetes.io/ws": Protocol.HTTP,
    "kubernetes.io/wss": Protocol.HTTPS,
}
# Protocols in which the server speaks first would hang a sniffing proxy, so these ports are never sniffed.
_SERVER_FIRST_PORTS = frozenset({25, 53, 3306, 27017})


def port_protocol(number: int, name: str, app_protocol: str, transport: str) -> Protocol:
    """The protocol of a port: ``appProtocol`` first, then the name's prefix before a dash, else sniffed."""
    if transport == "UDP":
        return Protocol.UDP
    declared = (app_protocol or name).lower()
    if app_protocol and app_protocol.lower() in _BY_APP_PROTOCOL:
        return _BY_APP_PROTOCOL[app_protocol.lower()]
    for candidate in (declared, "grpc-web" if declared.startswith("grpc-web-") else declared.partition("-")[0]):
        if candidate in _BY_NAME:
            return _BY_NAME[candidate]
    return Protocol.TCP if number in _SERVER_FIRST_PORTS else Protocol.AUTO
