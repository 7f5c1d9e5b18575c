"""The certificate service, spoken to by grpcio over TLS, as agents do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import grpc
import pytest
from authorities import DAY, Authority, csr, istio_files, key_pem
from cryptography import x509
from prometheus_client import CollectorRegistry

from isthmus.ca.authenticators import Authentication, CertificateAuthenticator, TokenAuthenticator
from isthmus.ca.authority import Authority as Holder
from isthmus.ca.bundle import load_bundle
from isthmus.ca.metrics import CaMetrics
from isthmus.ca.service import METHOD, CertificateService
from isthmus.ca.serving import issue_serving
from isthmus.ca.signing import Lifetimes
from isthmus.ca.token_review import Review
from isthmus.model.identity import SpiffeId
from isthmus.protos import pb
from isthmus.rpc.server import RpcServer
from isthmus.rpc.tls import ServerTls

NOW = datetime.now(UTC)
ROOT = Authority("root", start=NOW - DAY, end=NOW + 30 * DAY)
BUNDLE = load_bundle(istio_files(Authority("intermediate", ROOT, start=NOW - DAY, end=NOW + 20 * DAY), ROOT), NOW)
SLEEP = SpiffeId("cluster.local", "sample", "sleep")
REQUEST = pb("istio.v1.auth.IstioCertificateRequest")
RESPONSE = pb("istio.v1.auth.IstioCertificateResponse")
TOKEN = (("authorization", "Bearer sleeps-token"), ("clusterid", "cluster1"))


class Kubernetes:
    """Knows one token."""

    async def review(self, cluster: str, token: str) -> Review:
        if (cluster, token) != ("cluster1", "sleeps-token"):
            return Review(error="unknown token")
        name = "system:serviceaccount:sample:sleep"
        return Review(True, name, ("system:serviceaccounts",), ("istio-ca",))


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def holder() -> Holder:
    return Holder(BUNDLE)


@pytest.fixture
async def port(registry: CollectorRegistry, holder: Holder) -> AsyncIterator[int]:
    authenticators = (CertificateAuthenticator(), TokenAuthenticator(Kubernetes(), lambda: "cluster.local"))
    authenticate = Authentication(authenticators).authenticate
    service = CertificateService(holder, authenticate, Lifetimes(), CaMetrics(registry))
    pair = issue_serving(BUNDLE, ("localhost",), 3600, NOW)
    tls = ServerTls()
    tls.load(pair.chain, pair.key, BUNDLE.roots)
    server = RpcServer()
    yield await server.listen([service], "127.0.0.1", 0, tls)
    await server.close()


async def call(port: int, request: bytes, metadata=(), pair: tuple[bytes, bytes] | None = None):
    chain, key = pair or (None, None)
    credentials = grpc.ssl_channel_credentials(BUNDLE.roots, key, chain)
    async with grpc.aio.secure_channel(f"localhost:{port}", credentials) as channel:
        method = channel.unary_unary(METHOD, lambda data: data, RESPONSE.FromString)
        return await method(request, metadata=metadata)


def request(text: str = "", seconds: int = 3600, **metadata: str) -> bytes:
    message = REQUEST(csr=text or csr(str(SLEEP)), validity_duration=seconds)
    message.metadata.update(metadata)
    return message.SerializeToString()


async def test_a_token_gets_a_certificate_with_chain_and_roots(port, registry):
    response = await call(port, request(CertSigner=""), TOKEN)
    leaf, first, second, roots = response.cert_chain
    certificate = x509.load_pem_x509_certificate(leaf.encode())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.UniformResourceIdentifier) == [str(SLEEP)]
    assert x509.load_pem_x509_certificate(first.encode()) == BUNDLE.certificate
    assert x509.load_pem_x509_certificate(second.encode()) == ROOT.certificate
    assert roots.encode() == ROOT.pem
    assert registry.get_sample_value("citadel_server_csr_count") == 1
    assert registry.get_sample_value("citadel_server_success_cert_issuance_count") == 1


async def test_a_certificate_is_renewed_with_the_former_one(port):
    workload = Authority("any", None).key
    first = await call(port, request(csr(str(SLEEP), key=workload)), TOKEN)
    chain = "".join(first.cert_chain[:-1]).encode()
    second = await call(port, request(), pair=(chain, key_pem(workload)))
    assert len(second.cert_chain) == 4


@pytest.mark.parametrize(
    ("body", "metadata", "code", "detail"),
    [
        (request(), (), grpc.StatusCode.UNAUTHENTICATED, "request authenticate failure"),
        (
            request(),
            (("authorization", "Bearer other"), ("clusterid", "cluster1")),
            grpc.StatusCode.UNAUTHENTICATED,
            "request authenticate failure",
        ),
        (
            request(ImpersonatedIdentity="spiffe://cluster.local/ns/a/sa/b"),
            TOKEN,
            grpc.StatusCode.UNAUTHENTICATED,
            "impersonation",
        ),
        (request("rubbish"), TOKEN, grpc.StatusCode.INVALID_ARGUMENT, "CSR"),
        (
            request(csr("spiffe://cluster.local/ns/sample/sa/admin")),
            TOKEN,
            grpc.StatusCode.INVALID_ARGUMENT,
            "asks for spiffe://cluster.local/ns/sample/sa/admin",
        ),
        (request(seconds=10**9), TOKEN, grpc.StatusCode.INVALID_ARGUMENT, "max allowed TTL"),
        (b"\xff\xff\xff", TOKEN, grpc.StatusCode.INVALID_ARGUMENT, "not an IstioCertificateRequest"),
        (b"\x0a" + b"x" * 70_000, TOKEN, grpc.StatusCode.RESOURCE_EXHAUSTED, "limit"),
    ],
    ids=["nobody", "bad token", "impersonation", "bad csr", "other identity", "too long", "garbage", "huge"],
)
async def test_what_may_not_be_had_is_refused_with_a_status(port, body, metadata, code, detail):
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call(port, body, metadata)
    assert caught.value.code() is code
    assert detail in caught.value.details()


async def test_a_new_intermediate_signs_the_next_certificate(port, holder):
    changed = Authority("another", ROOT, start=NOW - DAY, end=NOW + 10 * DAY)
    assert holder.offer(load_bundle(istio_files(changed, ROOT), NOW))
    response = await call(port, request(), TOKEN)
    leaf = x509.load_pem_x509_certificate(response.cert_chain[0].encode())
    leaf.verify_directly_issued_by(changed.certificate)


async def test_the_expiry_of_root_and_chain_is_shown(registry):
    CaMetrics(registry).show(BUNDLE, NOW.timestamp)
    assert registry.get_sample_value("citadel_server_cert_chain_expiry_seconds") == pytest.approx(20 * 86400, abs=1)
    assert registry.get_sample_value("citadel_server_root_cert_expiry_timestamp") == int(ROOT.end.timestamp())
