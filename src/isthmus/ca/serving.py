"""The control plane's own serving certificate, signed by the mesh's CA.

Knows the names that proxies, webhooks and remote clusters use for it. Does not know listeners.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from ipaddress import ip_address

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from isthmus.ca.bundle import ROOT_CERT, TLS_CERT, TLS_KEY, Bundle, check_pair, read_certificates, read_key
from isthmus.ca.chain import ChainError, leaf_to_root
from isthmus.ca.errors import BundleError
from isthmus.ca.selfsigned import private_pem
from isthmus.ca.signing import Leaf, sign_leaf


class ServingIdentity(msgspec.Struct, frozen=True):
    """What decides over the names: host of the discovery address, ISTIOD_CUSTOM_HOST, namespace, revision."""

    namespace: str = "istio-system"
    revision: str = ""
    discovery_host: str = ""
    custom_hosts: tuple[str, ...] = ()


class KeyPair(msgspec.Struct, frozen=True):
    """A certificate chain, leaf first, and its key, both PEM."""

    chain: bytes
    key: bytes
    expiry: datetime

    def __repr__(self) -> str:
        """Without the key."""
        return f"KeyPair(until {self.expiry:%Y-%m-%d %H:%M})"


def serving_names(identity: ServingIdentity) -> tuple[str, ...]:
    """Host names in Istio's order (pilot/pkg/bootstrap/server.go, getDNSNames), each once.

    There are no ``.svc.cluster.local`` forms.
    """
    services = ["istiod", "istiod-remote", "istio-pilot"]
    if identity.revision not in ("", "default"):
        services.insert(0, f"istiod-{identity.revision}")
    hosts = (
        identity.discovery_host,
        *identity.custom_hosts,
        *(f"{name}.{identity.namespace}.svc" for name in services),
    )
    return tuple(dict.fromkeys(host for host in hosts if host))


def issue_serving(bundle: Bundle, names: Sequence[str], lifetime: float, now: datetime) -> KeyPair:
    """A new key pair for these names, valid for at most so many seconds and never longer than the CA.

    The key is RSA 2048, or on the CA's curve when the CA has an EC key.
    """
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
    if isinstance(bundle.key, ec.EllipticCurvePrivateKey):
        key = ec.generate_private_key(bundle.key.curve)
    else:
        key = rsa.generate_private_key(65537, 2048)
    leaf = sign_leaf(Leaf(key.public_key(), [_name(name) for name in names], timedelta(seconds=lifetime)), bundle, now)
    expiry = x509.load_pem_x509_certificate(leaf).not_valid_after_utc
    return KeyPair(bundle.chain_below(leaf), private_pem(key), expiry)


class GivenServing(msgspec.Struct, frozen=True):
    """A pair that somebody else issued, and the roots (PEM) by which its callers verify it."""

    pair: KeyPair
    roots: bytes


def load_serving(files: Mapping[str, bytes], now: datetime) -> GivenServing:
    """From ``tls.crt``, ``tls.key`` and ``root-cert.pem``.

    ``BundleError`` when one is empty or damaged, certificate and key do not belong together, the certificate
    expired, or the roots do not verify it: then nobody could reach the control plane.
    """
    chain, key = read_certificates(TLS_CERT, files), read_key(TLS_KEY, files)
    roots = read_certificates(ROOT_CERT, files)
    check_pair(chain[0], TLS_CERT, key, TLS_KEY)
    if now > chain[0].not_valid_after_utc:
        raise BundleError(TLS_CERT, f"expired on {chain[0].not_valid_after_utc:%Y-%m-%d %H:%M} UTC", "renew it")
    try:
        leaf_to_root(chain[0], chain[1:], roots, now)
    except ChainError as error:
        raise BundleError(
            TLS_CERT, f"does not lead to the given root: {error}", "put its issuers below it, and their root beside it"
        ) from None
    return GivenServing(KeyPair(files[TLS_CERT], files[TLS_KEY], chain[0].not_valid_after_utc), files[ROOT_CERT])


def _name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)
