"""Which credential source an access asks for."""

from __future__ import annotations

from isthmus.kube.access import Access
from isthmus.kube.credentials import Credential, CredentialSource, Fixed, Plugin, TokenFile
from isthmus.kube.oidc import OidcSource


def source_of(access: Access) -> CredentialSource:
    """The credential source that an access asks for."""
    fixed = Credential(access.token, access.client_cert_pem, access.client_key_pem)
    if access.token_file:
        return TokenFile(access.token_file, fixed)
    if access.exec:
        return Plugin(access.exec, access)
    if access.auth_provider:
        return OidcSource(access.auth_provider.config)
    return Fixed(fixed)
