"""TLS contexts for API servers from certificates and keys that are held in memory.

Knows: how Python's ``ssl`` takes a key that must not lie on a disk. Does not know where it came from.
"""

from __future__ import annotations

import os
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from isthmus.kube.access import Access
from isthmus.kube.credentials import Credential
from isthmus.kube.errors import AccessError


def client_context(access: Access, credential: Credential) -> ssl.SSLContext:
    """The TLS context for one server and one client identity; ``AccessError`` names what does not load."""
    context = _verifying(access)
    if credential.cert_pem or credential.key_pem:
        if not credential.cert_pem or not credential.key_pem:
            raise AccessError("client-certificate and client-key must be given together")
        with _private_file(credential.cert_pem + b"\n" + credential.key_pem) as path:
            try:
                context.load_cert_chain(path)
            except ssl.SSLError as error:
                raise AccessError(f"client-certificate and client-key do not fit: {error.reason}") from None
    return context


def _verifying(access: Access) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cadata=access.ca_pem.decode("ascii") if access.ca_pem else None)
    except (ssl.SSLError, UnicodeDecodeError) as error:
        raise AccessError(f"certificate-authority-data of {access.server} holds no certificate: {error}") from None
    # Python 3.13 refuses CAs without an authority key identifier; many clusters have such a CA and every
    # other client of theirs takes it.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if access.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


@contextmanager
def _private_file(content: bytes) -> Iterator[str]:
    """A path that only this process can read: in memory where the system can, else a file of mode 0600."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("client-key", os.MFD_CLOEXEC)
        try:
            os.write(descriptor, content)
            yield f"/proc/self/fd/{descriptor}"
        finally:
            os.close(descriptor)
        return
    with tempfile.NamedTemporaryFile(prefix="isthmus-") as file:  # mkstemp: mode 0600
        file.write(content)
        file.flush()
        yield file.name
