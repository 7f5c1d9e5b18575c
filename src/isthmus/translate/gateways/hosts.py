"""Hosts of a Gateway's server, ``dnsName`` or ``namespace/dnsName``, and what they match."""

from __future__ import annotations

import msgspec


class ServerHost(msgspec.Struct, frozen=True, order=True):
    """One host of a server: ``namespace`` is ``*`` for any, ``.`` for the Gateway's own."""

    namespace: str
    name: str

    @classmethod
    def parse(cls, text: str) -> ServerHost:
        """From the object's text."""
        namespace, slash, name = text.partition("/")
        return cls(namespace, name) if slash else cls("*", namespace)

    def admits(self, namespace: str, own: str) -> bool:
        """Whether objects of a namespace may use this host; ``own`` is the Gateway's namespace."""
        return self.namespace in ("*", namespace) or (self.namespace == "." and namespace == own)

    def covers(self, hostname: str) -> bool:
        """Whether a hostname is this name or below this wildcard."""
        return covers(self.name, hostname)


def covers(pattern: str, hostname: str) -> bool:
    """Whether ``*``, ``*.suffix`` or an exact name covers a hostname, itself possibly a wildcard."""
    if pattern == "*" or pattern == hostname:
        return True
    return pattern.startswith("*.") and hostname.removeprefix("*").endswith(pattern[1:])
