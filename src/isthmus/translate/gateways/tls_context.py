"""TLS that a gateway ends: certificates from Secrets over ADS, from files by the agent, or the mesh's own."""

from __future__ import annotations

from typing import Any

from isthmus.api.mesh_config import MeshConfig
from isthmus.api.tls import ServerTlsSettings
from isthmus.protos import pb
from isthmus.translate import tls
from isthmus.translate.client_tls import CA_SUFFIX, secret_name
from isthmus.translate.values import ADS_SECRETS, Fields

ALPN_HTTP = ("h2", "http/1.1")
_VERSIONS = {
    "TLS_AUTO": "TLS_AUTO",
    "TLSV1_0": "TLSv1_0",
    "TLSV1_1": "TLSv1_1",
    "TLSV1_2": "TLSv1_2",
    "TLSV1_3": "TLSv1_3",
}
_CLIENT_MODES = frozenset({"MUTUAL", "OPTIONAL_MUTUAL"})


def server_context(settings: ServerTlsSettings, mesh: MeshConfig, *, http: bool) -> Any:
    """The transport socket of a server that ends TLS."""
    if settings.mode == "ISTIO_MUTUAL":
        return tls.downstream(mesh, tls.ALPN_SERVER_HTTP if http else tls.ALPN_SERVER_TCP)
    common: Fields = {
        "tls_params": _parameters(settings),
        "alpn_protocols": ALPN_HTTP if http else (),
        "tls_certificate_sds_secret_configs": _certificates(settings),
    }
    if settings.mode in _CLIENT_MODES:
        common["combined_validation_context"] = _validation(settings)
    context = pb("envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext")(
        require_client_certificate={"value": settings.mode == "MUTUAL"}, common_tls_context=common
    )
    return tls.socket(context)


def credentials(settings: ServerTlsSettings) -> tuple[str, ...]:
    """The Secrets that hold a server's certificates; empty when files do, or the mesh."""
    if settings.mode in ("PASSTHROUGH", "AUTO_PASSTHROUGH", "ISTIO_MUTUAL"):
        return ()
    return settings.credential_names or ((settings.credential_name,) if settings.credential_name else ())


def root_credential(settings: ServerTlsSettings) -> str:
    """The secret resource with the roots of clients; empty when a file has them."""
    if settings.ca_cert_credential_name:
        return f"{secret_name(settings.ca_cert_credential_name)}{CA_SUFFIX}"
    return f"{secret_name(names[0])}{CA_SUFFIX}" if (names := credentials(settings)) else ""


def _parameters(settings: ServerTlsSettings) -> Fields:
    lowest = settings.min_protocol_version
    return {
        "tls_minimum_protocol_version": "TLSv1_2" if lowest == "TLS_AUTO" else _VERSIONS[lowest],
        "tls_maximum_protocol_version": _VERSIONS[settings.max_protocol_version],
        "cipher_suites": settings.cipher_suites,
    }


def _certificates(settings: ServerTlsSettings) -> list[Fields]:
    if names := credentials(settings):
        return [{"name": secret_name(name), "sds_config": ADS_SECRETS} for name in names]
    files = [(one.server_certificate, one.private_key) for one in settings.tls_certificates]
    files = files or [(settings.server_certificate, settings.private_key)]
    return [tls.secret(f"file-cert:{certificate}~{key}") for certificate, key in files]


def _validation(settings: ServerTlsSettings) -> Fields:
    names = [
        {"san_type": kind, "matcher": {"exact": name}} for name in settings.subject_alt_names for kind in ("DNS", "URI")
    ]
    context: Fields = {
        "match_typed_subject_alt_names": names,
        "verify_certificate_spki": settings.verify_certificate_spki,
        "verify_certificate_hash": settings.verify_certificate_hash,
    }
    name = root_credential(settings)
    roots = {"name": name, "sds_config": ADS_SECRETS} if name else tls.secret(f"file-root:{settings.ca_certificates}")
    return {"default_validation_context": context, "validation_context_sds_secret_config": roots}
