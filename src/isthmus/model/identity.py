"""Identities: SPIFFE ids of workloads, and who is at the other end of a connection.

Knows the names' grammar. Does not know how a caller proved an identity (``ca.authenticators`` does).
"""

from __future__ import annotations

import msgspec

SCHEME = "spiffe://"


class SpiffeId(msgspec.Struct, frozen=True, order=True):
    """``spiffe://<trust domain>/ns/<namespace>/sa/<service account>``, the only form a mesh workload has."""

    trust_domain: str
    namespace: str
    service_account: str

    @classmethod
    def parse(cls, text: str) -> SpiffeId:
        """From a URI; ValueError unless it has exactly these five parts (Istio: pkg/spiffe)."""
        match text.removeprefix(SCHEME).split("/") if text.startswith(SCHEME) else ():
            case [domain, "ns", namespace, "sa", account] if domain and namespace and account:
                return cls(domain, namespace, account)
        raise ValueError(f"{text!r} is not of the form {SCHEME}<trust domain>/ns/<namespace>/sa/<service account>")

    @classmethod
    def of(cls, trust_domain: str, namespace: str, service_account: str) -> SpiffeId:
        """From its parts; ``@`` in a trust domain becomes ``.`` as in Istio."""
        return cls(trust_domain.replace("@", "."), namespace, service_account)

    def __str__(self) -> str:
        return f"{SCHEME}{self.trust_domain}/ns/{self.namespace}/sa/{self.service_account}"


class Credentials(msgspec.Struct, frozen=True):
    """What a connection and a request offer as proof of identity, before anybody believed it."""

    uris: tuple[str, ...] = ()  # URI names of the client certificate that TLS verified
    expiry: float | None = None  # of that certificate, seconds since the epoch
    token: str = ""  # of an "authorization: Bearer" header
    cluster: str = ""  # header "clusterid": whose API server issued the token
    peer: str = ""  # remote address, for logs


class Caller(msgspec.Struct, frozen=True):
    """An authenticated client: all identities that it proved, and how."""

    identities: tuple[SpiffeId, ...]
    method: str  # "certificate" or "token"
    pod: str | None = None
    cluster: str | None = None
