"""TLS settings of a listener: certificates of Secrets, passing through, and Istio's options."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from isthmus.api.config import Config
from isthmus.api.gateway_api.gateway import Gateway, Listener, ListenerTls
from isthmus.api.gateway_api.references import ObjectReference
from isthmus.api.tls import ServerTlsMode, ServerTlsSettings
from isthmus.translate.gateway_api import names
from isthmus.translate.gateway_api.grants import GrantsIn, Referrer, Target, allowed

_OWN_MODES: dict[str, ServerTlsMode] = {
    "MUTUAL": "MUTUAL",
    "OPTIONAL_MUTUAL": "OPTIONAL_MUTUAL",
    "ISTIO_MUTUAL": "ISTIO_MUTUAL",
}


class Refused(msgspec.Struct, frozen=True):
    """Why a listener cannot be opened; the reason is a word of the Gateway API."""

    reason: str
    message: str


def server_tls(
    gateway: Config[Gateway], listener: Listener, has_certificate: Callable[[str, str], bool], grants_in: GrantsIn
) -> ServerTlsSettings | Refused | None:
    """The settings of a server that stands for a listener; None when it has nothing to do with TLS."""
    if listener.protocol not in ("HTTPS", "TLS"):
        return None
    tls = listener.tls or ListenerTls()
    if tls.mode == "Passthrough":
        return ServerTlsSettings(mode="AUTO_PASSTHROUGH" if passes_by_sni(listener) else "PASSTHROUGH")
    mode = _OWN_MODES.get(tls.options.get(names.TERMINATE_MODE, ""), "SIMPLE")
    if mode == "ISTIO_MUTUAL":
        return ServerTlsSettings(mode=mode)
    if not tls.certificate_refs:
        return Refused("InvalidCertificateRef", f"listener {listener.name} ends TLS and needs certificateRefs")
    for reference in tls.certificate_refs:
        if fault := _fault(gateway, reference, has_certificate, grants_in):
            return fault
    found = (names.credential(one.namespace or gateway.namespace, one.name) for one in tls.certificate_refs)
    return ServerTlsSettings(mode=mode, credential_names=tuple(dict.fromkeys(found)))


def passes_by_sni(listener: Listener) -> bool:
    """Whether a listener passes mesh mTLS on by its server name."""
    tls = listener.tls
    return (
        listener.protocol == "TLS"
        and tls is not None
        and tls.mode == "Passthrough"
        and tls.options.get(names.LISTENER_PROTOCOL) == "auto-passthrough"
    )


def _fault(
    gateway: Config[Gateway],
    reference: ObjectReference,
    has_certificate: Callable[[str, str], bool],
    grants_in: GrantsIn,
) -> Refused | None:
    namespace = reference.namespace or gateway.namespace
    if (reference.group, reference.kind) != ("", "Secret"):
        kind = f"{reference.group}/{reference.kind}".lstrip("/")
        return Refused("InvalidCertificateRef", f"certificates are taken from Secrets, not from {kind}")
    target = Target("", "Secret", namespace, reference.name)
    if not allowed(Referrer("Gateway", gateway.namespace), target, grants_in):
        message = f"no ReferenceGrant in namespace {namespace} lets Gateways of {gateway.namespace} use its Secrets"
        return Refused("RefNotPermitted", message)
    if not has_certificate(namespace, reference.name):
        message = f"Secret {namespace}/{reference.name} does not exist, or holds no certificate with its key"
        return Refused("InvalidCertificateRef", message)
    return None
