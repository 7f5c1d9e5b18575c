"""TLS settings of servers and clients: which files or credentials a mode needs, and which it must not have."""

from __future__ import annotations

from isthmus.api.config import Problem
from isthmus.api.tls import ClientTlsSettings, ServerTlsSettings
from isthmus.validation.findings import Findings, repeated, warning

_CIPHERS = frozenset(
    {
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "ECDHE-RSA-AES128-GCM-SHA256",
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-RSA-AES256-GCM-SHA384",
        "ECDHE-ECDSA-CHACHA20-POLY1305",
        "ECDHE-RSA-CHACHA20-POLY1305",
        "ECDHE-ECDSA-AES128-SHA",
        "ECDHE-RSA-AES128-SHA",
        "ECDHE-ECDSA-AES256-SHA",
        "ECDHE-RSA-AES256-SHA",
        "AES128-GCM-SHA256",
        "AES256-GCM-SHA384",
        "AES128-SHA",
        "AES256-SHA",
        "DES-CBC3-SHA",
    }
)
_FILES = {
    "serverCertificate": "server_certificate",
    "privateKey": "private_key",
    "caCertificates": "ca_certificates",
}
_NEEDED = {
    "SIMPLE": ("serverCertificate", "privateKey"),
    "MUTUAL": ("serverCertificate", "privateKey", "caCertificates"),
    "OPTIONAL_MUTUAL": ("serverCertificate", "privateKey", "caCertificates"),
}


def server(path: str, tls: ServerTlsSettings) -> Findings:
    """Rules of a server's settings."""
    written = [name for name, attribute in _FILES.items() if getattr(tls, attribute)]
    if tls.mode in _NEEDED:
        yield from _certificates(path, tls, written)
    elif tls.mode == "ISTIO_MUTUAL":
        for name in [*written, *(["credentialName"] if tls.credential_name else [])]:
            yield Problem(f"{path}.{name}", "ISTIO_MUTUAL uses the mesh's certificates; leave it out")
    elif written or tls.credential_name:
        yield warning(path, f"{tls.mode} does not end TLS; certificates are not used")
    yield from _versions(path, tls)
    yield from _ciphers(path, tls)


def _certificates(path: str, tls: ServerTlsSettings, written: list[str]) -> Findings:
    if tls.credential_name and tls.credential_names:
        yield Problem(path, "only one of credentialName and credentialNames may be set")
    if tls.credential_name or tls.credential_names:
        return
    if tls.tls_certificates:
        if "serverCertificate" in written or "privateKey" in written:
            yield Problem(path, "tlsCertificates excludes serverCertificate and privateKey")
        written = [*written, "serverCertificate", "privateKey"]
    for name in _NEEDED[tls.mode]:
        if name not in written:
            yield Problem(f"{path}.{name}", f"{tls.mode} needs it; or name a secret in credentialName")


def _versions(path: str, tls: ServerTlsSettings) -> Findings:
    low, high = tls.min_protocol_version, tls.max_protocol_version
    if "TLS_AUTO" not in (low, high) and low > high:
        yield Problem(f"{path}.minProtocolVersion", f"{low} is above maxProtocolVersion {high}")


def _ciphers(path: str, tls: ServerTlsSettings) -> Findings:
    for index, name in enumerate(tls.cipher_suites):
        if name not in _CIPHERS:
            yield warning(f"{path}.cipherSuites[{index}]", f"{name} is unknown and ignored")
    for _, index, name in repeated(tls.cipher_suites):
        yield warning(f"{path}.cipherSuites[{index}]", f"{name} occurs twice")


def client(path: str, tls: ClientTlsSettings) -> Findings:
    """Rules of a client's settings."""
    files = {
        "clientCertificate": tls.client_certificate,
        "privateKey": tls.private_key,
        "caCertificates": tls.ca_certificates,
    }
    if tls.mode == "ISTIO_MUTUAL":
        for name in files:
            if files.get(name):
                yield Problem(f"{path}.{name}", "ISTIO_MUTUAL uses the mesh's certificates; leave it out")
    elif tls.credential_name:
        for name, value in files.items():
            if value:
                yield Problem(f"{path}.{name}", "credentialName is set; leave files out")
    elif tls.mode == "MUTUAL":
        for name in ("clientCertificate", "privateKey"):
            if not files[name]:
                yield Problem(f"{path}.{name}", "MUTUAL needs it; or name a secret in credentialName")
    if tls.insecure_skip_verify and tls.mode in ("DISABLE", "ISTIO_MUTUAL"):
        yield warning(f"{path}.insecureSkipVerify", f"has no effect with {tls.mode}")
