"""TLS settings that networking kinds share: servers (Gateway, Sidecar) and clients (DestinationRule)."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from isthmus.api.wire import Wire

ServerTlsMode = Literal["PASSTHROUGH", "SIMPLE", "MUTUAL", "AUTO_PASSTHROUGH", "ISTIO_MUTUAL", "OPTIONAL_MUTUAL"]
ClientTlsMode = Literal["DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL"]
TlsProtocol = Literal["TLS_AUTO", "TLSV1_0", "TLSV1_1", "TLSV1_2", "TLSV1_3"]


class TlsCertificate(Wire, frozen=True, kw_only=True):
    """Files of one certificate.

    serverCertificate: Path of the certificate chain.
    privateKey: Path of the private key.
    caCertificates: Path of the certificates that verify peers.
    """

    server_certificate: str = ""
    private_key: str = ""
    ca_certificates: str = ""


class ServerTlsSettings(Wire, frozen=True, kw_only=True):
    """How a server handles TLS.

    httpsRedirect: Answer plain HTTP requests with a 301 to HTTPS.
    mode: Who ends TLS and whether clients need a certificate.
    serverCertificate: Path of the certificate chain; SIMPLE and MUTUAL without credentialName.
    privateKey: Path of the private key.
    caCertificates: Path of the certificates that verify clients.
    caCrl: Path of the revocation list.
    credentialName: Secret or ConfigMap that holds the certificate; wins over files.
    credentialNames: Secrets with certificates of different key types; at most two.
    caCertCredentialName: Secret or ConfigMap with the certificates that verify clients.
    tlsCertificates: Files of certificates with different key types; at most two.
    subjectAltNames: Names, one of which a client certificate must have.
    verifyCertificateSpki: Base64 SHA-256 of keys that are accepted.
    verifyCertificateHash: Hexadecimal SHA-256 of certificates that are accepted.
    minProtocolVersion: Lowest TLS version.
    maxProtocolVersion: Highest TLS version.
    cipherSuites: Cipher suites up to TLS 1.2, in OpenSSL's spelling.
    insecureSkipVerify: Let clients with a certificate that does not verify pass; it is still forwarded.
    """

    https_redirect: bool = False
    mode: ServerTlsMode = "PASSTHROUGH"
    server_certificate: str = ""
    private_key: str = ""
    ca_certificates: str = ""
    ca_crl: str = ""
    credential_name: str = ""
    credential_names: Annotated[tuple[str, ...], Meta(min_length=1, max_length=2)] = ()
    ca_cert_credential_name: str = ""
    tls_certificates: Annotated[tuple[TlsCertificate, ...], Meta(min_length=1, max_length=2)] = ()
    subject_alt_names: tuple[str, ...] = ()
    verify_certificate_spki: tuple[str, ...] = ()
    verify_certificate_hash: tuple[str, ...] = ()
    min_protocol_version: TlsProtocol = "TLS_AUTO"
    max_protocol_version: TlsProtocol = "TLS_AUTO"
    cipher_suites: tuple[str, ...] = ()
    insecure_skip_verify: bool | None = None


class ClientTlsSettings(Wire, frozen=True, kw_only=True):
    """How a client opens connections to a service.

    mode: Plain, TLS, mutual TLS with own certificates, or mutual TLS with the mesh's.
    clientCertificate: Path of the client's certificate chain; MUTUAL only.
    privateKey: Path of the client's private key; MUTUAL only.
    caCertificates: Path of the certificates that verify the server; the system's when empty.
    credentialName: Secret with the certificates; gateways, and sidecars chosen by workloadSelector.
    subjectAltNames: Names, one of which the server's certificate must have.
    sni: Server name sent in the handshake.
    insecureSkipVerify: Do not verify the server's certificate.
    caCrl: Path of the revocation list.
    """

    mode: ClientTlsMode = "DISABLE"
    client_certificate: str = ""
    private_key: str = ""
    ca_certificates: str = ""
    credential_name: str = ""
    subject_alt_names: tuple[str, ...] = ()
    sni: str = ""
    insecure_skip_verify: bool | None = None
    ca_crl: str = ""
