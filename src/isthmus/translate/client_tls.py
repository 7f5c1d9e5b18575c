"""TLS that a client originates to a service outside the mesh's own mTLS (DestinationRule SIMPLE and MUTUAL)."""

from __future__ import annotations

from typing import Any

from isthmus.api.tls import ClientTlsSettings
from isthmus.protos import pb
from isthmus.translate import tls
from isthmus.translate.values import ADS_SECRETS, Fields

SYSTEM_ROOTS = "file-root:system"
CREDENTIAL = "kubernetes://"
CA_SUFFIX = "-cacert"


def secret_name(credential: str) -> str:
    """The secret resource of a credential: a Secret of the proxy's own namespace, unless it says more."""
    return credential if "://" in credential else f"{CREDENTIAL}{credential}"


def may_hold_key(name: str) -> bool:
    """Whether a secret resource is one of the proxy's own namespace that is more than roots."""
    return name.startswith(CREDENTIAL) and not name.endswith(CA_SUFFIX)


def upstream(settings: ClientTlsSettings, *, sidecar: bool, http2: bool) -> Any:
    """The client's side; keys come from files by the agent, or for gateways from Secrets by the control plane."""
    common: Fields = {
        "tls_params": {"tls_minimum_protocol_version": "TLSv1_2", "tls_maximum_protocol_version": "TLSv1_3"}
    }
    if http2:
        common["alpn_protocols"] = ["h2"]
    if settings.mode == "MUTUAL":
        common["tls_certificate_sds_secret_configs"] = [_certificate(settings, sidecar=sidecar)]
    if not settings.insecure_skip_verify:
        common["combined_validation_context"] = {
            "default_validation_context": {"match_typed_subject_alt_names": _names(settings)},
            "validation_context_sds_secret_config": _roots(settings, sidecar=sidecar),
        }
    context = pb("envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext")(
        sni=settings.sni, common_tls_context=common
    )
    return tls.socket(context)


def _certificate(settings: ClientTlsSettings, *, sidecar: bool) -> Fields:
    if settings.credential_name and not sidecar:
        return {"name": f"{CREDENTIAL}{settings.credential_name}", "sds_config": ADS_SECRETS}
    return tls.secret(f"file-cert:{settings.client_certificate}~{settings.private_key}")


def _roots(settings: ClientTlsSettings, *, sidecar: bool) -> Fields:
    if settings.credential_name and not sidecar:
        return {"name": f"{CREDENTIAL}{settings.credential_name}{CA_SUFFIX}", "sds_config": ADS_SECRETS}
    return tls.secret(f"file-root:{settings.ca_certificates}" if settings.ca_certificates else SYSTEM_ROOTS)


def _names(settings: ClientTlsSettings) -> list[Fields]:
    # A name may be of any kind; Envoy wants to know which, so each is tried as DNS name and as URI.
    return [
        {"san_type": kind, "matcher": {"exact": name}} for name in settings.subject_alt_names for kind in ("DNS", "URI")
    ]
