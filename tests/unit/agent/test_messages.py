"""The hand-written encoders against the real descriptors."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.agent.messages import wire
from isthmus.agent.messages.certificate import CertificateRequest, CertificateResponse
from isthmus.agent.messages.discovery import DeltaRequest, DeltaResponse, Request, Resource, Response
from isthmus.agent.messages.health import HealthRequest, HealthResponse
from isthmus.agent.messages.names import decode_name_table
from isthmus.agent.messages.secret import KeyPair, TrustBundle
from isthmus.agent.messages.structure import encode_struct
from isthmus.protos import pb, to_dict

TEXTS = st.text(max_size=30)
JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(TEXTS, JSON, max_size=4))
def test_a_struct_is_read_as_the_same_json(fields):
    assert to_dict(pb("google.protobuf.Struct").FromString(encode_struct(fields))) == fields


def test_a_value_that_json_lacks_has_no_struct():
    with pytest.raises(TypeError, match="set has no form"):
        encode_struct({"a": {1}})


@given(TEXTS, st.integers(-(2**63), 2**63 - 1), TEXTS)
def test_a_signing_request_carries_csr_lifetime_and_signer(csr, seconds, signer):
    read = pb("istio.v1.auth.IstioCertificateRequest").FromString(CertificateRequest(csr, seconds, signer).encode())
    assert (read.csr, read.validity_duration, to_dict(read.metadata)) == (csr, seconds, {"CertSigner": signer})


@given(st.lists(TEXTS, max_size=5))
def test_a_signed_chain_keeps_its_order(chain):
    encoded = pb("istio.v1.auth.IstioCertificateResponse")(cert_chain=chain).SerializeToString()
    assert CertificateResponse.decode(encoded).cert_chain == tuple(chain)


def test_a_request_is_read_with_names_nonce_and_refusal():
    message = pb("envoy.service.discovery.v3.DiscoveryRequest")(
        resource_names=["default", "ROOTCA"], type_url="t", response_nonce="7", node={"id": "sidecar~x"}
    )
    assert Request.decode(message.SerializeToString()) == Request(("default", "ROOTCA"), "t", "7", "")
    message.error_detail.code = 13
    assert Request.decode(message.SerializeToString()).error == "code 13"
    message.error_detail.message = "bad key"
    assert Request.decode(message.SerializeToString()).error == "bad key"


def test_a_response_is_read_with_its_resources():
    resource = Resource("default", "v1", "types/Secret", b"body")
    encoded = Response("v1", (resource,), "types/Secret", "1").encode()
    read = pb("envoy.service.discovery.v3.DiscoveryResponse").FromString(encoded)
    assert (read.version_info, read.type_url, read.nonce) == ("v1", "types/Secret", "1")
    assert [(each.type_url, each.value) for each in read.resources] == [("types/Secret", b"body")]


def test_incremental_messages_are_read_and_written():
    resource = Resource("default", "v1", "types/Secret", b"body")
    response = DeltaResponse((resource,), "types/Secret", "3", removed=("old",))
    read = pb("envoy.service.discovery.v3.DeltaDiscoveryResponse").FromString(response.encode())
    assert list(read.removed_resources) == ["old"]
    assert (read.resources[0].name, read.resources[0].version) == ("default", "v1")
    assert DeltaResponse.decode(read.SerializeToString()) == response
    request = DeltaRequest("types/Secret", ("a",), ("b",), "3", "refused", b"\n\x01n")
    parsed = pb("envoy.service.discovery.v3.DeltaDiscoveryRequest").FromString(request.encode())
    assert parsed.node.id == "n"
    assert parsed.error_detail.message == "refused"
    assert DeltaRequest.decode(parsed.SerializeToString()) == request


def test_secrets_are_what_envoy_expects():
    secret = pb("envoy.extensions.transport_sockets.tls.v3.Secret")
    pair = secret.FromString(KeyPair(b"chain", b"key").encode("default"))
    assert pair.name == "default"
    assert pair.tls_certificate.certificate_chain.inline_bytes == b"chain"
    assert pair.tls_certificate.private_key.inline_bytes == b"key"
    roots = secret.FromString(TrustBundle(b"roots").encode("ROOTCA"))
    assert roots.validation_context.trusted_ca.inline_bytes == b"roots"


def test_a_private_key_does_not_show_in_logs():
    assert "secret" not in repr(KeyPair(b"chain", b"secret"))


def test_a_name_table_is_read_whole():
    table = pb("istio.networking.nds.v1.NameTable")()
    info = table.table["a.sample.svc.cluster.local"]
    info.ips.extend(["10.0.0.1", "fd00::1"])
    info.registry, info.shortname, info.namespace = "Kubernetes", "a", "sample"
    info.alt_hosts.append("a.example")
    read = decode_name_table(table.SerializeToString())["a.sample.svc.cluster.local"]
    assert read.ips == ("10.0.0.1", "fd00::1")
    assert (read.registry, read.short_name, read.namespace) == ("Kubernetes", "a", "sample")
    assert read.alternatives == ("a.example",)


def test_health_messages_follow_the_protocol():
    assert HealthRequest("app").encode() == b"\n\x03app"
    assert HealthResponse.decode(b"\x08\x01").serving
    assert not HealthResponse.decode(b"").serving


@given(st.binary(max_size=60))
def test_garbage_is_refused_and_never_crashes(data):
    for decode in (Request.decode, DeltaRequest.decode, DeltaResponse.decode, CertificateResponse.decode):
        try:
            decode(data)
        except wire.WireError:
            continue
