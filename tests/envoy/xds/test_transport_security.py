"""A real Envoy proves who it is: by the token in a file, or by the certificate in files; both rotate."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from envoy_configuration import bootstrap, cluster, endpoints, listener, route
from running_envoy import free_port, get, until

from isthmus.ca.authenticators import Authentication, CertificateAuthenticator
from isthmus.ca.selfsigned import RootProfile, create_root
from isthmus.ca.serving import issue_serving
from isthmus.ca.signing import sign_workload
from isthmus.model.identity import Caller, Credentials, SpiffeId
from isthmus.rpc.refusal import Code, Refused
from isthmus.rpc.tls import ServerTls
from isthmus.xds import order
from isthmus.xds.settings import XdsSettings

ROOT = create_root(RootProfile(), datetime.now(UTC))
WEB = SpiffeId("cluster.local", "shop", "web")
TLS_CONTEXT = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext"
SECRET = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret"
OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
FILTERS = "type.googleapis.com/envoy.extensions.filters.http"
INJECTED = "type.googleapis.com/envoy.extensions.http.injected_credentials.generic.v3.Generic"


def tls() -> ServerTls:
    pair = issue_serving(ROOT, ("istiod.istio-system.svc",), 3600, datetime.now(UTC))
    result = ServerTls()
    result.load(pair.chain, pair.key, ROOT.roots)
    return result


def write_certificate(directory: Path) -> None:
    """A new key and certificate, each renamed into place, as an agent writes them."""
    key = ec.generate_private_key(ec.SECP256R1())
    csr = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, hashes.SHA256())
    pem = csr.public_bytes(Encoding.PEM).decode()
    leaf = sign_workload(pem, (WEB,), timedelta(hours=1), ROOT, datetime.now(UTC))
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for name, content in (("key.pem", private), ("cert.pem", leaf)):
        (directory / "new").write_bytes(content)
        (directory / "new").rename(directory / name)


def transport_socket(directory: Path, *, certificate: bool) -> dict[str, Any]:
    """mTLS or TLS to the control plane, with files."""
    (directory / "root.pem").write_bytes(ROOT.roots)
    names = [{"san_type": "DNS", "matcher": {"exact": "istiod.istio-system.svc"}}]
    context: dict[str, Any] = {
        "validation_context": {
            "trusted_ca": {"filename": str(directory / "root.pem")},
            "match_typed_subject_alt_names": names,
        }
    }
    if certificate:
        context["tls_certificate_sds_secret_configs"] = [
            {"name": "default", "sds_config": secret_file(directory, "certificate.json")}
        ]
    body = {"@type": TLS_CONTEXT, "sni": "istiod.istio-system.svc", "common_tls_context": context}
    return {"transport_socket": {"name": "tls", "typed_config": body}}


def secret_file(directory: Path, name: str) -> dict[str, Any]:
    return {"path_config_source": {"path": str(directory / name)}, "resource_api_version": "V3"}


def write_secret(directory: Path, file: str, name: str, **secret: Any) -> None:
    body = {"resources": [{"@type": SECRET, "name": name, **secret}]}
    (directory / file).write_text(json.dumps(body))


def token_filters(directory: Path) -> dict[str, Any]:
    """Puts the file's token into every request to the control plane."""
    source = {"name": "token", "sds_config": secret_file(directory, "token.json")}
    generic = {"@type": INJECTED, "credential": source, "header": "authorization", "header_value_prefix": "Bearer "}
    injector = {
        "@type": f"{FILTERS}.credential_injector.v3.CredentialInjector",
        "overwrite": True,
        "credential": {"name": "envoy.http.injected_credentials.generic", "typed_config": generic},
    }
    codec = {"@type": f"{FILTERS}.upstream_codec.v3.UpstreamCodec"}
    filters = [{"name": "token", "typed_config": injector}, {"name": "codec", "typed_config": codec}]
    http = {
        "@type": f"type.googleapis.com/{OPTIONS}",
        "explicit_http_config": {"http2_protocol_options": {}},
        "http_filters": filters,
    }
    return {"typed_extension_protocol_options": {OPTIONS: http}}


async def serve_something(plane: Any, backend: Any) -> int:
    port = free_port()
    plane.store.put(listener(port, "80"), route("80", "a"), cluster("a"), endpoints("a", await backend("hello")))
    return port


@pytest.mark.parametrize("variant", ["DELTA_GRPC", "GRPC"])
async def test_a_client_certificate_is_the_identity(variant, control_plane, envoy, backend, tmp_path):
    plane = control_plane()
    port = await serve_something(plane, backend)
    authenticate = Authentication((CertificateAuthenticator(),)).authenticate
    files = (("certificate_chain", "cert.pem"), ("private_key", "key.pem"))
    pair = {name: {"filename": str(tmp_path / file)} for name, file in files}
    write_certificate(tmp_path)
    write_secret(tmp_path, "certificate.json", "default", tls_certificate=pair)
    socket = transport_socket(tmp_path, certificate=True)
    await envoy(bootstrap(await plane.listen(authenticate, tls()), variant, socket))
    await until(lambda: plane.acknowledged(order.ROUTE))
    assert await get(port) == (200, "hello")
    assert plane.store.opened[0][1] == Caller((WEB,), "certificate")


async def test_a_token_is_the_identity_and_a_new_one_is_used_at_the_next_stream(
    control_plane, envoy, backend, tmp_path
):
    plane = control_plane(XdsSettings(max_stream_age=0.5))
    port = await serve_something(plane, backend)
    seen: list[str] = []

    async def authenticate(credentials: Credentials) -> Caller:
        seen.append(credentials.token)
        if not credentials.token:
            raise Refused(Code.UNAUTHENTICATED, "no token")
        return Caller((WEB,), "token")

    token = tmp_path / "tokens" / "token"
    token.parent.mkdir()
    token.write_text("first\n")
    watched = {"filename": str(token), "watched_directory": {"path": str(token.parent)}}
    write_secret(tmp_path, "token.json", "token", generic_secret={"secret": watched})
    parts = transport_socket(tmp_path, certificate=False) | token_filters(tmp_path)
    await envoy(bootstrap(await plane.listen(authenticate, tls()), "DELTA_GRPC", parts))
    await until(lambda: plane.acknowledged(order.ROUTE))
    assert await get(port) == (200, "hello")
    assert set(seen) == {"first"}

    (token.parent / "new").write_text("second\n")
    (token.parent / "new").rename(token)
    await until(lambda: "second" in seen)
    assert await get(port) == (200, "hello")


async def test_an_envoy_that_comes_back_to_a_restarted_server_keeps_serving_and_gets_the_difference(
    control_plane, envoy, backend
):
    plane = control_plane()
    port = await serve_something(plane, backend)
    listening = await plane.listen()
    await envoy(bootstrap(listening, "DELTA_GRPC"))
    await until(lambda: plane.acknowledged(order.ROUTE))
    await plane.rpc.close()
    assert await get(port) == (200, "hello")

    again = control_plane()
    again.store.resources = plane.store.resources
    again.store.put(endpoints("a", await backend("changed")))
    await again.rpc.listen([again.xds.service(None)], "127.0.0.1", listening)
    await until(lambda: again.acknowledged(order.ENDPOINT))
    assert await get(port) == (200, "changed")
    (stream,) = again.xds.connections
    assert stream.ledgers[order.CLUSTER].sent == "", "nothing of this type changed"
