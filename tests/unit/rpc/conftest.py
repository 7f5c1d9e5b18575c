"""Authorities that sign servers and clients."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from isthmus.ca.selfsigned import RootProfile, create_root
from isthmus.ca.serving import KeyPair, issue_serving
from isthmus.ca.signing import sign_workload
from isthmus.model.identity import SpiffeId


class Mesh:
    """A self-signed root with what it signs."""

    def __init__(self) -> None:
        self.bundle = create_root(RootProfile(), datetime.now(UTC))

    @property
    def roots(self) -> bytes:
        return self.bundle.roots

    def server(self) -> KeyPair:
        return issue_serving(self.bundle, ("localhost",), 3600, datetime.now(UTC))

    def client(self, account: str) -> tuple[bytes, bytes]:
        """Chain and key of a workload in namespace shop."""
        key = ec.generate_private_key(ec.SECP256R1())
        csr = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, hashes.SHA256())
        identity = SpiffeId("cluster.local", "shop", account)
        pem = csr.public_bytes(Encoding.PEM).decode()
        leaf = sign_workload(pem, (identity,), timedelta(hours=1), self.bundle, datetime.now(UTC))
        return leaf, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@pytest.fixture(scope="session")
def mesh() -> Mesh:
    return Mesh()


@pytest.fixture(scope="session")
def stranger() -> Mesh:
    return Mesh()
